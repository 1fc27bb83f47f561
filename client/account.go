package client

import (
	"context"
	"net/http"

	"github.com/acen-desktop/acen/api"
)

// Verification requests a verification number as a picture, and optionally as a sound. It needs no session.
func (c *Client) Verification(ctx context.Context, sound bool) (out api.Verification, err error) {
	k := call{
		method: http.MethodPost,
		path:   "/verifications",
		open:   true,
		status: http.StatusCreated,
		read:   into(&out, checkVerification),
	}
	if sound {
		k.query = map[string]string{"sound": "true"}
	}
	err = c.do(ctx, k)
	return out, err
}

// NewAccount creates an account with a serial number. It needs no session.
func (c *Client) NewAccount(ctx context.Context, key string, r api.NewAccount) (out api.Client, err error) {
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/accounts",
		key:    key,
		body:   r,
		open:   true,
		status: http.StatusCreated,
		read:   into(&out, checkClient),
	})
	return out, err
}

// RequestPasswordReset requests a mail with a link. It needs no session, and succeeds whether or not the account
// exists.
func (c *Client) RequestPasswordReset(ctx context.Context, key string, r api.PasswordReset) error {
	return c.do(ctx, call{
		method: http.MethodPost,
		path:   "/password-resets",
		key:    key,
		body:   r,
		open:   true,
		status: http.StatusAccepted,
		read:   empty,
	})
}

// Account returns the contact data of the account.
func (c *Client) Account(ctx context.Context) (out api.Account, err error) {
	err = c.do(ctx, call{
		method: http.MethodGet,
		path:   "/account",
		status: http.StatusOK,
		read:   into(&out, checkAccount),
	})
	return out, err
}

// ChangeAccount changes contact data.
func (c *Client) ChangeAccount(ctx context.Context, r api.AccountChange) (out api.Account, err error) {
	err = c.do(ctx, call{
		method: http.MethodPatch,
		path:   "/account",
		body:   r,
		status: http.StatusOK,
		read:   into(&out, checkAccount),
	})
	return out, err
}

// ChangePassword sets a new password and ends the other sessions.
func (c *Client) ChangePassword(ctx context.Context, r api.PasswordChange) error {
	return c.do(ctx, call{
		method: http.MethodPut,
		path:   "/account/password",
		body:   r,
		status: http.StatusNoContent,
		read:   empty,
	})
}
