package license

import "unicode"

// class is the role of a character in a typed or pasted code.
type class int

const (
	other  class = iota // a letter, or a character that no code contains
	hidden              // insignificant: without width, or a quote
	space
	dash
)

// dashes are separators besides those with Unicode's property Dash, as keyboards and text recognition produce them.
var dashes = map[rune]bool{
	'_': true, '.': true, ':': true, '\u02d7': true, '\u2043': true, '\u2500': true, '\u2796': true, '\u30fc': true,
	'\uff3f': true, '\uff70': true,
}

// classify distinguishes separators and invisible characters from letters (spec: codes "Reading what people type").
func classify(r rune) class {
	switch {
	case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
		return other
	case r == '-' || dashes[r] || unicode.Is(unicode.Dash, r):
		return dash
	case isHidden(r) || isQuote(r):
		return hidden
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// isHidden reports whether a character is invisible: soft hyphens, zero-width characters, byte order marks, variation
// selectors, control characters.
func isHidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.IsControl(r) && !unicode.IsSpace(r)
}

func isQuote(r rune) bool {
	return r == '`' || r == '´' || r >= '\u2032' && r <= '\u2037' || unicode.Is(unicode.Quotation_Mark, r)
}

// narrow returns the ASCII form of a full-width character, and other characters unchanged.
func narrow(r rune) rune {
	if r >= '\uff01' && r <= '\uff5e' {
		return r - ('\uff01' - '!')
	}
	return r
}

// foldLetter returns the letter of a code for a character: full-width forms narrowed, upper case, O as 0, I and L as
// 1. It returns false for a letter that is not in the alphabet.
func foldLetter(r rune, hexOnly bool) (byte, bool) {
	r = narrow(r)
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	switch r {
	case 'O':
		r = '0'
	case 'I', 'L':
		r = '1'
	}
	if r < 0 || r > 'Z' || crockfordValue[byte(r)] < 0 || hexOnly && r > 'F' {
		return 0, false
	}
	return byte(r), true
}
