// Command deadcode checks that a program reaches every function outside of tests. It runs the command of the same name
// from golang.org/x/tools for every build configuration of the programs:
//
//	go run ./scripts/deadcode DEADCODE
//
// DEADCODE is the path of the program. A function is dead if no build that includes its file reaches it.
//
// The file kept.txt names functions that are kept although no program reaches them, each with its reason. An entry that
// names no dead function fails the check as well.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed kept.txt
var keptFile string

const module = "github.com/acen-desktop/acen"

// A build is a build configuration.
type build struct {
	name     string
	env      []string
	tags     string
	packages []string
}

// builds include every file outside of tests, except those of the window on macOS, for which the toolkit needs Apple's
// compiler. On Windows the toolkit's tag ci leaves out its driver, which needs a C compiler. The tags for Linux are
// those of the programs that the tests of the window run.
var builds = []build{
	{
		name:     "Linux",
		env:      []string{"GOOS=linux", "CGO_ENABLED=1"},
		tags:     "x11 uimap startprofile",
		packages: []string{"./..."},
	},
	{
		name:     "Windows",
		env:      []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"},
		tags:     "ci",
		packages: []string{"./..."},
	},
	{
		name:     "macOS",
		env:      []string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"},
		packages: []string{"./cmd/acen-server", "./cmd/acenctl", "./examples/...", "./protect/..."},
	},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deadcode DEADCODE")
		os.Exit(2)
	}
	problems, err := run(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "deadcode:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, deadcode string) (problems []string, err error) {
	kept, err := parseKept(keptFile)
	if err != nil {
		return nil, fmt.Errorf("kept.txt: %w", err)
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var results []result
	for _, b := range builds {
		r, err := analyze(ctx, deadcode, root, b)
		if err != nil {
			return nil, fmt.Errorf("analyze for %s: %w", b.name, err)
		}
		results = append(results, r)
	}
	return compare(dead(results), kept), nil
}

// A result is the result for a build.
type result struct {
	files map[string]bool   // files of the build, relative
	dead  map[function]bool // functions that no program reaches
}

// A function is a function or method of the module.
type function struct {
	name string // such as server/store.Open or server/store.Tx.Commit
	file string // relative
	line int
}

// analyze finds the dead functions of a build.
func analyze(ctx context.Context, deadcode, root string, b build) (result, error) {
	args := append([]string{"list", "-deps", "-json=Dir,GoFiles,CgoFiles", "-tags", b.tags}, b.packages...)
	list, err := output(ctx, b, "go", args...)
	if err != nil {
		return result{}, err
	}
	found, err := output(ctx, b, deadcode, append([]string{"-json", "-tags", b.tags}, b.packages...)...)
	if err != nil {
		return result{}, err
	}
	files, err := parseFiles(list, root)
	if err != nil {
		return result{}, fmt.Errorf("decode go list's output: %w", err)
	}
	functions, err := parseFunctions(found, root)
	if err != nil {
		return result{}, fmt.Errorf("decode deadcode's output: %w", err)
	}
	return result{files: files, dead: functions}, nil
}

// parseFiles reads the output of go list -json. It returns the files of all packages, relative to root.
func parseFiles(out []byte, root string) (map[string]bool, error) {
	files := map[string]bool{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct {
			Dir               string
			GoFiles, CgoFiles []string
		}
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		for _, name := range append(p.GoFiles, p.CgoFiles...) {
			path, err := relative(root, filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			files[path] = true
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no files")
	}
	return files, nil
}

// parseFunctions reads the output of deadcode -json.
func parseFunctions(out []byte, root string) (map[function]bool, error) {
	var packages []struct {
		Path  string
		Funcs []struct {
			Name      string
			Generated bool
			Position  struct {
				File string
				Line int
			}
		}
	}
	if err := json.Unmarshal(out, &packages); err != nil {
		return nil, err
	}
	functions := map[function]bool{}
	for _, p := range packages {
		for _, f := range p.Funcs {
			if f.Generated {
				continue
			}
			path, err := relative(root, f.Position.File)
			if err != nil {
				return nil, err
			}
			name := strings.TrimPrefix(strings.TrimPrefix(p.Path, module), "/") + "." + f.Name
			functions[function{name, path, f.Position.Line}] = true
		}
	}
	return functions, nil
}

func relative(root, path string) (string, error) {
	if !filepath.IsAbs(path) {
		return filepath.ToSlash(path), nil
	}
	path, err := filepath.Rel(root, path)
	return filepath.ToSlash(path), err
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
