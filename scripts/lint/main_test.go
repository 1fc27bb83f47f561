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

func TestBudget(t *testing.T) {
	budget, err := parseBudget("# A comment.\n\n2 a.go\n10 ui/b.go\n")
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a.go": 2, "ui/b.go": 10}, budget)
	for _, c := range []struct {
		name     string
		long     map[string]int
		problems []string
		written  string // by -update; "" if it refuses
	}{
		{"the same", map[string]int{"a.go": 2, "ui/b.go": 10}, nil, "2 a.go\n10 ui/b.go\n"},
		{"a new line", map[string]int{"a.go": 3, "ui/b.go": 10},
			[]string{"a.go: 3 lines over 120 columns, 1 more than longlines.txt allows (lll)"}, ""},
		{"a new file", map[string]int{"a.go": 2, "new.go": 1, "ui/b.go": 10},
			[]string{"new.go: 1 lines over 120 columns, 1 more than longlines.txt allows (lll)"}, ""},
		{"shortened", map[string]int{"a.go": 2, "ui/b.go": 4},
			[]string{
				"ui/b.go: 4 lines over 120 columns, and longlines.txt allows 10: run `make longlines`, which lowers the budget",
			},
			"2 a.go\n4 ui/b.go\n"},
		{"renamed", map[string]int{"a.go": 2, "ui/kit/b.go": 10},
			[]string{
				"ui/b.go: 0 lines over 120 columns, and longlines.txt allows 10: run `make longlines`, which lowers the budget",
				"ui/kit/b.go: 10 lines over 120 columns, 10 more than longlines.txt allows (lll)",
			},
			"2 a.go\n10 ui/kit/b.go\n"},
		{"none left", map[string]int{},
			[]string{
				"a.go: 0 lines over 120 columns, and longlines.txt allows 2: run `make longlines`, which lowers the budget",
				"ui/b.go: 0 lines over 120 columns, and longlines.txt allows 10: run `make longlines`, which lowers the budget",
			},
			""},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.problems, compare(budget, c.long))
			written, err := shrink(budget, c.long)
			if c.written == "" && len(c.long) > 0 {
				require.ErrorContains(t, err, "the budget is 12")
				return
			}
			require.NoError(t, err)
			require.Equal(t, budgetHead+c.written, written)
			back, err := parseBudget(written)
			require.NoError(t, err)
			require.Equal(t, c.long, back)
		})
	}
	for _, c := range []struct{ name, text, want string }{
		{"no count", "a.go", `line 1: "a.go" is not a count and a path`},
		{"no path", "# One.\n2", `line 2: "2" is not a count and a path`},
		{"none", "0 a.go", `line 1: "0 a.go" is not a count and a path`},
		{"repeated", "2 a.go\n3 a.go", "line 2: a.go is repeated"},
	} {
		_, err := parseBudget(c.text)
		require.ErrorContains(t, err, c.want, c.name)
	}
}

func TestBudgetFile(t *testing.T) {
	text, err := os.ReadFile("longlines.txt")
	require.NoError(t, err)
	_, err = parseBudget(string(text))
	require.NoError(t, err)
}
