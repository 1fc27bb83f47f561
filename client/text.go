package client

import (
	"fmt"
	"time"
)

// Format is an English sentence for the person with the verbs of package fmt. The window translates it.
type Format string

// Text is a message for the person: a Format with its arguments.
type Text struct {
	Format Format
	Args   []any
}

// Localized is an error with a Text for the person.
type Localized interface {
	error
	Text() Text
}

// Textf returns a Text.
func Textf(format Format, args ...any) Text { return Text{format, args} }

// String returns the text in English.
func (t Text) String() string {
	if len(t.Args) == 0 {
		return string(t.Format)
	}
	return fmt.Sprintf(string(t.Format), t.Args...)
}

// IsZero reports whether the text is empty.
func (t Text) IsZero() bool { return t.Format == "" }

// MarshalText encodes the text in English.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Day is a day as an argument of a Text: "2 January 2006" in English.
type Day time.Time

// String returns the day in English.
func (d Day) String() string { return time.Time(d).Format("2 January 2006") }
