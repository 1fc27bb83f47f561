package handover

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// boxes returns the boxes of two starts. While the second one waits, the first one takes the contents into got.
func boxes(t *testing.T) (first, second *Box, got *[][]byte) {
	t.Helper()
	dir := t.TempDir()
	first, second, got = NewBox(dir), NewBox(dir), &[][]byte{}
	second.after = func(time.Duration) <-chan time.Time {
		taken, err := first.Receive()
		require.NoError(t, err)
		*got = append(*got, taken...)
		now := make(chan time.Time, 1)
		now <- time.Time{}
		return now
	}
	return first, second, got
}

func TestHandOver(t *testing.T) {
	_, second, got := boxes(t)
	for _, content := range []string{"acen:request/A", "", "v4.public.x"} {
		require.NoError(t, second.Send(t.Context(), []byte(content)))
	}
	require.Equal(t, [][]byte{[]byte("acen:request/A"), {}, []byte("v4.public.x")}, *got)
	left, err := os.ReadDir(second.dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.ErrorIs(t, second.Send(t.Context(), make([]byte, MaxSize+1)), ErrTooLarge)
}

func TestBoxIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // access is inherited from the folder of application data
	}
	b := NewBox(t.TempDir())
	b.after = func(time.Duration) <-chan time.Time {
		info, err := os.Stat(b.dir)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		entries, err := os.ReadDir(b.dir)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		info, err = entries[0].Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		_, err = b.Receive()
		require.NoError(t, err)
		now := make(chan time.Time, 1)
		now <- time.Time{}
		return now
	}
	require.NoError(t, b.Send(t.Context(), []byte("x")))
}

func TestGiveWithoutReceiver(t *testing.T) {
	b := NewBox(t.TempDir())
	b.after = func(time.Duration) <-chan time.Time {
		now := make(chan time.Time, 1)
		now <- time.Time{}
		return now
	}
	require.ErrorIs(t, b.Send(t.Context(), []byte("x")), ErrNoReceiver)
	ctx, cancel := context.WithCancel(t.Context())
	b.after = func(time.Duration) <-chan time.Time { cancel(); return nil }
	require.ErrorIs(t, b.Send(ctx, []byte("x")), context.Canceled)
	taken, err := b.Receive()
	require.NoError(t, err)
	require.Empty(t, taken, "nothing is left behind")
}

func TestTakenRemovesOtherFilesUnread(t *testing.T) {
	b := NewBox(t.TempDir())
	taken, err := b.Receive()
	require.NoError(t, err)
	require.Empty(t, taken)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	require.NoError(t, os.MkdirAll(b.dir, 0o700))
	if runtime.GOOS != "windows" { // symbolic links need a privilege there
		require.NoError(t, os.Symlink(secret, filepath.Join(b.dir, "link.in")))
	}
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "big.in"), bytes.Repeat([]byte{'a'}, MaxSize+1), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "old.in"), []byte("old"), 0o600))
	past := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(b.dir, "old.in"), past, past))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "half.in.new"), []byte("half"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "right.in"), []byte("right"), 0o600))
	taken, err = b.Receive()
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte("right")}, taken)
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "a file that is being written stays")
	require.FileExists(t, secret)
}

func TestRemove(t *testing.T) {
	data := t.TempDir()
	box := NewBox(data)
	require.NoError(t, box.Remove(), "without a folder")
	require.NoError(t, os.Mkdir(box.dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(box.dir, "1"+extension), []byte("waits"), 0o600))
	require.NoError(t, box.Remove())
	require.NoDirExists(t, box.dir)
	require.DirExists(t, data)
}
