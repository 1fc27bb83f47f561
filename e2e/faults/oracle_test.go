package faults

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/store"
)

// want is what is to be seen after a scenario. The zero value: the program runs nowhere, no license is active, nothing
// waits.
type want struct {
	// runs are the PCs on which the program runs, exactly.
	runs []*pc
	// forgotten are the PCs on which the program runs under a license that the server does not know: it was restored.
	// No scheme can end that before the program's next contact; the app says so and offers to activate the PC again.
	forgotten []*pc
	// waiting is the number of licenses that wait for a PC to pick them up.
	waiting int
	// stranded is the number of licenses that are on no PC and do not wait: each can be got back, or its removal code
	// is kept.
	stranded int
	// jobs is the number of tasks that are still open, by PC.
	jobs map[*pc]int
}

// check is the oracle: it compares what the programs say, what the apps say and what the server has with what is
// wanted, and looks for licenses that are lost or on two PCs.
func check(t *testing.T, w *world, is want) {
	t.Helper()
	w.checkPrograms(t, slices.Concat(is.runs, is.forgotten))
	stranded, waiting := 0, 0
	active := w.active()
	on := w.whereLicensesRun(t, active, is.forgotten)
	for _, l := range active {
		switch {
		case l.ReleasedAt != nil:
			waiting++
			require.Nil(t, on[l.ID], "license %d was released and runs", l.ID)
		case on[l.ID] == nil:
			stranded++
			require.NotEmpty(t, w.waysBack(l, false), "license %d (%s) is lost: it is on no PC, no app can get it back, "+
				"and no removal code of it is kept", l.ID, l.Note)
		}
	}
	require.Equal(t, is.waiting, waiting, "licenses that wait for a PC")
	require.Equal(t, is.stranded, stranded, "licenses that are on no PC")
	require.Len(t, active, len(is.runs)+is.waiting+is.stranded, "active licenses at the server")
	require.Equal(t, len(active), w.seatsTaken(), "seats taken at the server")
	for _, p := range w.pcs {
		require.Len(t, p.waits(), is.jobs[p], "open tasks on %s", p.name)
		p.checkKept(t, active)
		p.checkTable(t)
		p.checkFound(t, slices.Contains(is.forgotten, p))
	}
}

// checkSafe is what holds at every moment, also while a fault lasts: no license is on two PCs, and each active one
// runs, waits, is the matter of an open task or for a PC that has not refreshed yet, or can be got back.
func (w *world) checkSafe(t *testing.T) {
	t.Helper()
	on := w.checkApart(t)
	open := 0
	for _, p := range w.pcs {
		open += len(p.waits())
	}
	for _, l := range w.active() {
		coming := slices.ContainsFunc(w.pcs, func(p *pc) bool { return p.awaits(l) })
		if on[l.ID] == nil && l.ReleasedAt == nil && open == 0 && !coming {
			require.NotEmpty(t, w.waysBack(l, true), "license %d (%s) is lost", l.ID, l.Note)
		}
	}
}

// checkApart finds the PC on which each license runs: no license runs on two.
func (w *world) checkApart(t *testing.T) map[int64]*pc {
	t.Helper()
	on := map[int64]*pc{}
	for _, p := range w.pcs {
		if v := p.verdict(); v.Valid() {
			require.Nil(t, on[v.License.ID], "license %d is on two PCs", v.License.ID)
			on[v.License.ID] = p
		}
	}
	return on
}

// checkPrograms starts the program on every PC.
func (w *world) checkPrograms(t *testing.T, runs []*pc) {
	t.Helper()
	for _, p := range w.pcs {
		v := p.verdict()
		require.Equal(t, slices.Contains(runs, p), v.Valid(), "the program on %s says: %s", p.name, v)
	}
}

// whereLicensesRun finds the PC on which each active license runs. A program that runs under another license than one
// of these runs under a seat that somebody else may get.
func (w *world) whereLicensesRun(t *testing.T, active []store.License, forgotten []*pc) map[int64]*pc {
	t.Helper()
	on := map[int64]*pc{}
	for _, p := range w.pcs {
		v := p.verdict()
		if !v.Valid() || slices.Contains(forgotten, p) {
			continue
		}
		i := slices.IndexFunc(active, func(l store.License) bool {
			return l.ID == v.License.ID && l.Codes == v.License.Codes
		})
		require.GreaterOrEqual(t, i, 0, "%s runs under license %d, which is not active at the server", p.name, v.License.ID)
		require.Nil(t, on[v.License.ID], "license %d is on two PCs", v.License.ID)
		on[v.License.ID] = p
	}
	return on
}

// active are the active licenses of the order at the server.
func (w *world) active() []store.License {
	return slices.DeleteFunc(w.licenses(), func(l store.License) bool { return l.Status != api.StatusActive })
}

func (w *world) seatsTaken() int {
	w.t.Helper()
	o, err := w.admin.Order(w.t.Context(), w.order)
	require.NoError(w.t, err)
	return o.LicensesActive
}

// awaits tells whether a license was made for the PC as it is now: its file comes with the next refresh, or the next
// courier.
func (p *pc) awaits(l store.License) bool {
	p.t.Helper()
	if !p.offline {
		return p.thisPC() == l.Codes
	}
	state, err := p.store().State(signature)
	require.NoError(p.t, err)
	return state.HasGeneration && state.Generation == l.Codes.Site.Generation()
}

// waysBack lists how a license that is on no PC can be got back; with later also those that the vendor does not allow
// now.
func (w *world) waysBack(l store.License, later bool) (ways []string) {
	w.t.Helper()
	o := w.wireOrder()
	for _, p := range w.pcs {
		for _, k := range p.kept() {
			if k.Codes == l.Codes && k.Code == w.removalCode(l) {
				ways = append(ways, "removal code kept on "+p.name)
			}
		}
		row, known := p.known(l.ID)
		if !known || row.SiteCode != l.Codes.Site.String() {
			continue
		}
		if p.hasOffer(l.ID, later) {
			ways = append(ways, "bring back on "+p.name)
		}
		if !row.ThisPC && !row.LeftHere {
			continue
		}
		for way, refusal := range map[string]error{
			"reactivate": manager.ReactivationRefusal(o, row),
			"move":       manager.MoveRefusal(o, row),
			"remove":     manager.RemovalRefusal(o, row),
		} {
			if refusal == nil || later {
				ways = append(ways, way+" on "+p.name)
			}
		}
	}
	return ways
}

// wireOrder is the order as the first PC's app knows it.
func (w *world) wireOrder() (order api.Order) {
	w.t.Helper()
	for _, p := range w.online() {
		orders, _, err := p.CachedOrders(w.t.Context())
		require.NoError(w.t, err)
		for _, o := range orders.Orders {
			if o.ID == w.order {
				return o
			}
		}
	}
	return order
}

// hasOffer tells whether the app offers to bring a license back.
func (p *pc) hasOffer(id int64, later bool) bool {
	p.t.Helper()
	offers, err := p.BringBacks(p.t.Context())
	require.NoError(p.t, err)
	return slices.ContainsFunc(offers, func(b manager.BringBack) bool {
		return b.License.ID == id && (later || b.Refusal == nil)
	})
}

// checkKept: a removal code that the app shows is one that the server would take, of a license that runs no more.
func (p *pc) checkKept(t *testing.T, active []store.License) {
	t.Helper()
	v := p.verdict()
	for _, k := range p.kept() {
		what := fmt.Sprintf("the removal code of license %d that %s keeps", k.LicenseID, p.name)
		require.False(t, v.Valid() && v.License.Codes == k.Codes, "%s: the program runs under it there", what)
		i := slices.IndexFunc(active, func(l store.License) bool { return l.Codes == k.Codes && l.ReleasedAt == nil })
		require.GreaterOrEqual(t, i, 0, "%s was handed in already", what)
		require.Equal(t, p.w.removalCode(active[i]), k.Code, what)
	}
}

// checkTable: the license that the app shows as this PC's is the one that the program runs under.
func (p *pc) checkTable(t *testing.T) {
	t.Helper()
	if p.offline {
		return
	}
	v := p.verdict()
	table, _, err := p.CachedLicenses(p.t.Context(), p.w.order)
	require.NoError(t, err)
	for _, l := range table.Licenses {
		if l.ThisPC && l.Installed {
			require.True(t, v.Valid(), "%s shows license %d as installed, and the program says: %s", p.name, l.ID, v)
			require.Equal(t, l.ID, v.License.ID, "license of %s", p.name)
		}
	}
}

// checkFound: the app says of a license that the server has forgotten that it has, or offers an older one in its place that
// the server knows; and it says so of no other.
func (p *pc) checkFound(t *testing.T, forgotten bool) {
	t.Helper()
	if p.offline {
		return
	}
	found, err := p.Find(p.t.Context())
	require.NoError(t, err)
	told := len(found.Forgotten) == 1 || forgotten && len(found.BringBacks) == 1
	require.Equal(t, forgotten, told, "%s lists as forgotten: %v", p.name, found.Forgotten)
}
