package mail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

const anna, it = "anna.berg@lumen.example", "it@lumen.example"

// post is a queue with a worker whose clock and mail server are the test's.
type post struct {
	*mail.Worker
	t    *testing.T
	log  *bytes.Buffer
	path string

	mu     sync.Mutex
	now    time.Time
	send   func(ctx context.Context, m store.Mail) error
	pauses chan time.Duration  // arguments of After
	ring   chan chan time.Time // results of After
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{
		t:      t,
		log:    &bytes.Buffer{},
		now:    noon,
		path:   filepath.Join(t.TempDir(), "acen.db"),
		pauses: make(chan time.Duration, 100),
		ring:   make(chan chan time.Time, 100),
	}
	p.open()
	t.Cleanup(func() { require.NoError(t, p.Store.Close()) })
	return p
}

// open opens store and worker, like a start of the server.
func (p *post) open() {
	db, err := sqlite.Open(p.t.Context(), p.path)
	require.NoError(p.t, err)
	p.Worker = mail.NewWorker(db, p, slog.New(slog.NewTextHandler(p.log, nil)))
	p.Now = func() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.now }
	p.After = func(d time.Duration) <-chan time.Time {
		over := make(chan time.Time, 1)
		p.ring <- over
		p.pauses <- d
		return over
	}
}

// Send is the mail server.
func (p *post) Send(ctx context.Context, m store.Mail) error { return p.send(ctx, m) }

func (p *post) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *post) queue(m store.Mail) {
	p.t.Helper()
	require.NoError(p.t, p.Store.Write(p.t.Context(), store.NoLock, func(tx store.Tx) error {
		_, err := tx.Mails.Queue(p.t.Context(), m)
		return err
	}))
}

// step runs Step, which must find a mail if want is set.
func (p *post) step(want bool) {
	p.t.Helper()
	found, err := p.Step(p.t.Context())
	require.NoError(p.t, err)
	require.Equal(p.t, want, found)
}

// mails returns all mails, oldest first, and their outcomes in the audit trail.
func (p *post) mails() (list []store.Mail, outcomes []string) {
	p.t.Helper()
	require.NoError(p.t, p.Store.Read(p.t.Context(), func(tx store.Tx) error {
		newest, err := tx.Mails.List(p.t.Context(), 0)
		if err != nil {
			return err
		}
		for _, m := range newest {
			list = append([]store.Mail{m}, list...)
		}
		trail, err := tx.Audits.List(p.t.Context(), store.AuditFilter{})
		for _, a := range trail {
			require.Equal(p.t, "server", a.Actor)
			require.Equal(p.t, "mail.send", a.Action)
			outcomes = append([]string{a.Outcome}, outcomes...)
		}
		return err
	}))
	return list, outcomes
}

func TestWorkerSends(t *testing.T) {
	p := newPost(t)
	var got []store.Mail
	p.send = func(_ context.Context, m store.Mail) error { got = append(got, m); return nil }
	p.step(false)
	p.queue(queued(anna))
	p.step(true)
	p.step(false)
	require.Len(t, got, 1)
	require.Equal(t, 1, got[0].Attempts, "an attempt is counted before it begins")
	require.Equal(t, queued(anna).MessageID, got[0].MessageID)
	require.Equal(t, queued(anna).Attachment, got[0].Attachment)
	mails, outcomes := p.mails()
	require.Equal(t, store.MailSent, mails[0].State)
	require.Empty(t, mails[0].Attachment)
	require.Equal(t, []string{"ok"}, outcomes)
}

// The worker retries with growing pauses and gives up after three days (spec: api 12).
func TestWorkerRetries(t *testing.T) {
	p := newPost(t)
	p.send = func(context.Context, store.Mail) error { return errors.New("no route to host") }
	p.queue(queued(anna))
	var pauses []time.Duration
	for {
		p.step(true)
		mails, _ := p.mails()
		if mails[0].State != store.MailQueued {
			break
		}
		require.Equal(t, "no route to host", mails[0].LastError)
		pause := mails[0].NextAt.Sub(p.Now())
		pauses = append(pauses, pause)
		p.advance(pause - time.Second)
		p.step(false)
		p.advance(time.Second)
	}
	require.Equal(t, []time.Duration{
		30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute,
		time.Hour, time.Hour,
	}, pauses[:9])
	mails, outcomes := p.mails()
	require.Equal(t, store.MailFailed, mails[0].State)
	require.Equal(t, "failed", outcomes[len(outcomes)-1])
	require.WithinDuration(t, noon.Add(3*24*time.Hour), p.Now(), time.Hour)
}

func TestWorkerOutcomes(t *testing.T) {
	said := errors.New("550 said the server\r\nin two lines")
	for name, tt := range map[string]struct {
		err      error
		age      time.Duration
		states   []store.MailState
		to       [][]string
		outcomes []string
	}{
		"refused for good": {
			&mail.Undelivered{Refused: []string{anna, it}, Err: said},
			0,
			[]store.MailState{store.MailFailed},
			[][]string{{anna, it}},
			[]string{"failed"},
		},
		"all again": {
			&mail.Undelivered{Retry: []string{anna, it}, Err: said},
			0,
			[]store.MailState{store.MailQueued},
			[][]string{{anna, it}},
			[]string{"retry"},
		},
		"one delivered, one again": {
			&mail.Undelivered{Retry: []string{it}, Err: said},
			0,
			[]store.MailState{store.MailSent, store.MailQueued},
			[][]string{{anna, it}, {it}},
			[]string{"retry"},
		},
		"one delivered, one refused": {
			&mail.Undelivered{Refused: []string{it}, Err: said},
			0,
			[]store.MailState{store.MailSent},
			[][]string{{anna, it}},
			[]string{"failed"},
		},
		"one refused, one again": {
			&mail.Undelivered{Refused: []string{anna}, Retry: []string{it}, Err: said},
			0,
			[]store.MailState{store.MailFailed, store.MailQueued},
			[][]string{{anna, it}, {it}},
			[]string{"failed"},
		},
		"one delivered, one again, old": {
			&mail.Undelivered{Retry: []string{it}, Err: said},
			4 * 24 * time.Hour,
			[]store.MailState{store.MailSent},
			[][]string{{anna, it}},
			[]string{"failed"},
		},
		"the mail server was not reached": {
			said,
			0,
			[]store.MailState{store.MailQueued},
			[][]string{{anna, it}},
			[]string{"retry"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t)
			p.send = func(context.Context, store.Mail) error { return tt.err }
			p.queue(queued(anna, it))
			p.advance(tt.age)
			p.step(true)
			p.step(false)
			mails, outcomes := p.mails()
			var states []store.MailState
			var to [][]string
			for _, m := range mails {
				states, to = append(states, m.State), append(to, m.To)
				require.Equal(t, queued(anna).MessageID, m.MessageID)
				require.NotContains(t, m.LastError, "\n")
				if m.State == store.MailQueued {
					require.Equal(t, queued(anna).Attachment, m.Attachment)
					require.True(t, m.CreatedAt.Equal(noon), "a retry must not make the mail younger")
				}
			}
			require.Equal(t, tt.states, states)
			require.Equal(t, tt.to, to)
			require.Equal(t, tt.outcomes, outcomes)
		})
	}
}

// After a crash between sending and recording, the mail is sent again with the same Message-ID when its lease ends
// (spec: api 12).
func TestWorkerAfterACrash(t *testing.T) {
	p := newPost(t)
	p.queue(queued(anna))
	var ids []string
	crash := errors.New("crash")
	p.send = func(_ context.Context, m store.Mail) error { ids = append(ids, m.MessageID); panic(crash) }
	require.PanicsWithValue(t, crash, func() { _, _ = p.Step(t.Context()) })
	require.NoError(t, p.Store.Close())
	p.open()

	p.send = func(_ context.Context, m store.Mail) error {
		ids = append(ids, m.MessageID)
		require.Equal(t, 2, m.Attempts)
		return nil
	}
	p.step(false)
	p.advance(5 * time.Minute)
	p.step(true)
	require.Equal(t, []string{queued(anna).MessageID, queued(anna).MessageID}, ids)
}

// run starts the worker; stop stops it and waits.
func (p *post) run() (stop func()) {
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	return func() { cancel(); <-done }
}

func TestWorkerWake(t *testing.T) {
	p := newPost(t)
	sent := make(chan struct{}, 10)
	p.send = func(context.Context, store.Mail) error { sent <- struct{}{}; return nil }
	stop := p.run()
	require.Equal(t, time.Hour, <-p.pauses, "an empty queue")
	p.queue(queued(anna))
	p.Wake()
	p.Wake()
	<-sent
	stop()
	require.Empty(t, sent)
}

func TestWorkerWaitsForTheNextMail(t *testing.T) {
	p := newPost(t)
	sent := make(chan struct{}, 10)
	p.send = func(context.Context, store.Mail) error { sent <- struct{}{}; return nil }
	m := queued(anna)
	m.NextAt = noon.Add(7 * time.Minute)
	p.queue(m)
	stop := p.run()
	over := <-p.ring
	require.Equal(t, 7*time.Minute, <-p.pauses)
	p.advance(7 * time.Minute)
	over <- p.Now()
	<-sent
	stop()
}

func TestWorkerFinishesAnAttempt(t *testing.T) {
	p := newPost(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	p.send = func(ctx context.Context, _ store.Mail) error {
		close(begun)
		<-finish
		return ctx.Err()
	}
	p.queue(queued(anna))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	<-begun
	cancel()
	close(finish)
	<-done
	mails, outcomes := p.mails()
	require.Equal(t, store.MailSent, mails[0].State)
	require.Equal(t, []string{"ok"}, outcomes)
}

func TestWorkerCancelsAfterTheGracePeriod(t *testing.T) {
	p := newPost(t)
	begun := make(chan struct{})
	p.send = func(ctx context.Context, _ store.Mail) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}
	p.queue(queued(anna))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	<-begun
	cancel()
	over := <-p.ring
	require.Equal(t, 10*time.Second, <-p.pauses)
	over <- p.Now()
	<-done
	mails, outcomes := p.mails()
	require.Equal(t, store.MailQueued, mails[0].State)
	require.Equal(t, noon.Add(30*time.Second), mails[0].NextAt.UTC())
	require.Equal(t, []string{"retry"}, outcomes)
}

// flaky is a store whose writes fail on demand, as on a full disk.
type flaky struct {
	store.Store
	failures chan error
}

func (f *flaky) Write(ctx context.Context, lock store.Lock, fn func(store.Tx) error, hints ...store.Hint) error {
	select {
	case err := <-f.failures:
		return err
	default:
		return f.Store.Write(ctx, lock, fn, hints...)
	}
}

func TestWorkerRetriesRecording(t *testing.T) {
	p := newPost(t)
	disk := &flaky{Store: p.Store, failures: make(chan error, 10)}
	p.Store = disk
	sent := 0
	p.send = func(context.Context, store.Mail) error {
		sent++
		disk.failures <- errors.New("the disk is full")
		disk.failures <- errors.New("the disk is full")
		return nil
	}
	p.queue(queued(anna))
	go func() {
		for range 2 {
			over := <-p.ring
			over <- time.Time{}
		}
	}()
	p.step(true)
	p.advance(10 * time.Minute)
	p.step(false)
	require.Equal(t, 1, sent)
	require.Contains(t, p.log.String(), "the disk is full")
	mails, _ := p.mails()
	require.Equal(t, store.MailSent, mails[0].State)
}

func TestWorkerSurvivesAFailingQueue(t *testing.T) {
	p := newPost(t)
	disk := &flaky{Store: p.Store, failures: make(chan error, 10)}
	p.Store = disk
	disk.failures <- errors.New("another program holds the database")
	sent := make(chan struct{}, 1)
	p.send = func(context.Context, store.Mail) error { sent <- struct{}{}; return nil }
	p.queueDirectly(disk, queued(anna))
	stop := p.run()
	over := <-p.ring
	require.Equal(t, time.Second, <-p.pauses)
	over <- time.Time{}
	<-sent
	stop()
}

// queueDirectly queues a mail in the underlying store.
func (p *post) queueDirectly(f *flaky, m store.Mail) {
	p.t.Helper()
	require.NoError(p.t, f.Store.Write(p.t.Context(), store.NoLock, func(tx store.Tx) error {
		_, err := tx.Mails.Queue(p.t.Context(), m)
		return err
	}))
}
