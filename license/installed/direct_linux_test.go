package installed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Direct reads files on the file system of the root folder only, and leaves all others, here those of a temporary
// folder, to a goroutine that can be abandoned.
func TestDirect(t *testing.T) {
	for name, c := range map[string]struct {
		prepare  func(t *testing.T, root, dir string)
		direct   bool
		complete bool
		files    int
	}{
		"folder": {
			prepare: func(t *testing.T, _, dir string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "b"+Extension), []byte("b"), 0o600))
			},
			direct:   true,
			complete: true,
			files:    2,
		},
		"missing folder": {
			prepare:  func(t *testing.T, _, dir string) { require.NoError(t, os.RemoveAll(dir)) },
			direct:   true,
			complete: true,
		},
		"link to a folder of the same file system": {
			prepare: func(t *testing.T, root, dir string) {
				require.NoError(t, os.Rename(dir, filepath.Join(root, "other")))
				require.NoError(t, os.Symlink("other", dir))
			},
			direct:   true,
			complete: true,
			files:    1,
		},
		"link to a folder of another file system": {
			prepare: func(t *testing.T, _, dir string) {
				require.NoError(t, os.RemoveAll(dir))
				require.NoError(t, os.Symlink("/proc", dir))
			},
		},
		"link to a license file": {
			prepare: func(t *testing.T, _, dir string) {
				require.NoError(t, os.Symlink("a"+Extension, filepath.Join(dir, "b"+Extension)))
			},
			direct: true,
			files:  1,
		},
		"link in place of the state": {
			prepare: func(t *testing.T, _, dir string) {
				require.NoError(t, os.Symlink("/proc/version", filepath.Join(dir, stateName)))
			},
			direct: true,
			files:  1,
		},
		"file in place of the folder": {
			prepare: func(t *testing.T, _, dir string) {
				require.NoError(t, os.RemoveAll(dir))
				require.NoError(t, os.WriteFile(dir, []byte("a"), 0o600))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "folder")
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "a"+Extension), []byte("a"), 0o600))
			c.prepare(t, root, dir)
			fd, err := unix.Open(root, unix.O_PATH, 0)
			require.NoError(t, err)
			defer unix.Close(fd)
			v := ViewOf(dir)
			v.signature = notepad
			direct, ok := v.directAt(fd, "folder", 0)
			require.Equal(t, c.direct, ok)
			if !ok {
				return
			}
			for range 2 { // each read lists the folder again
				files, err := direct.Files()
				require.NoError(t, err)
				var read int
				for _, f := range files {
					require.Equal(t, dir, filepath.Dir(f.Path))
					if f.Content != "" {
						read++
					}
				}
				require.Equal(t, c.files, read)
			}
			state, err := direct.State()
			if c.complete {
				require.NoError(t, err)
				require.Equal(t, State{Signature: notepad}, state)
			}
			require.Equal(t, c.complete, direct.Close())
		})
	}
}

// A folder behind a mount point, or of a store without a folder, is not read directly.
func TestDirectOnRootFileSystemOnly(t *testing.T) {
	for _, v := range []*View{ViewOf("/proc"), ViewOf("."), Open("", Options{}).View(notepad)} {
		_, ok := v.Direct()
		require.False(t, ok, v.dir)
	}
}
