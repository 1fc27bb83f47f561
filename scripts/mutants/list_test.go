package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseList(t *testing.T) {
	mutants, err := parseList("# file\told\n\n" +
		"server/rules.go\tif a\tif !a\t./server\tTestRefresh\n" +
		"ui/a/b.go\tx⏎y\t\t-tags x11,pictures ui/a\tTestB/full_order\tseats\r\n")
	require.NoError(t, err)
	require.Equal(t, []mutant{
		{line: 3, file: "server/rules.go", old: "if a", new: "if !a", pkg: "./server", test: "TestRefresh"},
		{
			line: 4,
			file: "ui/a/b.go",
			old:  "x⏎y",
			tags: "x11,pictures",
			pkg:  "./ui/a",
			test: "TestB/full_order",
			rule: "seats",
		},
	}, mutants)
}

func TestParseListRefuses(t *testing.T) {
	for _, c := range []struct{ line, message string }{
		{"a.go\told\tnew\t./a", "4 columns, not 5 or 6"},
		{"a.go\told\tnew\t./a\tTestA\trule\tmore", "7 columns, not 5 or 6"},
		{"a.txt\told\tnew\t./a\tTestA", `"a.txt" is not a source file`},
		{"a_test.go\told\tnew\t./a\tTestA", `"a_test.go" is not a source file`},
		{"../a.go\told\tnew\t./a\tTestA", `"../a.go" is not a source file`},
		{"/a.go\told\tnew\t./a\tTestA", `"/a.go" is not a source file`},
		{"a.go\t \tnew\t./a\tTestA", "no old text"},
		{"a.go\tsame\tsame\t./a\tTestA", "the new text is the old one"},
		{"a.go\told\tnew\t\tTestA", `"" is not a package`},
		{"a.go\told\tnew\t./...\tTestA", `"./..." is not a package`},
		{"a.go\told\tnew\t../a\tTestA", `"../a" is not a package`},
		{"a.go\told\tnew\t-race ./a\tTestA", `"-race ./a" is not a package`},
		{"a.go\told\tnew\t-tags x11\tTestA", `"-tags x11" is not a package`},
		{"a.go\told\tnew\t./a\tExampleA", `"ExampleA" is not a test`},
		{"a.go\told\tnew\t./a\tTestA|TestB", `"TestA|TestB" is not a test`},
		{"a.go\told\tnew\t./a\t", `"" is not a test`},
	} {
		_, err := parseList("# a comment\n" + c.line)
		require.ErrorContains(t, err, "line 2: "+c.message, c.line)
	}
}

func TestParseListNamesEveryBadLine(t *testing.T) {
	good := "a.go\told\tnew\t./a\tTestA\n"
	mutants, err := parseList(good + "bad\n" + good + "worse\n")
	require.Len(t, mutants, 1)
	require.ErrorContains(t, err, "line 2: ")
	require.ErrorContains(t, err, "line 3: same change as line 1")
	require.ErrorContains(t, err, "line 4: ")
}

func TestApply(t *testing.T) {
	const source = "func f(a.b) {\n\tif axb {\n\t\treturn\n\t}\n\treturn\n}\n"
	for _, c := range []struct {
		old, new, want string
		err            error
	}{
		{old: "a.b", new: "$0", want: strings.Replace(source, "a.b", "$0", 1)},
		{old: "{⏎return", new: "{⏎panic(0)", want: strings.Replace(source, "{\n\t\treturn", "{\npanic(0)", 1)},
		{old: "return", new: "x", err: errAmbiguous},
		{old: "if b", new: "x", err: errMissing},
		{old: "{return", new: "x", err: errMissing},
	} {
		got, err := mutant{old: c.old, new: c.new}.apply(source)
		require.ErrorIs(t, err, c.err, c.old)
		require.Equal(t, c.want, got, c.old)
	}
}

func TestChoose(t *testing.T) {
	mutants := []mutant{
		{file: "license/find.go", pkg: "./license", test: "TestFind", rule: "dates"},
		{file: "license/serial.go", pkg: "./server", test: "TestSerials", old: "dates"},
	}
	require.Equal(t, mutants, choose(mutants, ""))
	require.Equal(t, mutants[:1], choose(mutants, "DATE"))
	require.Equal(t, mutants[:1], choose(mutants, "testfind"))
	require.Equal(t, mutants[1:], choose(mutants, "server"))
	require.Empty(t, choose(mutants, "nothing"))
}

// The old text of every mutant occurs once in its file, and its test exists.
func TestListFitsTheTree(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile("list.txt")
	require.NoError(t, err)
	mutants, err := parseList(string(text))
	require.NoError(t, err)
	require.NotEmpty(t, mutants)
	for _, m := range mutants {
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
		require.NoError(t, err, "line %d", m.line)
		_, err = m.apply(string(source))
		require.NoError(t, err, "line %d: %s: %s", m.line, m.file, m.old)
		found := strings.Contains(testsOf(t, filepath.Join(root, m.pkg)),
			"func "+strings.Split(m.test, "/")[0]+"(t *testing.T) {")
		require.True(t, found, "line %d: %s has no %s", m.line, m.pkg, m.test)
	}
}

// testsOf returns the source of a package's tests.
func testsOf(t *testing.T, folder string) string {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(source)
	}
	return all.String()
}
