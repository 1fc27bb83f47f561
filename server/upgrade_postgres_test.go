//go:build postgres

package server_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/postgres/postgrestest"
)

// No server starts on licenses of a trial version in PostgreSQL, and concurrent upgrades do the work of one.
func TestUpgradeOnPostgreSQL(t *testing.T) {
	ctx := t.Context()
	p := service.Location{Folder: t.TempDir(), Database: postgrestest.Database(t)}
	d, err := service.OpenData(ctx, p)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Store.Close()) }()
	const orders, each = 3, 4
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	program, err := (admin.Admin{Data: d, Now: func() time.Time { return at }}).AddProgram(ctx, store.Program{
		Name:               "Studio",
		Signature:          "LUMENST7",
		RequiresActivation: true,
		Policy:             license.DefaultPolicy(),
	})
	require.NoError(t, err)
	require.NoError(t, d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		client, err := tx.Clients.Add(ctx, store.Client{Username: "anna", CreatedAt: at})
		if err != nil {
			return err
		}
		for range orders {
			order, err := tx.Orders.Add(ctx, store.Order{
				ClientID:      client,
				ProgramID:     program.ID,
				OrderedAt:     at,
				LicensesTotal: each,
			})
			if err != nil {
				return err
			}
			for range each {
				id, err := tx.Licenses.NextID(ctx)
				if err != nil {
					return err
				}
				if err := tx.Licenses.Add(ctx, store.License{
					ID:          id,
					OrderID:     order,
					ProgramID:   program.ID,
					OriginalID:  id,
					Codes:       license.Codes{Site: license.SiteCode(id)},
					ActivatedAt: at,
					Older:       true,
				}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	start := func() error {
		s, err := service.Start(ctx, service.Options{
			Location:  p,
			Listening: listen.Config{Address: "127.0.0.1:0"},
			Logger:    slog.New(slog.DiscardHandler),
		}, nil)
		if err != nil {
			return err
		}
		return s.Stop()
	}
	require.ErrorIs(t, start(), service.ErrOlderCodes)

	var group sync.WaitGroup
	var mu sync.Mutex
	var total admin.Upgraded
	for range 3 {
		group.Go(func() {
			up, err := admin.Admin{Data: d, Now: func() time.Time { return at }}.UpgradeV2(ctx)
			mu.Lock()
			defer mu.Unlock()
			total.Licenses += up.Licenses
			total.Orders += up.Orders
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Equal(t, admin.Upgraded{Licenses: orders * each, Orders: orders}, total)
	require.NoError(t, d.Store.Read(ctx, func(tx store.Tx) error {
		list, err := tx.Orders.List(ctx, 0, false, 0, 0)
		require.Len(t, list, orders)
		for _, o := range list {
			require.Zero(t, o.LicensesActive)
			licenses, err := tx.Licenses.List(ctx, o.ID, true, 0, 0)
			require.NoError(t, err)
			for _, l := range licenses {
				require.Equal(t, api.StatusReplaced, l.Status)
			}
		}
		trail, trailErr := tx.Audits.List(ctx, store.AuditFilter{Action: "database.upgrade"})
		require.NoError(t, trailErr)
		require.Len(t, trail, 1)
		return err
	}))
	require.NoError(t, start())
}
