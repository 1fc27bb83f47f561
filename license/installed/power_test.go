package installed_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/license/installed/installedtest"
)

const signature license.Signature = "NOTEPAD1"

// random returns options whose random bytes give one generation.
func random() installed.Options {
	return installed.Options{Rand: bytes.NewReader(bytes.Repeat([]byte{0x01, 0x23}, 100))}
}

// After a power cut at any step, the license is either here, or has left and its removal code is stored (spec: files
// "License folder", files "Departure").
func TestLeaveIsAtomic(t *testing.T) {
	const code license.RemovalCode = 99
	left := false
	for step := 1; ; step++ {
		s := installed.Open(t.TempDir(), random())
		g, err := s.Generation(t.Context(), signature)
		require.NoError(t, err)
		codes := signature.Key().Codes(g, 12345)
		require.NoError(t, s.Put(t.Context(), signature, "notepad-1.acen", "license"))

		disk := &installedtest.FailingDisk{ChangesLeft: step}
		failing := installed.Open(s.Dir(), installed.Options{Disk: disk, Rand: random().Rand})
		leave := func(s *installed.Store) error {
			return errors.Join(s.Leave(t.Context(), signature, installed.Spent{Codes: codes, RemovalCode: code}),
				s.Erase(t.Context(), signature, func(installed.File) bool {
					return true
				}))
		}
		done := leave(failing) == nil
		state, err := s.State(signature)
		require.NoError(t, err)
		files, err := s.Files(signature)
		require.NoError(t, err)
		if spent, ok := state.FindSpent(codes.Site); ok {
			left = true
			require.Equal(t, code, spent.RemovalCode)
			require.NotEqual(t, g, state.Generation)
		} else {
			require.False(t, left, "a departure at an earlier step is one at a later step")
			require.Len(t, files, 1)
			require.Equal(t, g, state.Generation)
		}
		require.NoError(t, leave(s), "it continues after the crash")
		entries, err := os.ReadDir(installed.ProgramFolder(s.Dir(), signature))
		require.NoError(t, err)
		require.False(t, slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
			return strings.HasPrefix(e.Name(), ".fresh-")
		}), "nothing half written stays")
		if done {
			require.True(t, left)
			return
		}
	}
}

// After a power cut while the clock is written, the clock is the former or the new one, and nothing else is lost.
func TestClockIsAtomic(t *testing.T) {
	at := func(year int) installed.Clock {
		return installed.Clock{Latest: time.Date(year, 11, 25, 12, 0, 0, 0, time.UTC),
			Issued: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	for name, before := range map[string]func(*installed.Store) error{
		"in pc.json": func(s *installed.Store) error { return s.SetClock(t.Context(), signature, at(2025)) },
		"in a file of its own": func(s *installed.Store) error {
			return os.WriteFile(filepath.Join(installed.ProgramFolder(s.Dir(), signature), "clock.json"),
				[]byte(`{"latest":"2025-11-25T12:00:00Z","issued":"2020-01-01T00:00:00Z"}`), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for step, done := 1, false; !done; step++ {
				s := installed.Open(t.TempDir(), random())
				g, err := s.Generation(t.Context(), signature)
				require.NoError(t, err)
				gone := installed.Spent{Codes: signature.Key().Codes(g, 12345), RemovalCode: 99}
				require.NoError(t, s.Leave(t.Context(), signature, gone))
				require.NoError(t, before(s))
				require.Equal(t, at(2025), s.Clock(signature))

				failing := installed.Open(s.Dir(), installed.Options{Disk: &installedtest.FailingDisk{ChangesLeft: step}})
				done = failing.SetClock(t.Context(), signature, at(2026)) == nil
				want := at(2025)
				if done {
					want = at(2026)
				}
				require.Equal(t, want, s.Clock(signature))
				state, err := s.State(signature)
				require.NoError(t, err)
				spent, ok := state.FindSpent(gone.Codes.Site)
				require.True(t, ok)
				require.Equal(t, gone.RemovalCode, spent.RemovalCode)
				require.NoError(t, s.SetClock(t.Context(), signature, at(2027)), "it continues after the crash")
				require.Equal(t, at(2027), s.Clock(signature))
			}
		})
	}
}
