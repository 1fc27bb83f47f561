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

// walker does things at random in a world, and remembers what.
type walker struct {
	*world
	rand  *rand.Rand
	steps []string
	// images are copies of PCs, to be put back; whims are what the vendor has to change back.
	images map[*pc][]image
	off    []func(w *world)
}

// step is one thing that a person, a vendor or the world does to a PC. What fails is no matter: the end counts.
type step struct {
	name string
	do   func(w *walker, p *pc)
}

// own is the license of the PC that the app shows.
func (p *pc) own() (l manager.License, ok bool) {
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

// tryKnown is known for an app in which perhaps nobody is signed in.
func (p *pc) tryKnown(id int64) (l manager.License, ok bool) {
	if _, signedIn := p.Current(); !signedIn {
		return l, false
	}
	return p.known(id)
}

// other is another PC than p.
func (w *walker) other(p *pc) *pc {
	for {
		if one := w.pcs[w.rand.IntN(len(w.pcs))]; one != p {
			return one
		}
	}
}

// pick is a random element; false when there is none.
func pick[T any](w *walker, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[w.rand.IntN(len(list))], true
}

// doings are what a person does.
var doings = []step{
	{"refresh", func(w *walker, p *pc) { p.tryRefresh() }},
	{"activate", func(w *walker, p *pc) { _, _ = p.tryNewLicense() }},
	{"move", func(w *walker, p *pc) {
		if l, ok := p.own(); ok {
			_, _ = p.Move(w.t.Context(), l)
		}
	}},
	{"remove", func(w *walker, p *pc) {
		if l, ok := p.own(); ok {
			_, _ = p.Remove(w.t.Context(), manager.Remove{License: l})
		}
	}},
	{"transfer to another PC", func(w *walker, p *pc) {
		to, err := w.other(p).ThisPC(w.t.Context(), w.program.ID)
		if l, ok := p.own(); ok && err == nil {
			_, _ = p.Transfer(w.t.Context(), manager.Transfer{License: l, Codes: to.Codes})
		}
	}},
	{"pick up", func(w *walker, p *pc) {
		found, _ := p.WaitingToMove(w.t.Context())
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
	{"let the program remove it", func(w *walker, p *pc) { _, _ = p.runProgram().Remove(w.t.Context()) }},
	{"hand a kept code in", func(w *walker, p *pc) {
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
	{"type another PC's code", func(w *walker, p *pc) {
		kept, _ := w.other(p).KeptCodes(w.t.Context())
		k, ok := pick(w, kept)
		if !ok {
			return
		}
		l, known := p.tryKnown(k.LicenseID)
		here, err := p.ThisPC(w.t.Context(), w.program.ID)
		if known && err == nil {
			_, _ = p.Transfer(w.t.Context(), manager.Transfer{License: l, Codes: here.Codes, RemovalCode: k.Code})
		}
	}},
	{"type a wrong code", func(w *walker, p *pc) {
		if a, ok := pick(w, w.active()); ok {
			if l, known := p.tryKnown(a.ID); known && !l.MakesCode() {
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
	{"start anew", func(w *walker, p *pc) { p.startAnew() }},
}

// troubles are what happens to a PC, or what the vendor does.
var troubles = []step{
	{"pull the cable", func(w *walker, p *pc) { p.connect(false) }},
	{"meddle", func(w *walker, p *pc) {
		m := meddlings[w.rand.IntN(len(meddlings))]
		w.steps = append(w.steps, "("+m.name+")")
		match := anyCall
		if w.rand.IntN(2) == 0 {
			match = func(c call) bool { return c.method == http.MethodPost }
		}
		p.proxy.times(1+w.rand.IntN(4), match, m.fault)
	}},
	{"copy", func(w *walker, p *pc) { w.images[p] = append(w.images[p], p.image()) }},
	{"put back", func(w *walker, p *pc) {
		if i, ok := pick(w, append(w.images[p], image{})); ok {
			parts := part(1 + w.rand.IntN(int(everything)))
			w.steps = append(w.steps, fmt.Sprintf("(parts %b)", parts))
			p.putBack(i, parts)
			p.resumeIfReachable()
		}
	}},
	{"lock the keyring", func(w *walker, p *pc) { p.ring.lock(true) }},
	{"break the license folder", func(w *walker, p *pc) {
		left := 1 + w.rand.IntN(4)
		p.broken = func() error {
			if left--; left < 0 {
				return nil
			}
			return errFull
		}
	}},
	{"let time pass", func(w *walker, p *pc) { w.Clock.Advance(time.Duration(1+w.rand.IntN(30)) * time.Hour) }},
	{"vendor", func(w *walker, p *pc) {
		v := whims[w.rand.IntN(4)]
		w.steps = append(w.steps, "("+v.name+")")
		v.on(w.world)
		w.off = append(w.off, v.off)
	}},
	{"vendor ends a license", func(w *walker, p *pc) {
		if a, ok := pick(w, w.active()); ok && w.rand.IntN(3) == 0 {
			_, _ = w.admin.EndLicense(w.t.Context(), a.ID)
		}
	}},
	{"kill while it refreshes", func(w *walker, p *pc) {
		if images := p.kill(1+w.rand.IntN(12), func() error { p.tryRefresh(); return nil }); len(images) > 0 {
			i, _ := pick(w, images)
			p.putBack(i, everything)
		}
		p.connect(true)
		p.resumeIfReachable()
	}},
}

// startAnew ends the app and starts it, with its session if it can be had.
func (p *pc) startAnew() {
	p.t.Helper()
	p.shut()
	p.open()
	p.resumeIfReachable()
}

// resumeIfReachable continues the session, or signs in, as far as the network lets it.
func (p *pc) resumeIfReachable() {
	if _, err := p.Resume(p.t.Context()); err != nil {
		_ = p.trySignIn()
	}
}

// back lets the vendor change everything back.
func (w *walker) back() {
	for _, off := range w.off {
		off(w.world)
	}
	w.off = nil
}

// heal ends what ails a PC, lets the vendor change everything back, and lets the app refresh.
func (w *walker) heal(p *pc) {
	w.steps = append(w.steps, p.name+": heal")
	w.back()
	p.broken = nil
	p.connect(true)
	p.ring.lock(false)
	if p.learn() != nil {
		p.resumeIfReachable()
	}
	p.tryRefresh()
}

// end ends all faults and lets everything come to rest.
func (w *walker) end() {
	w.t.Helper()
	w.back()
	for _, p := range w.pcs {
		p.broken = nil
		p.connect(true)
		p.ring.lock(false)
		p.shut()
		p.open()
		p.signIn() // copies of a session end it
	}
	w.recover()
}

// checkRest is what holds whatever was done, once everything has come to rest: a program runs only under a license that
// the server has for that PC, no two PCs under one, no task is open, the removal codes that are kept are good, and
// seats agree.
func (w *walker) checkRest(t *testing.T) {
	t.Helper()
	active := w.active()
	on := w.whereLicensesRun(t, active, nil)
	for _, l := range active {
		if l.ReleasedAt != nil {
			require.Nil(t, on[l.ID], "license %d was released and runs", l.ID)
		}
	}
	require.Equal(t, len(active), w.seatsTaken(), "seats taken at the server")
	for _, p := range w.pcs {
		require.Empty(t, p.waits(), "open tasks on %s", p.name)
		p.checkKept(t, active)
		p.checkTable(t)
		p.checkFound(t, false)
	}
}

// free gives every license back with what the apps offer, until no seat is taken. One that cannot be given back is
// lost.
func (w *walker) free(t *testing.T) {
	t.Helper()
	for range 20 {
		w.Clock.Advance(time.Minute)
		if len(w.active()) == 0 || !w.freeOne() {
			break
		}
		w.recover()
	}
	require.Empty(t, names(w.active()), "licenses that nobody can give back")
}

func names(list []store.License) (out []string) {
	for _, l := range list {
		out = append(out, fmt.Sprintf("%d (%s)", l.ID, l.Note))
	}
	return out
}

// freeOne does the first thing that an app offers for a license that is still active. It reports whether anything was
// offered.
func (w *walker) freeOne() bool {
	ctx := w.t.Context()
	did := func(p *pc, what string, id int64, err error) bool {
		w.steps = append(w.steps, fmt.Sprintf("in the end %s: %s %d (%v)", p.name, what, id, err))
		return err == nil
	}
	for _, p := range w.pcs {
		for _, k := range p.kept() {
			if _, err := p.HandIn(ctx, k); did(p, "hand in", k.LicenseID, err) {
				return true
			}
		}
		if l, ok := p.own(); ok {
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
		waiting, err := p.WaitingToMove(ctx)
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
	length = flag.Int("steps", 60, "steps of a walk")
	only   = flag.Int("seed", -1, "walk with this seed alone")
)

// Things are done at random, one after the other, on two PCs. Whatever it was: when the faults are over and all apps
// have refreshed, everything agrees, and every license can be given back.
func TestWalk(t *testing.T) {
	seeds := 1
	if *whole {
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
			t.Logf("seed %d:\n%s\n%s", seed, strings.Join(w.steps, "\n"), w.story())
		}
	})
	for _, p := range w.pcs {
		w.images[p] = []image{p.image()}
	}
	for range *length {
		w.Clock.Advance(10 * time.Second) // a server refuses who asks for too much at once
		p := w.pcs[w.rand.IntN(len(w.pcs))]
		list := doings
		if w.rand.IntN(3) == 0 {
			list = troubles
		}
		s := list[w.rand.IntN(len(list))]
		w.steps = append(w.steps, p.name+": "+s.name)
		s.do(w, p)
		if w.rand.IntN(3) == 0 {
			w.heal(p)
		}
	}
	w.Clock.Advance(time.Minute)
	w.end()
	w.checkRest(t)
	t.Logf("%d licenses, %d active, on %d PCs", len(w.licenses()), len(w.active()), len(w.checkApart(t)))
	w.free(t)
	w.checkRest(t)
}

// story is what the server and the apps know of the licenses of the order.
func (w *walker) story() string {
	var b strings.Builder
	for _, p := range w.pcs {
		ctx := context.Background()
		table, known, err := p.CachedLicenses(ctx, w.order)
		fmt.Fprintf(&b, "%s knows %d licenses (%v, %v)\n", p.name, len(table.Licenses), known, err)
		for _, l := range table.Licenses {
			fmt.Fprintf(&b, "  %d %s %s, here %v, installed %v, left %v, task open %v\n",
				l.ID, l.SiteCode, l.Status, l.ThisPC, l.Installed, l.LeftHere, l.JobOpen)
		}
		found, err := p.Find(ctx)
		fmt.Fprintf(&b, "  offers to bring back %d, stranded %d, forgotten %d (%v)\n",
			len(found.BringBacks), len(found.Stranded), len(found.Forgotten), err)
		kept, err := p.KeptCodes(ctx)
		for _, k := range kept {
			fmt.Fprintf(&b, "  keeps the code of %d %s (%v)\n", k.LicenseID, k.Codes.Site, err)
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
