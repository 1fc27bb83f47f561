package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// answersKept is the time for which an answer is repeated. The contract asks for 24 hours or more.
const answersKept = 48 * time.Hour

// change is one request to change something under an idempotency key.
type change[I, O any] struct {
	key  string // Idempotency-Key
	call string // what is to be done, and to what
	in   I      // content of the request, without secrets
	// action and object are for the audit trail.
	action, object string
	// do carries out the change and returns the answer. It must refuse (return an *api.Problem) before it writes,
	// except failures and used numbers. It fills the event as soon as it knows the order, and leaves it empty if the
	// history of the order has nothing to say.
	do func(tx store.Tx, e *store.Event) (status int, out O, err error)
	// lock is the order that the change is about, if many changes of it come at the same moment; do reads it first.
	lock store.Lock
	// reads optionally says what do reads, for Store.Write.
	reads *store.LicenseReads
}

// apply carries out a change: the same key with the same request gets the same answer, also after a crash, and the
// change is done once. A refusal is an answer like any other, except a refusal for the time being (429): nothing was
// done, and the same key may try again. Change, answer and audit line are one transaction.
func apply[I, O any](ctx context.Context, s *Server, c change[I, O]) (status int, out O, err error) {
	who := request.CallerFrom(ctx)
	id, err := uuid.Parse(c.key)
	if err != nil || len(c.key) != 36 {
		return 0, out, rules.InvalidField("header."+api.IdempotencyKey,
			"This call needs the header Idempotency-Key with a UUID.")
	}
	request, err := json.Marshal(struct {
		Call string
		In   I
	}{c.call, c.in})
	if err != nil {
		return 0, out, err
	}
	fingerprint := sha256.Sum256(request)

	var refusal *api.Problem
	var hints []store.Hint
	if c.reads != nil {
		c.reads.ClientID, c.reads.Key = who.Client.ID, id.String()
		hints = append(hints, store.Prefetch(*c.reads))
	}
	run := func(tx store.Tx) error {
		var zero O
		status, out, refusal = 0, zero, nil
		old, err := tx.Answers.Get(ctx, who.Client.ID, id.String())
		if err == nil {
			if err = s.Secrets.OpenAnswer(&old); err == nil {
				status, refusal, err = replay(old, fingerprint[:], &out)
			}
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var body any
		event := store.Event{At: s.Now(), Device: who.Session.DeviceName}
		status, out, err = c.do(tx, &event)
		body = out
		outcome := api.OutcomeOK
		if errors.As(err, &refusal) && refusal.Status < 500 {
			status, body, outcome = refusal.Status, refusal, string(refusal.Code)
		} else if err != nil {
			return err
		}
		if err := s.audit(ctx, tx, who, c.action, c.object, outcome); err != nil {
			return err
		}
		if event.OrderID != 0 {
			event.Outcome = outcome
			if err := tx.Events.Add(ctx, event); err != nil {
				return err
			}
		}
		if status == http.StatusTooManyRequests {
			return nil
		}
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		answer := store.Answer{
			ClientID:  who.Client.ID,
			Key:       id.String(),
			Request:   fingerprint[:],
			Status:    status,
			Body:      data,
			CreatedAt: s.Now(),
		}
		if err := s.Secrets.SealAnswer(&answer); err != nil {
			return err
		}
		return tx.Answers.Add(ctx, answer)
	}
	err = store.Retry(func() error { return s.Store.Write(ctx, c.lock, run, hints...) })
	if err == nil {
		s.pruneAnswers(ctx)
	}
	if err == nil && refusal != nil {
		err = refusal
	}
	return status, out, err
}

// task is a change of one order or license by a call of the contract.
type task[I, O any] struct {
	of api.Task // its call, which the idempotency key is bound to, and its name in the audit trail
	do func(ctx context.Context, tx store.Tx, e *store.Event, id int64, in I) (status int, out O, err error)
	// lock and reads are those of change, for the caller and the order or license with an id.
	lock  func(client, id int64) store.Lock
	reads func(id int64, in I) *store.LicenseReads
}

// applyTask carries out a task on the order or license with an id; kind is "order" or "license".
func applyTask[I, O any](
	ctx context.Context, s *Server, t task[I, O], key, kind string, id int64, in I,
) (*answer[O], error) {
	c := change[I, O]{
		key:    key,
		call:   t.of.Operation() + " " + object(kind, id),
		in:     in,
		action: t.of.Action(),
		object: object(kind, id),
		do:     func(tx store.Tx, e *store.Event) (int, O, error) { return t.do(ctx, tx, e, id, in) },
	}
	if t.lock != nil {
		c.lock = t.lock(request.CallerFrom(ctx).Client.ID, id)
	}
	if t.reads != nil {
		c.reads = t.reads(id, in)
	}
	status, out, err := apply(ctx, s, c)
	return &answer[O]{status, out}, err
}

// object names a row in the audit trail.
func object(kind string, id int64) string { return fmt.Sprintf("%s %d", kind, id) }

// pruneInterval is the minimum time between two deletions of expired answers. In the transaction of every change it
// would be one more row that all changes contend for.
const pruneInterval = 10 * time.Minute

// pruneAnswers deletes expired answers at most every ten minutes, in the request that happens to come then, after its
// own transaction.
func (s *Server) pruneAnswers(ctx context.Context) {
	now := s.Now()
	before := s.pruned.Load()
	if before != nil && now.Sub(*before) < pruneInterval || !s.pruned.CompareAndSwap(before, &now) {
		return
	}
	err := s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		return tx.Answers.Prune(ctx, now.Add(-answersKept))
	})
	if err != nil {
		s.pruned.Store(before) // the next change tries again
		s.Logger.Warn("old answers were not forgotten", "error", err)
	}
}

// replay returns a stored answer. fingerprint is that of the request that the key comes with now.
func replay(old store.Answer, fingerprint []byte, out any) (int, *api.Problem, error) {
	if string(old.Request) != string(fingerprint) {
		return 0, api.NewProblem(api.ErrConflict, "This idempotency key was used for another request."), nil
	}
	if old.Status >= 400 {
		var p api.Problem
		err := json.Unmarshal(old.Body, &p)
		return old.Status, &p, err
	}
	return old.Status, nil, json.Unmarshal(old.Body, out)
}

// newKey returns an idempotency key for a form; "" if the source of randomness fails, and then the form is refused.
func newKey(random io.Reader) string {
	id, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return ""
	}
	return id.String()
}
