// Package tr says the texts of the window in the person's language.
//
// The code holds the English text, which is also its key in the catalogs assets/translations. Everything that a person
// reads has the type Text in the code, so a test finds what was forgotten: readable texts of the type string.
package tr

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Text is what a person reads, in English, with the verbs of package fmt. A catalog may put their arguments into
// another order: "%[2]s". String translates, so that a Text among the arguments of another is translated, too.
type Text string

// String returns the text in the language in use.
func (t Text) String() string { return T(t) }

// T returns a text in the language in use, with its arguments. Any goroutine.
func T(t Text, args ...any) string {
	s := inUse.Load()
	if t == "" {
		return ""
	}
	format := s.find(t)
	if len(args) == 0 {
		return s.pad(format, format)
	}
	return s.pad(fmt.Sprintf(format, isolated(args)...), format)
}

// N returns a text about a number of things: one where the language counts n as one, else many, both with n as the
// first of their arguments. N(3, "%d license", "%d licenses") is "3 licenses". Any goroutine.
func N(n int, one, many Text, args ...any) string {
	t := many
	if inUse.Load().one(n) {
		t = one
	}
	return T(t, append([]any{number(n)}, args...)...)
}

// number prints in the person's form: 12,345.
type number int

// Format is called by fmt.
func (n number) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Number(int(n)))) }

// Number returns a count in the person's form: "12,345" or "12.345". Any goroutine.
func Number(n int) string { return inUse.Load().form.FmtNumber(float64(n), 0) }

// inUse is what the whole process speaks: one person looks at it.
var inUse atomic.Pointer[speech]

func init() { inUse.Store(speak(English, "")) }

// Long is a language for tests only: English, every text twice as long.
const Long = "x-long"

// pad makes texts of the language Long as long again as format, without its verbs.
func (s *speech) pad(text, format string) string {
	if s.language != Long {
		return text
	}
	tail := strings.NewReplacer("%", "", "[", "", "]", "", "\n", " ").Replace(format)
	return text + " " + strings.ToLower(tail)
}
