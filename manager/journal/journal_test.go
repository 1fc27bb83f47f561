package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The app is killed between any two writes and calls. In each case the next start completes the job, and nothing is
// done twice, lost, or canceled although the server may have done it.
func TestKilledAnywhere(t *testing.T) {
	stories := map[string]struct {
		set     func(w *fixture)
		later   func(w *fixture) // after the kill
		refused bool
	}{
		"taken":              {set: func(*fixture) {}},
		"taken, answer lost": {set: func(w *fixture) { w.lose = true }, later: func(w *fixture) { w.lose = false }},
		"refused": {set: func(w *fixture) {
			w.reply = func(Job, string) error { return errRefused }
		}, refused: true},
		"not found for a while": {set: func(w *fixture) {
			w.reply = func(Job, string) error { return errNotFound }
		}, later: func(w *fixture) { w.reply = nil }},
		"nothing could be sent": {set: func(w *fixture) {
			w.reply = func(Job, string) error { return errUnsent }
		}, later: func(w *fixture) { w.reply = nil }},
		"another request midway": {set: amends},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			kills := 0
			for at := 1; ; at++ {
				w := newFixture(t)
				story.set(w)
				w.killAt = at
				ended := survives(func() { _, _ = w.run(t, "book") })
				when := fmt.Sprintf("killed at %d, %s", at, w.killedAfter)
				w.killAt = 0
				w.start()
				safe(t, w, when)
				if story.later != nil {
					story.later(w)
				}
				begun := len(w.open(t)) > 0
				_, err := w.Resume(t.Context(), anna)
				require.NoError(t, err, when)
				safe(t, w, when)
				require.Empty(t, w.open(t), when)
				if story.refused {
					require.Empty(t, w.taken, when)
					require.Equal(t, len(w.packed) > 0, len(w.unpacked) > 0, when)
				} else if begun || ended {
					require.Len(t, w.taken, 1, when)
					require.NotEmpty(t, w.stored, when)
				}
				if ended {
					break
				}
				kills++
			}
			require.GreaterOrEqual(t, kills, 8)
		})
	}
}

// amends makes the first call amend the request.
func amends(w *fixture) {
	w.during = func(ctx context.Context, job *Job, r *string) error {
		if *r == "book" {
			if err := w.Amend(ctx, job, job.Title, job.Intent(), []byte("other book")); err != nil {
				return err
			}
			*r = "other book"
		}
		return nil
	}
}

// survives reports whether do ended before the app was killed.
func survives(do func()) (ended bool) {
	defer func() {
		if e := recover(); e != nil && e != (killed{}) {
			panic(e)
		}
	}()
	do()
	return true
}

// safe checks the invariants that hold at any moment.
func safe(t *testing.T, w *fixture, when string) {
	t.Helper()
	for _, job := range w.open(t) {
		if len(w.calls) > 0 && slices.Contains(w.taken, string(job.Request())) {
			require.Equal(t, Sent, job.State, "%s: what the server did must not be canceled", when)
			require.Contains(t, w.answers, job.Key, "%s: it is asked for with the same key", when)
		}
	}
	rows, err := w.db.Query(`SELECT state, request FROM jobs`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var state State
		var r string
		require.NoError(t, rows.Scan(&state, &r))
		switch state {
		case Sent:
			require.Contains(t, append(w.packed, "other book"), r, "%s: prepared before it is sent", when)
		case Done:
			require.Contains(t, w.stored, r, "%s: the outcome is stored before the job is closed", when)
		case Failed:
			require.Contains(t, w.unpacked, r, "%s: what was prepared is reverted before the job is closed", when)
		}
	}
	require.NoError(t, rows.Err())
	require.LessOrEqual(t, len(w.taken), 1, when)
}

// The judgment of an error decides the state of the job.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		before   State // before the error
		state    State
		newKey   bool
		unpacked bool
	}{
		"lost":                              {errLost, Pending, Sent, false, false},
		"unsent at the first call":          {errUnsent, Pending, Pending, false, false},
		"unsent at a later call":            {errUnsent, Sent, Sent, false, false},
		"not found at the first call":       {errNotFound, Pending, Pending, true, false},
		"not found at a later call":         {errNotFound, Sent, Sent, true, false},
		"refused":                           {errRefused, Pending, Failed, false, true},
		"refused when it is sent again":     {errRefused, Sent, Failed, false, true},
		"lost when it is sent again":        {errLost, Sent, Sent, false, false},
		"an error that nobody has foreseen": {errors.New("?"), Pending, Sent, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(t)
			if c.before == Sent {
				w.reply = func(Job, string) error { return errLost }
				_, err := w.run(t, "book")
				require.ErrorIs(t, err, errLost)
			}
			w.reply = func(Job, string) error { return c.err }
			_, err := w.run(t, "book")
			require.ErrorIs(t, err, c.err)
			state, cause := w.row(t, 1)
			require.Equal(t, c.state, state)
			require.Equal(t, c.unpacked, len(w.unpacked) > 0)
			last := w.changed[len(w.changed)-1]
			require.Equal(t, c.state, last.State)
			require.ErrorIs(t, last.Err, c.err)
			if state == Failed {
				require.Equal(t, c.err.Error(), cause)
				return
			}
			require.Equal(t, c.newKey, w.open(t)[0].Key != "key 1")
			require.Equal(t, w.open(t)[0].Key, last.Key)
			w.reply = nil
			out, err := w.run(t, "book")
			require.NoError(t, err)
			require.Equal(t, "took book", out)
			require.Equal(t, []string{"took book"}, w.finished)
			require.Len(t, w.taken, 1)
			state, _ = w.row(t, 1)
			require.Equal(t, Done, state)
		})
	}
}

// A failure before the call sends nothing, and does not change the job unless it is final.
func TestPrepareFails(t *testing.T) {
	for err, state := range map[error]State{errLocal: Pending, errRefused: Failed, errUnsent: Pending} {
		w := newFixture(t)
		w.prepare = err
		_, got := w.run(t, "book")
		require.ErrorIs(t, got, err)
		require.Empty(t, w.calls)
		stored, _ := w.row(t, 1)
		require.Equal(t, state, stored)
		require.Equal(t, state == Failed, len(w.unpacked) > 0)
	}
}

// Equal drafts are one job. Another request replaces a job that was never sent, and follows one that was sent.
func TestEqualJobs(t *testing.T) {
	unsent := func(w *fixture) { w.reply = func(Job, string) error { return errUnsent } }
	lost := func(w *fixture) { w.reply = func(Job, string) error { return errLost } }
	t.Run("the same", func(t *testing.T) {
		w := newFixture(t)
		for range 2 {
			unsent(w)
			_, err := w.run(t, "book")
			require.ErrorIs(t, err, errUnsent)
		}
		require.Len(t, w.open(t), 1)
		require.Equal(t, []string{"key 1 book", "key 1 book"}, w.calls)
	})
	t.Run("another intent, task or account", func(t *testing.T) {
		w := newFixture(t)
		unsent(w)
		other, task := draft, draft
		other.Intent, task.Task = "two parcels", "letter"
		for _, d := range []Draft{draft, other, task} {
			_, err := w.Run(t.Context(), anna, d, "book")
			require.ErrorIs(t, err, errUnsent)
		}
		_, err := w.Run(t.Context(), ben, draft, "book")
		require.ErrorIs(t, err, errUnsent)
		require.Len(t, w.open(t), 4)
	})
	t.Run("another request replaces what was never sent", func(t *testing.T) {
		w := newFixture(t)
		unsent(w)
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		_, err = w.run(t, "pen")
		require.ErrorIs(t, err, errUnsent)
		state, cause := w.row(t, 1)
		require.Equal(t, Failed, state)
		require.Equal(t, errReplaced.Error(), cause)
		require.Len(t, w.open(t), 1)
		require.Equal(t, "pen", string(w.open(t)[0].Request()))
	})
	t.Run("unless it may not be replaced", func(t *testing.T) {
		w := newFixture(t)
		w.fixed = true
		unsent(w)
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		_, err = w.run(t, "pen")
		require.ErrorIs(t, err, errUnsent)
		require.Len(t, w.open(t), 2)
	})
	t.Run("what was sent comes first, and its outcome is the answer", func(t *testing.T) {
		w := newFixture(t)
		lost(w)
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errLost)
		w.reply = nil
		out, err := w.run(t, "pen")
		require.NoError(t, err)
		require.Equal(t, "took book", out)
		require.Equal(t, []string{"book"}, w.taken)
		require.Empty(t, w.open(t))
	})
	t.Run("what was sent and is refused makes way", func(t *testing.T) {
		w := newFixture(t)
		lost(w)
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errLost)
		w.reply = func(_ Job, r string) error {
			if r == "book" {
				return errRefused
			}
			return nil
		}
		out, err := w.run(t, "pen")
		require.NoError(t, err)
		require.Equal(t, "took pen", out)
	})
	t.Run("what was sent and stays unknown is tried once", func(t *testing.T) {
		w := newFixture(t)
		lost(w)
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errLost)
		w.calls = nil
		w.reply = func(_ Job, r string) error {
			if r == "book" {
				return errLost
			}
			return nil
		}
		out, err := w.run(t, "pen")
		require.NoError(t, err)
		require.Equal(t, "took pen", out)
		require.Equal(t, []string{"key 1 book", "key 2 pen"}, w.calls)
		require.Len(t, w.open(t), 1)
	})
}

// A caller with an equal job waits for the running one, or for its own context.
func TestJoinARunningJob(t *testing.T) {
	w := newFixture(t)
	sending, answer := make(chan struct{}), make(chan struct{})
	w.during = func(context.Context, *Job, *string) error { close(sending); <-answer; return nil }
	first := w.begun(t.Context(), "book")
	<-sending
	asked := make(chan struct{}, 1)
	w.asked = func() { asked <- struct{}{} }
	ctx, cancel := context.WithCancel(t.Context())
	second := w.begun(ctx, "book")
	<-asked
	cancel()
	require.ErrorIs(t, (<-second).err, context.Canceled)
	_, err := w.Cancel(t.Context(), 1)
	require.ErrorIs(t, err, ErrSent)
	results, err := w.Resume(t.Context(), anna)
	require.NoError(t, err)
	require.Empty(t, results, "it runs already")
	third := w.begun(t.Context(), "book")
	<-asked
	close(answer)
	require.Equal(t, result{out: "took book"}, <-first)
	require.Equal(t, result{out: "took book"}, <-third)
	require.Equal(t, []string{"key 1 book"}, w.calls)
}

// A Step may wait for the keyring, and other jobs do not wait with it.
func TestStepIsAskedWithoutLock(t *testing.T) {
	w := newFixture(t)
	asked := 0
	w.asked = func() {
		asked++
		require.True(t, w.mu.TryLock())
		w.mu.Unlock()
	}
	w.reply = func(Job, string) error { return errUnsent }
	for _, r := range []string{"book", "pen"} {
		_, err := w.run(t, r)
		require.ErrorIs(t, err, errUnsent)
	}
	require.Equal(t, 4, asked, "two are encoded, and the first is compared and replaced")
}

// A job that is answered while an equal draft is compared with it is not carried out for the draft as well.
func TestAnsweredWhileCompared(t *testing.T) {
	t.Run("by the run that was joined", func(t *testing.T) {
		w := newFixture(t)
		sending, answer := make(chan struct{}), make(chan struct{})
		w.during = func(context.Context, *Job, *string) error { close(sending); <-answer; return nil }
		first := w.begun(t.Context(), "book")
		<-sending
		w.asked = func() {
			close(answer)
			require.Equal(t, result{out: "took book"}, <-first)
		}
		out, err := w.run(t, "book")
		require.NoError(t, err)
		require.Equal(t, "took book", out)
		require.Equal(t, []string{"key 1 book"}, w.calls)
	})
	t.Run("by another run", func(t *testing.T) {
		w := newFixture(t)
		w.reply = func(Job, string) error { return errUnsent }
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		w.reply = nil
		w.asked = func() {
			_, err := w.Resume(t.Context(), anna)
			require.NoError(t, err)
		}
		_, err = w.run(t, "book")
		require.ErrorIs(t, err, errNotOpen)
		require.Equal(t, []string{"book"}, w.taken)
		require.Empty(t, w.open(t))
	})
}

// A caller that joins a job while a person cancels it learns that it was canceled, and sends it if it was not.
func TestJoinWhileCanceling(t *testing.T) {
	errBroken := errors.New("it cannot be reverted")
	for name, c := range map[string]struct {
		cancel error
		want   result
		calls  int
	}{
		"canceled":                {nil, result{err: errNotOpen}, 0},
		"that cannot be reverted": {errBroken, result{out: "took book"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(t)
			w.reply = func(Job, string) error { return errUnsent }
			_, err := w.run(t, "book")
			require.ErrorIs(t, err, errUnsent)
			w.calls, w.reply = nil, nil
			var joined <-chan result
			w.cancel = func() (notice, err error) {
				asked := make(chan struct{}, 2)
				w.asked = func() { asked <- struct{}{} }
				joined = w.begun(t.Context(), "book")
				<-asked
				return nil, c.cancel
			}
			_, err = w.Cancel(t.Context(), 1)
			require.ErrorIs(t, err, c.cancel)
			require.Equal(t, c.want, <-joined)
			require.Len(t, w.calls, c.calls)
		})
	}
}

// A job that is running is not replaced by another request.
func TestRunningJobIsNotReplaced(t *testing.T) {
	w := newFixture(t)
	w.reply = func(Job, string) error { return errUnsent }
	_, err := w.run(t, "book")
	require.ErrorIs(t, err, errUnsent)
	current, _ := w.begin(w.open(t)[0])
	_, err = w.run(t, "pen")
	require.ErrorIs(t, err, errUnsent)
	require.Len(t, w.open(t), 2)
	w.end(current)
}

// If a job cannot be stored it is not sent, and an outcome that cannot be stored is requested again.
func TestFailingStore(t *testing.T) {
	for _, operation := range []string{"open", "encode", "key", "add"} {
		w := newFixture(t)
		w.fails[operation] = errDisk
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errDisk, operation)
		clear(w.fails)
		require.Empty(t, w.open(t), operation)
		require.Empty(t, w.packed, operation)
	}
	for _, operation := range []string{"find", "record sent"} {
		w := newFixture(t)
		w.fails[operation] = errDisk
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errDisk, operation)
		clear(w.fails)
		require.Empty(t, w.calls, operation)
		require.Equal(t, Pending, w.open(t)[0].State)
		_, err = w.run(t, "book")
		require.NoError(t, err, operation)
		require.Equal(t, []string{"key 1 book"}, w.calls)
	}
	t.Run("the outcome", func(t *testing.T) {
		for _, fail := range []func(*fixture){
			func(w *fixture) { w.fails["record done"] = errDisk },
			func(w *fixture) { w.done = errDisk },
		} {
			w := newFixture(t)
			fail(w)
			out, err := w.run(t, "book")
			require.NoError(t, err)
			require.Equal(t, "took book", out, "the answer is valid all the same")
			require.Equal(t, Done, w.changed[len(w.changed)-1].State)
			require.Equal(t, Sent, w.open(t)[0].State)
			clear(w.fails)
			w.done = nil
			_, err = w.Resume(t.Context(), anna)
			require.NoError(t, err)
			require.Empty(t, w.open(t))
			require.Equal(t, []string{"book"}, w.taken)
		}
	})
	t.Run("a refusal", func(t *testing.T) {
		w := newFixture(t)
		w.reply = func(Job, string) error { return errRefused }
		w.fails["record failed"] = errDisk
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errRefused)
		require.ErrorIs(t, err, errDisk)
		require.Len(t, w.unclosed, 1)
		require.Len(t, w.open(t), 1)
	})
	t.Run("a replacement", func(t *testing.T) {
		w := newFixture(t)
		w.reply = func(Job, string) error { return errUnsent }
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		w.fails["record failed"] = errDisk
		_, err = w.run(t, "pen")
		require.ErrorIs(t, err, errDisk)
		require.Len(t, w.open(t), 1)
	})
	t.Run("another request", func(t *testing.T) {
		w := newFixture(t)
		amends(w)
		w.fails["amend"] = errDisk
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errDisk)
		require.Empty(t, w.calls, "it is stored before it is sent")
		require.Equal(t, "book", string(w.open(t)[0].Request()))
		require.Equal(t, "key 1", w.open(t)[0].Key)
	})
	t.Run("that it waits, or has another key", func(t *testing.T) {
		for _, operation := range []string{"record pending", "amend"} {
			w := newFixture(t)
			w.reply = func(Job, string) error { return errNotFound }
			w.fails[operation] = errDisk
			_, err := w.run(t, "book")
			require.ErrorIs(t, err, errNotFound)
			require.Len(t, w.open(t), 1)
		}
	})
	t.Run("comparing", func(t *testing.T) {
		w := newFixture(t)
		w.reply = func(Job, string) error { return errUnsent }
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		w.fails["same"] = errDisk
		_, err = w.run(t, "book")
		require.ErrorIs(t, err, errDisk)
		_, err = w.Resume(t.Context(), anna)
		require.ErrorIs(t, err, errUnsent)
		w.fails["open"] = errDisk
		_, err = w.Resume(t.Context(), anna)
		require.ErrorIs(t, err, errDisk)
	})
}

// The outcome is stored even if the caller is canceled during the call.
func TestCanceledCaller(t *testing.T) {
	for name, c := range map[string]struct {
		reply error
		state State
	}{"taken": {nil, Done}, "refused": {errRefused, Failed}, "unsent": {errUnsent, Pending}, "lost": {errLost, Sent}} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(t)
			ctx, cancel := context.WithCancel(t.Context())
			w.during = func(context.Context, *Job, *string) error { cancel(); return nil }
			w.reply = func(Job, string) error { return c.reply }
			_, _ = w.Run(ctx, anna, draft, "book")
			state, _ := w.row(t, 1)
			require.Equal(t, c.state, state)
		})
	}
	t.Run("before it is sent", func(t *testing.T) {
		w := newFixture(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.reply = func(Job, string) error { return errUnsent }
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		cancel()
		_, err = w.Run(ctx, anna, draft, "book")
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, w.calls, 1)
	})
}

// A person may cancel a job that was never sent, and give up one that has been open for a day.
func TestCancelAndGiveUp(t *testing.T) {
	errNotice, errBroken := errors.New("it does not come back"), errors.New("it cannot be reverted")
	for name, c := range map[string]struct {
		reply   error // why the job is open
		age     time.Duration
		cancel  func() (notice, err error)
		giveUp  bool
		want    error
		cause   string // of the closed job; "" if it stays open
		returns bool   // the parcel is unpacked
	}{
		"canceled":                   {reply: errUnsent, cause: "dropped", returns: true},
		"canceled after it was sent": {reply: errLost, want: ErrSent},
		"given up early":             {reply: errLost, age: 24*time.Hour - 1, giveUp: true, want: ErrTooEarly},
		"given up after a day": {
			reply:  errLost,
			age:    24 * time.Hour,
			giveUp: true,
			cause:  "given up; whether the server did it is not known",
		},
		"given up, never sent": {
			reply:   errUnsent,
			age:     24 * time.Hour,
			giveUp:  true,
			cause:   "dropped",
			returns: true,
		},
		"with a notice": {
			reply:  errUnsent,
			cancel: func() (error, error) { return errNotice, nil },
			want:   errNotice,
			cause:  "dropped",
		},
		"that cannot be reverted": {
			reply:  errUnsent,
			cancel: func() (error, error) { return nil, errBroken },
			want:   errBroken,
		},
		"given up, cannot be reverted": {
			reply:  errLost,
			age:    48 * time.Hour,
			giveUp: true,
			cancel: func() (error, error) { return nil, errBroken },
			want:   errBroken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(t)
			w.reply = func(Job, string) error { return c.reply }
			_, err := w.run(t, "book")
			require.ErrorIs(t, err, c.reply)
			w.now, w.cancel = w.now.Add(c.age), c.cancel
			before := len(w.changed)
			end := w.Cancel
			if c.giveUp {
				end = w.GiveUp
			}
			job, err := end(t.Context(), 1)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.returns, len(w.unpacked) > 0)
			if c.cause == "" {
				require.NotEqual(t, Failed, job.State)
				require.Len(t, w.open(t), 1)
				w.cancel, w.reply = nil, nil
				_, err = w.Resume(t.Context(), anna)
				require.NoError(t, err, "it is free to be sent")
				require.Empty(t, w.open(t))
				return
			}
			require.Equal(t, Failed, job.State)
			require.Len(t, w.changed, before+1)
			_, cause := w.row(t, 1)
			require.Equal(t, c.cause, cause)
			require.Empty(t, w.open(t))
			_, err = end(t.Context(), 1)
			require.ErrorIs(t, err, ErrSent, "it is closed")
		})
	}
	t.Run("that cannot be stored", func(t *testing.T) {
		w := newFixture(t)
		w.reply = func(Job, string) error { return errUnsent }
		_, err := w.run(t, "book")
		require.ErrorIs(t, err, errUnsent)
		w.fails["record failed"] = errDisk
		job, err := w.Cancel(t.Context(), 1)
		require.ErrorIs(t, err, errDisk)
		require.NotEqual(t, Failed, job.State)
		w.fails["find"] = errDisk
		_, err = w.Cancel(t.Context(), 1)
		require.ErrorIs(t, err, errDisk)
	})
}

// A job that was canceled before its turn is not sent.
func TestCanceledBeforeResume(t *testing.T) {
	w := newFixture(t)
	w.reply = func(Job, string) error { return errUnsent }
	second := draft
	second.Intent = "two parcels"
	for _, d := range []Draft{draft, second} {
		_, err := w.Run(t.Context(), anna, d, d.Intent)
		require.ErrorIs(t, err, errUnsent)
	}
	w.calls = nil
	w.reply = func(Job, string) error {
		_, err := w.Cancel(t.Context(), 2)
		return err
	}
	results, err := w.Resume(t.Context(), anna)
	require.NoError(t, err)
	require.Len(t, results, 1)
	require.Equal(t, []string{"key 1 one parcel"}, w.calls)
}

// A job is not sent while it is being canceled.
func TestNotSentWhileCanceling(t *testing.T) {
	w := newFixture(t)
	w.reply = func(Job, string) error { return errUnsent }
	_, err := w.run(t, "book")
	require.ErrorIs(t, err, errUnsent)
	w.calls = nil
	w.cancel = func() (notice, err error) {
		results, err := w.Resume(t.Context(), anna)
		require.Empty(t, results)
		return nil, err
	}
	_, err = w.Cancel(t.Context(), 1)
	require.NoError(t, err)
	require.Empty(t, w.calls)
}

// Resume sends the open jobs of one account in order. A failure does not block later jobs, unless nothing can be
// sent.
func TestResume(t *testing.T) {
	for name, c := range map[string]struct {
		second error
		sent   int
		want   error
	}{
		"all are taken":         {nil, 3, nil},
		"one is lost":           {errLost, 3, errLost},
		"one is refused":        {errRefused, 3, nil},
		"nothing can be sent":   {errUnsent, 2, errUnsent},
		"one is not found":      {errNotFound, 3, nil},
		"the caller is stopped": {context.Canceled, 2, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(t)
			w.reply = func(Job, string) error { return errUnsent }
			for i, s := range []accountID{anna, anna, ben, anna} {
				d := draft
				d.Intent = fmt.Sprint(i)
				_, err := w.Run(t.Context(), s, d, d.Intent)
				require.ErrorIs(t, err, errUnsent)
			}
			w.calls = nil
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.reply = func(_ Job, r string) error {
				if r != "1" {
					return nil
				}
				if errors.Is(c.second, context.Canceled) {
					cancel()
				}
				return c.second
			}
			results, err := w.Resume(ctx, anna)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, []string{"key 1 0", "key 2 1", "key 4 3"}[:c.sent], w.calls)
			require.Len(t, results, c.sent)
			require.Equal(t, Done, results[0].State)
			require.Equal(t, int64(7), results[0].LicenseID)
			require.ErrorIs(t, results[1].Err, c.second)
		})
	}
}

// Jobs of a task of a newer version do not change; a person may cancel them.
func TestJobsOfANewerVersion(t *testing.T) {
	w := newFixture(t)
	d := draft
	d.Task = "of a newer version"
	_, err := w.Run(t.Context(), anna, d, "book")
	require.ErrorContains(t, err, `a job "of a newer version" of a newer version`)
	before := w.open(t)
	results, err := w.Resume(t.Context(), anna)
	require.NoError(t, err)
	require.ErrorContains(t, results[0].Err, "newer version")
	require.Equal(t, before, w.open(t))
	require.Empty(t, w.packed)
	_, err = w.Cancel(t.Context(), 1)
	require.NoError(t, err)
	require.Empty(t, w.open(t))
}

// A job that was sent too long ago is closed; one that was never sent does not expire.
func TestExpired(t *testing.T) {
	w := newFixture(t)
	w.expired = errors.New("too long ago")
	w.reply = func(Job, string) error { return errUnsent }
	_, err := w.run(t, "book")
	require.ErrorIs(t, err, errUnsent)
	w.reply = func(Job, string) error { return errLost }
	_, err = w.run(t, "book")
	require.ErrorIs(t, err, errLost)
	calls := len(w.calls)
	_, err = w.run(t, "book")
	require.ErrorIs(t, err, w.expired)
	require.Len(t, w.calls, calls)
	require.Empty(t, w.open(t))
}

// A job is not carried out for another account.
func TestJobOfAnotherAccount(t *testing.T) {
	w := newFixture(t)
	w.reply = func(Job, string) error { return errUnsent }
	_, err := w.run(t, "book")
	require.ErrorIs(t, err, errUnsent)
	w.calls = nil
	current, _ := w.begin(w.open(t)[0])
	w.carryOut(t.Context(), ben, current)
	require.ErrorIs(t, current.err, errNotOpen)
	require.Empty(t, w.calls)
}

// A stored job has all its fields.
func TestStoredJob(t *testing.T) {
	w := newFixture(t)
	w.reply = func(Job, string) error { return errUnsent }
	d := Draft{
		Task:      "parcel",
		Title:     "A parcel",
		Intent:    "one parcel",
		OrderID:   3,
		LicenseID: 5,
	}
	_, err := w.Run(t.Context(), ben, d, "book")
	require.ErrorIs(t, err, errUnsent)
	w.start()
	job := w.open(t)[0]
	require.True(t, job.CreatedAt.Equal(w.now) && job.UpdatedAt.Equal(w.now))
	job.CreatedAt, job.UpdatedAt = time.Time{}, time.Time{}
	require.Equal(t, Job{
		ID:        1,
		Account:   2,
		Key:       "key 1",
		Task:      "parcel",
		Title:     "A parcel",
		State:     Pending,
		OrderID:   3,
		LicenseID: 5,
		intent:    "one parcel",
		request:   []byte("book"),
	}, job)
}
