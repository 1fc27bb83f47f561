package faults

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// departingTasks are the tasks with a license that leaves this PC, or with a typed removal code.
var departingTasks = []string{
	"move", "transfer from this PC", "transfer with a typed code", "removal", "removal with a typed code",
	"hand in a kept code",
}

// typedCodeTasks are the departing tasks with a typed removal code, of which only a sealed copy is stored.
var typedCodeTasks = map[string]bool{"transfer with a typed code": true, "removal with a typed code": true}

// doOffline performs a task without a connection and stops the app.
func doOffline(t *testing.T, name string) attempt {
	t.Helper()
	a := taskNamed(name).begin(t)
	a.by.connect(false)
	require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
	a.by.stopApp()
	return a
}

// eachTask runs a subtest for each task. The short form runs a few of them, which depend on the test's name.
func eachTask(t *testing.T, names []string, run func(t *testing.T, name string)) {
	t.Helper()
	first := len(t.Name()) % len(names)
	for i, name := range names {
		if !*exhaustive && (i-first)%6 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) { run(t, name) })
	}
}

var keyringScenarios = []scenario{
	{
		name: "The keyring is emptied while a task is pending",
		outcome: "A task with a license of this PC resumes: its removal code is next to the license files. A typed " +
			"removal code must be entered again.",
		run: func(t *testing.T) {
			eachTask(t, departingTasks, func(t *testing.T, name string) {
				a := doOffline(t, name)
				a.by.ring.put(nil)
				a.by.startApp()
				a.by.connect(true)
				a.by.signIn()
				a.w.recover()
				if typedCodeTasks[name] {
					check(t, a.w, a.before)
					require.NoError(t, a.do(t.Context()))
					a.w.recover()
				}
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "The keyring is replaced by another one while a task is pending",
		outcome: "The same as when it is emptied.",
		run: func(t *testing.T) {
			eachTask(t, departingTasks, func(t *testing.T, name string) {
				a := doOffline(t, name)
				a.by.ring.put(map[string]string{"vault key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
				a.by.startApp()
				a.by.connect(true)
				a.by.signIn()
				a.w.recover()
				if typedCodeTasks[name] {
					check(t, a.w, a.before)
					require.NoError(t, a.do(t.Context()))
					a.w.recover()
				}
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "The keyring is locked when a task resumes, as in an SSH session, and unlocked later",
		outcome: "A task that needs the key stays pending. The others resume.",
		run: func(t *testing.T) {
			eachTask(t, departingTasks, func(t *testing.T, name string) {
				a := doOffline(t, name)
				a.by.ring.lock(true)
				a.by.startApp()
				a.by.connect(true)
				a.by.signIn()
				_, _ = a.by.ResumeJobs(t.Context()) // tasks that need the key fail
				require.NoError(t, a.by.fetchTables())
				jobs := map[*pc]int{}
				if typedCodeTasks[name] {
					jobs[a.by] = 1
				}
				require.Len(t, a.by.openJobs(), jobs[a.by])
				a.w.checkInvariants(t)
				a.by.stopApp()
				a.by.ring.lock(false)
				a.by.startApp()
				a.by.signIn()
				a.w.recover()
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "There is no keyring while a task is pending, and the app is restarted",
		outcome: "A task with a license of this PC resumes. A typed removal code must be entered again.",
		run: func(t *testing.T) {
			eachTask(t, departingTasks, func(t *testing.T, name string) {
				a := taskNamed(name).begin(t)
				a.by.stopApp()
				a.by.ring.lock(true)
				a.by.startApp()
				a.by.signIn()
				a.by.refresh()
				a.by.connect(false)
				require.ErrorIs(t, a.do(t.Context()), manager.ErrUnreachable)
				a.by.stopApp()
				a.by.startApp()
				a.by.connect(true)
				a.by.signIn()
				a.by.refresh()
				if typedCodeTasks[name] {
					check(t, a.w, a.before)
					require.NoError(t, a.do(t.Context()))
				}
				a.w.recover()
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "The keyring is locked for one start of the app",
		outcome: "The key of that start does not replace the stored one: what was sealed before can be opened later.",
		run: func(t *testing.T) {
			a := doOffline(t, "transfer with a typed code")
			a.by.unplug(func(_, path string) bool { return strings.HasSuffix(path, "/transfer") })
			a.by.ring.lock(true)
			a.by.startApp()
			a.by.signIn()
			_, _ = a.by.ResumeJobs(t.Context())
			_, err := a.by.MakeRequest(t.Context(), "b", []manager.RequestItem{{Task: carry.TaskActivate, Signature: signature}})
			require.NoError(t, err)
			a.by.ring.lock(false) // while the app runs
			_, _ = a.by.ResumeJobs(t.Context())
			a.by.stopApp()
			a.by.startApp()
			a.by.connect(true)
			a.by.signIn()
			a.w.recover()
			check(t, a.w, a.after)
		},
	},
	{
		name:    "The keyring is replaced after “Give back” on a PC without a network",
		outcome: "The removal code is still listed, and a courier takes it.",
		run: func(t *testing.T) {
			a := taskNamed("courier hands in a removal code").begin(t)
			c := a.w.pcs[1]
			before := c.keptCodes()
			require.Len(t, before, 1)
			c.stopApp()
			c.ring.put(nil)
			c.startApp()
			require.Len(t, c.keptCodes(), 1)
			require.Equal(t, before[0].Code, c.keptCodes()[0].Code)
			check(t, a.w, a.before)
			request := c.removalRequest(c.keptCodes()[0])
			require.NoError(t, carryRequest(t.Context(), a.by, c, request))
			a.w.recover()
			check(t, a.w, a.after)
		},
	},
	{
		name:    "The keyring is locked while the app runs, and its session is renewed",
		outcome: "The app continues. After the next start the person signs in again, and pending tasks resume.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			a.proxy.on(to(http.MethodPost, "/release"), requestDropped)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.ring.lock(true)
			w.Clock.Advance(20 * 60 * 1e9)
			require.NoError(t, a.fetchTables())
			a.stopApp()
			a.ring.lock(false)
			a.startApp()
			a.connect(true)
			a.resume()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
}

// TestKeyring locks, empties and replaces the keyring.
func TestKeyring(t *testing.T) { runScenarios(t, keyringScenarios) }
