package sqlite

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

// The audit trail and licenses stay, even for somebody who works on the file by hand.
func TestRowsThatStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acen.db")
	s := start(t, path)
	for _, statement := range []string{`UPDATE audit SET outcome = 'x'`, `DELETE FROM audit`} {
		_, err := s.write.Exec(`INSERT INTO audit (at, actor, client_id, host, device, action, object, outcome, detail) VALUES (1, '', 0, '', '', '', '', '', '')`)
		require.NoError(t, err)
		_, err = s.write.Exec(statement)
		require.ErrorContains(t, err, "append-only")
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
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
