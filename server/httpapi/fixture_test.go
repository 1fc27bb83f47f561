package httpapi

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// now is the time of the tests of this package that are not about time.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const testEpoch = "AAAAAAAAAAAAAAAAAAAAAA"

// newServer returns a server on an empty SQLite file. change functions may modify its configuration.
func newServer(t testing.TB, change ...func(*Config)) *Server {
	t.Helper()
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(folder, "acen.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	keeper, err := secrets.File(filepath.Join(folder, "master.key"), rand.Reader)
	require.NoError(t, err)
	hasher, err := password.NewHasher(password.Cost{Memory: 64, Time: 1, Threads: 1})
	require.NoError(t, err)
	logger := slog.New(slog.DiscardHandler)
	base := settings.Default()
	base.Mails, base.Requests = settings.DefaultMailLimits, settings.RequestRate{PerSecond: 1e6, Burst: 1e6}
	c := Config{
		Store:      db,
		Secrets:    keeper,
		Logger:     logger,
		Shared:     settings.NewShared(db, base, testEpoch, logger, func(map[string]string) {}),
		Passwords:  hasher,
		Name:       "Lumen licenses",
		MailDomain: "lumen.example",
		QueuedMail: func() {},
		Now:        func() time.Time { return now },
		Random:     rand.Reader,
	}
	for _, fn := range change {
		fn(&c)
	}
	c.Rules = rules.Rules{Secrets: keeper, Now: c.Now, Zone: time.UTC}
	c.Guard = guard.New(guard.Config{
		Store:  c.Store,
		Shared: c.Shared,
		Logger: c.Logger,
		Now:    c.Now,
		Random: c.Random,
	})
	return New(c)
}

// write runs fn in a transaction.
func write(t testing.TB, s *Server, fn func(store.Tx) error) {
	t.Helper()
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, fn))
}

// read runs fn on a snapshot.
func read(t testing.TB, s *Server, fn func(store.Tx) error) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), fn))
}

// addClient adds an account and returns it with its id.
func addClient(t testing.TB, s *Server, c store.Client) store.Client {
	t.Helper()
	c.CreatedAt = now
	write(t, s, func(tx store.Tx) (err error) { c.ID, err = tx.Clients.Add(t.Context(), c); return err })
	return c
}

// addSession adds a session of a client and returns the caller and its access token.
func addSession(t testing.TB, s *Server, c store.Client) (who request.Caller, token string) {
	t.Helper()
	token, hash, err := request.NewToken(rand.Reader)
	require.NoError(t, err)
	who = request.Caller{Client: c, Session: store.Session{
		ClientID:        c.ID,
		DeviceName:      "PC",
		AccessHash:      hash,
		AccessExpiresAt: now.Add(time.Hour),
		CreatedAt:       now,
	}}
	write(t, s, func(tx store.Tx) (err error) {
		who.Session.ID, err = tx.Sessions.Add(t.Context(), who.Session)
		return err
	})
	return who, token
}

// addOrder adds a program with keys and an order of it for a client.
func addOrder(t testing.TB, s *Server, client int64) (o store.Order, p store.Program) {
	t.Helper()
	p = store.Program{
		Name:               "Lumen Studio 7",
		Signature:          "LUMENST7",
		RequiresActivation: true,
		AcceptsSerials:     true,
		Policy:             license.DefaultPolicy(),
		CreatedAt:          now,
	}
	require.NoError(t, s.Secrets.NewProgramKeys(&p))
	o = store.Order{
		ClientID:      client,
		OrderedAt:     now,
		LicensesTotal: 3,
		Active:        true,
		Visible:       true,
		CanManage:     true,
		Policy:        license.DefaultPolicy(),
	}
	write(t, s, func(tx store.Tx) (err error) {
		if p.ID, err = tx.Programs.Add(t.Context(), p); err != nil {
			return err
		}
		o.ProgramID = p.ID
		o.ID, err = tx.Orders.Add(t.Context(), o)
		return err
	})
	return o, p
}

// requireProblem checks that err is a refusal with a code, of the field at location; "" = any.
func requireProblem(t testing.TB, err error, code api.Code, location string) {
	t.Helper()
	var p *api.Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, code, p.Code)
	require.Equal(t, code.HTTPStatus(), p.Status)
	if location != "" {
		require.Len(t, p.Errors, 1)
		require.Equal(t, location, p.Errors[0].Location)
	}
}

// broken is a source of randomness that fails.
var broken = io.LimitReader(rand.Reader, 0)

// failing is a store whose transactions fail with an error.
type failing struct {
	store.Store
	err error
}

func (f failing) Read(context.Context, func(store.Tx) error, ...store.Hint) error { return f.err }

func (f failing) Write(context.Context, store.Lock, func(store.Tx) error, ...store.Hint) error {
	return f.err
}

func (f failing) Ping(context.Context) error { return f.err }
