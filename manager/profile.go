package manager

import (
	"context"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// anonymous returns a client for calls without a session; "" means the server of the current account.
func (m *Manager) anonymous(server string) (*client.Client, error) {
	if server == "" {
		s, err := m.begin()
		if err != nil {
			return nil, err
		}
		return s.client, nil
	}
	return m.sessions.Anonymous(server)
}

// key returns a new idempotency key.
func (m *Manager) key() (string, error) {
	key, err := uuid.NewRandomFromReader(m.options.Rand)
	return key.String(), err
}

// About returns the description of a server, without a sign-in. It fails with ErrAddress if the text is not an
// address.
func (m *Manager) About(ctx context.Context, server string) (api.Server, error) {
	c, err := m.anonymous(server)
	if err != nil {
		return api.Server{}, err
	}
	return c.Server(ctx)
}

// Verification fetches a verification number as a picture, and optionally as a sound; "" means the server of the
// current account.
func (m *Manager) Verification(ctx context.Context, server string, sound bool) (api.Verification, error) {
	c, err := m.anonymous(server)
	if err != nil {
		return api.Verification{}, err
	}
	return c.Verification(ctx, sound)
}

// Register creates an account with a serial number; the person then signs in. If the answer is lost, the call is
// retried with the same key.
func (m *Manager) Register(ctx context.Context, server string, a api.NewAccount) (api.Client, error) {
	c, err := m.anonymous(server)
	if err != nil {
		return api.Client{}, err
	}
	key, err := m.key()
	if err != nil {
		return api.Client{}, err
	}
	return c.NewAccount(ctx, key, a)
}

// RequestPasswordReset asks a server to mail a link that sets a new password. It succeeds whether or not the account
// exists.
func (m *Manager) RequestPasswordReset(ctx context.Context, server, login string, v api.VerificationAnswer) error {
	c, err := m.anonymous(server)
	if err != nil {
		return err
	}
	key, err := m.key()
	if err != nil {
		return err
	}
	return c.RequestPasswordReset(ctx, key, api.PasswordReset{Login: login, Verification: v})
}

// Account fetches the contact data of the current account.
func (m *Manager) Account(ctx context.Context) (api.Account, error) {
	return ask(m, func(c *client.Client) (api.Account, error) { return c.Account(ctx) })
}

// ChangeAccount changes contact data of the current account.
func (m *Manager) ChangeAccount(ctx context.Context, change api.AccountChange) (api.Account, error) {
	return ask(m, func(c *client.Client) (api.Account, error) { return c.ChangeAccount(ctx, change) })
}

// ChangePassword sets a new password for the current account; its other sessions end.
func (m *Manager) ChangePassword(ctx context.Context, current, next string) error {
	s, err := m.begin()
	if err != nil {
		return err
	}
	return s.fail(s.client.ChangePassword(ctx, api.PasswordChange{CurrentPassword: current, NewPassword: next}))
}
