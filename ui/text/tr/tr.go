// Package tr translates the texts of the window.
//
// The code contains the English text, which is also the key of the catalogs in assets/translations. Texts for people
// have the type Text, so that a test can report readable constants of type string, which are not translated.
package tr

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Text is an English text for people, with the verbs of package fmt. A translation may reorder the arguments: "%[2]s".
// A Text among the arguments of another one is translated, too.
type Text string

// String returns the translation of t.
func (t Text) String() string { return T(t) }

// T translates t into the current language and formats it with args. Any goroutine.
func T(t Text, args ...any) string {
	s := current.Load()
	if t == "" {
		return ""
	}
	format := s.find(t)
	if len(args) == 0 {
		return s.pad(format, format)
	}
	return s.pad(fmt.Sprintf(format, isolated(args)...), format)
}

// N translates one or many, depending on whether the current language uses the singular for n, and formats it with n
// and args. N(3, "%d license", "%d licenses") returns "3 licenses". Any goroutine.
func N(n int, one, many Text, args ...any) string {
	t := many
	if current.Load().singular(n) {
		t = one
	}
	return T(t, append([]any{number(n)}, args...)...)
}

// number is formatted for the current locale: 12,345.
type number int

// Format implements fmt.Formatter.
func (n number) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Number(int(n)))) }

// Number formats n for the current locale: "12,345" or "12.345". Any goroutine.
func Number(n int) string { return current.Load().formatter.FmtNumber(float64(n), 0) }

// current is global because a process has one window and one person.
var current atomic.Pointer[localization]

func init() { current.Store(newLocalization(English, "")) }

// Long is a pseudo-language for tests of layouts: English with every text twice as long.
const Long = "x-long"

// pad appends format to text, without the signs of its verbs, if the language is Long.
func (s *localization) pad(text, format string) string {
	if s.language != Long {
		return text
	}
	tail := strings.NewReplacer("%", "", "[", "", "]", "", "\n", " ").Replace(format)
	return text + " " + strings.ToLower(tail)
}
