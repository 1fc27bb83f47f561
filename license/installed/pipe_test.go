//go:build unix

package installed

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pipe that is named as a license file holds nobody up.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.acen")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	files, err := Files(dir)
	require.NoError(t, err)
	require.Equal(t, []File{{Path: path}}, files)
}
