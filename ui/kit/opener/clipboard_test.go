package opener

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClipboardPicture(t *testing.T) {
	const osascript = "/usr/bin/osascript"
	type answer struct {
		out string
		err error
	}
	png, fails := answer{"PNG", nil}, answer{"", errors.New("exit status 1")}
	none := answer{"", &exec.Error{Name: "x", Err: exec.ErrNotFound}} // not installed
	for name, row := range map[string]struct {
		goos    string
		answers map[string]answer
		picture string
		err     error
	}{
		"xclip":                 {"linux", map[string]answer{"xclip": png}, "PNG", nil},
		"wl-paste alone":        {"linux", map[string]answer{"xclip": none, "wl-paste": png}, "PNG", nil},
		"xclip has none":        {"linux", map[string]answer{"xclip": fails, "wl-paste": png}, "PNG", nil},
		"no picture":            {"freebsd", map[string]answer{"xclip": fails, "wl-paste": none}, "", ErrNoPicture},
		"no helper":             {"linux", map[string]answer{"xclip": none, "wl-paste": none}, "", ErrNoClipboard},
		"windows":               {"windows", map[string]answer{"powershell.exe": png}, "PNG", nil},
		"windows, no picture":   {"windows", map[string]answer{"powershell.exe": fails}, "", ErrNoPicture},
		"macOS":                 {"darwin", map[string]answer{osascript: {"«data PNGf504E47»\n", nil}}, "PNG", nil},
		"macOS, something else": {"darwin", map[string]answer{osascript: {"«data PNGfXX»\n", nil}}, "", ErrNoPicture},
	} {
		t.Run(name, func(t *testing.T) {
			o := &Opener{goos: row.goos, output: func(_ context.Context, name string, _ ...string) ([]byte, error) {
				a, ok := row.answers[name]
				require.True(t, ok, name)
				return []byte(a.out), a.err
			}}
			picture, err := o.ClipboardPicture(t.Context())
			require.ErrorIs(t, err, row.err)
			require.Equal(t, row.picture, string(picture))
		})
	}
}

func TestOutputIsLimited(t *testing.T) {
	b := &limitedBuffer{}
	_, err := b.Write([]byte("x"))
	require.NoError(t, err)
	_, err = b.Write([]byte(strings.Repeat("x", 200<<20)))
	require.Error(t, err)
	require.Equal(t, 1, b.Len())
}

func TestMissingHelper(t *testing.T) {
	_, err := output(t.Context(), "acen-no-such-helper")
	require.ErrorIs(t, err, exec.ErrNotFound)
}
