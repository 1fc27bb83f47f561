package catalog

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
)

// installHere activates this PC and installs the license file.
func (w *fixture) installHere(t *testing.T) api.License {
	t.Helper()
	l := w.activate(t, w.codes(t), "Studio")
	w.cache(t, l)
	w.view.Install(t.Context(), l)
	require.True(t, w.runs(), "the file is installed")
	return l
}

// runs reports whether this PC has a license file of the order.
func (w *fixture) runs() bool {
	_, ok := w.pc.FileOf(w.server.program(), orderNumber)
	return ok
}

func (w *fixture) end(id int64) {
	for i := range w.server.rows {
		if w.server.rows[i].ID == id {
			w.server.rows[i].Status = api.StatusRemoved
		}
	}
}

// A license file is erased if the server lists its license as ended, and not if the license is missing.
func TestOnlyEndedLicensesAreErased(t *testing.T) {
	w := newFixture(t)
	l := w.installHere(t)
	rows := w.server.rows
	w.server.rows = nil
	_, err := w.view.Licenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.True(t, w.runs(), "missing is not ended")
	w.server.rows = rows
	w.end(l.ID)
	_, err = w.view.Licenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.False(t, w.runs())
}

// A table does not affect a license that was installed after the table was requested.
func TestTableKeepsLaterInstalls(t *testing.T) {
	w := newFixture(t)
	l := w.installHere(t)
	w.end(l.ID)
	w.server.before = func() {
		require.NoError(t, w.pc.Install(t.Context(), w.server.program(), l, w.server.file(l)))
	}
	_, err := w.view.Licenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.True(t, w.runs())
	w.server.before = nil
	_, err = w.view.Licenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.False(t, w.runs())
}

// An ended license settles its departure; an active one, or one that an open job hands in, does not.
func TestOnlyEndedLicensesAreSettled(t *testing.T) {
	w := newFixture(t)
	l := w.installHere(t)
	codes := w.codes(t)
	leaves := thispc.NewDeparture(w.server.program(), l, codes,
		w.server.code.RemovalSeed(activation(t, l)).RemovalCode(codes))
	require.NoError(t, w.pc.Leave(t.Context(), 1, leaves, api.TaskRemoval))
	kept := func(step string) (count int) {
		_, err := w.view.AllLicenses(t.Context(), orderNumber)
		require.NoError(t, err, step)
		codes, err := w.pc.KeptCodes(t.Context())
		require.NoError(t, err, step)
		return len(codes)
	}
	require.Equal(t, 1, kept("active"))
	rows := w.server.rows
	w.server.rows = nil
	w.server.before = func() { // the second answer lists it
		if slices.Contains(w.server.calls, "licenses") {
			w.server.rows = rows
		}
	}
	_, err := w.view.Licenses(t.Context(), orderNumber)
	require.NoError(t, err)
	w.server.before = nil
	require.Equal(t, "all licenses", w.server.calls[len(w.server.calls)-1])
	require.Equal(t, 1, kept("listed late"))
	w.end(l.ID)
	w.open = map[thispc.DepartureKey]api.Task{leaves.Key(): api.TaskRemoval}
	require.Equal(t, 1, kept("the job is open"))
	w.open = nil
	require.Equal(t, 0, kept("ended"))
}

// A license that runs here and that the table does not list is forgotten, unless the table is older than the license.
func TestForgotten(t *testing.T) {
	w := newFixture(t)
	l := w.installHere(t)
	w.now = w.now.Add(time.Hour)
	w.cache(t)
	found, err := w.view.Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Forgotten{{Order: w.server.order(), ID: l.ID, Note: "Studio"}}, found.Forgotten)

	w.now = w.now.Add(-2 * time.Hour)
	w.cache(t)
	found, err = w.view.Find(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Forgotten, "the table is older")
}

// A license that left is stranded if neither a job nor a removal code of it is here, and can then be brought back.
func TestStranded(t *testing.T) {
	w := newFixture(t)
	l := w.activate(t, w.codes(t), "Studio")
	w.cache(t, l)
	require.NoError(t, w.folder.Leave(t.Context(), signature, installed.Spent{Codes: w.codes(t), LicenseID: l.ID}))
	found, err := w.view.Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Stranded, 1)
	require.Len(t, found.BringBacks, 1)
	require.Equal(t, l.ID, found.Stranded[0].License.ID)
}

// A released license is listed until another PC picks it up.
func TestReleased(t *testing.T) {
	w := newFixture(t)
	l := w.activate(t, signature.Key().Codes(1, 4711), "")
	l.ReleasedAt = &w.now
	w.cache(t, l)
	released, err := w.view.ReleasedLicenses(t.Context())
	require.NoError(t, err)
	require.Len(t, released, 1)
	require.NoError(t, released[0].Refusal)
	require.NoError(t, PickUpRefusal(released[0].Order, released[0].License, 0))
	require.ErrorIs(t, PickUpRefusal(released[0].Order, released[0].License, 7), api.ErrSiteCodeInUse)
	require.ErrorIs(t, MoveRefusal(released[0].Order, released[0].License), ErrReleased)
}

// The license of a removal code is found by its Site code, and one that this PC has besides it is another.
func TestLicenseOf(t *testing.T) {
	w := newFixture(t)
	l := w.activate(t, w.codes(t), "")
	w.cache(t, l)
	codes := w.codes(t)
	found, err := w.view.LicenseOf(t.Context(), thispc.KeptCode{Signature: signature, Codes: codes})
	require.NoError(t, err)
	require.Equal(t, l.ID, found.License.ID)
	require.Equal(t, int64(orderNumber), found.Order.ID)
	require.Equal(t, int64(1), found.Program.ID)
	other := license.Signature(signature).Key().Codes(codes.Site.Generation()^1, 4711)
	_, err = w.view.LicenseOf(t.Context(), thispc.KeptCode{Signature: signature, Codes: other})
	require.ErrorIs(t, err, api.ErrNotFound)
	require.False(t, w.view.HasOther(t.Context(), w.server.program(), codes.Site))
	require.True(t, w.view.HasOther(t.Context(), w.server.program(), other.Site))
}
