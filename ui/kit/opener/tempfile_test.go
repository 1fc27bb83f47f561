package opener

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTemporaryFilesAreReplacedAndRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	done := make(chan error, 2)
	o, _, started := fake(done, nil)
	for _, sound := range []string{"one", "two"} {
		done <- nil
		require.NoError(t, o.Play([]byte(sound)))
		path := (*started)[len(*started)-1]
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, sound, string(data))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "acen-sound-*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.NoError(t, o.Close())
	left, err = filepath.Glob(filepath.Join(os.TempDir(), "acen-sound-*"))
	require.NoError(t, err)
	require.Empty(t, left)

	done <- nil
	require.NoError(t, o.OpenPage(t.Context(), []byte("<p>page</p>")))
	path := (*started)[len(*started)-1]
	require.Equal(t, ".html", filepath.Ext(path))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "<p>page</p>", string(data))

	done <- ErrNoHandler
	require.ErrorIs(t, o.Play([]byte("three")), ErrNoHandler)
	require.FileExists(t, path, "Play does not remove the page")
	require.NoError(t, o.Close())
	require.NoFileExists(t, path)
}
