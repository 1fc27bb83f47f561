package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// answersKept is how long an answer is given again; the contract asks for 24 h at least.
const answersKept = 2 * day

// once carries out a change under an idempotency key: the same key with the same request gets the same answer, also
// after a crash, and the change is done once. A refusal is an answer like any other. Change, answer and audit line are one
// transaction. do must refuse (return an *api.Problem) before it writes.
func once[I, O any](ctx context.Context, s *Server, key, call string, in I, action, object string, do func(tx store.Tx) (int, O, error)) (status int, out O, err error) {
	who := callerOf(ctx)
	id, err := uuid.Parse(key)
	if err != nil || len(key) != 36 {
		return 0, out, field("header."+api.IdempotencyKey, "This call needs the header Idempotency-Key with a UUID.")
	}
	request, err := json.Marshal(struct {
		Call string
		In   I
	}{call, in})
	if err != nil {
		return 0, out, err
	}
	fingerprint := sha256.Sum256(request)

	var refusal *api.Problem
	err = s.Store.Write(ctx, func(tx store.Tx) error {
		var zero O
		status, out, refusal = 0, zero, nil
		old, err := tx.Answer(ctx, who.client.ID, id.String())
		if err == nil {
			status, refusal, err = replay(old, fingerprint[:], &out)
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var body any
		status, out, err = do(tx)
		body = out
		outcome := "ok"
		if errors.As(err, &refusal) && refusal.Status < 500 {
			status, body, outcome = refusal.Status, refusal, string(refusal.Code)
		} else if err != nil {
			return err
		}
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		answer := store.Answer{ClientID: who.client.ID, Key: id.String(), Request: fingerprint[:], Status: status, Body: data, CreatedAt: s.Now()}
		return errors.Join(tx.AddAnswer(ctx, answer), tx.PruneAnswers(ctx, s.Now().Add(-answersKept)), s.audit(ctx, tx, who, action, object, outcome))
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return status, out, err
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
