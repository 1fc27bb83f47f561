package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/storetest"
)

func start(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestRules(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
		path := filepath.Join(t.TempDir(), "a b%20c?.db")
		s := start(t, path)
		return s, func() store.Store {
			require.NoError(t, s.Close())
			return start(t, path)
		}
	})
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acen.db")
	start(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// Rows of the audit trail cannot be changed or deleted, not even by hand (spec: api 6, api 14).
func TestAppendOnlyRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acen.db")
	s := start(t, path)
	for _, statement := range []string{`UPDATE audit SET outcome = 'x'`, `DELETE FROM audit`} {
		_, err := s.write.Exec(`INSERT INTO audit (at, actor, client_id, host, device, action, object, outcome, detail) ` +
			`VALUES (1, '', 0, '', '', '', '', '', '')`)
		require.NoError(t, err)
		_, err = s.write.Exec(statement)
		require.ErrorContains(t, err, "append-only")
	}
}

// A prepared statement works on other connections, after a canceled call, and after a change of the schema.
func TestPreparedStatements(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "acen.db"))
	set := func(value string) {
		require.NoError(t, s.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
			return tx.Options.Set(t.Context(), "a", value)
		}))
	}
	get := func() (value string) {
		require.NoError(t, s.Read(t.Context(), func(tx store.Tx) error {
			options, err := tx.Options.All(t.Context())
			value = options["a"]
			return err
		}))
		return value
	}
	for _, value := range []string{"1", "2", "3"} {
		set(value)
		require.Equal(t, value, get())
	}
	require.Positive(t, s.write.statements.Count())
	require.Positive(t, s.read.statements.Count())

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, s.Write(gone, store.NoLock, func(tx store.Tx) error { return tx.Options.Set(gone, "a", "x") }))
	require.ErrorIs(t, s.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		require.NoError(t, tx.Options.Set(t.Context(), "a", "x"))
		return store.ErrExists
	}), store.ErrExists)
	require.Equal(t, "3", get())

	_, err := s.write.Exec(`ALTER TABLE options ADD COLUMN more TEXT`)
	require.NoError(t, err)
	set("4")
	require.Equal(t, "4", get())

	var running sync.WaitGroup
	for range 2 * readers {
		running.Go(func() {
			for range 20 {
				if get() == "" {
					t.Error("nothing was read")
				}
			}
		})
	}
	running.Wait()
}

// Reads see one snapshot, unless they say that they are a single query, which needs none. Neither waits for a writer.
func TestSnapshots(t *testing.T) {
	for name, row := range map[string]struct {
		hints []store.Hint
		later string // what the second query sees
	}{
		"snapshot":     {nil, "1"},
		"single query": {[]store.Hint{store.SingleQuery}, "2"},
	} {
		s := start(t, filepath.Join(t.TempDir(), "acen.db"))
		set := func(value string) {
			require.NoError(t, s.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
				return tx.Options.Set(t.Context(), "a", value)
			}))
		}
		set("1")
		for range 2 { // the second time with prepared statements
			require.NoError(t, s.Read(t.Context(), func(tx store.Tx) error {
				for _, want := range []string{"1", row.later} {
					options, err := tx.Options.All(t.Context())
					require.NoError(t, err)
					require.Equal(t, want, options["a"], name)
					set("2")
				}
				return nil
			}, row.hints...))
			set("1")
		}
		require.Positive(t, s.read.statements.Count(), name)
	}
}

func TestUnusableFiles(t *testing.T) {
	folder := t.TempDir()
	damaged := filepath.Join(folder, "damaged.db")
	require.NoError(t, os.WriteFile(damaged, []byte(strings.Repeat("nonsense ", 1000)), 0o600))
	_, err := Open(t.Context(), damaged)
	require.ErrorContains(t, err, "damaged")
	require.ErrorContains(t, err, damaged)

	newer := filepath.Join(folder, "newer.db")
	require.NoError(t, start(t, newer).Close())
	db, err := sql.Open("sqlite", newer)
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = Open(t.Context(), newer)
	require.ErrorContains(t, err, "newer version")

	_, err = Open(t.Context(), filepath.Join(damaged, "below", "a", "file.db"))
	require.Error(t, err)
}

// A server and an administration command may start on a new data folder at the same time.
func TestConcurrentOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acen.db")
	openConcurrently(t, path)
}

// openConcurrently opens a database eight times at the same time.
func openConcurrently(t *testing.T, path string) {
	t.Helper()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// Data of the first schema survives the migrations, which several programs try at the same time. Orders and licenses
// get their history.
func TestMigrationFromTheFirstSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acen.db")
	first, err := migrations.ReadFile("migrations/00001_first.sql")
	require.NoError(t, err)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	up := regexp.MustCompile(`(?m)^-- \+goose.*$`).ReplaceAllString(string(first), "")
	for _, statement := range []string{
		up,
		`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied ` +
			`INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)`,
		`INSERT INTO programs VALUES (1, 'Studio', 'LUMENST7', 1, 0, 1, ` +
			`'{"enabled":true,"max_hardware_changes":1,"changeable":[]}', 3, 0, ` +
			`'` + strings.Repeat("00", 32) + `', x'01', x'02', x'03', 1)`,
		`INSERT INTO clients VALUES (1, 'anna', '', '', '', '', '', '[]', 1, 1)`,
		`INSERT INTO orders VALUES (7, 1, 1, 1000000, 2, 1, 'ABCD', 1, 1, 1, 3, ` +
			`'{"enabled":true,"max_hardware_changes":1,"changeable":[]}', NULL, 0, NULL)`,
		`INSERT INTO licenses VALUES (20000, 7, 1, 20000, 6, '0000000000000001', 'F3945D8C-B0D71FFA-02A956E3-8D6DB947', ` +
			`'x', 3, '{"enabled":true,"max_hardware_changes":1,"changeable":[]}', 1500000, NULL, NULL, 'Removed', 1600000)`,
		`INSERT INTO licenses VALUES (20001, 7, 1, 20001, 5, '0000000000000001', 'F3945D8C-B0D71FFA-02A956E3-8D6DB947', ` +
			`'x', 3, '{"enabled":true,"max_hardware_changes":1,"changeable":[]}', 2000000, NULL, NULL, 'Active', NULL)`,
	} {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, db.Close())

	openConcurrently(t, path)
	s := start(t, path)
	require.NoError(t, s.Read(t.Context(), func(tx store.Tx) error {
		l, err := tx.Licenses.Get(t.Context(), 20001)
		require.NoError(t, err)
		require.Equal(t, "x", l.Note)
		require.Nil(t, l.ReleasedAt)
		require.True(t, l.Older, "it was made before there was another scheme")
		older, err := tx.Maintenance.OlderLicenses(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, []store.License{l}, older, "the removed one has ended")
		o, err := tx.Orders.Get(t.Context(), 7)
		require.NoError(t, err)
		legacy, err := tx.Maintenance.LegacySerials(t.Context())
		require.NoError(t, err)
		require.Equal(t, []store.Legacy{{OrderID: 7, ProgramID: 1, SerialNumber: "ABCD"}}, legacy)
		require.Equal(t, 1, o.LicensesActive)
		p, err := tx.Programs.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 1, p.OrderLicenses)
		require.True(t, p.Tasks.Rule(api.TaskRemoval, api.SubscriptionNone).On)
		events, err := tx.Events.List(t.Context(), 7, 0, 0)
		require.NoError(t, err)
		require.Len(t, events, 3)
		require.Equal(t, api.TaskNewLicense, events[0].Task)
		return nil
	}))
	require.NoError(t, s.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		for site, want := range map[license.SiteCode]bool{5: false, 6: true} {
			l, err := tx.Licenses.BySite(t.Context(), 7, site)
			require.NoError(t, err)
			require.Equal(t, want, l.SpendsSite(), "Site code %d", site)
		}
		require.NoError(t, tx.Licenses.Release(t.Context(), 20001, time.UnixMicro(3)))
		next, err := tx.Licenses.NextID(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(20002), next)
		l, err := tx.Licenses.BySite(t.Context(), 7, 5)
		require.True(t, l.SpendsSite())
		return err
	}))
}
