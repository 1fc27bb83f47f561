package desktop

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/cmd/handover"
	"github.com/acen-desktop/acen/license/courier"
)

func TestGiven(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.acen")
	require.NoError(t, os.WriteFile(path, []byte("v4.public.x"), 0o600))
	content, err := Given(path)
	require.NoError(t, err)
	require.Equal(t, "v4.public.x", string(content))

	link, err := courier.ServerLink("https://licenses.example.com")
	require.NoError(t, err)
	content, err = Given(link)
	require.NoError(t, err)
	require.Equal(t, link, string(content))

	big := filepath.Join(folder, "big")
	require.NoError(t, os.WriteFile(big, nil, 0o600))
	require.NoError(t, os.Truncate(big, handover.MaxSize+1))
	for argument, sentence := range map[string]string{
		"ACEN:nothing": "not a link of the app", "acen:server?address=http://evil.example": "https://", folder: "is no file",
		filepath.Join(folder, "missing"): "cannot be read", big: "too large",
	} {
		_, err := Given(argument)
		require.ErrorContains(t, err, sentence, argument)
	}
}

// What the program is started with comes first, then what later starts hand over, in its order.
func TestWatchGiven(t *testing.T) {
	p := Program{Data: t.TempDir(), Given: []byte("first")}
	ticks := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	out := watchGiven(ctx, p, ticks, slog.New(slog.DiscardHandler))
	require.Equal(t, "first", string(<-out))
	for _, text := range []string{"second", "third"} {
		given := make(chan error, 1)
		go func() { given <- handover.In(p.Data).Give(t.Context(), []byte(text)) }()
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
