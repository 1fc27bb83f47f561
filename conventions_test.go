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

// allowedImports maps each top-level folder to the other top-level folders that it may import. The folders of
// unrestricted are absent. redact is below all others, because license, client and server hide secrets and share no
// other folder.
var allowedImports = map[string][]string{
	"api":         {},
	"assets":      {},
	"redact":      {},
	"license":     {"redact"},
	"client":      {"api", "redact"},
	"fingerprint": {"license", "redact"},
	"protect":     {"fingerprint", "license"},
	"server":      {"api", "license", "redact"},
	"manager":     {"api", "client", "fingerprint", "license"},
	"ui":          {"api", "assets", "license", "manager"},
}

// allowedInside maps parts of a top-level folder to the packages of that folder that they may import. A package belongs
// to the longest of these paths, and may always import the part that it belongs to. The packages of other parts are
// unrestricted.
var allowedInside = map[string][]string{
	"ui/presenter": {"ui/kit", "ui/screens", "ui/text"},
	"ui/screens":   {"ui/kit", "ui/text"},
	"ui/kit":       {"ui/text/tr"},
	"ui/text":      {"ui/kit/dialogs", "ui/kit/opener"},

	"manager/carry":   {"manager/catalog", "manager/storage", "manager/thispc", "manager/vault"},
	"manager/catalog": {"manager/storage", "manager/thispc"},
	"manager/journal": {},
	"manager/session": {},
	"manager/storage": {},
	"manager/thispc":  {"manager/vault"},
	"manager/vault":   {},
}

// unrestricted are the top-level folders that may import any other.
var unrestricted = []string{"cmd", "internal", "e2e", "examples", "packaging", "scripts"}

// libraryOwners maps libraries to the only folders that may import them. Tests may import any library.
var libraryOwners = map[string][]string{
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

// Every import is allowed by allowedImports, allowedInside and libraryOwners.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	eachFile(t, func(path string, file *ast.File, _ *token.FileSet) {
		isTest := strings.HasSuffix(path, "_test.go")
		folder, _, _ := strings.Cut(filepath.ToSlash(path), "/")
		if strings.HasSuffix(folder, ".go") {
			return
		}
		seen[folder] = true
		allowed, known := allowedImports[folder]
		if !known {
			require.Contains(t, unrestricted, folder, "%s is in a folder without a rule", path)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			for library, folders := range libraryOwners {
				if isTest || imported != library && !strings.HasPrefix(imported, library+"/") {
					continue
				}
				require.True(t, within(path, folders), "%s imports %s", path, imported)
			}
			rest, ours := strings.CutPrefix(imported, module+"/")
			if !ours || !known {
				continue
			}
			target, _, _ := strings.Cut(rest, "/")
			if target != folder {
				require.Contains(t, allowed, target, "%s imports %s: not allowed", path, imported)
				continue
			}
			if part := partOf(path); part != "" && !isTest {
				require.True(t, within(rest, append(allowedInside[part], part)), "%s imports %s: not allowed", path, imported)
			}
		}
	})
	for _, folder := range []string{
		"api", "client", "cmd", "fingerprint", "license", "manager", "protect", "server", "ui",
	} {
		require.True(t, seen[folder], "folder %s is missing", folder)
	}
}

// within reports whether a slash-separated path is one of folders or below one.
func within(path string, folders []string) bool {
	path = filepath.ToSlash(path) + "/"
	return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(path, folder+"/") })
}

// partOf returns the longest key of allowedInside that contains the file, or "".
func partOf(path string) (part string) {
	for key := range allowedInside {
		if len(key) > len(part) && within(path, []string{key}) {
			part = key
		}
	}
	return part
}

// Only cmd and tests read the environment. Other packages have parameters.
func TestOnlyCmdReadsEnvironment(t *testing.T) {
	readers := map[string]bool{"Getenv": true, "LookupEnv": true, "Environ": true, "ExpandEnv": true}
	eachFile(t, func(path string, file *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(filepath.ToSlash(path), "cmd/") ||
			strings.HasSuffix(filepath.Dir(path), "test") {
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

// maxFields is the maximum number of fields of a struct below ui. A larger one should be split.
const maxFields = 20

func TestWindowStructsAreSmall(t *testing.T) {
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

// eachFile calls visit for every Go file of the module, with slashes or backslashes in path as the system has them.
func eachFile(t *testing.T, visit func(path string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	set := token.NewFileSet()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || name == "build" || name == "artifacts" || name == "bench" ||
				strings.HasPrefix(name, ".") && name != "." {
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

// allowedServerImports maps each folder of the server to the other folders of the server that it may import.
var allowedServerImports = map[string][]string{
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

// unrestrictedServer are the folders of the server that may import any other.
var unrestrictedServer = []string{"server/sample", "server/service", "server/servertest"}

// serverLibraryOwners maps libraries to the only folders of the server that may import them.
var serverLibraryOwners = map[string][]string{
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

// The packages of the server form layers: httpapi imports rules, rules imports store, and rules imports neither HTTP
// nor SQL.
func TestServerImports(t *testing.T) {
	seen := map[string]bool{}
	eachFile(t, func(path string, file *ast.File, _ *token.FileSet) {
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir != "server" && !strings.HasPrefix(dir, "server/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		folder := strings.Join(strings.SplitN(dir, "/", 3)[:min(2, strings.Count(dir, "/")+1)], "/")
		seen[folder] = true
		allowed, known := allowedServerImports[folder]
		if !known {
			require.Contains(t, unrestrictedServer, folder, "%s is in a folder without a rule", path)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			for library, folders := range serverLibraryOwners {
				if imported == library || strings.HasPrefix(imported, library+"/") {
					require.Contains(t, folders, folder, "%s imports %s", path, imported)
				}
			}
			rest, ours := strings.CutPrefix(imported, module+"/server/")
			if target, _, _ := strings.Cut(rest, "/"); ours && known && "server/"+target != folder {
				require.Contains(t, allowed, target, "%s imports %s: not allowed", path, imported)
			}
		}
	})
	for folder := range allowedServerImports {
		require.True(t, seen[folder], "folder %s is missing", folder)
	}
}
