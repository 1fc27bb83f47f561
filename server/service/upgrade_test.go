package service_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// addOlderLicense adds an active license of a trial version.
func addOlderLicense(t *testing.T, d *service.Data) {
	t.Helper()
	a := admin.Admin{Data: d, Now: func() time.Time { return now }}
	p, err := a.AddProgram(t.Context(), store.Program{
		Name: "Studio", Signature: "LUMENST7", RequiresActivation: true, Policy: license.DefaultPolicy(),
	})
	require.NoError(t, err)
	o, err := a.AddOrder(t.Context(), addClient(t, d, "anna"), p.ID, func(o *store.Order) error {
		o.LicensesTotal = 1
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, d.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		return tx.Licenses.Add(t.Context(), store.License{
			ID: 20001, OrderID: o.ID, ProgramID: p.ID, OriginalID: 20001, ActivatedAt: now, Older: true,
		})
	}))
}

// Start refuses a database with licenses of a trial version, also from a backup. Other commands work on it.
func TestOlderLicensesAreNotServed(t *testing.T) {
	p := service.Location{Folder: t.TempDir()}
	o := service.Options{
		Location:  p,
		Listening: listen.Config{Address: "127.0.0.1:0"},
		Name:      "test",
		Logger:    slog.New(slog.DiscardHandler),
	}
	start := func() error {
		s, err := service.Start(t.Context(), o, nil)
		if err != nil {
			return err
		}
		return s.Stop()
	}
	require.NoError(t, start(), "new data")
	d := openData(t, p)
	addOlderLicense(t, d)
	backup := filepath.Join(p.Folder, "backup.db")
	require.NoError(t, d.Backup(t.Context(), backup))
	require.NoError(t, d.Store.Close())

	refused := start()
	require.ErrorIs(t, refused, service.ErrOlderCodes)
	require.ErrorContains(t, refused, "acen-server upgrade-v2")
	require.ErrorIs(t, start(), service.ErrOlderCodes, "a refused start changes nothing")

	upgrade := func() {
		t.Helper()
		unlock, err := p.Lock()
		require.NoError(t, err, "a refused start releases the lock")
		d := openData(t, p)
		up, err := (admin.Admin{Data: d, Now: func() time.Time { return now }}).UpgradeV2(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, up.Licenses)
		require.NoError(t, d.Store.Close())
		unlock()
	}
	upgrade()
	require.NoError(t, start())

	_, _, err := p.Restore(t.Context(), backup, 10, now)
	require.NoError(t, err)
	require.EqualError(t, start(), refused.Error(), "a backup from before the upgrade")
	upgrade()
	require.NoError(t, start())

	s, err := service.Start(t.Context(), o, nil)
	require.NoError(t, err)
	_, err = p.Lock()
	require.ErrorContains(t, err, "another server is running")
	require.NoError(t, s.Stop())
}
