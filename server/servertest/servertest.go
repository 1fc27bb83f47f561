// Package servertest starts complete license servers inside tests: real handlers on a real SQLite file or, with the
// build tag postgres, on a real PostgreSQL. Their clock is the test's.
package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// Clock is a clock that tests set.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at noon UTC of a Tuesday.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

// Now tells the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
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
	// Log is everything the server logged.
	Log *Log
	// HTTP is the listener; closing it makes the server unreachable.
	HTTP     *httptest.Server
	folder   string
	database func() store.Store
	url      string // of the database, when it has one
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

// String returns the whole log.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// cheap keeps hashing out of the tests' time.
var cheap = server.PasswordCost{Memory: 64, Time: 1, Threads: 1}

// Start starts a server with the sample data. Options may be changed by the given functions.
func Start(t *testing.T, change ...func(*server.Options)) *Server {
	t.Helper()
	s := &Server{Clock: NewClock(), Log: &Log{}, folder: t.TempDir(), t: t, Login: sample.Login{Username: "anna", Password: "correct horse battery"}}
	prepare(t, s.folder, s.Login)
	s.url, s.database = database(t, s.folder)
	s.open(change)
	require.NoError(t, fill(t.Context(), s.Data, s.Login))
	t.Cleanup(func() { s.stop() })
	return s
}

// fill puts the sample data into a server that has none.
func fill(ctx context.Context, d *service.Data, login sample.Login) error {
	hash, err := cheap.Hash(rand.Reader, login.Password)
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
	o := server.Options{Store: db, Secrets: keeper, Logger: s.Logger(), Name: "Lumen licenses", Version: "test",
		Now: s.Clock.Now, Zone: time.UTC, Passwords: cheap, QueuedMail: func() {}, PublicURL: func() string { return s.URL }}
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

// Logger writes to Log.
func (s *Server) Logger() *slog.Logger { return slog.New(slog.NewJSONHandler(s.Log, nil)) }

// Folder is the data folder.
func (s *Server) Folder() string { return s.folder }

// Restart ends the server and starts it on the same data, as after a crash. Its address changes.
func (s *Server) Restart(change ...func(*server.Options)) {
	s.t.Helper()
	s.stop()
	s.open(change)
}

// AddVerification makes a verification number that a test knows, good until the clock has moved by five minutes.
func (s *Server) AddVerification(id, number string) {
	s.t.Helper()
	hash := sha256.Sum256([]byte(id + " " + number))
	require.NoError(s.t, s.Store.Write(s.t.Context(), func(tx store.Tx) error {
		return tx.AddVerification(s.t.Context(), store.Verification{ID: id, NumberHash: hash[:], ExpiresAt: s.Clock.Now().Add(5 * time.Minute)})
	}))
}
