package manager

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/session"
	"github.com/acen-desktop/acen/manager/storage"
)

// keyringTime limits how long to wait for the system's keyring, which may prompt a person.
const keyringTime = 20 * time.Second

type (
	// Account is a client's account at one server.
	Account = session.Account
	// SignIn has the credentials for a sign-in.
	SignIn = session.SignIn
)

// newSessions returns the accounts in the data file, whose cached tables are in tables.
func (m *Manager) newSessions(tables *catalog.Store) *session.Sessions {
	return session.New(session.Options{
		DB:         m.db,
		Keyring:    m.options.Keyring,
		Timeout:    keyringTime,
		DeviceName: m.options.DeviceName,
		UserAgent:  "ACEN-Desktop/" + m.options.Version,
		Now:        m.options.Now,
		Logger:     m.options.Logger,
		Transport:  m.options.HTTPTransport,
		Pause:      m.options.Pause,
		Wrap:       storage.Wrap,
		Notice:     m.addNotice,
		Switched:   func(account int64) { m.publish(Event{Kind: AccountChanged, Account: account}) },
		Restored:   func(account int64) { m.publish(Event{Kind: ServerRestored, Account: account}) },
		Forget:     tables.Forget,
	})
}

// Accounts lists the known accounts, most recently used first.
func (m *Manager) Accounts(ctx context.Context) ([]Account, error) { return m.sessions.Accounts(ctx) }

// Current returns the current account; false if nobody is signed in.
func (m *Manager) Current() (Account, bool) {
	s, ok := m.sessions.Current()
	return s.Account, ok
}

// SignIn begins a session. The warning, if any, is an ErrKeyringUnavailable: the session works but is not remembered.
func (m *Manager) SignIn(ctx context.Context, s SignIn) (account Account, warning error, err error) {
	return m.sessions.SignIn(ctx, s)
}

// Recall makes the most recently used account the current one without a session: its cached tables can be read, and
// no request is sent. It fails with ErrSignedOut if there is no account.
func (m *Manager) Recall(ctx context.Context) error { return m.sessions.Recall(ctx) }

// Resume continues the last remembered session. It fails with ErrSignedOut if there is none. If the server cannot be
// reached or is busy, the account becomes the current one all the same, because its cached tables can be shown, and
// Resume returns the error.
func (m *Manager) Resume(ctx context.Context) (Account, error) { return m.sessions.Resume(ctx) }

// Switch makes another remembered account the current one, with the session from the keyring; the next start resumes
// it. The former account remains signed in. Switch fails like Resume; if it fails with ErrSignedOut, the current
// account stays.
func (m *Manager) Switch(ctx context.Context, id int64) (Account, error) {
	return m.sessions.Switch(ctx, id)
}

// SignOut ends the session on this PC, and on the server if it can be reached. It deletes the keyring entry and the
// cached tables of the account. Open jobs remain for the next sign-in.
func (m *Manager) SignOut(ctx context.Context) error { return m.sessions.SignOut(ctx) }
