package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

// The list of orders contains the refusal of a full order, and no refusal if there is a free seat.
func TestFullOrders(t *testing.T) {
	w := servertest.NewWorld(t)
	add := func() *api.Allowance {
		_, body := w.Clients["anna"].Call("GET", "/orders?limit=500", nil)
		var list api.OrderList
		require.NoError(t, json.Unmarshal(body, &list))
		for _, o := range list.Orders {
			if o.ID == sample.WithSerial {
				return o.Allowed.Add
			}
		}
		t.Fatal("the order is not listed")
		return nil
	}
	w.Prepare("total 5")
	w.Prepare("new A")
	require.Equal(t, &api.Allowance{OK: true}, add())
	w.Prepare("new B")
	require.Equal(t, &api.Allowance{Reason: api.ErrLicensesInUse}, add())
	w.Prepare("remove B")
	require.Equal(t, &api.Allowance{OK: true}, add())
}
