package client

import (
	"fmt"
	"time"
)

// Format is a text for the person in English, with the verbs of package fmt. The window has it in other languages.
type Format string

// Text is something to tell the person: a Format with its arguments.
type Text struct {
	Format Format
	Args   []any
}

// Told is an error that says in a Text what the person has to know.
type Told interface {
	error
	Text() Text
}

// Say makes a Text.
func Say(format Format, args ...any) Text { return Text{format, args} }

// String is the text in English.
func (t Text) String() string {
	if len(t.Args) == 0 {
		return string(t.Format)
	}
	return fmt.Sprintf(string(t.Format), t.Args...)
}

// IsZero reports whether there is nothing to tell.
func (t Text) IsZero() bool { return t.Format == "" }

// MarshalText makes the text in English a string of JSON.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Day is a day as an argument of a Text: "2 January 2006" in English.
type Day time.Time

// String is the day in English.
func (d Day) String() string { return time.Time(d).Format("2 January 2006") }
