//go:build unix

package installed

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pipe with the name of a license file does not block.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.acen")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	files, err := Files(dir)
	require.NoError(t, err)
	require.Equal(t, []File{{Path: path}}, files)
}

// A folder that cannot be listed does not count as empty: departures are still known.
func TestFolderCannotBeListed(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 5), LicenseID: 7}))
	dir := ProgramFolder(s.Dir(), notepad)
	require.NoError(t, os.Chmod(dir, 0o100))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	state, err := s.State(notepad)
	require.NoError(t, err)
	require.Len(t, state.Spent, 1)
}
