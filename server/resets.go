package server

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/store"
)

// resetLife is how long a mailed link works (spec: api 13).
const resetLife = time.Hour

// resetPath is the page that a mailed link opens, the only one for people that the server has besides its documentation.
const resetPath = "/password"

func (s *Server) publicURL() string {
	if s.PublicURL == nil {
		return ""
	}
	return strings.TrimSuffix(s.PublicURL(), "/")
}

// requestReset is POST /password-resets. The answer is the same whether an account exists or not, and what is done for one
// that does not costs as much.
func (s *Server) requestReset(ctx context.Context, key string, r api.PasswordReset) error {
	c := change[api.PasswordReset]{key: key, call: "request-reset", in: r, action: "password-reset.request"}
	_, _, err := once(ctx, s, c, func(tx store.Tx, _ *store.Event) (int, struct{}, error) {
		var none struct{}
		if s.QueuedMail == nil || s.publicURL() == "" {
			return 0, none, api.NewProblem(api.ErrUnavailable, "This server has no mail service, so it can send no link. Ask the vendor for a new password.")
		}
		a := attemptBy(ctx, r.Login)
		if err := s.guard(ctx, tx, a); err != nil {
			return 0, none, err
		}
		if err := s.verify(ctx, tx, a, r.Verification); err != nil {
			return 0, none, err
		}
		clients, err := accountsOf(ctx, tx, r.Login)
		if err != nil {
			return 0, none, err
		}
		if len(clients) == 0 {
			// A mail that is never sent costs what a real one does.
			clients = []store.Client{{Username: r.Login, Emails: []string{strings.TrimSpace(r.Login)}}}
		}
		for _, client := range clients {
			if err := s.mailReset(ctx, tx, client); err != nil {
				return 0, none, err
			}
		}
		// Asking again and again is guessing, too.
		if err := tx.AddFailure(ctx, store.Failure{At: s.Now(), Kind: store.FailureReset, Host: a.host, Account: a.account}); err != nil {
			return 0, none, err
		}
		return http.StatusAccepted, none, nil
	})
	if err == nil {
		s.queuedMail()
	}
	return err
}

// accountsOf finds the accounts that a user name or an address on file stands for.
func accountsOf(ctx context.Context, tx store.Tx, login string) (found []store.Client, err error) {
	login = strings.TrimSpace(login)
	byName, err := tx.ClientByUsername(ctx, login)
	if err == nil {
		found = append(found, byName)
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	byEmail, err := tx.ClientsByEmail(ctx, login)
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

// mailReset queues the mail with a fresh link for a client; for client 0 it does the work and queues nothing.
func (s *Server) mailReset(ctx context.Context, tx store.Tx, c store.Client) error {
	token, hash, err := s.newToken()
	if err != nil {
		return err
	}
	link := s.publicURL() + resetPath + "?" + url.Values{"token": {token}}.Encode()
	own, err := texts(ctx, tx)
	if err != nil {
		return err
	}
	subject, body, err := mail.PasswordReset{Name: c.DisplayName(), Username: c.Username, Link: link, Server: s.Name}.Render(own)
	if err != nil {
		return err
	}
	if err := tx.AddPasswordReset(ctx, store.PasswordReset{TokenHash: hash, ClientID: c.ID, ExpiresAt: s.Now().Add(resetLife)}); err != nil {
		return err
	}
	// As many addresses are counted for every account, however many are on file.
	counted := slices.Repeat(c.Emails, maxEmails)[:maxEmails]
	if s.limitMail(ctx, tx, c.ID, counted) != nil {
		return nil // to say so would tell that the account exists
	}
	m, err := s.sealedMail(ctx, store.Mail{ClientID: c.ID, To: c.Emails, Subject: subject, Body: body})
	if err != nil || c.ID == 0 {
		return err
	}
	_, err = tx.QueueMail(ctx, m)
	return err
}

var errLink = api.NewProblem(api.ErrVerificationFailed, "The link is too old or was used. Ask for a new one in the app.")

// confirmReset is POST /password-resets/confirm.
func (s *Server) confirmReset(ctx context.Context, key string, r api.NewPassword) error {
	a := attemptBy(ctx, "")
	hash, err := s.hashForChange(ctx, key, "body.new_password", r.NewPassword, func(tx store.Tx) error {
		if err := s.guard(ctx, tx, a); err != nil {
			return err
		}
		_, err := s.reset(ctx, tx, r.Token)
		return err
	})
	if err != nil && !errors.Is(err, errLink) { // which the change finds and counts
		return s.noted(ctx, caller{}, "password-reset.confirm", "", err)
	}
	c := change[string]{key: key, call: "confirm-reset", in: string(hashToken(r.Token)), action: "password-reset.confirm"}
	_, _, err = once(ctx, s, c, func(tx store.Tx, _ *store.Event) (int, struct{}, error) {
		var none struct{}
		if err := s.guard(ctx, tx, a); err != nil {
			return 0, none, err
		}
		reset, err := s.reset(ctx, tx, r.Token)
		if err != nil {
			var refusal *api.Problem
			if errors.As(err, &refusal) {
				err = s.fail(ctx, tx, a, store.FailureReset, 0, refusal)
			}
			return 0, none, err
		}
		if hash == "" {
			return 0, none, errUnhashed
		}
		return http.StatusNoContent, none, s.setPassword(ctx, tx, reset.ClientID, hash, 0)
	})
	return err
}

// reset finds the link of a token; it fails with errLink.
func (s *Server) reset(ctx context.Context, tx store.Tx, token string) (store.PasswordReset, error) {
	r, err := tx.PasswordReset(ctx, hashToken(token))
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.Now().Before(r.ExpiresAt) || r.ClientID == 0) {
		return r, errLink
	}
	return r, err
}

//go:embed password.html
var passwordHTML string

var passwordPage = template.Must(template.New("password").Parse(passwordHTML))

// passwordView is what the page shows.
type passwordView struct {
	Server, Token, Key, Fault, Title string
	Done, Dead                       bool
}

// pagePolicy lets the page have its style and send its form, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// passwordForm answers the page that a mailed link opens: GET shows the form, POST sets the password.
func (s *Server) passwordForm(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	v := passwordView{Server: s.Name, Title: "New password"}
	status := http.StatusOK
	switch {
	case r.ParseForm() != nil:
		v.Dead, v.Fault, status = true, "The form did not arrive whole. Open the link again.", http.StatusBadRequest
	case r.Method == http.MethodPost:
		v.Token, v.Key = r.PostForm.Get("token"), r.PostForm.Get("key")
		if r.PostForm.Get("password") != r.PostForm.Get("again") {
			v.Fault, status = "The two passwords are not the same.", http.StatusUnprocessableEntity
			break
		}
		err := s.confirmReset(ctx, v.Key, api.NewPassword{Token: v.Token, NewPassword: r.PostForm.Get("password")})
		if err == nil {
			v.Done, v.Token = true, ""
			break
		}
		p := s.problem(ctx, err)
		v.Fault, v.Dead, status = p.Detail, p.Code != api.ErrValidation, p.Status
	default:
		v.Token = r.Form.Get("token")
		err := s.Store.Read(ctx, func(tx store.Tx) error {
			_, err := s.reset(ctx, tx, v.Token)
			return err
		})
		if err != nil {
			p := s.problem(ctx, err)
			v.Fault, v.Dead, status = p.Detail, true, p.Status
		}
	}
	if !v.Done && !v.Dead {
		v.Key = newKey(s.Random)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_ = passwordPage.Execute(w, v) // the client is gone when this fails
}
