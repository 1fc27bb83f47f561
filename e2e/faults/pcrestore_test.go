package faults

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// resume resumes the remembered session, or signs in if it has ended.
func (p *pc) resume() {
	p.t.Helper()
	_, err := p.Resume(p.t.Context())
	if errors.Is(err, manager.ErrSignedOut) {
		p.signIn()
		return
	}
	require.NoError(p.t, err)
}

// movedLicense is a license that was moved away, with copies of its PC from before.
type movedLicense struct {
	w                *world
	a, b             *pc
	license          manager.License
	beforeActivation image
	whileActive      image // while the license is on the PC
	movePending      image // while its move is pending
}

// movedAway activates a license on a and moves it. In the end it is on b, or released if picked is false.
func movedAway(t *testing.T, picked bool) movedLicense {
	t.Helper()
	w := newWorld(t, 1, "a", "b")
	m := movedLicense{w: w, a: w.pcs[0], b: w.pcs[1]}
	m.beforeActivation = m.a.image()
	m.license = m.a.activate()
	m.whileActive = m.a.image()
	m.a.connect(false)
	_, err := m.a.Move(t.Context(), m.license)
	require.ErrorIs(t, err, manager.ErrUnreachable)
	m.movePending = m.a.image()
	m.a.connect(true)
	m.a.refresh()
	if picked {
		m.b.refresh()
		_, err = m.b.PickUp(t.Context(), m.b.row(m.license.ID))
		require.NoError(t, err)
	}
	w.recover()
	return m
}

// newActivated returns a world with a license on its first PC, and a copy of that PC from before.
func newActivated(t *testing.T) (w *world, a *pc, l manager.License, beforeActivation image) {
	t.Helper()
	w = newWorld(t, 1, "a")
	a = w.pcs[0]
	beforeActivation = a.image()
	return w, a, a.activate(), beforeActivation
}

var pcRestoreScenarios = []scenario{
	{
		name:    "The app's data are restored from before the activation",
		outcome: "The program continues to run, and the app finds its license.",
		run: func(t *testing.T) {
			w, a, _, beforeActivation := newActivated(t)
			a.restoreImage(beforeActivation, appData)
			a.resume()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The app's data are lost",
		outcome: "The program continues to run; after signing in the app finds its license.",
		run: func(t *testing.T) {
			w, a, _, _ := newActivated(t)
			a.restoreImage(image{}, appData|secrets)
			a.signIn()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The license folder is restored from before the activation",
		outcome: "The app offers to bring back the license.",
		run: func(t *testing.T) {
			w, a, l, beforeActivation := newActivated(t)
			a.restoreImage(beforeActivation, licenseFolder)
			a.resume()
			w.recover()
			if a.row(l.ID).ThisPC { // the generation is the one from before, so the license file was restored
				check(t, w, want{runs: []*pc{a}})
				return
			}
			check(t, w, want{stranded: 1})
			require.NoError(t, a.bringBack(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The license folder is lost",
		outcome: "The app offers to bring back the license.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.restoreImage(image{}, licenseFolder)
			a.resume()
			w.recover()
			check(t, w, want{stranded: 1})
			require.NoError(t, a.bringBack(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "Everything is restored from before the activation",
		outcome: "The app offers to bring back the license, or restores its file.",
		run: func(t *testing.T) {
			w, a, l, beforeActivation := newActivated(t)
			a.restoreImage(beforeActivation, everything)
			a.resume()
			w.recover()
			if !a.row(l.ID).ThisPC {
				check(t, w, want{stranded: 1})
				require.NoError(t, a.bringBack(l.ID))
				w.recover()
			}
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The app's data are restored from during a move that has since completed",
		outcome: "The move does not take effect twice: the license stays on its present PC.",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.restoreImage(m.movePending, appData)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name: "The app's data are restored from during a move that has since completed, three days later",
		outcome: "The server no longer has the task's idempotency key and reports that the license has ended. The " +
			"license stays on its present PC.",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.w.Clock.Advance(3 * 24 * time.Hour)
			m.a.restoreImage(m.movePending, appData)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:    "The app's data are restored from during a move that has since completed, and the move is canceled",
		outcome: "“The server has already taken this license, so it cannot be brought back.”",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.restoreImage(m.movePending, appData)
			m.a.resume()
			require.Error(t, m.a.CancelJob(t.Context(), m.a.openJobs()[0].ID))
			check(t, m.w, want{runs: []*pc{m.b}})
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:    "The app's data are restored from before a completed move",
		outcome: "The license folder records that the license left. It stays on its present PC.",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.restoreImage(m.whileActive, appData)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name: "The app's data and the license folder are restored from during a move that has since completed, and " +
			"the move is canceled",
		outcome: "The program runs on both PCs until the app refreshes, then only where the license is.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.restoreImage(m.movePending, appData|licenseFolder)
			m.a.resume()
			require.NoError(t, m.a.CancelJob(t.Context(), m.a.openJobs()[0].ID))
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:    "The license folder is restored from before a completed move",
		outcome: "The program runs on both PCs until the app refreshes, then only where the license is.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.restoreImage(m.whileActive, licenseFolder)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:    "The license folder is restored from before a move that was not picked up",
		outcome: "The program runs until the app refreshes. The license stays released.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			m := movedAway(t, false)
			m.a.restoreImage(m.whileActive, licenseFolder)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{waiting: 1})
		},
	},
	{
		name:    "The license folder is restored from before a removal",
		outcome: "The program runs until the app refreshes.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			before := a.image()
			_, err := a.Remove(t.Context(), manager.Remove{License: l})
			require.NoError(t, err)
			a.restoreImage(before, licenseFolder)
			a.resume()
			w.recover()
			check(t, w, want{})
		},
	},
	{
		name:    "Everything is restored from before a completed move",
		outcome: "The program runs on both PCs until the app refreshes, then only where the license is.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.restoreImage(m.whileActive, everything)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:    "Everything is restored from before a move that was not picked up",
		outcome: "The program runs until the app refreshes. The license stays released.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			m := movedAway(t, false)
			m.a.restoreImage(m.whileActive, everything)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{waiting: 1})
		},
	},
	{
		name:    "Everything is restored from before a license was removed and another one activated",
		outcome: "The file of the ended license is deleted, and the app offers to bring back the newer one.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			before := a.image()
			_, err := a.Remove(t.Context(), manager.Remove{License: l})
			require.NoError(t, err)
			newer := a.activate()
			a.restoreImage(before, everything)
			a.resume()
			w.recover()
			check(t, w, want{stranded: 1})
			require.NoError(t, a.bringBack(newer.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The license folder is lost while a move is pending",
		outcome: taskResumes,
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.restoreImage(image{}, licenseFolder)
			a.connect(true)
			a.resume()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "The app's data are lost while a move is pending",
		outcome: "The removal code is next to the license files: it is listed, and can be handed in or offered.",
		run: func(t *testing.T) {
			for name, hand := range map[string]struct {
				do       func(*pc, manager.KeptCode) error
				expected want
			}{
				"hand in": {(*pc).handIn, want{}},
				"offer":   {(*pc).offer, want{waiting: 1}},
			} {
				t.Run(name, func(t *testing.T) {
					w, a, l, _ := newActivated(t)
					a.connect(false)
					_, err := a.Move(t.Context(), l)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					a.restoreImage(image{}, appData|secrets)
					a.connect(true)
					a.signIn()
					w.recover()
					check(t, w, want{stranded: 1})
					require.Len(t, a.keptCodes(), 1)
					require.NoError(t, hand.do(a, a.keptCodes()[0]))
					w.recover()
					check(t, w, hand.expected)
				})
			}
		},
	},
	{
		name:    "The server and all PCs are restored to when the license was on the first PC",
		outcome: "Everything is as it was then.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			restore, _ := w.backup()
			first, second := a.image(), b.image()
			w.moveTo(a, b, l)
			restore()
			a.restoreImage(first, everything)
			b.restoreImage(second, everything)
			a.resume()
			b.resume()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
			w.moveTo(a, b, a.row(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name:    "The server is restored to when the license was on the first PC, and the first PC to before that",
		outcome: "The app on the first PC offers to bring back the license.",
		limit:   limitUnknownLicense,
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			beforeActivation := a.image()
			l := a.activate()
			restore, _ := w.backup()
			w.moveTo(a, b, l)
			restore()
			a.restoreImage(beforeActivation, everything)
			a.resume()
			w.recover()
			if !a.row(l.ID).ThisPC {
				check(t, w, want{stranded: 1, forgotten: []*pc{b}})
				require.NoError(t, a.bringBack(l.ID))
				w.recover()
			}
			check(t, w, want{runs: []*pc{a}, forgotten: []*pc{b}})
		},
	},
	{
		name:    "A virtual machine is cloned, and the license is moved away on one of the two",
		outcome: "The program runs on the clone until its app refreshes.",
		limit:   limitRestoredCopy,
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			clone := w.newPC(a.name)
			clone.restoreImage(a.image(), everything)
			clone.signIn() // a session that is used on two PCs ends
			clone.refresh()
			require.True(t, clone.verdict().Valid())
			_, err := a.Move(t.Context(), l)
			require.NoError(t, err)
			w.recover()
			check(t, w, want{waiting: 1})
			_, err = clone.PickUp(t.Context(), clone.row(l.ID))
			require.NoError(t, err)
			clone.refresh()
			require.True(t, clone.verdict().Valid())
		},
	},
	{
		name:    "The keyring is restored from a backup",
		outcome: "The old session is no longer accepted. The person signs in again; nothing else changes.",
		run: func(t *testing.T) {
			w, a, _, _ := newActivated(t)
			before := a.image()
			for range 6 {
				w.Clock.Advance(20 * time.Minute)
				a.restart()
			}
			a.restoreImage(before, secrets)
			a.resume()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
}

// TestPCRestored deletes a PC's data or restores them from a backup.
func TestPCRestored(t *testing.T) { runScenarios(t, pcRestoreScenarios) }
