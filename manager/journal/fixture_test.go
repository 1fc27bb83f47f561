package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/api"
)

// table is the table jobs of the app's data file.
const table = `CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  key TEXT NOT NULL UNIQUE,
  task TEXT NOT NULL,
  title TEXT NOT NULL,
  intent TEXT NOT NULL,
  request BLOB NOT NULL,
  state TEXT NOT NULL,
  error TEXT NOT NULL,
  order_id INTEGER NOT NULL,
  license_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT`

// accountID is the session of the tests.
type accountID int64

func (w accountID) AccountID() int64 { return int64(w) }

const anna, ben = accountID(1), accountID(2)

// Errors of the fake server.
var (
	errLost     = errors.New("the answer was lost")
	errUnsent   = errors.New("nothing could be sent")
	errRefused  = errors.New("refused")
	errNotFound = errors.New("not found for a while")
	errDisk     = errors.New("the disk is full")
	errLocal    = errors.New("this PC could not prepare")
)

// fixture is a journal with a fake server. Its task packs a parcel (Prepare), delivers it to the server (Send), and
// stores the receipt (Done); a refusal unpacks the parcel.
type fixture struct {
	*Journal[accountID, string, string]
	db    *sql.DB
	now   time.Time
	keys  int
	fails map[string]error // errors of the store, by operation

	packed, unpacked, stored, finished []string // requests
	answers                            map[string]string
	taken                              []string // parcels that the server accepted, one per key
	calls                              []string // "key request"
	changed, unclosed                  []Job

	reply       func(job Job, r string) error // nil, or an error instead of the server's answer
	lose        bool                          // the server accepts the parcel and its answer is lost
	during      func(ctx context.Context, job *Job, r *string) error
	asked       func() // called by Encode, Same and Replaceable
	prepare     error
	done        error
	cancel      func() (notice, err error)
	fixed       bool // no job may be replaced
	expired     error
	events      int
	killAt      int
	killedAfter string
}

// killed is the panic that kills the app.
type killed struct{}

// event counts a point at which the app may be killed.
func (w *fixture) event(name string) {
	w.events++
	if w.events == w.killAt {
		w.killedAfter = name
		panic(killed{})
	}
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(table)
	require.NoError(t, err)
	w := &fixture{
		db:      db,
		now:     time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		fails:   map[string]error{},
		answers: map[string]string{},
	}
	w.start()
	return w
}

// start starts the app, initially or after it was killed.
func (w *fixture) start() {
	w.Journal = New(Options[accountID, string, string]{
		Store:    store{SQL{w.db, func(err error) error { return err }}, w},
		Step:     w.step,
		Key:      func() (string, error) { w.keys++; return fmt.Sprintf("key %d", w.keys), w.fails["key"] },
		Now:      func() time.Time { return w.now },
		Logger:   slog.New(slog.DiscardHandler),
		Changed:  func(job Job) { w.changed = append(w.changed, job) },
		Unclosed: func(job Job, _ error) { w.unclosed = append(w.unclosed, job) },
	})
}

func (w *fixture) step(task api.Task) Step[accountID, string, string] {
	step := Step[accountID, string, string]{
		Encode: func(_ context.Context, r string) ([]byte, error) {
			w.ask()
			return []byte(r), w.fails["encode"]
		},
		Same: func(_ context.Context, job Job, r string) (bool, error) {
			w.ask()
			return string(job.Request()) == r, w.fails["same"]
		},
		Replaceable: func(context.Context, Job) bool {
			w.ask()
			return !w.fixed
		},
		Prepare: func(_ context.Context, _ accountID, job Job) (string, error) {
			r := string(job.Request())
			w.event("before prepare")
			if w.prepare == nil {
				w.packed = append(w.packed, r)
			}
			w.event("prepared")
			return r, w.prepare
		},
		Send: w.send,
		Done: func(_ context.Context, _ accountID, job *Job, r string, out string) error {
			if out != "took "+r {
				return fmt.Errorf("%q for %q", out, r)
			}
			job.LicenseID = 7
			w.stored = append(w.stored, r)
			w.event("done")
			return w.done
		},
		Finish: func(_ context.Context, _ accountID, _ Job, out string) { w.finished = append(w.finished, out) },
		Judge: func(_ Job, _ string, err error) Failure {
			return Failure{
				Final:    errors.Is(err, errRefused),
				NotDone:  errors.Is(err, errUnsent) || errors.Is(err, errNotFound),
				Answered: errors.Is(err, errNotFound),
				Unsent:   errors.Is(err, errUnsent) || errors.Is(err, errLost),
				Stop:     errors.Is(err, errUnsent),
			}
		},
		Refused: func(_ context.Context, _ accountID, _ Job, r string, _ error) {
			w.event("before refused")
			w.unpacked = append(w.unpacked, r)
			w.event("refused")
		},
		Canceled: func(_ context.Context, job Job) (notice, err error) {
			if w.cancel != nil {
				return w.cancel()
			}
			if job.State == Pending {
				w.unpacked = append(w.unpacked, string(job.Request()))
			}
			return nil, nil
		},
	}
	if w.expired != nil {
		step.Expired = func(Job, time.Time) error { return w.expired }
	}
	if task == "of a newer version" {
		step.Send = nil
	}
	return step
}

func (w *fixture) ask() {
	if w.asked != nil {
		w.asked()
	}
}

// send is a call of the server, which accepts a parcel once per key.
func (w *fixture) send(ctx context.Context, _ accountID, job *Job, r *string) (string, error) {
	w.event("before the call")
	if w.during != nil {
		if err := w.during(ctx, job, r); err != nil {
			return "", err
		}
	}
	w.calls = append(w.calls, job.Key+" "+*r)
	if w.reply != nil {
		if err := w.reply(*job, *r); err != nil {
			return "", err
		}
	}
	if _, known := w.answers[job.Key]; !known {
		w.answers[job.Key] = "took " + *r
		w.taken = append(w.taken, *r)
	}
	w.event("called")
	if w.lose {
		return "", errLost
	}
	return w.answers[job.Key], nil
}

// run runs the task with a parcel.
func (w *fixture) run(t *testing.T, r string) (string, error) {
	t.Helper()
	return w.Run(t.Context(), anna, draft, r)
}

// result is what Run returns.
type result struct {
	out string
	err error
}

// begun runs the task with a parcel in another goroutine.
func (w *fixture) begun(ctx context.Context, r string) <-chan result {
	done := make(chan result, 1)
	go func() {
		out, err := w.Run(ctx, anna, draft, r)
		done <- result{out, err}
	}()
	return done
}

var draft = Draft{Task: "parcel", Title: "A parcel", Intent: "one parcel", OrderID: 3}

// open returns the open jobs of all accounts.
func (w *fixture) open(t *testing.T) []Job {
	t.Helper()
	list, err := w.Open(t.Context(), 0)
	require.NoError(t, err)
	return list
}

// row returns state and error of an open or closed job.
func (w *fixture) row(t *testing.T, id int64) (state State, cause string) {
	t.Helper()
	require.NoError(t, w.db.QueryRow(`SELECT state, error FROM jobs WHERE id = ?`, id).Scan(&state, &cause))
	return state, cause
}

// store is a Store that fails on request, and at whose writes the app may be killed.
type store struct {
	SQL
	w *fixture
}

func (s store) Open(ctx context.Context, account int64) ([]Job, error) {
	if err := s.w.fails["open"]; err != nil {
		return nil, err
	}
	return s.SQL.Open(ctx, account)
}

func (s store) Find(ctx context.Context, id int64) (Job, bool, error) {
	if err := s.w.fails["find"]; err != nil {
		return Job{}, false, err
	}
	return s.SQL.Find(ctx, id)
}

func (s store) Add(ctx context.Context, job Job) (id int64, err error) {
	err = s.write("add", func() error { id, err = s.SQL.Add(ctx, job); return err })
	return id, err
}

func (s store) Record(ctx context.Context, job Job) error {
	return s.write("record "+string(job.State), func() error { return s.SQL.Record(ctx, job) })
}

func (s store) Amend(ctx context.Context, job Job) error {
	return s.write("amend", func() error { return s.SQL.Amend(ctx, job) })
}

func (s store) write(name string, do func() error) error {
	s.w.event("before " + name)
	if err := s.w.fails[name]; err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	s.w.event(name)
	return nil
}
