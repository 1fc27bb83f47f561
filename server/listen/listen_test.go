package listen_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func TestListening(t *testing.T) {
	_, err := listen.Config{Address: "0.0.0.0:0"}.Listen()
	require.ErrorContains(t, err, "certificate")
	_, err = listen.Config{Address: ":0"}.Listen()
	require.ErrorContains(t, err, "certificate")
	_, err = listen.Config{Address: "nonsense"}.Listen()
	require.ErrorContains(t, err, "host:port")
	l, err := listen.Config{Address: "127.0.0.1:0"}.Listen()
	require.NoError(t, err)
	defer l.Close()
	_, err = listen.Config{Address: l.Addr().String()}.Listen()
	require.ErrorContains(t, err, "cannot listen")
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

// Slow clients are disconnected in the header, in the body, and between two requests. In each row only one timeout is
// short, and all data is sent in advance, so that the test does not depend on the speed of the machine.
func TestSlowClientsAreDisconnected(t *testing.T) {
	s := servertest.Start(t, func(o *server.Options) { o.Requests = settings.RequestRate{PerSecond: 1e6, Burst: 1e6} })
	const short = 20 * time.Millisecond
	for name, c := range map[string]struct {
		sends, answer            string
		header, body, read, idle time.Duration
	}{
		"nothing at all": {sends: "", header: short},
		"half a header":  {sends: "GET /api/v1/server HTTP/1.1\r\nHost: x\r\nA: b", header: short},
		"half a body": {
			sends:  "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
			body:   short,
			answer: "503",
		},
		"half a form": {
			sends: "POST /password HTTP/1.1\r\nHost: x\r\nContent-Type: " +
				"application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\na",
			read:   short,
			answer: "400",
		},
		"no second request":       {sends: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", idle: short, answer: "204"},
		"two bytes of the second": {sends: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGE", idle: short, answer: "204"},
		"body nobody asks for": {
			sends:  "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{",
			read:   short,
			answer: "204",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := servertest.Listen(t)
			conn := servertest.Dial(t, l.Addr().String())
			_, err := io.WriteString(conn, c.sends)
			require.NoError(t, err)
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.HTTP.Config.Handler.ServeHTTP(bodies{w, func(own time.Time) time.Time {
					assert.WithinRange(t, own, time.Now(), time.Now().Add(time.Minute)) // every body has a deadline
					return time.Now().Add(c.body)
				}}, r)
			})
			servertest.Serve(t, func(ctx context.Context) error {
				return listen.ServeWithTimeouts(ctx, l, handler, c.header, c.read, c.idle)
			})
			in := bufio.NewReader(conn)
			if c.answer != "" {
				r, err := http.ReadResponse(in, nil)
				require.NoError(t, err)
				require.Equal(t, c.answer, fmt.Sprint(r.StatusCode))
				data, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				if strings.HasPrefix(c.sends, "POST "+api.Base) {
					require.Contains(t, string(data), api.ErrUnavailable)
				}
			}
			_, err = io.Copy(io.Discard, in) // ends when the server disconnects
			if err != nil {
				require.ErrorContains(t, err, "reset")
			}
		})
	}
}

// A request that exceeds the timeout of a stop is canceled, and the stop returns an error.
func TestStopCutsOff(t *testing.T) {
	begun, cut := make(chan struct{}), make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(cut)
	})}
	listener, err := listen.Plain("127.0.0.1:0")
	require.NoError(t, err)
	served, asked := make(chan error, 1), make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	go func() {
		_, err := http.Get("http://" + listener.Addr().String())
		asked <- err
	}()
	<-begun
	require.ErrorContains(t, listen.Finish(t.Context(), srv, 0), "calls that did not finish within 0s were cut off")
	require.Error(t, <-asked)
	<-cut
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
