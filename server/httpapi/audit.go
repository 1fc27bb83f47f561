package httpapi

import (
	"context"
	"errors"
	"log/slog"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/store"
)

// audit adds an entry to the audit trail. Its arguments must not contain secrets or codes (spec: api 14).
func (s *Server) audit(ctx context.Context, tx store.Tx, who request.Caller, action, object, outcome string) error {
	actor := "client"
	if who.Client.ID == 0 {
		actor = "anonymous"
	}
	return tx.Audits.Add(ctx, store.Audit{
		At:       s.Now(),
		Actor:    actor,
		ClientID: who.Client.ID,
		Host:     request.FromContext(ctx).Host,
		Device:   who.Session.DeviceName,
		Action:   action,
		Object:   object,
		Outcome:  outcome,
	})
}

// auditRefusal adds err to the audit trail if it is a refusal, and returns err (spec: api 14).
func (s *Server) auditRefusal(ctx context.Context, who request.Caller, action, object string, err error) error {
	var refusal *api.Problem
	if !errors.As(err, &refusal) {
		return err
	}
	failed := s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		return s.audit(ctx, tx, who, action, object, string(refusal.Code))
	})
	if failed != nil {
		return failed
	}
	return refusal
}

// problem converts an error to a problem. It logs errors that are not refusals, and answers only the request ID for
// them.
func (s *Server) problem(ctx context.Context, err error) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	req := request.FromContext(ctx)
	level := slog.LevelError
	if ctx.Err() != nil {
		level = slog.LevelInfo // the client closed the connection, which caused the error
	}
	s.Logger.Log(ctx, level, "a call failed", "request", req.ID, "error", err)
	code, detail := api.ErrInternal, serverFailed
	switch {
	case ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		code, detail = api.ErrUnavailable, "The server is too busy. Try again."
	case errors.Is(err, store.ErrUnavailable):
		code, detail = api.ErrUnavailable, "The server cannot store data now. Nothing was changed. Try again later."
	}
	p = api.NewProblem(code, detail)
	p.Instance = req.ID
	return p
}
