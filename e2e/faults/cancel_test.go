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

// jobs are the tasks that the app writes down.
func jobs() (names []string) {
	for _, one := range tasks {
		if one.job {
			names = append(names, one.name)
		}
	}
	return names
}

// releases are the calls that tell the server of a move.
func releases(_, path string) bool { return strings.HasSuffix(path, "/release") }

var cancels = []scenario{
	{
		name: "A task that waits is canceled",
		seen: "It never takes effect; a license that had left the PC returns to it.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
				a := taskNamed(name).begin(t)
				before := a.done()
				a.by.connect(false)
				require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
				require.Len(t, a.by.waits(), 1)
				require.NoError(t, a.by.DropJob(t.Context(), a.by.waits()[0].ID))
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
		name: "A task whose answer was lost is canceled",
		seen: "“This was sent already.” It takes effect one time.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
				one := taskNamed(name)
				a := one.begin(t)
				before := a.done()
				a.by.proxy.on(one.call, answerDropped)
				require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
				require.ErrorIs(t, a.by.DropJob(t.Context(), a.by.waits()[0].ID), manager.ErrJobSent)
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "A task is canceled while its call is on its way",
		seen: "“This was sent already.” It takes effect one time.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
				one := taskNamed(name)
				a := one.begin(t)
				before := a.done()
				l := newLate()
				a.by.proxy.on(one.call, l.requests)
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
				require.ErrorIs(t, a.by.DropJob(t.Context(), jobs[0].ID), manager.ErrJobSent, "it is done")
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "The person gives up waiting while the answer is late",
		seen: "The answer counts when it is requested again: the task takes effect one time.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
				one := taskNamed(name)
				a := one.begin(t)
				before := a.done()
				l := newLate()
				a.by.proxy.times(1, one.call, l.answers)
				ctx, giveUp := context.WithCancel(t.Context())
				failed := make(chan error, 1)
				go func() { failed <- a.do(ctx) }()
				<-l.held
				giveUp()
				require.Error(t, <-failed)
				a.w.checkSafe(t)
				close(l.release)
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "A call arrives at the server after the task was sent again and done",
		seen: "It takes effect one time: both calls have the same key.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
				one := taskNamed(name)
				a := one.begin(t)
				before := a.done()
				l := newLate()
				a.by.proxy.times(1, one.call, l.requests)
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
		name: "A task is canceled while another one before it is being sent",
		seen: "It never takes effect: a waiting task is read again before it is sent.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			require.Error(t, a.SendEmail(t.Context(), manager.SendEmail{LicenseID: l.ID, To: []string{"it@lumen.example"}}))
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			a.connect(true)
			waits := a.waits()
			require.Len(t, waits, 2)
			late := newLate()
			a.proxy.times(1, to(http.MethodPost, "/email"), late.answers)
			done := make(chan error, 1)
			go func() { _, err := a.ResumeJobs(t.Context()); done <- err }()
			<-late.held
			require.NoError(t, a.DropJob(t.Context(), waits[1].ID))
			check(t, w, want{runs: []*pc{a}, jobs: map[*pc]int{a: 1}})
			close(late.release)
			require.NoError(t, <-done)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
			require.Equal(t, 1, w.mails())
		},
	},
	{
		name: "A waiting move is canceled after the PC was activated again",
		seen: "“This PC has a newer license.” The newer one stays, and so does the removal code of the old one.",
		run: func(t *testing.T) {
			for name, end := range map[string]struct {
				do func(*pc, manager.KeptCode) error
				is func(*pc) want
			}{
				"and the old one handed in": {
					(*pc).handIn,
					func(p *pc) want { return want{runs: []*pc{p}} },
				},
				"and the old one offered": {
					(*pc).offer,
					func(p *pc) want { return want{runs: []*pc{p}, waiting: 1} },
				},
			} {
				t.Run(name, func(t *testing.T) {
					w := newWorld(t, plenty, "a")
					a := w.pcs[0]
					old := a.activate()
					a.unplug(releases)
					_, err := a.Move(t.Context(), old)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					newer := a.activate()
					require.ErrorIs(t, a.DropJob(t.Context(), a.waits()[0].ID), manager.ErrNewerHere)
					require.Equal(t, newer.ID, a.verdict().License.ID)
					w.recover()
					check(t, w, want{runs: []*pc{a}, stranded: 1})
					require.NoError(t, end.do(a, a.kept()[0]))
					w.recover()
					check(t, w, end.is(a))
				})
			}
		},
	},
	{
		name: "A move waits in one account, another one is signed in, and the move is canceled there",
		seen: "The other account does not send it; after the cancel the license is back on the PC.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.connect(true)
			owner := w.Login.Username
			w.letIn(sample.OtherUsername)
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
		name: "A waiting move is canceled without a session, offline",
		seen: "The license is back on the PC.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			require.NoError(t, a.SignOut(t.Context()))
			a.shut()
			a.ring.put(nil)
			a.open()
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

// letIn gives another client the password of the sample client.
func (w *world) letIn(username string) {
	w.t.Helper()
	ctx := w.t.Context()
	require.NoError(w.t, w.Store.Write(ctx, func(tx store.Tx) error {
		owner, err := tx.ClientByUsername(ctx, w.Login.Username)
		if err != nil {
			return err
		}
		other, err := tx.ClientByUsername(ctx, username)
		if err != nil {
			return err
		}
		other.PasswordHash = owner.PasswordHash
		return tx.ChangeClient(ctx, other)
	}))
}

func TestCanceled(t *testing.T) { attack(t, cancels) }

var typings = []scenario{
	{
		name: "A wrong removal code is typed, then the right one",
		seen: "The wrong one is refused, the right one accepted.",
		run: func(t *testing.T) {
			each(t, []string{"transfer with a code", "removal with a code"}, func(t *testing.T, name string) {
				s := newTyping(t, name)
				require.ErrorIs(t, s.try(s.wrong), api.ErrRemovalCodeInvalid)
				require.NoError(t, s.try(s.right))
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name: "A wrong removal code is typed without a connection, then the right one",
		seen: "The right one is sent: the typed code is part of the intent.",
		run: func(t *testing.T) {
			each(t, []string{"transfer with a code", "removal with a code"}, func(t *testing.T, name string) {
				s := newTyping(t, name)
				s.b.connect(false)
				require.ErrorIs(t, s.try(s.wrong), manager.ErrUnreachable)
				require.ErrorIs(t, s.try(s.right), manager.ErrUnreachable)
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name: "A wrong removal code is typed and its answer lost, then the right one",
		seen: "The outcome of the first is requested, then the right one is sent.",
		run: func(t *testing.T) {
			each(t, []string{"transfer with a code", "removal with a code"}, func(t *testing.T, name string) {
				s := newTyping(t, name)
				s.b.proxy.on(taskNamed(name).call, answerDropped)
				require.ErrorIs(t, s.try(s.wrong), manager.ErrUnreachable)
				s.b.proxy.end()
				require.NoError(t, s.try(s.right))
				s.w.recover()
				check(t, s.w, s.after)
			})
		},
	},
	{
		name: "The right removal code is typed twice, the first without a connection",
		seen: once,
		run: func(t *testing.T) {
			each(t, []string{"transfer with a code", "removal with a code"}, func(t *testing.T, name string) {
				s := newTyping(t, name)
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
		name: "A removal code that another PC has handed in is listed",
		seen: "It is deleted at the next refresh.",
		run: func(t *testing.T) {
			s := newTyping(t, "removal with a code")
			require.NoError(t, s.try(s.right))
			require.Len(t, s.a.kept(), 1)
			s.a.refresh()
			require.Empty(t, s.a.kept())
		},
	},
}

// typing is a license that the program on a let go, and whose code somebody types on b.
type typing struct {
	attempt
	a, b         *pc
	right, wrong license.RemovalCode
	try          func(license.RemovalCode) error
}

func newTyping(t *testing.T, name string) typing {
	t.Helper()
	w := newWorld(t, plenty, "a", "b")
	s := typing{attempt: attempt{w: w}, a: w.pcs[0], b: w.pcs[1]}
	l := s.a.activate()
	s.right = s.a.letGo()
	s.wrong = s.right ^ 1
	s.b.refresh()
	if name == "transfer with a code" {
		s.after = want{runs: []*pc{s.b}}
		s.try = func(code license.RemovalCode) error {
			_, err := s.b.Transfer(t.Context(), manager.Transfer{License: s.b.row(l.ID), Codes: s.b.thisPC(), RemovalCode: code})
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

func TestTyped(t *testing.T) { attack(t, typings) }

var atOnce = []scenario{
	{
		name: "The program removes its license while the app moves it",
		seen: "The license waits for another PC; both have the same removal code.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			program := a.runProgram()
			late := newLate()
			a.proxy.times(1, to(http.MethodPost, "/release"), late.requests)
			moved := make(chan error, 1)
			go func() { _, err := a.Move(t.Context(), l); moved <- err }()
			<-late.held
			_, err := program.Remove(t.Context())
			require.True(t, err == nil || errors.Is(err, protect.ErrNothing), "%v", err)
			close(late.release)
			require.NoError(t, <-moved)
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "The program removes its license just before the app moves it",
		seen: "The license waits for another PC.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.letGo()
			_, err := a.Move(t.Context(), l)
			require.NoError(t, err)
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "The program removes its license while a move waits, and the move is canceled",
		seen: "The license is back on the PC, or its removal code stays.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			program := a.runProgram()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			_, err = program.Remove(t.Context())
			require.True(t, err == nil || errors.Is(err, protect.ErrNothing), "%v", err)
			require.NoError(t, a.DropJob(t.Context(), a.waits()[0].ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "Two apps with data of their own move the license of one PC at once",
		seen: "One license waits for another PC.",
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
		name: "Two apps are started on one folder",
		seen: "“The app is running already.”",
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
		name: "Two PCs pick up one license at once",
		seen: "One gets it, the other is refused.",
		run: func(t *testing.T) {
			w := newWorld(t, plenty, "a", "b", "c")
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
		name: "Everything that waits is sent and canceled at once",
		seen: "Each task is done or canceled, never both.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.Error(t, err)
			a.connect(true)
			job := a.waits()[0]
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

// secondApp is another app on the hardware and license folder of a PC, with data and a keyring of its own.
func (w *world) secondApp(p *pc) *pc {
	w.t.Helper()
	second := w.newPC(p.name)
	w.pcs = w.pcs[:len(w.pcs)-1] // it is no PC of its own
	second.shut()
	second.shared, second.options.Installed = p.shared, p.options.Installed
	second.open()
	second.signIn()
	return second
}

func TestAtOnce(t *testing.T) { attack(t, atOnce) }
