package main

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Parts of govulncheck's output.
const (
	packageScan = `{"config": {"protocol_version": "v1.0.0", "scan_level": "package"}}` + "\n" + known
	symbolScan  = `{"config": {"protocol_version": "v1.0.0", "scan_level": "symbol"}}` + "\n" + known

	known = `{"SBOM": {"go_version": "go1.26.8"}}
{"osv": {"id": "GO-2026-0001", "summary": "Memory exhaustion in net/http"}}
{"osv": {"id": "GO-2026-0002", "summary": "Panic in os"}}
`
	requires = `{"finding": {"osv": "GO-2026-0001", "fixed_version": "v1.26.9", "trace": [
	{"module": "stdlib", "version": "v1.26.8"}]}}
`
	imports = `{"finding": {"osv": "GO-2026-0001", "fixed_version": "v1.26.9", "trace": [
	{"module": "stdlib", "version": "v1.26.8", "package": "net/http"}]}}
`
	calls = `{"finding": {"osv": "GO-2026-0001", "fixed_version": "v1.26.9", "trace": [
	{"module": "stdlib", "version": "v1.26.8", "package": "net/http", "receiver": "*Client", "function": "Do"},
	{"module": "example.com/http", "version": "v1.0.0", "package": "example.com/http", "function": "Get"},
	{"module": "example.com/our", "package": "example.com/our/client", "function": "Get",
	 "position": {"filename": "client/get.go", "line": 7}},
	{"module": "example.com/our", "package": "example.com/our/cmd", "function": "main",
	 "position": {"filename": "cmd/main.go", "line": 3}}]}}
`
	callsDirectly = `{"finding": {"osv": "GO-2026-0001", "fixed_version": "v1.26.9", "trace": [
	{"module": "stdlib", "version": "v1.26.8", "package": "net/http", "function": "Serve"},
	{"module": "example.com/our", "package": "example.com/our/cmd", "function": "main",
	 "position": {"filename": "cmd/main.go", "line": 4}}]}}
`
	callsUnfixed = `{"finding": {"osv": "GO-2026-0002", "trace": [
	{"module": "stdlib", "version": "v1.26.8", "package": "os", "function": "Open"},
	{"module": "example.com/our", "package": "example.com/our/cmd", "function": "main",
	 "position": {"filename": "cmd/main.go", "line": 5}}]}}
`
)

func TestReachable(t *testing.T) {
	one := vulnerability{
		id:      "GO-2026-0001",
		summary: "Memory exhaustion in net/http",
		found:   "stdlib@v1.26.8",
		fixed:   "v1.26.9",
		builds:  []string{"A"},
		call:    "client/get.go:7: example.com/our/client.Get reaches net/http.Client.Do",
	}
	onBoth, direct := one, one
	onBoth.builds = []string{"A", "B"}
	direct.call = "cmd/main.go:4: example.com/our/cmd.main reaches net/http.Serve"
	two := vulnerability{
		id:      "GO-2026-0002",
		summary: "Panic in os",
		found:   "stdlib@v1.26.8",
		builds:  []string{"A"},
		call:    "cmd/main.go:5: example.com/our/cmd.main reaches os.Open",
	}
	for _, c := range []struct {
		name  string
		scans map[string]string // by build and level
		want  []vulnerability
	}{
		{
			"no finding",
			map[string]string{"A package": packageScan},
			nil,
		}, {
			"required only",
			map[string]string{"A package": packageScan + requires},
			nil,
		}, {
			"imported only",
			map[string]string{"A package": packageScan + imports, "A symbol": symbolScan + imports},
			nil,
		}, {
			"called",
			map[string]string{"A package": packageScan + imports, "A symbol": symbolScan + requires + imports + calls},
			[]vulnerability{one},
		}, {
			"the shorter way comes last",
			map[string]string{"A package": packageScan + imports, "A symbol": symbolScan + calls + callsDirectly},
			[]vulnerability{direct},
		}, {
			"the shorter way comes first",
			map[string]string{"A package": packageScan + imports, "A symbol": symbolScan + callsDirectly + calls},
			[]vulnerability{direct},
		}, {
			"two",
			map[string]string{"A package": packageScan + imports, "A symbol": symbolScan + calls + callsUnfixed},
			[]vulnerability{one, two},
		}, {
			"on both systems",
			map[string]string{
				"A package": packageScan + imports, "A symbol": symbolScan + calls,
				"B package": packageScan + imports, "B symbol": symbolScan + calls,
			},
			[]vulnerability{onBoth},
		}, {
			"on one system only",
			map[string]string{
				"A package": packageScan + imports, "A symbol": symbolScan + calls,
				"B package": packageScan,
			},
			[]vulnerability{one},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []string
			got, err := reachable([]build{{name: "A"}, {name: "B"}}, func(b build, level string) ([]byte, error) {
				asked = append(asked, b.name+" "+level)
				out, ok := c.scans[b.name+" "+level]
				if !ok {
					out = packageScan // the other system has no finding
					require.Equal(t, "B package", b.name+" "+level)
				}
				return []byte(out), nil
			})
			require.NoError(t, err)
			require.Len(t, got, len(c.want))
			for _, v := range c.want {
				require.Equal(t, &v, got[v.id])
			}
			for scan := range c.scans {
				require.Contains(t, asked, scan)
			}
		})
	}
}

// Output without a complete scan is an error, not an empty list of vulnerabilities.
func TestUselessScan(t *testing.T) {
	for _, c := range []struct{ name, out, want string }{
		{"nothing", "", "not protocol version 1"},
		{"cut off", packageScan + requires[:20], "decode govulncheck's output"},
		{"HTML", "<html>", "decode govulncheck's output"},
		{"another level", strings.ReplaceAll(packageScan, `"package"`, `"module"`), "version 1 at level package"},
		{"another protocol", strings.ReplaceAll(packageScan, "v1.0.0", "v2.0.0"), "not protocol version 1"},
		{"an empty database", strings.SplitAfter(packageScan, "\n")[0], "the database is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := reachable([]build{{name: "A"}}, func(build, string) ([]byte, error) {
				return []byte(c.out), nil
			})
			require.ErrorContains(t, err, "scan for A: ")
			require.ErrorContains(t, err, c.want)
		})
	}
	for _, level := range []string{levelPackage, levelSymbol} {
		broken := errors.New("broken")
		_, err := reachable([]build{{name: "A"}}, func(_ build, l string) ([]byte, error) {
			if l == level {
				return nil, broken
			}
			return []byte(packageScan + imports), nil
		})
		require.ErrorIs(t, err, broken, level)
	}
}

func TestCompare(t *testing.T) {
	reached := map[string]*vulnerability{
		"GO-2026-0002": {
			id:      "GO-2026-0002",
			summary: "Panic in os",
			found:   "stdlib@v1.26.8",
			builds:  []string{"A", "B"},
			call:    "cmd/main.go:5: example.com/our/cmd.main reaches os.Open",
		},
		"GO-2026-0001": {
			id:      "GO-2026-0001",
			summary: "Memory exhaustion in net/http",
			found:   "stdlib@v1.26.8",
			fixed:   "v1.26.9",
			builds:  []string{"A"},
			call:    "client/get.go:7: example.com/our/client.Get reaches net/http.Client.Do",
		},
	}
	const (
		one = "GO-2026-0001: Memory exhaustion in net/http\n  stdlib@v1.26.8, fixed in v1.26.9\n" +
			"  client/get.go:7: example.com/our/client.Get reaches net/http.Client.Do\n  on A"
		two = "GO-2026-0002: Panic in os\n  stdlib@v1.26.8, not fixed yet\n" +
			"  cmd/main.go:5: example.com/our/cmd.main reaches os.Open\n  on A, B"
	)
	for _, c := range []struct {
		name, accepted string
		want           []string
	}{
		{"none accepted", "", []string{one, two}},
		{"one accepted", "GO-2026-0001 2026-12-31 For servers only.", []string{two}},
		{"accepted today for the last time", "GO-2026-0001 2026-11-30 For servers only.", []string{two}},
		{"accepted until yesterday", "GO-2026-0001 2026-11-29 For servers only.",
			[]string{one + "\n  was accepted until 2026-11-29: For servers only.", two}},
		{"all accepted", "# A comment.\n\nGO-2026-0001 2026-12-31 A.\n  GO-2026-0002   2026-12-31   B.  \n", nil},
		{"not reached", "GO-2026-0001 2026-12-31 A.\nGO-2026-0002 2026-12-31 B.\nGO-2026-0003 2026-12-31 C.",
			[]string{"GO-2026-0003: accepted.txt accepts it, but no program reaches it: remove the entry"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			accepted, err := parseAccepted(c.accepted)
			require.NoError(t, err)
			require.Equal(t, c.want, compare(reached, accepted, time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)))
		})
	}
}

func TestParseAccepted(t *testing.T) {
	accepted, err := parseAccepted("GO-2026-0001 2026-12-31  For servers only. ")
	require.NoError(t, err)
	require.Equal(t, map[string]acceptance{"GO-2026-0001": {until: "2026-12-31", reason: "For servers only."}}, accepted)

	for _, c := range []struct{ name, text, want string }{
		{"no ID", "2026-12-31 For servers only.", `line 1: "2026-12-31" is not an ID`},
		{"a CVE", "# A comment.\nCVE-2026-0001 2026-12-31 For servers only.", `line 2: "CVE-2026-0001" is not an ID`},
		{"no day", "GO-2026-0001 For servers only.", `line 1: "For" is not a day`},
		{"no such day", "GO-2026-0001 2026-02-30 For servers only.", `line 1: "2026-02-30" is not a day`},
		{"an ID alone", "GO-2026-0001", `line 1: "" is not a day`},
		{"no reason", "GO-2026-0001 2026-12-31 ", "line 1: GO-2026-0001 has no reason"},
		{"repeated", "GO-2026-0001 2026-12-31 A.\nGO-2026-0001 2027-12-31 B.", "line 2: GO-2026-0001 is repeated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseAccepted(c.text)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A database is a module, which is downloaded, or a folder in one of two layouts.
func TestDatabase(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"checkout/data/osv", "copy/index", "other", "named@v1.0.0/index"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, filepath.FromSlash(name)), 0o700))
	}
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	broken := errors.New("no network")
	for _, c := range []struct{ name, database, downloaded, want, err string }{
		{"a module", "example.com/vulndb@v1.0.0", "checkout", "checkout/data/osv", ""},
		{"a module that does not download", "example.com/vulndb@v1.0.0", "", "", "no network"},
		{"a checkout", filepath.Join(folder, "checkout"), "", "checkout/data/osv", ""},
		{"a copy of the site", filepath.Join(folder, "copy"), "", "copy/index", ""},
		{"a folder with @ in its name", filepath.Join(folder, "named@v1.0.0"), "", "named@v1.0.0", ""},
		{"another folder", filepath.Join(folder, "other"), "", "", "neither data/osv nor index"},
		{"a file", file, "", "", "not a folder"},
		{"no folder", filepath.Join(folder, "missing"), "", "", "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := databaseURL(c.database, func(module string) (string, error) {
				require.Equal(t, "example.com/vulndb@v1.0.0", module)
				if c.downloaded == "" {
					return "", broken
				}
				return filepath.Join(folder, c.downloaded), nil
			})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			want := strings.TrimSuffix(c.want, "/index")
			require.Equal(t, "file://"+path.Join("/", filepath.ToSlash(folder), want), got)
		})
	}
}

func TestAcceptedFile(t *testing.T) {
	_, err := parseAccepted(acceptedFile)
	require.NoError(t, err)
}
