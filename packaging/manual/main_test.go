package main

import (
	"bytes"
	"compress/gzip"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/internal/admincli"
	"github.com/acen-desktop/acen/internal/cli"
)

// written returns the pages, uncompressed, by path.
func written(t *testing.T) map[string]string {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
	folder := t.TempDir()
	require.NoError(t, write(folder))
	all := map[string]string{}
	for _, pattern := range []string{"acen/man1/*.1.gz", "acen-server/man8/*.8.gz"} {
		list, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern)))
		require.NoError(t, err)
		for _, path := range list {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			r, err := gzip.NewReader(bytes.NewReader(data))
			require.NoError(t, err)
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			name, err := filepath.Rel(folder, path)
			require.NoError(t, err)
			all[filepath.ToSlash(name)] = string(text)
		}
	}
	return all
}

// Every command has a page, which names its flags and subcommands. There are no other pages.
func TestPagesOfCommands(t *testing.T) {
	all := written(t)
	want := []string{"acen/man1/acen.1.gz"}
	for _, program := range []struct {
		root            *cobra.Command
		folder, section string
	}{
		{cli.Command(), "acen", "1"},
		{admincli.Command(), "acen-server", "8"},
	} {
		flags := 0
		var visit func(*cobra.Command)
		visit = func(c *cobra.Command) {
			name := strings.ReplaceAll(c.CommandPath(), " ", "-")
			path := program.folder + "/man" + program.section + "/" + name + "." + program.section + ".gz"
			want = append(want, path)
			text := plain(all[path])
			require.Contains(t, text, name+" - "+c.Short, path)
			each := func(f *pflag.Flag) {
				flags++
				require.Contains(t, text, "--"+f.Name, path)
				require.Contains(t, text, f.Usage, "%s: --%s", path, f.Name)
			}
			c.NonInheritedFlags().VisitAll(each)
			c.InheritedFlags().VisitAll(each)
			for _, child := range c.Commands() {
				require.Contains(t, text, name+"-"+child.Name()+"("+program.section+")", path)
				visit(child)
			}
		}
		program.root.InitDefaultCompletionCmd()
		visit(program.root)
		require.Greater(t, flags, 100)
	}
	require.ElementsMatch(t, want, slices.Collect(maps.Keys(all)))
}

// plain removes roff markup.
func plain(page string) string {
	page = regexp.MustCompile(`\\f[BIRP]|\\&`).ReplaceAllString(page, "")
	return strings.NewReplacer(`\-`, "-", `\e`, `\`, `\(dq`, `"`, `\(aq`, `'`, `\\`, `\`).Replace(page)
}

// The pages depend neither on the user nor on the time of the build.
func TestPagesAreReproducible(t *testing.T) {
	for path, text := range written(t) {
		require.NotContains(t, text, xdg.Home+"/", path)
		first, _, _ := strings.Cut(strings.TrimPrefix(text, ".nh\n"), "\n")
		require.Regexp(t,
			`^\.TH "?\S+"? "[18]" "[A-Z][a-z]{2} 20\d\d" "ACEN Desktop `+regexp.QuoteMeta(acen.About().Version)+
				`" "ACEN Desktop"$`, first, path)
	}
}

// The page of the app, which is not generated, names exactly the app's flags.
func TestPageOfApp(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash("../../cmd/acen/main.go"), nil,
		parser.SkipObjectResolution)
	require.NoError(t, err)
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 3 {
			return true
		}
		function, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := function.X.(*ast.Ident); !ok || pkg.Name != "flag" {
			return true
		}
		name, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		want = append(want, name)
		return true
	})
	require.NotEmpty(t, want)
	_, options, _ := strings.Cut(appPage, ".SH OPTIONS")
	options, _, _ = strings.Cut(options, ".SH EXIT STATUS")
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^\.BI? \\-\\-(\S+)`).FindAllStringSubmatch(options, -1) {
		got = append(got, strings.ReplaceAll(m[1], `\-`, "-"))
	}
	require.Equal(t, want, got)
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "Show the orders", "Show the orders"},
		{"a setting", "ACEN_DATA is <read> *first*", `ACEN\_DATA is \<read\> \*first\*`},
		{"a list", "Exit status:\n  0  done\n  1  failed_here", "Exit status:\n\n      0  done\n      1  failed_here"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, markdown(c.text)) })
	}
}
