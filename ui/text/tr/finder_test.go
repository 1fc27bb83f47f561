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

// translated are the types whose constants are keys of the catalogs.
var translated = map[string]bool{module + "ui/text/tr.Text": true, module + "client.Format": true, module + "fingerprint.Why": true, module + "license/carry.Words": true}

// rooms are looked through for keys; in those of the window every readable text must be translated.
var rooms = []string{"./ui/...", "./manager/...", "./client", "./fingerprint", "./license/carry", "./internal/app"}

// source is one package with the types of its expressions.
type source struct {
	path  string
	files []*ast.File
	info  *types.Info
}

// sources reads the rooms as the compiler does. The packages they import are taken from the build cache.
func sources(t *testing.T) ([]source, *token.FileSet) {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-deps", "-export", "-tags", "x11", "-json=ImportPath,Export,Dir,GoFiles,DepOnly"}, rooms...)...)
	command.Dir = filepath.Join("..", "..", "..")
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	type listed struct {
		ImportPath, Export, Dir string
		GoFiles                 []string
		DepOnly                 bool
	}
	exports := map[string]string{}
	var own []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly && !strings.HasSuffix(p.ImportPath, "test") { // nobody reads what helpers of tests say
			own = append(own, p)
		}
	}
	require.NotEmpty(t, own)
	set := token.NewFileSet()
	config := types.Config{Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	var list []source
	for _, p := range own {
		s := source{path: p.ImportPath, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
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

// constantText returns the value of a constant text and the name of its type.
func (s source) constantText(e ast.Expr) (text, kind string, ok bool) {
	tv, known := s.info.Types[e]
	if !known || tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", "", false
	}
	return constant.StringVal(tv.Value), types.Unalias(tv.Type).String(), true
}

// called names the function of a call, such as "errors.New" or "github.com/acen-desktop/acen/ui/text/tr.T"; "" for
// others.
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

// readable reports whether a person would take a text for words: it has letters besides verbs, and a space or a capital
// in front.
func readable(text string) bool {
	text = verb.ReplaceAllString(text, "")
	if strings.IndexFunc(text, unicode.IsLetter) < 0 {
		return false
	}
	return strings.Contains(text, " ") || unicode.IsUpper([]rune(text)[0])
}

var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(\.\d+)?[a-zA-Z]`)

// notForPeople are functions whose texts reach logs and errors only: package explain puts errors into words.
var notForPeople = map[string]bool{"errors.New": true, "fmt.Errorf": true, "panic": true, "testing.Fatalf": true}

// allowed are texts that stay as they are.
var allowed = map[string]string{
	"ACEN Desktop":           "the product's name",
	"SM4G-2FQZ-XF-7EGC-WT2T": "an example of a code",
	"Neutral":                "part of a color's name", "Good": "part of a color's name", "Warning": "part of a color's name", "Bad": "part of a color's name",
	"Accent": "part of a color's name", "Muted": "part of a color's name", "Text": "part of a color's name", "Background": "part of a color's name",
	"Tone(%d)": "a number for the developer", "English": "languages are called as their speakers do",
	"Deutsch": "languages are called as their speakers do", "Français": "languages are called as their speakers do", "Español": "languages are called as their speakers do",
	"the sound": "part of an error", "the page": "part of an error",
	"F3945D8C-B0D71FFA-02A956E3-8D6DB947": "an example of a code",
	"licenses, merged codes":              "a key of the preferences", "Site": "how an English sentence begins", "Machine": "how an English sentence begins",
	"F1": "what is printed on a key", "F5": "what is printed on a key", "PNGf": "a format of macOS", "the clipboard as «class PNGf»": "a command of macOS",
}

// machine reports whether a text is for a program: a page without words of its own, or a script.
func machine(text string) bool {
	return strings.HasPrefix(text, "<!DOCTYPE html>") && !regexp.MustCompile(`>\s*[A-Za-z]`).MatchString(body.FindString(text)) || strings.HasPrefix(text, "Add-Type ")
}

var body = regexp.MustCompile(`(?s)<body>.*`)

// word is a single word of small letters: the name of a thing for a program, or something that people read.
var word = regexp.MustCompile(`^[a-z]{3,}$`)

// names are such words that name things for programs: columns, fields of the contract, pictures, systems and schemes.
var names = strings.Fields(`
	acen activated address city clipboard clock code codes company connection country courier darwin date email encryption expires fax file
	health http https licenses linux login machine mailto merged move name new note order orders page password phone privacy program proxy
	reactivation removal serial server sheet site state status transfer username verification windows xclip zip`)

func TestEveryTextIsTranslated(t *testing.T) {
	list, set := sources(t)
	used := map[string]bool{}
	for _, s := range list {
		if !strings.HasPrefix(s.path, module+"ui") {
			continue
		}
		for _, file := range s.files {
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && notForPeople[s.called(call)] {
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
				if (kind == "string" || kind == "untyped string") && word.MatchString(text) && !slices.Contains(names, text) {
					t.Errorf("%s: %q is not given to tr; if it names a thing for programs, add it to names", set.Position(e.Pos()), text)
				}
				if (kind == "string" || kind == "untyped string") && readable(text) {
					if machine(text) {
						return false
					}
					if _, ok := allowed[text]; ok {
						used[text] = true
					} else {
						t.Errorf("%s: %q is not given to tr, and people could read it", set.Position(e.Pos()), text)
					}
				}
				return false
			})
		}
	}
	for text := range allowed {
		require.True(t, used[text], "%q is allowed and nowhere used", text)
	}
}

// keys are the English texts of the code, with one place of each.
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
				if translated[kind] && strings.IndexFunc(verb.ReplaceAllString(text, ""), unicode.IsLetter) >= 0 || translated[kind] && verb.MatchString(text) {
					found[text] = set.Position(e.Pos())
				}
				return false
			})
		}
	}
	require.NotEmpty(t, found)
	return found
}

func TestEveryTextHasItsArguments(t *testing.T) {
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

func TestCatalogsAreWhole(t *testing.T) {
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

// verbs returns the verbs of a text in the order of their arguments. Either all of them have an index, or none.
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
