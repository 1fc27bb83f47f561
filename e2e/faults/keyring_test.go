package faults

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// leaving are the tasks with which a license of this PC, or a code that was typed, is on its way.
var leaving = []string{
	"move", "transfer of one's own", "transfer with a code", "removal", "removal with a code", "handing in a kept code",
}

// typed are those of them whose code a person typed: only its sealed copy is kept.
var typed = map[string]bool{"transfer with a code": true, "removal with a code": true}

// waiting does a task without a connection and closes the app.
func waiting(t *testing.T, name string) attempt {
	t.Helper()
	a := taskNamed(name).begin(t)
	a.by.connect(false)
	require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
	a.by.shut()
	return a
}

// each runs a subtest for every one of some tasks; in the short form for a few of them, chosen by the scenario's name.
func each(t *testing.T, names []string, run func(t *testing.T, name string)) {
	t.Helper()
	first := len(t.Name()) % len(names)
	for i, name := range names {
		if !*whole && (i-first)%6 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) { run(t, name) })
	}
}

var keyrings = []scenario{
	{
		name: "The keyring is emptied while a task waits",
		seen: "The task of a license of this PC resumes: its code is next to the license files. A typed " +
			"code must be entered again.",
		run: func(t *testing.T) {
			each(t, leaving, func(t *testing.T, name string) {
				a := waiting(t, name)
				a.by.ring.put(nil)
				a.by.open()
				a.by.connect(true)
				a.by.signIn()
				a.w.recover()
				if typed[name] {
					check(t, a.w, a.before)
					require.NoError(t, a.do(t.Context()))
					a.w.recover()
				}
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "The keyring is replaced by another one while a task waits",
		seen: "As when it is emptied.",
		run: func(t *testing.T) {
			each(t, leaving, func(t *testing.T, name string) {
				a := waiting(t, name)
				a.by.ring.put(map[string]string{"vault key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
				a.by.open()
				a.by.connect(true)
				a.by.signIn()
				a.w.recover()
				if typed[name] {
					check(t, a.w, a.before)
					require.NoError(t, a.do(t.Context()))
					a.w.recover()
				}
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "The keyring is locked when a task goes on, as over ssh, and unlocked later",
		seen: "A task that needs the key waits for it; the others resume.",
		run: func(t *testing.T) {
			each(t, leaving, func(t *testing.T, name string) {
				a := waiting(t, name)
				a.by.ring.lock(true)
				a.by.open()
				a.by.connect(true)
				a.by.signIn()
				_, _ = a.by.ResumeJobs(t.Context()) // what needs the key fails
				require.NoError(t, a.by.learn())
				jobs := map[*pc]int{}
				if typed[name] {
					jobs[a.by] = 1
				}
				require.Len(t, a.by.waits(), jobs[a.by])
				a.w.checkSafe(t)
				a.by.shut()
				a.by.ring.lock(false)
				a.by.open()
				a.by.signIn()
				a.w.recover()
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "There is no keyring at all while a task waits, and the app is started again",
		seen: "The task of a license of this PC resumes. A typed code must be entered again.",
		run: func(t *testing.T) {
			each(t, leaving, func(t *testing.T, name string) {
				a := taskNamed(name).begin(t)
				a.by.shut()
				a.by.ring.lock(true)
				a.by.open()
				a.by.signIn()
				a.by.refresh()
				a.by.connect(false)
				require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
				a.by.shut()
				a.by.open()
				a.by.connect(true)
				a.by.signIn()
				a.by.refresh()
				if typed[name] {
					check(t, a.w, a.before)
					require.NoError(t, a.do(t.Context()))
				}
				a.w.recover()
				check(t, a.w, a.after)
			})
		},
	},
	{
		name: "The keyring is locked for one start, and what was sealed before is there at the next",
		seen: "Nothing: the key of that start does not replace the other.",
		run: func(t *testing.T) {
			a := waiting(t, "transfer with a code")
			a.by.unplug(func(_, path string) bool { return strings.HasSuffix(path, "/transfer") })
			a.by.ring.lock(true)
			a.by.open()
			a.by.signIn()
			_, _ = a.by.ResumeJobs(t.Context())
			_, err := a.by.MakeRequest(t.Context(), "b", []manager.Wish{{Task: carry.TaskActivate, Signature: signature}})
			require.NoError(t, err)
			a.by.ring.lock(false) // while the app runs
			_, _ = a.by.ResumeJobs(t.Context())
			a.by.shut()
			a.by.open()
			a.by.connect(true)
			a.by.signIn()
			a.w.recover()
			check(t, a.w, a.after)
		},
	},
	{
		name: "The keyring is replaced after “Give back” on a PC without a network",
		seen: "The removal code is still listed, and a courier takes it.",
		run: func(t *testing.T) {
			a := taskNamed("courier takes a code").begin(t)
			c := a.w.pcs[1]
			before := c.kept()
			require.Len(t, before, 1)
			c.shut()
			c.ring.put(nil)
			c.open()
			require.Len(t, c.kept(), 1)
			require.Equal(t, before[0].Code, c.kept()[0].Code)
			check(t, a.w, a.before)
			request := c.handsIn(c.kept()[0])
			require.NoError(t, carryOver(t.Context(), a.by, c, request))
			a.w.recover()
			check(t, a.w, a.after)
		},
	},
	{
		name: "The keyring is locked while the app runs, and its session is renewed",
		seen: "The app continues; after the next start the person signs in again. Waiting tasks resume.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.proxy.on(to(http.MethodPost, "/release"), requestDropped)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.ring.lock(true)
			w.Clock.Advance(20 * 60 * 1e9)
			require.NoError(t, a.learn())
			a.shut()
			a.ring.lock(false)
			a.open()
			a.connect(true)
			a.resume()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
}

func TestKeyring(t *testing.T) { attack(t, keyrings) }
