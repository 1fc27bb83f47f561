package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/go-resty/resty/v2"

	"github.com/acen-desktop/acen/api"
)

func decode(response *resty.Response, into any) error {
	contentType := response.Header().Get("Content-Type")
	if mediaType, _, err := mime.ParseMediaType(contentType); err != nil || mediaType != "application/json" {
		return fmt.Errorf("HTTP status %d with content type %q", response.StatusCode(), contentType)
	}
	return json.Unmarshal(response.Body(), into)
}

// access returns an access token. It renews the session when the token ends soon, or when it is the one that the server
// refused.
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
	if token, ok := c.current(refused); ok { // another goroutine renewed it meanwhile
		return token, nil
	}
	refresh := c.Tokens().Refresh
	if refresh == "" {
		return "", ErrSignedOut
	}
	var session api.Session
	// A refresh token works once: once sent, the answer is waited for even when the caller gives up.
	_, err := c.send(context.WithoutCancel(ctx), call{method: http.MethodPost, path: "/sessions/refresh", body: api.RefreshRequest{RefreshToken: refresh}, into: &session}, "")
	if errors.Is(err, api.ErrAuthorization) || errors.Is(err, api.ErrValidation) {
		return "", ErrSignedOut
	}
	if err != nil {
		return "", err
	}
	c.keep(session)
	return session.AccessToken, nil
}

func (c *Client) current(refused string) (string, bool) {
	t := c.Tokens()
	return t.Access, t.Access != "" && t.Access != refused && (c.options.Now().Add(early).Before(t.AccessExpiresAt) || t.Refresh == "")
}

// keep takes over the tokens of a session, stored first and used then.
func (c *Client) keep(s api.Session) {
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

// Server describes the server; it needs no session.
func (c *Client) Server(ctx context.Context) (out api.Server, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: "/server", into: &out, open: true})
	return out, err
}

// SignIn begins a session.
func (c *Client) SignIn(ctx context.Context, r api.SessionRequest) (out api.Session, err error) {
	if _, err = c.do(ctx, call{method: http.MethodPost, path: "/sessions", body: r, into: &out, open: true}); err == nil {
		c.keep(out)
	}
	return out, err
}

// Renew makes sure that the session goes on, for a start from stored tokens.
func (c *Client) Renew(ctx context.Context) error {
	_, err := c.access(ctx, "")
	return err
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/sessions/current"})
	return err
}
