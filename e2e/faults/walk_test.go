package faults

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/store"
)

// walker performs random steps in a world and records them.
type walker struct {
	*world
	rand   *rand.Rand
	steps  []string
	images map[*pc][]image  // copies of PCs, to be restored
	off    []func(w *world) // revert the vendor's changes
}

// step is one action or fault on a PC. Its errors are ignored: only the final state counts.
type step struct {
	name string
	do   func(w *walker, p *pc)
}

// ownLicense returns the license of the PC in the app's cached table.
func (p *pc) ownLicense() (l manager.License, ok bool) {
	table, _, err := p.CachedLicenses(p.t.Context(), p.w.order)
	if err != nil {
		return l, false
	}
	i := slices.IndexFunc(table.Licenses, func(l manager.License) bool { return l.MakesCode() })
	if i < 0 {
		return l, false
	}
	return table.Licenses[i], true
}

// cachedIfSignedIn is cached, but returns false if nobody is signed in.
func (p *pc) cachedIfSignedIn(id int64) (l manager.License, ok bool) {
	if _, signedIn := p.Current(); !signedIn {
		return l, false
	}
	return p.cached(id)
}

// other returns a random PC that is not p.
func (w *walker) other(p *pc) *pc {
	for {
		if one := w.pcs[w.rand.IntN(len(w.pcs))]; one != p {
			return one
		}
	}
}

// pick returns a random element, or false if there is none.
func pick[T any](w *walker, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[w.rand.IntN(len(list))], true
}

// actions are what a person does.
var actions = []step{
	{"refresh", func(w *walker, p *pc) { p.tryRefresh() }},
	{"activate", func(w *walker, p *pc) { _, _ = p.tryNewLicense() }},
	{"move", func(w *walker, p *pc) {
		if l, ok := p.ownLicense(); ok {
			_, _ = p.Move(w.t.Context(), l)
		}
	}},
	{"remove", func(w *walker, p *pc) {
		if l, ok := p.ownLicense(); ok {
			_, _ = p.Remove(w.t.Context(), manager.Remove{License: l})
		}
	}},
	{"transfer to another PC", func(w *walker, p *pc) {
		to, err := w.other(p).ThisPC(w.t.Context(), w.program.ID)
		if l, ok := p.ownLicense(); ok && err == nil {
			_, _ = p.Transfer(w.t.Context(), manager.Transfer{License: l, Codes: to.Codes})
		}
	}},
	{"pick up", func(w *walker, p *pc) {
		found, _ := p.ReleasedLicenses(w.t.Context())
		if one, ok := pick(w, found); ok {
			_, _ = p.PickUp(w.t.Context(), one.License)
		}
	}},
	{"bring back", func(w *walker, p *pc) {
		found, _ := p.BringBacks(w.t.Context())
		if one, ok := pick(w, found); ok {
			_, _ = p.Reactivate(w.t.Context(), manager.Reactivate{License: one.License, Codes: one.Codes, ThisPC: true})
		}
	}},
	{"remove in the program", func(w *walker, p *pc) { _, _ = p.runProgram().Remove(w.t.Context()) }},
	{"hand in a kept code", func(w *walker, p *pc) {
		kept, _ := p.KeptCodes(w.t.Context())
		if k, ok := pick(w, kept); ok {
			_, _ = p.HandIn(w.t.Context(), k)
		}
	}},
	{"offer a kept code", func(w *walker, p *pc) {
		kept, _ := p.KeptCodes(w.t.Context())
		if k, ok := pick(w, kept); ok {
			_, _ = p.Offer(w.t.Context(), k)
		}
	}},
	{"type the removal code of another PC", func(w *walker, p *pc) {
		kept, _ := w.other(p).KeptCodes(w.t.Context())
		k, ok := pick(w, kept)
		if !ok {
			return
		}
		l, known := p.cachedIfSignedIn(k.LicenseID)
		here, err := p.ThisPC(w.t.Context(), w.program.ID)
		if known && err == nil {
			_, _ = p.Transfer(w.t.Context(), manager.Transfer{License: l, Codes: here.Codes, RemovalCode: k.Code})
		}
	}},
	{"type a wrong removal code", func(w *walker, p *pc) {
		if a, ok := pick(w, w.active()); ok {
			if l, known := p.cachedIfSignedIn(a.ID); known && !l.MakesCode() {
				_, _ = p.Remove(w.t.Context(), manager.Remove{License: l, RemovalCode: w.removalCode(a) ^ 1})
			}
		}
	}},
	{"cancel", func(w *walker, p *pc) {
		jobs, _ := p.AllJobs(w.t.Context())
		if j, ok := pick(w, jobs); ok {
			_ = p.DropJob(w.t.Context(), j.ID)
		}
	}},
	{"give up", func(w *walker, p *pc) {
		jobs, _ := p.AllJobs(w.t.Context())
		if j, ok := pick(w, jobs); ok {
			_ = p.GiveUp(w.t.Context(), j.ID)
		}
	}},
	{"restart the app", func(w *walker, p *pc) { p.restartIfReachable() }},
}

// disturbances are faults of a PC and changes by the vendor.
var disturbances = []step{
	{"the network is disconnected", func(w *walker, p *pc) { p.connect(false) }},
	{"a fault of the network", func(w *walker, p *pc) {
		m := networkFaults[w.rand.IntN(len(networkFaults))]
		w.steps = append(w.steps, "("+m.name+")")
		match := anyCall
		if w.rand.IntN(2) == 0 {
			match = func(c call) bool { return c.method == http.MethodPost }
		}
		p.proxy.times(1+w.rand.IntN(4), match, m.fault)
	}},
	{"the PC is copied", func(w *walker, p *pc) { w.images[p] = append(w.images[p], p.image()) }},
	{"a copy is restored", func(w *walker, p *pc) {
		if i, ok := pick(w, append(w.images[p], image{})); ok {
			parts := part(1 + w.rand.IntN(int(everything)))
			w.steps = append(w.steps, fmt.Sprintf("(parts %b)", parts))
			p.restoreImage(i, parts)
			p.resumeIfReachable()
		}
	}},
	{"the keyring is locked", func(w *walker, p *pc) { p.ring.lock(true) }},
	{"writes of the license folder fail", func(w *walker, p *pc) {
		left := 1 + w.rand.IntN(4)
		p.diskError = func() error {
			if left--; left < 0 {
				return nil
			}
			return errFull
		}
	}},
	{"time passes", func(w *walker, p *pc) { w.Clock.Advance(time.Duration(1+w.rand.IntN(30)) * time.Hour) }},
	{"the vendor makes a change", func(w *walker, p *pc) {
		v := vendorChanges[w.rand.IntN(4)]
		w.steps = append(w.steps, "("+v.name+")")
		v.apply(w.world)
		w.off = append(w.off, v.revert)
	}},
	{"the vendor ends a license", func(w *walker, p *pc) {
		if a, ok := pick(w, w.active()); ok && w.rand.IntN(3) == 0 {
			_, _ = w.admin.EndLicense(w.t.Context(), a.ID)
		}
	}},
	{"the app is killed during a refresh", func(w *walker, p *pc) {
		if images := p.kill(1+w.rand.IntN(12), func() error { p.tryRefresh(); return nil }); len(images) > 0 {
			i, _ := pick(w, images)
			p.restoreImage(i, everything)
		}
		p.connect(true)
		p.resumeIfReachable()
	}},
}

// restartIfReachable restarts the app and resumes its session if the server can be reached.
func (p *pc) restartIfReachable() {
	p.t.Helper()
	p.stopApp()
	p.startApp()
	p.resumeIfReachable()
}

// resumeIfReachable resumes the session or signs in. It ignores errors of the network.
func (p *pc) resumeIfReachable() {
	if _, err := p.Resume(p.t.Context()); err != nil {
		_ = p.trySignIn()
	}
}

// revertVendor reverts all changes by the vendor.
func (w *walker) revertVendor() {
	for _, off := range w.off {
		off(w.world)
	}
	w.off = nil
}

// heal ends the faults of a PC, reverts the changes by the vendor, and refreshes the app.
func (w *walker) heal(p *pc) {
	w.steps = append(w.steps, p.name+": heal")
	w.revertVendor()
	p.diskError = nil
	p.connect(true)
	p.ring.lock(false)
	if p.fetchTables() != nil {
		p.resumeIfReachable()
	}
	p.tryRefresh()
}

// finish ends all faults, restarts all apps and refreshes them.
func (w *walker) finish() {
	w.t.Helper()
	w.revertVendor()
	for _, p := range w.pcs {
		p.diskError = nil
		p.connect(true)
		p.ring.lock(false)
		p.stopApp()
		p.startApp()
		p.signIn() // a session that was used on a copy has ended
	}
	w.recover()
}

// checkConsistent checks what holds after any steps, when all apps have refreshed: a program runs only under a license
// that the server has for that PC, no two PCs run under one license, no task is open, the kept codes are valid, and the
// number of seats in use is right.
func (w *walker) checkConsistent(t *testing.T) {
	t.Helper()
	active := w.active()
	on := w.runningOn(t, active, nil)
	for _, l := range active {
		if l.ReleasedAt != nil {
			require.Nil(t, on[l.ID], "license %d was released and runs", l.ID)
		}
	}
	require.Equal(t, len(active), w.seatsTaken(), "seats taken at the server")
	for _, p := range w.pcs {
		require.Empty(t, p.openJobs(), "open tasks on %s", p.name)
		p.checkKept(t, active)
		p.checkTable(t)
		p.checkForgotten(t, false)
	}
}

// freeSeats gives every license back with what the apps offer, until no seat is in use. The test fails if a license
// cannot be given back.
func (w *walker) freeSeats(t *testing.T) {
	t.Helper()
	for range 20 {
		w.Clock.Advance(time.Minute)
		if len(w.active()) == 0 || !w.freeSeat() {
			break
		}
		w.recover()
	}
	require.Empty(t, names(w.active()), "licenses that cannot be given back")
}

func names(list []store.License) (out []string) {
	for _, l := range list {
		out = append(out, fmt.Sprintf("%d (%s)", l.ID, l.Note))
	}
	return out
}

// freeSeat does the first thing that an app offers for an active license. It reports whether there was one.
func (w *walker) freeSeat() bool {
	ctx := w.t.Context()
	did := func(p *pc, what string, id int64, err error) bool {
		w.steps = append(w.steps, fmt.Sprintf("finally %s: %s %d (%v)", p.name, what, id, err))
		return err == nil
	}
	for _, p := range w.pcs {
		for _, k := range p.keptCodes() {
			if _, err := p.HandIn(ctx, k); did(p, "hand in", k.LicenseID, err) {
				return true
			}
		}
		if l, ok := p.ownLicense(); ok {
			if _, err := p.Remove(ctx, manager.Remove{License: l}); did(p, "remove", l.ID, err) {
				return true
			}
		}
		offers, err := p.BringBacks(ctx)
		require.NoError(w.t, err)
		for _, o := range offers {
			if did(p, "bring back", o.License.ID, p.bringBack(o.License.ID)) {
				return true
			}
		}
		waiting, err := p.ReleasedLicenses(ctx)
		require.NoError(w.t, err)
		for _, one := range waiting {
			if _, err := p.PickUp(ctx, one.License); did(p, "pick up", one.License.ID, err) {
				return true
			}
		}
	}
	return false
}

var (
	length = flag.Int("steps", 60, "number of random steps")
	only   = flag.Int("seed", -1, "run this seed only")
)

// TestWalk performs random steps on two PCs. When the faults have ended and all apps have refreshed, the PCs, the apps
// and the server agree, and every license can be given back.
func TestWalk(t *testing.T) {
	seeds := 1
	if *exhaustive {
		seeds = 200
	}
	if *only >= 0 {
		walk(t, uint64(*only))
		return
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			walk(t, uint64(seed))
		})
	}
}

func walk(t *testing.T, seed uint64) {
	w := &walker{world: newWorld(t, 3, "a", "b"), rand: rand.New(rand.NewPCG(seed, 0)), images: map[*pc][]image{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d:\n%s\n%s", seed, strings.Join(w.steps, "\n"), w.dump())
		}
	})
	for _, p := range w.pcs {
		w.images[p] = []image{p.image()}
	}
	for range *length {
		w.Clock.Advance(10 * time.Second) // stays below the server's rate limits
		p := w.pcs[w.rand.IntN(len(w.pcs))]
		list := actions
		if w.rand.IntN(3) == 0 {
			list = disturbances
		}
		s := list[w.rand.IntN(len(list))]
		w.steps = append(w.steps, p.name+": "+s.name)
		s.do(w, p)
		if w.rand.IntN(3) == 0 {
			w.heal(p)
		}
	}
	w.Clock.Advance(time.Minute)
	w.finish()
	w.checkConsistent(t)
	t.Logf("%d licenses, %d active, on %d PCs", len(w.licenses()), len(w.active()), len(w.checkOnePC(t)))
	w.freeSeats(t)
	w.checkConsistent(t)
}

// dump returns the licenses of the order as the server and the apps have them.
func (w *walker) dump() string {
	var b strings.Builder
	for _, p := range w.pcs {
		ctx := context.Background()
		table, known, err := p.CachedLicenses(ctx, w.order)
		fmt.Fprintf(&b, "%s has %d licenses (%v, %v)\n", p.name, len(table.Licenses), known, err)
		for _, l := range table.Licenses {
			fmt.Fprintf(&b, "  %d %s %s, this PC %v, installed %v, left %v, task open %v\n",
				l.ID, l.SiteCode, l.Status, l.ThisPC, l.Installed, l.LeftThisPC, l.JobOpen)
		}
		found, err := p.Find(ctx)
		fmt.Fprintf(&b, "  offers to bring back %d, stranded %d, forgotten %d (%v)\n",
			len(found.BringBacks), len(found.Stranded), len(found.Forgotten), err)
		kept, err := p.KeptCodes(ctx)
		for _, k := range kept {
			fmt.Fprintf(&b, "  removal code of %d %s (%v)\n", k.LicenseID, k.Codes.Site, err)
		}
	}
	for _, l := range w.licenses() {
		fmt.Fprintf(&b, "license %d (%s) %s %s", l.ID, l.Note, l.Codes.Site, l.Status)
		if l.ReleasedAt != nil && l.Status == api.StatusActive {
			b.WriteString(", released")
		}
		b.WriteString("\n")
	}
	return b.String()
}
