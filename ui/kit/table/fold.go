package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// undecomposed are Latin letters that Unicode does not take apart into a letter and an accent, but that people type
// without it.
var undecomposed = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ħ", "h", "ı", "i", "æ", "ae", "œ", "oe")

// fold returns text as the filter compares it: without case, accents and the differences between compatible forms, so
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

// terms are the words of a typed filter, folded; a row must contain all of them.
func terms(filter string) []string { return strings.Fields(fold(filter)) }

// matches tells whether a folded text contains every term.
func matches(folded string, terms []string) bool {
	for _, term := range terms {
		if !strings.Contains(folded, term) {
			return false
		}
	}
	return true
}
