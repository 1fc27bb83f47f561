// Package codeentry is a field for codes that are written in groups, such as "83A9-3429-0090-B3F5". It takes the shape
// of a code from a Format and does not know what the code means.
package codeentry

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/acen-desktop/acen/ui/text/tr"
)

// ErrFormat is in every error of New: the format is wrong, which is a fault of the program.
var ErrFormat = errors.New("codeentry: bad format")

// Format is the shape of one kind of code. All its functions are called on the UI thread and must be quick and pure.
type Format struct {
	// Groups holds the number of characters of each group, such as {4, 4, 4, 4}. A group of a code counts from 1 in
	// what the person reads.
	Groups []int

	// Separator stands between two groups and is inserted while typing; usually "-". Empty is allowed.
	Separator string

	// Alphabet returns the character as it is written in a code, such as 'A' for 'a' and '0' for 'O', and false for a
	// character that a code does not contain. nil accepts letters and digits of ASCII and makes letters capitals.
	Alphabet func(rune) (rune, bool)

	// Parse reads a whole code and returns it in its shown form; its error is a sentence for the person who typed it.
	Parse func(text string) (shown string, err error)

	// ErrorGroup tells which group an error of Parse is about, counted from 1, or 0 if that is not known. Optional.
	ErrorGroup func(error) int

	// Name of the code in a sentence, such as "Site code"; "code" if empty.
	Name string

	// Placeholder is shown while the field is empty. Optional.
	Placeholder string
}

// EmptyError, UnfinishedError and LengthError are what OnChanged and Err report before Parse has been asked.
type (
	// EmptyError says that nothing has been typed yet.
	EmptyError struct{ Name string }

	// UnfinishedError says which group still lacks characters.
	UnfinishedError struct{ Group, Groups int } // counted from 1

	// LengthError says that there are more characters than a code has.
	LengthError struct {
		Name  string
		Extra int // characters
	}
)

func (e *EmptyError) Error() string { return tr.T("The %s is missing.", e.Name) }

func (e *UnfinishedError) Error() string {
	return tr.T("Group %d of %d is not finished.", e.Group, e.Groups)
}

func (e *LengthError) Error() string {
	if e.Extra == 1 {
		return tr.T("One character more than the %s has.", e.Name)
	}
	return tr.T("%d characters more than the %s has.", e.Extra, e.Name)
}

func (f *Format) check() error {
	if len(f.Groups) == 0 {
		return fmt.Errorf("%w: there are no groups", ErrFormat)
	}
	for i, n := range f.Groups {
		if n <= 0 {
			return fmt.Errorf("%w: group %d has no characters", ErrFormat, i+1)
		}
	}
	if f.Parse == nil {
		return fmt.Errorf("%w: there is no Parse", ErrFormat)
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

// length is the number of characters of a whole code, without separators.
func (f *Format) length() int {
	sum := 0
	for _, n := range f.Groups {
		sum += n
	}
	return sum
}

// clean returns the characters of a code in a text, in their written form.
func (f *Format) clean(text string) []rune {
	var chars []rune
	for _, r := range text {
		if folded, ok := f.Alphabet(r); ok {
			chars = append(chars, folded)
		}
	}
	return chars
}

// group writes characters in groups; those beyond the last group make a group of their own.
func (f *Format) group(chars []rune) string {
	var b strings.Builder
	for i, r := range chars {
		if i > 0 && f.starts(i) {
			b.WriteString(f.Separator)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// starts reports whether a group starts at a character, counted from 0.
func (f *Format) starts(at int) bool {
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

// column returns the place, counted in characters of the grouped text, of the character with an index.
func (f *Format) column(at int) int {
	column := at
	for i := 1; i < at; i++ {
		if f.starts(i) {
			column += len([]rune(f.Separator))
		}
	}
	return column
}

// groupAt returns the group, counted from 1, in which the character after that many is missing.
func (f *Format) groupAt(chars int) int {
	for i, n := range f.Groups {
		if chars -= n; chars < 0 {
			return i + 1
		}
	}
	return len(f.Groups)
}

// read judges characters: the shown form of a good code, or what is wrong with it.
func (f *Format) read(chars []rune) (shown string, err error) {
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

// longestPaste bounds, in bytes, the part of a pasted text that is looked through for a code.
const longestPaste = 64 << 10

// find looks for a code in a text, among neighboring words that together have as many characters as a code. A code in
// one word goes before one that is spread over several, which may be words of a sentence by chance.
func (f *Format) find(text string) (shown string, ok bool) {
	if len(text) > longestPaste {
		text = text[:longestPaste]
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

// partial reports whether a text consists only of characters of a code and of what may stand between them.
func (f *Format) partial(text string) bool {
	for _, r := range text {
		if _, ok := f.Alphabet(r); !ok && !isFiller(r) {
			return false
		}
	}
	return true
}

// isFiller reports whether a character may stand between those of a code without meaning anything: spaces, dashes,
// quotes and invisible characters.
func isFiller(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Pi, unicode.Pf, unicode.Cf, unicode.Cc) ||
		r == '\'' || r == '"' || r == '`' || r == '_' || r == '−'
}
