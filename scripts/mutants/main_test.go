package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		output string
		passed bool
		want   verdict
	}{
		{output: "ok  \tm/a\t0.002s\n", passed: true, want: survived},
		{output: "--- FAIL: TestA (0.00s)\n    a_test.go:5: no\nFAIL\nFAIL\tm/a\t0.002s\nFAIL\n", want: killed},
		{output: "--- FAIL: TestA (0.00s)\npanic: x [recovered, repanicked]\n\nFAIL\tm/a\t0.002s\nFAIL\n", want: killed},
		{output: "--- FAIL: TestAB (0.00s)\nFAIL\nFAIL\tm/a\t0.002s\nFAIL\n", want: otherFailure},
		{output: "panic: in init\n\nFAIL\tm/a\t0.002s\nFAIL\n", want: otherFailure},
		{output: "log: \"--- FAIL: TestA (0.00s)\"\nFAIL\tm/a\t0.002s\nFAIL\n", want: otherFailure},
		{output: "# m/a\n./a.go:3:2: declared and not used: x\nFAIL\tm/a [build failed]\nFAIL\n", want: notCompiled},
		{output: "# m/a\na.go:3:1: expected declaration\nFAIL\tm/a [setup failed]\nFAIL\n", want: notCompiled},
		{
			output: "panic: test timed out after 1m0s\n\trunning tests:\n\t\tTestA (1m0s)\n\nFAIL\tm/a\t60.006s\nFAIL\n",
			want:   hung,
		},
	} {
		require.Equal(t, c.want, judge("TestA", c.output, c.passed), c.output)
	}
	subtest := "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/full_order (0.00s)\nFAIL\nFAIL\tm/a\t0.002s\nFAIL\n"
	require.Equal(t, killed, judge("TestA/full_order", subtest, false))
	require.Equal(t, otherFailure, judge("TestA/full", subtest, false))
}

func TestProves(t *testing.T) {
	const output = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n    --- PASS: TestA/one (0.00s)\n" +
		"--- SKIP: TestB (0.00s)\n--- FAIL: TestC (0.00s)\nok  \tm/a\t0.002s\n"
	require.True(t, proves("TestA", output))
	require.True(t, proves("TestA/one", output))
	for _, test := range []string{"TestA/two", "TestB", "TestC", "TestD"} {
		require.False(t, proves(test, output), test)
	}
}

// A run on a module with two packages has every verdict and changes no file.
func TestRun(t *testing.T) {
	files := map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26.0\n",
		"a/a.go": "package a\n\nvar ready = true\n\nfunc Twice(n int) int { return 2 * n }\n\nfunc One() int { " +
			"return 1 }\n",
		"a/a_test.go": tests("a", "TestTwice", "Twice(2) == 4", "TestOne", "One() > 0", "TestNever", "One() > 1"),
		"b/b.go":      "//go:build special\n\npackage b\n\nfunc Two() int { return 2 }\n",
		"b/b_test.go": "//go:build special\n\n" + tests("b", "TestTwo", "Two() == 2"),
	}
	killing := "a/a.go\t2 * n\t3 * n\t./a\tTestTwice\tdoubling\nb/b.go\treturn 2\treturn 3\t-tags special " +
		"./b\tTestTwo\ttags\n"
	rest := "a/a.go\treturn 1\treturn 2\t./a\tTestOne\tlives\n" +
		"a/a.go\treturn 1\treturn one\t./a\tTestOne\tnot Go\n" +
		"a/a.go\treturn 1\treturn 0\t./a\tTestNever\tred without it\n" +
		"a/a.go\treturn 1\treturn -1\t./a\tTestNone\tno such test\n" +
		"a/a.go\treturn 3\treturn 4\t./a\tTestOne\tno such text\n" +
		"a/a.go\treturn \tpanic(0); return \t./a\tTestOne\ttwo such texts\n" +
		"a/a.go\tready = true\tready = func() bool { panic(0) }()\t./a\tTestOne\tno test's failure\n"
	files[listFile] = killing + rest
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}

	list := filepath.Join(root, filepath.FromSlash(listFile))
	var out strings.Builder
	require.EqualError(t, run(t.Context(), root, list, "", &out), "7 of 9 mutants are not killed by their tests")
	for _, line := range []string{
		"killed   a/a.go  TestTwice  (doubling)",
		"killed   b/b.go  TestTwo  (tags)",
		"SURVIVED a/a.go  TestOne  (lives)",
		"does not compile a/a.go  TestOne  (not Go)",
		"its test proves nothing a/a.go  TestNever  (red without it)",
		"its test proves nothing a/a.go  TestNone  (no such test)",
		"does not apply a/a.go  TestOne  (no such text)",
		"does not apply a/a.go  TestOne  (two such texts)",
		"fails, but not by its test a/a.go  TestOne  (no test's failure)",
		"    | without the change it fails\n",
		"    | there is no such test\n",
		list + ":4: does not compile",
		"\n2 of 9 mutants killed in ",
	} {
		require.Contains(t, out.String(), line)
	}
	for name, text := range files {
		now, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, err)
		require.Equal(t, text, string(now), name)
	}

	out.Reset()
	require.NoError(t, run(t.Context(), root, list, "doubling", &out))
	require.Contains(t, out.String(), "\n1 of 1 mutants killed in ")
	require.ErrorContains(t, run(t.Context(), root, list, "nobody", &out), `no mutant with "nobody"`)
	require.Error(t, run(t.Context(), root, filepath.Join(root, "go.mod"), "", &out))
}

// tests returns the source of a package's tests: pairs of a name and what must hold.
func tests(pkg string, pairs ...string) string {
	source := "package " + pkg + "\n\nimport \"testing\"\n"
	for i := 0; i < len(pairs); i += 2 {
		source += "\nfunc " + pairs[i] + "(t *testing.T) {\n\tif !(" + pairs[i+1] + ") {\n\t\tt.Fatal()\n\t}\n}\n"
	}
	return source
}
