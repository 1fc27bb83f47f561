package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// answersKept is how long an answer is given again; the contract asks for 24 h at least.
const answersKept = 48 * time.Hour

// change is one request to change something. in stands for the request's content: what is secret is left out of it.
type change[I any] struct {
	key, call      string
	in             I
	action, object string // for the audit trail
	holding        bool   // the change holds what it is about, as Store.WriteHolding asks for
	// expect tells the database what comes next; nil tells nothing.
	expect func(tx store.Tx, client int64, key string)
}

// once carries out a change under an idempotency key: the same key with the same request gets the same answer, also
// after a crash, and the change is done once. A refusal is an answer like any other. Change, answer and audit line are one
// transaction. do must refuse (return an *api.Problem) before it writes, but for failures and numbers that were tried; it
// fills the event as soon as it knows the order, and leaves it empty when there is nothing to tell. A refusal for the time
// being (429) is no answer: nothing was done, and the same key may try again.
func once[I, O any](ctx context.Context, s *Server, c change[I], do func(tx store.Tx, e *store.Event) (int, O, error)) (status int, out O, err error) {
	who := request.CallerFrom(ctx)
	id, err := uuid.Parse(c.key)
	if err != nil || len(c.key) != 36 {
		return 0, out, rules.InvalidField("header."+api.IdempotencyKey, "This call needs the header Idempotency-Key with a UUID.")
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
	write := s.Store.WriteOnce
	if c.holding {
		write = s.Store.WriteHolding
	}
	one := func(tx store.Tx) error {
		var zero O
		status, out, refusal = 0, zero, nil
		if c.expect != nil {
			c.expect(tx, who.Client.ID, id.String())
		}
		old, err := tx.Answer(ctx, who.Client.ID, id.String())
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
		status, out, err = do(tx, &event)
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
			if err := tx.AddEvent(ctx, event); err != nil {
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
		answer := store.Answer{ClientID: who.Client.ID, Key: id.String(), Request: fingerprint[:], Status: status, Body: data, CreatedAt: s.Now()}
		if err := s.Secrets.SealAnswer(&answer); err != nil {
			return err
		}
		return tx.AddAnswer(ctx, answer)
	}
	err = store.LookAgain(func() error { return write(ctx, one) })
	if err == nil {
		s.pruneAnswers(ctx)
	}
	if err == nil && refusal != nil {
		err = refusal
	}
	return status, out, err
}

// pruneEvery is how often old answers are forgotten. Within each change it would be one more row of the database that all
// changes meet at.
const pruneEvery = 10 * time.Minute

// pruneAnswers forgets answers that are older than they are kept, now and then. It is done for the caller that comes at the
// time, and after that one's change.
func (s *Server) pruneAnswers(ctx context.Context) {
	now := s.Now()
	before := s.pruned.Load()
	if before != nil && now.Sub(*before) < pruneEvery || !s.pruned.CompareAndSwap(before, &now) {
		return
	}
	err := s.Store.Write(ctx, func(tx store.Tx) error { return tx.PruneAnswers(ctx, now.Add(-answersKept)) })
	if err != nil {
		s.pruned.Store(before) // the next change tries again
		s.Logger.Warn("old answers were not forgotten", "error", err)
	}
}

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

// newKey makes an idempotency key for a form; "" when the randomness fails, which the form's answer then refuses.
func newKey(random io.Reader) string {
	id, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return ""
	}
	return id.String()
}
