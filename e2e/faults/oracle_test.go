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

// want is the expected state after a scenario. With the zero value the program runs nowhere, no license is active, and
// no task is open.
type want struct {
	// runs are exactly the PCs on which the program runs.
	runs []*pc
	// forgotten are the PCs on which the program runs under a license that a restored server does not know. No scheme can
	// end that before the program's next contact. The app reports it and offers another activation.
	forgotten []*pc
	// waiting is the number of released licenses.
	waiting int
	// stranded is the number of licenses that are on no PC and not released. Each can be recovered, or its removal code is
	// stored.
	stranded int
	// jobs is the number of open jobs by PC.
	jobs map[*pc]int
}

// check is the oracle. It compares the verdicts of the programs, the tables of the apps and the rows of the server with
// the expected state, and finds licenses that are lost or on two PCs.
func check(t *testing.T, w *world, expected want) {
	t.Helper()
	w.checkPrograms(t, slices.Concat(expected.runs, expected.forgotten))
	stranded, waiting := 0, 0
	active := w.active()
	runsOn := w.runningOn(t, active, expected.forgotten)
	for _, l := range active {
		switch {
		case l.ReleasedAt != nil:
			waiting++
			require.Nil(t, runsOn[l.ID], "license %d was released and runs", l.ID)
		case runsOn[l.ID] == nil:
			stranded++
			require.NotEmpty(t, w.recoveryWays(l, false), "license %d (%s) is lost: it is on no PC, no app can recover it, "+
				"and its removal code is not stored", l.ID, l.Note)
		}
	}
	require.Equal(t, expected.waiting, waiting, "released licenses")
	require.Equal(t, expected.stranded, stranded, "stranded licenses")
	require.Len(t, active, len(expected.runs)+expected.waiting+expected.stranded, "active licenses at the server")
	require.Equal(t, len(active), w.seatsTaken(), "seats taken at the server")
	for _, p := range w.pcs {
		require.Len(t, p.openJobs(), expected.jobs[p], "open tasks on %s", p.name)
		p.checkKept(t, active)
		p.checkTable(t)
		p.checkForgotten(t, slices.Contains(expected.forgotten, p))
	}
}

// checkInvariants checks what holds at every moment, during a fault, too: no license is on two PCs, and each active
// license runs, is released, belongs to an open job or to a PC that has not refreshed yet, or can be recovered.
func (w *world) checkInvariants(t *testing.T) {
	t.Helper()
	runsOn := w.checkOnePC(t)
	open := 0
	for _, p := range w.pcs {
		open += len(p.openJobs())
	}
	for _, l := range w.active() {
		coming := slices.ContainsFunc(w.pcs, func(p *pc) bool { return p.expects(l) })
		if runsOn[l.ID] == nil && l.ReleasedAt == nil && open == 0 && !coming {
			require.NotEmpty(t, w.recoveryWays(l, true), "license %d (%s) is lost", l.ID, l.Note)
		}
	}
}

// checkOnePC returns the PC on which each license runs. It fails if a license runs on two.
func (w *world) checkOnePC(t *testing.T) map[int64]*pc {
	t.Helper()
	runsOn := map[int64]*pc{}
	for _, p := range w.pcs {
		if v := p.verdict(); v.Valid() {
			require.Nil(t, runsOn[v.License.ID], "license %d is on two PCs", v.License.ID)
			runsOn[v.License.ID] = p
		}
	}
	return runsOn
}

// checkPrograms starts the program on every PC and checks that it runs on exactly these.
func (w *world) checkPrograms(t *testing.T, runs []*pc) {
	t.Helper()
	for _, p := range w.pcs {
		v := p.verdict()
		require.Equal(t, slices.Contains(runs, p), v.Valid(), "the program on %s says: %s", p.name, v)
	}
}

// runningOn returns the PC on which each active license runs. It fails if a program runs under a license that is not
// active, whose seat another PC may get.
func (w *world) runningOn(t *testing.T, active []store.License, forgotten []*pc) map[int64]*pc {
	t.Helper()
	runsOn := map[int64]*pc{}
	for _, p := range w.pcs {
		v := p.verdict()
		if !v.Valid() || slices.Contains(forgotten, p) {
			continue
		}
		i := slices.IndexFunc(active, func(l store.License) bool {
			return l.ID == v.License.ID && l.Codes == v.License.Codes
		})
		require.GreaterOrEqual(t, i, 0, "%s runs under license %d, which is not active at the server", p.name, v.License.ID)
		require.Nil(t, runsOn[v.License.ID], "license %d is on two PCs", v.License.ID)
		runsOn[v.License.ID] = p
	}
	return runsOn
}

// active returns the active licenses of the order at the server.
func (w *world) active() []store.License {
	return slices.DeleteFunc(w.licenses(), func(l store.License) bool { return l.Status != api.StatusActive })
}

// seatsTaken returns the number of seats in use at the server.
func (w *world) seatsTaken() int {
	w.t.Helper()
	o, err := w.admin.Order(w.t.Context(), w.order)
	require.NoError(w.t, err)
	return o.LicensesActive
}

// expects reports whether the license is for the PC in its present state, so that the next refresh or courier brings
// its file.
func (p *pc) expects(l store.License) bool {
	p.t.Helper()
	if !p.offline {
		return p.codes() == l.Codes
	}
	state, err := p.store().State(signature)
	require.NoError(p.t, err)
	return state.HasGeneration && state.Generation == l.Codes.Site.Generation()
}

// recoveryWays lists how a license that is on no PC can be recovered. With ignoreLimits it includes what the vendor
// does not allow now.
func (w *world) recoveryWays(l store.License, ignoreLimits bool) (ways []string) {
	w.t.Helper()
	o := w.wireOrder()
	for _, p := range w.pcs {
		for _, k := range p.keptCodes() {
			if k.Codes == l.Codes && k.Code == w.removalCode(l) {
				ways = append(ways, "removal code stored on "+p.name)
			}
		}
		row, known := p.cached(l.ID)
		if !known || row.SiteCode != l.Codes.Site.String() {
			continue
		}
		if p.offersBringBack(l.ID, ignoreLimits) {
			ways = append(ways, "bring back on "+p.name)
		}
		if !row.ThisPC && !row.LeftThisPC {
			continue
		}
		for way, refusal := range map[string]error{
			"reactivate": manager.ReactivationRefusal(o, row),
			"move":       manager.MoveRefusal(o, row),
			"remove":     manager.RemovalRefusal(o, row),
		} {
			if refusal == nil || ignoreLimits {
				ways = append(ways, way+" on "+p.name)
			}
		}
	}
	return ways
}

// wireOrder returns the order as the first app with a network has it.
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

// offersBringBack reports whether the app offers to bring a license back.
func (p *pc) offersBringBack(id int64, ignoreLimits bool) bool {
	p.t.Helper()
	offers, err := p.BringBacks(p.t.Context())
	require.NoError(p.t, err)
	return slices.ContainsFunc(offers, func(b manager.BringBack) bool {
		return b.License.ID == id && (ignoreLimits || b.Refusal == nil)
	})
}

// checkKept checks that each kept code is one that the server accepts, of a license that no longer runs.
func (p *pc) checkKept(t *testing.T, active []store.License) {
	t.Helper()
	v := p.verdict()
	for _, k := range p.keptCodes() {
		what := fmt.Sprintf("the removal code of license %d stored on %s", k.LicenseID, p.name)
		require.False(t, v.Valid() && v.License.Codes == k.Codes, "%s: the program still runs under that license", what)
		i := slices.IndexFunc(active, func(l store.License) bool { return l.Codes == k.Codes && l.ReleasedAt == nil })
		require.GreaterOrEqual(t, i, 0, "%s was handed in already", what)
		require.Equal(t, p.w.removalCode(active[i]), k.Code, what)
	}
}

// checkTable checks that the license that the app shows as installed is the one that the program runs under.
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

// checkForgotten checks that the app lists a license that the server has forgotten, or offers an older one in its
// place, and lists no other.
func (p *pc) checkForgotten(t *testing.T, forgotten bool) {
	t.Helper()
	if p.offline {
		return
	}
	found, err := p.Find(p.t.Context())
	require.NoError(t, err)
	listed := len(found.Forgotten) == 1 || forgotten && len(found.BringBacks) == 1
	require.Equal(t, forgotten, listed, "%s lists as forgotten: %v", p.name, found.Forgotten)
}
