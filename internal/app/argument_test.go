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

func TestReadArgument(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.acen")
	require.NoError(t, os.WriteFile(path, []byte("v4.public.x"), 0o600))
	content, dir, err := ReadArgument(path)
	require.NoError(t, err)
	require.Equal(t, "v4.public.x", string(content))
	require.Empty(t, dir)

	// Desktops may pass the URL of a file.
	odd := filepath.Join(folder, "Büro #1 100%.acen")
	require.NoError(t, os.WriteFile(odd, []byte("odd"), 0o600))
	escaped := (&url.URL{Path: odd}).EscapedPath()
	for _, address := range []string{"file://" + escaped, "file://localhost" + escaped, "FILE:" + escaped} {
		content, _, err = ReadArgument(address)
		require.NoError(t, err, address)
		require.Equal(t, "odd", string(content))
	}
	_, dir, err = ReadArgument("file://" + folder)
	require.NoError(t, err)
	require.Equal(t, folder, dir)

	const link = "acen:server?address=https://licenses.example.com"
	content, dir, err = ReadArgument(link)
	require.NoError(t, err)
	require.Equal(t, link, string(content))
	require.Empty(t, dir)

	t.Chdir(folder)
	content, dir, err = ReadArgument(".")
	require.NoError(t, err)
	require.Equal(t, folder, dir)
	require.Empty(t, content)

	big := filepath.Join(folder, "big")
	require.NoError(t, os.WriteFile(big, nil, 0o600))
	require.NoError(t, os.Truncate(big, handover.MaxSize+1))
	for argument, sentence := range map[string]string{
		"ACEN:nothing": "not a link of the app",
		"acen:server?address=http://evil.example": "https://",
		os.DevNull:                       "is neither a file nor a folder",
		filepath.Join(folder, "missing"): "missing cannot be read: no such file",
		big:                              "too large",
		"file://elsewhere" + escaped:     "not a file on this PC",
		"file://":                        "not a file on this PC",
		"file:///%zz":                    "not a file on this PC",
		"file:///a%00":                   "not a file on this PC",
	} {
		_, _, err := ReadArgument(argument)
		require.ErrorContains(t, err, sentence, argument)
	}
}

// The argument of the program comes first, then those of later starts, in order.
func TestWatchStarts(t *testing.T) {
	data := t.TempDir()
	ticks := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	out := watchStarts(ctx, handover.NewBox(data), []byte("first"), nil, ticks, slog.New(slog.DiscardHandler))
	require.Equal(t, "first", string(<-out))
	for _, text := range []string{"second", "third"} {
		given := make(chan error, 1)
		go func() { given <- handover.NewBox(data).Send(t.Context(), []byte(text)) }()
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

// A folder is handed over in a box of its own, so that the content of a file cannot be taken for a path.
func TestHandOverFolder(t *testing.T) {
	data, folder := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	paths := watchStarts(ctx, handover.NewFolderBox(data), "", nil, ticks, slog.New(slog.DiscardHandler))
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
	contents, err := handover.NewBox(data).Receive()
	require.NoError(t, err)
	require.Empty(t, contents)
	cancel()
	_, open := <-paths
	require.False(t, open)
}
