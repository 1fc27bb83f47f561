package faults

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// resume continues the remembered session of an app that was started, or signs in anew when it has ended.
func (p *pc) resume() {
	p.t.Helper()
	_, err := p.Resume(p.t.Context())
	if errors.Is(err, manager.ErrSignedOut) {
		p.signIn()
		return
	}
	require.NoError(p.t, err)
}

// moments are when a copy of a PC is taken, in the life of a license that is moved away.
type moments struct {
	w       *world
	a, b    *pc
	license manager.License
	unborn  image // before the activation
	active  image // while the license is on the PC
	waits   image // while its move waits for a connection
}

// movedAway lives through the moments: the license is on b in the end, or waits when picked is false.
func movedAway(t *testing.T, picked bool) moments {
	t.Helper()
	w := newWorld(t, 1, "a", "b")
	m := moments{w: w, a: w.pcs[0], b: w.pcs[1]}
	m.unborn = m.a.image()
	m.license = m.a.activate()
	m.active = m.a.image()
	m.a.connect(false)
	_, err := m.a.Move(t.Context(), m.license)
	require.ErrorIs(t, err, manager.ErrUnreachable)
	m.waits = m.a.image()
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

// activeOne is a world in which the license is on the first PC, with a copy from before.
func activeOne(t *testing.T) (w *world, a *pc, l manager.License, unborn image) {
	t.Helper()
	w = newWorld(t, 1, "a")
	a = w.pcs[0]
	unborn = a.image()
	return w, a, a.activate(), unborn
}

var putBacks = []scenario{
	{
		name: "The app's data are put back from before the activation",
		seen: "The program continues to run, and the app finds its license again.",
		run: func(t *testing.T) {
			w, a, _, unborn := activeOne(t)
			a.putBack(unborn, appData)
			a.resume()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The app's data are lost",
		seen: "The program continues to run; after the sign-in the app finds its license again.",
		run: func(t *testing.T) {
			w, a, _, _ := activeOne(t)
			a.putBack(image{}, appData|secrets)
			a.signIn()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The license folder is put back from before the activation",
		seen: "The app offers to bring the license back.",
		run: func(t *testing.T) {
			w, a, l, unborn := activeOne(t)
			a.putBack(unborn, licenseFolder)
			a.resume()
			w.recover()
			if a.row(l.ID).ThisPC { // the generation was chosen before: the file was put back
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
		name: "The license folder is lost",
		seen: "The app offers to bring the license back.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.putBack(image{}, licenseFolder)
			a.resume()
			w.recover()
			check(t, w, want{stranded: 1})
			require.NoError(t, a.bringBack(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "Everything is put back from before the activation",
		seen: "The app offers to bring the license back, or restores its file.",
		run: func(t *testing.T) {
			w, a, l, unborn := activeOne(t)
			a.putBack(unborn, everything)
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
		name: "The app's data are put back from when a move waited that is done now",
		seen: "It does not take effect twice: the license stays where it is.",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.putBack(m.waits, appData)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name: "The app's data are put back from when a move waited that is done now, three days later",
		seen: "The server no longer knows the task's key and reports that the license has ended: the " +
			"license stays where it is.",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.w.Clock.Advance(3 * 24 * time.Hour)
			m.a.putBack(m.waits, appData)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name: "The app's data are put back from when a move waited that is done now, and the move is canceled",
		seen: "“The server has taken this license already, so it does not come back.”",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.putBack(m.waits, appData)
			m.a.resume()
			require.Error(t, m.a.DropJob(t.Context(), m.a.waits()[0].ID))
			check(t, m.w, want{runs: []*pc{m.b}})
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name: "The app's data are put back from before a move that is done now",
		seen: "The license folder records that the license left: it stays where it is.",
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.putBack(m.active, appData)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name: "The app's data and the license folder are put back from when a move waited that is done now, and the " +
			"move is canceled",
		seen:  "The program runs on both PCs until the app refreshes; then only where the license is.",
		limit: untilSeen,
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.putBack(m.waits, appData|licenseFolder)
			m.a.resume()
			require.NoError(t, m.a.DropJob(t.Context(), m.a.waits()[0].ID))
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:  "The license folder is put back from before a move that is done now",
		seen:  "The program runs on both PCs until the app refreshes; then only where the license is.",
		limit: untilSeen,
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.putBack(m.active, licenseFolder)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:  "The license folder is put back from before a move whose license waits for another PC",
		seen:  "The program runs until the app refreshes; then it does not, and the license waits.",
		limit: untilSeen,
		run: func(t *testing.T) {
			m := movedAway(t, false)
			m.a.putBack(m.active, licenseFolder)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{waiting: 1})
		},
	},
	{
		name:  "The license folder is put back from before a removal",
		seen:  "The program runs until the app refreshes.",
		limit: untilSeen,
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			before := a.image()
			_, err := a.Remove(t.Context(), manager.Remove{License: l})
			require.NoError(t, err)
			a.putBack(before, licenseFolder)
			a.resume()
			w.recover()
			check(t, w, want{})
		},
	},
	{
		name:  "Everything is put back from before a move that is done now",
		seen:  "The program runs on both PCs until the app refreshes; then only where the license is.",
		limit: untilSeen,
		run: func(t *testing.T) {
			m := movedAway(t, true)
			m.a.putBack(m.active, everything)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{runs: []*pc{m.b}})
		},
	},
	{
		name:  "Everything is put back from before a move whose license waits for another PC",
		seen:  "The program runs until the app refreshes; then it does not, and the license waits.",
		limit: untilSeen,
		run: func(t *testing.T) {
			m := movedAway(t, false)
			m.a.putBack(m.active, everything)
			m.a.resume()
			m.w.recover()
			check(t, m.w, want{waiting: 1})
		},
	},
	{
		name:  "Everything is put back from before the PC gave a license away and got another one",
		seen:  "The file of the license that ended is erased, and the app offers to bring the newer one back.",
		limit: untilSeen,
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			before := a.image()
			_, err := a.Remove(t.Context(), manager.Remove{License: l})
			require.NoError(t, err)
			newer := a.activate()
			a.putBack(before, everything)
			a.resume()
			w.recover()
			check(t, w, want{stranded: 1})
			require.NoError(t, a.bringBack(newer.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The license folder is lost while a move waits",
		seen: goesOn,
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.putBack(image{}, licenseFolder)
			a.connect(true)
			a.resume()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "The app's data are lost while a move waits",
		seen: "The removal code is next to the license files: it is listed, and can be handed in or offered.",
		run: func(t *testing.T) {
			for name, hand := range map[string]struct {
				do func(*pc, manager.KeptCode) error
				is want
			}{
				"hand in": {(*pc).handIn, want{}},
				"offer":   {(*pc).offer, want{waiting: 1}},
			} {
				t.Run(name, func(t *testing.T) {
					w, a, l, _ := activeOne(t)
					a.connect(false)
					_, err := a.Move(t.Context(), l)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					a.putBack(image{}, appData|secrets)
					a.connect(true)
					a.signIn()
					w.recover()
					check(t, w, want{stranded: 1})
					require.Len(t, a.kept(), 1)
					require.NoError(t, hand.do(a, a.kept()[0]))
					w.recover()
					check(t, w, hand.is)
				})
			}
		},
	},
	{
		name: "The server and all PCs are put back to the moment when the license was on the first PC",
		seen: "All is as it was then.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			restore, _ := w.backup()
			first, second := a.image(), b.image()
			w.moveTo(a, b, l)
			restore()
			a.putBack(first, everything)
			b.putBack(second, everything)
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
		name:  "The server is put back to when the license was on the first PC, the first PC to before that",
		seen:  "The app on the first PC offers to bring the license back.",
		limit: tooLate,
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			unborn := a.image()
			l := a.activate()
			restore, _ := w.backup()
			w.moveTo(a, b, l)
			restore()
			a.putBack(unborn, everything)
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
		name: "A whole PC is copied with its hardware, as a virtual machine, and the license is moved away on one of " +
			"the two",
		seen:  "The program runs on the copy until its app refreshes.",
		limit: untilSeen,
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			twin := w.newPC(a.name)
			twin.putBack(a.image(), everything)
			twin.signIn() // a session that is used on two PCs ends
			twin.refresh()
			require.True(t, twin.verdict().Valid())
			_, err := a.Move(t.Context(), l)
			require.NoError(t, err)
			w.recover()
			check(t, w, want{waiting: 1})
			_, err = twin.PickUp(t.Context(), twin.row(l.ID))
			require.NoError(t, err)
			twin.refresh()
			require.True(t, twin.verdict().Valid())
		},
	},
	{
		name: "The keyring is put back from before",
		seen: "The old session is no longer accepted: the person signs in again. Nothing else changes.",
		run: func(t *testing.T) {
			w, a, _, _ := activeOne(t)
			before := a.image()
			for range 6 {
				w.Clock.Advance(20 * time.Minute)
				a.restart()
			}
			a.putBack(before, secrets)
			a.resume()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
}

func TestPCIsPutBack(t *testing.T) { attack(t, putBacks) }
