package manager

import (
	"errors"

	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/manager/catalog"
)

// acting is a session of an account. A call uses the session that it began with, so that it acts for that account
// even if another one becomes current meanwhile.
type acting struct {
	m       *Manager
	account Account
	client  *client.Client
	view    *catalog.View
}

// AccountID implements journal.Session.
func (s *acting) AccountID() int64 { return s.account.ID }

// fail returns an error of a call. If it says that the session has ended, fail publishes SignedOut.
func (s *acting) fail(err error) error {
	s.m.failed(s.account.ID, err)
	return err
}

// failed publishes SignedOut if an error of a call says that the session of an account has ended.
func (m *Manager) failed(account int64, err error) {
	if errors.Is(err, ErrSignedOut) {
		m.publish(Event{Kind: SignedOut, Account: account})
	}
}

// acting returns a session of the current account. It fails with ErrSignedOut.
func (m *Manager) acting() (*acting, error) {
	s, ok := m.sessions.Current()
	if !ok {
		return nil, ErrSignedOut
	}
	return &acting{
		m:       m,
		account: s.Account,
		client:  s.Client,
		view:    m.catalog.View(s.Account.ID, s.Client),
	}, nil
}

// view returns the view of the current account; nil if nobody is signed in.
func (m *Manager) view() *catalog.View {
	s, err := m.acting()
	if err != nil {
		return nil
	}
	return s.view
}

// begin returns a session of the current account for a call that needs the server. If nobody is signed in it publishes
// SignedOut and fails with ErrSignedOut.
func (m *Manager) begin() (*acting, error) {
	s, err := m.acting()
	if err != nil {
		m.publish(Event{Kind: SignedOut})
	}
	return s, err
}

// asCurrent calls act in a session that begin returns.
func asCurrent[T any](m *Manager, act func(*acting) (T, error)) (T, error) {
	s, err := m.begin()
	if err != nil {
		var none T
		return none, err
	}
	return act(s)
}

// fromView calls read with the view of the current account. It fails with ErrSignedOut.
func fromView[T any](m *Manager, read func(*catalog.View) (T, error)) (T, error) {
	s, err := m.acting()
	if err != nil {
		var none T
		return none, err
	}
	return read(s.view)
}

// ask makes a call to the current account's server.
func ask[T any](m *Manager, call func(*client.Client) (T, error)) (T, error) {
	return asCurrent(m, func(s *acting) (T, error) {
		out, err := call(s.client)
		return out, s.fail(err)
	})
}
