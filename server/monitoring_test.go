package server_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/httpapi"
	"github.com/acen-desktop/acen/server/metrics"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// counting adds metrics to a test's server.
func counting(m **metrics.Metrics) func(*server.Options) {
	return func(o *server.Options) {
		*m = metrics.New("1.2.3", o.Store)
		o.Answered = (*m).Answered
	}
}

// scrape returns the metrics.
func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, 200, rec.Code)
	return rec.Body.String()
}

// values returns the lines of metrics that begin with a name.
func values(text, begin string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return !strings.HasPrefix(line, begin) })
}

func TestMetrics(t *testing.T) {
	var m *metrics.Metrics
	s := servertest.Start(t, counting(&m), func(o *server.Options) {
		o.Requests = settings.RequestRate{PerSecond: 1, Burst: 12}
	})
	var before store.Stock
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		before, err = tx.Maintenance.Stock(t.Context())
		return err
	}))
	c, _ := servertest.SignIn(t, s)
	c.Call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: "wrong password"})
	codes := servertest.MadeUpCodes("LUMENST7", 1)
	status, body := c.Keyed().Call("POST", fmt.Sprintf("/orders/%d/licenses", sample.WithSerial),
		api.NewLicense{SiteCode: codes.Site.String(), MachineID: codes.Machine.String()})
	require.Equal(t, 201, status, string(body))
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		_, err := tx.Mails.Queue(t.Context(), store.Mail{
			MessageID: "1",
			To:        []string{"it@lumen.example"},
			State:     store.MailQueued,
			NextAt:    s.Clock.Now(),
			CreatedAt: s.Clock.Now(),
		})
		return err
	}))
	c.Call("GET", "/orders/88888888/licenses", nil)
	c.Call("GET", "/orders/not-a-number/licenses", nil)
	c.Call("GET", "/nothing/"+uuid.NewString(), nil)
	c.Call("GET", "/healthz", nil)
	c.Call("GET", "/readyz", nil)
	c.Call("GET", "/docs", nil)
	s.Clock.Advance(5 * time.Millisecond)
	for range 10 {
		c.Call("GET", "/server", nil)
	}

	text := scrape(t, m)
	requests := map[string]string{}
	for _, line := range values(text, "acen_request_duration_seconds_count") {
		found := regexp.MustCompile(`^acen_request_duration_seconds_count\{class="(.xx)",operation="(.*)"\} ` +
			`(\d+)$`).FindStringSubmatch(line)
		require.NotNil(t, found, line)
		requests[found[2]+" "+found[1]] = found[3]
	}
	require.Equal(t, map[string]string{
		"sign-in 2xx":         "1",
		"sign-in 4xx":         "1",
		"new-license 2xx":     "1",
		"list-licenses 4xx":   "2",
		"nowhere 4xx":         "1",
		"/healthz 2xx":        "1",
		"/readyz 2xx":         "1",
		"/docs 2xx":           "1",
		"describe-server 2xx": "4",
		"turned-away 4xx":     "6", // /healthz is not limited
	}, requests)
	refusals := map[string]string{}
	for _, line := range values(text, "acen_refusals_total") {
		found := regexp.MustCompile(`^acen_refusals_total\{code="(STATUS_[A-Z_]+)"\} (\d+)$`).FindStringSubmatch(line)
		require.NotNil(t, found, line)
		refusals[found[1]] = found[2]
	}
	require.Len(t, refusals, len(api.Codes()), "every code is exported from the start")
	maps.DeleteFunc(refusals, func(_, count string) bool { return count == "0" })
	require.Equal(t, map[string]string{
		string(api.ErrAuthorization): "1",
		string(api.ErrNotFound):      "2",
		string(api.ErrValidation):    "1",
		string(api.ErrHostBanned):    "6",
	}, refusals)
	for _, line := range []string{
		fmt.Sprintf("acen_seats %d", before.SeatsTotal), fmt.Sprintf("acen_seats_active %d", before.SeatsActive+1),
		"acen_mails_queued 1", "acen_mails_failed 0", "acen_database_up 1",
	} {
		require.Contains(t, text, "\n"+line+"\n")
	}
	require.Regexp(t, `(?m)^acen_build_info\{go_version="go1\.[^"]+",version="1\.2\.3"\} 1$`, text)
	require.Contains(t, text, "\ngo_goroutines ")

	// The main address does not serve them.
	s.Clock.Advance(time.Minute)
	for _, path := range []string{"/metrics", api.Base + "/metrics", "/metrics/", "/debug/pprof/"} {
		response, err := http.Get(s.URL + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 404, response.StatusCode, path)
	}
}

// Clients cannot create new series.
func TestMetricsAreBounded(t *testing.T) {
	var m *metrics.Metrics
	s := servertest.Start(t, counting(&m))
	odd := func(n int) {
		for _, line := range []string{
			fmt.Sprintf("GET /odd/%d HTTP/1.1", n), fmt.Sprintf("M%d /odd HTTP/1.1", n),
			fmt.Sprintf("CONNECT /odd%d HTTP/1.1", n), fmt.Sprintf("CONNECT odd%d:443 HTTP/1.1", n), "OPTIONS * HTTP/1.1",
			fmt.Sprintf("GET //odd/../docs/%d HTTP/1.1", n), fmt.Sprintf("GET /api/v1/licenses/%d/file HTTP/1.1", n),
			fmt.Sprintf("GET /api/v1/licenses/x%d/file HTTP/1.1", n), fmt.Sprintf("GET /schemas/x%d HTTP/1.1", n),
		} {
			conn, err := net.Dial("tcp", s.HTTP.Listener.Addr().String())
			require.NoError(t, err)
			_, err = fmt.Fprintf(conn, "%s\r\nHost: odd%d.example\r\nConnection: close\r\n\r\n", line, n)
			require.NoError(t, err)
			var answer [12]byte
			_, err = conn.Read(answer[:])
			require.NoError(t, err)
			require.Regexp(t, `^HTTP/1\.1 [234]`, string(answer[:]), line)
			require.NoError(t, conn.Close())
		}
	}
	odd(1)
	series := func() int { return len(values(scrape(t, m), "acen_")) }
	before := series()
	odd(2)
	require.Equal(t, before, series())
	require.NotContains(t, scrape(t, m), "odd")
}

// absent is a database that cannot be reached.
type absent struct{ store.Store }

var errAbsent = errors.New("connection refused")

func (absent) Ping(context.Context) error { return errAbsent }

// Read lets a new server read the epoch, which is a single query, and fails for other reads.
func (a absent) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	if store.Collect(hints).SingleQuery {
		return a.Store.Read(ctx, fn, hints...)
	}
	return errAbsent
}

func (absent) Write(context.Context, store.Lock, func(store.Tx) error, ...store.Hint) error {
	return errAbsent
}

// A server that is stopping is not ready, nor is one whose database cannot be reached (spec: api "Storage and
// running").
func TestReadiness(t *testing.T) {
	s := servertest.Start(t)
	var m *metrics.Metrics
	ask := func(srv *httpapi.Server, path string) (int, string) {
		rec := httptest.NewRecorder()
		srv.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec.Code, rec.Body.String()
	}
	start := func(o server.Options) *httpapi.Server {
		o.Secrets, o.Logger, o.Now = s.Secrets, s.Logger(), s.Clock.Now
		o.Passwords = password.Cost{Memory: 64, Time: 1, Threads: 1}
		srv, err := server.New(o)
		require.NoError(t, err)
		return srv
	}
	srv := start(server.Options{Store: s.Store})
	status, _ := ask(srv, "/readyz")
	require.Equal(t, 204, status)
	srv.Stopping()
	status, body := ask(srv, "/readyz")
	require.Equal(t, 503, status)
	require.Contains(t, body, "The server is stopping.")
	status, _ = ask(srv, "/healthz")
	require.Equal(t, 204, status)
	status, _ = ask(srv, "/api/v1/server")
	require.Equal(t, 200, status, "the server still answers calls")

	o := server.Options{Store: absent{s.Store}}
	counting(&m)(&o)
	srv = start(o)
	status, body = ask(srv, "/readyz")
	require.Equal(t, 503, status)
	require.Contains(t, body, "The database cannot be reached.")
	require.NotContains(t, body, "refused")
	status, _ = ask(srv, "/healthz")
	require.Equal(t, 204, status, "a restart would not bring the database back")
	text := scrape(t, m)
	require.Contains(t, text, "\nacen_database_up 0\n")
	require.NotContains(t, text, "\nacen_seats")
	require.Contains(t, text, `acen_refusals_total{code="STATUS_UNAVAILABLE"} 1`)
}
