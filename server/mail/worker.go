package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

const (
	// lease is the time after which a claimed mail is due again, if a crash has lost its worker.
	lease = 5 * time.Minute
	// attemptTimeout limits one attempt. It is shorter than the lease, so that no two workers send the same mail.
	attemptTimeout = 2 * time.Minute
	// grace is how long an attempt may continue after the server stops.
	grace = 10 * time.Second
	// giveUpAfter is the age at which a mail is not retried.
	giveUpAfter = 3 * 24 * time.Hour
	// Pauses between attempts double from firstPause to maxPause.
	firstPause, maxPause = 30 * time.Second, time.Hour
	// recordPause is the pause between attempts to record the result of a mail.
	recordPause = 5 * time.Second
)

// Worker sends the mails of the queue, one at a time. Several workers, of the same or of other servers, may share a
// queue.
type Worker struct {
	Store  store.Store
	Sender Sender
	Logger *slog.Logger
	// Open opens a sealed mail; nil if mails are not sealed.
	Open func(*store.Mail) error
	// Now and After are the clock.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	wake chan struct{}
}

// NewWorker returns a worker with the system's clock.
func NewWorker(s store.Store, sender Sender, logger *slog.Logger) *Worker {
	return &Worker{
		Store:  s,
		Sender: sender,
		Logger: logger,
		Now:    time.Now,
		After:  time.After,
		wake:   make(chan struct{}, 1),
	}
}

// Wake notifies the worker of a queued mail. It never blocks. Any goroutine.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends mails until ctx ends. An attempt that has begun has 10 s to finish.
func (w *Worker) Run(ctx context.Context) {
	for ctx.Err() == nil {
		found, err := w.Step(ctx)
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			w.Logger.Error("the mail queue cannot be used", "error", err)
		case found:
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-w.After(w.pause(ctx)):
		}
	}
}

// pause returns how long to wait for the next mail.
func (w *Worker) pause(ctx context.Context) time.Duration {
	var next time.Time
	err := w.Store.Read(ctx, func(tx store.Tx) (err error) {
		next, err = tx.Mails.NextAt(ctx)
		return err
	})
	switch {
	case err != nil:
		return firstPause
	case next.IsZero():
		return maxPause
	}
	return min(max(next.Sub(w.Now()), time.Second), maxPause)
}

// Step sends the mail that has been due longest and reports whether there was one. The attempt is counted before it
// begins.
func (w *Worker) Step(ctx context.Context) (bool, error) {
	now := w.Now()
	var m store.Mail
	err := w.Store.Write(ctx, store.NoLock, func(tx store.Tx) (err error) {
		m, err = tx.Mails.Claim(ctx, now, now.Add(lease))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, w.record(ctx, m, w.deliver(ctx, m))
}

// deliver opens a mail and sends it.
func (w *Worker) deliver(ctx context.Context, m store.Mail) error {
	if w.Open != nil {
		if err := w.Open(&m); err != nil {
			return err
		}
	}
	return w.send(ctx, m)
}

// send makes one attempt. After ctx has ended, the attempt may continue for the grace period.
func (w *Worker) send(ctx context.Context, m store.Mail) error {
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-w.After(grace):
			cancel()
		case <-attempt.Done():
		}
	})
	defer stop()
	return w.Sender.Send(attempt, m)
}

// record stores the result of a mail. It retries until it succeeds or the server stops, because a delivered mail
// without a stored result is sent a second time.
func (w *Worker) record(ctx context.Context, m store.Mail, sendErr error) error {
	writing := context.WithoutCancel(ctx)
	for {
		err := w.Store.Write(writing, store.NoLock, func(tx store.Tx) error { return w.storeResult(writing, tx, m, sendErr) })
		if errors.Is(err, store.ErrNotFound) {
			return nil // another worker has ended it
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		w.Logger.Error("the result of a mail cannot be stored; retrying", "mail", m.ID, "error", err)
		select {
		case <-ctx.Done():
		case <-w.After(recordPause):
		}
	}
}

// storeResult ends a mail or schedules its retry, and adds an entry to the audit trail.
func (w *Worker) storeResult(ctx context.Context, tx store.Tx, m store.Mail, sendErr error) error {
	now := w.Now()
	trail := func(outcome, detail string) error {
		return tx.Audits.Add(ctx, store.Audit{At: now, Actor: "server", ClientID: m.ClientID, Action: "mail.send",
			Object: fmt.Sprintf("mail %d", m.ID), Outcome: outcome, Detail: detail})
	}
	if sendErr == nil {
		return errors.Join(tx.Mails.End(ctx, m.ID, store.MailSent, "", now), trail("ok", ""))
	}
	reason := shorten(OneLine(sendErr.Error()))
	later, never := m.To, []string(nil)
	var undelivered *Undelivered
	if errors.As(sendErr, &undelivered) {
		later, never = undelivered.Later, undelivered.Never
	}
	if now.Sub(m.CreatedAt) >= giveUpAfter {
		later, never = nil, append(append([]string{}, never...), later...)
	}
	next := now.Add(min(firstPause<<min(m.Attempts-1, 10), maxPause))
	w.Logger.Warn("a mail was not delivered",
		"mail", m.ID, "attempt", m.Attempts, "again", len(later) > 0, "error", reason)
	if len(later) == len(m.To) {
		return errors.Join(tx.Mails.Retry(ctx, m.ID, reason, next), trail("retry", reason))
	}
	if len(later) > 0 { // the other recipients have a result: a new mail for the rest
		rest := m
		rest.To, rest.NextAt = later, next
		if _, err := tx.Mails.Queue(ctx, rest); err != nil {
			return err
		}
	}
	state := store.MailSent
	if len(later)+len(never) == len(m.To) {
		state = store.MailFailed
	}
	outcome := "retry"
	if len(never) > 0 {
		outcome = "failed"
	}
	return errors.Join(tx.Mails.End(ctx, m.ID, state, reason, now), trail(outcome, reason))
}

// maxReason limits the text of a mail server that is stored, in characters.
const maxReason = 500

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxReason {
		return string(runes[:maxReason-1]) + "…"
	}
	return text
}
