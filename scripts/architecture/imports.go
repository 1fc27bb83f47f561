package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// imports maps the folder of each package to the folders of the module's packages that it imports.
type imports map[string][]string

// readImports reads the imports of all packages of a module, without tests and packages for tests.
func readImports(module fs.FS) (imports, error) {
	name, err := modulePath(module)
	if err != nil {
		return nil, err
	}
	found := imports{}
	set := token.NewFileSet()
	err = fs.WalkDir(module, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && ignored(module, file):
			return fs.SkipDir
		case d.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || path.Dir(file) == ".":
			return nil
		}
		source, err := fs.ReadFile(module, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(set, file, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := path.Dir(file)
		list := found[folder]
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if target, ours := strings.CutPrefix(imported, name+"/"); ours && !slices.Contains(list, target) {
				list = append(list, target)
			}
		}
		found[folder] = list
		return nil
	})
	if err == nil && len(found) == 0 {
		err = errors.New("the module has no packages")
	}
	return found, err
}

// ignored reports whether a folder is left out: the go command ignores it, or it is a package for tests, output or
// another module.
func ignored(module fs.FS, folder string) bool {
	name := path.Base(folder)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.HasSuffix(name, "test") {
		return true
	}
	if name == "testdata" || folder == "build" || folder == "artifacts" {
		return true
	}
	_, err := fs.Stat(module, path.Join(folder, "go.mod"))
	return err == nil
}

// modulePath returns the module's path from its go.mod.
func modulePath(module fs.FS) (string, error) {
	text, err := fs.ReadFile(module, "go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", fmt.Errorf("go.mod has no module line")
}

// part returns the first n elements of a folder's path, or all elements if there are fewer.
func part(folder string, n int) string {
	elements := strings.Split(folder, "/")
	return strings.Join(elements[:min(n, len(elements))], "/")
}
