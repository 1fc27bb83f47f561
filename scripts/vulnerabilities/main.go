// Command vulnerabilities checks that the programs reach no known vulnerability. It runs govulncheck for every system
// of the programs:
//
//	go run ./scripts/vulnerabilities GOVULNCHECK DATABASE
//
// GOVULNCHECK is the path of the program. DATABASE is the vulnerability database: a module as path@version, or a folder
// with a copy of https://vuln.go.dev or a checkout of the repository golang/vulndb.
//
// The file accepted.txt lists accepted vulnerabilities, each with a last day and a reason. An entry that has expired,
// or whose vulnerability no program reaches, fails the check as well.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

//go:embed accepted.txt
var acceptedFile string

// A build is a build configuration.
type build struct {
	name     string
	env      []string
	tags     string
	packages []string
}

// headless are the programs without a window, and the package that customers embed.
var headless = []string{"./cmd/acen-server", "./cmd/acenctl", "./examples/...", "./protect/..."}

// builds are the build configurations of the programs. The window needs a C compiler for its system. Without one, the
// packages below ./ui can be analyzed for Windows, which leaves out the toolkit's driver, but not for macOS.
var builds = []build{
	{
		name:     "Linux",
		env:      []string{"GOOS=linux", "CGO_ENABLED=1"},
		tags:     "x11",
		packages: []string{"./cmd/...", "./examples/...", "./protect/..."},
	},
	{
		name:     "Linux without cgo",
		env:      []string{"GOOS=linux", "CGO_ENABLED=0"},
		packages: headless,
	},
	{
		name:     "Windows",
		env:      []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"},
		packages: append([]string{"./ui/..."}, headless...),
	},
	{
		name:     "macOS",
		env:      []string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"},
		packages: headless,
	},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vulnerabilities GOVULNCHECK DATABASE")
		os.Exit(2)
	}
	problems, err := run(context.Background(), os.Args[1], os.Args[2], time.Now())
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulnerabilities:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, govulncheck, database string, now time.Time) (problems []string, err error) {
	accepted, err := parseAccepted(acceptedFile)
	if err != nil {
		return nil, fmt.Errorf("accepted.txt: %w", err)
	}
	db, err := databaseURL(database, func(module string) (string, error) { return download(ctx, module) })
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", database, err)
	}
	reached, err := reachable(builds, func(b build, level string) ([]byte, error) {
		args := []string{"-format", "json", "-db", db, "-scan", level, "-tags", b.tags}
		cmd := exec.CommandContext(ctx, govulncheck, append(args, b.packages...)...)
		cmd.Env = append(cmd.Environ(), b.env...)
		return output(cmd)
	})
	if err != nil {
		return nil, err
	}
	return compare(reached, accepted, now), nil
}

// databaseURL returns the address of a database for govulncheck. download returns the folder of a module.
func databaseURL(database string, download func(module string) (dir string, err error)) (string, error) {
	dir := database
	info, err := os.Stat(database)
	switch {
	case err == nil && !info.IsDir():
		return "", errors.New("it is not a folder")
	case err != nil && strings.Contains(database, "@"):
		dir, err = download(database)
	}
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if reports := filepath.Join(dir, "data", "osv"); exists(reports) {
		dir = reports
	} else if !exists(filepath.Join(dir, "index")) {
		return "", errors.New("the folder has neither data/osv nor index")
	}
	db := url.URL{Scheme: "file", Path: path.Join("/", filepath.ToSlash(dir))}
	return db.String(), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// download returns the folder of a module, which it downloads into the module cache if necessary. It does not change
// go.mod: no code of the module is used.
func download(ctx context.Context, module string) (dir string, err error) {
	out, err := output(exec.CommandContext(ctx, "go", "mod", "download", "-json", module))
	var m struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &m); err == nil {
		err = jsonErr
	}
	if m.Error != "" {
		return "", errors.New(m.Error)
	}
	return m.Dir, err
}

// output returns the standard output of cmd. Its error contains the standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	return out, err
}
