package manager

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/manager/session"
)

// keyringTime bounds how long the system's keyring is waited for; a prompt may need a person.
const keyringTime = 20 * time.Second

type (
	// Account is a client's account at one server.
	Account = session.Account
	// SignIn is what somebody signs in with.
	SignIn = session.SignIn
)

// newSessions returns the accounts in the data file.
func (m *Manager) newSessions() *session.Sessions {
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
		Wrap:       storageError,
		Notice:     m.addNotice,
		Switched:   func(account int64) { m.publish(Event{Kind: AccountChanged, Account: account}) },
		Restored:   func(account int64) { m.publish(Event{Kind: ServerRestored, Account: account}) },
		Forget:     m.db.forget,
	})
}

// Accounts lists the known accounts, last used first.
func (m *Manager) Accounts(ctx context.Context) ([]Account, error) { return m.sessions.Accounts(ctx) }

// Current returns who is signed in.
func (m *Manager) Current() (Account, bool) {
	s, ok := m.sessions.Current()
	return s.Account, ok
}

// SignIn begins a session. The warning, if any, is an ErrKeyringUnavailable: the session works but is not remembered.
func (m *Manager) SignIn(ctx context.Context, s SignIn) (account Account, warning error, err error) {
	return m.sessions.SignIn(ctx, s)
}

// Recall makes the last used account the current one without a session: its last known tables can be read, and
// nothing is asked of the server. It fails with ErrSignedOut when there is none.
func (m *Manager) Recall(ctx context.Context) error { return m.sessions.Recall(ctx) }

// Resume continues the last remembered session. It fails with ErrSignedOut when there is none. When the server cannot
// be reached it returns the account together with the network error: the last known tables can be shown.
func (m *Manager) Resume(ctx context.Context) (Account, error) { return m.sessions.Resume(ctx) }

// Switch makes another remembered account the current one, with the session that the keyring holds, and the one that
// the next start resumes. The account that was current stays signed in. It fails like Resume; the current account
// then stays.
func (m *Manager) Switch(ctx context.Context, id int64) (Account, error) {
	return m.sessions.Switch(ctx, id)
}

// SignOut ends the session here at once, and on the server if it can be reached. The keyring and the last known tables
// of the account are forgotten; open jobs stay for the next sign-in.
func (m *Manager) SignOut(ctx context.Context) error { return m.sessions.SignOut(ctx) }
