package installed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

var issued = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// testFile returns a license file with changes.
func testFile(change ...func(*license.File)) license.File {
	f := license.File{
		ID:          7,
		IssuedAt:    issued,
		ProgramID:   3,
		ProgramName: "Notepad",
		Signature:   notepad,
		Order:       5,
		Codes:       notepad.Key().Codes(0x123, pcBlock(9)),
		Features:    0b11,
		Policy:      license.DefaultPolicy(),
	}
	for _, fn := range change {
		fn(&f)
	}
	return f
}

// pcBlock returns the block of a PC with an operating system, which may change.
func pcBlock(system int) license.Block {
	return notepad.Key().Block(license.RawLocks{
		license.OSID - 1:   fmt.Sprintf("system %d", system),
		license.NETID - 1:  "52:54:07:1A:2B:3C",
		license.HDHWID - 1: "S4EVNX0M123456",
	})
}

func signed(t *testing.T, f license.File) string {
	t.Helper()
	token, err := license.SigningKeyFromSeed([32]byte{1}).Sign(f)
	require.NoError(t, err)
	return token
}

// reactivated changes a license file to that of its reactivation, after a lock changed.
func reactivated(f *license.File) {
	f.ID, f.IssuedAt, f.Codes = 9, issued.Add(time.Hour), notepad.Key().Codes(0x123, pcBlock(10))
}

// A license file supersedes an older one of the same license or its family, and no other (spec: codes "Several
// licenses").
func TestSupersedes(t *testing.T) {
	with := func(change ...func(*license.File)) license.File { return testFile(change...) }
	again := func(f *license.File) { f.IssuedAt = issued.Add(time.Hour) }
	for name, c := range map[string]struct {
		newer, older license.File
		want         bool
	}{
		"the same license, issued again":    {with(again), with(), true},
		"the same file":                     {with(), with(), true},
		"the same license, shortened":       {with(again, func(f *license.File) { f.Expires = issued }), with(), true},
		"the same license, issued before":   {with(), with(again), false},
		"its reactivation":                  {with(reactivated), with(), true},
		"a reactivation with less features": {with(reactivated, func(f *license.File) { f.Features = 1 }), with(), false},
		"a trial of the same order": {with(reactivated, func(f *license.File) {
			f.Expires = issued.AddDate(0, 1, 0)
		}), with(), false},
		"a license issued before":      {with(), with(reactivated), false},
		"another order":                {with(reactivated, func(f *license.File) { f.Order = 6 }), with(), false},
		"the same id of another order": {with(again, func(f *license.File) { f.Order = 6 }), with(), false},
		"another program":              {with(again, func(f *license.File) { f.ProgramID = 4 }), with(), false},
		"another signature":            {with(again, func(f *license.File) { f.Signature = "NOTEPAD2" }), with(), false},
		"another generation": {
			with(reactivated, func(f *license.File) { f.Codes = notepad.Key().Codes(0x124, pcBlock(10)) }), with(), false,
		},
		"another id for the same codes":                {with(again, func(f *license.File) { f.ID = 9 }), with(), true},
		"another id for the same codes, issued before": {with(func(f *license.File) { f.ID = 9 }), with(again), false},
		"another id for the same codes, with less features": {
			with(again, func(f *license.File) { f.ID, f.Features = 9, 1 }), with(), false,
		},
		"another PC with the same Site code": {
			with(again, func(f *license.File) { f.ID, f.Codes.Machine = 9, f.Codes.Machine+1 }), with(), false,
		},
		"another PC that shares the home": {
			with(reactivated, func(f *license.File) { f.Codes = notepad.Key().Codes(0x123, license.Block(12345)) }), with(),
			false,
		},
		"codes that do not belong together": {with(reactivated, func(f *license.File) { f.Codes.Machine++ }), with(), false},
	} {
		require.Equal(t, c.want, Supersedes(c.newer, c.older), name)
	}
}

// Put replaces superseded files. A file of another license with the same name is not replaced, whatever it claims
// (spec: files "License folder", codes "Several licenses").
func TestPutReplacesSuperseded(t *testing.T) {
	again := func(f *license.File) { f.IssuedAt = issued.Add(time.Hour) }
	other := func(f *license.File) { f.Order, f.ID = 6, 8 }
	for name, c := range map[string]struct {
		before map[string]string // content by name
		after  []string          // names
	}{
		"nothing": {nil, []string{"notepad-7.acen"}},
		"an older one": {map[string]string{"notepad-7.acen": signed(t, testFile())},
			[]string{"notepad-7.acen"}},
		"an older one of another name": {map[string]string{"a.acen": signed(t, testFile())}, []string{"notepad-7.acen"}},
		"the same one": {map[string]string{"notepad-7.acen": signed(t, testFile(again))},
			[]string{"notepad-7.acen"}},
		"one that is damaged":           {map[string]string{"notepad-7.acen": "half"}, []string{"notepad-7.acen"}},
		"a damaged one of another name": {map[string]string{"a.acen": "half"}, []string{"a.acen", "notepad-7.acen"}},
		"another license": {map[string]string{"notepad-8.acen": signed(t, testFile(other))},
			[]string{"notepad-7.acen", "notepad-8.acen"}},
		"another license of its name": {
			map[string]string{
				"Notepad-7.ACEN":   signed(t, testFile(other)),
				"notepad-7-2.acen": signed(t, testFile(other, again)),
			},
			[]string{"Notepad-7.ACEN", "notepad-7-2.acen", "notepad-7-3.acen"},
		},
		"one that claims to be newer": {
			map[string]string{"notepad-7.acen": signed(t, testFile(func(f *license.File) {
				f.IssuedAt = issued.AddDate(50, 0, 0)
			}))},
			[]string{"notepad-7-2.acen", "notepad-7.acen"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := Open(t.TempDir(), Options{})
			dir := ProgramFolder(s.Dir(), notepad)
			require.NoError(t, os.MkdirAll(dir, 0o700))
			for name, content := range c.before {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			}
			content := signed(t, testFile(again))
			require.NoError(t, s.Put(t.Context(), notepad, "notepad-7.acen", content))
			files, err := s.Files(notepad)
			require.NoError(t, err)
			var names []string
			for _, f := range files {
				names = append(names, filepath.Base(f.Path))
			}
			slices.Sort(names)
			require.Equal(t, c.after, names)
			require.True(t, slices.ContainsFunc(files, func(f File) bool { return f.Content == content }))
		})
	}
}

// A typed activation code replaces no other one, and its hash is stored forever (spec: codes "Several licenses",
// codes "Activation code").
func TestTypedCodes(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	code := func(n byte) Typed { return Typed{Codes: codesOf(t, uint16(n)), Code: license.ActivationCode{n}} }
	for _, n := range []byte{1, 2, 3, 2} {
		_, err := s.Update(t.Context(), notepad, func(state *State) error {
			state.AddTyped(code(n))
			state.RecordEntered(code(n).Code)
			return nil
		})
		require.NoError(t, err)
	}
	state, err := s.State(notepad)
	require.NoError(t, err)
	require.Equal(t, []Typed{code(2), code(3), code(1)}, state.TypedCodes())
	require.Len(t, state.EnteredHashes, 3)
	require.True(t, state.WasEntered(code(1).Code))
	require.False(t, state.WasEntered(code(4).Code))

	for _, n := range []byte{2, 1} {
		require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: code(n).Codes}))
	}
	state, err = s.State(notepad)
	require.NoError(t, err)
	require.Equal(t, []Typed{code(3)}, state.TypedCodes())
	require.True(t, state.WasEntered(code(1).Code), "entered codes remain known")

	for n := range maxFormer + 10 {
		state.AddTyped(Typed{Code: license.ActivationCode{byte(n >> 8), byte(n), 1}})
	}
	require.Len(t, state.TypedCodes(), maxFormer+1)
	for _, content := range []string{`"former_typed":[{"site_code":"x"}]`, `"former_typed":{}`, `"given_codes":[1]`} {
		_, err := decodeState(fmt.Sprintf(`{"version":%d,"signature":"NOTEPAD1",%s}`, stateVersion, content))
		require.ErrorIs(t, err, ErrDamaged, content)
	}
}

// Without a home folder nothing is read or written in the working directory.
func TestNoHome(t *testing.T) {
	t.Chdir(t.TempDir())
	s := Open("", fixed())
	_, err := s.States()
	require.ErrorIs(t, err, ErrNoHome)
	_, err = s.Files(notepad)
	require.ErrorIs(t, err, ErrNoHome)
	_, err = s.State(notepad)
	require.ErrorIs(t, err, ErrNoHome)
	require.Empty(t, s.Contacts(notepad))
	require.Zero(t, s.Clock(notepad))
	for name, change := range allChanges() {
		require.ErrorIs(t, change(t.Context(), s), ErrNoHome, name)
	}
	require.ErrorContains(t, ErrNoHome, "HOME")
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries)
}

// allChanges returns all operations that change a folder.
func allChanges() map[string]func(context.Context, *Store) error {
	return map[string]func(context.Context, *Store) error{
		"generation": func(ctx context.Context, s *Store) error { _, err := s.Generation(ctx, notepad); return err },
		"set aside":  func(ctx context.Context, s *Store) error { _, err := s.SetAside(ctx, notepad); return err },
		"put":        func(ctx context.Context, s *Store) error { return s.Put(ctx, notepad, "a.acen", "x") },
		"clock":      func(ctx context.Context, s *Store) error { return s.SetClock(ctx, notepad, Clock{Latest: issued}) },
		"contact":    func(ctx context.Context, s *Store) error { return s.SetContact(ctx, notepad, Contact{LicenseID: 1}) },
		"erase": func(ctx context.Context, s *Store) error {
			return s.Erase(ctx, notepad, func(File) bool { return true })
		},
	}
}

// The error for a read-only folder names the folder and the reason.
func TestFolderErrors(t *testing.T) {
	for text, err := range map[string]error{
		"is on a disk that can only be read":                                   syscall.EROFS,
		"is on a disk that cannot lock files, such as an old network drive":    syscall.ENOLCK,
		"is on a disk that cannot lock files":                                  syscall.ENOTSUP,
		"cannot lock files":                                                    syscall.ENOSYS,
		"does not answer; it may be on a network drive that cannot be reached": syscall.ESTALE,
		"is full":                  syscall.ENOSPC,
		"is full for this account": syscall.EDQUOT,
		"this account may not use": fs.ErrPermission,
		"cannot be used: odd":      errors.New("odd"),
	} {
		wrapped := &fs.PathError{Op: "open", Path: "x", Err: err}
		locks := Open(t.TempDir(), Options{tryLock: func(*flock.Flock) (bool, error) { return false, wrapped }})
		writes := Open(t.TempDir(), Options{Rand: fixed().Rand, Disk: failing{wrapped}})
		for what, s := range map[string]*Store{"lock": locks, "write": writes} {
			_, got := s.Generation(t.Context(), notepad)
			require.ErrorIs(t, got, err, what)
			var folder *FolderError
			require.ErrorAs(t, got, &folder, what)
			require.Equal(t, ProgramFolder(s.Dir(), notepad), folder.Dir)
			require.Contains(t, strings.ReplaceAll(got.Error(), "open x: ", ""), text, what)
			require.Contains(t, got.Error(), folder.Dir, what)
		}
	}
}

// failing is a disk whose changes fail.
type failing struct{ err error }

func (d failing) Write(string, []byte) error  { return d.err }
func (d failing) Rename(string, string) error { return d.err }
func (d failing) Remove(string) error         { return d.err }

// Operations on a folder that does not respond time out.
func TestSilentFolder(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	for _, hurried := range []bool{false, true} {
		s := Open(t.TempDir(), Options{
			Rand:        fixed().Rand,
			Disk:        hanging{released},
			LockTimeout: time.Nanosecond,
			DiskTimeout: time.Millisecond,
		})
		ctx, cancel := t.Context(), func() {}
		if hurried {
			ctx, cancel = context.WithDeadline(ctx, time.Now().Add(time.Hour))
		}
		_, err := s.Generation(ctx, notepad)
		cancel()
		require.ErrorIs(t, err, ErrTimeout)
		require.ErrorContains(t, err, ProgramFolder(s.Dir(), notepad)+" does not answer")
	}
	s := Open("x", Options{LockTimeout: time.Minute, DiskTimeout: time.Second})
	require.Equal(t, time.Minute+3*time.Second, s.changeTime(t.Context()))
	ctx, cancel := context.WithDeadline(t.Context(), issued)
	defer cancel()
	require.Equal(t, time.Second, s.changeTime(ctx), "a change that a later start can make gets less time")
	require.Equal(t, 3*time.Second, Open("x", Options{}).o.DiskTimeout)
}

// hanging is a disk that blocks until it is released.
type hanging struct{ released chan struct{} }

func (d hanging) Write(string, []byte) error  { <-d.released; return nil }
func (d hanging) Rename(string, string) error { <-d.released; return nil }
func (d hanging) Remove(string) error         { <-d.released; return nil }

// A file without read permission is distinguished from a damaged one.
func TestDenied(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}
	require.Equal(t, File{Path: "a", Denied: true}, newFile("a", "", denied))
	require.Equal(t, File{Path: "a"}, newFile("a", "", fmt.Errorf("x: %w", fs.ErrInvalid)))
	require.Equal(t, File{Path: "a", Content: "x"}, newFile("a", "x", nil))
}
