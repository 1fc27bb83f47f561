package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// resetLifetime is how long a mailed link is valid (spec: api 13).
const resetLifetime = time.Hour

// registerResets registers the calls for forgotten passwords.
func (s *Server) registerResets(c contract) {
	registerEmpty(c, c.call(http.MethodPost, "/password-resets", "request-password-reset",
		"Request a mail with a link that sets a new password", 202),
		func(ctx context.Context, in *struct {
			Idempotent
			Body api.PasswordReset
		},
		) error {
			return s.requestReset(ctx, in.Key, in.Body)
		})
	registerEmpty(c, c.call(http.MethodPost, "/password-resets/confirm", "confirm-password-reset",
		"Set a new password with the token of a mailed link", 204),
		func(ctx context.Context, in *struct {
			Idempotent
			Body api.NewPassword
		},
		) error {
			return s.confirmReset(ctx, in.Key, in.Body)
		})
}

// publicURL returns the server's address for links, without a trailing slash, or "".
func (s *Server) publicURL() string {
	if s.PublicURL == nil {
		return ""
	}
	return strings.TrimSuffix(s.PublicURL(), "/")
}

// requestReset handles POST /password-resets. The answer, and the work for it, are the same whether the account exists
// or not.
func (s *Server) requestReset(ctx context.Context, key string, r api.PasswordReset) error {
	c := change[api.PasswordReset, struct{}]{
		key:    key,
		call:   "request-reset",
		in:     r,
		action: "password-reset.request",
	}
	c.do = func(tx store.Tx, _ *store.Event) (int, struct{}, error) {
		var nothing struct{}
		if s.QueuedMail == nil || s.publicURL() == "" {
			return 0, nothing, api.NewProblem(api.ErrUnavailable,
				"This server has no mail service, so it can send no link. Ask the vendor for a new password.")
		}
		a := attemptBy(ctx, r.Login)
		if err := s.Guard.Check(ctx, tx, a); err != nil {
			return 0, nothing, err
		}
		if err := s.Guard.Verify(ctx, tx, a, r.Verification); err != nil {
			return 0, nothing, err
		}
		clients, err := accountsOf(ctx, tx, r.Login)
		if err != nil {
			return 0, nothing, err
		}
		if len(clients) == 0 {
			// The mail is rendered and sealed, but not sent, so that it takes as long as a real one.
			clients = []store.Client{{Username: r.Login, Emails: []string{strings.TrimSpace(r.Login)}}}
		}
		for _, client := range clients {
			if err := s.mailReset(ctx, tx, client); err != nil {
				return 0, nothing, err
			}
		}
		// Every request counts as guessing.
		if err := s.Guard.Count(ctx, tx, a, store.FailureReset, 0); err != nil {
			return 0, nothing, err
		}
		return http.StatusAccepted, nothing, nil
	}
	_, _, err := apply(ctx, s, c)
	if err == nil {
		s.queuedMail()
	}
	return err
}

// accountsOf returns the active accounts with a user name or with an address on file.
func accountsOf(ctx context.Context, tx store.Tx, login string) (found []store.Client, err error) {
	login = strings.TrimSpace(login)
	byName, err := tx.Clients.ByUsername(ctx, login)
	if err == nil {
		found = append(found, byName)
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	byEmail, err := tx.Clients.ByEmail(ctx, login)
	if err != nil {
		return nil, err
	}
	for _, c := range byEmail {
		if c.ID != byName.ID {
			found = append(found, c)
		}
	}
	active := found[:0]
	for _, c := range found {
		if c.Active && len(c.Emails) > 0 {
			active = append(active, c)
		}
	}
	return active, nil
}

// mailReset queues a mail with a new link for a client. For client 0 it does the same work but queues nothing.
func (s *Server) mailReset(ctx context.Context, tx store.Tx, c store.Client) error {
	token, hash, err := request.NewToken(s.Random)
	if err != nil {
		return err
	}
	link := s.publicURL() + resetPath + "?" + url.Values{"token": {token}}.Encode()
	own, err := texts(ctx, tx)
	if err != nil {
		return err
	}
	subject, body, err := mail.PasswordReset{
		Name:     c.DisplayName(),
		Username: c.Username,
		Link:     link,
		Server:   s.Name,
	}.Render(own)
	if err != nil {
		return err
	}
	if err := tx.Attempts.AddPasswordReset(ctx, store.PasswordReset{
		TokenHash: hash,
		ClientID:  c.ID,
		ExpiresAt: s.Now().Add(resetLifetime),
	}); err != nil {
		return err
	}
	// The number of addresses that are counted is the same for every account.
	counted := slices.Repeat(c.Emails, rules.MaxEmails)[:rules.MaxEmails]
	if s.Guard.CheckMails(ctx, tx, c.ID, request.FromContext(ctx).Host, counted) != nil {
		return nil // an error would reveal that the account exists
	}
	m, err := s.sealedMail(ctx, store.Mail{
		ClientID: c.ID,
		To:       c.Emails,
		Subject:  subject,
		Body:     body,
	})
	if err != nil || c.ID == 0 {
		return err
	}
	_, err = tx.Mails.Queue(ctx, m)
	return err
}

var errLink = api.NewProblem(api.ErrVerificationFailed,
	"The link is too old or was already used. Request a new one in the app.")

// confirmReset handles POST /password-resets/confirm.
func (s *Server) confirmReset(ctx context.Context, key string, r api.NewPassword) error {
	a := attemptBy(ctx, "")
	hash, err := s.hashForChange(ctx, key, "body.new_password", r.NewPassword, func(tx store.Tx) error {
		if err := s.Guard.Check(ctx, tx, a); err != nil {
			return err
		}
		_, err := s.reset(ctx, tx, r.Token)
		return err
	})
	if err != nil && !errors.Is(err, errLink) { // the change finds errLink again and counts it
		return s.auditRefusal(ctx, request.Caller{}, "password-reset.confirm", "", err)
	}
	c := change[string, struct{}]{
		key:    key,
		call:   "confirm-reset",
		in:     string(request.HashToken(r.Token)),
		action: "password-reset.confirm",
	}
	c.do = func(tx store.Tx, _ *store.Event) (int, struct{}, error) {
		var nothing struct{}
		if err := s.Guard.Check(ctx, tx, a); err != nil {
			return 0, nothing, err
		}
		reset, err := s.reset(ctx, tx, r.Token)
		if err != nil {
			var refusal *api.Problem
			if errors.As(err, &refusal) {
				err = s.Guard.Fail(ctx, tx, a, store.FailureReset, 0, refusal)
			}
			return 0, nothing, err
		}
		if hash == "" {
			return 0, nothing, errUnhashed
		}
		return http.StatusNoContent, nothing, s.setPassword(ctx, tx, reset.ClientID, hash, 0)
	}
	_, _, err = apply(ctx, s, c)
	return err
}

// reset returns the password reset of a token. It fails with errLink if there is no valid one.
func (s *Server) reset(ctx context.Context, tx store.Tx, token string) (store.PasswordReset, error) {
	r, err := tx.Attempts.PasswordReset(ctx, request.HashToken(token))
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.Now().Before(r.ExpiresAt) || r.ClientID == 0) {
		return r, errLink
	}
	return r, err
}
