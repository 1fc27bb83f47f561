package installed

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// A change renames a damaged file of contacts (spec: files "Contacts file").
func TestDamagedContacts(t *testing.T) {
	second := Contact{LicenseID: 2, At: issued}
	s := Open(t.TempDir(), Options{Now: func() time.Time { return issued }})
	require.NoError(t, s.SetContact(t.Context(), notepad, Contact{LicenseID: 1, At: issued, Ended: "Removed"}))
	path := filepath.Join(ProgramFolder(s.Dir(), notepad), contactsName)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	content = content[:len(content)-1]
	require.NoError(t, os.WriteFile(path, content, 0o600))
	require.NoError(t, s.SetContact(t.Context(), notepad, second))
	require.Equal(t, []Contact{second}, s.Contacts(notepad))
	aside, err := os.ReadFile(path + ".damaged-20261101-120000")
	require.NoError(t, err)
	require.Equal(t, content, aside)
}

// Operations on the folder of all programs time out, too.
func TestSilentFolderOfPrograms(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	s := Open(t.TempDir(), Options{
		DiskTimeout: time.Millisecond,
		readDir:     func(string) ([]fs.DirEntry, error) { <-released; return nil, nil },
	})
	for name, list := range map[string]func() error{
		"States":               func() error { _, err := s.States(); return err },
		"TrialVersionFolders":  func() error { _, err := s.TrialVersionFolders(); return err },
		"SetTrialVersionAside": func() error { _, err := s.SetTrialVersionAside(t.Context()); return err },
	} {
		err := list()
		require.ErrorIs(t, err, ErrTimeout, name)
		require.ErrorContains(t, err, s.Dir()+" does not answer", name)
	}
}

// A PC adopts the generation of a license if it has none and has not had this one.
func TestAdopt(t *testing.T) {
	site := func(generation uint16) license.SiteCode { return notepad.Key().Codes(generation, pcBlock(9)).Site }
	var s State
	s.Adopt(site(5))
	require.Equal(t, State{Generation: 5, HasGeneration: true, Used: []uint16{5}}, s)
	s.Adopt(site(6))
	require.EqualValues(t, 5, s.Generation, "the PC has a generation")
	used := State{Used: []uint16{5}}
	used.Adopt(site(5))
	require.Equal(t, State{Used: []uint16{5}}, used, "a license of this generation may have left")
}
