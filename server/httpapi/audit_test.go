package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/store"
)

// A refusal is answered unchanged. Any other error is logged and answered with the id of the request only.
func TestErrorsAreAnsweredAsProblems(t *testing.T) {
	refusal := api.NewProblem(api.ErrConflict, "No.")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	secret := func(cause error) error { return fmt.Errorf("secret: %w", cause) }
	for name, row := range map[string]struct {
		ctx   context.Context
		err   error
		code  api.Code
		level slog.Level // of the log line
	}{
		"fault":               {t.Context(), errors.New("secret"), api.ErrInternal, slog.LevelError},
		"database":            {t.Context(), secret(store.ErrUnavailable), api.ErrUnavailable, slog.LevelError},
		"timeout":             {t.Context(), secret(context.DeadlineExceeded), api.ErrUnavailable, slog.LevelError},
		"canceled":            {t.Context(), secret(context.Canceled), api.ErrUnavailable, slog.LevelError},
		"the client has left": {canceled, errors.New("secret"), api.ErrUnavailable, slog.LevelInfo},
		"a missing row":       {t.Context(), secret(store.ErrNotFound), api.ErrInternal, slog.LevelError},
	} {
		var log bytes.Buffer
		s := &Server{Config: Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
		ctx := request.NewContext(row.ctx, request.Request{ID: "request-7"})
		p := s.problem(ctx, row.err)
		require.Equal(t, row.code, p.Code, name)
		require.Equal(t, "request-7", p.Instance, name)
		require.NotContains(t, fmt.Sprintf("%+v", *p), "secret", name)
		require.Contains(t, log.String(), "level="+row.level.String(), name)
		require.Contains(t, log.String(), "request-7", name)

		log.Reset()
		require.Same(t, refusal, s.problem(ctx, fmt.Errorf("new license: %w", refusal)), name)
		require.Empty(t, log.String(), "refusals are not faults")
	}
}

// The audit trail tells who did what to which row from where, and what came of it (spec: api 14).
func TestAuditEntries(t *testing.T) {
	s := newServer(t)
	anna := addClient(t, s, store.Client{Username: "anna", Active: true})
	who, _ := addSession(t, s, anna)
	ctx := request.NewContext(t.Context(), request.Request{ID: "1", Host: "203.0.113.5"})
	write(t, s, func(tx store.Tx) error { return s.audit(ctx, tx, who, "license.create", object("order", 1042), "ok") })
	refusal := api.NewProblem(api.ErrConflict, "No.")
	require.Equal(t, error(refusal), s.auditRefusal(ctx, request.Caller{}, "account.create", "", refusal))
	other := errors.New("other")
	require.Equal(t, other, s.auditRefusal(ctx, request.Caller{}, "account.create", "", other), "faults are not audited")
	require.NoError(t, s.auditRefusal(ctx, request.Caller{}, "account.create", "", nil))

	var entries []store.Audit
	read(t, s, func(tx store.Tx) (err error) { entries, err = tx.Audits.List(ctx, store.AuditFilter{}); return err })
	require.Equal(t, []store.Audit{
		{
			ID:      2,
			At:      now,
			Actor:   "anonymous",
			Host:    "203.0.113.5",
			Action:  "account.create",
			Outcome: string(api.ErrConflict),
		},
		{
			ID:       1,
			At:       now,
			Actor:    "client",
			ClientID: anna.ID,
			Host:     "203.0.113.5",
			Device:   "PC",
			Action:   "license.create",
			Object:   "order 1042",
			Outcome:  "ok",
		},
	}, entries)

	fault := errors.New("the disk is full")
	s.Store = failing{err: fault}
	require.Equal(t, fault, s.auditRefusal(ctx, request.Caller{}, "account.create", "", refusal),
		"a refusal that is not in the trail is not answered")
}
