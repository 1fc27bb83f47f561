package main

import (
	"go/build"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	darwin  = []target{{"darwin", "arm64"}}
	darwins = []target{{"darwin", "arm64"}, {"darwin", "amd64"}}
)

// module writes a module and returns its folder. Its files import as little as possible, because their dependencies are
// checked as well.
func module(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	all := map[string]string{"go.mod": "module example.com/app\n\ngo 1.26.0\n"}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

const (
	// cgoFile is a toolkit's file: types from C are unknown, everything else is checked.
	cgoFile = `package kit

/*
#include <Cocoa/Cocoa.h>
int shown(void *window);
*/
import "C"
import "unsafe"

type Window struct{ handle *C.NSWindow }

func Shown(w Window) bool { return C.shown(unsafe.Pointer(w.handle)) == 1 }

func Address(w Window) uintptr { return uintptr(unsafe.Pointer(w.handle.address)) }
`
	app = "package app\n\nimport \"example.com/app/kit\"\n\nfunc Run(w kit.Window) bool { return kit.Shown(w) }\n"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name     string
		tags     string
		files    map[string]string
		patterns []string
		targets  []target // default darwin
		want     []string // parts of the problems, in order
	}{
		{
			name:  "cgo and nothing wrong",
			files: map[string]string{"kit/kit_darwin.go": cgoFile, "app_darwin.go": app},
		}, {
			name:  "a mistake on another system only",
			files: map[string]string{"a_windows.go": "package app\n\nvar x = undefined\n", "a.go": "package app\n"},
		}, {
			name:  "an undefined call",
			files: map[string]string{"a_darwin.go": "package app\n\nfunc f() { missing() }\n"},
			want:  []string{"a_darwin.go:3:12: undefined: missing (darwin/arm64)"},
		}, {
			name: "one architecture, and both",
			files: map[string]string{
				"a_darwin_amd64.go": "package app\n\nvar x int = \"1\"\n",
				"a_darwin.go":       "package app\n\nvar y = missing\n",
			},
			targets: darwins,
			want: []string{
				"a_darwin.go:3:9: undefined: missing (darwin/arm64, darwin/amd64)",
				"a_darwin_amd64.go:3:13: cannot use \"1\" (untyped string constant) as int value in variable declaration " +
					"(darwin/amd64)",
			},
		}, {
			name: "an undefined name in a cgo file",
			files: map[string]string{
				"kit/kit_darwin.go": strings.Replace(cgoFile, "C.shown(", "shown(", 1),
				"app_darwin.go":     app,
			},
			want: []string{"kit_darwin.go:12:36: undefined: shown (darwin/arm64)"},
		}, {
			name: "an undefined name of a package with cgo",
			files: map[string]string{
				"kit/kit_darwin.go": cgoFile,
				"app_darwin.go":     strings.Replace(app, "kit.Shown", "kit.Seen", 1),
			},
			want: []string{"app_darwin.go:5:42: undefined: kit.Seen (darwin/arm64)"},
		}, {
			name: "the body of a function of an imported package with cgo",
			files: map[string]string{
				"kit/kit_darwin.go": strings.Replace(cgoFile, "C.shown(", "shown(", 1),
				"app_darwin.go":     app,
			},
			patterns: []string{"."},
			want:     []string{"kit_darwin.go:12:36: undefined: shown (darwin/arm64)"},
		}, {
			name:  "a test",
			files: map[string]string{"a.go": "package app\n", "a_darwin_test.go": "package app\n\nvar x = missing\n"},
			want:  []string{"a_darwin_test.go:3:9: undefined: missing (darwin/arm64)"},
		}, {
			name:  "a test in a package of its own",
			files: map[string]string{"a.go": "package app\n", "a_test.go": "package app_test\n\nvar x = missing\n"},
			want:  []string{"a_test.go:3:9: undefined: missing (darwin/arm64)"},
		}, {
			name:  "a tag that is not set",
			files: map[string]string{"a.go": "package app\n", "b.go": "//go:build b\n\npackage app\n\nvar x = y\n"},
		}, {
			name:  "a tag that is set",
			tags:  "a b",
			files: map[string]string{"a.go": "package app\n", "b.go": "//go:build b\n\npackage app\n\nvar x = y\n"},
			want:  []string{"b.go:5:9: undefined: y (darwin/arm64)"},
		}, {
			name: "a feature of a newer Go than that of the module",
			files: map[string]string{
				"go.mod": "module example.com/app\n\ngo 1.20\n",
				"a.go":   "package app\n\nfunc f() {\n\tfor range 2 {\n\t}\n}\n",
			},
			want: []string{"a.go:4:12: cannot range over 2"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			targets := c.targets
			if targets == nil {
				targets = darwin
			}
			problems, err := check(t.Context(), module(t, c.files), targets, c.tags, c.patterns)
			require.NoError(t, err)
			require.Len(t, problems, len(c.want), "%s", problems)
			for i, part := range c.want {
				require.Contains(t, problems[i], part)
			}
		})
	}
}

// A package that is missing or cannot be listed is an error, not an empty list of problems.
func TestCheckFails(t *testing.T) {
	for _, c := range []struct {
		name     string
		files    map[string]string
		targets  []target
		patterns []string
		want     string
	}{
		{
			name:    "a missing package of a module",
			files:   map[string]string{"a_darwin.go": "package app\n\nimport _ \"example.com/missing\"\n"},
			targets: darwin,
			want:    "a_darwin.go:3:8: no required module provides package example.com/missing",
		}, {
			name:    "a missing package of this module",
			files:   map[string]string{"a_darwin.go": "package app\n\nimport _ \"example.com/app/missing\"\n"},
			targets: darwin,
			want:    "example.com/app/missing",
		}, {
			name:    "a missing package of the standard library",
			files:   map[string]string{"a_darwin.go": "package app\n\nimport _ \"missing\"\n"},
			targets: darwin,
			want:    "package missing is not in std",
		}, {
			name:     "a pattern that matches nothing",
			files:    map[string]string{"a.go": "package app\n"},
			targets:  darwin,
			patterns: []string{"./missing/..."},
			want:     "./missing/",
		}, {
			name:     "no packages",
			files:    map[string]string{"a.go": "package app\n", "empty/README": ""},
			targets:  darwin,
			patterns: []string{"./empty/..."},
			want:     "no packages",
		}, {
			name: "a missing package for one architecture",
			files: map[string]string{
				"a.go":              "package app\n",
				"a_darwin_amd64.go": "package app\n\nimport _ \"example.com/app/missing\"\n",
			},
			targets: darwins,
			want:    "darwin/amd64: go list: exit status 1",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := check(t.Context(), module(t, c.files), c.targets, "", c.patterns)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParseTargets(t *testing.T) {
	targets, err := parseTargets("darwin/arm64,windows/amd64")
	require.NoError(t, err)
	require.Equal(t, []target{{"darwin", "arm64"}, {"windows", "amd64"}}, targets)
	for _, list := range []string{"", "darwin", "darwin/", "/arm64", "darwin/arm64,"} {
		_, err := parseTargets(list)
		require.Error(t, err, list)
	}
}

// Every package with files for Windows or macOS only is vetted for these systems, unless it imports the toolkit, which
// needs cgo.
func TestNativePackagesAreVetted(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	native := regexp.MustCompile(`(?m)^NATIVE +:= (.*)$`).FindSubmatch(makefile)
	require.NotNil(t, native)
	vetted := map[string]bool{}
	for _, name := range strings.Fields(string(native[1])) {
		require.DirExists(t, filepath.Join("../..", name))
		vetted[strings.TrimPrefix(name, "./")] = true
	}
	has := map[string]bool{}
	root := os.DirFS("../..")
	require.NoError(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir, name := filepath.Split(path)
		if d.IsDir() {
			if name == "testdata" || name == "build" || name == "bench" || strings.HasPrefix(name, ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		matches := func(system string) bool {
			c := build.Context{GOOS: system, GOARCH: "amd64", Compiler: "gc"}
			matched, err := c.MatchFile(filepath.Join("../..", dir), name)
			require.NoError(t, err)
			return matched
		}
		if (matches("windows") || matches("darwin")) && !matches("linux") {
			has[filepath.ToSlash(filepath.Clean(dir))] = true
		}
		return nil
	}))
	for dir := range has {
		sources, err := fs.Glob(root, dir+"/*.go")
		require.NoError(t, err)
		toolkit := false
		for _, path := range sources {
			text, err := fs.ReadFile(root, path)
			require.NoError(t, err)
			toolkit = toolkit || strings.Contains(string(text), `"fyne.io/fyne/v2"`)
		}
		require.True(t, toolkit || vetted[dir], "%s is not in NATIVE of the Makefile", dir)
	}
	require.True(t, has["fingerprint"])
}
