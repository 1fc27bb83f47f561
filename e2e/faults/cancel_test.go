package faults

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/protect"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/store"
)

// jobTasks returns the names of the tasks that the app stores as jobs.
func jobTasks() (names []string) {
	for _, tt := range tasks {
		if tt.job {
			names = append(names, tt.name)
		}
	}
	return names
}

// isRelease matches the call that reports a move.
func isRelease(_, path string) bool { return strings.HasSuffix(path, "/release") }

var cancelScenarios = []scenario{
	{
		name:    "A pending task is canceled",
		outcome: "It never takes effect. A license that has left its PC returns to it.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				a := taskNamed(name).begin(t)
				before := a.done()
				a.by.connect(false)
				require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
				require.Len(t, a.by.openJobs(), 1)
				require.NoError(t, a.by.DropJob(t.Context(), a.by.openJobs()[0].ID))
				a.w.recover()
				require.Equal(t, before, a.done())
				check(t, a.w, a.before)
				require.NoError(t, a.do(t.Context()))
				a.w.recover()
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "A task whose answer was lost is canceled",
		outcome: "“This was sent already.” It takes effect once.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				tt := taskNamed(name)
				a := tt.begin(t)
				before := a.done()
				a.by.proxy.on(tt.call, answerDropped)
				require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
				require.ErrorIs(t, a.by.DropJob(t.Context(), a.by.openJobs()[0].ID), manager.ErrJobSent)
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "A task is canceled while its call is being sent",
		outcome: "“This was sent already.” It takes effect once.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				tt := taskNamed(name)
				a := tt.begin(t)
				before := a.done()
				l := newDelay()
				a.by.proxy.on(tt.call, l.requests)
				failed := make(chan error, 1)
				go func() { failed <- a.do(t.Context()) }()
				<-l.held
				jobs, err := a.by.Jobs(t.Context())
				require.NoError(t, err)
				require.Len(t, jobs, 1)
				require.ErrorIs(t, a.by.DropJob(t.Context(), jobs[0].ID), manager.ErrJobSent)
				close(l.release)
				require.NoError(t, <-failed)
				a.w.recover()
				require.ErrorIs(t, a.by.DropJob(t.Context(), jobs[0].ID), manager.ErrJobSent, "the task is done")
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "The person cancels the wait for a late answer",
		outcome: "The app requests the answer again, and the task takes effect once.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				tt := taskNamed(name)
				a := tt.begin(t)
				before := a.done()
				l := newDelay()
				a.by.proxy.times(1, tt.call, l.answers)
				ctx, giveUp := context.WithCancel(t.Context())
				failed := make(chan error, 1)
				go func() { failed <- a.do(ctx) }()
				<-l.held
				giveUp()
				require.Error(t, <-failed)
				a.w.checkInvariants(t)
				close(l.release)
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "A delayed call reaches the server after the task was retried and completed",
		outcome: "The task takes effect once: both calls have the same idempotency key.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				tt := taskNamed(name)
				a := tt.begin(t)
				before := a.done()
				l := newDelay()
				a.by.proxy.times(1, tt.call, l.requests)
				ctx, giveUp := context.WithCancel(t.Context())
				failed := make(chan error, 1)
				go func() { failed <- a.do(ctx) }()
				<-l.held
				giveUp()
				require.Error(t, <-failed)
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
				close(l.release) // the first call arrives now
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "A pending task is canceled while the task before it is being sent",
		outcome: "It never takes effect: a pending task is read again before it is sent.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			require.Error(t, a.SendEmail(t.Context(), manager.SendEmail{LicenseID: l.ID, To: []string{"it@lumen.example"}}))
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			a.connect(true)
			waits := a.openJobs()
			require.Len(t, waits, 2)
			delay := newDelay()
			a.proxy.times(1, to(http.MethodPost, "/email"), delay.answers)
			done := make(chan error, 1)
			go func() { _, err := a.ResumeJobs(t.Context()); done <- err }()
			<-delay.held
			require.NoError(t, a.DropJob(t.Context(), waits[1].ID))
			check(t, w, want{runs: []*pc{a}, jobs: map[*pc]int{a: 1}})
			close(delay.release)
			require.NoError(t, <-done)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
			require.Equal(t, 1, w.mails())
		},
	},
	{
		name:    "A pending move is canceled after the PC was activated again",
		outcome: "“This PC has a newer license.” The newer license stays, and so does the removal code of the old one.",
		run: func(t *testing.T) {
			for name, end := range map[string]struct {
				do       func(*pc, manager.KeptCode) error
				expected func(*pc) want
			}{
				"and the removal code of the old one is handed in": {
					(*pc).handIn,
					func(p *pc) want { return want{runs: []*pc{p}} },
				},
				"and the old one is offered": {
					(*pc).offer,
					func(p *pc) want { return want{runs: []*pc{p}, waiting: 1} },
				},
			} {
				t.Run(name, func(t *testing.T) {
					w := newWorld(t, manySeats, "a")
					a := w.pcs[0]
					old := a.activate()
					a.unplug(isRelease)
					_, err := a.Move(t.Context(), old)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					newer := a.activate()
					require.ErrorIs(t, a.DropJob(t.Context(), a.openJobs()[0].ID), manager.ErrNewerHere)
					require.Equal(t, newer.ID, a.verdict().License.ID)
					w.recover()
					check(t, w, want{runs: []*pc{a}, stranded: 1})
					require.NoError(t, end.do(a, a.keptCodes()[0]))
					w.recover()
					check(t, w, end.expected(a))
				})
			}
		},
	},
	{
		name:    "A move is pending in one account, and is canceled while another account is signed in",
		outcome: "The other account does not send it. After it is canceled the license is back on the PC.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.connect(true)
			owner := w.Login.Username
			w.sharePassword(sample.OtherUsername)
			w.Login.Username = sample.OtherUsername
			a.signIn()
			_, err = a.Orders(t.Context())
			require.NoError(t, err)
			done, err := a.ResumeJobs(t.Context())
			require.NoError(t, err)
			require.Empty(t, done)
			require.Nil(t, w.active()[0].ReleasedAt)
			open, err := a.AllJobs(t.Context())
			require.NoError(t, err)
			require.Len(t, open, 1)
			require.NoError(t, a.DropJob(t.Context(), open[0].ID))
			w.Login.Username = owner
			a.signIn()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "A pending move is canceled without a session and without a network",
		outcome: "The license is back on the PC.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			require.NoError(t, a.SignOut(t.Context()))
			a.stopApp()
			a.ring.put(nil)
			a.startApp()
			_, err = a.Resume(t.Context())
			require.ErrorIs(t, err, manager.ErrSignedOut)
			waits, err := a.AllJobs(t.Context())
			require.NoError(t, err)
			require.Len(t, waits, 1)
			require.NoError(t, a.DropJob(t.Context(), waits[0].ID))
			a.connect(true)
			a.signIn()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
}

// sharePassword gives another client the password of the sample client.
func (w *world) sharePassword(username string) {
	w.t.Helper()
	ctx := w.t.Context()
	require.NoError(w.t, w.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		owner, err := tx.Clients.ByUsername(ctx, w.Login.Username)
		if err != nil {
			return err
		}
		other, err := tx.Clients.ByUsername(ctx, username)
		if err != nil {
			return err
		}
		other.PasswordHash = owner.PasswordHash
		return tx.Clients.Change(ctx, other)
	}))
}

// TestCanceled cancels tasks and delays answers.
func TestCanceled(t *testing.T) { runScenarios(t, cancelScenarios) }

var typedCodeScenarios = []scenario{
	{
		name:    "A wrong removal code is typed, then the correct one",
		outcome: "The wrong one is refused and the correct one accepted.",
		run: func(t *testing.T) {
			eachTask(t, []string{"transfer with a typed code", "removal with a typed code"}, func(t *testing.T, name string) {
				s := newTypedCode(t, name)
				require.ErrorIs(t, s.try(s.wrong), api.ErrRemovalCodeInvalid)
				require.NoError(t, s.try(s.right))
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name:    "A wrong removal code is typed without a connection, then the correct one",
		outcome: "The correct one is sent: a task with another code is another job.",
		run: func(t *testing.T) {
			eachTask(t, []string{"transfer with a typed code", "removal with a typed code"}, func(t *testing.T, name string) {
				s := newTypedCode(t, name)
				s.b.connect(false)
				require.ErrorIs(t, s.try(s.wrong), manager.ErrUnreachable)
				require.ErrorIs(t, s.try(s.right), manager.ErrUnreachable)
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name:    "A wrong removal code is typed and its answer lost, then the correct one",
		outcome: "The app requests the outcome of the first, then sends the correct one.",
		run: func(t *testing.T) {
			eachTask(t, []string{"transfer with a typed code", "removal with a typed code"}, func(t *testing.T, name string) {
				s := newTypedCode(t, name)
				s.b.proxy.on(taskNamed(name).call, answerDropped)
				require.ErrorIs(t, s.try(s.wrong), manager.ErrUnreachable)
				s.b.proxy.reset()
				require.NoError(t, s.try(s.right))
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name:    "The correct removal code is typed twice, first without a connection",
		outcome: oneEffect,
		run: func(t *testing.T) {
			eachTask(t, []string{"transfer with a typed code", "removal with a typed code"}, func(t *testing.T, name string) {
				s := newTypedCode(t, name)
				s.b.connect(false)
				require.ErrorIs(t, s.try(s.right), manager.ErrUnreachable)
				s.b.connect(true)
				require.NoError(t, s.try(s.right))
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name:    "A removal code is listed that another PC has handed in",
		outcome: "It is deleted at the next refresh.",
		run: func(t *testing.T) {
			s := newTypedCode(t, "removal with a typed code")
			require.NoError(t, s.try(s.right))
			require.Len(t, s.a.keptCodes(), 1)
			s.a.refresh()
			require.Empty(t, s.a.keptCodes())
		},
	},
}

// typedCode is a license that was removed in the program on a, and whose removal code is typed on b.
type typedCode struct {
	attempt
	a, b         *pc
	right, wrong license.RemovalCode
	try          func(license.RemovalCode) error
}

func newTypedCode(t *testing.T, name string) typedCode {
	t.Helper()
	w := newWorld(t, manySeats, "a", "b")
	s := typedCode{attempt: attempt{w: w}, a: w.pcs[0], b: w.pcs[1]}
	l := s.a.activate()
	s.right = s.a.removeInProgram()
	s.wrong = s.right ^ 1
	s.b.refresh()
	if name == "transfer with a typed code" {
		s.after = want{runs: []*pc{s.b}}
		s.try = func(code license.RemovalCode) error {
			_, err := s.b.Transfer(t.Context(), manager.Transfer{License: s.b.row(l.ID), Codes: s.b.codes(), RemovalCode: code})
			return err
		}
		return s
	}
	s.try = func(code license.RemovalCode) error {
		_, err := s.b.Remove(t.Context(), manager.Remove{License: s.b.row(l.ID), RemovalCode: code})
		return err
	}
	return s
}

// TestTypedCodes types correct and wrong removal codes.
func TestTypedCodes(t *testing.T) { runScenarios(t, typedCodeScenarios) }

var concurrencyScenarios = []scenario{
	{
		name:    "The program removes its license while the app moves it",
		outcome: "The license is released. Both have the same removal code.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			program := a.runProgram()
			delay := newDelay()
			a.proxy.times(1, to(http.MethodPost, "/release"), delay.requests)
			moved := make(chan error, 1)
			go func() { _, err := a.Move(t.Context(), l); moved <- err }()
			<-delay.held
			_, err := program.Remove(t.Context())
			require.True(t, err == nil || errors.Is(err, protect.ErrNoLicense), "%v", err)
			close(delay.release)
			require.NoError(t, <-moved)
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "The program removes its license just before the app moves it",
		outcome: "The license is released.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.removeInProgram()
			_, err := a.Move(t.Context(), l)
			require.NoError(t, err)
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "The program removes its license while a move is pending, and the move is canceled",
		outcome: "The license is back on the PC, or its removal code stays.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			program := a.runProgram()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			_, err = program.Remove(t.Context())
			require.True(t, err == nil || errors.Is(err, protect.ErrNoLicense), "%v", err)
			require.NoError(t, a.DropJob(t.Context(), a.openJobs()[0].ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "Two apps with separate data move the license of one PC at the same time",
		outcome: "One license is released.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			second := w.secondApp(a)
			second.refresh()
			var both sync.WaitGroup
			for _, p := range []*pc{a, second} {
				both.Go(func() { _, _ = p.Move(t.Context(), l) })
			}
			both.Wait()
			w.recover()
			require.Empty(t, second.refresh())
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "Two apps are started on one data folder",
		outcome: "“The app is running already.”",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			a.activate()
			_, err := manager.Open(t.Context(), a.options)
			require.ErrorIs(t, err, manager.ErrAlreadyRunning)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "Two PCs pick up one license at the same time",
		outcome: "One gets it, and the other is refused.",
		run: func(t *testing.T) {
			w := newWorld(t, manySeats, "a", "b", "c")
			a, b, c := w.pcs[0], w.pcs[1], w.pcs[2]
			l, err := a.Move(t.Context(), a.activate())
			require.NoError(t, err)
			b.refresh()
			c.refresh()
			var both sync.WaitGroup
			for _, p := range []*pc{b, c} {
				row := p.row(l.ID)
				both.Go(func() { _, _ = p.PickUp(t.Context(), row) })
			}
			both.Wait()
			w.recover()
			got := b
			if c.verdict().Valid() {
				got = c
			}
			check(t, w, want{runs: []*pc{got}})
		},
	},
	{
		name:    "A pending move is sent and canceled at the same time",
		outcome: "It takes effect or is canceled, never both.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			a.connect(true)
			job := a.openJobs()[0]
			var all sync.WaitGroup
			var canceled error
			for range 2 {
				all.Go(func() { _, _ = a.ResumeJobs(t.Context()) })
			}
			all.Go(func() { canceled = a.DropJob(t.Context(), job.ID) })
			all.Wait()
			w.recover()
			if canceled == nil {
				check(t, w, want{runs: []*pc{a}})
			} else {
				require.ErrorIs(t, canceled, manager.ErrJobSent)
				check(t, w, want{waiting: 1})
			}
		},
	},
}

// secondApp returns another app on the hardware and license folder of a PC, with its own data and keyring.
func (w *world) secondApp(p *pc) *pc {
	w.t.Helper()
	second := w.newPC(p.name)
	w.pcs = w.pcs[:len(w.pcs)-1] // not another PC
	second.stopApp()
	second.shared, second.options.Installed = p.shared, p.options.Installed
	second.startApp()
	second.signIn()
	return second
}

// TestConcurrent performs tasks concurrently.
func TestConcurrent(t *testing.T) { runScenarios(t, concurrencyScenarios) }
