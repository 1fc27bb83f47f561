package server_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// answered makes a call and returns its status and headers.
func answered(c servertest.Client, method, path string, body any) (int, http.Header) {
	c.T.Helper()
	response := c.Raw(method, path, body)
	_ = response.Body.Close()
	return response.StatusCode, response.Header
}

// Every answer of the contract contains the epoch, and no other answer does (spec: api "Epoch").
func TestEpochHeader(t *testing.T) {
	s := servertest.Start(t, servertest.Proxied, func(o *server.Options) {
		o.Requests = settings.RequestRate{PerSecond: 1, Burst: 50}
	})
	c, _ := servertest.SignIn(t, s)
	_, header := answered(c, "GET", "/server", nil)
	epoch := header.Get(api.Epoch)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(epoch)
	require.NoError(t, err)
	require.Len(t, raw, 16)
	_, header = answered(c, "GET", "/orders", nil)
	tag := header.Get("ETag")
	require.Contains(t, tag, epoch)
	_, err = servertest.Vendor(s).AddBan(t.Context(), "203.0.113.5", "", "test", time.Hour)
	require.NoError(t, err)
	s.Clock.Advance(3 * time.Second)
	anonymous := servertest.Client{Server: s, T: t}
	for _, call := range []struct {
		by           servertest.Client
		method, path string
		body         any
		status       int
	}{
		{c, "GET", "/orders", nil, 200},
		{c.With("If-None-Match", tag), "GET", "/orders", nil, 304},
		{c.With("If-None-Match", "*"), "GET", "/orders", nil, 304},
		{c, "GET", "/licenses/20211/file", nil, 200},
		{c.Keyed(), "POST", "/licenses/20211/email", api.EmailRequest{To: []string{"it@lumen.example"}}, 202},
		{anonymous, "POST", "/verifications", nil, 201},
		{anonymous, "GET", "/orders", nil, 401},
		{c, "GET", "/orders/999999/licenses", nil, 404},
		{c, "GET", "/nothing", nil, 404},
		{c, "PUT", "/orders", nil, 404},
		{c, "GET", "/orders?cursor=!!!", nil, 422},
		{c.Keyed(), "POST", "/orders/1042/licenses", strings.Repeat("x", 70<<10), 422},
		{anonymous.With("X-Forwarded-For", "203.0.113.5"), "GET", "/server", nil, 429},
		{c, "DELETE", "/sessions/current", nil, 204},
	} {
		status, header := answered(call.by, call.method, call.path, call.body)
		require.Equal(t, call.status, status, "%s %s", call.method, call.path)
		require.Equal(t, []string{epoch}, header.Values(api.Epoch), "%s %s", call.method, call.path)
	}
	for _, path := range []string{"/healthz", "/readyz", "/docs", "/openapi.json"} {
		_, header := answered(c, "GET", path, nil)
		require.Empty(t, header.Values(api.Epoch), path)
	}
	s.Restart()
	c.Server = s
	_, header = answered(c, "GET", "/server", nil)
	require.Equal(t, epoch, header.Get(api.Epoch), "a restart does not change it")
}

// All servers of a database have the same epoch, and notice a restore within seconds. ETags from before the restore do
// not match afterwards, even if the content is the same (spec: api "Epoch", api 20).
func TestServersNoticeARestore(t *testing.T) {
	s := servertest.Start(t)
	first, _ := servertest.SignIn(t, s)
	other := servertest.Second(t, s)
	other.Token = first.Token
	epochs := map[string]bool{}
	tags := map[string]string{}
	for range 2 {
		var epoch string
		for _, c := range []servertest.Client{first, other} {
			status, header := answered(c, "GET", "/orders/1042/licenses", nil)
			require.Equal(t, 200, status)
			if epoch == "" {
				epoch = header.Get(api.Epoch)
			}
			require.Equal(t, epoch, header.Get(api.Epoch))
			if former := tags[c.URL]; former != "" {
				status, header = answered(c.With("If-None-Match", former), "GET", "/orders/1042/licenses", nil)
				require.Equal(t, 200, status, "a tag of the former epoch")
				content := strings.Index(former, ".")
				require.Equal(t, former[content:], header.Get("ETag")[content:], "the content is the same")
			}
			tags[c.URL] = header.Get("ETag")
			known := c.With("If-None-Match", `"other", W/`+tags[c.URL])
			status, header = answered(known, "GET", "/orders/1042/licenses", nil)
			require.Equal(t, 304, status)
			require.Equal(t, tags[c.URL], header.Get("ETag"))
		}
		epochs[epoch] = true
		_, err := servertest.Vendor(s).MarkRestored(t.Context(), 1)
		require.NoError(t, err)
		s.Clock.Advance(2 * time.Second)
	}
	require.Len(t, epochs, 2)
}

// counted is a store that counts reads.
type counted struct {
	store.Store
	reads *atomic.Int64
}

func (c counted) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	c.reads.Add(1)
	return c.Store.Read(ctx, fn, hints...)
}

// The epoch is not read for each call, but with settings and bans every two seconds.
func TestEpochIsCached(t *testing.T) {
	s := servertest.Start(t)
	var reads atomic.Int64
	srv, err := server.New(server.Options{
		Store:     counted{s.Store, &reads},
		Secrets:   s.Secrets,
		Logger:    s.Logger(),
		Now:       s.Clock.Now,
		Passwords: password.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	require.NoError(t, err)
	ask := func(n int) int64 {
		before := reads.Load()
		for range n {
			answer := httptest.NewRecorder()
			srv.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, api.Base+"/server", nil))
			require.Equal(t, http.StatusOK, answer.Code)
			require.NotEmpty(t, answer.Header().Get(api.Epoch))
		}
		return reads.Load() - before
	}
	require.EqualValues(t, 2, ask(1), "the answer, and the shared values")
	require.EqualValues(t, 50, ask(50), "the answers")
}

// A server without a database answers with the last known epoch.
func TestEpochWithoutDatabase(t *testing.T) {
	s := servertest.Start(t)
	srv, err := server.New(server.Options{
		Store:     absent{s.Store},
		Secrets:   s.Secrets,
		Logger:    s.Logger(),
		Now:       s.Clock.Now,
		Passwords: password.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	require.NoError(t, err)
	_, header := answered(servertest.Client{Server: s, T: t}, "GET", "/server", nil)
	for range 2 {
		answer := httptest.NewRecorder()
		srv.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, api.Base+"/server", nil))
		require.NotEqual(t, http.StatusOK, answer.Code)
		require.Equal(t, header.Get(api.Epoch), answer.Header().Get(api.Epoch))
		s.Clock.Advance(time.Minute)
	}
}
