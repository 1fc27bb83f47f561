package installed

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// trialStore returns a store with the files of a trial version for one program: the golden state of version 1 and
// others.
func trialStore(t *testing.T) (s *Store, files map[string]string) {
	t.Helper()
	s = Open(t.TempDir(), fixed())
	files = map[string]string{
		"pc.json":        golden(t, "pc-v1.json"),
		"clock.json":     `{"latest":"2026-11-03T12:00:00Z","issued":"2026-11-01T12:00:00Z"}`,
		"contacts.json":  `[{"license_id":7,"site":305418950,"at":"2026-11-03T12:00:00Z"}]`,
		"notepad-7.acen": golden(t, "notepad-7-v1.acen"),
	}
	require.NoError(t, os.MkdirAll(ProgramFolder(s.Dir(), notepad), 0o700))
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(ProgramFolder(s.Dir(), notepad), name), []byte(content), 0o600))
	}
	return s, files
}

// tree returns the files below a folder by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil && name != lockName {
			files[filepath.ToSlash(name)] = readText(t, path)
		}
		return err
	}))
	return files
}

// The state of a trial version is not read, and every change moves it to the folder "old" (spec: files "Versions").
func TestTrialStateIsMoved(t *testing.T) {
	for name, change := range map[string]func(*Store) error{
		"generation": func(s *Store) error { _, err := s.Generation(t.Context(), notepad); return err },
		"leave":      func(s *Store) error { return s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 0x123)}) },
		"clock":      func(s *Store) error { return s.SetClock(t.Context(), notepad, Clock{Latest: time.Unix(1, 0)}) },
		"contact":    func(s *Store) error { return s.SetContact(t.Context(), notepad, Contact{LicenseID: 1}) },
		"aside": func(s *Store) error {
			programs, err := s.SetTrialVersionAside(t.Context())
			require.Equal(t, 1, programs)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, files := trialStore(t)
			dir := ProgramFolder(s.Dir(), notepad)
			state, err := s.State(notepad)
			require.NoError(t, err)
			require.Equal(t, State{Signature: notepad}, state)
			states, err := s.States()
			require.NoError(t, err)
			require.Empty(t, states)
			require.Equal(t, files, tree(t, dir), "reading changes nothing")
			kept, err := s.TrialVersionFolders()
			require.NoError(t, err)
			require.Empty(t, kept)

			require.NoError(t, change(s))
			after := tree(t, dir)
			for _, name := range []string{"pc.json", "clock.json", "contacts.json"} {
				require.Equal(t, files[name], after["old/"+name], name)
				require.NotEqual(t, files[name], after[name], name)
			}
			require.Equal(t, files["notepad-7.acen"], after["notepad-7.acen"], "its program reports what is wrong with it")
			kept, err = s.TrialVersionFolders()
			require.NoError(t, err)
			require.Equal(t, []string{filepath.Join(dir, "old")}, kept)
			_, err = s.Generation(t.Context(), notepad)
			require.NoError(t, err)
			state, err = s.State(notepad)
			require.NoError(t, err)
			require.NotContains(t, state.Used, uint16(293), "nothing of it was taken over")
			programs, err := s.SetTrialVersionAside(t.Context())
			require.NoError(t, err)
			require.Zero(t, programs, "only once")
		})
	}
}

// A license file of a trial version is moved when a file of this version replaces it or when it would be erased;
// moved files are not replaced.
func TestTrialLicensesAreMoved(t *testing.T) {
	s, files := trialStore(t)
	dir := ProgramFolder(s.Dir(), notepad)
	older := files["notepad-7.acen"]
	_, err := license.SigningKeyFromSeed([32]byte{1}).Public().Verify(older)
	require.ErrorIs(t, err, license.ErrOlderVersion, "the file is one of a trial version")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "damaged.acen"), []byte("v4.public.x"), 0o600))
	require.NoError(t, s.Put(t.Context(), notepad, "notepad-8.acen", "a license"))
	require.Equal(t, map[string]string{
		"damaged.acen":       "v4.public.x",
		"notepad-8.acen":     "a license",
		"old/notepad-7.acen": older,
		"old/pc.json":        files["pc.json"],
		"old/clock.json":     files["clock.json"],
		"old/contacts.json":  files["contacts.json"],
	}, tree(t, dir))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "notepad-7.acen"), []byte(older+"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notepad-9.acen"), []byte(older), 0o600))
	require.NoError(t, s.Put(t.Context(), notepad, "notepad-9.acen", "a license with the same name"))
	require.Equal(t, older, tree(t, dir)["old/notepad-9.acen"])
	require.NoError(t, s.Erase(t.Context(), notepad, func(File) bool { return true }))
	after := tree(t, dir)
	require.Equal(t, older, after["old/notepad-7.acen"])
	require.Equal(t, older+"\n", after["old/notepad-7.acen-2"])
	require.NotContains(t, after, "notepad-7.acen")
	require.NotContains(t, after, "notepad-8.acen")
}

// A license file of this version is erased, not moved.
func TestNewLicenseFilesAreErased(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	file := license.File{
		ID:        7,
		IssuedAt:  time.Unix(1, 0),
		ProgramID: 1,
		Signature: notepad,
		Order:     1,
		Codes:     codesOf(t, 0x123),
	}
	content, err := license.SigningKeyFromSeed([32]byte{1}).Sign(file)
	require.NoError(t, err)
	require.NoError(t, s.Put(t.Context(), notepad, "a.acen", content))
	require.NoError(t, s.Erase(t.Context(), notepad, func(File) bool { return true }))
	require.Empty(t, tree(t, ProgramFolder(s.Dir(), notepad)))
}

// An interrupted move is continued, and a state of another version does not start one.
func TestInterruptedMove(t *testing.T) {
	s, files := trialStore(t)
	dir := ProgramFolder(s.Dir(), notepad)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "old"), 0o700))
	require.NoError(t, os.Rename(filepath.Join(dir, "clock.json"), filepath.Join(dir, "old", "clock.json")))
	programs, err := s.SetTrialVersionAside(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, programs)
	after := tree(t, dir)
	require.Equal(t, files["pc.json"], after["old/pc.json"])
	require.Equal(t, files["clock.json"], after["old/clock.json"])

	for _, content := range []string{golden(t, "pc-v2.json"), golden(t, "pc-v3.json"), `{"version":1`, `{"version":0}`} {
		path := writeState(t, s, content)
		programs, err := s.SetTrialVersionAside(t.Context())
		require.NoError(t, err)
		require.Zero(t, programs, content)
		require.Equal(t, content, readText(t, path))
	}
}

// If the folder "old" cannot be created, the change fails and nothing is lost.
func TestTrialStateCannotBeMoved(t *testing.T) {
	s, files := trialStore(t)
	dir := ProgramFolder(s.Dir(), notepad)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "old"), nil, 0o600))
	_, err := s.Generation(t.Context(), notepad)
	require.Error(t, err)
	programs, err := s.SetTrialVersionAside(t.Context())
	require.Error(t, err)
	require.Zero(t, programs)
	after := tree(t, dir)
	for name, content := range files {
		require.Equal(t, content, after[name], name)
	}
}
