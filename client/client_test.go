package client

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/redact/redacttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// to returns a client of a test server with a valid session; pauses take no time.
func to(t *testing.T, handler http.HandlerFunc, change ...func(*Options)) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	o := Options{
		Server: s.URL,
		Tokens: Tokens{Access: "access-0", AccessExpiresAt: noon.Add(time.Hour), Refresh: "refresh-0"},
		Now:    func() time.Time { return noon },
		Pause:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, fn := range change {
		fn(&o)
	}
	c, err := New(o)
	require.NoError(t, err)
	return c
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if _, ok := body.(*api.Problem); ok {
		w.Header().Set("Content-Type", api.ProblemMediaType)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, p *api.Problem) { answer(w, p.Status, p) }

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"licenses.lumen.example":        "https://licenses.lumen.example",
		" Licenses.Lumen.Example/ ":     "https://licenses.lumen.example",
		"https://x.example:8443/path?q": "https://x.example:8443", "http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"http://[::1]:80": "http://[::1]:80", "http://localhost": "http://localhost",
	} {
		got, err := ParseServer(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "  ", "ftp://x.example", "http://x.example", "https://",
		"https://user:secret@x.example", "a b", "https://x example", "http://10.0.0.1", "javascript:alert(1)",
		"https://%zz"} {
		_, err := ParseServer(text)
		require.ErrorIs(t, err, ErrAddress, text)
		require.NotContains(t, err.Error(), "secret")
	}
}

func FuzzParseServer(f *testing.F) {
	f.Add("https://x.example:8443")
	f.Fuzz(func(t *testing.T, text string) {
		server, err := ParseServer(text)
		if err != nil {
			return
		}
		again, err := ParseServer(server)
		if err != nil || again != server {
			t.Fatalf("%q becomes %q, then %q, %v", text, server, again, err)
		}
	})
}

func FuzzProblem(f *testing.F) {
	f.Add(409, api.ProblemMediaType, []byte(`{"code":"STATUS_LICENSES_IN_USE"}`))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if problem("host", status, contentType, body).Error() == "" {
			t.Fatal("an error without words")
		}
	})
}

func TestRefusalsBecomeProblems(t *testing.T) {
	for _, code := range append(api.Codes(), "STATUS_OF_A_NEWER_SERVER") {
		if code == api.ErrAuthorization {
			continue // the session is refreshed first: TestRefresh
		}
		c := to(t, func(w http.ResponseWriter, _ *http.Request) {
			p := api.NewProblem(code, "What happened.")
			p.Errors = []api.FieldError{{Location: "body.note", Message: "too long"}}
			refuse(w, p)
		})
		_, err := c.NewLicense(t.Context(), "key", 1, api.NewLicense{})
		require.ErrorIs(t, err, code)
		var p *api.Problem
		require.ErrorAs(t, err, &p)
		require.Equal(t, code.HTTPStatus(), p.Status)
		require.Contains(t, err.Error(), "too long")
	}
}

// Answers of other servers are distinguished from refusals.
func TestStrangeAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   Kind
	}{
		"a page of a proxy": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html>blocked</html>")
		}, NotACEN},
		"a page with status 200": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>welcome</html>")
		}, NotACEN},
		"JSON of something else": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 404, map[string]string{"error": "nope"})
		}, NotACEN},
		"broken JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"programs":[`)
		}, NotACEN},
		"deep JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Repeat(`[`, 200_000))
		}, NotACEN},
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, NotACEN},
		"a compressed bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			blank := make([]byte, 1<<20)
			for range maxAnswer>>20 + 4 {
				_, _ = z.Write(blank)
			}
			_ = z.Close()
		}, TooLarge},
		"a cut connection": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"programs":`)
			panic(http.ErrAbortHandler)
		}, Connect},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := to(t, c.answer).Programs(t.Context())
			require.ErrorIs(t, err, ErrUnreachable)
			var network *NetworkError
			require.ErrorAs(t, err, &network)
			require.Equal(t, c.kind, network.Kind, network.Err)
			require.NotContains(t, err.Error(), "access-0")
		})
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	c, err := New(Options{Server: "http://" + address, Pause: func(context.Context, time.Duration) error { return nil }})
	require.NoError(t, err)
	_, err = c.Server(t.Context())
	var network *NetworkError
	require.ErrorAs(t, err, &network)
	require.Equal(t, Connect, network.Kind)

	c, err = New(Options{
		Server:    "https://" + address,
		Pause:     func(context.Context, time.Duration) error { return nil },
		Transport: failing{&net.DNSError{Name: "x", IsNotFound: true}},
	})
	require.NoError(t, err)
	_, err = c.Server(t.Context())
	require.ErrorAs(t, err, &network)
	require.Equal(t, DNS, network.Kind)
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestUntrustedCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	c, err := New(Options{Server: s.URL})
	require.NoError(t, err)
	_, err = c.Server(t.Context())
	var network *NetworkError
	require.ErrorAs(t, err, &network)
	require.Equal(t, TLS, network.Kind)
	require.Equal(t, "Acme Co", network.Issuer)
}

// Only reads and calls with a key are retried.
func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		call func(*Client) error
		want int32
	}{
		"read": {func(c *Client) error { _, err := c.Programs(t.Context()); return err }, tries},
		"change with key": {func(c *Client) error {
			_, err := c.NewLicense(t.Context(), "key", 1, api.NewLicense{})
			return err
		}, tries},
		"release": {func(c *Client) error { _, err := c.Release(t.Context(), "key", 1, api.Release{}); return err }, tries},
		"change":  {func(c *Client) error { _, err := c.ChangeLicense(t.Context(), 1, api.LicenseChange{}); return err }, 1},
		"sign-in": {func(c *Client) error { _, err := c.SignIn(t.Context(), api.SessionRequest{}); return err }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			var keys sync.Map
			err := c.call(to(t, func(_ http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				keys.Store(r.Header.Get(api.IdempotencyKey), true)
				panic(http.ErrAbortHandler)
			}))
			require.ErrorIs(t, err, ErrUnreachable)
			require.Equal(t, c.want, calls.Load())
			different := 0
			keys.Range(func(any, any) bool { different++; return true })
			require.Equal(t, 1, different, "every try has the same key")
		})
	}
}

func TestBusyServer(t *testing.T) {
	var calls atomic.Int32
	c := to(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			p := api.NewProblem(api.ErrUnavailable, "busy")
			p.RetryAfter = 2
			refuse(w, p)
			return
		}
		answer(w, 200, api.ProgramList{Programs: []api.Program{minimalProgram()}})
	})
	programs, err := c.Programs(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(7), programs[0].ID)
}

// A rate-limited read waits as long as the server asks; an attempt to guess something is not retried.
func TestTooManyRequests(t *testing.T) {
	var calls atomic.Int32
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		if n := calls.Add(1); n == 1 || r.Method == http.MethodPost {
			p := api.NewProblem(api.ErrHostBanned, "too much at once")
			p.RetryAfter = 1
			refuse(w, p)
			return
		}
		answer(w, 200, api.ProgramList{Programs: []api.Program{minimalProgram()}})
	})
	_, err := c.Programs(t.Context())
	require.NoError(t, err)
	before := calls.Load()
	_, err = c.Remove(t.Context(), "key", 1, api.Removal{RemovalCode: "9D2BK-DD62M-C"})
	require.ErrorIs(t, err, api.ErrHostBanned)
	require.Equal(t, before+1, calls.Load())
}

// A release has the removal code, and the following transfer has none.
func TestReleaseAndTransfer(t *testing.T) {
	var calls []string
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls = append(calls,
			fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get(api.IdempotencyKey), strings.TrimSpace(string(body))))
		if strings.HasSuffix(r.URL.Path, "/release") {
			answer(w, 200, api.LicenseReceipt{License: released(minimalLicense(7, 9)), Receipt: receipt})
			return
		}
		answer(w, 201, api.LicenseReceipt{License: minimalLicense(8, 9), Receipt: receipt})
	})
	waiting, err := c.Release(t.Context(), "first", 7, api.Release{RemovalCode: "9D2BK-DD62M-C"})
	require.NoError(t, err)
	require.Equal(t, api.LicenseReceipt{License: released(minimalLicense(7, 9)), Receipt: receipt}, waiting)
	next, err := c.Transfer(t.Context(), "second", 7, api.Transfer{SiteCode: site, MachineID: machine})
	require.NoError(t, err)
	require.Nil(t, next.ReleasedAt)
	require.Equal(t, receipt, next.Receipt)
	require.Equal(t, []string{
		`POST /api/v1/licenses/7/release first {"removal_code":"9D2BK-DD62M-C"}`,
		`POST /api/v1/licenses/7/transfer second {"site_code":"7183EC4D","machine_id":"83A9-3429-0090-B3F5"}`,
	}, calls)
}

func TestCancel(t *testing.T) {
	arrived := make(chan struct{})
	release := make(chan struct{})
	c := to(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := c.Programs(ctx)
	close(release)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrUnreachable)
}

// tokenServer accepts the newest access token and the newest refresh token, each once.
type tokenServer struct {
	mu        sync.Mutex
	n         int
	refreshes int
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/sessions/refresh") {
		var body api.RefreshRequest
		_ = json.NewDecoder(r.Body).Decode(&body)
		s.refreshes++
		if body.RefreshToken != fmt.Sprintf("refresh-%d", s.n) {
			refuse(w, api.NewProblem(api.ErrAuthorization, "used twice"))
			return
		}
		s.n++
		answer(w, 201, minimalSession(s.n))
		return
	}
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer access-%d", s.n) {
		refuse(w, api.NewProblem(api.ErrAuthorization, "ended"))
		return
	}
	answer(w, 200, api.ProgramList{Programs: []api.Program{}})
}

func TestRefresh(t *testing.T) {
	for name, expires := range map[string]time.Time{"the token ends soon": noon.Add(30 * time.Second),
		"the server ended it, whatever the clock says": noon.Add(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			s := &tokenServer{}
			if expires.After(noon.Add(time.Minute)) {
				s.n = 1 // access-0 is not valid any more, and the client has refresh-1
			}
			var stored []Tokens
			c := to(t, s.ServeHTTP, func(o *Options) {
				o.Tokens.AccessExpiresAt, o.Tokens.Refresh = expires, fmt.Sprintf("refresh-%d", s.n)
				o.OnTokens = func(t Tokens) { stored = append(stored, t) }
			})
			var group sync.WaitGroup
			failures := make(chan error, 16)
			for range 16 {
				group.Go(func() {
					if _, err := c.Programs(t.Context()); err != nil {
						failures <- err
					}
				})
			}
			group.Wait()
			close(failures)
			for err := range failures {
				t.Error(err)
			}
			require.Equal(t, 1, s.refreshes, "sixteen calls refresh the session once")
			require.Len(t, stored, 1)
			require.Equal(t, c.Tokens(), stored[0])
		})
	}
}

func TestSessionEnded(t *testing.T) {
	c := to(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, api.NewProblem(api.ErrAuthorization, "ended")) })
	_, err := c.Programs(t.Context())
	require.ErrorIs(t, err, ErrSignedOut)
	_, err = to(t, nil, func(o *Options) { o.Tokens = Tokens{} }).Programs(t.Context())
	require.ErrorIs(t, err, ErrSignedOut)
}

func TestLists(t *testing.T) {
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		switch cursor := r.URL.Query().Get("cursor"); {
		case strings.HasSuffix(r.URL.Path, "/orders/9/licenses"):
			answer(w, 200, api.LicenseList{Licenses: []api.License{}, NextCursor: "the same for ever"})
		case cursor == "":
			answer(w, 200,
				api.LicenseList{Licenses: []api.License{minimalLicense(1, 1), minimalLicense(2, 1)}, NextCursor: "a/b?c&d"})
		case cursor == "a/b?c&d":
			answer(w, 200, api.LicenseList{Licenses: []api.License{minimalLicense(3, 1)}})
		}
	})
	list, err := c.Licenses(t.Context(), 1, false)
	require.NoError(t, err)
	require.Len(t, list, 3)
	_, err = c.Licenses(t.Context(), 9, false)
	require.ErrorIs(t, err, ErrUnreachable, "a list without end ends")
}

func TestTokensAreRedacted(t *testing.T) {
	redacttest.Hidden(t, Tokens{Access: redacttest.Marker, Refresh: redacttest.Marker})
	require.NotContains(t, errors.Join(&NetworkError{
		Kind: Connect,
		Host: "x",
		Err:  stripURL(errors.New("x")),
	}).Error(), "SECRET")
}
