package manager

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/journal"
)

func options(folder string) Options {
	return Options{
		DataDir:     folder,
		Keyring:     keyringtest.Memory(),
		Fingerprint: fingerprint.System(),
		Now:         func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) },
	}
}

func open(t *testing.T, folder string) *Manager {
	t.Helper()
	m, err := Open(t.Context(), options(folder))
	require.NoError(t, err)
	return m
}

func TestDataIsPrivate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "data")
	m := open(t, folder)
	defer m.Close()
	for path, mode := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, databaseName): 0o600,
		filepath.Join(folder, "acen.lock"): 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		if runtime.GOOS != "windows" { // on Windows, the person's folder is private
			require.Equal(t, mode, info.Mode().Perm(), path)
		}
	}
	require.Empty(t, m.Notices())
}

func TestOneAppPerFolder(t *testing.T) {
	folder := t.TempDir()
	m := open(t, folder)
	_, err := Open(t.Context(), options(folder))
	require.ErrorIs(t, err, ErrAlreadyRunning)
	require.NoError(t, m.Close())
	require.NoError(t, open(t, folder).Close(), "after the first has ended, the next may start")
}

func TestDamagedFileIsSetAside(t *testing.T) {
	whole := t.TempDir()
	require.NoError(t, open(t, whole).Close())
	good, err := os.ReadFile(filepath.Join(whole, databaseName))
	require.NoError(t, err)
	inner := append([]byte{}, good...)
	copy(inner[4096:], strings.Repeat("\xa5", len(inner)-4096))
	for name, content := range map[string][]byte{"no database": []byte(strings.Repeat("nonsense ", 1000)),
		"cut off": good[:len(good)/3], "overwritten pages": inner} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, databaseName)
			require.NoError(t, os.WriteFile(path, content, 0o600))
			m := open(t, folder)
			defer m.Close()
			require.Len(t, m.Notices(), 1)
			aside, err := filepath.Glob(path + ".damaged-*")
			require.NoError(t, err)
			require.Len(t, aside, 1)
			kept, err := os.ReadFile(aside[0])
			require.NoError(t, err)
			require.Equal(t, content, kept, "nothing of the file is lost")
			_, err = m.Resume(t.Context())
			require.ErrorIs(t, err, ErrSignedOut)
		})
	}
}

func TestNewerDataFileIsUnchanged(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, open(t, folder).Close())
	path := filepath.Join(folder, databaseName)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(`PRAGMA user_version = 999`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = Open(t.Context(), options(folder))
	require.ErrorIs(t, err, ErrStorage)
	require.ErrorContains(t, err, "newer version")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestFolderCannotBeCreated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Open(t.Context(), options(filepath.Join(file, "data")))
	require.ErrorIs(t, err, ErrStorage)
}

// A job that cannot be stored is not sent, because a crash would lose it.
func TestFullDisk(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	ctx := t.Context()
	_, err := m.db.ExecContext(ctx,
		`INSERT INTO accounts (server, server_name, client_id, username, display_name, remembered, last_used)
 VALUES ('s', 's', 1, 'u', 'u', 0, 0)`)
	require.NoError(t, err)
	_, err = m.db.Exec(`PRAGMA max_page_count = 1`) // SQLite raises it to the present size: no page can be added
	require.NoError(t, err)
	r, err := request{OrderID: 1}.withBody(api.NewLicense{Note: strings.Repeat("x", 200_000)})
	require.NoError(t, err)
	_, err = m.journal.Run(ctx, &acting{m: m, account: Account{ID: 1}}, journal.Draft{
		Task:    api.TaskNewLicense,
		Title:   "x",
		OrderID: 1,
	}, r)
	require.ErrorIs(t, err, ErrStorage)
	require.ErrorContains(t, err, "disk is full")
	open, err := m.journal.Open(ctx, 1)
	require.NoError(t, err)
	require.Empty(t, open)
}

var lumen = api.Program{ID: 1, Name: "Lumen Studio 7", ApplicationSignature: "LUMENST7"}

// The generation of a program is random at first use and does not change.
func TestGeneration(t *testing.T) {
	folder := t.TempDir()
	m := open(t, folder)
	g, err := m.pc.Generation(t.Context(), lumen)
	require.NoError(t, err)
	require.LessOrEqual(t, g, uint16(license.MaxGeneration))
	again, err := m.pc.Generation(t.Context(), lumen)
	require.NoError(t, err)
	require.Equal(t, g, again)
	require.NoError(t, m.Close())
	m = open(t, folder)
	defer m.Close()
	again, err = m.pc.Generation(t.Context(), lumen)
	require.NoError(t, err)
	require.Equal(t, g, again, "also at the next start")
}

// A damaged state file is set aside with a notice, and the app continues with a new one.
func TestDamagedState(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	_, err := m.pc.Generation(t.Context(), lumen)
	require.NoError(t, err)
	record := filepath.Join(installed.ProgramFolder(m.options.Installed.Dir(), "LUMENST7"), "pc.json")
	require.NoError(t, os.WriteFile(record, []byte("{"), 0o600))
	_, err = m.pc.Generation(t.Context(), lumen)
	require.NoError(t, err)
	require.Len(t, m.Notices(), 1)
	require.Contains(t, m.Notices()[0].Detail.String(), "damaged-20261124")
	aside, err := os.ReadFile(record + ".damaged-20261124-120000")
	require.NoError(t, err)
	require.Equal(t, "{", string(aside))
}

func TestEventsUntilCanceled(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	var got []EventKind
	cancel := m.Subscribe(func(e Event) { got = append(got, e.Kind) })
	m.publish(Event{Kind: OrdersChanged})
	cancel()
	m.publish(Event{Kind: SignedOut})
	require.Equal(t, []EventKind{OrdersChanged}, got)
}
