package service_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// addClient adds a client and returns its id.
func addClient(t *testing.T, d *service.Data, username string) (id int64) {
	t.Helper()
	require.NoError(t, d.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) (err error) {
		id, err = tx.Clients.Add(t.Context(), store.Client{Username: username, CreatedAt: now})
		return err
	}))
	return id
}

// state returns the epoch and the newest entry of the audit trail.
func state(t *testing.T, d *service.Data) (epoch string, newest store.Audit) {
	t.Helper()
	require.NoError(t, d.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		if epoch, err = store.Epoch(t.Context(), tx); err != nil {
			return err
		}
		trail, err := tx.Audits.List(t.Context(), store.AuditFilter{Limit: 1})
		if len(trail) > 0 {
			newest = trail[0]
		}
		return err
	}))
	return epoch, newest
}

func openData(t *testing.T, p service.Place) *service.Data {
	t.Helper()
	d, err := service.OpenData(t.Context(), p)
	require.NoError(t, err)
	return d
}

// Restore skips the ids that were assigned after the backup, and sets a new epoch. A failed restore changes nothing
// (spec: api 20).
func TestRestoreLeavesAGap(t *testing.T) {
	p := service.Place{Folder: t.TempDir()}
	backup := filepath.Join(p.Folder, "backup.db")
	d := openData(t, p)
	first := addClient(t, d, "before the backup")
	require.NoError(t, d.Backup(t.Context(), backup))
	lost := addClient(t, d, "after the backup")
	epoch, _ := state(t, d)
	require.NotEmpty(t, epoch, "set at the first start")
	require.NoError(t, d.Store.Close())

	for _, gap := range []int64{0, -7, store.MaxGap + 1} {
		_, _, err := p.Restore(t.Context(), backup, gap, now)
		require.ErrorContains(t, err, "a gap of IDs must be from 1")
	}
	damaged := filepath.Join(p.Folder, "damaged.db")
	require.NoError(t, os.WriteFile(damaged, []byte("no database"), 0o600))
	_, _, err := p.Restore(t.Context(), damaged, 10, now)
	require.Error(t, err)
	d = openData(t, p)
	same, _ := state(t, d)
	require.Equal(t, epoch, same, "a failed restore changes nothing")
	require.NoError(t, d.Store.Close())

	epochs := map[string]bool{epoch: true}
	for range 2 {
		kept, r, err := p.Restore(t.Context(), backup, 10, now)
		require.NoError(t, err)
		require.NotEmpty(t, kept)
		require.Equal(t, epoch, r.Former, "of the backup")
		require.False(t, epochs[r.Epoch])
		epochs[r.Epoch] = true
		d = openData(t, p)
		restored, line := state(t, d)
		require.Equal(t, r.Epoch, restored)
		line.ID = 0
		require.Equal(t, r.Audit(now), line)
		require.Equal(t, first+11, r.Next.Client)
		next := addClient(t, d, "after the restore")
		require.Equal(t, r.Next.Client, next)
		require.Greater(t, next, lost)
		require.NoError(t, d.Store.Close())
	}
}

// OpenData sets the first epoch of data from an older version.
func TestOlderDataGetAnEpoch(t *testing.T) {
	p := service.Place{Folder: t.TempDir()}
	d := openData(t, p)
	require.NoError(t, d.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		return tx.Options.Set(t.Context(), store.EpochOption, "")
	}))
	require.NoError(t, d.Store.Close())
	d = openData(t, p)
	epoch, _ := state(t, d)
	require.Len(t, epoch, 22)
	require.NoError(t, d.Store.Close())
	d = openData(t, p)
	again, _ := state(t, d)
	require.Equal(t, epoch, again)
	require.NoError(t, d.Store.Close())
}
