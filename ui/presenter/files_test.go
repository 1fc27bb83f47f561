package presenter

import (
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/carry"
)

func TestSavedFileMode(t *testing.T) {
	s := newStage(t)
	path := filepath.Join(t.TempDir(), "license.acen")
	require.NoError(t, os.WriteFile(path, nil, 0o644)) // as the toolkit creates it
	to, err := storage.Writer(storage.NewFileURI(path))
	require.NoError(t, err)
	saved := false
	s.shell.Files.write(to, "seed", func(err error) {
		require.NoError(t, err)
		saved = true
	})
	s.WaitUntil("the file", func() bool { return saved })
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "seed", string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.True(t, s.Shows("Saved as "+path))
}

func TestReadDropped(t *testing.T) {
	dir := t.TempDir()
	file, big := filepath.Join(dir, "answer.acen"), filepath.Join(dir, "big.png")
	require.NoError(t, os.WriteFile(file, []byte("answer"), 0o600))
	require.NoError(t, os.WriteFile(big, make([]byte, carry.MaxPictureFile+1), 0o600))
	web, err := storage.ParseURI("https://licenses.lumen.example/answer.acen")
	require.NoError(t, err)

	path, err := folderPath(storage.NewFileURI(dir), nil)
	require.NoError(t, err)
	require.Equal(t, dir, path)
	_, err = folderPath(web, nil)
	require.ErrorIs(t, err, errNoFolder)
	_, err = folderPath(nil, os.ErrPermission)
	require.ErrorIs(t, err, os.ErrPermission)

	d, err := readDropped([]fyne.URI{storage.NewFileURI(file), storage.NewFileURI(dir)})
	require.NoError(t, err)
	require.Equal(t, dropped{contents: [][]byte{[]byte("answer")}, folders: []string{dir}}, d)

	for _, test := range []struct {
		dropped fyne.URI
		why     string
	}{
		{web, "What was dropped is no file of this PC."},
		{storage.NewFileURI(filepath.Join(dir, "none")), "The file cannot be read."},
		{storage.NewFileURI(big), "too large"},
	} {
		d, err := readDropped([]fyne.URI{storage.NewFileURI(file), test.dropped})
		require.Len(t, d.contents, 1, "what was read before")
		m := OpenErrorMessage(err)
		require.Contains(t, m.What+" "+m.Why, test.why)
	}
	require.Equal(t, "It is neither a file nor a folder.",
		OpenErrorMessage(&ArgumentError{Path: "/dev/null", NotFile: true, Err: errNoFile}).Why)
}
