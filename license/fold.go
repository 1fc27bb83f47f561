package license

import "unicode"

// class is what a character means in a typed or pasted code.
type class int

const (
	other  class = iota // a letter, or something that no code holds
	hidden              // has no meaning and no width, or is a quote
	space
	dash
)

// dashes are separators besides Unicode's own property Dash, as keyboards and text recognition make them.
var dashes = map[rune]bool{
	'_': true, '.': true, ':': true, '\u02d7': true, '\u2043': true, '\u2500': true, '\u2796': true, '\u30fc': true,
	'\uff3f': true, '\uff70': true,
}

// classify tells separators and invisible characters from letters (spec: codes "Reading what people type").
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

// isHidden reports whether a character takes no room: soft hyphens, zero-width characters, byte order marks,
// variation selectors, control characters.
func isHidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.IsControl(r) && !unicode.IsSpace(r)
}

func isQuote(r rune) bool {
	return r == '`' || r == '´' || r >= '\u2032' && r <= '\u2037' || unicode.Is(unicode.Quotation_Mark, r)
}

// narrow returns the ASCII character of a full-width form, and any other character as it is.
func narrow(r rune) rune {
	if r >= '\uff01' && r <= '\uff5e' {
		return r - ('\uff01' - '!')
	}
	return r
}

// foldLetter returns a character as a code writes it: full-width forms narrowed, upper case, O read as 0, I and L as 1.
// It answers false for a letter that the alphabet does not have.
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
