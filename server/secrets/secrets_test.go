package secrets_test

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/redact/redacttest"
	"github.com/acen-desktop/acen/server/secrets"
)

const purpose = "program 7 activation key"

// line returns a new key as a line of a key file.
func line(t *testing.T) string {
	t.Helper()
	var key [32]byte
	_, err := rand.Read(key[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(key[:]) + "\n"
}

func seal(t *testing.T, k *secrets.Keeper, value string) []byte {
	t.Helper()
	sealed, err := k.Seal(purpose, []byte(value))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), value)
	return sealed
}

func opens(t *testing.T, k *secrets.Keeper, sealed []byte, value string) {
	t.Helper()
	got, err := k.Open(purpose, sealed)
	require.NoError(t, err)
	require.Equal(t, value, string(got))
}

// The first start creates the key file, readable by its owner only. Concurrent starts use the same key.
func TestFileIsCreated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	ids := make([]string, 8)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			k, err := secrets.File(path, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = k.ID()
		})
	}
	group.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file is left")
}

// A sealed value opens only for its purpose, undamaged, and with its key.
func TestSealAndOpen(t *testing.T) {
	k, err := secrets.New(rand.Reader, secrets.NewMasterKey([32]byte{}))
	require.NoError(t, err)
	stranger, err := secrets.New(rand.Reader, secrets.NewMasterKey([32]byte{1}))
	require.NoError(t, err)
	sealed := seal(t, k, "a secret")
	require.NotEqual(t, sealed, seal(t, k, "a secret"), "every sealing has another nonce")
	opens(t, k, sealed, "a secret")
	_, err = k.Open("program 8 activation key", sealed)
	require.ErrorIs(t, err, secrets.ErrSealed)
	_, err = stranger.Open(purpose, sealed)
	require.ErrorIs(t, err, secrets.ErrSealed)
	for i := range sealed {
		damaged := append([]byte(nil), sealed...)
		damaged[i] ^= 1
		_, err = k.Open(purpose, damaged)
		require.ErrorIs(t, err, secrets.ErrSealed)
		_, err = k.Open(purpose, sealed[:i])
		require.ErrorIs(t, err, secrets.ErrSealed)
	}
}

// A new key in the file is used for sealing. Another server on the same file loads it when it opens such a value. A
// deleted key opens nothing.
func TestKeyFileRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	one, err := secrets.File(path, rand.Reader)
	require.NoError(t, err)
	two, err := secrets.File(path, rand.Reader)
	require.NoError(t, err)
	former, old := one.ID(), seal(t, one, "old")
	require.NoError(t, one.AddKey())
	require.NotEqual(t, former, one.ID())
	fresh := seal(t, one, "new")
	opens(t, one, old, "old")
	require.Equal(t, former, two.ID())
	opens(t, two, fresh, "new")
	require.Equal(t, one.ID(), two.ID())
	opens(t, two, old, "old")
	require.True(t, two.Knows(former))

	require.NoError(t, one.ForgetKeys())
	require.False(t, one.Knows(former))
	_, err = one.Open(purpose, old)
	require.ErrorIs(t, err, secrets.ErrSealed)
	again, err := secrets.File(path, rand.Reader)
	require.NoError(t, err)
	require.Equal(t, one.ID(), again.ID())
	opens(t, again, fresh, "new")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// A command prints a new key before the old one, until the old one is not needed.
func TestCommandRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "printed")
	first, second := line(t), line(t)
	prints := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	prints(first)
	k, err := secrets.Command(t.Context(), "cat '"+path+"'", rand.Reader)
	require.NoError(t, err)
	require.False(t, k.KeyFile())
	require.ErrorContains(t, k.AddKey(), "let it print the new key before the old one")
	former, old := k.ID(), seal(t, k, "old")

	prints(second + first)
	other, err := secrets.Command(t.Context(), "cat '"+path+"'", rand.Reader)
	require.NoError(t, err)
	k.Follow(other.ID()) // with the option of the database
	require.Equal(t, other.ID(), k.ID())
	require.NotEqual(t, former, k.ID())
	opens(t, k, old, "old")
	fresh := seal(t, k, "new")

	prints("not a key\n") // the keys stay loaded while the command fails
	opens(t, k, fresh, "new")
	require.False(t, k.Knows("0000000000000000"))
	opens(t, k, fresh, "new")

	prints(second)
	require.NoError(t, k.ForgetKeys(), "the command has no file to change")
	k, err = secrets.Command(t.Context(), "cat '"+path+"'", rand.Reader)
	require.NoError(t, err)
	opens(t, k, fresh, "new")
	_, err = k.Open(purpose, old)
	require.ErrorIs(t, err, secrets.ErrSealed)
}

// Errors of unusable keys reveal neither a key nor the output of a command.
func TestUnusableKeys(t *testing.T) {
	good := strings.TrimSpace(line(t))
	for name, content := range map[string]string{
		"empty":                    "",
		"blank":                    "\n \n",
		"short":                    "c2hvcnQ=",
		"no base64":                strings.Repeat("!", 44),
		"one good and one damaged": good + "\n" + good[:40],
		"two in a line":            good + good,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "master.key")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := secrets.File(path, rand.Reader)
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, "restore it from a backup")
			_, byCommand := secrets.Command(t.Context(), "cat '"+path+"'", rand.Reader)
			require.ErrorContains(t, byCommand, "the command for the master key cannot be used")
			for _, err := range []error{err, byCommand} {
				require.NotContains(t, err.Error(), good[:20])
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, content, string(data), "the file is not changed")
		})
	}
	for _, command := range []string{"exit 3", "echo hush-hush >&2; exit 1", "echo hush-hush; exit 1", "no-such-program"} {
		_, err := secrets.Command(t.Context(), command, rand.Reader)
		require.ErrorContains(t, err, "it failed")
		require.NotContains(t, err.Error(), "hush-hush")
	}
	_, err := secrets.New(rand.Reader)
	require.Error(t, err)
}

func TestMasterKeysAreHidden(t *testing.T) {
	var b [32]byte
	copy(b[:], redacttest.Marker)
	key := secrets.NewMasterKey(b)
	redacttest.HiddenEverywhere(t, key)
	k, err := secrets.New(rand.Reader, key)
	require.NoError(t, err)
	redacttest.HiddenEverywhere(t, k)
}
