package installed

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// Files that another program has opened exclusively have no content, and the others are read. Together they use the
// budget of one file.
func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		path := filepath.Join(dir, "a"+strconv.Itoa(i)+Extension)
		require.NoError(t, os.WriteFile(path, []byte("planted"), 0o600))
		name, err := syscall.UTF16PtrFromString(path)
		require.NoError(t, err)
		h, err := syscall.CreateFile(name, syscall.GENERIC_READ, 0, nil, syscall.OPEN_EXISTING, 0, 0)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, syscall.CloseHandle(h)) })
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "z"+Extension), []byte("license"), 0o600))
	fakeBudget := newFakeBudget()
	former := useFakeBudget(fakeBudget)
	defer former()
	files, err := Files(dir)
	require.NoError(t, err)
	require.Len(t, files, 101)
	require.Empty(t, files[0].Content)
	require.Equal(t, "license", files[100].Content)
	require.Equal(t, fileBudget, fakeBudget.total)
	_, err = readShared(files[0].Path, license.MaxFile)
	require.ErrorIs(t, err, errorSharingViolation)
	require.NotErrorIs(t, err, fs.ErrPermission)
}

// useFakeBudget replaces systemBudget until restore is called.
func useFakeBudget(s *fakeBudget) (restore func()) {
	now, sleep := systemBudget.now, systemBudget.sleep
	systemBudget.now, systemBudget.sleep, systemBudget.began = s.now, s.sleep, s.clock.Add(-budgetWindow)
	return func() {
		systemBudget.now, systemBudget.sleep, systemBudget.began = now, sleep, now().Add(-budgetWindow)
	}
}
