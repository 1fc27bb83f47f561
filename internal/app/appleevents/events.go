// Package appleevents receives what macOS asks the running app to open: links of the scheme and documents of the
// type that the app's Info.plist declares. Windows and Linux start the app with an argument for each. macOS starts it
// without arguments, if it does not run yet, and sends an Apple Event with all of them.
//
// Only [Listen] has code for macOS. It has been type-checked, but has never run on a Mac. What an event means is
// decided by [Event.Arguments], which runs and is tested everywhere.
package appleevents

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/license/carry"
)

const (
	// MaxItems is the largest number of links and documents of one event that are opened.
	MaxItems = 1000
	// MaxLength is the largest length of an item, in bytes. It is more than the longest path, fully escaped.
	MaxLength = 8 << 10
)

var (
	// ErrDocument is returned for an item that names no document.
	ErrDocument = errors.New("macOS handed over something that is not a file")
	// ErrTooMany is returned for an event with more than MaxItems items.
	ErrTooMany = fmt.Errorf("more than %d files were opened at once", MaxItems)
)

// A Kind is what an event asks the app to open.
type Kind int

// Kinds of events.
const (
	Links     Kind = iota // get URL
	Documents             // open documents
)

// An Event asks the app to open all of its items.
type Event struct {
	Kind  Kind
	Items []Item
}

// An Item is a link or a document.
type Item struct {
	Type Code
	Data []byte
}

// A Code is a four-character code, which macOS uses for types, events and keywords.
type Code uint32

func codeOf(text string) Code {
	return Code(text[0])<<24 | Code(text[1])<<16 | Code(text[2])<<8 | Code(text[3])
}

// The types of items that can be read. All others are converted into these by macOS, if it can.
var (
	typeText    = codeOf("utf8") // UTF-8 without a byte order mark
	typeFileURL = codeOf("furl") // a URL with the scheme file, in UTF-8
)

// Arguments returns the argument for each item with which other systems would start the app: a link of the app, or the
// URL of a file. It checks neither whether the file exists nor the content of the link. It leaves out items that cannot
// be opened and those after the first MaxItems; the error is then carry.ErrLink, ErrDocument, ErrTooMany, or joins two.
//
// Any program may send any event. A link must not open a file, so the kind of the event decides which scheme an item
// must have.
func (e Event) Arguments() (arguments []string, err error) {
	items := e.Items
	if len(items) > MaxItems {
		items, err = items[:MaxItems], ErrTooMany
	}
	wanted, scheme, fault := typeText, carry.Scheme, carry.ErrLink
	if e.Kind == Documents {
		wanted, scheme, fault = typeFileURL, "file", ErrDocument
	}
	for _, item := range items {
		text := string(item.Data)
		if item.Type != wanted || !isLine(text) || !hasScheme(text, scheme) {
			if !errors.Is(err, fault) {
				err = errors.Join(err, fault)
			}
			continue
		}
		arguments = append(arguments, text)
	}
	return arguments, err
}

// isLine reports whether text is UTF-8 of at most MaxLength bytes, without control characters.
func isLine(text string) bool {
	return len(text) <= MaxLength && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func hasScheme(text, scheme string) bool {
	found, _, ok := strings.Cut(text, ":")
	return ok && strings.EqualFold(found, scheme)
}
