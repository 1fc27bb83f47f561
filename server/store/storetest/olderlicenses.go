package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// Active licenses with codes of acen/v1 are listed, released ones included.
func testOlderLicenses(t *testing.T, f *fixture) {
	var newer store.License
	add := func(site license.SiteCode, older bool) (l store.License) {
		f.write(func(ctx context.Context, tx store.Tx) (err error) {
			id, err := tx.Licenses.NextID(ctx)
			if err != nil {
				return err
			}
			l = store.License{
				ID:          id,
				OrderID:     f.order,
				ProgramID:   f.program,
				OriginalID:  id,
				Codes:       license.Codes{Site: site},
				Policy:      license.DefaultPolicy(),
				ActivatedAt: noon,
				Status:      api.StatusActive,
				Older:       older,
			}
			return tx.Licenses.Add(ctx, l)
		})
		return l
	}
	listed := func(limit int) (list []store.License) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) {
			list, err = tx.Maintenance.OlderLicenses(ctx, limit)
			return err
		})
		return list
	}
	newer = add(1, false)
	require.Empty(t, listed(0))
	first, second := add(2, true), add(3, true)
	require.Empty(t, cmp.Diff([]store.License{first, second}, listed(0)))
	require.Empty(t, cmp.Diff([]store.License{first}, listed(1)))

	f.write(func(ctx context.Context, tx store.Tx) error {
		if err := tx.Licenses.Release(ctx, second.ID, noon); err != nil {
			return err
		}
		second.Note = "changed"
		return tx.Licenses.Change(ctx, second)
	})
	f.Store = f.reopen()
	require.Len(t, listed(0), 2, "Change does not change the scheme")
	f.write(func(ctx context.Context, tx store.Tx) error {
		return tx.Licenses.End(ctx, first.ID, api.StatusReplaced, noon)
	})
	left := listed(0)
	require.Len(t, left, 1, "it has ended")
	require.Equal(t, second.ID, left[0].ID)
	f.read(func(ctx context.Context, tx store.Tx) error {
		ended, err := tx.Licenses.Get(ctx, first.ID)
		require.NoError(t, err)
		require.True(t, ended.Older)
		same, err := tx.Licenses.Get(ctx, newer.ID)
		require.Empty(t, cmp.Diff(newer, same))
		return err
	})
}
