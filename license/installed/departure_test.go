package installed

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// licenseFile returns a license file for codes of a program, signed with an unknown key.
func licenseFile(t *testing.T, signature license.Signature, codes license.Codes) string {
	t.Helper()
	text, err := license.SigningKeyFromSeed([32]byte{1}).Sign(license.File{
		Issuer:      "Vendor",
		ID:          7,
		IssuedAt:    goldenState(t).Clock.Issued,
		ProgramID:   3,
		ProgramName: "Notepad",
		Signature:   signature,
		Order:       5,
		Codes:       codes,
		Policy:      license.DefaultPolicy(),
	})
	require.NoError(t, err)
	return text
}

// A license that the server took does not return, because another PC may have it; later licenses are not affected
// (spec: files "Departure").
func TestUndoLeave(t *testing.T) {
	const left, present, other = 0x123, 0x124, 0x200
	for name, c := range map[string]struct {
		prepare func(*testing.T, *Store) error
		err     error
	}{
		"waiting": {},
		"settled": {
			prepare: func(t *testing.T, s *Store) error { return s.Settle(t.Context(), notepad, codesOf(t, left).Site) },
			err:     ErrSettled,
		},
		"its removal code was shown": {
			prepare: func(t *testing.T, s *Store) error {
				return s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, left), Shown: true})
			},
			err: ErrCodeShown,
		},
		"settled, and its file is back": {
			prepare: func(t *testing.T, s *Store) error {
				if err := s.Put(t.Context(), notepad, "a.acen", licenseFile(t, notepad, codesOf(t, left))); err != nil {
					return err
				}
				return s.Settle(t.Context(), notepad, codesOf(t, left).Site)
			},
			err: ErrSettled,
		},
		"a newer license file": {
			prepare: func(t *testing.T, s *Store) error {
				return s.Put(t.Context(), notepad, "a.acen", licenseFile(t, notepad, codesOf(t, present)))
			},
			err: ErrReplaced,
		},
		"a newer typed code": {
			prepare: func(t *testing.T, s *Store) error {
				_, err := s.Update(t.Context(), notepad, func(state *State) error {
					state.Typed = &Typed{Codes: codesOf(t, present)}
					return nil
				})
				return err
			},
			err: ErrReplaced,
		},
		"its own file": {
			prepare: func(t *testing.T, s *Store) error {
				return s.Put(t.Context(), notepad, "a.acen", licenseFile(t, notepad, codesOf(t, left)))
			},
		},
		"another PC's file": {
			prepare: func(t *testing.T, s *Store) error {
				return s.Put(t.Context(), notepad, "a.acen", licenseFile(t, notepad, codesOf(t, other)))
			},
		},
		"another program's file": {
			prepare: func(t *testing.T, s *Store) error {
				codes := license.Signature("NOTEPAD2").Key().Codes(present, license.Block(12345))
				return s.Put(t.Context(), notepad, "a.acen", licenseFile(t, "NOTEPAD2", codes))
			},
		},
		"no license file": {
			prepare: func(t *testing.T, s *Store) error { return s.Put(t.Context(), notepad, "a.acen", "x") },
		},
		"a newer license that left, too": {
			prepare: func(t *testing.T, s *Store) error {
				if err := s.Put(t.Context(), notepad, "a.acen", licenseFile(t, notepad, codesOf(t, present))); err != nil {
					return err
				}
				return s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, present), RemovalCode: 1})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := Open(t.TempDir(), fixed())
			g, err := s.Generation(t.Context(), notepad)
			require.NoError(t, err)
			require.EqualValues(t, left, g)
			site := codesOf(t, left).Site
			require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: codesOf(t, left), LicenseID: 7, RemovalCode: 99}))
			if c.prepare != nil {
				require.NoError(t, c.prepare(t, s))
			}
			before, err := s.State(notepad)
			require.NoError(t, err)
			require.ErrorIs(t, s.UndoLeave(t.Context(), notepad, site), c.err)
			after, err := s.State(notepad)
			require.NoError(t, err)
			if c.err != nil {
				require.Equal(t, before, after)
				return
			}
			_, spent := after.FindSpent(site)
			require.False(t, spent)
			require.EqualValues(t, left, after.Generation)
			require.Len(t, after.Spent, len(before.Spent)-1)
			require.NoError(t, s.UndoLeave(t.Context(), notepad, site), "done again it does nothing")
		})
	}
}

// A repeated Leave stores its removal code again, because a restored server may have lost the removal.
func TestRepeatedLeave(t *testing.T) {
	for name, c := range map[string]struct {
		kept, given license.RemovalCode
		settled     bool
		want        Spent
	}{
		"waiting":                      {kept: 99, given: 99, want: Spent{RemovalCode: 99}},
		"waiting, without a code":      {kept: 99, want: Spent{RemovalCode: 99}},
		"no code was kept":             {given: 99, want: Spent{RemovalCode: 99}},
		"another code":                 {kept: 99, given: 100, want: Spent{RemovalCode: 100}},
		"settled, and forgotten there": {kept: 99, settled: true, given: 99, want: Spent{RemovalCode: 99}},
		"settled, without a code":      {kept: 99, settled: true, want: Spent{Settled: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Open(t.TempDir(), fixed())
			gone := Spent{
				Codes:       codesOf(t, 5),
				LicenseID:   7,
				RemovalCode: c.kept,
				At:          goldenState(t).Clock.Latest,
			}
			require.NoError(t, s.Leave(t.Context(), notepad, gone))
			if c.settled {
				require.NoError(t, s.Settle(t.Context(), notepad, gone.Codes.Site))
			}
			require.NoError(t, s.Leave(t.Context(), notepad, Spent{Codes: gone.Codes, RemovalCode: c.given}))
			state, err := s.State(notepad)
			require.NoError(t, err)
			c.want.Codes, c.want.LicenseID, c.want.At = gone.Codes, gone.LicenseID, gone.At
			require.Equal(t, []Spent{c.want}, state.Spent)
		})
	}
}
