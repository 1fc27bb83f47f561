package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// network is a function as a transport.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

// says returns an answer of a network.
func says(t *testing.T, r *http.Request, status int, body any) *http.Response {
	t.Helper()
	data, err := json.Marshal(body)
	require.NoError(t, err)
	header := http.Header{"Content-Type": {"application/json"}}
	if _, ok := body.(*api.Problem); ok {
		header.Set("Content-Type", api.ProblemMediaType)
	}
	return &http.Response{
		StatusCode: status,
		Header:     header,
		Body:       io.NopCloser(bytes.NewReader(data)),
		Request:    r,
	}
}

// over returns a client of a network whose access token is about to expire.
func over(t *testing.T, n network, change ...func(*Options)) *Client {
	t.Helper()
	return to(t, nil, append([]func(*Options){func(o *Options) {
		o.Transport, o.Tokens.AccessExpiresAt = n, noon
	}}, change...)...)
}

func isRefresh(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/sessions/refresh") }

// A refresh that was sent is completed even if its caller is canceled, because its token cannot be used again.
func TestRefreshOutlivesItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stored []Tokens
	c := over(t, func(r *http.Request) (*http.Response, error) {
		cancel()
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return says(t, r, 201, minimalSession(1)), nil
	}, func(o *Options) { o.OnTokens = func(tokens Tokens) { stored = append(stored, tokens) } })
	require.NoError(t, c.Renew(ctx))
	want := Tokens{Access: "access-1", AccessExpiresAt: noon.Add(15 * time.Minute), Refresh: "refresh-1"}
	require.Equal(t, want, c.Tokens())
	require.Equal(t, []Tokens{want}, stored)
}

// New tokens are stored before they are used, because a crash in between would lose the only valid refresh token.
func TestTokensAreStoredFirst(t *testing.T) {
	var c *Client
	var steps []string
	c = over(t, func(r *http.Request) (*http.Response, error) {
		if isRefresh(r) {
			steps = append(steps, "refresh")
			return says(t, r, 201, minimalSession(1)), nil
		}
		steps = append(steps, r.Header.Get("Authorization"))
		return says(t, r, 200, api.ProgramList{Programs: []api.Program{}}), nil
	}, func(o *Options) {
		o.OnTokens = func(tokens Tokens) { steps = append(steps, "store "+tokens.Refresh+" after "+c.Tokens().Refresh) }
	})
	_, err := c.Programs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"refresh", "store refresh-1 after refresh-0", "Bearer access-1"}, steps)
}

// Only one goroutine refreshes the session at a time.
func TestOneRefreshAtATime(t *testing.T) {
	arrived, proceed := make(chan struct{}), make(chan struct{})
	var refreshes atomic.Int32
	c := over(t, func(r *http.Request) (*http.Response, error) {
		if refreshes.Add(1) == 1 {
			close(arrived)
			<-proceed
		}
		return says(t, r, 201, minimalSession(1)), nil
	})
	first := make(chan error)
	go func() { first <- c.Renew(t.Context()) }()
	<-arrived
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // select would sometimes take a free slot
		require.ErrorIs(t, c.Renew(ended), context.Canceled)
	}
	close(proceed)
	require.NoError(t, <-first)
	require.EqualValues(t, 1, refreshes.Load())
	require.NoError(t, c.Renew(ended), "the session is good, nothing has to be asked")
}

// An invalid answer to a refresh does not change the session: the same token is used again.
func TestInvalidRefresh(t *testing.T) {
	for name, wrong := range map[string]struct {
		status int
		body   any
	}{
		"not whole":  {201, map[string]string{"access_token": "x"}},
		"status":     {200, minimalSession(1)},
		"no problem": {401, map[string]string{"error": "sign in to the network"}},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			bad := true
			stored := 0
			c := over(t, func(r *http.Request) (*http.Response, error) {
				var body api.RefreshRequest
				require.NoError(t, json.NewDecoder(r.Body).Decode(&body))
				sent = append(sent, body.RefreshToken)
				if bad {
					return says(t, r, wrong.status, wrong.body), nil
				}
				return says(t, r, 201, minimalSession(1)), nil
			}, func(o *Options) { o.OnTokens = func(Tokens) { stored++ } })
			requireNotACEN(t, c.Renew(t.Context()))
			require.Zero(t, stored)
			bad = false
			require.NoError(t, c.Renew(t.Context()))
			require.Equal(t, []string{"refresh-0", "refresh-0"}, sent)
			require.Equal(t, 1, stored)
		})
	}
}

// OnEpoch is called for a refresh before its tokens are stored.
func TestEpochOfRefresh(t *testing.T) {
	var steps []string
	c := over(t, func(r *http.Request) (*http.Response, error) {
		response := says(t, r, 201, minimalSession(1))
		response.Header.Set(api.Epoch, "q83vEjRWeJCrze8SNFZ4kA")
		return response, nil
	}, func(o *Options) {
		o.OnEpoch = func(epoch string) { steps = append(steps, epoch) }
		o.OnTokens = func(Tokens) { steps = append(steps, "tokens") }
	})
	require.NoError(t, c.Renew(t.Context()))
	require.Equal(t, []string{"q83vEjRWeJCrze8SNFZ4kA", "tokens"}, steps)
}

// NotSent is true if no attempt of a call was written.
func TestNotSent(t *testing.T) {
	var server *httptest.Server
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	nothing := func() {}
	remove := func(c *Client) error {
		_, err := c.Remove(t.Context(), "key", 1, api.Removal{})
		return err
	}
	for name, one := range map[string]struct {
		handler http.HandlerFunc // nil: unreachable
		pause   func()           // between two attempts
		session bool             // the session must be refreshed first, and cannot be
		notSent bool
	}{
		"nobody there":             {nil, nothing, false, true},
		"cut off":                  {cut, nothing, false, false},
		"cut off, then gone":       {cut, func() { server.Close() }, false, false},
		"something else":           {func(http.ResponseWriter, *http.Request) {}, nothing, false, false},
		"no session":               {nil, nothing, true, true},
		"cut off during a refresh": {cut, nothing, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			server = httptest.NewServer(one.handler)
			defer server.Close()
			if one.handler == nil {
				server.Close()
			}
			c := to(t, nil, func(o *Options) {
				o.Server = server.URL
				o.Pause = func(context.Context, time.Duration) error { one.pause(); return nil }
				if one.session {
					o.Tokens.AccessExpiresAt = noon
				}
			})
			var network *NetworkError
			require.ErrorAs(t, remove(c), &network)
			require.Equal(t, one.notSent, network.NotSent)
		})
	}
}

// A redirect is not followed: neither the access token nor a removal code is sent to another address.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var visits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		answer(w, 200, api.OrderReceipt{Order: minimalOrder(9), Receipt: receipt})
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := to(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		_, err := c.Remove(t.Context(), "key", 1, api.Removal{RemovalCode: "9D2BK-DD62M-C"})
		requireNotACEN(t, err)
	}
	require.Zero(t, visits.Load())
}
