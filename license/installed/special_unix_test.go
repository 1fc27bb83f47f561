//go:build unix

package installed

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// specialFiles returns functions that create each kind of file except a regular one.
func specialFiles(*testing.T) map[string]func(t *testing.T, path string) {
	return map[string]func(t *testing.T, path string){
		"folder": func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
		"pipe":   func(t *testing.T, path string) { require.NoError(t, syscall.Mkfifo(path, 0o600)) },
		"pipe with a writer": func(t *testing.T, path string) {
			require.NoError(t, syscall.Mkfifo(path, 0o600))
			writer, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, writer.Close()) })
			_, err = writer.WriteString(`{"version":2,"signature":"NOTEPAD1"}`)
			require.NoError(t, err)
		},
		"device":         func(t *testing.T, path string) { require.NoError(t, os.Symlink("/dev/null", path)) },
		"endless device": func(t *testing.T, path string) { require.NoError(t, os.Symlink("/dev/zero", path)) },
		"socket": func(t *testing.T, path string) {
			dir, err := os.MkdirTemp("", "") // the path of a socket must be short
			require.NoError(t, err)
			defer os.RemoveAll(dir)
			short := filepath.Join(dir, "s")
			listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
			require.NoError(t, err)
			listener.SetUnlinkOnClose(false)
			require.NoError(t, listener.Close())
			require.NoError(t, os.Rename(short, path))
		},
	}
}
