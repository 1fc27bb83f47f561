package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// overtaken is a store that calls before at the beginning of each Write.
type overtaken struct {
	store.Store
	before func()
}

func (o overtaken) Write(ctx context.Context, lock store.Lock, fn func(store.Tx) error, hints ...store.Hint) error {
	o.before()
	return o.Store.Write(ctx, lock, fn, hints...)
}

// A ban that begins while a correct password is being hashed refuses the sign-in, so that concurrent guesses get no
// more answers than sequential ones (spec: api 11).
func TestSignInDuringABan(t *testing.T) {
	s := servertest.Start(t)
	srv, err := server.New(server.Options{
		Store: overtaken{s.Store, func() {
			require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
				for range settings.Default().AccountFailures {
					err := tx.Attempts.AddFailure(t.Context(), store.Failure{
						At:      s.Clock.Now(),
						Kind:    store.FailureSignIn,
						Host:    "203.0.113.5",
						Account: guard.AccountKey(s.Login.Username),
					})
					if err != nil {
						return err
					}
				}
				return nil
			}))
		}},
		Secrets:   s.Secrets,
		Logger:    s.Logger(),
		Now:       s.Clock.Now,
		Passwords: password.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	require.NoError(t, err)
	login := strings.NewReader(`{"username":"` + s.Login.Username + `","password":"` + s.Login.Password + `"}`)
	request := httptest.NewRequest(http.MethodPost, api.Base+"/sessions", login)
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	srv.Handler().ServeHTTP(answer, request)
	require.Equal(t, http.StatusTooManyRequests, answer.Code, answer.Body.String())
	require.Contains(t, answer.Body.String(), api.ErrHostBanned)
	require.NotContains(t, answer.Body.String(), "access_token")
}

// The access token of a client that the vendor has made inactive is invalid, although its session has not ended.
func TestInactiveClients(t *testing.T) {
	w := servertest.NewWorld(t)
	status, _ := w.Clients["anna"].Call("GET", "/orders", nil)
	require.Equal(t, 200, status)
	w.Write(func(tx store.Tx) error {
		c, err := tx.Clients.ByUsername(t.Context(), "anna")
		if err != nil {
			return err
		}
		c.Active = false
		return tx.Clients.Change(t.Context(), c)
	})
	for _, call := range []string{"GET /orders", "GET /account", "POST /orders/1042/licenses"} {
		method, path, _ := strings.Cut(call, " ")
		status, body := w.Clients["anna"].Keyed().Call(method, path, nil)
		w.RequireProblem(status, body, api.ErrAuthorization, "")
	}
	status, _ = w.Clients["bruno"].Call("GET", "/orders", nil)
	require.Equal(t, 200, status)
}

// The audit entry of a wrong password contains no user name and does not reveal whether it exists.
func TestTrailHidesUserNames(t *testing.T) {
	w := servertest.NewWorld(t)
	lines := map[string]store.Audit{}
	for _, name := range []string{sample.Username, "nobody"} {
		login := api.SessionRequest{Username: name, Password: "wrong password", DeviceName: "PC"}
		status, _ := servertest.Client{Server: w.Server, T: t}.Call("POST", "/sessions", login)
		require.Equal(t, 401, status)
		line := servertest.AuditTrail(t, w.Server)[0]
		require.Equal(t, "session.create", line.Action)
		line.ID = 0
		lines[name] = line
	}
	require.Equal(t, lines["nobody"], lines[sample.Username])
	require.Equal(t, store.Audit{
		At:      w.Clock.Now(),
		Actor:   "anonymous",
		Host:    "127.0.0.1",
		Device:  "PC",
		Action:  "session.create",
		Outcome: string(api.ErrAuthorization),
	}, lines["nobody"])
}

// Tokens expire, and a second use of a refresh token ends the session (spec: api "Who may call").
func TestSessions(t *testing.T) {
	s := servertest.Start(t)
	c, session := servertest.SignIn(t, s)

	anonymous := servertest.Client{Server: s, T: t}
	for _, body := range []map[string]any{
		{"username": "anna", "password": "wrong password"},
		{"username": "nobody", "password": "wrong password"},
		{"username": "bruno", "password": ""},
		{"username": "bruno", "password": "anything at all"},
	} {
		status, answer := anonymous.Call("POST", "/sessions", body)
		require.Contains(t, []int{401, 422}, status)
		require.NotContains(t, string(answer), "bruno")
	}
	_, wrong := anonymous.Call("POST", "/sessions", map[string]any{"username": "anna", "password": "wrong password"})
	_, unknown := anonymous.Call("POST", "/sessions", map[string]any{"username": "nobody", "password": "wrong password"})
	require.Equal(t, string(wrong), string(unknown), "the answers reveal no names")

	s.Clock.Advance(16 * time.Minute)
	status, _ := c.Call("GET", "/orders", nil)
	require.Equal(t, 401, status, "an access token expires after 15 minutes")
	status, body := anonymous.Call("POST", "/sessions/refresh", api.RefreshRequest{RefreshToken: session.RefreshToken})
	require.Equal(t, 201, status)
	var renewed api.Session
	require.NoError(t, json.Unmarshal(body, &renewed))
	c.Token = renewed.AccessToken
	status, _ = c.Call("GET", "/orders", nil)
	require.Equal(t, 200, status)

	status, _ = anonymous.Call("POST", "/sessions/refresh", api.RefreshRequest{RefreshToken: session.RefreshToken})
	require.Equal(t, 401, status, "a refresh token cannot be used twice")
	status, _ = c.Call("GET", "/orders", nil)
	require.Equal(t, 401, status, "a second use ends the session")
	status, _ = anonymous.Call("POST", "/sessions/refresh", api.RefreshRequest{RefreshToken: renewed.RefreshToken})
	require.Equal(t, 401, status)

	c, session = servertest.SignIn(t, s)
	status, _ = c.Call("DELETE", "/sessions/current", nil)
	require.Equal(t, 204, status)
	status, _ = c.Call("GET", "/orders", nil)
	require.Equal(t, 401, status)
	_, session = servertest.SignIn(t, s)
	s.Clock.Advance(31 * 24 * time.Hour)
	status, _ = anonymous.Call("POST", "/sessions/refresh", api.RefreshRequest{RefreshToken: session.RefreshToken})
	require.Equal(t, 401, status, "a refresh token expires after 30 days")
}

// Failed sign-ins ban the account they name, whether it exists or not, and no other (spec: api 11).
func TestSignInBans(t *testing.T) {
	for _, name := range []string{"anna", "nobody"} {
		w := servertest.NewWorld(t)
		anonymous := servertest.Client{Server: w.Server, T: t}
		for range 10 {
			status, _ := anonymous.Call("POST", "/sessions", api.SessionRequest{Username: name, Password: "wrong password"})
			require.Equal(t, 401, status)
		}
		status, body := anonymous.Call("POST", "/sessions", api.SessionRequest{Username: name, Password: w.Login.Password})
		w.RequireProblem(status, body, api.ErrHostBanned, `"retry_after":900`)
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: "bruno", Password: w.Login.Password})
		require.Equal(t, 201, status)
		for i := range 20 {
			anonymous.Call("POST", "/sessions", api.SessionRequest{
				Username: "guess" + string(rune('a'+i)),
				Password: "wrong password",
			})
		}
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: "bruno", Password: w.Login.Password})
		require.Equal(t, 429, status, "30 failures ban the host")
		w.Clock.Advance(15 * time.Minute)
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: w.Login.Password})
		require.Equal(t, 201, status)
	}
}
