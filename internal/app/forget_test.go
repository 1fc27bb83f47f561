package app

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
)

func TestForget(t *testing.T) {
	base := t.TempDir()
	data, preferences := filepath.Join(base, "data"), filepath.Join(base, "preferences")
	cleared := 0
	o := manager.ForgetOptions{
		DataDir:   data,
		Installed: installed.Open(filepath.Join(base, "licenses"), installed.Options{}),
		Keyring:   keyringtest.Memory(),
		Clear:     func(context.Context) error { cleared++; return nil },
	}
	m, err := manager.Open(t.Context(),
		manager.Options{DataDir: data, Keyring: keyringtest.Memory(), Fingerprint: fingerprint.System()})
	require.NoError(t, err)
	for _, path := range []string{
		filepath.Join(preferences, "preferences.json"), filepath.Join(data, crashFile),
		filepath.Join(data, "crash-20261124-120000.txt"), filepath.Join(data, "handed", "x.in"),
		filepath.Join(data, "handed-folders", "x.in"),
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	}
	_, err = forget(t.Context(), o, preferences)
	require.ErrorIs(t, err, manager.ErrAlreadyRunning)
	require.Zero(t, cleared)
	require.FileExists(t, filepath.Join(preferences, "preferences.json"))
	require.NoError(t, m.Close())

	rest, err := forget(t.Context(), o, preferences)
	require.NoError(t, err)
	require.Empty(t, RestLines(rest, data))
	require.Equal(t, 1, cleared)
	left, err := os.ReadDir(base)
	require.NoError(t, err)
	require.Empty(t, left)
	_, err = forget(t.Context(), o, preferences)
	require.NoError(t, err, "again")
}

// A removal code that is not handed in stays in the state file. The lines name its folder, and not the code.
func TestForgetListsKeptCodes(t *testing.T) {
	base := t.TempDir()
	data := filepath.Join(base, "data")
	store := paths.Licenses(data)
	key := license.Signature("LUMENST7").Key()
	departed := installed.Spent{
		Codes:       key.Codes(7, key.Block(license.RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"})),
		LicenseID:   20219,
		RemovalCode: 12345,
	}
	require.NoError(t, store.Leave(t.Context(), "LUMENST7", departed))
	m, err := manager.Open(t.Context(),
		manager.Options{
			DataDir:     data,
			Installed:   store,
			Keyring:     keyringtest.Memory(),
			Fingerprint: fingerprint.System(),
		})
	require.NoError(t, err)
	require.NoError(t, m.Close())

	rest, err := forget(t.Context(), manager.ForgetOptions{
		DataDir:   data,
		Installed: store,
		Keyring:   keyringtest.Memory(),
		Clear:     func(context.Context) error { return nil },
	}, filepath.Join(base, "preferences"))
	require.NoError(t, err)
	require.Equal(t, []string{
		"A license of LUMENST7 left this PC and is not handed in: its removal code stays, with the Site code " +
			departed.Codes.Site.String() + ".",
		"Removal codes are stored next to the license files in " + filepath.Join(data, "licenses") + "; keep that folder.",
		"To hand them in, sign in again on this PC and choose Removal codes, or run \"acenctl removal-codes\".",
	}, RestLines(rest, data))
	state, err := store.State("LUMENST7")
	require.NoError(t, err)
	spent, ok := state.FindSpent(departed.Codes.Site)
	require.True(t, ok)
	require.Equal(t, departed.RemovalCode, spent.RemovalCode)
	require.NoFileExists(t, filepath.Join(data, "acen.db"))
}

func TestRestLines(t *testing.T) {
	code := license.RemovalCode(12345)
	rest := manager.Rest{
		Jobs: []manager.Job{
			{Title: "Move of “Studio”", State: manager.JobPending},
			{Title: "Removal of license 20220", State: manager.JobSent},
		},
		Codes: []manager.KeptCode{
			{
				Signature: "LUMENST7",
				Program:   "Lumen Studio 7",
				Note:      "Studio",
				Codes:     license.Codes{Site: 0x7183EC4D},
				Code:      code,
			},
		},
	}
	lines := RestLines(rest, "data")
	require.Len(t, lines, 5)
	require.Equal(t, "A waiting task is deleted: Move of “Studio”; it was never sent.", lines[0])
	require.Equal(t,
		"A waiting task is deleted: Removal of license 20220; it was sent, and it is not known whether the server did it.",
		lines[1])
	require.Equal(t,
		"A license of Lumen Studio 7 (Studio) left this PC and is not handed in: its removal code stays, with the Site "+
			"code 7183EC4D.", lines[2])
	require.NotContains(t, strings.Join(lines, "\n"), code.String())
	rest.Codes = nil
	require.Len(t, RestLines(rest, "data"), 2, "nothing is said of codes where there are none")
}

// preferencesEnv makes a child process of the test print the folder of the toolkit's preferences. The toolkit watches
// that folder until the process exits.
const preferencesEnv = "ACEN_TEST_LOOK"

func TestPreferencesFolder(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "USERPROFILE", "XDG_CACHE_HOME"} {
		t.Setenv(name, home)
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	t.Setenv(preferencesEnv, "yes")
	want, err := exec.CommandContext(t.Context(), os.Args[0]).Output()
	require.NoError(t, err)
	preferences, err := preferencesFolder(ID)
	require.NoError(t, err)
	require.Equal(t, string(want), filepath.ToSlash(preferences))
}
