package attacktest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// Invalid HTTP is refused by net/http or by package httpapi, and the connection is closed: the bytes after it are not
// read as another request.
func TestHostileBytes(t *testing.T) {
	s := servertest.Start(t, servertest.Unlimited)
	l := servertest.Listen(t)
	servertest.Serve(t, func(ctx context.Context) error { return listen.Serve(ctx, l, s.HTTP.Config.Handler) })
	address := l.Addr().String()
	const post = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct {
		bytes, status string // status of all answers
	}{
		"no request":                 {"\r\n\r\n\x00\x01\x02\r\n\r\n", "400"},
		"TLS hello":                  {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
		"HTTP 0.9":                   {"GET /\r\n\r\n", "400"},
		"HTTP 3":                     {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505"}, // RFC 9110 section 15.6.6
		"HTTP 2 in the clear":        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
		"no version":                 {"GET /api/v1/server HTTP/\r\nHost: x\r\n\r\n", "400"},
		"blanks in the request line": {"GET  /api/v1/server  HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		"escape that is none":        {"GET /api/v1/%u0031 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		"no host":                    {"GET /api/v1/server HTTP/1.1\r\n\r\n", "400"},
		"two hosts":                  {"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
		"host with a path":           {"GET /api/v1/server HTTP/1.1\r\nHost: x/y z\r\n\r\n", "400"},
		"NUL in a header":            {"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n", "400"},
		"header without name":        {"GET /api/v1/server HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", "400"},
		"blank before the colon": {"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n" + smuggled,
			"400"},
		"folded header": {"GET /api/v1/server HTTP/1.1\r\nHost: x\r\n A: b\r\n\r\n", "400"},
		"large header": {
			"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 40<<10) + "\r\n\r\n", "431",
		},
		"many headers": {
			"GET /api/v1/server HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 10_000) + "\r\n", "431",
		},
		"negative length":       {post + "Content-Length: -1\r\n\r\n{}", "400"},
		"signed length":         {post + "Content-Length: +2\r\n\r\n{}", "400"},
		"hexadecimal length":    {post + "Content-Length: 0x2\r\n\r\n{}", "400"},
		"length that overflows": {post + "Content-Length: 18446744073709551618\r\n\r\n{}", "400"},
		"two lengths":           {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + smuggled, "400"},
		"huge length":           {post + "Content-Length: 9223372036854775807\r\n\r\n{}", "422"},
		"length and chunks": {
			post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "422",
		},
		"chunks in another coding": {
			post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled, "501",
		}, // RFC 9112 section 6.1
		"two codings": {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled,
			"501"},
		"chunks of HTTP 1.0": {"POST /api/v1/sessions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
			"422"},
		"chunk size that is none": {post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n" + smuggled, "422"},
		"chunk size that overflows": {post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
			"422"},
		"chunk longer than its size":    {post + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + smuggled, "422"},
		"chunks that break off":         {post + "Transfer-Encoding: chunked\r\n\r\n5\r\n{", "422"},
		"body that breaks off":          {post + "Content-Length: 50\r\n\r\n{", "422"},
		"expectation that nobody knows": {post + "Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", "417"},
		"body of a call that takes none": {
			"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nGET /", "200"},
		"tunnel": {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "404"},
		"address of another server": {
			"GET http://evil.example/api/v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "401"},
		"upgrade": {
			"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: " +
				"AAMAAABk\r\n\r\n",
			"200"},
		"asterisk": {"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := servertest.Dial(t, address)
			go func() { // the server may disconnect during the write
				_, _ = io.WriteString(conn, c.bytes)
				if strings.Contains(name, "break off") || strings.Contains(name, "breaks off") {
					_ = conn.(*net.TCPConn).CloseWrite()
				}
			}()
			answer, _ := io.ReadAll(conn) // an answer before a reset counts
			var statuses []string
			for line := range strings.SplitSeq(string(answer), "\n") {
				if rest, ok := strings.CutPrefix(line, "HTTP/1."); ok && !strings.Contains(rest, " 100 ") {
					statuses = append(statuses, strings.Fields(rest)[1])
				}
			}
			require.Equal(t, c.status, strings.Join(statuses, " "), "%s", answer)
			for _, leak := range leaks {
				require.NotContains(t, string(answer), leak)
			}
		})
	}
	require.NotContains(t, s.Log.String(), `"level":"ERROR"`)
	require.NotContains(t, s.Log.String(), "/smuggled", "nothing after a refused request is a request")
}

// gone is a store whose reads fail with an error of the driver because the client has disconnected.
type gone struct {
	store.Store
	hangUp func()
}

// Read lets a new server read the epoch, which is a single query, and fails for other reads.
func (g gone) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	if store.Collect(hints).SingleQuery {
		return g.Store.Read(ctx, fn, hints...)
	}
	g.hangUp()
	return errors.New("sql: transaction has already been committed or rolled back")
}

// A client that disconnects is not logged as an error of the server.
func TestClientDisconnects(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	s := servertest.Start(t)
	s.Restart(func(o *server.Options) { o.Store = gone{o.Store, hangUp} })
	recorder := httptest.NewRecorder()
	s.HTTP.Config.Handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/api/v1/server", nil))
	require.Equal(t, 503, recorder.Code)
	require.Contains(t, recorder.Body.String(), api.ErrUnavailable)
	require.Contains(t, s.Log.String(), "a call failed")
	require.NotContains(t, s.Log.String(), `"level":"ERROR"`)
}

// slowClient sends a request a byte at a time and never finishes it.
type slowClient struct {
	net.Conn
	inBody bool
	rest   string
}

func slowClients(t *testing.T, address string, n int) (list []*slowClient) {
	t.Helper()
	for i := range n {
		c := &slowClient{Conn: servertest.Dial(t, address), inBody: i%2 == 1}
		begin := "GET /api/v1/server HTTP/1.1\r\nHost: x\r\nA: "
		if c.inBody {
			begin = fmt.Sprintf("POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.%d\r\nContent-Type: "+
				"application/json\r\nContent-Length: 5000\r\n\r\n{\"username\":\"", i)
		}
		_, err := io.WriteString(c.Conn, begin)
		require.NoError(t, err)
		c.rest = strings.Repeat("x", 1_000)
		list = append(list, c)
	}
	return list
}

func (c *slowClient) drip(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(c.Conn, c.rest[:1])
	require.NoError(t, err)
	c.rest = c.rest[1:]
}

// finish completes the header, or breaks off in the body, and gets an answer, because the client was connected all the
// time.
func (c *slowClient) finish(t *testing.T) {
	t.Helper()
	status := 200
	if !c.inBody {
		_, err := io.WriteString(c.Conn, "\r\n\r\n")
		require.NoError(t, err)
	} else {
		status = 422
		require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	}
	r, err := http.ReadResponse(bufio.NewReader(c.Conn), nil)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, status, r.StatusCode)
}

// Two hundred clients that send single bytes, half of them in the header and half in the body, block nobody, not even
// clients that write to the database.
func TestSlowClientsBlockNobody(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Restart(servertest.Unlimited, func(o *server.Options) {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	l := servertest.Listen(t)
	srv := &http.Server{Handler: withoutDeadline(w.HTTP.Config.Handler), ReadHeaderTimeout: time.Hour}
	servertest.Serve(t, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	slow := slowClients(t, l.Addr().String(), 200)
	direct := w.URL
	w.URL = "http://" + l.Addr().String()
	defer func() { w.URL = direct }()
	for i := range 10 {
		for _, c := range slow {
			c.drip(t)
		}
		w.Prepare(fmt.Sprintf("new A@%d", i))
		w.Prepare(fmt.Sprintf("remove A@%d", i))
	}
	for _, c := range slow {
		c.finish(t)
	}
}

// bodies is a response writer that replaces the deadline of bodies.
type bodies struct {
	http.ResponseWriter
	deadline func(own time.Time) time.Time
}

// SetReadDeadline replaces the deadline that package httpapi sets for a body.
func (b bodies) SetReadDeadline(own time.Time) error {
	return http.NewResponseController(b.ResponseWriter).SetReadDeadline(b.deadline(own))
}

func (b bodies) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// withoutDeadline removes the deadline of bodies.
func withoutDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(bodies{w, func(time.Time) time.Time { return time.Time{} }}, r)
	})
}
