package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/manager/thispc"
)

// What was fetched is cached, with the time of the answer.
func TestTablesAreCached(t *testing.T) {
	w := newFixture(t)
	ctx := t.Context()
	_, ok, err := w.view.CachedOrders(ctx)
	require.NoError(t, err)
	require.False(t, ok)
	orders, err := w.view.Orders(ctx)
	require.NoError(t, err)
	require.True(t, orders.CanAddOrder)
	l := w.activate(t, signature.Key().Codes(1, 4711), "Studio")
	licenses, err := w.view.Licenses(ctx, orderNumber)
	require.NoError(t, err)
	require.Equal(t, []License{{License: l}}, licenses.Licenses, "another PC's")

	w.server.err = errNoAnswer
	cached, ok, err := w.view.CachedOrders(ctx)
	require.NoError(t, err)
	require.True(t, ok && cached.Cached)
	require.True(t, cached.FetchedAt.Equal(w.now))
	require.Equal(t, orders.Orders, cached.Orders)
	rows, ok, err := w.view.CachedLicenses(ctx, orderNumber)
	require.NoError(t, err)
	require.True(t, ok && rows.Cached)
	require.Equal(t, int64(orderNumber), rows.OrderID)
	require.Equal(t, licenses.Licenses, rows.Licenses)
	_, ok, err = w.View(2, w.server).CachedOrders(ctx)
	require.NoError(t, err)
	require.False(t, ok, "another account's")

	require.NoError(t, w.store.Forget(ctx, 1))
	_, ok, err = w.view.CachedOrders(ctx)
	require.NoError(t, err)
	require.False(t, ok)
}

// An error of the server is reported and returned, and the cached table stays.
func TestServerFails(t *testing.T) {
	w := newFixture(t)
	w.cache(t)
	w.server.err = client.ErrSignedOut
	for _, fetch := range []func() error{
		func() error { _, err := w.view.Orders(t.Context()); return err },
		func() error { _, err := w.view.Licenses(t.Context(), orderNumber); return err },
		func() error { _, err := w.view.AllLicenses(t.Context(), orderNumber); return err },
		func() error { _, _, err := w.view.LicenseFile(t.Context(), 1); return err },
		func() error { _, err := w.view.Program(t.Context(), 1); return err },
	} {
		w.failed = nil
		require.ErrorIs(t, fetch(), client.ErrSignedOut)
		require.Equal(t, []error{client.ErrSignedOut}, w.failed)
	}
	_, ok, err := w.view.CachedOrders(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
}

// A license of this PC is recognized, and its file is installed from the server, then from this PC.
func TestLicensesOfThisPC(t *testing.T) {
	w := newFixture(t)
	w.cache(t)
	l := w.activate(t, w.codes(t), "Studio")
	table, err := w.view.Licenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.Equal(t, []License{{License: l, ThisPC: true, Installed: true}}, table.Licenses)
	require.Contains(t, w.server.calls, "file")

	w.server.calls = nil
	require.True(t, w.view.Row(t.Context(), orderNumber, l).Installed)
	require.Empty(t, w.server.calls)
	ended := l
	ended.Status = api.StatusRemoved
	require.False(t, w.view.Row(t.Context(), orderNumber, ended).ThisPC)
}

// The license that a task returned is installed; if that fails, a notice says so.
func TestInstall(t *testing.T) {
	w := newFixture(t)
	w.cache(t)
	l := w.activate(t, w.codes(t), "Studio")
	w.server.err = errNoAnswer
	w.view.FromCache().Install(t.Context(), l)
	require.Len(t, w.notices, 1)
	w.server.err = nil
	w.view.Install(t.Context(), l)
	require.Len(t, w.notices, 1)
	_, ok := w.pc.FileOf(w.server.program(), orderNumber)
	require.True(t, ok)
}

// A departure is open while a job hands it in, and also if the jobs cannot be read.
func TestDepartures(t *testing.T) {
	w := newFixture(t)
	l := w.activate(t, w.codes(t), "Studio")
	w.cache(t, l)
	codes := w.codes(t)
	w.view.Install(t.Context(), l)
	leaves := thispc.NewDeparture(w.server.program(), l, codes,
		w.server.code.RemovalSeed(activation(t, l)).RemovalCode(codes))
	require.NoError(t, w.pc.Leave(t.Context(), 1, leaves, api.TaskRelease))

	w.open = map[thispc.DepartureKey]api.Task{leaves.Key(): api.TaskRelease}
	row := w.view.Row(t.Context(), orderNumber, l)
	require.True(t, row.LeftThisPC && row.JobOpen)
	require.False(t, row.ThisPC || row.Stranded() || row.MakesCode())
	require.ErrorIs(t, RemovalRefusal(w.server.order(), row), ErrLeftThisPC)
	found, err := w.view.Find(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Stranded)
	require.Empty(t, found.BringBacks)

	w.open = nil
	row = w.view.Row(t.Context(), orderNumber, l)
	require.True(t, row.Stranded())
	require.NoError(t, RemovalRefusal(w.server.order(), row))
	found, err = w.view.Find(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Stranded, "its removal code is here")

	w.openErr = errNoAnswer
	row = w.view.Row(t.Context(), orderNumber, l)
	require.True(t, row.JobOpen)
}

// Apply changes cached rows only.
func TestApply(t *testing.T) {
	w := newFixture(t)
	l := w.activate(t, signature.Key().Codes(1, 4711), "old")
	w.view.Apply(t.Context(), Change{OrderID: orderNumber, License: l})
	_, ok, err := w.view.CachedLicenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.False(t, ok, "a partial table would look complete")

	ids := func() (list []int64) {
		t.Helper()
		table, ok, err := w.view.CachedLicenses(t.Context(), orderNumber)
		require.NoError(t, err)
		require.True(t, ok)
		for _, row := range table.Licenses {
			list = append(list, row.ID)
		}
		return list
	}
	w.cache(t, l)
	renamed := l
	renamed.Note = "new"
	w.view.Apply(t.Context(), Change{OrderID: orderNumber, LicenseID: l.ID, License: renamed})
	table, _, err := w.view.CachedLicenses(t.Context(), orderNumber)
	require.NoError(t, err)
	require.Equal(t, "new", table.Licenses[0].Note)

	next := w.activate(t, signature.Key().Codes(2, 4711), "")
	w.view.Apply(t.Context(), Change{OrderID: orderNumber, LicenseID: l.ID, License: next})
	require.Equal(t, []int64{next.ID}, ids(), "the task replaced its license")
	order := w.server.order()
	order.LicensesActivated = 0
	order.LicensesTotal = 9
	w.view.Apply(t.Context(), Change{OrderID: orderNumber, LicenseID: next.ID, Order: order})
	require.Empty(t, ids(), "the task ended its license")
	orders, _, err := w.view.CachedOrders(t.Context())
	require.NoError(t, err)
	require.Equal(t, []api.Order{order}, orders.Orders)
}
