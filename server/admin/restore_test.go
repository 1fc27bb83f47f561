package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

func (s shop) epoch(t *testing.T) (epoch string) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		epoch, err = store.Epoch(t.Context(), tx)
		return err
	}))
	return epoch
}

// MarkRestored skips ids, sets a new epoch, and adds both to the audit trail. A second call skips ids again (spec:
// api 20).
func TestMarkRestored(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	l, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	epochs := []string{s.epoch(t)}
	require.Len(t, epochs[0], 22, "new data have an epoch")

	dry := s.Admin
	dry.DryRun = true
	tried, err := dry.MarkRestored(ctx, 5)
	require.NoError(t, err)
	require.Equal(t, store.IDs{License: l.ID + 6, Order: s.order.ID + 6, Client: s.client.ID + 6}, tried.Next)
	require.Equal(t, epochs[0], s.epoch(t), "a dry run changes nothing")
	before := s.trail(t)

	for n, gap := range []int64{5, store.DefaultGap} {
		r, err := s.MarkRestored(ctx, gap)
		require.NoError(t, err)
		more := 1 + gap
		require.Equal(t, store.IDs{License: l.ID + more, Order: s.order.ID + more, Client: s.client.ID + more}, r.Next)
		require.Equal(t, epochs[n], r.Former)
		require.Equal(t, r.Epoch, s.epoch(t))
		require.NotContains(t, epochs, r.Epoch)
		epochs = append(epochs, r.Epoch)
		require.Equal(t, "database.restored | database | ok | "+r.Audit(now).Detail, s.trail(t)[0])
		require.Contains(t, r.Audit(now).Detail, epochs[n]+" → "+r.Epoch)

		s.client, err = s.AddClient(ctx, store.Client{Username: "anna" + r.Epoch, Active: true}, "")
		require.NoError(t, err)
		one := func(o *store.Order) error { o.LicensesTotal = 1; return nil }
		s.order, err = s.AddOrder(ctx, s.client.ID, s.program.ID, one)
		require.NoError(t, err)
		l, err = s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 2+n))
		require.NoError(t, err)
		require.Equal(t, r.Next, store.IDs{License: l.ID, Order: s.order.ID, Client: s.client.ID})
		require.Equal(t, l.ID, l.OriginalID)
		require.Equal(t, api.StatusActive, l.Status)
	}
	require.Len(t, s.trail(t), len(before)+2*4)

	for _, gap := range []int64{0, -1, store.MaxGap + 1} {
		_, err := s.MarkRestored(ctx, gap)
		require.ErrorContains(t, err, "a gap of IDs must be from 1 to 1000000000000")
	}
	require.Equal(t, epochs[2], s.epoch(t))
}
