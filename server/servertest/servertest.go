// Package servertest starts complete license servers in tests: all handlers on an SQLite file or, with the build tag
// postgres, on a PostgreSQL server. The test controls their clock.
package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// Main runs the tests of a package and fails if a goroutine outlives them. It is called from TestMain.
func Main(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("modernc.org/sqlite.(*conn).Close"),
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"))
}

// Clock is a clock that a test sets.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows noon UTC of a Tuesday.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Server is a running server with the sample data.
type Server struct {
	*service.Data
	URL   string
	Login sample.Login
	Clock *Clock
	// Log is the log of the server.
	Log *Log
	// HTTP is the listener; closing it makes the server unreachable.
	HTTP     *httptest.Server
	folder   string
	database func() store.Store
	url      string // of a PostgreSQL database, else ""
	t        *testing.T
}

// Log collects log lines.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns the complete log.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// cheapHash makes hashing fast in tests.
var cheapHash = password.Cost{Memory: 64, Time: 1, Threads: 1}

// Start starts a server with the sample data. change functions may modify its options.
func Start(t *testing.T, change ...func(*server.Options)) *Server {
	t.Helper()
	s := &Server{
		Clock:  NewClock(),
		Log:    &Log{},
		folder: t.TempDir(),
		t:      t,
		Login:  sample.Login{Username: "anna", Password: "correct horse battery"},
	}
	prepare(t, s.folder, s.Login)
	s.url, s.database = database(t, s.folder)
	s.open(change)
	require.NoError(t, fill(t.Context(), s.Data, s.Login))
	t.Cleanup(func() { s.stop() })
	return s
}

// Unlimited removes the limit of requests.
func Unlimited(o *server.Options) { o.Requests = settings.RequestRate{PerSecond: 1e6, Burst: 1e6} }

// Proxied makes the server trust X-Forwarded-For of this machine, so that a test can call from any host.
func Proxied(o *server.Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} }

// StartSecond starts another server on the database of s and returns an anonymous client of it.
func StartSecond(t *testing.T, s *Server) Client {
	t.Helper()
	o := server.Options{
		Store:      s.Store,
		Secrets:    s.Secrets,
		Logger:     s.Logger(),
		Name:       "second",
		Now:        s.Clock.Now,
		Zone:       time.UTC,
		Passwords:  cheapHash,
		QueuedMail: func() {},
	}
	Proxied(&o)
	srv, err := server.New(o)
	require.NoError(t, err)
	h := httptest.NewServer(srv.Handler())
	t.Cleanup(h.Close)
	other := *s
	other.URL = h.URL
	return Client{Server: &other, T: t}
}

// AdminOf returns the administration of a server.
func AdminOf(s *Server) admin.Admin { return admin.Admin{Data: s.Data, Now: s.Clock.Now} }

// fill adds the sample data.
func fill(ctx context.Context, d *service.Data, login sample.Login) error {
	hash, err := cheapHash.Hash(login.Password)
	if err != nil {
		return err
	}
	return sample.Fill(ctx, d, NewClock().Now(), login.Username, hash)
}

func (s *Server) open(change []func(*server.Options)) {
	t := s.t
	t.Helper()
	keeper, err := secrets.File(filepath.Join(s.folder, "master.key"), rand.Reader)
	require.NoError(t, err)
	db := s.database()
	s.Data = &service.Data{Store: db, Secrets: keeper}
	o := server.Options{
		Store:      db,
		Secrets:    keeper,
		Logger:     s.Logger(),
		Name:       "Lumen licenses",
		Version:    "test",
		Now:        s.Clock.Now,
		Zone:       time.UTC,
		Passwords:  cheapHash,
		QueuedMail: func() {},
		PublicURL:  func() string { return s.URL },
	}
	for _, fn := range change {
		fn(&o)
	}
	srv, err := server.New(o)
	require.NoError(t, err)
	s.HTTP = httptest.NewServer(srv.Handler())
	s.URL = s.HTTP.URL
}

func (s *Server) stop() {
	s.HTTP.Close()
	_ = s.Store.Close()
}

// Logger returns a logger that writes to Log.
func (s *Server) Logger() *slog.Logger { return slog.New(slog.NewJSONHandler(s.Log, nil)) }

// Folder returns the data folder.
func (s *Server) Folder() string { return s.folder }

// Restart stops the server and starts it on the same data, like after a crash. Its address changes.
func (s *Server) Restart(change ...func(*server.Options)) {
	s.t.Helper()
	s.stop()
	s.open(change)
}

// AddVerification adds a known verification number, valid for five minutes.
func (s *Server) AddVerification(id, number string) {
	s.t.Helper()
	hash := sha256.Sum256([]byte(id + " " + number))
	require.NoError(s.t, s.Store.Write(s.t.Context(), store.NoLock, func(tx store.Tx) error {
		return tx.Attempts.AddVerification(s.t.Context(), store.Verification{
			ID:         id,
			NumberHash: hash[:],
			ExpiresAt:  s.Clock.Now().Add(5 * time.Minute),
		})
	}))
}
