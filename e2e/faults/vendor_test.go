package faults

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/protect"
	"github.com/acen-desktop/acen/server/store"
)

// vendorChange is a change by the vendor during a task, which is then reverted.
type vendorChange struct {
	name, outcome string
	apply, revert func(w *world)
}

// allTasksOff returns rules that allow no task.
func allTasksOff() store.TaskRules {
	rules := store.TaskRules{}
	for _, task := range api.LimitedTasks() {
		rules[task.RuleName()] = map[api.SubscriptionState]store.TaskRule{
			api.SubscriptionNone:    {},
			api.SubscriptionValid:   {},
			api.SubscriptionExpired: {},
		}
	}
	return rules
}

const movesOrReturns = "The license is released or returns to its PC. After the change is reverted, the task " +
	"completes or can be repeated."

var vendorChanges = []vendorChange{
	{
		name:    "makes the order inactive",
		outcome: movesOrReturns,
		apply:   func(w *world) { w.change(func(o *store.Order) { o.Active = false }) },
		revert:  func(w *world) { w.change(func(o *store.Order) { o.Active = true }) },
	},
	{
		name:    "makes the order invisible",
		outcome: movesOrReturns,
		apply:   func(w *world) { w.change(func(o *store.Order) { o.Visible = false }) },
		revert:  func(w *world) { w.change(func(o *store.Order) { o.Visible = true }) },
	},
	{
		name:    "makes the order read-only",
		outcome: movesOrReturns,
		apply:   func(w *world) { w.change(func(o *store.Order) { o.CanManage = false }) },
		revert:  func(w *world) { w.change(func(o *store.Order) { o.CanManage = true }) },
	},
	{
		name:    "disables all tasks of the program",
		outcome: movesOrReturns,
		apply:   func(w *world) { w.rule(allTasksOff()) },
		revert:  func(w *world) { w.rule(nil) },
	},
	{
		name:    "changes the program's signing key",
		outcome: "The task completes. Receipts and license files of either key are valid.",
		apply:   func(w *world) { w.useNextKey() },
		revert:  func(*world) {},
	},
	{
		name:    "changes the features of the license",
		outcome: "The task completes. The removal code of the former activation code is valid, too.",
		apply: func(w *world) {
			for _, l := range w.active() {
				_, err := w.admin.ChangeLicense(w.t.Context(), l.ID, func(l *store.License) error { l.Features = 1; return nil })
				require.NoError(w.t, err)
			}
		},
		revert: func(*world) {},
	},
}

// useNextKey signs the program's license files with the next key from now on.
func (w *world) useNextKey() {
	w.t.Helper()
	_, err := w.admin.UseKey(w.t.Context(), w.program.ID)
	require.NoError(w.t, err)
}

// licenseTasks returns the names of the tasks with licenses of the order.
func licenseTasks() []string {
	var names []string
	for _, tt := range tasks {
		if tt.name != "new order" && tt.name != "refresh" {
			names = append(names, tt.name)
		}
	}
	return names
}

// tryRefresh refreshes and ignores errors.
func (p *pc) tryRefresh() {
	_ = p.fetchTables()
	_, _ = p.ResumeJobs(p.t.Context())
	_ = p.fetchTables()
}

// TestVendorInTheMiddle makes a change by the vendor while a task waits for a connection, lets the app retry, and
// reverts the change.
func TestVendorInTheMiddle(t *testing.T) {
	for i, v := range vendorChanges {
		for j, name := range licenseTasks() {
			if !*exhaustive && (i+j)%6 != 0 {
				continue
			}
			t.Run(v.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				tt := taskNamed(name)
				a := tt.begin(t)
				before := a.done()
				a.by.proxy.on(tt.call, requestDropped)
				require.Error(t, a.do(t.Context()))
				a.by.proxy.reset()
				v.apply(a.w)
				for _, p := range a.w.online() {
					p.tryRefresh()
				}
				a.w.checkOnePC(t)
				v.revert(a.w)
				a.w.recover()
				a.complete(t, tt, before)
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		}
	}
}

// vendorEndings are the ways in which the vendor takes away a license with a pending task.
var vendorEndings = []struct {
	name, outcome string
	end           func(w *world, id int64)
	left          int // remaining active licenses, on a PC outside the test
}{
	{
		name:    "ends the license",
		outcome: "It has ended: no program runs, no task is open, and no removal code is left.",
		end: func(w *world, id int64) {
			_, err := w.admin.EndLicense(w.t.Context(), id)
			require.NoError(w.t, err)
		},
	},
	{
		name:    "gives the license to another PC",
		outcome: "The other PC has it: no task is open, and no removal code is left.",
		end: func(w *world, id int64) {
			reading, err := fingerprinttest.PC("stranger").Read(w.t.Context())
			require.NoError(w.t, err)
			key := signature.Key()
			codes := key.Codes(7, reading.Block(key))
			_, err = w.admin.ReplaceLicense(w.t.Context(), id, api.Reactivation{
				SiteCode:  codes.Site.String(),
				MachineID: codes.Machine.String(),
			})
			require.NoError(w.t, err)
		},
		left: 1,
	},
}

// TestVendorEndsInTheMiddle ends a license at the server, or replaces it, while a task with it waits for a connection.
func TestVendorEndsInTheMiddle(t *testing.T) {
	for i, v := range vendorEndings {
		for j, name := range append([]string{"reactivation", "pick up", "email"}, departingTasks...) {
			if !*exhaustive && (i+j)%3 != 0 {
				continue
			}
			t.Run(v.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				tt := taskNamed(name)
				a := tt.begin(t)
				a.by.proxy.on(tt.call, requestDropped)
				require.Error(t, a.do(t.Context()))
				v.end(a.w, a.w.active()[0].ID)
				a.w.recover()
				require.Len(t, a.w.active(), v.left)
				a.w.checkPrograms(t, nil)
				for _, p := range a.w.pcs {
					require.Empty(t, p.openJobs())
					require.Empty(t, p.keptCodes())
				}
			})
		}
	}
}

var vendorScenarios = []scenario{
	{
		name:    "The vendor disables and enables the order while no task is open",
		outcome: "The program continues to run: the licenses of an order that is not listed are not ended.",
		run: func(t *testing.T) {
			for i, v := range vendorChanges {
				if !*exhaustive && i%3 != 0 {
					continue
				}
				t.Run(v.name, func(t *testing.T) {
					w := newWorld(t, manySeats, "a", "b")
					a, b := w.pcs[0], w.pcs[1]
					l, err := b.Move(t.Context(), b.activate())
					require.NoError(t, err)
					a.activate()
					b.refresh()
					v.apply(w)
					for range 2 {
						for _, p := range w.pcs {
							p.tryRefresh()
						}
					}
					require.True(t, a.verdict().Valid())
					require.False(t, b.verdict().Valid())
					v.revert(w)
					w.recover()
					check(t, w, want{runs: []*pc{a}, waiting: 1})
					require.NotNil(t, b.row(l.ID).ReleasedAt)
				})
			}
		},
	},
	{
		name:    "The signing key changes, and a program that has only the former key is started",
		outcome: "It reports a license file for a newer version of the program instead of no license.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			old := w.publicKeys()[:1]
			w.useNextKey()
			a.activate()
			program := protect.Program{Name: w.program.Name, Signature: string(signature), PublicKeys: old}
			v := program.Open(t.Context(), a.programOptions()).Verdict()
			require.Equal(t, protect.UnknownKey, v.Kind, v)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The signing key changes while a license is on a PC",
		outcome: "The license file of the former key stays valid.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			w.useNextKey()
			a.restart()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
			w.moveTo(a, b, a.row(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name:    "The vendor ends a license on a PC",
		outcome: "Its file is deleted at the next refresh. The PC can be activated again.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			_, err := w.admin.EndLicense(t.Context(), l.ID)
			require.NoError(t, err)
			w.recover()
			check(t, w, want{})
			a.activate()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The vendor ends a license whose removal code is stored on a PC, and gives its seat to another PC",
		outcome: "The removal code is deleted, because the license is listed as ended.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			a.removeInProgram()
			_, err := w.admin.EndLicense(t.Context(), l.ID)
			require.NoError(t, err)
			b.activate()
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name:    "The vendor's limit is reached during a move",
		outcome: "The license returns to its PC. It can be moved when the limit has been lifted.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			w.rule(store.TaskRules{api.TaskTransfer.RuleName(): {api.SubscriptionNone: {On: true, PerMonth: 1}}})
			w.recover()
			l := w.moveTo(a, b, a.activate())
			b.proxy.on(to(http.MethodPost, "/release"), requestDropped)
			_, err := b.Move(t.Context(), l)
			require.Error(t, err)
			w.recover()
			w.rule(nil)
			w.recover()
			if len(w.active()) == 1 && w.active()[0].ReleasedAt == nil {
				check(t, w, want{runs: []*pc{b}})
				_, err = b.Move(t.Context(), b.row(l.ID))
				require.NoError(t, err)
				w.recover()
			}
			check(t, w, want{waiting: 1})
		},
	},
}

// TestVendor runs the scenarios of changes by the vendor.
func TestVendor(t *testing.T) { runScenarios(t, vendorScenarios) }
