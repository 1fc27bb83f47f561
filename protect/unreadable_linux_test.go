package protect_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

// asUser wraps reads so that they run as an account that is not root. The thread ends with the goroutine that reads.
func (d *fixture) asUser() {
	const nobody = 65534
	require.NoError(d.t, os.Chmod(filepath.Dir(d.options.Folder), 0o755))
	d.options.Touch(func() <-chan time.Time { return nil }, func(string) {
		if os.Getuid() == 0 {
			runtime.LockOSThread()
			_, _ = unix.SetfsuidRetUid(nobody)
		}
	})
}

// forbid removes all permissions of a file or folder.
func (d *fixture) forbid(path string) {
	require.NoError(d.t, os.Chmod(path, 0))
	d.t.Cleanup(func() { require.NoError(d.t, os.Chmod(path, 0o700)) })
}

// A license file without read permission is reported with its folder.
func TestLicenseWithoutPermission(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(d *fixture, own, beside string) (path string)
		kind    protect.Kind
		says    string // with the path or its folder
		folder  bool
	}{
		"a file": {
			prepare: func(d *fixture, _, beside string) string {
				path := d.write(filepath.Join(beside, "a.acen"), d.sign(signing, d.license()))
				d.forbid(path)
				return path
			},
			kind: protect.Unreadable,
			says: "is here, but this account may not read it. Ask the administrator of this PC to let you " +
				"read the files in the folder ",
		},
		"a file that was named": {
			prepare: func(d *fixture, _, _ string) string {
				path := d.write(filepath.Join(d.t.TempDir(), "a.acen"), d.sign(signing, d.license()))
				d.options.Paths = []string{path}
				d.forbid(path)
				return path
			},
			kind: protect.Unreadable,
			says: "is here, but this account may not read it.",
		},
		"the program's folder": {
			prepare: func(d *fixture, own, _ string) string {
				d.put(d.sign(signing, d.license()))
				d.forbid(own)
				return own
			},
			kind:   protect.Unreadable,
			says:   "A license of Notepad may lie in the folder ",
			folder: true,
		},
		"the person's folder": {
			prepare: func(d *fixture, own, _ string) string {
				d.put(d.sign(signing, d.license()))
				d.forbid(d.options.Folder)
				return own
			},
			kind:   protect.Unreadable,
			says:   "A license of Notepad may lie in the folder ",
			folder: true,
		},
		"another folder": {
			prepare: func(d *fixture, _, beside string) string {
				d.forbid(beside)
				return beside
			},
			kind:   protect.Unreadable,
			says:   "A license of Notepad may lie in the folder ",
			folder: true,
		},
		"a folder that is not there": {
			prepare: func(d *fixture, _, beside string) string {
				d.options.ExtraFolders = []string{filepath.Join(beside, "none")}
				d.forbid(beside)
				return ""
			},
			kind: protect.NoLicense,
		},
		"a file beside a damaged one": {
			prepare: func(d *fixture, _, beside string) string {
				d.write(filepath.Join(beside, "b.acen"), "x")
				path := d.write(filepath.Join(beside, "a.acen"), d.sign(signing, d.license()))
				d.forbid(path)
				return path
			},
			kind: protect.Unreadable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newFixture(t)
			d.asUser()
			path := c.prepare(d, installed.ProgramFolder(d.options.Folder, signature), d.options.ExtraFolders[0])
			v := d.open().Verdict()
			require.Equal(t, c.kind.String(), v.Kind.String(), v)
			require.Equal(t, path, v.Path)
			require.Contains(t, v.Text("en"), c.says)
			if c.kind == protect.Unreadable && c.says != "" {
				folder := path
				if !c.folder {
					folder = filepath.Dir(path)
				}
				require.Contains(t, v.Text("ja"), " "+folder+" ")
			}

			// A readable license is valid all the same.
			good := newFixture(t)
			d.options.Paths = append(d.options.Paths,
				d.write(filepath.Join(t.TempDir(), "good"), good.sign(signing, good.license())))
			require.NoError(t, os.Chmod(d.options.Paths[len(d.options.Paths)-1], 0o644))
			require.True(t, d.open().Verdict().Valid())
		})
	}
}

// A license file that is a symbolic link is found; only then a goroutine reads the folder.
func TestLinkedLicense(t *testing.T) {
	d := newFixture(t)
	path := d.write(filepath.Join(t.TempDir(), "license"), d.sign(signing, d.license()))
	require.NoError(t, os.Symlink(path, filepath.Join(d.options.ExtraFolders[0], "a.acen")))
	for range 2 { // the first start creates the folder
		require.True(t, d.open().Verdict().Valid())
	}
}

// Without a home folder a license in another folder is found, and the verdict says what is missing; nothing is
// written.
func TestNoHome(t *testing.T) {
	for name, home := range map[string]string{"not set": "", "relative": "somewhere"} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(xdg.Reload)
			t.Chdir(t.TempDir())
			t.Setenv("XDG_DATA_HOME", "")
			t.Setenv("HOME", home)
			if home == "" {
				require.NoError(t, os.Unsetenv("HOME"))
			}
			xdg.Reload()
			d := newFixture(t)
			d.options.Folder = ""
			l := d.open()
			v := l.Verdict()
			require.Equal(t, protect.Unreadable, v.Kind)
			require.Empty(t, v.Path)
			require.ErrorIs(t, v.Err, installed.ErrNoHome)
			require.Contains(t, v.Text("en"), "this account has no home folder: HOME is not set, or is not an absolute path")
			for name, task := range map[string]func() error{
				"codes":    func() error { _, err := l.Codes(t.Context()); return err },
				"activate": func() error { _, err := l.Activate(t.Context(), d.sign(signing, d.license())); return err },
				"remove":   func() error { _, err := l.RemovalCodes(); return err },
			} {
				require.ErrorIs(t, task(), installed.ErrNoHome, name)
			}
			d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), d.sign(signing, d.license(ends(noon.AddDate(0, 0, 3)))))
			require.True(t, l.Check(t.Context()).Valid())
			entries, err := os.ReadDir(".")
			require.NoError(t, err)
			require.Empty(t, entries)
			require.NoDirExists(t, "/.local/share/acen")
		})
	}
}
