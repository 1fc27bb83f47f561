// Package codeentry is a field for codes that are written in groups, such as "83A9-3429-0090-B3F5". A Format defines
// the syntax of a code; its meaning is unknown to the package.
package codeentry

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/acen-desktop/acen/ui/text/tr"
)

// ErrFormat is wrapped by every error of New. It means a bug in the program: the format is invalid.
var ErrFormat = errors.New("codeentry: invalid format")

// Format is the syntax of one kind of code. Its functions are called on the UI thread and must be fast and pure.
type Format struct {
	// Groups are the numbers of characters of each group, such as {4, 4, 4, 4}. Messages number groups from 1.
	Groups []int

	// Separator is inserted between groups, usually "-". It may be empty.
	Separator string

	// Alphabet returns a character in its canonical form, such as 'A' for 'a' and '0' for 'O', and false for a character
	// that no code contains. nil accepts ASCII letters and digits and converts letters to upper case.
	Alphabet func(rune) (rune, bool)

	// Parse parses a complete code and returns its shown form. Its error is a sentence for people.
	Parse func(text string) (shown string, err error)

	// ErrorGroup returns the number of the group that an error of Parse is about, from 1, or 0 if unknown. Optional.
	ErrorGroup func(error) int

	// Name is the name of the code within a sentence, such as "Site code". Empty means "code".
	Name string

	// Placeholder is shown while the field is empty. Optional.
	Placeholder string
}

// EmptyError, UnfinishedError and LengthError are reported for codes that are not passed to Parse.
type (
	// EmptyError means that the field is empty.
	EmptyError struct{ Name string }

	// UnfinishedError means that characters are missing.
	UnfinishedError struct{ Group, Groups int } // the first incomplete group, from 1, and the number of groups

	// LengthError means that there are too many characters.
	LengthError struct {
		Name  string
		Extra int // number of surplus characters
	}
)

func (e *EmptyError) Error() string { return tr.T("The %s is missing.", e.Name) }

func (e *UnfinishedError) Error() string {
	return tr.T("Group %d of %d is not finished.", e.Group, e.Groups)
}

func (e *LengthError) Error() string {
	if e.Extra == 1 {
		return tr.T("The %s has one character too many.", e.Name)
	}
	return tr.T("The %[2]s has %[1]d characters too many.", e.Extra, e.Name)
}

// check reports whether the format is valid, and sets the defaults of its fields.
func (f *Format) check() error {
	if len(f.Groups) == 0 {
		return fmt.Errorf("%w: no groups", ErrFormat)
	}
	for i, n := range f.Groups {
		if n <= 0 {
			return fmt.Errorf("%w: group %d has no characters", ErrFormat, i+1)
		}
	}
	if f.Parse == nil {
		return fmt.Errorf("%w: no Parse", ErrFormat)
	}
	if f.Alphabet == nil {
		f.Alphabet = lettersAndDigits
	}
	if f.Name == "" {
		f.Name = tr.T("code")
	}
	return nil
}

func lettersAndDigits(r rune) (rune, bool) {
	switch {
	case '0' <= r && r <= '9', 'A' <= r && r <= 'Z':
		return r, true
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A', true
	}
	return 0, false
}

// length returns the number of characters of a complete code, without separators.
func (f *Format) length() int {
	sum := 0
	for _, n := range f.Groups {
		sum += n
	}
	return sum
}

// clean returns the characters of text that are in the alphabet, in canonical form.
func (f *Format) clean(text string) []rune {
	var chars []rune
	for _, r := range text {
		if folded, ok := f.Alphabet(r); ok {
			chars = append(chars, folded)
		}
	}
	return chars
}

// group joins characters in groups with separators. Surplus characters form one more group.
func (f *Format) group(chars []rune) string {
	var b strings.Builder
	for i, r := range chars {
		if i > 0 && f.startsGroup(i) {
			b.WriteString(f.Separator)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// startsGroup reports whether a group starts at the character with an index.
func (f *Format) startsGroup(at int) bool {
	for _, n := range f.Groups {
		if at == 0 {
			return true
		}
		if at -= n; at < 0 {
			return false
		}
	}
	return at == 0
}

// column returns the position in the grouped text of the character with an index.
func (f *Format) column(at int) int {
	column := at
	for i := 1; i < at; i++ {
		if f.startsGroup(i) {
			column += len([]rune(f.Separator))
		}
	}
	return column
}

// groupAt returns the number, from 1, of the first incomplete group of a code with that many characters.
func (f *Format) groupAt(chars int) int {
	for i, n := range f.Groups {
		if chars -= n; chars < 0 {
			return i + 1
		}
	}
	return len(f.Groups)
}

// evaluate returns the shown form of a code, or its error.
func (f *Format) evaluate(chars []rune) (shown string, err error) {
	switch missing := f.length() - len(chars); {
	case len(chars) == 0:
		return "", &EmptyError{f.Name}
	case missing > 0:
		return "", &UnfinishedError{f.groupAt(len(chars)), len(f.Groups)}
	case missing < 0:
		return "", &LengthError{f.Name, -missing}
	}
	return f.Parse(f.group(chars))
}

// maxPaste is the number of bytes of a pasted text that are searched for a code.
const maxPaste = 64 << 10

// find searches text for a code: a sequence of adjacent words that together have the length of a code and that Parse
// accepts. It prefers few words, because many words may be part of a sentence.
func (f *Format) find(text string) (shown string, ok bool) {
	if len(text) > maxPaste {
		text = text[:maxPaste]
	}
	if shown, err := f.Parse(text); err == nil {
		return shown, true
	}
	words := strings.FieldsFunc(text, func(r rune) bool {
		_, ok := f.Alphabet(r)
		return !ok && (unicode.IsSpace(r) || !isFiller(r))
	})
	before := make([]int, len(words)+1) // characters of a code before each word
	for i, word := range words {
		before[i+1] = before[i] + len(f.clean(word))
	}
	for size := 1; size <= min(f.length(), len(words)); size++ {
		for i := 0; i+size <= len(words); i++ {
			if before[i+size]-before[i] != f.length() {
				continue
			}
			if shown, err := f.Parse(strings.Join(words[i:i+size], f.Separator)); err == nil {
				return shown, true
			}
		}
	}
	return "", false
}

// partial reports whether text consists of characters of the alphabet and fillers only.
func (f *Format) partial(text string) bool {
	for _, r := range text {
		if _, ok := f.Alphabet(r); !ok && !isFiller(r) {
			return false
		}
	}
	return true
}

// isFiller reports whether a character between those of a code is ignored: spaces, dashes, quotes and invisible
// characters.
func isFiller(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Pi, unicode.Pf, unicode.Cf, unicode.Cc) ||
		r == '\'' || r == '"' || r == '`' || r == '_' || r == '−'
}
