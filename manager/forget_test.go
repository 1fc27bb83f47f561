package manager

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

func TestForget(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	cleared := 0
	o := ForgetOptions{
		DataDir: folder,
		Keyring: keyringtest.Memory(),
		Clear:   func(context.Context) error { cleared++; return nil },
	}
	m := open(t, folder)
	_, err := Forget(t.Context(), o)
	require.ErrorIs(t, err, ErrAlreadyRunning)
	require.Zero(t, cleared)
	require.FileExists(t, filepath.Join(folder, databaseName))
	require.NoError(t, m.Close())

	for _, name := range []string{databaseName + ".damaged-20261124-120000", "licenses/of a program", "letter.txt"} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	}
	broken := errors.New("no keyring")
	failing := o
	failing.Clear = func(context.Context) error { return broken }
	_, err = Forget(t.Context(), failing)
	require.ErrorIs(t, err, broken)
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(folder, "letter.txt"), filepath.Join(folder, "licenses")}, left,
		"files of others, and licenses, remain")

	_, err = Forget(t.Context(), o)
	require.NoError(t, err, "again")
	o.DataDir = filepath.Join(folder, "missing")
	_, err = Forget(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 2, cleared)
	require.NoError(t, open(t, folder).Close(), "it starts over")
}

// Forget reports an open move, and copies its removal code into the license folder before it deletes the data file.
func TestForgetKeepsCodesOfOpenJobs(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	unreachable(f, "/release")
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	_, err = p.options.Installed.Update(t.Context(), lumenSignature, func(s *installed.State) error {
		s.Spent[0].RemovalCode = 0 // as a version that sealed it left it
		return nil
	})
	require.NoError(t, err)
	store := p.options.Installed
	require.NoError(t, p.Close())
	rest, err := Forget(t.Context(), ForgetOptions{
		DataDir: p.options.DataDir, Keyring: p.ring, Clear: func(context.Context) error { return nil },
	})
	require.NoError(t, err)
	require.Len(t, rest.Jobs, 1)
	require.Len(t, rest.Codes, 1)
	state, err := store.State(lumenSignature)
	require.NoError(t, err)
	want := f.code(l.License)
	require.Equal(t, []license.RemovalCode{want}, []license.RemovalCode{state.Spent[0].RemovalCode})
	require.NoFileExists(t, filepath.Join(p.options.DataDir, databaseName))
	reachable(f)
	o := p.options
	o.Installed = nil
	p.open(t, o)
	p.signIn(t)
	_, _ = p.row(t, l.ID)
	kept := p.kept(t)
	require.Len(t, kept, 1)
	_, err = p.Offer(t.Context(), kept[0])
	require.NoError(t, err)
}

// Data of a newer version are not deleted.
func TestForgetKeepsNewerData(t *testing.T) {
	folder := t.TempDir()
	m := open(t, folder)
	_, err := m.db.ExecContext(t.Context(), `PRAGMA user_version = 999`)
	require.NoError(t, err)
	require.NoError(t, m.Close())
	_, err = Forget(t.Context(), ForgetOptions{
		DataDir: folder,
		Keyring: keyringtest.Memory(),
		Clear:   func(context.Context) error { return nil },
	})
	require.ErrorContains(t, err, "newer version")
	require.FileExists(t, filepath.Join(folder, databaseName))
}

// A code whose key is in a locked keyring is not deleted.
func TestForgetWaitsForTheKeyring(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	p.activateHere(t)
	_, err := p.LeaveOffline(t.Context(), lumenSignature)
	require.NoError(t, err)
	_, err = p.options.Installed.Update(t.Context(), lumenSignature, func(s *installed.State) error {
		s.Spent[0].RemovalCode = 0 // as a version that sealed it left it
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, p.Close())
	o := ForgetOptions{DataDir: p.options.DataDir, Keyring: p.ring, Clear: func(context.Context) error { return nil }}
	p.ring.unavailable = true
	_, err = Forget(t.Context(), o)
	require.ErrorIs(t, err, ErrKeyringUnavailable)
	require.FileExists(t, filepath.Join(o.DataDir, databaseName))
	p.ring.unavailable = false
	rest, err := Forget(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, rest.Codes, 1)
}
