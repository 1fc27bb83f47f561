// Package quickjson reads JSON of a known form without reflection, in one pass: what a program reads at its start, each time.
//
// It reads only what it is sure of: objects whose members are all known and stand once, numbers that are whole, no null. At
// anything else it gives up, and the caller leaves the text to encoding/json, which reads it or says what is wrong. What it does
// read means the same to encoding/json; the fuzz tests of its callers compare both.
package quickjson

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Reader reads one JSON text. Its methods read one value each and return the zero value once it gave up, which Done tells.
type Reader struct {
	text   string
	at     int
	gaveUp bool
}

// Read begins to read a text. Strings that are read are parts of it.
func Read(text string) Reader { return Reader{text: text} }

// Done reports whether the whole text was read.
func (r *Reader) Done() bool {
	r.space()
	return !r.gaveUp && r.at == len(r.text)
}

// GiveUp leaves the text to encoding/json.
func (r *Reader) GiveUp() {
	r.gaveUp = true
	r.at = len(r.text)
}

// maxMembers is how many members of one object can be known.
const maxMembers = 32

// Object reads an object. member reads the value of the member at an index of names, of which it may have each once.
func (r *Reader) Object(names []string, member func(i int)) {
	if !r.begin('{') || r.take('}') {
		return
	}
	var seen uint32
	for next := 0; ; next++ {
		i := r.name(names, next)
		if i < 0 || i >= maxMembers || seen&(1<<i) != 0 || !r.take(':') {
			r.GiveUp()
			return
		}
		seen |= 1 << i
		next = i
		member(i)
		switch {
		case r.take(','):
		case r.take('}'):
			return
		default:
			r.GiveUp()
			return
		}
	}
}

// name reads a member's name and returns its index, -1 for one that is not known. The one at next is the likeliest.
func (r *Reader) name(names []string, next int) int {
	raw, plain := r.raw()
	if !plain {
		return -1
	}
	for i := range names {
		if i = (next + i) % len(names); raw == names[i] {
			return i
		}
	}
	return -1
}

// Array reads an array; item reads each of its values.
func (r *Reader) Array(item func()) {
	if !r.begin('[') || r.take(']') {
		return
	}
	for {
		item()
		switch {
		case r.take(','):
		case r.take(']'):
			return
		default:
			r.GiveUp()
			return
		}
	}
}

// String reads a string.
func (r *Reader) String() string {
	start := r.at
	raw, plain := r.raw()
	if plain {
		return raw
	}
	var s string
	if r.gaveUp || json.Unmarshal([]byte(r.text[start:r.at]), &s) != nil {
		r.GiveUp()
		return ""
	}
	return s
}

// Time reads a time as encoding/json does.
func (r *Reader) Time() (t time.Time) {
	raw, plain := r.raw()
	if !plain || t.UnmarshalJSON([]byte(r.text[r.at-len(raw)-2:r.at])) != nil {
		r.GiveUp()
		return time.Time{}
	}
	return t
}

// raw reads a string and returns what stands between its quotes, and whether that is the string itself.
func (r *Reader) raw() (raw string, plain bool) {
	if !r.begin('"') {
		return "", false
	}
	start, plain, ascii := r.at, true, true
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			raw = r.text[start:r.at]
			r.at++
			return raw, plain && (ascii || utf8.ValidString(raw))
		case c == '\\':
			plain = false
			r.at++
		case c < ' ':
			r.GiveUp()
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	r.GiveUp()
	return "", false
}

// Int reads a whole number from lowest to highest.
func (r *Reader) Int(lowest, highest int64) int64 {
	r.space()
	start := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789Ee", r.text[r.at]) >= 0 {
		r.at++
	}
	raw := r.text[start:r.at]
	n, err := strconv.ParseInt(raw, 10, 64)
	var again [20]byte
	if err != nil || n < lowest || n > highest || raw != string(strconv.AppendInt(again[:0], n, 10)) {
		r.GiveUp()
		return 0
	}
	return n
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	r.space()
	rest, yes := strings.CutPrefix(r.text[r.at:], "true")
	rest, no := strings.CutPrefix(rest, "false")
	r.at = len(r.text) - len(rest)
	if yes == no {
		r.GiveUp()
		return false
	}
	return yes
}

// begin reads the sign that a value begins with.
func (r *Reader) begin(sign byte) bool {
	if !r.take(sign) {
		r.GiveUp()
	}
	return !r.gaveUp
}

// take reads one sign, and reports whether it is there.
func (r *Reader) take(sign byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == sign {
		r.at++
		return true
	}
	return false
}

// space skips what JSON allows between values.
func (r *Reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}
