package app

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/internal/app/handover"
)

func TestGiven(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.acen")
	require.NoError(t, os.WriteFile(path, []byte("v4.public.x"), 0o600))
	content, dir, err := Given(path)
	require.NoError(t, err)
	require.Equal(t, "v4.public.x", string(content))
	require.Empty(t, dir)

	// Desktops give addresses of files.
	odd := filepath.Join(folder, "Büro #1 100%.acen")
	require.NoError(t, os.WriteFile(odd, []byte("odd"), 0o600))
	escaped := (&url.URL{Path: odd}).EscapedPath()
	for _, address := range []string{"file://" + escaped, "file://localhost" + escaped, "FILE:" + escaped} {
		content, _, err = Given(address)
		require.NoError(t, err, address)
		require.Equal(t, "odd", string(content))
	}
	_, dir, err = Given("file://" + folder)
	require.NoError(t, err)
	require.Equal(t, folder, dir)

	const link = "acen:server?address=https://licenses.example.com"
	content, dir, err = Given(link)
	require.NoError(t, err)
	require.Equal(t, link, string(content))
	require.Empty(t, dir)

	t.Chdir(folder)
	content, dir, err = Given(".")
	require.NoError(t, err)
	require.Equal(t, folder, dir)
	require.Empty(t, content)

	big := filepath.Join(folder, "big")
	require.NoError(t, os.WriteFile(big, nil, 0o600))
	require.NoError(t, os.Truncate(big, handover.MaxSize+1))
	for argument, sentence := range map[string]string{
		"ACEN:nothing": "not a link of the app", "acen:server?address=http://evil.example": "https://", os.DevNull: "is neither a file nor a folder",
		filepath.Join(folder, "missing"): "missing cannot be read: no such file", big: "too large",
		"file://elsewhere" + escaped: "no file of this PC", "file://": "no file of this PC", "file:///%zz": "no file of this PC", "file:///a%00": "no file of this PC",
	} {
		_, _, err := Given(argument)
		require.ErrorContains(t, err, sentence, argument)
	}
}

// What the program is started with comes first, then what later starts hand over, in its order.
func TestWatchGiven(t *testing.T) {
	data := t.TempDir()
	ticks := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	out := watchGiven(ctx, handover.In(data), []byte("first"), nil, ticks, slog.New(slog.DiscardHandler))
	require.Equal(t, "first", string(<-out))
	for _, text := range []string{"second", "third"} {
		given := make(chan error, 1)
		go func() { given <- handover.In(data).Give(t.Context(), []byte(text)) }()
		for taken := false; !taken; {
			select {
			case ticks <- time.Time{}:
			case content := <-out:
				require.Equal(t, text, string(content))
				taken = true
			}
		}
		require.NoError(t, <-given)
	}
	cancel()
	_, open := <-out
	require.False(t, open)
}

// A folder goes by its own way: nothing that a file says passes for a path.
func TestAFolderIsHandedOver(t *testing.T) {
	data, folder := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	paths := watchGiven(ctx, handover.FoldersIn(data), "", nil, ticks, slog.New(slog.DiscardHandler))
	given := make(chan error, 1)
	go func() { given <- handOver(Program{Data: data, Folder: folder}) }()
	for taken := false; !taken; {
		select {
		case ticks <- time.Time{}:
		case path := <-paths:
			require.Equal(t, folder, path)
			taken = true
		}
	}
	require.NoError(t, <-given)
	contents, err := handover.In(data).Taken()
	require.NoError(t, err)
	require.Empty(t, contents)
	cancel()
	_, open := <-paths
	require.False(t, open)
}
