package main

import (
	"errors"
	"fmt"
	"go/token"
	"path"
	"regexp"
	"strings"
)

// lineBreak represents a line break and the following indentation in a mutant's texts.
const lineBreak = "⏎"

// tagsOption precedes a package that is tested with build tags.
const tagsOption = "-tags "

// mutant is a deliberate fault: a text in a source file, its replacement, and the test that must fail.
type mutant struct {
	line     int    // in the list
	file     string // slash-separated, relative to the module's root
	old, new string
	tags     string // build tags of the package, comma-separated; may be empty
	pkg      string // "./server"
	test     string // "TestRefresh", or "TestScenarios/full_order" for a subtest
	rule     string // what the mutant breaks, in a word or two; may be empty
}

// String returns the mutant's file, test and rule on one line.
func (m mutant) String() string {
	s := m.file + "  " + m.test
	if m.rule != "" {
		s += "  (" + m.rule + ")"
	}
	return s
}

// parseList reads a list of mutants, one a line: file, old text, new text, package, test and optionally the rule,
// separated by tabs. Empty lines and lines that begin with # are skipped. The error joins those of all lines.
func parseList(text string) ([]mutant, error) {
	var mutants []mutant
	var errs []error
	seen := map[[3]string]int{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m, err := parseLine(line)
		m.line = i + 1
		change := [3]string{m.file, m.old, m.new}
		switch first := seen[change]; {
		case err != nil:
			errs = append(errs, fmt.Errorf("line %d: %w", m.line, err))
			continue
		case first > 0:
			errs = append(errs, fmt.Errorf("line %d: same change as line %d", m.line, first))
			continue
		}
		seen[change] = m.line
		mutants = append(mutants, m)
	}
	return mutants, errors.Join(errs...)
}

// parseLine reads one line of the list.
func parseLine(line string) (mutant, error) {
	fields := strings.Split(line, "\t")
	if len(fields) < 5 || len(fields) > 6 {
		return mutant{}, fmt.Errorf("%d columns, not 5 or 6", len(fields))
	}
	m := mutant{
		file: strings.TrimSpace(fields[0]),
		old:  fields[1],
		new:  fields[2],
		pkg:  strings.TrimSpace(fields[3]),
		test: strings.TrimSpace(fields[4]),
	}
	if len(fields) == 6 {
		m.rule = strings.TrimSpace(fields[5])
	}
	if rest, ok := strings.CutPrefix(m.pkg, tagsOption); ok {
		m.tags, m.pkg, _ = strings.Cut(rest, " ")
	}
	m.pkg = strings.TrimPrefix(m.pkg, "./")
	top, _, _ := strings.Cut(m.test, "/")
	switch {
	case !isLocal(m.file) || !strings.HasSuffix(m.file, ".go") || strings.HasSuffix(m.file, "_test.go"):
		return mutant{}, fmt.Errorf("%q is not a source file of the module", m.file)
	case strings.TrimSpace(m.old) == "":
		return mutant{}, errors.New("no old text")
	case m.old == m.new:
		return mutant{}, errors.New("the new text is the old one")
	case !isLocal(m.pkg) || strings.ContainsAny(m.pkg, " ."):
		return mutant{}, fmt.Errorf("%q is not a package of the module", fields[3])
	case !strings.HasPrefix(top, "Test") || !token.IsIdentifier(top):
		return mutant{}, fmt.Errorf("%q is not a test", m.test)
	}
	m.pkg = "./" + m.pkg
	return m, nil
}

// isLocal reports whether a slash-separated path is clean and stays inside the module.
func isLocal(p string) bool {
	return p != "" && p == path.Clean(p) && !path.IsAbs(p) && p != ".." && !strings.HasPrefix(p, "../")
}

// Errors of a mutant whose old text does not occur exactly once in its file.
var (
	errMissing   = errors.New("the old text is missing")
	errAmbiguous = errors.New("the old text is not unique")
)

// apply returns source with the mutant's change. It fails with errMissing or errAmbiguous.
func (m mutant) apply(source string) (string, error) {
	parts := strings.Split(m.old, lineBreak)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	matches := regexp.MustCompile(strings.Join(parts, `\n[\t ]*`)).FindAllStringIndex(source, 2)
	switch len(matches) {
	case 0:
		return "", errMissing
	case 1:
		start, end := matches[0][0], matches[0][1]
		return source[:start] + strings.ReplaceAll(m.new, lineBreak, "\n") + source[end:], nil
	default:
		return "", errAmbiguous
	}
}

// choose returns the mutants whose file, package, test or rule contains word.
func choose(mutants []mutant, word string) []mutant {
	var chosen []mutant
	for _, m := range mutants {
		for _, field := range []string{m.file, m.pkg, m.test, m.rule} {
			if strings.Contains(strings.ToLower(field), strings.ToLower(word)) {
				chosen = append(chosen, m)
				break
			}
		}
	}
	return chosen
}
