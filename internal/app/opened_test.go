package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/internal/app/appleevents"
	"github.com/acen-desktop/acen/internal/app/handover"
	"github.com/acen-desktop/acen/license/carry"
)

func event(kind appleevents.Kind, texts ...string) appleevents.Event {
	code := appleevents.Code(0x75746638) // utf8
	if kind == appleevents.Documents {
		code = 0x6675726c // furl
	}
	e := appleevents.Event{Kind: kind}
	for _, text := range texts {
		e.Items = append(e.Items, appleevents.Item{Type: code, Data: []byte(text)})
	}
	return e
}

// What macOS opens before there is a window reaches the window in order. In a synctest bubble a missing element fails
// the test instead of blocking it.
func TestOpened(t *testing.T) { synctest.Test(t, testOpened) }

func testOpened(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "Büro 1%.acen"), filepath.Join(dir, "2.acen")
	folder, missing := filepath.Join(dir, "folder"), filepath.Join(dir, "missing")
	require.NoError(t, os.WriteFile(first, []byte("first"), 0o600))
	require.NoError(t, os.WriteFile(second, []byte("second"), 0o600))
	require.NoError(t, os.Mkdir(folder, 0o700))
	address := func(path string) string {
		return "file://" + strings.NewReplacer("%", "%25", " ", "%20").Replace(filepath.ToSlash(path))
	}
	const link = "acen:server?address=https%3A%2F%2Flicenses.example.com"

	o := newOpened()
	o.add(event(appleevents.Documents, address(first), address(missing), "no address", address(second)))
	o.add(event(appleevents.Links, link, "acen:nothing", address(first)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	contents, folders, refused := o.deliver(ctx)
	require.Equal(t, "first", string(<-contents))
	require.ErrorContains(t, <-refused, "missing cannot be read")
	require.Equal(t, "second", string(<-contents))
	require.ErrorIs(t, <-refused, appleevents.ErrDocument)
	require.Equal(t, link, string(<-contents))
	require.ErrorIs(t, <-refused, carry.ErrLink, "the app does not know the link")
	require.ErrorIs(t, <-refused, carry.ErrLink, "a link does not open a file")

	o.add(event(appleevents.Documents, address(folder)))
	require.Equal(t, folder, <-folders)
	o.add(event(appleevents.Documents))
	require.Empty(t, <-contents, "an event with nothing raises the window")
}

// A file is not read before the previous one was received.
func TestOpenedReadsFilesOnDemand(t *testing.T) {
	synctest.Test(t, testOpenedReadsFilesOnDemand)
}

func testOpenedReadsFilesOnDemand(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.acen")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := newOpened()
	o.add(event(appleevents.Documents, "file://"+filepath.ToSlash(dir), "file://"+filepath.ToSlash(path)))
	contents, folders, _ := o.deliver(ctx)
	require.NoError(t, os.WriteFile(path, []byte("new"), 0o600))
	require.Equal(t, dir, <-folders)
	require.Equal(t, "new", string(<-contents))
}

// What macOS opens is delivered after the argument of the program.
func TestWatchStartsReceivesOpened(t *testing.T) { synctest.Test(t, testWatchStartsReceivesOpened) }

func testWatchStartsReceivesOpened(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := newOpened()
	opened, _, _ := o.deliver(ctx)
	box := handover.NewBox(t.TempDir())
	out := watchStarts(ctx, box, []byte("first"), opened, make(chan time.Time), slog.New(slog.DiscardHandler))
	o.add(event(appleevents.Links, "ACEN:server?address=https%3A%2F%2Fa.example"))
	o.add(event(appleevents.Links))
	synctest.Wait()
	require.Len(t, o.waiting, 1, "one is read, the other is not before the window takes what comes first")
	require.Equal(t, "first", string(<-out))
	require.Equal(t, "ACEN:server?address=https%3A%2F%2Fa.example", string(<-out))
	require.Empty(t, <-out)
	cancel()
	_, open := <-out
	require.False(t, open)
}

// The path of any file: URL is absolute and has no NUL. Any other argument is returned unchanged.
func FuzzLocalPath(f *testing.F) {
	for _, argument := range []string{
		"file:///a%20b", "file://localhost/a", "FILE:/a", "file://elsewhere/a", "file:///%00", "a", "file:a",
	} {
		f.Add(argument)
	}
	f.Fuzz(func(t *testing.T, argument string) {
		path, err := localPath(argument)
		switch {
		case err != nil:
			require.Empty(t, path)
		case len(argument) < 5 || !strings.EqualFold(argument[:5], "file:"):
			require.Equal(t, argument, path)
		default:
			require.True(t, strings.HasPrefix(path, "/"), path)
			require.NotContains(t, path, "\x00")
		}
	})
}
