package desktop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/manager"
)

func TestForget(t *testing.T) {
	base := t.TempDir()
	data, look := filepath.Join(base, "data"), filepath.Join(base, "look")
	cleared := 0
	clear := func(context.Context) error { cleared++; return nil }
	m, err := manager.Open(t.Context(), manager.Options{DataDir: data, Keyring: keyring.Memory(), Fingerprint: fingerprint.System()})
	require.NoError(t, err)
	for _, path := range []string{filepath.Join(look, "preferences.json"), filepath.Join(data, crashFile), filepath.Join(data, "crash-20261124-120000.txt"), filepath.Join(data, "handed", "x.in"), filepath.Join(data, "handed-folders", "x.in")} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	}
	require.ErrorIs(t, forget(t.Context(), data, look, clear), manager.ErrAlreadyRunning)
	require.Zero(t, cleared)
	require.FileExists(t, filepath.Join(look, "preferences.json"))
	require.NoError(t, m.Close())

	require.NoError(t, forget(t.Context(), data, look, clear))
	require.Equal(t, 1, cleared)
	left, err := os.ReadDir(base)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, forget(t.Context(), data, look, clear), "again")
}

// lookEnv lets a child of the test print where the toolkit keeps its preferences: it watches the folder until its process ends.
const lookEnv = "ACEN_TEST_LOOK"

func TestLookFolderIsTheToolkits(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "USERPROFILE", "XDG_CACHE_HOME"} {
		t.Setenv(name, home)
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	t.Setenv(lookEnv, "yes")
	theirs, err := exec.CommandContext(t.Context(), os.Args[0]).Output()
	require.NoError(t, err)
	look, err := lookFolder(ID)
	require.NoError(t, err)
	require.Equal(t, string(theirs), filepath.ToSlash(look))
}
