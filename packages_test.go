package acen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every package has exactly one package comment, which begins with its name.
func TestPackageComments(t *testing.T) {
	comments := map[string][]string{}
	eachFile(t, func(path string, _ *ast.File, _ *token.FileSet) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		require.NoError(t, err)
		folder := filepath.ToSlash(filepath.Dir(path))
		list := comments[folder]
		if file.Doc != nil {
			want := "Package " + strings.TrimSuffix(file.Name.Name, "_test") + " "
			if file.Name.Name == "main" {
				want = "Command " + filepath.Base(folder) + " "
			}
			begins := strings.HasPrefix(file.Doc.Text(), want)
			require.True(t, begins, "the comment of the package in %s does not begin with %q", path, want)
			list = append(list, path)
		}
		comments[folder] = list
	})
	for folder, files := range comments {
		require.Len(t, files, 1, "comments of the package in %s", folder)
	}
}
