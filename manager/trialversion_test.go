package manager

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
)

// trialRows are rows in the data file of a trial version, by schema version.
var trialRows = map[int][]string{
	1: {
		`INSERT INTO accounts (id, server, server_name, client_id, username, display_name, remembered, last_used)
 VALUES (5, 'https://licenses.example.com', 'Lumen', 9, 'anna', 'Anna', 1, 1)`,
		`INSERT INTO cache VALUES (5, 'orders', x'00', 1)`,
		`INSERT INTO generations VALUES ('NOTEPAD1', 293, 1)`,
		`INSERT INTO jobs VALUES (3, 5, 'k', 'removal', 'Remove', 'i', x'00', 'sent', '', 1, 7, 1, 1)`,
	},
	3: {
		`INSERT INTO vault VALUES ('code', 'NOTEPAD1', '123452C6', '32F5-0FA3-3354-AC14',
 5, 1, 7, 'Notepad', '', '', x'00', 1)`,
		`INSERT INTO requests VALUES ('r', x'00', 1)`,
	},
}

// trialDatabase creates the data file of a trial version.
func trialDatabase(t *testing.T, folder string, version int, rows ...string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(folder, 0o700))
	db, err := sql.Open("sqlite", filepath.Join(folder, databaseName))
	require.NoError(t, err)
	statements := append([]string{}, schema[:version]...)
	for _, statement := range append(append(statements, rows...), fmt.Sprintf(`PRAGMA user_version = %d`, version)) {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, db.Close())
}

// trialState writes the state file of a trial version.
func trialState(t *testing.T, folder string) (path string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "license", "installed", "testdata", "pc-v1.json"))
	require.NoError(t, err)
	path = filepath.Join(installed.ProgramFolder(filepath.Join(folder, "licenses"), "NOTEPAD1"), "pc.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func count(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM `+table).Scan(&n), table)
	return n
}

// Files of a trial version are moved unread into folders "old", with one notice. Accounts remain.
func TestOpenWithTrialVersion(t *testing.T) {
	for _, version := range []int{1, 2, 3} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			folder := t.TempDir()
			rows := trialRows[1]
			if version == 3 {
				rows = append(append([]string{}, rows...), trialRows[3]...)
			}
			trialDatabase(t, folder, version, rows...)
			state := trialState(t, folder)
			content, err := os.ReadFile(state)
			require.NoError(t, err)

			m := open(t, folder)
			require.Len(t, m.Notices(), 1)
			require.Equal(t, "Data of an older trial version were set aside.", m.Notices()[0].Title.String())
			older, err := m.Older()
			require.NoError(t, err)
			require.Equal(t, []string{filepath.Join(folder, "old"), filepath.Join(filepath.Dir(state), "old")}, older)
			for _, dir := range older {
				require.Contains(t, m.Notices()[0].Detail.String(), dir)
			}
			jobs, err := m.AllJobs(t.Context())
			require.NoError(t, err)
			require.Empty(t, jobs, "a task of a trial version is not sent")
			codes, err := m.KeptCodes(t.Context())
			require.NoError(t, err)
			require.Empty(t, codes)
			for table, want := range map[string]int{"accounts": 1, "cache": 0, "vault": 0, "requests": 0} {
				require.Equal(t, want, count(t, m.db.DB, table), table)
			}
			require.NoFileExists(t, state)
			kept, err := os.ReadFile(filepath.Join(filepath.Dir(state), "old", "pc.json"))
			require.NoError(t, err)
			require.Equal(t, string(content), string(kept))
			require.NoError(t, m.Close())

			path := filepath.Join(folder, "old", databaseName)
			info, err := os.Stat(path)
			require.NoError(t, err)
			if runtime.GOOS != "windows" { // Windows has no permission bits; the folder's access list applies
				require.Zero(t, info.Mode().Perm()&0o077, "others may read it")
			}
			old, err := sql.Open("sqlite", path)
			require.NoError(t, err)
			for _, table := range []string{"accounts", "cache", "generations", "jobs"} {
				require.Equal(t, 1, count(t, old, table), table)
			}
			if version == 3 {
				require.Equal(t, 1, count(t, old, "vault"))
				require.Equal(t, 1, count(t, old, "requests"))
			}
			require.NoError(t, old.Close())

			m = open(t, folder)
			require.Empty(t, m.Notices(), "there is one notice")
			again, err := m.Older()
			require.NoError(t, err)
			require.Equal(t, older, again, "but it is still there")
			require.NoError(t, m.Close())
		})
	}
}

// There is no notice without data of a trial version. A program may have set its own state aside before.
func TestTrialVersionNotice(t *testing.T) {
	folder := t.TempDir()
	trialDatabase(t, folder, 3, trialRows[1][0])
	m := open(t, folder)
	require.Empty(t, m.Notices(), "an account alone is taken over")
	require.NoDirExists(t, filepath.Join(folder, "old"))
	require.Equal(t, 1, count(t, m.db.DB, "accounts"))
	require.NoError(t, m.Close())

	folder = t.TempDir()
	state := trialState(t, folder)
	store := installed.Open(filepath.Join(folder, "licenses"), installed.Options{})
	_, err := store.Generation(t.Context(), "NOTEPAD1")
	require.NoError(t, err)
	m = open(t, folder)
	require.Len(t, m.Notices(), 1, "a program was first")
	require.Contains(t, m.Notices()[0].Detail.String(), filepath.Join(filepath.Dir(state), "old"))
	require.NoError(t, m.Close())

	trialState(t, folder)
	m = open(t, folder)
	require.Len(t, m.Notices(), 1, "data of a trial version came back, as from a backup")
	require.NoError(t, m.Close())
}

// A start that was interrupted after the copy makes another copy and does not replace the first.
func TestTrialCopyIsNotReplaced(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"acen.db", "acen.db-2", "acen.db-3"} {
		trialDatabase(t, folder, 3, trialRows[1]...)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "old"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "old", ".fresh-acen.db"), []byte("half a copy"), 0o600))
		require.NoError(t, open(t, folder).Close())
		require.FileExists(t, filepath.Join(folder, "old", name))
		require.NoFileExists(t, filepath.Join(folder, "old", ".fresh-acen.db"))
		files, err := filepath.Glob(filepath.Join(folder, databaseName+"*"))
		require.NoError(t, err)
		for _, file := range files {
			require.NoError(t, os.Remove(file))
		}
	}
}

// Data that cannot be copied are not changed, and Open fails with the reason.
func TestTrialCopyFails(t *testing.T) {
	folder := t.TempDir()
	trialDatabase(t, folder, 3, trialRows[1]...)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "old"), nil, 0o600))
	_, err := Open(t.Context(), options(folder))
	require.ErrorIs(t, err, ErrStorage)
	require.NoError(t, os.Remove(filepath.Join(folder, "old")))
	require.NoError(t, open(t, folder).Close())
	require.FileExists(t, filepath.Join(folder, "old", databaseName))
}

// Forget deletes the app's files of a trial version, but not those of programs.
func TestForgetTrialVersion(t *testing.T) {
	folder := t.TempDir()
	trialDatabase(t, folder, 3, trialRows[1]...)
	state := trialState(t, folder)
	_, err := Forget(t.Context(), ForgetOptions{
		DataDir: folder,
		Keyring: keyringtest.Memory(),
		Clear:   func(context.Context) error { return nil },
	})
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(folder, "old"))
	require.FileExists(t, filepath.Join(filepath.Dir(state), "old", "pc.json"))
}

// trialFile returns a license file that a trial version signed with the key of seed 1.
func trialFile(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "license", "installed", "testdata", "notepad-7-v1.acen"))
	require.NoError(t, err)
	return string(content)
}

// A license file of a trial version is recognized as such and never installed, even if its key is not known any more.
func TestTakeTrialLicense(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	key := license.SigningKeyFromSeed([32]byte{1}).Public()
	_, unproven, err := m.InstallLicense(t.Context(), trialFile(t))
	require.ErrorIs(t, err, license.ErrOlderVersion, "the key is unknown, but the codes are not of this scheme")
	require.False(t, unproven)
	answer := carry.Answer{Results: []carry.Result{{
		Item:       1,
		Outcome:    carry.OutcomeLicense,
		License:    trialFile(t),
		PublicKeys: []license.PublicKey{key},
	}}}
	taken, err := m.ReadAnswer(t.Context(), answer)
	require.NoError(t, err)
	require.ErrorIs(t, taken[0].Err, license.ErrOlderVersion, "the courier's answer has the key")

	_, err = m.options.Installed.Update(t.Context(), "NOTEPAD1", func(s *installed.State) error {
		s.Program = installed.Program{Name: "Notepad", PublicKeys: []string{key.String()}}
		return nil
	})
	require.NoError(t, err)
	taken, err = m.ReadAnswer(t.Context(), answer)
	require.NoError(t, err)
	require.ErrorIs(t, taken[0].Err, license.ErrOlderVersion)
	require.False(t, taken[0].Unproven)
	files, err := m.options.Installed.Files("NOTEPAD1")
	require.NoError(t, err)
	require.Empty(t, files)
}

// A license file of a trial version is not a license of this PC.
func TestTrialLicenseFile(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	dir := installed.ProgramFolder(m.options.Installed.Dir(), "NOTEPAD1")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	path := filepath.Join(dir, "notepad-7.acen")
	require.NoError(t, os.WriteFile(path, []byte(trialFile(t)), 0o600))
	_, err := m.LeaveOffline(t.Context(), "NOTEPAD1")
	require.ErrorIs(t, err, ErrNotThisPC)
	_, err = m.options.Installed.Update(t.Context(), "NOTEPAD1", func(s *installed.State) error {
		s.Program = installed.Program{Name: "Notepad", PublicKeys: []string{strings.Repeat("d0", 32)}}
		return nil
	})
	require.NoError(t, err)
	programs, err := m.OfflinePrograms(t.Context())
	require.NoError(t, err)
	require.Equal(t, []OfflineProgram{{Signature: "NOTEPAD1", Name: "Notepad"}}, programs)
	require.FileExists(t, path)
}
