package tr

import (
	"strings"

	"golang.org/x/text/unicode/bidi"
)

// Marks around a name of the other writing direction, so that what follows it stays where it belongs.
const (
	isolate = "\u2068"
	end     = "\u2069"
)

// isolated puts marks around those of the arguments that are written from right to left, such as a note in Hebrew: the
// date or the number that follows it would else be drawn on its wrong side.
func isolated(args []any) []any {
	out := args
	for i, a := range args {
		text, ok := a.(string)
		if !ok || !rightToLeft(text) || strings.Contains(text, isolate) {
			continue
		}
		if &out[0] == &args[0] {
			out = append([]any{}, args...)
		}
		out[i] = isolate + text + end
	}
	return out
}

// rightToLeft reports whether a text has a letter that is written from right to left.
func rightToLeft(text string) bool {
	for i, r := range text {
		if r < 0x0590 { // Latin, Greek and Cyrillic
			continue
		}
		if p, _ := bidi.LookupString(text[i:]); p.Class() == bidi.R || p.Class() == bidi.AL {
			return true
		}
	}
	return false
}
