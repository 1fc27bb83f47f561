package license

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// labels are the names of codes in texts, longer ones first.
var labels = regexp.MustCompile(`(?i)\b(site[ _-]?code|machine[ _-]?id|mid|removal[ _-]?code|` +
	`activation[ _-]?code|serial[ _-]?(?:number|no\.?)|s/n)\b`)

func labelKind(label string) CodeKind {
	switch strings.ToLower(label[:2]) {
	case "si":
		return KindSiteCode
	case "ma", "mi":
		return KindMachineID
	case "re":
		return KindRemovalCode
	case "ac":
		return KindActivationCode
	}
	return KindSerialNumber
}

// Faults returns the errors of invalid codes in a text that follow a label such as "Machine ID". It omits codes that
// Find finds.
func Faults(text string) []*CodeError {
	text = bounded(text)
	var faults []*CodeError
	found := labels.FindAllStringIndex(text, -1)
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		kind := labelKind(text[at[0]:at[1]])
		code := codeAfter(text[at[1]:end])
		if count := utf8.RuneCountInString(code); count < shapes[kind].length()/2 || count > 3*shapes[kind].length() {
			continue // not an attempt to write this code
		}
		_, err := kind.Shown(code)
		var fault *CodeError
		if errors.As(err, &fault) {
			faults = append(faults, fault)
		}
	}
	return faults
}

// codeAfter returns the words after a name that resemble groups of a code: in the same line, with a digit or in
// capitals.
func codeAfter(text string) string {
	text = strings.TrimLeft(text, " \t:=.#*|>\"'")
	if at := strings.IndexAny(text, "\r\n,;()"); at >= 0 {
		text = text[:at]
	}
	var words []string
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, ".\"'")
		if word != "-" && !strings.ContainsFunc(word, unicode.IsDigit) && (word != strings.ToUpper(word) || len(word) > 8) {
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
