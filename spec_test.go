package acen

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const specFolder = "docs/spec"

// specPages are the pages of the specification, as citations name them.
var specPages = []string{"api", "codes", "files"}

// The forms of headings, marks and citations; docs/spec/README.md describes them.
var (
	headingForm  = regexp.MustCompile(`^(#{1,6}) (.+)$`)
	numberedForm = regexp.MustCompile(`^([1-9][0-9]*)\. (.+)$`)
	markForm     = regexp.MustCompile(`^\*\*Not built yet(\.\*\*|:\*\* \S)`)

	referenceForm = `(api|codes|files) (?:([1-9][0-9]*)|"([^"]+)"(?: ([1-9][0-9]*))?)`
	reference     = regexp.MustCompile(referenceForm)
	citation      = regexp.MustCompile(`\(spec: (` + referenceForm + `(?:, ` + referenceForm + `)*)\)`)
	citationStart = regexp.MustCompile(`(?i)\bspec:`)
	pageName      = regexp.MustCompile(`\b(?:api|codes|files)\.md\b`)
	localLink     = regexp.MustCompile(`\]\(([^)\s:]+)\)`)
)

// mark is the state of a rule's implementation.
type mark int

const (
	built mark = iota
	partlyBuilt
	notBuilt
)

// specRule is a heading of a page.
type specRule struct {
	name   string // as in a citation
	anchor string // as in a link
	mark   mark
	leaf   bool // without a heading below it; a test must cite it
}

// specOf parses the headings of a page, below its title.
func specOf(page, text string) (rules []specRule, err error) {
	var levels []int
	parents := map[int]string{} // latest heading without a number, by level
	names := map[string]bool{}
	directly, fenced := false, false
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		m := headingForm.FindStringSubmatch(line)
		switch {
		case fenced || strings.TrimSpace(line) == "":
			continue
		case m == nil:
			switch form := markForm.FindStringSubmatch(line); {
			case form == nil && strings.Contains(line, "ot built yet"):
				return nil, fmt.Errorf("%s, line %d: this mark has none of the two forms", page, n+1)
			case form != nil && !directly:
				return nil, fmt.Errorf("%s, line %d: a mark stands directly under a heading", page, n+1)
			case form != nil && form[1] == ".**":
				rules[len(rules)-1].mark = notBuilt
			case form != nil:
				rules[len(rules)-1].mark = partlyBuilt
			}
			directly = false
			continue
		}
		level := len(m[1])
		directly = level > 1
		if level == 1 {
			continue
		}
		r := specRule{name: fmt.Sprintf("%s %q", page, m[2]), anchor: anchorOf(m[2]), leaf: true}
		if numbered := numberedForm.FindStringSubmatch(m[2]); numbered == nil {
			parents[level] = m[2]
		} else if page == "api" {
			r.name = "api " + numbered[1]
		} else {
			r.name = fmt.Sprintf("%s %q %s", page, parents[level-1], numbered[1])
		}
		if names[r.name] {
			return nil, fmt.Errorf("%s, line %d: there are two of %s", page, n+1, r.name)
		}
		names[r.name] = true
		if last := len(rules) - 1; last >= 0 && level > levels[last] {
			rules[last].leaf = false
		}
		rules, levels = append(rules, r), append(levels, level)
	}
	return rules, nil
}

// anchorOf returns the anchor that GitHub gives a heading.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// citationsIn returns the names of the rules that a text cites. It fails if the text mentions the specification in
// another form.
func citationsIn(text string) (names []string, err error) {
	text = strings.Join(strings.Fields(text), " ")
	all := citation.FindAllStringSubmatch(text, -1)
	for _, c := range all {
		for _, m := range reference.FindAllStringSubmatch(c[1], -1) {
			names = append(names, m[0])
		}
	}
	if len(citationStart.FindAllString(text, -1)) != len(all) {
		return nil, fmt.Errorf("not a citation of docs/spec/README.md: %s", text)
	}
	if page := pageName.FindString(text); page != "" {
		return nil, fmt.Errorf("cite a rule of %s as docs/spec/README.md says: %s", page, text)
	}
	return names, nil
}

// provers returns the ranges in a test file where a citation counts: tests with their comments, and tables.
func provers(file *ast.File) (ranges [][2]token.Pos) {
	for _, d := range file.Decls {
		from := d.Pos()
		switch d := d.(type) {
		case *ast.FuncDecl:
			if !strings.HasPrefix(d.Name.Name, "Test") && !strings.HasPrefix(d.Name.Name, "Fuzz") {
				continue
			}
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
		}
		ranges = append(ranges, [2]token.Pos{from, d.End()})
	}
	return ranges
}

// Every cited rule exists, and a test cites every rule except those that are not built yet.
func TestEveryRuleIsCited(t *testing.T) {
	rules := map[string]specRule{}
	for _, page := range specPages {
		text, err := os.ReadFile(filepath.Join(filepath.FromSlash(specFolder), page+".md"))
		require.NoError(t, err)
		list, err := specOf(page, string(text))
		require.NoError(t, err)
		for _, r := range list {
			rules[r.name] = r
		}
	}
	proved := map[string]bool{}
	eachFile(t, func(path string, file *ast.File, set *token.FileSet) {
		if filepath.Base(path) == "spec_test.go" {
			return // has invalid citations
		}
		var ranges [][2]token.Pos
		if strings.HasSuffix(path, "_test.go") {
			ranges = provers(file)
		}
		for _, group := range file.Comments {
			cited, err := citationsIn(group.Text())
			if err != nil {
				t.Errorf("%s: %v", set.Position(group.Pos()), err)
			}
			proves := slices.ContainsFunc(ranges, func(r [2]token.Pos) bool { return r[0] <= group.Pos() && group.Pos() < r[1] })
			for _, name := range cited {
				r, known := rules[name]
				switch {
				case !known:
					t.Errorf("%s: the specification has no %s", set.Position(group.Pos()), name)
				case proves && r.mark == notBuilt:
					t.Errorf("%s: a test proves %s, which is marked as not built", set.Position(group.Pos()), name)
				}
				proved[name] = proved[name] || proves
			}
		}
	})
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		r := rules[name]
		if r.leaf && r.mark != notBuilt && !proved[name] {
			t.Errorf("no test cites %s", name)
		}
	}
}

// Every link between documents leads to a file and a heading that exist.
func TestLinksOfDocumentsExist(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		list, err := filepath.Glob(filepath.FromSlash(pattern))
		require.NoError(t, err)
		files = append(files, list...)
	}
	headings := func(path string) (anchors []string) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, line := range strings.Split(string(text), "\n") {
			if m := headingForm.FindStringSubmatch(line); m != nil {
				anchors = append(anchors, anchorOf(m[2]))
			}
		}
		return anchors
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range localLink.FindAllStringSubmatch(string(text), -1) {
			path, anchor, anchored := strings.Cut(m[1], "#")
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, m[1])
				continue
			}
			if anchored && !slices.Contains(headings(target), anchor) {
				t.Errorf("%s links to %s: there is no such heading", file, m[1])
			}
		}
	}
}

func TestSpecOf(t *testing.T) {
	rules, err := specOf("codes", strings.Join([]string{
		"# Title", "Text.", "## Locks", "```", "# no heading", "```", "## Comparing", "Text.", "### 1. What differs", "",
		"**Not built yet:** a part.", "### 2. Off", "**Not built yet.**", "## Last", "Text.",
	}, "\n"))
	require.NoError(t, err)
	require.Equal(t, []specRule{
		{name: `codes "Locks"`, anchor: "locks", leaf: true},
		{name: `codes "Comparing"`, anchor: "comparing"},
		{name: `codes "Comparing" 1`, anchor: "1-what-differs", leaf: true, mark: partlyBuilt},
		{name: `codes "Comparing" 2`, anchor: "2-off", leaf: true, mark: notBuilt},
		{name: `codes "Last"`, anchor: "last", leaf: true},
	}, rules)
	rules, err = specOf("api", "## Rules\n### 11. Abuse\n")
	require.NoError(t, err)
	require.Equal(t, "api 11", rules[1].name)
	for _, wrong := range []string{
		"## A\n## A\n",
		"## A\nText.\n**Not built yet.**\n",
		"# Title\n**Not built yet.**\n",
		"## A\nNot built yet.\n",
		"## A\n**Not built yet**\n",
	} {
		_, err := specOf("api", wrong)
		require.Error(t, err, wrong)
	}
}

func TestCitationsIn(t *testing.T) {
	for text, want := range map[string][]string{
		"Nothing.":                                      nil,
		"A rule (spec: api 11).":                        {"api 11"},
		"Two (spec: api 2, codes \"Locks\").":           {"api 2", `codes "Locks"`},
		"Broken (spec:\ncodes \"Comparing\nlocks\" 5).": {`codes "Comparing locks" 5`},
		"Twice (spec: api 1) and (spec: api 2)":         {"api 1", "api 2"},
	} {
		names, err := citationsIn(text)
		require.NoError(t, err, text)
		require.Equal(t, want, names, text)
	}
	for _, wrong := range []string{
		"spec: api 11", "(spec: api)", "(spec: api rule 11)", "(spec: api 2 and 7)", "(spec: api 2, 7)",
		"(spec: codes, \"Locks\")",
		"(spec: files 0)", "(Spec: api 1)", "(spec: api 1", "(api.md rule 1)", "(spec: api 1), see codes.md",
	} {
		_, err := citationsIn(wrong)
		require.Error(t, err, wrong)
	}
}
