package installed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

const notepad license.Signature = "NOTEPAD1"

// fixed returns options whose random bytes give generation 0x123.
func fixed() Options { return Options{Rand: bytes.NewReader(bytes.Repeat([]byte{0x01, 0x23}, 100))} }

func codesOf(t *testing.T, generation uint16) license.Codes {
	t.Helper()
	return notepad.Key().Codes(generation, license.Block(12345))
}

// The generation is random at first and does not change. Its file is readable by its owner only (spec: codes "Site
// code and Machine ID", files "License folder").
func TestGeneration(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir, fixed())
	g, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	require.EqualValues(t, 0x123, g)
	again, err := Open(dir, Options{}).Generation(t.Context(), notepad)
	require.NoError(t, err)
	require.Equal(t, g, again)

	other, err := s.State("notepad1")
	require.NoError(t, err)
	require.False(t, other.HasGeneration, "signatures that differ in case are two programs")
	info, err := os.Stat(filepath.Join(ProgramFolder(dir, notepad), stateName))
	require.NoError(t, err)
	if runtime.GOOS != "windows" { // on Windows, the person's folder is private
		require.EqualValues(t, 0o600, info.Mode().Perm())
		info, err = os.Stat(ProgramFolder(dir, notepad))
		require.NoError(t, err)
		require.EqualValues(t, 0o700, info.Mode().Perm())
	}
}

// Leave spends the Site code of the license, and the PC gets another one (spec: files "Departure").
func TestLeave(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	g, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	gone := Spent{Codes: codesOf(t, g), LicenseID: 7, RemovalCode: 99}
	for range 2 {
		require.NoError(t, s.Leave(t.Context(), notepad, gone))
		state, err := s.State(notepad)
		require.NoError(t, err)
		require.Equal(t, []uint16{0x123, 0x124}, state.Used,
			"a used generation is not used again, and Leave of a typed code is idempotent")
		require.EqualValues(t, 0x124, state.Generation)
		found, ok := state.FindSpent(gone.Codes.Site)
		require.True(t, ok)
		require.EqualValues(t, 99, found.RemovalCode)
	}

	// Leave with another generation does not change the present one.
	require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 5)}))
	state, err := s.State(notepad)
	require.NoError(t, err)
	require.EqualValues(t, 0x124, state.Generation)

	require.NoError(t, s.Settle(t.Context(), notepad, gone.Codes.Site))
	state, err = s.State(notepad)
	require.NoError(t, err)
	found, ok := state.FindSpent(gone.Codes.Site)
	require.True(t, ok)
	require.Zero(t, found.RemovalCode)
	require.True(t, found.Settled)
	require.NoError(t, s.Leave(t.Context(), notepad, gone), "the server forgot it")

	for range 2 {
		require.NoError(t, s.UndoLeave(t.Context(), notepad, gone.Codes.Site))
		state, err = s.State(notepad)
		require.NoError(t, err)
		require.EqualValues(t, 0x123, state.Generation)
		_, ok = state.FindSpent(gone.Codes.Site)
		require.False(t, ok)
	}
}

// No generation is used twice, until all are used (spec: files "Departure", codes "Site code and Machine ID").
func TestAllGenerationsUsed(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	_, err := s.Update(t.Context(), notepad, func(state *State) error {
		for g := range uint16(license.MaxGeneration) {
			state.Used = append(state.Used, g)
		}
		state.Generation, state.HasGeneration = 1, true
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 1)}))
	state, err := s.State(notepad)
	require.NoError(t, err)
	require.EqualValues(t, license.MaxGeneration, state.Generation, "the only one left")
	require.ErrorIs(t, s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, license.MaxGeneration)}), ErrNoGeneration)
}

// Names, sizes and replacement of license files (spec: files "License folder").
func TestFiles(t *testing.T) {
	s := Open(t.TempDir(), Options{})
	for _, name := range []string{"../evil.acen", "evil.txt", "", "a/b.acen"} {
		require.Error(t, s.Put(t.Context(), notepad, name, "x"), name)
	}
	require.NoError(t, s.Put(t.Context(), notepad, "notepad-1.acen", "first"))
	require.NoError(t, s.Put(t.Context(), notepad, "notepad-2.acen", "second"))
	files, err := s.Files(notepad)
	require.NoError(t, err)
	require.Len(t, files, 2, "a license file takes the place of no other license")
	require.NoError(t, s.Put(t.Context(), notepad, "notepad-2.acen", "third"))
	files, err = s.Files(notepad)
	require.NoError(t, err)
	require.Len(t, files, 2, "a file that is not a license is replaced")
	require.Equal(t, "third", files[1].Content)
	require.NoError(t, os.Remove(files[0].Path))

	dir := ProgramFolder(s.Dir(), notepad)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "large.ACEN"), bytes.Repeat([]byte("a"), license.MaxFile+1), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.acen"), 0o700))
	files, err = s.Files(notepad)
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, f := range files {
		require.Equal(t, strings.Contains(f.Path, "notepad-2"), f.Content != "", f.Path)
	}

	require.NoError(t, s.Erase(t.Context(), notepad, func(f File) bool { return f.Content != "" }))
	files, err = s.Files(notepad)
	require.NoError(t, err)
	require.Len(t, files, 2)
	none, err := Files(filepath.Join(dir, "missing"))
	require.NoError(t, err)
	require.Empty(t, none)
}

// A damaged state is not changed until it is set aside (spec: files "Damage").
func TestDamagedStateIsSetAside(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	g, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	name, err := s.SetAside(t.Context(), notepad)
	require.NoError(t, err)
	require.Empty(t, name, "a valid state is not set aside")
	path := filepath.Join(ProgramFolder(s.Dir(), notepad), stateName)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, content := range map[string]string{
		"empty":           "",
		"half":            string(good[:len(good)/2]),
		"older":           strings.Replace(string(good), `"version": 2`, `"version": 0`, 1),
		"no version":      strings.Replace(string(good), `"version": 2,`, ``, 1),
		"newer, half":     `{"version":3,"signature":"NOTEPAD1"`,
		"newer, in words": `{"version":"3","signature":"NOTEPAD1"}`,
		"other program":   strings.Replace(string(good), "NOTEPAD1", "NOTEPAD2", 1),
		"no signature":    strings.Replace(string(good), "NOTEPAD1", "N", 1),
		"generation":      `{"version":2,"signature":"NOTEPAD1","generation":4096}`,
		"negative":        `{"version":2,"signature":"NOTEPAD1","generation":-1}`,
		"used":            `{"version":2,"signature":"NOTEPAD1","used_generations":[65535]}`,
		"spent":           `{"version":2,"signature":"NOTEPAD1","spent":[{"site_code":"x"}]}`,
		"spent removal code": `{"version":2,"signature":"NOTEPAD1",` +
			`"spent":[{"site_code":"12345678","machine_id":"1234123412341234","removal_code":"u"}]}`,
		"typed": `{"version":2,"signature":"NOTEPAD1",` +
			`"typed":{"site_code":"12345678","machine_id":"1234123412341234"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := s.Generation(t.Context(), notepad)
			require.ErrorIs(t, err, ErrDamaged)
			_, err = s.Update(t.Context(), notepad, func(*State) error { return errors.New("not called") })
			require.ErrorIs(t, err, ErrDamaged)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, content, string(kept))
		})
	}
	name, err = s.SetAside(t.Context(), notepad)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(filepath.Dir(path), name))
	_, err = s.Update(t.Context(), notepad, func(state *State) error {
		state.Generation, state.HasGeneration = g, true
		return nil
	})
	require.NoError(t, err)
	list, err := s.States()
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, notepad, list[0].Signature)
}

func TestClock(t *testing.T) {
	s := Open(t.TempDir(), Options{})
	require.Zero(t, s.Clock(notepad))
	c := Clock{Latest: time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC), Issued: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	require.NoError(t, s.SetClock(t.Context(), notepad, c))
	require.Equal(t, c, s.Clock(notepad))
	_, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	require.Equal(t, c, s.Clock(notepad), "other changes preserve it")
	earlier := Clock{Latest: c.Latest.AddDate(-1, 0, 0), Issued: c.Issued}
	require.NoError(t, s.SetClock(t.Context(), notepad, earlier))
	require.Equal(t, earlier, s.Clock(notepad))
}

// A separate clock file counts as long as pc.json has no clock: that of an older program, and that beside a damaged
// pc.json.
func TestSeparateClockFile(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	dir := ProgramFolder(s.Dir(), notepad)
	write := func(name, content string) {
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	at := func(year int) Clock {
		return Clock{Latest: time.Date(year, 11, 25, 1, 2, 3, 0, time.UTC),
			Issued: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	old := func(year int) string {
		return fmt.Sprintf(`{"latest":"%d-11-25T01:02:03Z","issued":"2020-01-01T00:00:00Z"}`, year)
	}

	write(clockName, old(2021))
	require.Equal(t, at(2021), s.Clock(notepad), "without pc.json")
	g, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	without, err := os.ReadFile(filepath.Join(dir, stateName))
	require.NoError(t, err)
	require.Equal(t, at(2021), s.Clock(notepad), "beside a pc.json without a clock")

	require.NoError(t, s.SetClock(t.Context(), notepad, at(2022)))
	require.Equal(t, at(2022), s.Clock(notepad))
	state, err := s.State(notepad)
	require.NoError(t, err)
	require.Equal(t, at(2022), state.Clock)
	require.Equal(t, g, state.Generation)
	write(stateName, string(without))
	require.Equal(t, at(2021), s.Clock(notepad), "an older program wrote pc.json and knows of no clock in it")

	write(stateName, "{")
	require.Equal(t, at(2021), s.Clock(notepad))
	require.NoError(t, s.SetClock(t.Context(), notepad, at(2023)))
	require.Equal(t, at(2023), s.Clock(notepad))
	kept, err := os.ReadFile(filepath.Join(dir, stateName))
	require.NoError(t, err)
	require.Equal(t, "{", string(kept), "a damaged state is not touched")
	_, err = s.SetAside(t.Context(), notepad)
	require.NoError(t, err)
	_, err = s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	require.Equal(t, at(2023), s.Clock(notepad), "the new state")

	write(stateName, string(without))
	for _, content := range []string{"{", "", "null", "[]", `{"latest":1}`} {
		write(clockName, content)
		require.Zero(t, s.Clock(notepad), content)
	}
}

// Replaced and dropped contacts, and an unreadable file (spec: files "Contacts file").
func TestContacts(t *testing.T) {
	s := Open(t.TempDir(), Options{})
	require.Empty(t, s.Contacts(notepad))
	at := time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC)
	require.NoError(t, s.SetContact(t.Context(), notepad, Contact{LicenseID: 1, Site: 2, At: at}))
	require.NoError(t, s.SetContact(t.Context(), notepad, Contact{LicenseID: 2, Site: 2, At: at}))
	require.NoError(t, s.SetContact(t.Context(), notepad, Contact{
		LicenseID: 1,
		Site:      2,
		At:        at.Add(time.Hour),
		Ended:     "Removed",
	}))
	require.Equal(t, []Contact{{
		LicenseID: 2,
		Site:      2,
		At:        at,
	}, {
		LicenseID: 1,
		Site:      2,
		At:        at.Add(time.Hour),
		Ended:     "Removed",
	}}, s.Contacts(notepad))
	for id := range int64(2 * maxContacts) {
		require.NoError(t, s.SetContact(t.Context(), notepad, Contact{LicenseID: id, Site: 3, At: at}))
	}
	list := s.Contacts(notepad)
	require.Len(t, list, maxContacts)
	require.EqualValues(t, 2*maxContacts-1, list[maxContacts-1].LicenseID)
	require.NoError(t, os.WriteFile(filepath.Join(ProgramFolder(s.Dir(), notepad), contactsName), []byte("["), 0o600))
	require.Empty(t, s.Contacts(notepad))
}

// License files are found among thousands of other files, because they may be in the folder of a program.
func TestFilesInLargeFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range 2000 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "program-"+strconv.Itoa(i)), nil, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "z.acen"), []byte("license"), 0o600))
	files, err := Files(dir)
	require.NoError(t, err)
	require.Equal(t, []File{{Path: filepath.Join(dir, "z.acen"), Content: "license"}}, files)
}

// Several programs change one folder concurrently (spec: files "License folder").
func TestConcurrentChanges(t *testing.T) {
	dir := t.TempDir()
	got := make(chan uint16)
	for range 16 {
		go func() {
			g, err := Open(dir, Options{}).Generation(context.Background(), notepad)
			if err != nil {
				g = license.MaxGeneration + 1
			}
			got <- g
		}()
	}
	first := <-got
	require.LessOrEqual(t, first, uint16(license.MaxGeneration))
	for range 15 {
		require.Equal(t, first, <-got)
	}
}

func TestLockCanceled(t *testing.T) {
	s := Open(t.TempDir(), Options{})
	unlock, err := s.lock(t.Context(), notepad)
	require.NoError(t, err)
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Generation(ctx, notepad)
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzState(f *testing.F) {
	state := State{
		Signature:     notepad,
		Generation:    1,
		HasGeneration: true,
		Used:          []uint16{1, 2},
		Spent:         []Spent{{Codes: notepad.Key().Codes(2, 3), RemovalCode: 4}},
		Typed:         &Typed{Codes: notepad.Key().Codes(1, 3)},
		Clock:         Clock{Latest: time.Date(2026, 11, 25, 1, 2, 3, 4, time.UTC)},
	}
	good, err := state.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	typed := `{"site_code":"125ACD2B","machine_id":"C9C3-34A1-6E0D-971B",` +
		`"activation_code":"01000000-00000000-00000000-00000000","x":1}`
	for _, text := range []string{
		`{"version":2,"signature":"NOTEPAD1","spent":[{}]}`,
		`{"version":2,"signature":"NOTEPAD1","spent":[null]}`,
		`{"version":2,"signature":"NOTEPAD1","program":null,"clock":null,"typed":null,"spent":null}`,
		`{"version":2,"signature":"NOTEPAD1","PROGRAM":{"NAME":"x","x":1},"clock":{"Latest":"2026-11-25T12:00:00Z"}}`,
		`{"version":2,"signature":"NOTEPAD1","former_typed":[` + typed + `],"former_typed":[` + typed + `,` + typed + `]}`,
	} {
		f.Add([]byte(text))
	}
	for _, name := range []string{"pc-v1.json", "pc-v2.json", "pc-v2-unknown.json", "pc-v3.json"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := decodeForChange(string(content))
		if err != nil {
			require.True(t, errors.Is(err, ErrDamaged) || errors.Is(err, ErrNewer) || errors.Is(err, errTrialVersion), err)
			return
		}
		text, err := s.encode()
		require.NoError(t, err)
		again, err := decodeForChange(string(text))
		require.NoError(t, err)
		require.Equal(t, s.Generation, again.Generation)
		require.Equal(t, len(s.Spent), len(again.Spent))
		require.Equal(t, s.unknown == nil, again.unknown == nil)
		require.True(t, s.Clock.Latest.Equal(again.Clock.Latest) && s.Clock.Issued.Equal(again.Clock.Issued))
	})
}

// A view shows changes made while it is open.
func TestView(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	none := s.View(notepad)
	state, err := none.State()
	require.NoError(t, err)
	require.Equal(t, State{Signature: notepad}, state)
	files, err := none.Files()
	require.NoError(t, err)
	require.Empty(t, files)
	require.Zero(t, none.Clock(state))
	require.Empty(t, none.Contacts())

	require.NoError(t, s.Put(t.Context(), notepad, "a.acen", "a license"))
	v := s.View(notepad)
	for _, generation := range []uint16{0x123, 0x124} {
		g, err := s.Generation(t.Context(), notepad)
		require.NoError(t, err)
		state, err := v.State()
		require.NoError(t, err)
		require.Equal(t, generation, state.Generation)
		require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, g), LicenseID: int64(g)}))
		state, err = v.State()
		require.NoError(t, err)
		_, spent := state.FindSpent(codesOf(t, g).Site)
		require.True(t, spent)
		files, err := v.Files()
		require.NoError(t, err)
		path := filepath.Join(ProgramFolder(s.Dir(), notepad), "a.acen")
		require.Equal(t, []File{{Path: path, Content: "a license"}}, files)
	}
}

// Files of all lengths up to the limit are read completely.
func TestLengths(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.acen")
	for _, length := range []int{0, 1, 2047, 2048, 2049, 8192, license.MaxFile - 1, license.MaxFile, license.MaxFile + 1} {
		content := strings.Repeat("x", length)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		want := File{Path: path, Content: content}
		if length > license.MaxFile {
			want.Content = ""
		}
		require.Equal(t, want, ReadFile(path), length)
	}
}
