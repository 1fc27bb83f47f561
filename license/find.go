package license

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Found is a code that Find saw in a text.
type Found struct {
	Kind CodeKind
	// Text is the shown form.
	Text string
	// Codes is set for KindMerged.
	Codes Codes
	// Offset and Length locate the code in the text, in bytes.
	Offset, Length int
}

// maxSearched bounds the text that Find looks at, in bytes.
const maxSearched = 1 << 20

// run is a stretch of letters in a text without a separator.
type run struct {
	text       string
	start, end int
	// joined tells that only dashes, spaces or the like stand between this run and the one before.
	joined bool
	// dashed tells that what stands between holds a dash, which people do not write between words.
	dashed bool
	// lineBreak tells that a line ends between this run and the one before.
	lineBreak bool
}

// searchOrder lists longer codes first, so that a Site code inside a merged code is not found again.
var searchOrder = []CodeKind{KindActivationCode, KindMerged, KindSerialNumber, KindMachineID, KindRemovalCode, KindSiteCode}

// Find returns every code in a pasted text by its shape, in the order of the text and without overlap: an email, log
// lines, the output of text recognition with stray spaces. It looks at the first MiB.
func Find(text string) []Found {
	if len(text) > maxSearched {
		text = strings.ToValidUTF8(text[:maxSearched], "")
	}
	runs := split(text)
	var found []Found
	for i := 0; i < len(runs); {
		f, used := findAt(runs, i)
		if used == 0 {
			i++
			continue
		}
		found = append(found, f)
		i += used
	}
	return found
}

// findAt looks for a code that starts with run i and returns how many runs it takes; 0 when there is none.
func findAt(runs []run, i int) (Found, int) {
	for _, kind := range searchOrder {
		s := shapes[kind]
		if used := s.match(runs[i:]); used > 0 {
			var raw strings.Builder
			for _, r := range runs[i : i+used] {
				raw.WriteString(r.text)
			}
			shown, err := kind.Shown(raw.String())
			if err != nil {
				continue
			}
			f := Found{Kind: kind, Text: shown, Offset: runs[i].start, Length: runs[i+used-1].end - runs[i].start}
			if kind == KindMerged {
				f.Codes, _ = ParseMerged(shown)
			}
			return f, used
		}
	}
	return Found{}, 0
}

// match returns how many runs at the start of runs make up a code of the shape; 0 when they do not. The groups may be
// split by stray spaces, but a group's end must be the end of a run, and the code must not go on with a further dash.
func (s shape) match(runs []run) int {
	if used := s.matchGroups(runs); used > 0 {
		return used
	}
	// Written in one piece: only for codes long enough not to be a word or a number.
	if n := s.length(); len(runs[0].text) == n && s.fits(runs[0].text) && (n >= 16 || s.looksLikeCode(runs[0].text)) &&
		!(len(runs) > 1 && runs[1].joined && runs[1].dashed) {
		return 1
	}
	return 0
}

func (s shape) matchGroups(runs []run) int {
	if len(s.groups) == 1 {
		return 0
	}
	used, digits := 0, false
	for g, size := range s.groups {
		have := 0
		for have < size {
			if used == len(runs) || !s.fits(runs[used].text) {
				return 0
			}
			r := runs[used]
			if used > 0 && (!r.joined || r.lineBreak && !r.dashed && have > 0) {
				return 0
			}
			// Between groups a dash is expected; text recognition may turn it into a space.
			if have > 0 && r.dashed || g > 0 && have == 0 && !r.dashed && s.ambiguous() {
				return 0
			}
			have += len(r.text)
			digits = digits || strings.ContainsAny(r.text, "0123456789")
			used++
		}
		if have > size {
			return 0
		}
	}
	if !digits || used < len(runs) && runs[used].joined && runs[used].dashed {
		return 0
	}
	return used
}

// ambiguous shapes are so short that words separated by spaces could look like them.
func (s shape) ambiguous() bool { return s.length() < 16 }

func (s shape) fits(text string) bool {
	for i := range len(text) {
		if _, ok := foldLetter(rune(text[i]), s.hex); !ok {
			return false
		}
	}
	return true
}

// looksLikeCode tells an eight-digit Site code from a word, a date or an amount: digits and letters are mixed, or the
// letters stand in upper case.
func (s shape) looksLikeCode(text string) bool {
	digit := strings.ContainsAny(text, "0123456789")
	letter := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) })
	return digit && letter || digit && !strings.HasPrefix(text, "19") && !strings.HasPrefix(text, "20")
}

// split cuts a text into runs of letters that some code can hold.
func split(text string) []run {
	var runs []run
	var current strings.Builder
	start, end := 0, 0
	joined, dashed, lineBreak := false, false, false
	flush := func() {
		if current.Len() > 0 {
			runs = append(runs, run{current.String(), start, end, joined, dashed, lineBreak})
			current.Reset()
			joined, dashed, lineBreak = true, false, false
		}
	}
	for i, r := range text {
		if r >= '\uff01' && r <= '\uff5e' {
			r -= '\uff01' - '!'
		}
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if current.Len() == 0 {
				start = i
			}
			current.WriteByte(byte(r))
			end = i + utf8.RuneLen(rune(text[i]))
			if text[i] >= 0x80 {
				_, width := utf8.DecodeRuneInString(text[i:])
				end = i + width
			}
		case unicode.In(r, unicode.Cf) || r == '\u00ad':
			// Invisible characters stand inside codes that were copied from formatted text.
		case r == '\n' || r == '\r' || r == '\u2028':
			flush()
			lineBreak = true
		case unicode.IsSpace(r):
			flush()
		case unicode.Is(unicode.Pd, r) || r == '_' || r == '\u2212':
			flush()
			dashed = true
		default:
			flush()
			joined = false
		}
	}
	flush()
	return runs
}
