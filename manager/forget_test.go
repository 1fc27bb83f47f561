package manager

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForget(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	cleared := 0
	clear := func(context.Context) error { cleared++; return nil }
	m := open(t, folder)
	require.ErrorIs(t, Forget(t.Context(), folder, clear), ErrAlreadyRunning)
	require.Zero(t, cleared)
	require.FileExists(t, filepath.Join(folder, databaseName))
	require.NoError(t, m.Close())

	for _, name := range []string{databaseName + ".damaged-20261124-120000", "licenses/of a program", "letter.txt"} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	}
	broken := errors.New("no keyring")
	require.ErrorIs(t, Forget(t.Context(), folder, func(context.Context) error { return broken }), broken)
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(folder, "letter.txt"), filepath.Join(folder, "licenses")}, left, "what is not the app's, and licenses, stay")

	require.NoError(t, Forget(t.Context(), folder, clear), "again")
	require.NoError(t, Forget(t.Context(), filepath.Join(folder, "missing"), clear))
	require.Equal(t, 2, cleared)
	require.NoError(t, open(t, folder).Close(), "it begins anew")
}
