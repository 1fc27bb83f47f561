//go:build !postgres

package servertest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// database returns what opens a test's database, again after it was closed.
func database(t *testing.T, folder string) (url string, open func() store.Store) {
	return "", func() store.Store {
		t.Helper()
		db, err := sqlite.Open(context.Background(), filepath.Join(folder, "acen.db"))
		require.NoError(t, err)
		return db
	}
}

// Dump is a backup of the database, byte by byte, and what lies beside it.
func (s *Server) Dump() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "backup.db")
	require.NoError(s.t, s.Backup(context.Background(), path))
	var all strings.Builder
	for _, file := range []string{path, filepath.Join(s.folder, "acen.db"), filepath.Join(s.folder, "acen.db-wal")} {
		data, err := os.ReadFile(file)
		require.NoError(s.t, err)
		all.Write(data)
	}
	return all.String()
}
