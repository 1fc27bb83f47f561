package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func at(file string, line int, linter, text string) issue {
	i := issue{FromLinter: linter, Text: text}
	i.Pos.Filename, i.Pos.Line = file, line
	return i
}

// The first build lints all packages, the others only packages with files that no earlier build includes.
func TestEveryFileIsLintedOnce(t *testing.T) {
	all := []string{"a/a.go", "a/a_windows.go", "b/b.go", "b/b_plan9.go", "c/c.go"}
	listed := map[string][]pkg{
		"Linux": {
			{dir: "./a", files: []string{"a/a.go"}},
			{dir: "./b", files: []string{"b/b.go"}},
			{dir: "./c", files: []string{"c/c.go"}},
		},
		"Windows": {
			{dir: "./a", files: []string{"a/a.go", "a/a_windows.go"}},
			{dir: "./b", files: []string{"b/b.go"}},
		},
		"macOS": {
			{dir: "./a", files: []string{"a/a.go"}},
		},
	}
	linted := map[string][]string{}
	issues, unseen, err := lintAll(all, []build{{name: "Linux"}, {name: "Windows"}, {name: "macOS"}},
		func(b build) ([]pkg, error) { return listed[b.name], nil },
		func(b build, dirs []string) ([]issue, error) {
			linted[b.name] = dirs
			return []issue{
				at("a/a.go", 20, "govet", "copies lock"),
				at("a/a.go", 3, "unused", "one on "+b.name),
				at("a/a.go", 3, "errcheck", "unchecked"),
			}, nil
		})
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"Linux": {"./a", "./b", "./c"}, "Windows": {"./a"}}, linted)
	require.Equal(t, []string{"b/b_plan9.go"}, unseen)
	require.Equal(t, []issue{
		at("a/a.go", 3, "errcheck", "unchecked"),
		at("a/a.go", 3, "unused", "one on Linux"),
		at("a/a.go", 3, "unused", "one on Windows"),
		at("a/a.go", 20, "govet", "copies lock"),
	}, issues, "in order and once")

	broken := errors.New("broken")
	_, _, err = lintAll(all, []build{{name: "Linux"}}, func(build) ([]pkg, error) { return nil, broken }, nil)
	require.ErrorIs(t, err, broken)
	_, _, err = lintAll(all, []build{{name: "Linux"}}, func(b build) ([]pkg, error) { return listed[b.name], nil },
		func(build, []string) ([]issue, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
}

func TestFiles(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"a.go":              "package a\n",
		"b/b_test.go":       "package b\n",
		"b/gen.go":          "//go:build ignore\n\npackage main\n",
		"b/testdata/c.go":   "package c\n",
		"other/go.mod":      "module other\n",
		"other/d.go":        "package d\n",
		".hidden/e.go":      "package e\n",
		"b/notes.txt":       "no code\n",
		"b/deep/windows.go": "//go:build windows\n\npackage deep\n",
	} {
		path = filepath.Join(root, filepath.FromSlash(path))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	list, err := files(root)
	require.NoError(t, err)
	require.Equal(t, []string{"a.go", "b/b_test.go", "b/deep/windows.go"}, list)
}

// Output without a report is an error, not an empty list of issues.
func TestParseIssues(t *testing.T) {
	issues, err := parseIssues([]byte(`{"Issues": [
		{"FromLinter": "errcheck", "Text": "unchecked", "Pos": {"Filename": "a/a.go", "Line": 3}}], "Report": {}}`))
	require.NoError(t, err)
	require.Equal(t, []issue{at("a/a.go", 3, "errcheck", "unchecked")}, issues)
	require.Equal(t, "a/a.go:3: unchecked (errcheck)", issues[0].String())
	issues, err = parseIssues([]byte(`{"Issues": [], "Report": {}}`))
	require.NoError(t, err)
	require.Empty(t, issues)
	for _, c := range []struct{ name, out, want string }{
		{"nothing", "", "decode golangci-lint's output"},
		{"cut off", `{"Issues": [`, "decode golangci-lint's output"},
		{"something else", `{}`, "no report"},
		{"an error", `{"Issues": [], "Report": {"Error": "a linter failed"}}`, "a linter failed"},
	} {
		_, err := parseIssues([]byte(c.out))
		require.ErrorContains(t, err, c.want, c.name)
	}
}
