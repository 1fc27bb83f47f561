package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// serve answers a request with a handler behind the middleware of s.
func serve(s *Server, r *http.Request, handler http.HandlerFunc) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	s.withMiddleware(handler).ServeHTTP(rec, r)
	return rec
}

// say returns a handler that answers a text.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, text)
	}
}

// Reads of the contract have an ETag of content and epoch. A request that names it gets 304 without a body (spec: api
// "Lists").
func TestETags(t *testing.T) {
	s := newServer(t)
	ask := func(method, target, match, text string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, nil)
		r.Header.Set("If-None-Match", match)
		return serve(s, r, say(text))
	}
	first := ask("GET", "/api/v1/orders", "", "one")
	tag := first.Header().Get("ETag")
	require.Regexp(t, `^"`+testEpoch+`\.[0-9a-f]{32}"$`, tag)
	require.Equal(t, "private, no-cache", first.Header().Get("Cache-Control"))
	require.Equal(t, "one", first.Body.String())
	for match, status := range map[string]int{
		"":                     200,
		tag:                    304,
		"W/" + tag:             304,
		`"x", ` + tag:          304,
		"  " + tag + ` ,"x"`:   304,
		"*":                    304,
		strings.Trim(tag, `"`): 200,
		tag + "x":              200,
		"W/W/" + tag:           200,
		`"` + strings.Repeat("B", len(testEpoch)) + tag[1+len(testEpoch):]: 200,
	} {
		rec := ask("GET", "/api/v1/orders", match, "one")
		require.Equal(t, status, rec.Code, match)
		require.Equal(t, tag, rec.Header().Get("ETag"), match)
		require.Equal(t, map[int]string{200: "one", 304: ""}[status], rec.Body.String(), match)
		require.Equal(t, status == 304, rec.Header().Get("Content-Type") == "", match)
	}
	require.NotEqual(t, tag, ask("GET", "/api/v1/orders", "", "two").Header().Get("ETag"))
	for _, target := range []string{"/docs", "/password"} {
		require.Empty(t, ask("GET", target, "*", "page").Header().Get("ETag"), target)
	}
	changed := ask("POST", "/api/v1/orders", "*", "changed")
	require.Equal(t, 200, changed.Code)
	require.Empty(t, changed.Header().Get("ETag"))

	refused := serve(s, httptest.NewRequest("GET", "/api/v1/orders", nil), func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, notFound())
	})
	require.Equal(t, 404, refused.Code)
	require.Empty(t, refused.Header().Get("ETag"), "refusals are not cached")
	require.Equal(t, "no-store", refused.Header().Get("Cache-Control"))
}

// Every header is answered with the content or, if it contains the tag or a star, with 304.
func FuzzIfNoneMatch(f *testing.F) {
	s := newServer(f)
	r := httptest.NewRequest("GET", "/api/v1/orders", nil)
	tag := serve(s, r, say("content")).Header().Get("ETag")
	for _, match := range []string{"", "*", tag, "W/" + tag, `"a", ` + tag, `"`, ",,,", strings.Trim(tag, `"`)} {
		f.Add(match)
	}
	f.Fuzz(func(t *testing.T, match string) {
		r.Header.Set("If-None-Match", match)
		rec := serve(s, r, say("content"))
		if rec.Code == http.StatusNotModified {
			require.True(t, strings.Contains(match, tag) || strings.Contains(match, "*"), match)
			return
		}
		require.Equal(t, 200, rec.Code)
		require.Equal(t, "content", rec.Body.String())
		require.NotEqual(t, tag, match)
	})
}

// Every answer has headers that protect browsers. Only answers of the contract name the epoch.
func TestHeaders(t *testing.T) {
	s := newServer(t)
	for target, epoch := range map[string]string{
		"/api/v1/server": testEpoch,
		"/api/v1/":       testEpoch,
		"/api/v1":        "",
		"/docs":          "",
		"/healthz":       "",
	} {
		rec := serve(s, httptest.NewRequest("POST", target, nil), say("x"))
		require.Equal(t, epoch, rec.Header().Get(api.Epoch), target)
		require.Len(t, rec.Header().Get("X-Request-Id"), 12, target)
		require.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", rec.Header().Get("Referrer-Policy"))
		require.Equal(t, "no-store", rec.Header().Get("Cache-Control"))
		require.Contains(t, rec.Header().Get("Content-Security-Policy"), "default-src 'none'")
	}
	require.NotEqual(t, s.requestID(), s.requestID())
	s.Random = broken
	require.Equal(t, "unknown", s.requestID())
}

// A request whose body is too large is refused unread, and its connection is closed. So is the connection of a request
// with chunks, because a length beside them may be request smuggling.
func TestBodies(t *testing.T) {
	s := newServer(t)
	for name, row := range map[string]struct {
		target  string
		length  int64
		chunked bool
		protoV2 bool
		reached bool
		closed  bool
	}{
		"largest":              {"/api/v1/orders", maxBody, false, false, true, false},
		"too large":            {"/api/v1/orders", maxBody + 1, false, false, false, true},
		"too large, HTTP/2":    {"/api/v1/orders", maxBody + 1, false, true, false, false},
		"too large for a page": {"/password", maxBody + 1, false, false, true, false},
		"chunked":              {"/api/v1/orders", -1, true, false, true, true},
		"chunked page":         {"/password", -1, true, false, true, true},
		"no body":              {"/api/v1/orders", 0, false, false, true, false},
	} {
		r := httptest.NewRequest("POST", row.target, strings.NewReader("{}"))
		r.ContentLength = row.length
		if row.chunked {
			r.TransferEncoding = []string{"chunked"}
		}
		if row.protoV2 {
			r.ProtoMajor = 2
		}
		reached := false
		rec := serve(s, r, func(http.ResponseWriter, *http.Request) { reached = true })
		require.Equal(t, row.reached, reached, name)
		require.Equal(t, row.closed, rec.Header().Get("Connection") == "close", name)
		if !row.reached {
			require.Equal(t, api.ErrValidation.HTTPStatus(), rec.Code, name)
			require.Contains(t, rec.Body.String(), api.ErrValidation, name)
		}
	}

	// A body that is larger than it claims ends at the limit.
	larger := io.MultiReader(bytes.NewReader(make([]byte, maxBody)), strings.NewReader("x"))
	serve(s, httptest.NewRequest("POST", "/password", larger), func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		require.Error(t, err)
		require.Len(t, data, maxBody)
	})
}

// A panic of a handler is logged with its stack and answered with the id of the request, unless an answer has begun.
func TestPanics(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for name, row := range map[string]struct {
		method string
		begin  string // what is written before the panic
		status int
	}{
		"change":           {"POST", "", 500},
		"change, too late": {"POST", "half", 200},
		"read":             {"GET", "", 500},
		"read, half":       {"GET", "half", 500},
	} {
		log.Reset()
		rec := serve(s, httptest.NewRequest(row.method, "/api/v1/orders", nil), func(w http.ResponseWriter, _ *http.Request) {
			if row.begin != "" {
				_, _ = io.WriteString(w, row.begin)
			}
			panic("secret")
		})
		require.Equal(t, row.status, rec.Code, name)
		require.Contains(t, log.String(), "TestPanics", "the stack")
		if row.status == 200 {
			require.Equal(t, row.begin, rec.Body.String(), name)
			continue
		}
		var p api.Problem
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p), name)
		require.Equal(t, api.ErrInternal, p.Code, name)
		require.Equal(t, rec.Header().Get("X-Request-Id"), p.Instance, name)
		require.NotContains(t, rec.Body.String(), "secret", name)
	}
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		serve(s, httptest.NewRequest("GET", "/api/v1/orders", nil), func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		})
	}, "net/http closes the connection")
}

// The first status and the first bytes of an answer count, as in net/http.
func TestRecorder(t *testing.T) {
	for _, buffered := range []bool{false, true} {
		rec := httptest.NewRecorder()
		r := &recorder{ResponseWriter: rec, buffered: buffered}
		r.WriteHeader(http.StatusAccepted)
		r.WriteHeader(http.StatusConflict)
		n, err := r.Write([]byte("x"))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		r.finish(httptest.NewRequest("GET", "/", nil))
		require.Equal(t, http.StatusAccepted, rec.Code)
		require.Equal(t, "x", rec.Body.String())
		require.Same(t, rec, r.Unwrap())
	}
	silent := &recorder{ResponseWriter: httptest.NewRecorder()}
	silent.finish(httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusOK, silent.status, "a handler that writes nothing answers 200")
}

// A host over its rate is refused before the handler and learns when to come back. Health checks are not limited and
// read no database.
func TestHostsAreRefused(t *testing.T) {
	s := newServer(t, func(c *Config) {
		base := settings.Default()
		base.Requests = settings.RequestRate{PerSecond: 1, Burst: 1}
		c.Shared = settings.NewShared(c.Store, base, testEpoch, c.Logger, func(map[string]string) {})
	})
	statuses := []int{}
	for range 2 {
		rec := serve(s, httptest.NewRequest("POST", "/api/v1/orders", nil), say("x"))
		statuses = append(statuses, rec.Code)
		if rec.Code == 429 {
			require.Equal(t, "1", rec.Header().Get("Retry-After"))
			require.Equal(t, testEpoch, rec.Header().Get(api.Epoch))
		}
	}
	require.Equal(t, []int{200, 429}, statuses)
	health := serve(s, httptest.NewRequest("GET", "/healthz", nil), say("x"))
	require.Equal(t, 200, health.Code)
}

// The health check answers while the process runs; the readiness check also asks the database, and fails when the
// server stops (spec: api "Storage and running").
func TestHealth(t *testing.T) {
	ask := func(s *Server, handler http.HandlerFunc) (int, api.Code) {
		rec := httptest.NewRecorder()
		handler(rec, httptest.NewRequest("GET", "/", nil))
		var p api.Problem
		_ = json.Unmarshal(rec.Body.Bytes(), &p)
		return rec.Code, p.Code
	}
	for name, row := range map[string]struct {
		fault    error
		stopping bool
		status   int
		code     api.Code
	}{
		"ready":       {nil, false, 204, ""},
		"no database": {store.ErrUnavailable, false, 503, api.ErrUnavailable},
		"stopping":    {nil, true, 503, api.ErrUnavailable},
	} {
		s := &Server{Config: Config{Store: failing{err: row.fault}}}
		if row.stopping {
			s.Stopping()
		}
		status, code := ask(s, s.Ready)
		require.Equal(t, row.status, status, name)
		require.Equal(t, row.code, code, name)
		status, _ = ask(s, s.Healthy)
		require.Equal(t, 204, status, name)
	}
}

// The duration of a request is measured from its arrival.
func TestDuration(t *testing.T) {
	clock := now
	var answered Answered
	s := newServer(t, func(c *Config) {
		c.Now = func() time.Time { return clock }
		c.Answered = func(a Answered) { answered = a }
	})
	serve(s, httptest.NewRequest("POST", "/api/v1/orders", nil), func(w http.ResponseWriter, _ *http.Request) {
		clock = clock.Add(7 * time.Second)
		writeProblem(w, notFound())
	})
	require.Equal(t, Answered{
		Operation: TurnedAway,
		Status:    http.StatusNotFound,
		Code:      api.ErrNotFound,
		Duration:  7 * time.Second,
	}, answered)
}
