package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

const (
	// lease is how long a mail that is being sent is left alone; a crash brings it back after that.
	lease = 5 * time.Minute
	// giveUpAfter is how long a mail is tried.
	giveUpAfter = 3 * 24 * time.Hour
	// longest is the longest pause between two attempts.
	longest = time.Hour
)

// Worker sends the mails of the queue, one at a time.
type Worker struct {
	Store  store.Store
	Sender Sender
	Logger *slog.Logger
	// Now tells the time, After a moment from now; tests give their own.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	wake chan struct{}
}

// NewWorker makes a worker with the system's clock.
func NewWorker(s store.Store, sender Sender, logger *slog.Logger) *Worker {
	return &Worker{Store: s, Sender: sender, Logger: logger, Now: time.Now, After: time.After, wake: make(chan struct{}, 1)}
}

// Wake tells the worker that a mail was queued. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends mails until ctx ends. What it has begun to send it finishes or leaves to the next start.
func (w *Worker) Run(ctx context.Context) {
	for {
		sent, err := w.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.Logger.Error("the mail queue cannot be read", "error", err)
		case sent:
			continue
		}
		pause, err := w.pause(ctx)
		if err != nil {
			pause = longest / 60
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-w.After(pause):
		}
	}
}

func (w *Worker) pause(ctx context.Context) (time.Duration, error) {
	var next time.Time
	err := w.Store.Read(ctx, func(tx store.Tx) (err error) {
		next, err = tx.NextMailAt(ctx)
		return err
	})
	if err != nil || next.IsZero() {
		return longest, err
	}
	return min(max(next.Sub(w.Now()), time.Second), longest), nil
}

// Step sends the mail that is due longest and reports whether there was one.
func (w *Worker) Step(ctx context.Context) (bool, error) {
	now := w.Now()
	var m store.Mail
	err := w.Store.Write(ctx, func(tx store.Tx) (err error) {
		m, err = tx.ClaimMail(ctx, now, now.Add(lease))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sendErr := w.Sender.Send(ctx, m)
	if sendErr != nil && ctx.Err() != nil {
		return true, nil // stopping: the lease brings it back
	}
	// The outcome is recorded even while the server stops, so that nothing is sent twice.
	ctx = context.WithoutCancel(ctx)
	return true, w.Store.Write(ctx, func(tx store.Tx) error { return w.record(ctx, tx, m, sendErr) })
}

func (w *Worker) record(ctx context.Context, tx store.Tx, m store.Mail, sendErr error) error {
	now := w.Now()
	audit := store.Audit{At: now, Actor: "server", ClientID: m.ClientID, Action: "mail.send", Object: fmt.Sprintf("mail %d", m.ID), Outcome: "ok"}
	if sendErr == nil {
		return errors.Join(tx.EndMail(ctx, m.ID, store.MailSent, "", now), tx.AddAudit(ctx, audit))
	}
	reason := strings.ToValidUTF8(OneLine(sendErr.Error()), "")
	w.Logger.Warn("a mail could not be sent", "mail", m.ID, "attempt", m.Attempts, "error", reason)
	audit.Detail = reason
	if Permanent(sendErr) || now.Sub(m.CreatedAt) > giveUpAfter {
		audit.Outcome = "failed"
		return errors.Join(tx.EndMail(ctx, m.ID, store.MailFailed, reason, now), tx.AddAudit(ctx, audit))
	}
	audit.Outcome = "retry"
	pause := min(30*time.Second<<min(m.Attempts-1, 10), longest)
	return errors.Join(tx.RetryMail(ctx, m.ID, reason, now.Add(pause)), tx.AddAudit(ctx, audit))
}
