package client

import (
	"context"
	"errors"
	"net/http"

	"github.com/acen-desktop/acen/api"
)

// access returns an access token. It refreshes the session if the token is about to expire or is the refused one.
func (c *Client) access(ctx context.Context, refused string) (string, error) {
	if token, ok := c.current(refused); ok {
		return token, nil
	}
	select {
	case c.refreshing <- struct{}{}:
		defer func() { <-c.refreshing }()
	case <-ctx.Done():
		return "", classify(ctx, c.host, ctx.Err())
	}
	if token, ok := c.current(refused); ok { // another goroutine refreshed it meanwhile
		return token, nil
	}
	refresh := c.Tokens().Refresh
	if refresh == "" {
		return "", ErrSignedOut
	}
	var session api.Session
	// A refresh token can be used once: after it is sent, access waits for the answer even if the caller is canceled.
	err := c.send(context.WithoutCancel(ctx), call{
		method: http.MethodPost,
		path:   "/sessions/refresh",
		body:   api.RefreshRequest{RefreshToken: refresh},
		status: http.StatusCreated,
		read:   into(&session, checkSession),
	}, "")
	if errors.Is(err, api.ErrAuthorization) || errors.Is(err, api.ErrValidation) {
		return "", ErrSignedOut
	}
	if err != nil {
		return "", err
	}
	c.setTokens(session)
	return session.AccessToken, nil
}

func (c *Client) current(refused string) (string, bool) {
	t := c.Tokens()
	return t.Access, t.Access != "" && t.Access != refused &&
		(c.options.Now().Add(early).Before(t.AccessExpiresAt) || t.Refresh == "")
}

// setTokens stores and then uses the tokens of a session.
func (c *Client) setTokens(s api.Session) {
	t := Tokens{Access: s.AccessToken, AccessExpiresAt: s.ExpiresAt, Refresh: s.RefreshToken}
	c.options.OnTokens(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = t
}

// Tokens returns the session's credentials.
func (c *Client) Tokens() Tokens {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens
}

// Server returns the description of the server. It needs no session.
func (c *Client) Server(ctx context.Context) (out api.Server, err error) {
	err = c.do(ctx, call{
		method: http.MethodGet,
		path:   "/server",
		open:   true,
		status: http.StatusOK,
		read:   into(&out, checkServer),
	})
	return out, err
}

// SignIn begins a session.
func (c *Client) SignIn(ctx context.Context, r api.SessionRequest) (out api.Session, err error) {
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/sessions",
		body:   r,
		open:   true,
		status: http.StatusCreated,
		read:   into(&out, checkSession),
	})
	if err == nil {
		c.setTokens(out)
	}
	return out, err
}

// Renew refreshes the session if necessary, for a start from stored tokens.
func (c *Client) Renew(ctx context.Context) error {
	_, err := c.access(ctx, "")
	return err
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) error {
	return c.do(ctx, call{
		method: http.MethodDelete,
		path:   "/sessions/current",
		status: http.StatusNoContent,
		read:   empty,
	})
}
