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

// whim is what a vendor changes in the middle of a task, and changes back.
type whim struct {
	name, seen string
	on, off    func(w *world)
}

// allOff switches every task off.
func allOff() store.TaskRules {
	rules := store.TaskRules{}
	for _, task := range api.LimitedTasks() {
		rules[task.Rule()] = map[api.SubscriptionState]store.TaskRule{
			api.SubscriptionNone:    {},
			api.SubscriptionValid:   {},
			api.SubscriptionExpired: {},
		}
	}
	return rules
}

const waitsOrBack = "The license waits or returns to its PC; when the order is as before, the task completes or " +
	"can be repeated."

var whims = []whim{
	{
		name: "makes the order inactive",
		seen: waitsOrBack,
		on:   func(w *world) { w.change(func(o *store.Order) { o.Active = false }) },
		off:  func(w *world) { w.change(func(o *store.Order) { o.Active = true }) },
	},
	{
		name: "makes the order invisible",
		seen: waitsOrBack,
		on:   func(w *world) { w.change(func(o *store.Order) { o.Visible = false }) },
		off:  func(w *world) { w.change(func(o *store.Order) { o.Visible = true }) },
	},
	{
		name: "makes the order read-only",
		seen: waitsOrBack,
		on:   func(w *world) { w.change(func(o *store.Order) { o.CanManage = false }) },
		off:  func(w *world) { w.change(func(o *store.Order) { o.CanManage = true }) },
	},
	{
		name: "switches all tasks of the program off",
		seen: waitsOrBack,
		on:   func(w *world) { w.rule(allOff()) },
		off:  func(w *world) { w.rule(nil) },
	},
	{
		name: "changes the program's signing key",
		seen: "The task is done; receipts and license files of either key count.",
		on:   func(w *world) { w.newKey() },
		off:  func(*world) {},
	},
	{
		name: "gives the license other features",
		seen: "The task is done: the removal code of the former activation code counts, too.",
		on: func(w *world) {
			for _, l := range w.active() {
				_, err := w.admin.ChangeLicense(w.t.Context(), l.ID, func(l *store.License) error { l.Features = 1; return nil })
				require.NoError(w.t, err)
			}
		},
		off: func(*world) {},
	},
}

// newKey signs the program's license files with another key from now on.
func (w *world) newKey() {
	w.t.Helper()
	_, err := w.admin.UseKey(w.t.Context(), w.program.ID)
	require.NoError(w.t, err)
}

// ofLicenses are the tasks that are about licenses of the order.
func ofLicenses() []string {
	var names []string
	for _, one := range tasks {
		if one.name != "new order" && one.name != "refresh" {
			names = append(names, one.name)
		}
	}
	return names
}

// tryRefresh refreshes as far as the server lets it.
func (p *pc) tryRefresh() {
	_ = p.learn()
	_, _ = p.ResumeJobs(p.t.Context())
	_ = p.learn()
}

// A vendor changes something while a task waits for a connection, the app tries, and the vendor changes it back.
func TestVendorInTheMiddle(t *testing.T) {
	for i, v := range whims {
		for j, name := range ofLicenses() {
			if !*whole && (i+j)%6 != 0 {
				continue
			}
			t.Run(v.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				one := taskNamed(name)
				a := one.begin(t)
				before := a.done()
				a.by.proxy.on(one.call, requestDropped)
				require.Error(t, a.do(t.Context()))
				a.by.proxy.end()
				v.on(a.w)
				for _, p := range a.w.online() {
					p.tryRefresh()
				}
				a.w.checkApart(t)
				v.off(a.w)
				a.w.recover()
				a.settle(t, one, before)
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		}
	}
}

// ends are how a vendor takes a license away while a task with it waits.
var ends = []struct {
	name, seen string
	end        func(w *world, id int64)
	left       int // active licenses that remain, on a PC that is not ours
}{
	{
		name: "ends the license",
		seen: "It has ended: no program runs, no task waits, no removal code stays.",
		end: func(w *world, id int64) {
			_, err := w.admin.EndLicense(w.t.Context(), id)
			require.NoError(w.t, err)
		},
	},
	{
		name: "gives the license to another PC",
		seen: "The other PC has it; no task waits, no removal code stays.",
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

// A vendor ends a license, or gives it away, while a task with it waits.
func TestVendorEndsInTheMiddle(t *testing.T) {
	for i, v := range ends {
		for j, name := range append([]string{"reactivation", "pick up", "email"}, leaving...) {
			if !*whole && (i+j)%3 != 0 {
				continue
			}
			t.Run(v.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				one := taskNamed(name)
				a := one.begin(t)
				a.by.proxy.on(one.call, requestDropped)
				require.Error(t, a.do(t.Context()))
				v.end(a.w, a.w.active()[0].ID)
				a.w.recover()
				require.Len(t, a.w.active(), v.left)
				a.w.checkPrograms(t, nil)
				for _, p := range a.w.pcs {
					require.Empty(t, p.waits())
					require.Empty(t, p.kept())
				}
			})
		}
	}
}

var vendors = []scenario{
	{
		name: "The vendor switches the order off and on while nothing waits",
		seen: "The program continues to run: an order that is not listed ends no license.",
		run: func(t *testing.T) {
			for i, v := range whims {
				if !*whole && i%3 != 0 {
					continue
				}
				t.Run(v.name, func(t *testing.T) {
					w := newWorld(t, plenty, "a", "b")
					a, b := w.pcs[0], w.pcs[1]
					l, err := b.Move(t.Context(), b.activate())
					require.NoError(t, err)
					a.activate()
					b.refresh()
					v.on(w)
					for range 2 {
						for _, p := range w.pcs {
							p.tryRefresh()
						}
					}
					require.True(t, a.verdict().Valid())
					require.False(t, b.verdict().Valid())
					v.off(w)
					w.recover()
					check(t, w, want{runs: []*pc{a}, waiting: 1})
					require.NotNil(t, b.row(l.ID).ReleasedAt)
				})
			}
		},
	},
	{
		name: "The signing key changes, and a program that knows only the former key is started",
		seen: "It says that there is a license file for a newer version, and not that there is no license.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			old := w.publicKeys()[:1]
			w.newKey()
			a.activate()
			program := protect.Program{Name: w.program.Name, Signature: string(signature), PublicKeys: old}
			v := program.Open(t.Context(), a.programOptions()).Verdict()
			require.Equal(t, protect.UnknownKey, v.Kind, v)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The signing key changes while a license is on a PC",
		seen: "The license file of the former key stays valid.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			w.newKey()
			a.restart()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
			w.moveTo(a, b, a.row(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name: "The vendor ends a license on a PC",
		seen: "Its file is erased at the next refresh; the PC can be activated again.",
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
		name: "The vendor ends the license that a PC keeps a removal code of, and gives its seat to another PC",
		seen: "The removal code is deleted: the license is listed as ended.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			a.letGo()
			_, err := w.admin.EndLicense(t.Context(), l.ID)
			require.NoError(t, err)
			b.activate()
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name: "The vendor's limit is reached in the middle of a move",
		seen: "The license returns to its PC; when the limit is over, it moves.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			w.rule(store.TaskRules{api.TaskTransfer.Rule(): {api.SubscriptionNone: {On: true, PerMonth: 1}}})
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

func TestVendor(t *testing.T) { attack(t, vendors) }
