package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// check type-checks the packages that match patterns in the module at dir, for every target. It returns the problems as
// file:line:column: text (targets), in the order of their text. patterns default to all packages of the module.
func check(ctx context.Context, dir string, targets []target, tags string, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	var (
		source  = newSource()
		results = make([][]string, len(targets))
		errs    = make([]error, len(targets))
		wg      sync.WaitGroup
	)
	for i, t := range targets {
		wg.Go(func() {
			packages, err := list(ctx, dir, t, tags, patterns)
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", t, err)
				return
			}
			results[i] = checkTarget(source, t, packages)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return merge(targets, results), nil
}

// merge returns every problem once, with the targets that have it.
func merge(targets []target, results [][]string) []string {
	having := map[string][]string{}
	for i, problems := range results {
		slices.Sort(problems)
		for _, p := range slices.Compact(problems) {
			having[p] = append(having[p], targets[i].String())
		}
	}
	var merged []string
	for p, targets := range having {
		merged = append(merged, fmt.Sprintf("%s (%s)", p, strings.Join(targets, ", ")))
	}
	slices.Sort(merged)
	return merged
}

// A pkg is a package as go list describes it.
type pkg struct {
	Dir, ImportPath   string
	GoFiles, CgoFiles []string
	Imports           []string
	ImportMap         map[string]string
	Standard          bool
	DepOnly           bool // matches no pattern
	Module            *struct{ GoVersion string }
}

// list returns the packages that match patterns, their tests and all their dependencies, each package after those that
// it imports. A missing package is an error.
func list(ctx context.Context, dir string, t target, tags string, patterns []string) ([]pkg, error) {
	args := []string{
		"list", "-deps", "-test", "-tags", tags,
		"-json=Dir,ImportPath,GoFiles,CgoFiles,Imports,ImportMap,Standard,DepOnly,Module", "--",
	}
	cmd := exec.CommandContext(ctx, "go", append(args, patterns...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	var packages []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		// The main packages of tests are generated when the tests are built.
		if p.ImportPath != "unsafe" && !strings.HasSuffix(p.ImportPath, ".test") {
			packages = append(packages, p)
		}
	}
	if len(packages) == 0 {
		return nil, errors.New("no packages: " + strings.TrimSpace(stderr.String()))
	}
	return packages, nil
}

// checkTarget returns the problems of packages for one target. To save time it checks function bodies of packages that
// match no pattern only if they need cgo; the compiler of this system checks most of the others.
func checkTarget(source *source, t target, packages []pkg) (problems []string) {
	checked := map[string]*types.Package{"unsafe": types.Unsafe}
	needsCgo := map[string]bool{"C": true}
	for _, p := range packages {
		needsCgo[p.ImportPath] = !p.Standard &&
			slices.ContainsFunc(p.Imports, func(path string) bool { return needsCgo[path] })
		files, errs := source.files(p)
		config := types.Config{
			FakeImportC:      true,
			IgnoreFuncBodies: p.DepOnly && !needsCgo[p.ImportPath],
			Importer:         importer{checked, p.ImportMap},
			Sizes:            types.SizesFor("gc", t.arch),
			Error:            func(err error) { errs = append(errs, err) },
		}
		if p.Module != nil && p.Module.GoVersion != "" {
			config.GoVersion = "go" + p.Module.GoVersion
		}
		checked[p.ImportPath], _ = config.Check(p.ImportPath, source.set, files, nil) // errors are in errs
		for _, err := range errs {
			// A type is invalid if it is from package C, or because of another error.
			if !strings.Contains(err.Error(), "invalid type") {
				problems = append(problems, err.Error())
			}
		}
	}
	return problems
}

// An importer returns packages that are already checked. importMap is that of the importing package.
type importer struct {
	checked   map[string]*types.Package
	importMap map[string]string
}

func (i importer) Import(path string) (*types.Package, error) {
	if mapped, ok := i.importMap[path]; ok {
		path = mapped
	}
	if p := i.checked[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("package %s is not listed", path)
}

// source is a cache of parsed files, which targets and test variants share.
type source struct {
	set   *token.FileSet
	mu    sync.Mutex
	cache map[string]func() (*ast.File, error)
}

func newSource() *source {
	return &source{set: token.NewFileSet(), cache: map[string]func() (*ast.File, error){}}
}

// files returns the syntax of the files of p that can be parsed, and the errors of the others.
func (s *source) files(p pkg) (files []*ast.File, errs []error) {
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		file, err := s.file(filepath.Join(p.Dir, name))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, file)
	}
	return files, errs
}

// file returns the syntax of a file.
func (s *source) file(path string) (*ast.File, error) {
	s.mu.Lock()
	parse := s.cache[path]
	if parse == nil {
		parse = sync.OnceValues(func() (*ast.File, error) {
			return parser.ParseFile(s.set, path, nil, parser.SkipObjectResolution)
		})
		s.cache[path] = parse
	}
	s.mu.Unlock()
	return parse()
}
