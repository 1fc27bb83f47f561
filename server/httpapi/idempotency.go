package httpapi

import (
	"bytes"
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

// answerLifetime is the time for which an answer is stored. The contract requires at least 24 hours.
const answerLifetime = 48 * time.Hour

// change is a change under an idempotency key.
type change[I, O any] struct {
	key  string // Idempotency-Key
	call string // operation and object
	in   I      // content of the request, without secrets
	// action and object are for the audit trail.
	action, object string
	// do makes the change and returns the answer. It must refuse (return an *api.Problem) before it writes anything but
	// failures and used verification numbers. It fills e as soon as it knows the order, and leaves e empty if the
	// order's history gets no entry.
	do func(tx store.Tx, e *store.Event) (status int, out O, err error)
	// lock optionally locks an order that many requests change at the same time. do must read it with LockOf.
	lock store.Lock
	// reads optionally announces the rows that do is going to read.
	reads *store.LicenseReads
}

// apply makes a change idempotent: the same key with the same request gets the stored answer, also after a crash.
// Change, stored answer and audit entry are one transaction. A refusal is stored as well, except a temporary one (429),
// after which the key may be used again (spec: api "Idempotency").
func apply[I, O any](ctx context.Context, s *Server, c change[I, O]) (status int, out O, err error) {
	who := request.CallerFrom(ctx)
	id, err := uuid.Parse(c.key)
	if err != nil || len(c.key) != 36 {
		return 0, out, rules.InvalidField("header."+api.IdempotencyKey,
			"This call needs the header Idempotency-Key with a UUID.")
	}
	content, err := json.Marshal(struct {
		Call string
		In   I
	}{c.call, c.in})
	if err != nil {
		return 0, out, err
	}
	requestHash := sha256.Sum256(content)

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
				status, refusal, err = replay(old, requestHash[:], &out)
			}
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var result any
		event := store.Event{At: s.Now(), Device: who.Session.DeviceName}
		status, out, err = c.do(tx, &event)
		result = out
		outcome := api.OutcomeOK
		if errors.As(err, &refusal) && refusal.Status < 500 {
			status, result, outcome = refusal.Status, refusal, string(refusal.Code)
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
		data, err := json.Marshal(result)
		if err != nil {
			return err
		}
		stored := store.Answer{
			ClientID:  who.Client.ID,
			Key:       id.String(),
			Request:   requestHash[:],
			Status:    status,
			Body:      data,
			CreatedAt: s.Now(),
		}
		if err := s.Secrets.SealAnswer(&stored); err != nil {
			return err
		}
		return tx.Answers.Add(ctx, stored)
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

// task is a change of an order or a license.
type task[I, O any] struct {
	of api.Task // determines the operation, to which the idempotency key is bound, and the audit action
	do func(ctx context.Context, tx store.Tx, e *store.Event, id int64, in I) (status int, out O, err error)
	// lock and reads return the fields of change for a client and an id.
	lock  func(client, id int64) store.Lock
	reads func(id int64, in I) *store.LicenseReads
}

// applyTask applies a task to the order or license with an id. kind is "order" or "license".
func applyTask[I, O any](
	ctx context.Context, s *Server, t task[I, O], key, kind string, id int64, in I,
) (*answer[O], error) {
	c := change[I, O]{
		key:    key,
		call:   t.of.OperationID() + " " + object(kind, id),
		in:     in,
		action: t.of.AuditAction(),
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

// object returns the name of a row in the audit trail, such as "order 1042".
func object(kind string, id int64) string { return fmt.Sprintf("%s %d", kind, id) }

// pruneInterval is the minimum time between two deletions of expired answers. Pruning in the transaction of every
// change would make all changes contend for the same rows.
const pruneInterval = 10 * time.Minute

// pruneAnswers deletes expired answers, at most once per pruneInterval, after the request's own transaction.
func (s *Server) pruneAnswers(ctx context.Context) {
	now := s.Now()
	before := s.pruned.Load()
	if before != nil && now.Sub(*before) < pruneInterval || !s.pruned.CompareAndSwap(before, &now) {
		return
	}
	err := s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		return tx.Answers.Prune(ctx, now.Add(-answerLifetime))
	})
	if err != nil {
		s.pruned.Store(before) // the next change retries
		s.Logger.Warn("old answers could not be deleted", "error", err)
	}
}

// replay returns a stored answer, or a refusal if requestHash is not that of the stored request.
func replay(old store.Answer, requestHash []byte, out any) (int, *api.Problem, error) {
	if !bytes.Equal(old.Request, requestHash) {
		return 0, api.NewProblem(api.ErrConflict, "This idempotency key was used for another request."), nil
	}
	if old.Status >= 400 {
		var p api.Problem
		err := json.Unmarshal(old.Body, &p)
		return old.Status, &p, err
	}
	return old.Status, nil, json.Unmarshal(old.Body, out)
}

// newKey returns an idempotency key for a form. If the source of randomness fails, it returns "", with which the form
// is refused.
func newKey(random io.Reader) string {
	id, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return ""
	}
	return id.String()
}
