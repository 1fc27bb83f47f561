package servertest

import (
	"io"
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// TakeBackup writes a backup of the running server's database, like acen-server backup, and returns its path.
func (s *Server) TakeBackup() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "backup.db")
	require.NoError(s.t, s.Backup(s.t.Context(), path))
	return path
}

// Restore stops the server, restores a backup like acen-server restore, and starts the server. Its address changes.
func (s *Server) Restore(backup string) {
	s.t.Helper()
	s.stop()
	_, _, err := service.Location{Folder: s.folder}.Restore(s.t.Context(), backup, store.DefaultGap, s.Clock.Now())
	require.NoError(s.t, err)
	s.open(nil)
}

// ReplaceFiles stops the server, copies a backup over its database, and starts the server. The epoch and the ids are
// those of the backup, so the restore cannot be detected. The address changes.
func (s *Server) ReplaceFiles(backup string) {
	s.t.Helper()
	s.stop()
	path := filepath.Join(s.folder, "acen.db")
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); !os.IsNotExist(err) {
			require.NoError(s.t, err)
		}
	}
	in, err := os.Open(backup)
	require.NoError(s.t, err)
	defer in.Close()
	out, err := os.Create(path)
	require.NoError(s.t, err)
	_, err = io.Copy(out, in)
	require.NoError(s.t, err)
	require.NoError(s.t, out.Close())
	s.open(nil)
}
