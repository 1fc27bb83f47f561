package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

const (
	accessLife  = 15 * time.Minute
	refreshLife = 30 * day
)

// caller is who makes an authenticated call.
type caller struct {
	client  store.Client
	session store.Session
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey).(caller)
	return c
}

// newToken returns a random token and the hash it is kept as.
func (s *Server) newToken() (token string, hash []byte, err error) {
	var b [32]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "", nil, err
	}
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, hashToken(token), nil
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// bearer reads the token of an Authorization header (RFC 6750); "" when there is none.
func bearer(header string) string {
	scheme, token, ok := strings.Cut(strings.TrimSpace(header), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

var errSignIn = api.NewProblem(api.ErrAuthorization, "The user name or the password is not right.")

// authenticate lets a call through when its access token is good.
func (s *Server) authenticate(hctx huma.Context, next func(huma.Context)) {
	who, err := s.identify(hctx.Context(), bearer(hctx.Header("Authorization")))
	if err != nil {
		p := s.problem(hctx.Context(), err)
		hctx.SetHeader("WWW-Authenticate", "Bearer")
		hctx.SetHeader("Content-Type", api.ProblemMediaType)
		hctx.SetStatus(p.Status)
		_ = huma.DefaultJSONFormat.Marshal(hctx.BodyWriter(), p)
		return
	}
	next(huma.WithValue(hctx, callerKey, who))
}

func (s *Server) identify(ctx context.Context, token string) (who caller, err error) {
	if token == "" {
		return who, api.NewProblem(api.ErrCredentialsMissing, "Sign in first.")
	}
	ended := api.NewProblem(api.ErrAuthorization, "The session has ended. Sign in again.")
	err = s.Store.Glance(ctx, func(tx store.Tx) (err error) {
		who.session, who.client, err = tx.ByAccess(ctx, hashToken(token))
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return who, ended
	case err != nil:
		return who, err
	case who.session.EndedAt != nil, !s.Now().Before(who.session.AccessExpiresAt), !who.client.Active:
		return who, ended
	}
	return who, nil
}

// signIn is POST /sessions. An unknown name costs the same time as a wrong password (spec: api 13).
func (s *Server) signIn(ctx context.Context, r api.SessionRequest) (session api.Session, err error) {
	if strings.ContainsFunc(r.DeviceName, unruly) {
		return session, s.noted(ctx, caller{}, "session.create", "", field("body.device_name", "The name of a PC has one line."))
	}
	var client store.Client
	a := attemptBy(ctx, r.Username)
	err = s.Store.Read(ctx, func(tx store.Tx) (err error) {
		if err := s.guard(ctx, tx, a); err != nil {
			return err
		}
		client, err = tx.ClientByUsername(ctx, strings.TrimSpace(r.Username))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return session, s.noted(ctx, caller{session: store.Session{DeviceName: r.DeviceName}}, "session.create", "", err)
	}
	ok, err := s.checkPassword(ctx, client.PasswordHash, r.Password)
	if err != nil {
		return session, err
	}
	who := caller{client: client, session: store.Session{DeviceName: r.DeviceName}}
	if !ok || !client.Active {
		who.client.ID = 0 // the trail must not tell which names exist
		return session, s.failed(ctx, who, a, store.FailureSignIn, "session.create", "", errSignIn)
	}
	err = s.Store.Write(ctx, func(tx store.Tx) error {
		if err := s.guard(ctx, tx, a); err != nil { // failures may have come while the password was hashed
			return err
		}
		access, accessHash, err := s.newToken()
		if err != nil {
			return err
		}
		now := s.Now()
		who.session = store.Session{ClientID: client.ID, DeviceName: r.DeviceName, AccessHash: accessHash, AccessExpiresAt: now.Add(accessLife), CreatedAt: now}
		if who.session.ID, err = tx.AddSession(ctx, who.session); err != nil {
			return err
		}
		if session, err = s.tokens(ctx, tx, who, access); err != nil {
			return err
		}
		return s.audit(ctx, tx, who, "session.create", fmt.Sprintf("session %d", who.session.ID), "ok")
	})
	return session, err
}

// tokens adds a refresh token to a session and returns what the client keeps.
func (s *Server) tokens(ctx context.Context, tx store.Tx, who caller, access string) (api.Session, error) {
	refresh, refreshHash, err := s.newToken()
	if err != nil {
		return api.Session{}, err
	}
	refreshExpires := s.Now().Add(refreshLife)
	err = tx.AddRefreshToken(ctx, store.RefreshToken{Hash: refreshHash, SessionID: who.session.ID, ExpiresAt: refreshExpires})
	return api.Session{
		AccessToken: access, ExpiresAt: who.session.AccessExpiresAt.UTC(), RefreshToken: refresh, RefreshExpiresAt: refreshExpires.UTC(),
		Client: api.Client{ID: who.client.ID, Username: who.client.Username, DisplayName: who.client.DisplayName()},
	}, err
}

// refresh is POST /sessions/refresh: the token works once; a reused one ends the session.
func (s *Server) refresh(ctx context.Context, token string) (session api.Session, err error) {
	refusal := api.NewProblem(api.ErrAuthorization, "The session has ended. Sign in again.")
	var refused error
	err = s.Store.Write(ctx, func(tx store.Tx) error {
		session, refused = api.Session{}, nil
		old, err := tx.RefreshToken(ctx, hashToken(token))
		if errors.Is(err, store.ErrNotFound) {
			refused = refusal
			return s.audit(ctx, tx, caller{}, "session.refresh", "", string(refusal.Code))
		}
		if err != nil {
			return err
		}
		var who caller
		if who.session, err = tx.Session(ctx, old.SessionID); err != nil {
			return err
		}
		if who.client, err = tx.Client(ctx, who.session.ClientID); err != nil {
			return err
		}
		object, now := fmt.Sprintf("session %d", who.session.ID), s.Now()
		if old.UsedAt != nil || who.session.EndedAt != nil || !now.Before(old.ExpiresAt) || !who.client.Active {
			refused = refusal
			return errors.Join(tx.EndSession(ctx, who.session.ID, now), s.audit(ctx, tx, who, "session.refresh", object, string(refusal.Code)))
		}
		access, accessHash, err := s.newToken()
		if err != nil {
			return err
		}
		who.session.AccessExpiresAt = now.Add(accessLife)
		if err := tx.UseRefreshToken(ctx, old.Hash, now); err != nil {
			return err
		}
		if err := tx.RenewSession(ctx, who.session.ID, accessHash, who.session.AccessExpiresAt); err != nil {
			return err
		}
		if session, err = s.tokens(ctx, tx, who, access); err != nil {
			return err
		}
		return s.audit(ctx, tx, who, "session.refresh", object, "ok")
	})
	return session, errors.Join(err, refused)
}

// signOut is DELETE /sessions/current.
func (s *Server) signOut(ctx context.Context) error {
	who := callerOf(ctx)
	return s.Store.Write(ctx, func(tx store.Tx) error {
		return errors.Join(tx.EndSession(ctx, who.session.ID, s.Now()),
			s.audit(ctx, tx, who, "session.end", fmt.Sprintf("session %d", who.session.ID), "ok"))
	})
}
