package installed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// golden returns a state file of testdata, which has one per version of the format. They never change: a new version
// gets a new file.
func golden(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return strings.TrimSuffix(string(content), "\n")
}

// writeState writes the state file of a program and returns its path.
func writeState(t *testing.T, s *Store, content string) (path string) {
	t.Helper()
	dir := ProgramFolder(s.Dir(), notepad)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	path = filepath.Join(dir, stateName)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func readText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

// goldenState returns the content of pc-v2.json: every member of version 2.
func goldenState(t *testing.T) State {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }
	return State{
		Signature:     notepad,
		Program:       Program{Name: "Notepad", PublicKeys: []string{strings.Repeat("d0", 32)}, TypedCodes: true},
		Generation:    0x125,
		HasGeneration: true,
		Used:          []uint16{0x123, 0x124, 0x125},
		Spent: []Spent{
			{Codes: codesOf(t, 0x123), LicenseID: 7, RemovalCode: 99, Shown: true, At: day(1)},
			{Codes: codesOf(t, 0x124), LicenseID: 8, Settled: true, At: day(2)},
		},
		Typed: &Typed{Codes: codesOf(t, 0x125), Code: license.ActivationCode{1}},
		Clock: Clock{Latest: day(3), Issued: day(1)},
	}
}

// A file of version 2 is read and written unchanged (spec: files "State file", files "Versions").
func TestGoldenVersion2(t *testing.T) {
	content := golden(t, "pc-v2.json")
	state, err := decodeForChange(content)
	require.NoError(t, err)
	require.Equal(t, goldenState(t), state)
	text, err := state.encode()
	require.NoError(t, err)
	require.Equal(t, content, string(text))
}

// Members that were added to version 2 later: former typed activation codes, and hashes of all entered codes (spec:
// files "State file", files "Versions").
func TestGoldenTypedCodes(t *testing.T) {
	want := goldenState(t)
	want.Former = []Typed{
		{Codes: codesOf(t, 0x125), Code: license.ActivationCode{2}},
		{Codes: codesOf(t, 0x125), Code: license.ActivationCode{3}},
	}
	for _, typed := range want.TypedCodes() {
		want.RecordEntered(typed.Code)
	}
	content := golden(t, "pc-v2-typed.json")
	state, err := decodeState(content)
	require.NoError(t, err)
	require.Equal(t, want, state)
	text, err := state.encode()
	require.NoError(t, err)
	require.Equal(t, content, string(text))
}

// Members that a newer program added to version 2 are preserved by every change (spec: files "Versions").
func TestUnknownMembersArePreserved(t *testing.T) {
	typed := `"typed":{"site_code":"%s","machine_id":"%s","activation_code":"%s","origin":"mail"}`
	codes := codesOf(t, 0x125)
	typed = fmt.Sprintf(typed, codes.Site, codes.Machine, license.ActivationCode{1})
	for name, c := range map[string]struct {
		change func(*Store) error
		lost   []string // parts of the file, in compact form, that the change removes
	}{
		"clock": {change: func(s *Store) error {
			return s.SetClock(t.Context(), notepad, Clock{Latest: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)})
		}},
		"settle": {change: func(s *Store) error { return s.Settle(t.Context(), notepad, codesOf(t, 0x123).Site) }},
		"unsettle": {change: func(s *Store) error {
			return s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 0x124), RemovalCode: 1})
		}},
		"return": {
			change: func(s *Store) error {
				if err := s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 0x125)}); err != nil {
					return err
				}
				return s.UndoLeave(t.Context(), notepad, codesOf(t, 0x123).Site)
			},
			lost: []string{`"reason":{"code":"moved","to":["PC 2"]}`, `"origin":"mail"`},
		},
		"leave": {
			change: func(s *Store) error { return s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 0x125)}) },
			lost:   []string{`"origin":"mail"`},
		},
		"renew": {change: func(s *Store) error { return s.RenewGeneration(t.Context(), notepad, codesOf(t, 0x125).Site) }},
		"program": {change: func(s *Store) error {
			_, err := s.Update(t.Context(), notepad, func(state *State) error {
				state.Program = Program{Name: "Notepad 2"}
				return nil
			})
			return err
		}},
		"later typed codes": {change: func(s *Store) error {
			for n := byte(2); n <= 3; n++ {
				if _, err := s.Update(t.Context(), notepad, func(state *State) error {
					state.AddTyped(Typed{Codes: codesOf(t, 0x125), Code: license.ActivationCode{n}})
					return nil
				}); err != nil {
					return err
				}
			}
			return nil
		}},
		"another typed code": {
			change: func(s *Store) error {
				_, err := s.Update(t.Context(), notepad, func(state *State) error {
					state.Typed = &Typed{Codes: codesOf(t, 0x125), Code: license.ActivationCode{2}}
					return nil
				})
				return err
			},
			lost: []string{`"origin":"mail"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := Open(t.TempDir(), fixed())
			content := golden(t, "pc-v2-unknown.json")
			path := writeState(t, s, content)
			for _, unknown := range unknownParts {
				require.Contains(t, compact(t, content), unknown)
			}
			require.Contains(t, compact(t, content), typed)
			require.NoError(t, c.change(s))
			text := compact(t, readText(t, path))
			require.NotEqual(t, compact(t, content), text)
			for _, unknown := range unknownParts {
				require.Equal(t, !contains(c.lost, unknown), strings.Contains(text, unknown), unknown)
			}
			_, err := s.State(notepad)
			require.NoError(t, err)
		})
	}
}

// unknownParts are the members of pc-v2-unknown.json that this version does not know.
var unknownParts = []string{
	`"last_app":"3.1"`, `"seats":{"Site_Code":1,"n":null}`, `"vendor":{"name":"Example"}`,
	`"reason":{"code":"moved","to":["PC 2"]}`, `"receipt":"v4.public.x"`, `"origin":"mail"`, `"source":"server"`,
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var content json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &content))
	compacted, err := json.Marshal(content)
	require.NoError(t, err)
	return string(compacted)
}

// The format of a state without unknown members does not change, and unknown members do not make a file unreadable.
func TestUnknownMembersAreNotIndented(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	deep := strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)
	path := writeState(t, s, `{"version":2,"signature":"NOTEPAD1","program":{},"deep":`+deep+`}`)
	_, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	text := readText(t, path)
	require.Contains(t, text, deep)
	require.Less(t, len(text), 11_000)
}

// A state that is too large to be read is not written.
func TestStateIsNotWrittenTooLarge(t *testing.T) {
	s := Open(t.TempDir(), fixed())
	_, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	path := filepath.Join(ProgramFolder(s.Dir(), notepad), stateName)
	before := readText(t, path)
	_, err = s.Update(t.Context(), notepad, func(state *State) error {
		state.Program.Name = strings.Repeat("x", maxState)
		return nil
	})
	require.ErrorContains(t, err, "too large")
	require.Equal(t, before, readText(t, path))
}

// No operation changes a state of a newer version (spec: files "Versions").
func TestNewerStateIsUnchanged(t *testing.T) {
	site := codesOf(t, 0x123).Site
	for file, content := range map[string]string{
		"golden":               golden(t, "pc-v3.json"),
		"version alone":        `{"version":3}`,
		"known members":        strings.Replace(golden(t, "pc-v2.json"), `"version": 2`, `"version": 3`, 1),
		"much newer":           `{"version":9007199254740993,"spent":{}}`,
		"other program":        `{"version":3,"signature":"NOTEPAD2"}`,
		"unknown and the same": `{"version":4,"signature":"NOTEPAD1","generation":"A7"}`,
	} {
		t.Run(file, func(t *testing.T) {
			s := Open(t.TempDir(), fixed())
			require.NoError(t, s.Put(t.Context(), notepad, "a.acen", "a license"))
			path := writeState(t, s, content)
			_, err := s.State(notepad)
			require.ErrorIs(t, err, ErrNewer)
			states, err := s.States()
			require.NoError(t, err)
			require.Empty(t, states)
			for name, change := range map[string]func() error{
				"generation": func() error { _, err := s.Generation(t.Context(), notepad); return err },
				"renew":      func() error { return s.RenewGeneration(t.Context(), notepad, site) },
				"leave":      func() error { return s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, 0x123)}) },
				"return":     func() error { return s.UndoLeave(t.Context(), notepad, site) },
				"settle":     func() error { return s.Settle(t.Context(), notepad, site) },
				"set aside":  func() error { _, err := s.SetAside(t.Context(), notepad); return err },
				"clock":      func() error { return s.SetClock(t.Context(), notepad, Clock{Latest: time.Unix(1, 0)}) },
				"contact":    func() error { return s.SetContact(t.Context(), notepad, Contact{LicenseID: 1}) },
				"put":        func() error { return s.Put(t.Context(), notepad, "b.acen", "another") },
				"erase":      func() error { return s.Erase(t.Context(), notepad, func(File) bool { return true }) },
				"update": func() error {
					_, err := s.Update(t.Context(), notepad, func(*State) error { panic("called") })
					return err
				},
			} {
				require.ErrorIs(t, change(), ErrNewer, name)
			}
			require.Equal(t, content, readText(t, path))
			entries, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			require.Equal(t, []string{"a.acen", "lock", "pc.json"}, names)
		})
	}
}
