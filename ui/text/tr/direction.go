package tr

import (
	"strings"

	"golang.org/x/text/unicode/bidi"
)

// Unicode marks around text of the opposite writing direction. They isolate it from the text around it.
const (
	isolate = "\u2068" // FIRST STRONG ISOLATE
	end     = "\u2069" // POP DIRECTIONAL ISOLATE
)

// isolated returns args with isolates around the strings that are written from right to left, such as a note in Hebrew.
// Otherwise a date or number after such a string would be drawn on the wrong side of it. It does not change args.
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

// rightToLeft reports whether text contains a letter that is written from right to left.
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
