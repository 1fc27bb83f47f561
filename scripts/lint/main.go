// Command lint runs golangci-lint with .golangci.yml on every Go file of the module, for several build configurations:
//
//	go run ./scripts/lint GOLANGCI-LINT
//
// GOLANGCI-LINT is the path of the program. A file that no build includes fails the run.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A build is a build configuration.
type build struct {
	name string
	env  []string
	tags string
}

// allTags are the tags of the tests that need another program, and of the programs that are built for them.
const allTags = "x11 uimap startprofile window pictures keyring integration postgres twopcs wine packages"

// builds together include every file. The first one lints all packages, the others only packages with further files.
// The toolkit's tag ci leaves out its driver, which needs a C compiler for the system.
var builds = []build{
	{
		name: "Linux with all tags",
		env:  []string{"GOOS=linux", "CGO_ENABLED=1"},
		tags: allTags,
	},
	{
		name: "Linux",
		env:  []string{"GOOS=linux", "CGO_ENABLED=1"},
		tags: "x11",
	},
	{
		name: "Windows",
		env:  []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"},
		tags: "ci wine",
	},
	{
		name: "macOS",
		env:  []string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"},
		tags: "ci",
	},
	{
		name: "another system",
		env:  []string{"GOOS=freebsd", "GOARCH=amd64", "CGO_ENABLED=0"},
		tags: "ci",
	},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lint GOLANGCI-LINT")
		os.Exit(2)
	}
	problems, err := run(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, linter string) (problems []string, err error) {
	list, err := files(".")
	if err != nil {
		return nil, err
	}
	issues, unseen, err := lintAll(list, builds,
		func(b build) ([]pkg, error) { return packages(ctx, b) },
		func(b build, dirs []string) ([]issue, error) { return lint(ctx, linter, b, dirs) })
	if err != nil {
		return nil, err
	}
	for _, path := range unseen {
		problems = append(problems, path+": no build includes this file")
	}
	for _, i := range issues {
		problems = append(problems, i.String())
	}
	return problems, nil
}

// A pkg is a package in a build.
type pkg struct {
	dir   string   // relative, such as ./server
	files []string // relative, such as server/server.go
}

// lintAll lints packages until every file has been linted once. It returns the issues in order, without duplicates,
// and the files that no build includes.
func lintAll(all []string, builds []build, packages func(build) ([]pkg, error),
	lint func(build, []string) ([]issue, error)) (issues []issue, unseen []string, err error) {
	missing := map[string]bool{}
	for _, path := range all {
		missing[path] = true
	}
	found := map[issue]bool{}
	for _, b := range builds {
		list, err := packages(b)
		if err != nil {
			return nil, nil, fmt.Errorf("list packages for %s: %w", b.name, err)
		}
		var dirs []string
		for _, p := range list {
			if slices.ContainsFunc(p.files, func(path string) bool { return missing[path] }) {
				dirs = append(dirs, p.dir)
			}
			for _, path := range p.files {
				delete(missing, path)
			}
		}
		if len(dirs) == 0 {
			continue
		}
		more, err := lint(b, dirs)
		if err != nil {
			return nil, nil, fmt.Errorf("lint for %s: %w", b.name, err)
		}
		for _, i := range more {
			found[i] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), order), slices.Sorted(maps.Keys(missing)), nil
}

// files returns the Go files of the module at root, without other modules, test data and files with the constraint
// ignore.
func files(root string) (list []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root {
			_, modErr := os.Stat(filepath.Join(path, "go.mod"))
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || modErr == nil {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(string(text), "//go:build ignore\n") {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			list = append(list, filepath.ToSlash(relative))
		}
		return nil
	})
	return list, err
}

// packages returns the packages of the module in a build.
func packages(ctx context.Context, b build) ([]pkg, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	out, err := output(ctx, b, "go", "list", "-e", "-json=Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles", "-tags",
		b.tags, "./...")
	if err != nil {
		return nil, err
	}
	var list []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct {
			Dir                                          string
			GoFiles, CgoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		dir, err := filepath.Rel(root, p.Dir)
		if err != nil {
			return nil, err
		}
		dir = filepath.ToSlash(dir)
		one := pkg{dir: "./" + dir}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles) {
			one.files = append(one.files, strings.TrimPrefix(dir+"/"+name, "./"))
		}
		list = append(list, one)
	}
	return list, nil
}

// An issue is an issue in golangci-lint's JSON, with the fields in use.
type issue struct {
	FromLinter string
	Text       string
	Pos        struct {
		Filename string
		Line     int
	}
}

// String formats i like a compiler's error.
func (i issue) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", i.Pos.Filename, i.Pos.Line, i.Text, i.FromLinter)
}

func order(a, b issue) int {
	if c := strings.Compare(a.Pos.Filename, b.Pos.Filename); c != 0 {
		return c
	}
	if a.Pos.Line != b.Pos.Line {
		return a.Pos.Line - b.Pos.Line
	}
	return strings.Compare(a.FromLinter+a.Text, b.FromLinter+b.Text)
}

// lint runs golangci-lint on packages.
func lint(ctx context.Context, linter string, b build, dirs []string) ([]issue, error) {
	args := []string{
		"run",
		"--build-tags", b.tags,
		"--output.json.path", "stdout",
		"--show-stats=false",
		"--issues-exit-code=0",
		"--allow-parallel-runners",
	}
	out, err := output(ctx, b, linter, append(args, dirs...)...)
	if err != nil {
		return nil, err
	}
	return parseIssues(out)
}

// parseIssues reads golangci-lint's JSON. An error of the type checker is an issue of the linter typecheck.
func parseIssues(out []byte) ([]issue, error) {
	var report struct {
		Issues []issue
		Report *struct {
			Error string
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("decode golangci-lint's output: %w", err)
	}
	if report.Report == nil {
		return nil, errors.New("golangci-lint's output has no report")
	}
	if report.Report.Error != "" {
		return nil, errors.New(report.Report.Error)
	}
	return report.Issues, nil
}

// output runs a command for a build and returns its standard output. Its error contains the standard error.
func output(ctx context.Context, b build, name string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(cmd.Environ(), b.env...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	return out, err
}
