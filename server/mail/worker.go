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
	// lease is how long a mail that is being sent is left alone; a crash brings it back after that.
	lease = 5 * time.Minute
	// patience bounds one attempt, well within the lease: nobody else sends the mail meanwhile.
	patience = 2 * time.Minute
	// grace is how long an attempt may go on when the server stops.
	grace = 10 * time.Second
	// giveUpAfter is how long a mail is tried.
	giveUpAfter = 3 * 24 * time.Hour
	// firstPause and longestPause bound the pauses between attempts, which double.
	firstPause, longestPause = 30 * time.Second, time.Hour
	// recordPause lies between attempts to write down what became of a mail.
	recordPause = 5 * time.Second
)

// Worker sends the mails of the queue, one at a time. Several workers, also of several servers, may share a queue.
type Worker struct {
	Store  store.Store
	Sender Sender
	Logger *slog.Logger
	// Open opens a mail that is kept sealed; nil when mails are kept in clear.
	Open func(*store.Mail) error
	// Now tells the time, After a moment from now; tests give their own.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	wake chan struct{}
}

// NewWorker makes a worker with the system's clock.
func NewWorker(s store.Store, sender Sender, logger *slog.Logger) *Worker {
	return &Worker{Store: s, Sender: sender, Logger: logger, Now: time.Now, After: time.After, wake: make(chan struct{}, 1)}
}

// Wake tells the worker that a mail was queued. It never blocks; any goroutine.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends mails until ctx ends. An attempt that has begun then has 10 s to finish.
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

// pause is how long to wait for the next mail that is due.
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
		return longestPause
	}
	return min(max(next.Sub(w.Now()), time.Second), longestPause)
}

// Step sends the mail that is due longest and reports whether there was one. The attempt is counted before it begins.
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

// send makes one attempt. It outlives ctx by the grace, so that a stop does not tear a delivery apart.
func (w *Worker) send(ctx context.Context, m store.Mail) error {
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
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

// record writes down what became of a mail. A delivered mail that is not written down would be sent again, so it tries
// until it succeeds or the server stops.
func (w *Worker) record(ctx context.Context, m store.Mail, sendErr error) error {
	writing := context.WithoutCancel(ctx)
	for {
		err := w.Store.Write(writing, store.NoLock, func(tx store.Tx) error { return w.settle(writing, tx, m, sendErr) })
		if errors.Is(err, store.ErrNotFound) {
			return nil // another worker has ended it
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		w.Logger.Error("what became of a mail cannot be written down; trying again", "mail", m.ID, "error", err)
		select {
		case <-ctx.Done():
		case <-w.After(recordPause):
		}
	}
}

func (w *Worker) settle(ctx context.Context, tx store.Tx, m store.Mail, sendErr error) error {
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
	again := now.Add(min(firstPause<<min(m.Attempts-1, 10), longestPause))
	w.Logger.Warn("a mail was not delivered", "mail", m.ID, "attempt", m.Attempts, "again", len(later) > 0, "error", reason)
	if len(later) == len(m.To) {
		return errors.Join(tx.Mails.Retry(ctx, m.ID, reason, again), trail("retry", reason))
	}
	if len(later) > 0 { // the others are done with it: who is left gets a place of their own in the queue
		rest := m
		rest.To, rest.NextAt = later, again
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

// maxReason bounds in characters what a mail server may have written into the database.
const maxReason = 500

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxReason {
		return string(runes[:maxReason-1]) + "…"
	}
	return text
}
