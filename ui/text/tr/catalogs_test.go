package tr_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/assets"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const module = "github.com/acen-desktop/acen/"

// translated contains the types whose constants are keys of the catalogs.
var translated = map[string]bool{
	module + "ui/text/tr.Text":      true,
	module + "client.Format":        true,
	module + "fingerprint.Reason":   true,
	module + "license/carry.Phrase": true,
}

// patterns name the packages that are searched for keys. In those below ui every readable text must be translated.
var patterns = []string{"./ui/...", "./manager/...", "./client", "./fingerprint", "./license/carry", "./internal/app"}

// source is a package with the types of its expressions.
type source struct {
	path  string
	files []*ast.File
	info  *types.Info
}

// sources type-checks the packages of patterns. The packages that they import come from the build cache.
func sources(t *testing.T) ([]source, *token.FileSet) {
	t.Helper()
	args := []string{"list", "-deps", "-export", "-tags", "x11", "-json=ImportPath,Export,Dir,GoFiles,DepOnly"}
	command := exec.Command("go", append(args, patterns...)...)
	command.Dir = filepath.Join("..", "..", "..")
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	type listedPackage struct {
		ImportPath, Export, Dir string
		GoFiles                 []string
		DepOnly                 bool
	}
	exports := map[string]string{}
	var targets []listedPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly && !strings.HasSuffix(p.ImportPath, "test") { // texts of test helpers are not shown to people
			targets = append(targets, p)
		}
	}
	require.NotEmpty(t, targets)
	set := token.NewFileSet()
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(set, "gc", lookup)}
	var list []source
	for _, p := range targets {
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		s := source{path: p.ImportPath, info: info}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			s.files = append(s.files, file)
		}
		_, err := config.Check(p.ImportPath, set, s.files, s.info)
		require.NoError(t, err)
		list = append(list, s)
	}
	return list, set
}

// constantText returns the value of a constant string and the name of its type.
func (s source) constantText(e ast.Expr) (text, kind string, ok bool) {
	tv, known := s.info.Types[e]
	if !known || tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", "", false
	}
	return constant.StringVal(tv.Value), types.Unalias(tv.Type).String(), true
}

// called returns the name of the called function, such as "errors.New" or "github.com/acen-desktop/acen/ui/text/tr.T",
// or "" if it has none.
func (s source) called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if o := s.info.Uses[f.Sel]; o != nil && o.Pkg() != nil {
			return o.Pkg().Path() + "." + o.Name()
		}
	case *ast.Ident:
		if o := s.info.Uses[f]; o != nil {
			if o.Pkg() == nil {
				return o.Name()
			}
			return o.Pkg().Path() + "." + o.Name()
		}
	}
	return ""
}

// readable reports whether a text looks like one for people: it has letters outside verbs, and contains a space or
// begins with a capital letter.
func readable(text string) bool {
	text = verb.ReplaceAllString(text, "")
	if strings.IndexFunc(text, unicode.IsLetter) < 0 {
		return false
	}
	return strings.Contains(text, " ") || unicode.IsUpper([]rune(text)[0])
}

var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(\.\d+)?[a-zA-Z]`)

// untranslated contains functions whose texts only get into logs and errors. Package explain translates errors.
var untranslated = map[string]bool{"errors.New": true, "fmt.Errorf": true, "panic": true, "testing.Fatalf": true}

// exempt contains readable texts that are not translated, each with the reason.
var exempt = map[string]string{
	"ACEN Desktop":                        "the name of the product",
	"SM4G-2FQZ-XF-7EGC-WT2T":              "an example of a code",
	"F3945D8C-B0D71FFA-02A956E3-8D6DB947": "an example of a code",
	"Neutral":                             "part of the name of a color",
	"Good":                                "part of the name of a color",
	"Warning":                             "part of the name of a color",
	"Bad":                                 "part of the name of a color",
	"Accent":                              "part of the name of a color",
	"Muted":                               "part of the name of a color",
	"Text":                                "part of the name of a color",
	"Background":                          "part of the name of a color",
	"Tone(%d)":                            "for developers",
	"English":                             "the name of a language in that language",
	"Deutsch":                             "the name of a language in that language",
	"Français":                            "the name of a language in that language",
	"Español":                             "the name of a language in that language",
	"the sound":                           "part of an error",
	"the page":                            "part of an error",
	"licenses, merged codes":              "a key of the preferences",
	"Site":                                "the beginning of an English sentence",
	"Machine":                             "the beginning of an English sentence",
	"F1":                                  "the label of a key",
	"F5":                                  "the label of a key",
	"PNGf":                                "a format of macOS",
	"the clipboard as «class PNGf»":       "a command of macOS",
}

// forPrograms reports whether a text is HTML without words in its body, or a script.
func forPrograms(text string) bool {
	html := strings.HasPrefix(text, "<!DOCTYPE html>")
	return html && !regexp.MustCompile(`>\s*[A-Za-z]`).MatchString(body.FindString(text)) ||
		strings.HasPrefix(text, "Add-Type ")
}

var body = regexp.MustCompile(`(?s)<body>.*`)

// word matches a single lower-case word: an identifier, or a text for people.
var word = regexp.MustCompile(`^[a-z]{3,}$`)

// names lists words that are identifiers: columns, fields of the contract, pictures, systems and schemes.
var names = strings.Fields(`
	acen activated address city clipboard clock code codes company connection country courier darwin date email
	encryption expires fax file health http https licenses linux login machine mailto merged move name new note order
	orders page password phone privacy program proxy reactivation removal serial server sheet site state status transfer
	username verification windows xclip zip`)

func TestEveryTextIsTranslated(t *testing.T) {
	list, set := sources(t)
	used := map[string]bool{}
	for _, s := range list {
		if !strings.HasPrefix(s.path, module+"ui") {
			continue
		}
		for _, file := range s.files {
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && untranslated[s.called(call)] {
					return false
				}
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				if _, name := e.(*ast.Ident); name {
					return false
				}
				text, kind, ok := s.constantText(e)
				if !ok {
					return true
				}
				isString := kind == "string" || kind == "untyped string"
				if isString && word.MatchString(text) && !slices.Contains(names, text) {
					t.Errorf("%s: %q is not translated; if it is an identifier, add it to names", set.Position(e.Pos()), text)
				}
				if isString && readable(text) {
					if forPrograms(text) {
						return false
					}
					if _, ok := exempt[text]; ok {
						used[text] = true
					} else {
						t.Errorf("%s: %q is readable and not translated", set.Position(e.Pos()), text)
					}
				}
				return false
			})
		}
	}
	for text := range exempt {
		require.True(t, used[text], "%q is exempt and not used", text)
	}
}

// keys returns the English texts of the code, each with the position of one use.
func keys(t *testing.T) map[string]token.Position {
	list, set := sources(t)
	found := map[string]token.Position{}
	for _, s := range list {
		for _, file := range s.files {
			ast.Inspect(file, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				text, kind, ok := s.constantText(e)
				if !ok {
					return true
				}
				letters := strings.IndexFunc(verb.ReplaceAllString(text, ""), unicode.IsLetter) >= 0
				if translated[kind] && (letters || verb.MatchString(text)) {
					found[text] = set.Position(e.Pos())
				}
				return false
			})
		}
	}
	require.NotEmpty(t, found)
	return found
}

func TestArgumentsMatchVerbs(t *testing.T) {
	list, set := sources(t)
	calls := 0
	for _, s := range list {
		for _, file := range s.files {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || call.Ellipsis.IsValid() {
					return true
				}
				texts, given := call.Args[:min(1, len(call.Args))], len(call.Args)-1
				switch s.called(call) {
				case module + "ui/text/tr.T":
				case module + "ui/text/tr.N":
					texts, given = call.Args[1:3], len(call.Args)-2
				default:
					return true
				}
				for _, e := range texts {
					if text, _, ok := s.constantText(e); ok {
						calls++
						if want := len(verbs(t, text)); want != given && given > 0 || want > 0 && given == 0 {
							t.Errorf("%s: %q has %d verbs and %d arguments", set.Position(call.Pos()), text, want, given)
						}
					}
				}
				return true
			})
		}
	}
	require.Greater(t, calls, 100)
}

func TestCatalogsAreComplete(t *testing.T) {
	want := keys(t)
	for _, l := range tr.Languages() {
		if l.Code == tr.English {
			continue
		}
		t.Run(l.Code, func(t *testing.T) {
			catalog := map[string]string{}
			data, err := assets.Translations.ReadFile("translations/" + l.Code + ".json")
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &catalog))
			for key, at := range want {
				text, ok := catalog[key]
				if !ok || text == "" {
					t.Errorf("%s: %q is missing", at, key)
					continue
				}
				if want, got := verbs(t, key), verbs(t, text); !equal(want, got) {
					t.Errorf("%q has the verbs %v, and its translation %q has %v", key, want, text, got)
				}
				if strings.Count(key, "\n") != strings.Count(text, "\n") {
					t.Errorf("%q and its translation %q differ in their lines", key, text)
				}
			}
			for key := range catalog {
				if _, ok := want[key]; !ok {
					t.Errorf("%q is in the catalog and not in the code", key)
				}
			}
		})
	}
}

// verbs returns the verbs of a text in the order of their arguments. It fails if only some of them have an index.
func verbs(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	indexed := 0
	byArgument := map[string]string{}
	for _, v := range verb.FindAllString(text, -1) {
		if open := strings.Index(v, "["); open >= 0 {
			indexed++
			end := strings.Index(v, "]")
			byArgument[v[open+1:end]] = v[:open] + v[end+1:]
			continue
		}
		list = append(list, v)
	}
	if indexed == 0 {
		return list
	}
	require.Empty(t, list, "%q has verbs with and without an index", text)
	var order []string
	for index := range byArgument {
		order = append(order, index)
	}
	sort.Strings(order)
	for _, index := range order {
		list = append(list, byArgument[index])
	}
	return list
}

func equal(a, b []string) bool { return strings.Join(a, " ") == strings.Join(b, " ") }
