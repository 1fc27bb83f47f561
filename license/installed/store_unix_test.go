//go:build unix

package installed

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Without a home folder there is no license folder.
func TestUserFolder(t *testing.T) {
	for _, c := range []struct {
		data string
		home bool
		want string
	}{
		{"/home/anna/.local/share", true, "/home/anna/.local/share/acen/licenses"},
		{"/data", false, "/data/acen/licenses"}, // XDG_DATA_HOME
		{"/.local/share", true, "/.local/share/acen/licenses"},
		{"/.local/share", false, ""}, // HOME is not set
		{"/Library/Application Support", false, ""},
		{"", true, ""}, // HOME is relative
		{"home/.local/share", true, ""},
	} {
		require.Equal(t, filepath.FromSlash(c.want), userIn(c.data, c.home), c)
	}
}

// New files are created exclusively, so a planted link is not followed (spec: files "License folder").
func TestFreshFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "licenses [2]") // also a glob pattern
	s := Open(dir, fixed())
	folder := ProgramFolder(dir, notepad)
	require.NoError(t, os.MkdirAll(folder, 0o700))
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
	planted := filepath.Join(folder, freshName+stateName)
	require.NoError(t, os.Symlink(victim, planted))
	for _, path := range []string{planted, victim} {
		require.ErrorIs(t, systemDisk{}.Write(path, []byte("x")), fs.ErrExist)
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, freshName+"left"), nil, 0o600))

	_, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	content, err := os.ReadFile(victim)
	require.NoError(t, err)
	require.Equal(t, "precious", string(content))
	info, err := os.Lstat(s.StatePath(notepad))
	require.NoError(t, err)
	require.True(t, info.Mode().IsRegular())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, strings.HasPrefix(e.Name(), freshName), e.Name())
	}
}

// SetContact does not replace a file of contacts that cannot be read (spec: files "Contacts file").
func TestUnreadableContacts(t *testing.T) {
	s := Open(t.TempDir(), Options{})
	require.NoError(t, s.SetContact(t.Context(), notepad, Contact{LicenseID: 1, Ended: "Removed"}))
	path := filepath.Join(ProgramFolder(s.Dir(), notepad), contactsName)
	require.NoError(t, os.Rename(path, path+".whole"))
	require.NoError(t, os.Symlink(contactsName, path)) // a link to itself
	var folder *FolderError
	require.ErrorAs(t, s.SetContact(t.Context(), notepad, Contact{LicenseID: 2}), &folder)
	require.NoError(t, os.Rename(path+".whole", path))
	list := s.Contacts(notepad)
	require.Len(t, list, 1)
	require.Equal(t, "Removed", list[0].Ended)
}
