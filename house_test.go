package acen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/acen-desktop/acen"

// arrows holds, for each room, the rooms of ours that it may import; a room may always import itself.
// cmd and the test-only rooms are absent: they wire everything together.
var arrows = map[string][]string{
	"api":         {},
	"assets":      {},
	"license":     {},
	"client":      {"api"},
	"fingerprint": {"license"},
	"protect":     {"fingerprint", "license"},
	"server":      {"api", "license"},
	"manager":     {"api", "client", "fingerprint", "license"},
	"ui":          {"api", "assets", "license", "manager"},
}

// inner holds, for each part of a room that has rules of its own, the packages of that room that it may import. A package
// belongs to the longest of these paths; it may always import the part that it belongs to.
var inner = map[string][]string{
	"ui/presenter": {"ui/kit", "ui/screens", "ui/text"},
	"ui/screens":   {"ui/kit", "ui/text"},
	"ui/kit":       {"ui/text/tr"},
	"ui/text":      {"ui/kit/dialogs", "ui/kit/opener"},

	"manager/journal": {},
	"manager/session": {},
	"manager/vault":   {},
}

// wiring are the rooms that may import any other.
var wiring = []string{"cmd", "internal", "e2e", "examples", "packaging", "scripts"}

// owners names the only rooms that may import a library whose use must not spread.
var owners = map[string][]string{
	"fyne.io/fyne/v2":                    {"ui", "internal/app", "internal/demo"},
	"github.com/go-resty/resty/v2":       {"client"},
	"github.com/zalando/go-keyring":      {"client"},
	"github.com/danielgtaylor/huma":      {"server"},
	"github.com/jackc/pgx":               {"server"},
	"github.com/prometheus":              {"server"},
	"aidanwoods.dev/go-paseto":           {"license"},
	"github.com/wneessen/go-mail":        {"server"},
	"github.com/spf13/cobra":             {"internal/cli", "internal/admincli", "packaging/manual"},
	"flag":                               {"cmd", "internal/app", "scripts", "examples"},
	"github.com/denisbrodbeck/machineid": {"fingerprint"},
	"github.com/makiuchi-d/gozxing":      {"license"},
	"rsc.io/qr":                          {"license"},
	"github.com/ebitengine/purego":       {"internal/app/appleevents"},
}

func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	eachFile(t, func(path string, file *ast.File, _ *token.FileSet) {
		isTest := strings.HasSuffix(path, "_test.go")
		room, _, _ := strings.Cut(filepath.ToSlash(path), "/")
		if strings.HasSuffix(room, ".go") {
			return
		}
		seen[room] = true
		allowed, known := arrows[room]
		if !known {
			require.Contains(t, wiring, room, "%s stands in a room that no rule knows", path)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			for library, rooms := range owners {
				if isTest || imported != library && !strings.HasPrefix(imported, library+"/") {
					continue
				}
				require.True(t, within(path, rooms), "%s imports %s", path, imported)
			}
			rest, ours := strings.CutPrefix(imported, module+"/")
			if !ours || !known {
				continue
			}
			target, _, _ := strings.Cut(rest, "/")
			if target != room {
				require.Contains(t, allowed, target, "%s imports %s: no such arrow", path, imported)
				continue
			}
			if part := partOf(path); part != "" && !isTest {
				require.True(t, within(rest, append(inner[part], part)), "%s imports %s: no such arrow", path, imported)
			}
		}
	})
	for _, room := range []string{"api", "client", "cmd", "fingerprint", "license", "manager", "protect", "server", "ui"} {
		require.True(t, seen[room], "room %s is missing", room)
	}
}

// within reports whether a slash-separated path is one of rooms or below one.
func within(path string, rooms []string) bool {
	path = filepath.ToSlash(path) + "/"
	return slices.ContainsFunc(rooms, func(room string) bool { return strings.HasPrefix(path, room+"/") })
}

// partOf returns the longest key of inner that a file lies in, or "".
func partOf(path string) (part string) {
	for key := range inner {
		if len(key) > len(part) && within(path, []string{key}) {
			part = key
		}
	}
	return part
}

// Only cmd reads the environment, and tests do: everything else takes parameters.
func TestEnvironmentIsReadInCmdOnly(t *testing.T) {
	readers := map[string]bool{"Getenv": true, "LookupEnv": true, "Environ": true, "ExpandEnv": true}
	eachFile(t, func(path string, file *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(filepath.ToSlash(path), "cmd/") || strings.HasSuffix(filepath.Dir(path), "test") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok || !readers[call.Sel.Name] {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "os" {
				t.Errorf("%s reads the environment", set.Position(call.Pos()))
			}
			return true
		})
	})
}

// maxFields is how many fields a struct of the window may have. One that has more holds several things.
const maxFields = 20

func TestStructsOfTheWindowAreSmall(t *testing.T) {
	structs := 0
	eachFile(t, func(path string, file *ast.File, set *token.FileSet) {
		if !within(path, []string{"ui"}) || strings.HasSuffix(path, "_test.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.StructType); ok {
				structs++
				if fields := s.Fields.NumFields(); fields > maxFields {
					t.Errorf("%s: a struct with %d fields; at most %d are allowed", set.Position(s.Pos()), fields, maxFields)
				}
			}
			return true
		})
	})
	require.Positive(t, structs)
}

func eachFile(t *testing.T, visit func(path string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	set := token.NewFileSet()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || name == "build" || name == "artifacts" || name == "bench" || strings.HasPrefix(name, ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, path, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		visit(path, file, set)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 0)
}

// serverArrows holds, for each room of the server, the rooms of the server that it may import.
var serverArrows = map[string][]string{
	"server":          {"guard", "httpapi", "password", "rules", "secrets", "settings", "store"},
	"server/httpapi":  {"guard", "mail", "password", "request", "rules", "secrets", "settings", "store"},
	"server/rules":    {"secrets", "store"},
	"server/guard":    {"picture", "request", "settings", "store"},
	"server/request":  {"store"},
	"server/settings": {"store"},
	"server/secrets":  {"store"},
	"server/mail":     {"store"},
	"server/metrics":  {"httpapi", "store"},
	"server/admin":    {"guard", "mail", "password", "rules", "secrets", "service", "settings", "store"},
	"server/store":    {},
	"server/listen":   {},
	"server/password": {},
	"server/picture":  {},
}

// serverWiring are the rooms of the server that may import any other.
var serverWiring = []string{"server/sample", "server/service", "server/servertest"}

// serverOwners names the only rooms of the server that may import a library whose use must not spread.
var serverOwners = map[string][]string{
	"database/sql": {"server/store"},
	"net/http": {
		"server/httpapi", "server/listen", "server/metrics", "server/request", "server/service", "server/servertest",
	},
	"github.com/danielgtaylor/huma":        {"server/httpapi"},
	"github.com/jackc/pgx":                 {"server/store"},
	"github.com/prometheus":                {"server/metrics"},
	"github.com/wneessen/go-mail":          {"server/mail"},
	"github.com/dchest/captcha":            {"server/guard"},
	"golang.org/x/time":                    {"server/guard"},
	"golang.org/x/crypto/argon2":           {"server/password"},
	"golang.org/x/crypto/chacha20poly1305": {"server/secrets"},
}

// The rooms of the server: the HTTP API knows the rules, the rules know the store, and neither HTTP nor SQL.
func TestServerArrows(t *testing.T) {
	seen := map[string]bool{}
	eachFile(t, func(path string, file *ast.File, _ *token.FileSet) {
		folder := filepath.ToSlash(filepath.Dir(path))
		if folder != "server" && !strings.HasPrefix(folder, "server/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		room := strings.Join(strings.SplitN(folder, "/", 3)[:min(2, strings.Count(folder, "/")+1)], "/")
		seen[room] = true
		allowed, known := serverArrows[room]
		if !known {
			require.Contains(t, serverWiring, room, "%s stands in a room that no rule knows", path)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			for library, rooms := range serverOwners {
				if imported == library || strings.HasPrefix(imported, library+"/") {
					require.Contains(t, rooms, room, "%s imports %s", path, imported)
				}
			}
			rest, ours := strings.CutPrefix(imported, module+"/server/")
			if target, _, _ := strings.Cut(rest, "/"); ours && known && "server/"+target != room {
				require.Contains(t, allowed, target, "%s imports %s: no such arrow", path, imported)
			}
		}
	})
	for room := range serverArrows {
		require.True(t, seen[room], "room %s is missing", room)
	}
}
