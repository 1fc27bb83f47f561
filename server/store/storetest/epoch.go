package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// addRows adds one license, one order and one client, and returns their ids.
func (f *fixture) addRows(site license.SiteCode) (ids store.IDs) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx store.Tx) error {
		l, err := f.license(ctx, tx, site)
		if err != nil {
			return err
		}
		ids.License = l.ID
		ids.Order, err = tx.Orders.Add(ctx, store.Order{ClientID: f.client, ProgramID: f.program, OrderedAt: noon})
		if err != nil {
			return err
		}
		ids.Client, err = tx.Clients.Add(ctx, store.Client{Username: "client " + site.String(), CreatedAt: noon})
		return err
	})
	return ids
}

func (f *fixture) skip(gap int64) (next store.IDs, err error) {
	err = f.try(func(ctx context.Context, tx store.Tx) (err error) {
		next, err = tx.Maintenance.SkipIDs(ctx, gap)
		return err
	})
	return next, err
}

func testSkippedIDs(t *testing.T, f *fixture) {
	// Without any license.
	next, err := f.skip(500)
	require.NoError(t, err)
	require.Equal(t, store.IDs{License: 20501, Order: f.order + 501, Client: f.client + 501}, next)
	require.Equal(t, next, f.addRows(1), "the rows get the returned ids")

	last := next
	next, err = f.skip(store.DefaultGap)
	require.NoError(t, err)
	const more = store.DefaultGap + 1
	require.Equal(t, store.IDs{License: last.License + more, Order: last.Order + more, Client: last.Client + more}, next)

	// A gap is rolled back with its transaction.
	failure := errors.New("failure")
	err = f.try(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Maintenance.SkipIDs(ctx, 1000)
		return errors.Join(err, failure)
	})
	require.ErrorIs(t, err, failure)
	for _, gap := range []int64{store.MaxID, store.MaxID - 1000, 1<<63 - 1, -1, -1 << 63} {
		_, err = f.skip(gap)
		require.ErrorIs(t, err, store.ErrIDs, "gap %d", gap)
	}
	f.Store = f.reopen()
	require.Equal(t, next, f.addRows(2), "also after a restart")

	// An id that was chosen beyond the gap is not assigned either.
	f.write(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Orders.Add(ctx, store.Order{
			ID:        next.Order + 5000,
			ClientID:  f.client,
			ProgramID: f.program,
			OrderedAt: noon,
		})
		return err
	})
	last = next
	next, err = f.skip(1)
	require.NoError(t, err)
	require.Equal(t, store.IDs{License: last.License + 2, Order: last.Order + 5002, Client: last.Client + 2}, next)

	_, err = f.skip(store.MaxID - next.License)
	require.NoError(t, err, "up to the last id that is allowed")
	_, err = f.skip(1)
	require.ErrorIs(t, err, store.ErrIDs)
}

// No id is assigned twice while transactions skip ids and others add rows.
func testConcurrentSkips(t *testing.T, f *fixture) {
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]bool{}
	for n := range 24 {
		group.Go(func() {
			var id int64
			err := f.try(func(ctx context.Context, tx store.Tx) (err error) {
				id = 0
				if n%6 == 0 {
					_, err = tx.Maintenance.SkipIDs(ctx, 1)
					return err
				}
				id, err = tx.Orders.Add(ctx, store.Order{ClientID: f.client, ProgramID: f.program, OrderedAt: noon})
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			} else if id != 0 && seen[id] {
				t.Errorf("order id %d was assigned twice", id)
			}
			seen[id] = true
		})
	}
	group.Wait()
	require.Len(t, seen, 21)
}

func testEpoch(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.read(func(ctx context.Context, tx store.Tx) error {
		epoch, err := store.Epoch(ctx, tx)
		require.Empty(t, epoch)
		return err
	})
	_, err := store.EnsureEpoch(ctx, f.Store, strings.NewReader("too short"))
	require.Error(t, err)

	// Servers that start at the same time agree on one epoch.
	var group sync.WaitGroup
	epochs := make([]string, 4)
	for n := range epochs {
		group.Go(func() {
			epoch, err := store.EnsureEpoch(ctx, f.Store, bytes.NewReader(bytes.Repeat([]byte{byte(n)}, 16)))
			if err != nil {
				t.Error(err)
			}
			epochs[n] = epoch
		})
	}
	group.Wait()
	first := epochs[0]
	require.Len(t, first, 22)
	require.Equal(t, []string{first, first, first, first}, epochs)
	f.Store = f.reopen()
	again, err := store.EnsureEpoch(ctx, f.Store, strings.NewReader(""))
	require.NoError(t, err)
	require.Equal(t, first, again, "it does not change")

	mark := func(random string, gap int64) (r store.Restored, err error) {
		err = f.try(func(ctx context.Context, tx store.Tx) (err error) {
			r, err = store.MarkRestored(ctx, tx, strings.NewReader(random), gap)
			return err
		})
		return r, err
	}
	_, err = mark("too short", 1)
	require.Error(t, err)
	for _, gap := range []int64{0, -1, store.MaxGap + 1} {
		_, err = mark(strings.Repeat("x", 16), gap)
		require.ErrorContains(t, err, "from 1 to 1000000000000")
	}
	ids := f.addRows(1)
	for n, gap := range []int64{1, store.MaxGap} {
		r, err := mark(strings.Repeat(string(rune('a'+n)), 16), gap)
		require.NoError(t, err)
		require.Equal(t, first, r.Former)
		require.NotEqual(t, first, r.Epoch)
		require.Equal(t, gap, r.Gap)
		require.Equal(t, ids.License+1+gap, r.Next.License)
		f.read(func(ctx context.Context, tx store.Tx) error {
			epoch, err := store.Epoch(ctx, tx)
			require.Equal(t, r.Epoch, epoch)
			return err
		})
		first, ids = r.Epoch, f.addRows(license.SiteCode(2+n))
		require.Equal(t, r.Next, ids)
	}
}
