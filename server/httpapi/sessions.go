package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

const (
	accessLifetime  = 15 * time.Minute
	refreshLifetime = 30 * 24 * time.Hour
)

// registerSessions registers the calls to sign in and out.
func (s *Server) registerSessions(c contract) {
	register(c, c.call(http.MethodPost, "/sessions", "sign-in", "Sign in", 201),
		func(ctx context.Context, in *body[api.SessionRequest]) (*body[api.Session], error) {
			out, err := s.signIn(ctx, in.Body)
			return &body[api.Session]{out}, err
		})
	register(c, c.call(http.MethodPost, "/sessions/refresh", "refresh-session", "Exchange a refresh token", 201),
		func(ctx context.Context, in *body[api.RefreshRequest]) (*body[api.Session], error) {
			out, err := s.refresh(ctx, in.Body.RefreshToken)
			return &body[api.Session]{out}, err
		})
	register(c, c.signedIn(http.MethodDelete, "/sessions/current", "sign-out", "Sign out", 204),
		func(ctx context.Context, _ *none) (*none, error) {
			return &none{}, s.signOut(ctx)
		})
}

// attemptBy returns the attempt of the host of ctx for a user name; "" = none.
func attemptBy(ctx context.Context, username string) guard.Attempt {
	return guard.NewAttempt(request.FromContext(ctx).Host, username)
}

// callerAttempt returns the attempt of the caller of ctx.
func callerAttempt(ctx context.Context) guard.Attempt {
	return attemptBy(ctx, request.CallerFrom(ctx).Client.Username)
}

var errSignIn = api.NewProblem(api.ErrAuthorization, "The user name or the password is incorrect.")

// authenticate is a middleware that requires a valid access token.
func (s *Server) authenticate(hctx huma.Context, next func(huma.Context)) {
	who, err := s.identify(hctx.Context(), request.BearerToken(hctx.Header("Authorization")))
	if err != nil {
		p := s.problem(hctx.Context(), err)
		hctx.SetHeader("WWW-Authenticate", "Bearer")
		hctx.SetHeader("Content-Type", api.ProblemMediaType)
		hctx.SetStatus(p.Status)
		_ = huma.DefaultJSONFormat.Marshal(hctx.BodyWriter(), p)
		return
	}
	next(huma.WithContext(hctx, request.WithCaller(hctx.Context(), who)))
}

// identify returns the caller with an access token.
func (s *Server) identify(ctx context.Context, token string) (who request.Caller, err error) {
	if token == "" {
		return who, api.NewProblem(api.ErrCredentialsMissing, "Sign in first.")
	}
	ended := api.NewProblem(api.ErrAuthorization, "The session has ended. Sign in again.")
	err = s.Store.Read(ctx, func(tx store.Tx) (err error) {
		who.Session, who.Client, err = tx.Sessions.ByAccess(ctx, request.HashToken(token))
		return err
	}, store.SingleQuery)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return who, ended
	case err != nil:
		return who, err
	case who.Session.EndedAt != nil, !s.Now().Before(who.Session.AccessExpiresAt), !who.Client.Active:
		return who, ended
	}
	return who, nil
}

// signIn handles POST /sessions. An unknown name takes as long as a wrong password (spec: api 13).
func (s *Server) signIn(ctx context.Context, r api.SessionRequest) (session api.Session, err error) {
	if rules.HasControl(r.DeviceName) {
		refusal := rules.InvalidField("body.device_name", "The name of a PC must be one line.")
		return session, s.auditRefusal(ctx, request.Caller{}, "session.create", "", refusal)
	}
	var client store.Client
	a := attemptBy(ctx, r.Username)
	err = s.Store.Read(ctx, func(tx store.Tx) (err error) {
		if err := s.Guard.Check(ctx, tx, a); err != nil {
			return err
		}
		client, err = tx.Clients.ByUsername(ctx, strings.TrimSpace(r.Username))
		return err
	})
	anonymous := request.Caller{Session: store.Session{DeviceName: r.DeviceName}}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return session, s.auditRefusal(ctx, anonymous, "session.create", "", err)
	}
	ok, err := s.Passwords.Verify(ctx, client.PasswordHash, r.Password)
	if err != nil {
		return session, err
	}
	if !ok || !client.Active { // the trail must not reveal which names exist
		return session, s.fail(ctx, anonymous, a, store.FailureSignIn, "session.create", "", errSignIn)
	}
	who := request.Caller{Client: client}
	err = s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		if err := s.Guard.Check(ctx, tx, a); err != nil { // failures may have come while the password was hashed
			return err
		}
		access, accessHash, err := request.NewToken(s.Random)
		if err != nil {
			return err
		}
		now := s.Now()
		who.Session = store.Session{
			ClientID:        client.ID,
			DeviceName:      r.DeviceName,
			AccessHash:      accessHash,
			AccessExpiresAt: now.Add(accessLifetime),
			CreatedAt:       now,
		}
		if who.Session.ID, err = tx.Sessions.Add(ctx, who.Session); err != nil {
			return err
		}
		if session, err = s.tokens(ctx, tx, who, access); err != nil {
			return err
		}
		return s.audit(ctx, tx, who, "session.create", object("session", who.Session.ID), api.OutcomeOK)
	})
	return session, s.auditRefusal(ctx, anonymous, "session.create", "", err)
}

// tokens adds a refresh token to a session and returns its tokens.
func (s *Server) tokens(ctx context.Context, tx store.Tx, who request.Caller, access string) (api.Session, error) {
	refresh, refreshHash, err := request.NewToken(s.Random)
	if err != nil {
		return api.Session{}, err
	}
	refreshExpires := s.Now().Add(refreshLifetime)
	err = tx.Sessions.AddRefreshToken(ctx, store.RefreshToken{
		Hash:      refreshHash,
		SessionID: who.Session.ID,
		ExpiresAt: refreshExpires,
	})
	return api.Session{
		AccessToken:      access,
		ExpiresAt:        who.Session.AccessExpiresAt.UTC(),
		RefreshToken:     refresh,
		RefreshExpiresAt: refreshExpires.UTC(),
		Client:           wireClient(who.Client),
	}, err
}

// refresh handles POST /sessions/refresh. A refresh token can be used one time. A second use ends the session.
func (s *Server) refresh(ctx context.Context, token string) (session api.Session, err error) {
	refusal := api.NewProblem(api.ErrAuthorization, "The session has ended. Sign in again.")
	var refused error
	err = s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		session, refused = api.Session{}, nil
		old, err := tx.Sessions.RefreshToken(ctx, request.HashToken(token))
		if errors.Is(err, store.ErrNotFound) {
			refused = refusal
			return s.audit(ctx, tx, request.Caller{}, "session.refresh", "", string(refusal.Code))
		}
		if err != nil {
			return err
		}
		var who request.Caller
		if who.Session, err = tx.Sessions.Get(ctx, old.SessionID); err != nil {
			return err
		}
		if who.Client, err = tx.Clients.Get(ctx, who.Session.ClientID); err != nil {
			return err
		}
		name, now := object("session", who.Session.ID), s.Now()
		if old.UsedAt != nil || who.Session.EndedAt != nil || !now.Before(old.ExpiresAt) || !who.Client.Active {
			refused = refusal
			return errors.Join(
				tx.Sessions.End(ctx, who.Session.ID, now),
				s.audit(ctx, tx, who, "session.refresh", name, string(refusal.Code)))
		}
		access, accessHash, err := request.NewToken(s.Random)
		if err != nil {
			return err
		}
		who.Session.AccessExpiresAt = now.Add(accessLifetime)
		if err := tx.Sessions.UseRefreshToken(ctx, old.Hash, now); err != nil {
			return err
		}
		if err := tx.Sessions.Renew(ctx, who.Session.ID, accessHash, who.Session.AccessExpiresAt); err != nil {
			return err
		}
		if session, err = s.tokens(ctx, tx, who, access); err != nil {
			return err
		}
		return s.audit(ctx, tx, who, "session.refresh", name, api.OutcomeOK)
	})
	return session, errors.Join(err, refused)
}

// signOut handles DELETE /sessions/current.
func (s *Server) signOut(ctx context.Context) error {
	who := request.CallerFrom(ctx)
	return s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		return errors.Join(tx.Sessions.End(ctx, who.Session.ID, s.Now()),
			s.audit(ctx, tx, who, "session.end", object("session", who.Session.ID), api.OutcomeOK))
	})
}
