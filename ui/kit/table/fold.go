package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// undecomposed replaces Latin letters that Unicode does not decompose, but that people type without the accent.
var undecomposed = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ħ", "h", "ı", "i", "æ", "ae", "œ", "oe")

// fold returns text in the form that the filter compares: case-folded, compatibility-decomposed and without accents, so
// that "buro" finds "Büro". Any goroutine.
func fold(text string) string {
	if isLowerASCII(text) {
		return text
	}
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range cases.Fold().String(norm.NFKD.String(text)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return undecomposed.Replace(b.String())
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isLowerASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// terms returns the folded words of filter. A row matches if it contains all of them.
func terms(filter string) []string { return strings.Fields(fold(filter)) }

// matches reports whether folded contains every term.
func matches(folded string, terms []string) bool {
	for _, term := range terms {
		if !strings.Contains(folded, term) {
			return false
		}
	}
	return true
}
