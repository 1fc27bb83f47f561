package session

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
)

// table is the table accounts of the app's data file.
const table = `CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  server TEXT NOT NULL,
  server_name TEXT NOT NULL,
  client_id INTEGER NOT NULL,
  username TEXT NOT NULL,
  display_name TEXT NOT NULL,
  remembered INTEGER NOT NULL,
  last_used INTEGER NOT NULL,
  epoch TEXT NOT NULL DEFAULT '',
  UNIQUE (server, client_id)
) STRICT`

const address = "https://licenses.example.com"

// ring is a keyring that may be unavailable.
type ring struct {
	keyring.Store
	gone bool
}

var errRing = fmt.Errorf("%w: no service", keyring.ErrUnavailable)

func (r *ring) Get(ctx context.Context, name string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if r.gone {
		return "", errRing
	}
	return r.Store.Get(ctx, name)
}

func (r *ring) Set(ctx context.Context, name, secret string) error {
	if r.gone {
		return errRing
	}
	return r.Store.Set(ctx, name, secret)
}

func (r *ring) Delete(ctx context.Context, name string) error {
	if r.gone {
		return errRing
	}
	return r.Store.Delete(ctx, name)
}

// fixture has accounts at a fake server that counts its refresh tokens.
type fixture struct {
	*Sessions
	db      *sql.DB
	ring    *ring
	now     time.Time
	epoch   string
	tokens  int
	down    bool
	refuses bool   // the server refuses every refresh token
	busy    bool   // the server renews no session now
	during  func() // called by the next renewal
	calls   []string
	log     []string // notices, switches, restores and deleted accounts
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(table)
	require.NoError(t, err)
	w := &fixture{
		db:    db,
		ring:  &ring{Store: keyringtest.Memory()},
		now:   time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		epoch: "AAAAAAAAAAAAAAAAAAAAAA",
	}
	w.start()
	return w
}

// start starts the app.
func (w *fixture) start() {
	note := func(what string) func(int64) {
		return func(account int64) { w.log = append(w.log, fmt.Sprintf("%s %d", what, account)) }
	}
	w.Sessions = New(Options{
		DB:         w.db,
		Keyring:    w.ring,
		Timeout:    time.Minute,
		DeviceName: "PC",
		UserAgent:  "test",
		Now:        func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		Logger:     slog.New(slog.DiscardHandler),
		Transport:  w,
		Pause:      func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Wrap:       func(err error) error { return err },
		Notice:     func(title, _ client.Text) { w.log = append(w.log, title.String()) },
		Switched:   note("switched"),
		Restored:   note("restored"),
		Forget: func(_ context.Context, account int64) error {
			note("forgot")(account)
			return nil
		},
	})
}

// RoundTrip implements http.RoundTripper.
func (w *fixture) RoundTrip(r *http.Request) (*http.Response, error) {
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, api.Base)
	w.calls = append(w.calls, call)
	if w.down {
		return nil, errors.New("connection refused")
	}
	answer := httptest.NewRecorder()
	answer.Header().Set(api.Epoch, w.epoch)
	reply := func(status int, mediaType string, body any) {
		answer.Header().Set("Content-Type", mediaType)
		answer.WriteHeader(status)
		_ = json.NewEncoder(answer).Encode(body)
	}
	refresh := call == "POST /sessions/refresh"
	if during := w.during; refresh && during != nil {
		w.during = nil
		during()
	}
	switch {
	case call == "GET /server":
		reply(http.StatusOK, "application/json", api.Server{
			Name:            "Lumen Software",
			Version:         "1",
			Time:            w.now,
			KeyFingerprints: []api.KeyFingerprint{},
			SerialPrograms:  []api.SerialProgram{},
		})
	case r.Method == http.MethodDelete:
		answer.WriteHeader(http.StatusNoContent)
	case refresh && w.busy:
		reply(api.ErrUnavailable.HTTPStatus(), api.ProblemMediaType, api.NewProblem(api.ErrUnavailable, "Later."))
	case refresh && w.refuses:
		reply(api.ErrAuthorization.HTTPStatus(), api.ProblemMediaType, api.NewProblem(api.ErrAuthorization, "No."))
	default:
		var in struct{ Username string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if refresh {
			in.Username = "renewed"
		}
		w.tokens++
		reply(http.StatusCreated, "application/json", api.Session{
			AccessToken:      "access",
			ExpiresAt:        w.now.Add(15 * time.Minute),
			RefreshToken:     fmt.Sprintf("refresh%d", w.tokens),
			RefreshExpiresAt: w.now.Add(24 * time.Hour),
			Client: api.Client{
				ID:          int64(1 + len(in.Username)),
				Username:    in.Username,
				DisplayName: strings.ToUpper(in.Username),
			},
		})
	}
	response := answer.Result()
	response.Request = r
	return response, nil
}

// signIn signs a person in and returns the account.
func (w *fixture) signIn(t *testing.T, name string, in SignIn) Account {
	t.Helper()
	in.Server, in.Username, in.Password = address, name, "correct horse"
	a, warning, err := w.SignIn(t.Context(), in)
	require.NoError(t, err)
	require.NoError(t, warning)
	return a
}

// token returns the refresh token of an account in the keyring; "" if there is none.
func (w *fixture) token(t *testing.T, a Account) string {
	t.Helper()
	token, err := w.ring.Store.Get(t.Context(), a.secretName())
	if !errors.Is(err, keyring.ErrNotFound) {
		require.NoError(t, err)
	}
	return token
}

func (w *fixture) current() int64 {
	s, _ := w.Current()
	return s.Account.ID
}

func TestSignIn(t *testing.T) {
	w := newFixture(t)
	require.Zero(t, w.current())
	a := w.signIn(t, "anna", SignIn{Remember: true})
	require.Equal(t, Account{
		ID:          1,
		Server:      address,
		ServerName:  "Lumen Software",
		Username:    "anna",
		DisplayName: "ANNA",
		Remembered:  true,
	}, a)
	require.Equal(t, a.ID, w.current())
	require.Equal(t, "refresh1", w.token(t, a))
	list, err := w.Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Account{a}, list)
	again := w.signIn(t, "anna", SignIn{})
	require.Equal(t, a.ID, again.ID)
	require.False(t, again.Remembered)
	require.Empty(t, w.token(t, a), "an older session does not come back")
	_, _, err = w.SignIn(t.Context(), SignIn{Server: "no address at all"})
	require.ErrorIs(t, err, client.ErrAddress)
	w.down = true
	_, _, err = w.SignIn(t.Context(), SignIn{Server: address})
	require.ErrorIs(t, err, client.ErrUnreachable)
	require.Equal(t, a.ID, w.current())
}

// Without a keyring the session works but is not remembered.
func TestSignInWithoutKeyring(t *testing.T) {
	w := newFixture(t)
	w.ring.gone = true
	a, warning, err := w.SignIn(t.Context(), SignIn{Server: address, Username: "anna", Remember: true})
	require.NoError(t, err)
	require.ErrorIs(t, warning, keyring.ErrUnavailable)
	require.False(t, a.Remembered)
	require.Equal(t, a.ID, w.current())
	require.NoError(t, w.SignOut(t.Context()), "there is nothing to forget in it")
	require.Zero(t, w.current())
}

// A temporary session does not affect the remembered one, not even when it signs out.
func TestTemporarySession(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	b := w.signIn(t, "benjamin", SignIn{Remember: true})
	w.log = nil
	require.Equal(t, a.ID, w.signIn(t, "anna", SignIn{Once: true}).ID)
	require.NoError(t, w.SignOut(t.Context()))
	require.Zero(t, w.current())
	require.Empty(t, w.log)
	require.Equal(t, "refresh1", w.token(t, a))
	list, err := w.Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Account{b, a}, list, "and the account is not the last used one")
}

func TestSignOut(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	w.down = true
	require.NoError(t, w.SignOut(t.Context()), "also without the server")
	require.Equal(t, "DELETE /sessions/current", w.calls[len(w.calls)-1])
	require.Zero(t, w.current())
	require.Empty(t, w.token(t, a))
	require.Equal(t, []string{"forgot 1"}, w.log)
	list, err := w.Accounts(t.Context())
	require.NoError(t, err)
	require.False(t, list[0].Remembered)
	require.NoError(t, w.SignOut(t.Context()), "no account is signed in")
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, client.ErrSignedOut)

	w.down = false
	w.signIn(t, "anna", SignIn{Remember: true})
	w.ring.gone = true
	require.ErrorIs(t, w.SignOut(t.Context()), keyring.ErrUnavailable, "the token is still in the keyring")
}

// The next start resumes the most recently used account with the last token that the server issued.
func TestResume(t *testing.T) {
	w := newFixture(t)
	_, err := w.Resume(t.Context())
	require.ErrorIs(t, err, client.ErrSignedOut)
	require.ErrorIs(t, w.Recall(t.Context()), client.ErrSignedOut)
	w.signIn(t, "anna", SignIn{Remember: true})
	b := w.signIn(t, "benjamin", SignIn{Remember: true})
	w.start()
	a, err := w.Resume(t.Context())
	require.NoError(t, err)
	require.Equal(t, b, a)
	require.Equal(t, b.ID, w.current())
	require.Equal(t, "refresh3", w.token(t, b))
	require.Equal(t, []string{"switched 2"}, w.log)

	w.start()
	w.down = true
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, client.ErrUnreachable)
	require.Equal(t, b.ID, w.current(), "its last known tables can be shown")

	w.start()
	w.down, w.refuses = false, true
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, client.ErrSignedOut)
	require.Zero(t, w.current())
	require.NoError(t, w.Recall(t.Context()))
	require.Equal(t, b.ID, w.current())

	w.start()
	w.ring.gone, w.log = true, nil
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, client.ErrSignedOut)
	require.ErrorIs(t, err, keyring.ErrUnavailable)
	require.Equal(t, []string{"The session could not be taken from the keyring."}, w.log)
	w.ring.gone = false
	require.NoError(t, w.ring.Delete(t.Context(), b.secretName()))
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, client.ErrSignedOut)
}

func TestSwitch(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	b := w.signIn(t, "benjamin", SignIn{Remember: true})
	c := w.signIn(t, "cy", SignIn{})
	_, err := w.Switch(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, a.ID, w.current())
	list, err := w.Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, a.ID, list[0].ID, "the next start resumes it")

	_, err = w.Switch(t.Context(), c.ID)
	require.ErrorIs(t, err, client.ErrSignedOut, "it is not remembered")
	_, err = w.Switch(t.Context(), 99)
	require.ErrorIs(t, err, client.ErrSignedOut, "it is not known")
	w.refuses, w.log = true, nil
	_, err = w.Switch(t.Context(), b.ID)
	require.ErrorIs(t, err, client.ErrSignedOut)
	require.Equal(t, a.ID, w.current(), "the account remains")
	require.Equal(t, []string{"switched 2", "switched 1"}, w.log)
	w.refuses = false
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	w.log = nil
	_, err = w.Switch(canceled, b.ID)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, a.ID, w.current())
	require.Empty(t, w.log)
	_, err = w.resume(canceled, b)
	require.ErrorIs(t, err, context.Canceled, "canceled while it waited for another switch")
	require.Empty(t, w.log, "the keyring is not asked")
	w.down = true
	_, err = w.Switch(t.Context(), b.ID)
	require.ErrorIs(t, err, client.ErrUnreachable)
	require.Equal(t, b.ID, w.current())
	list, err = w.Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, b.ID, list[0].ID)
}

// An account whose server is busy becomes the current one, and the next start resumes it.
func TestSwitchToABusyServer(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	w.signIn(t, "benjamin", SignIn{Remember: true})
	w.busy = true
	_, err := w.Switch(t.Context(), a.ID)
	require.ErrorIs(t, err, api.ErrUnavailable)
	require.Equal(t, a.ID, w.current())
	w.start()
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, api.ErrUnavailable)
	require.Equal(t, a.ID, w.current())
}

// After a failed switch a temporary session is still temporary.
func TestFailedSwitchFromATemporarySession(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	b := w.signIn(t, "benjamin", SignIn{Remember: true})
	w.signIn(t, "anna", SignIn{Once: true})
	w.refuses = true
	_, err := w.Switch(t.Context(), b.ID)
	require.ErrorIs(t, err, client.ErrSignedOut)
	require.Equal(t, a.ID, w.current())
	require.NoError(t, w.SignOut(t.Context()))
	require.Equal(t, "refresh1", w.token(t, a), "the remembered session stays")
}

// A switch that fails does not revert a sign-in that came meanwhile.
func TestFailedSwitchAfterASignIn(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	w.signIn(t, "benjamin", SignIn{Remember: true})
	var c Account
	w.during = func() { c = w.signIn(t, "cy", SignIn{}) }
	w.refuses, w.log = true, nil
	_, err := w.Switch(t.Context(), a.ID)
	require.ErrorIs(t, err, client.ErrSignedOut)
	require.Equal(t, c.ID, w.current())
	require.Equal(t, []string{"switched 1"}, w.log)
}

// A new token that cannot be stored causes a notice; that of a session which is not remembered is not stored.
func TestTokensAreStored(t *testing.T) {
	w := newFixture(t)
	a := w.signIn(t, "anna", SignIn{Remember: true})
	s, ok := w.Current()
	require.True(t, ok)
	renew := func() {
		w.now = w.now.Add(time.Hour)
		require.NoError(t, s.Client.Renew(t.Context()))
	}
	renew()
	require.Equal(t, "refresh2", w.token(t, a))
	w.ring.gone = true
	renew()
	require.Equal(t, []string{"The session could not be kept in the keyring."}, w.log)
	w.ring.gone = false
	require.Equal(t, "refresh2", w.token(t, a))
	a = w.signIn(t, "anna", SignIn{})
	s, _ = w.Current()
	renew()
	require.Empty(t, w.token(t, a))
}

// A new epoch means that the server was restored. Each epoch is noticed once, and the first one not at all.
func TestRestoredServer(t *testing.T) {
	w := newFixture(t)
	w.signIn(t, "anna", SignIn{Remember: true})
	s, _ := w.Current()
	see := func(epoch string) {
		w.epoch = epoch
		_, err := s.Client.Server(t.Context())
		require.NoError(t, err)
	}
	first, second := w.epoch, "BBBBBBBBBBBBBBBBBBBBBB"
	see(first)
	require.Empty(t, w.log)
	told := []string{"The license server was restored from a backup.", "restored 1"}
	see(second)
	require.Equal(t, told, w.log)
	see(first)
	see(second)
	require.Equal(t, told, w.log, "several servers of one database may differ for a while")
	w.start()
	w.log = nil
	w.epoch = first
	_, err := w.Resume(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"switched 1", told[0], told[1]}, w.log)
}

func TestAnonymous(t *testing.T) {
	w := newFixture(t)
	c, err := w.Anonymous(address)
	require.NoError(t, err)
	about, err := c.Server(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Lumen Software", about.Name)
	_, err = w.Anonymous("no address at all")
	require.ErrorIs(t, err, client.ErrAddress)
	require.Zero(t, w.current())
}

func TestErrorsOfTheDataFile(t *testing.T) {
	w := newFixture(t)
	w.signIn(t, "anna", SignIn{Remember: true})
	errWrapped := errors.New("wrapped")
	w.options.Wrap = func(err error) error { return errors.Join(errWrapped, err) }
	require.NoError(t, w.db.Close())
	_, err := w.Accounts(t.Context())
	require.ErrorIs(t, err, errWrapped)
	require.ErrorIs(t, w.Recall(t.Context()), errWrapped)
	_, err = w.Resume(t.Context())
	require.ErrorIs(t, err, errWrapped)
	_, err = w.Switch(t.Context(), 1)
	require.ErrorIs(t, err, errWrapped)
	_, _, err = w.SignIn(t.Context(), SignIn{Server: address, Username: "anna"})
	require.ErrorIs(t, err, errWrapped)
	require.ErrorIs(t, w.SignOut(t.Context()), errWrapped)
}
