//go:build packages

package packages

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
)

// unpacked unpacks a .deb and returns the folder.
func unpacked(t *testing.T, pattern string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "files")
	run(t, "dpkg-deb", "-x", packageFile(t, pattern), folder)
	return folder
}

// TestComponents checks that every program has a list of its components, in the package and next to it, with each
// module that it links in the version of go.mod.
func TestComponents(t *testing.T) {
	mod, err := os.ReadFile(filepath.FromSlash("../../go.mod"))
	require.NoError(t, err)
	required := map[string]string{}
	for line := range strings.Lines(string(mod)) {
		if fields := strings.Fields(line); len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			required[fields[0]] = fields[1]
		}
	}
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	tree, err := filepath.Abs(filepath.FromSlash("../.."))
	require.NoError(t, err)
	files := map[string]string{
		"acen":        unpacked(t, "acen_*.deb"),
		"acen-server": unpacked(t, "acen-server_*.deb"),
	}
	for _, c := range []struct{ program, pkg, links, linksNot string }{
		{"acen", "acen", "fyne.io/fyne/v2", "github.com/jackc/pgx/v5"},
		{"acenctl", "acen", "github.com/spf13/cobra", "fyne.io/fyne/v2"},
		{"acen-server", "acen-server", "github.com/jackc/pgx/v5", "fyne.io/fyne/v2"},
	} {
		inside, err := os.ReadFile(filepath.Join(files[c.pkg], "usr/share/doc", c.pkg, c.program+".cdx.json"))
		require.NoError(t, err)
		published, err := os.ReadFile(packageFile(t, c.program+"-"+acen.About().Version+"-linux-*.cdx.json"))
		require.NoError(t, err)
		require.Equal(t, string(published), string(inside))
		for _, path := range []string{home + "/", tree} {
			require.NotContains(t, string(inside), path)
		}
		var bom struct {
			BOMFormat string `json:"bomFormat"`
			Metadata  struct {
				Component struct{ Name, Version string }
			}
			Components []struct{ Name, Version string }
		}
		require.NoError(t, json.Unmarshal(inside, &bom))
		require.Equal(t, "CycloneDX", bom.BOMFormat)
		require.Equal(t, "github.com/acen-desktop/acen", bom.Metadata.Component.Name)
		require.Equal(t, "v"+acen.About().Version, bom.Metadata.Component.Version)
		listed := map[string]string{}
		for _, c := range bom.Components {
			listed[c.Name] = c.Version
		}
		info, err := buildinfo.ReadFile(filepath.Join(files[c.pkg], "usr/bin", c.program))
		require.NoError(t, err)
		want := map[string]string{"std": info.GoVersion}
		for _, dep := range info.Deps {
			require.Equal(t, required[dep.Path], dep.Version, "%s in %s", dep.Path, c.program)
			want[dep.Path] = dep.Version
		}
		require.Equal(t, want, listed, c.program)
		require.Contains(t, listed, c.links)
		require.NotContains(t, listed, c.linksNot)
	}
}

// TestManualPages checks that man reads every manual page without warnings, and that lexgrog finds its name and
// description.
func TestManualPages(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("MANROFFSEQ", "")
	t.Setenv("MANWIDTH", "80")
	for program, pattern := range map[string]string{
		"acen":        "acen_*.deb",
		"acenctl":     "acen_*.deb",
		"acen-server": "acen-server_*.deb",
	} {
		pages, err := filepath.Glob(filepath.Join(unpacked(t, pattern), "usr/share/man/man[18]", program+"*.gz"))
		require.NoError(t, err)
		require.NotEmpty(t, pages, program)
		for _, page := range pages {
			name, _, _ := strings.Cut(filepath.Base(page), ".")
			text := strings.Join(strings.Fields(run(t, "man", "-E", "UTF-8", "-l", "-Tutf8", page)), " ")
			require.Contains(t, text, name+" - ", page)
			require.Empty(t, run(t, "sh", "-c", `man --warnings -E UTF-8 -l -Tutf8 "$1" 2>&1 >/dev/null`, "sh", page), page)
			require.Contains(t, run(t, "lexgrog", page), `: "`+name+" - ", page)
		}
	}
}

// TestPositionIndependent checks that the window is a position-independent executable, so that the system loads it at a
// random address.
func TestPositionIndependent(t *testing.T) {
	file, err := elf.Open(filepath.Join(unpacked(t, "acen_*.deb"), "usr/bin/acen"))
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, elf.ET_DYN, file.Type)
}
