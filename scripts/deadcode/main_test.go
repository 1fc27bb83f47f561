package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDead(t *testing.T) {
	all := map[string]bool{"a/a.go": true}
	windows := map[string]bool{"a/a.go": true, "a/a_windows.go": true}
	f, g := function{"a.F", "a/a.go", 3}, function{"a.G", "a/a.go", 9}
	w := function{"a.T.W", "a/a_windows.go", 1}
	set := func(list ...function) map[function]bool {
		m := map[function]bool{}
		for _, f := range list {
			m[f] = true
		}
		return m
	}
	for _, c := range []struct {
		name    string
		results []result
		want    []function
	}{
		{"all reached", []result{{all, set()}, {windows, set()}}, nil},
		{"dead everywhere", []result{{all, set(g, f)}, {windows, set(f, g)}}, []function{f, g}},
		{"reached in one build", []result{{all, set(f)}, {windows, set()}}, nil},
		{"reached in the other build", []result{{all, set()}, {windows, set(f)}}, nil},
		{"dead in the one build that includes it", []result{{all, set()}, {windows, set(w)}}, []function{w}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, dead(c.results)) })
	}
}

func TestCompare(t *testing.T) {
	functions := []function{{"a.F", "a/a.go", 3}, {"a.T.M", "a/a.go", 9}, {"b/btest.New", "b/btest/b.go", 5}}
	for _, c := range []struct {
		name, kept string
		want       []string
	}{
		{"none kept", "", []string{
			"a/a.go:3: no program reaches a.F",
			"a/a.go:9: no program reaches a.T.M",
			"b/btest/b.go:5: no program reaches b/btest.New",
		}},
		{
			"some kept", "# A comment.\n\na.F For embedders.\nb/btest.* For tests.",
			[]string{"a/a.go:9: no program reaches a.T.M"},
		},
		{"all kept", "a.F For embedders.\na.T.* For embedders.\nb/btest.* For tests.", nil},
		{"too many", "a.* For embedders.\nb/btest.* For tests.\na.G For embedders.\nc.* For tests.", []string{
			"a.G: kept.txt keeps it, but it is not dead or does not exist: remove the entry",
			"c.*: kept.txt keeps it, but it is not dead or does not exist: remove the entry",
		}},
		{"a name is no beginning", "a. For embedders.\na.F For embedders.\na.T.M For embedders.\nb/btest.New For tests.",
			[]string{"a.: kept.txt keeps it, but it is not dead or does not exist: remove the entry"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept, err := parseKept(c.kept)
			require.NoError(t, err)
			require.Equal(t, c.want, compare(functions, kept))
		})
	}
}

func TestParseKept(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no reason", "# One.\na.F", "line 2: a.F has no reason"},
		{"an empty reason", "a.F ", "line 1: a.F has no reason"},
		{"repeated", "a.F For embedders.\na.F For tests.", "line 2: a.F is repeated"},
	} {
		_, err := parseKept(c.text)
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err := parseKept(keptFile)
	require.NoError(t, err)
}

func TestParseFiles(t *testing.T) {
	files, err := parseFiles([]byte(`{"Dir": "/src/a", "GoFiles": ["a.go"], "CgoFiles": ["c.go"]}
{"Dir": "/src", "GoFiles": ["root.go"]}`), "/src")
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"a/a.go": true, "a/c.go": true, "root.go": true}, files)
	for _, out := range []string{"", `{"Dir": "/src/a"}`, `{"Dir": `} {
		_, err := parseFiles([]byte(out), "/src")
		require.Error(t, err, out)
	}
}

func TestParseFunctions(t *testing.T) {
	functions, err := parseFunctions([]byte(`[{"Path": "github.com/acen-desktop/acen/a", "Funcs": [
		{"Name": "T.M", "Position": {"File": "a/a.go", "Line": 9}},
		{"Name": "G", "Position": {"File": "a/gen.go", "Line": 1}, "Generated": true}]},
	{"Path": "github.com/acen-desktop/acen", "Funcs": [
		{"Name": "F", "Position": {"File": "/src/root.go", "Line": 2}}]}]`), "/src")
	require.NoError(t, err)
	require.Equal(t, map[function]bool{{"a.T.M", "a/a.go", 9}: true, {".F", "root.go", 2}: true}, functions)
	_, err = parseFunctions(nil, "/src")
	require.Error(t, err)
}
