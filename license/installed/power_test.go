package installed_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/license/installed/installedtest"
)

const signature license.Signature = "NOTEPAD1"

// random are random bytes that say one generation.
func random() installed.Options {
	return installed.Options{Rand: bytes.NewReader(bytes.Repeat([]byte{0x01, 0x23}, 100))}
}

// Whenever the power goes, the license is either here, or has left and its removal code is kept.
func TestLeavingIsOneStep(t *testing.T) {
	const code license.RemovalCode = 99
	left := false
	for step := 1; ; step++ {
		s := installed.Open(t.TempDir(), random())
		g, err := s.Generation(t.Context(), signature)
		require.NoError(t, err)
		codes := signature.Key().Codes(g, 12345)
		require.NoError(t, s.Put(t.Context(), signature, "notepad-1.acen", "license"))

		dying := installed.Open(s.Dir(), installed.Options{Disk: &installedtest.Dying{Left: step}, Rand: random().Rand})
		leave := func(s *installed.Store) error {
			return errors.Join(s.Leave(t.Context(), signature, installed.Spent{Codes: codes, RemovalCode: code}), s.Erase(t.Context(), signature, func(installed.File) bool { return true }))
		}
		done := leave(dying) == nil
		state, err := s.State(signature)
		require.NoError(t, err)
		files, err := s.Files(signature)
		require.NoError(t, err)
		if spent, ok := state.Find(codes.Site); ok {
			left = true
			require.Equal(t, code, spent.RemovalCode)
			require.NotEqual(t, g, state.Generation)
		} else {
			require.False(t, left, "what left at an earlier step has left at a later one")
			require.Len(t, files, 1)
			require.Equal(t, g, state.Generation)
		}
		require.NoError(t, leave(s), "it goes on after the crash")
		entries, err := os.ReadDir(installed.Below(s.Dir(), signature))
		require.NoError(t, err)
		require.False(t, slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".fresh-") }), "nothing half written stays")
		if done {
			require.True(t, left)
			return
		}
	}
}
