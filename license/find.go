package license

import (
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Found is a code found in a text.
type Found struct {
	Kind CodeKind
	// Text is the shown form.
	Text string
	// Codes is set for KindMerged.
	Codes Codes
	// Offset and Length locate the code in the text, in bytes.
	Offset, Length int
}

// maxSearched is the maximum length of the text that Find searches, in bytes.
const maxSearched = 1 << 20

// layout is a way of writing a kind of code in a text.
type layout struct {
	kind   CodeKind
	groups []int
	// labeled layouts count only after the words "Site code", because they are ambiguous on their own.
	labeled bool
	// tight layouts have only a dash between groups.
	tight bool
}

// layouts has longer codes first, so that a Site code inside a merged code is not found separately.
var layouts = []layout{
	{kind: KindActivationCode, groups: []int{8, 8, 8, 8}},
	{kind: KindActivationCode, groups: []int{32}},
	{kind: KindMerged, groups: []int{4, 4, 4, 4, 4, 4}},
	{kind: KindMerged, groups: []int{8, 4, 4, 4, 4}, tight: true},
	{kind: KindMerged, groups: []int{24}},
	{kind: KindSerialNumber, groups: []int{4, 4, 2, 4, 4}},
	{kind: KindSerialNumber, groups: []int{18}},
	{kind: KindMachineID, groups: []int{4, 4, 4, 4}},
	{kind: KindMachineID, groups: []int{16}},
	{kind: KindRemovalCode, groups: []int{5, 5, 1}},
	{kind: KindRemovalCode, groups: []int{11}},
	{kind: KindSiteCode, groups: []int{8}},
	{kind: KindSiteCode, groups: []int{8}, labeled: true},
	{kind: KindSiteCode, groups: []int{4, 4}, labeled: true},
}

// Find returns every code in a text by its shape, in order and without overlap. The text may be an email, log lines,
// or the output of text recognition with stray spaces. Find searches the first MiB in linear time.
func Find(text string) []Found {
	words := split(withoutTokens(bounded(text)))
	var found []Found
	var numbers []int // indices of Site codes that are only a number, and may be an amount or a telephone number
	certain := false
	for i := 0; i < len(words); {
		f, used, sure := findAt(words, i)
		if used == 0 {
			i++
			continue
		}
		if f.Kind == KindSiteCode {
			certain = certain || sure
			if !sure {
				numbers = append(numbers, len(found))
			}
		}
		found = append(found, f)
		i += used
	}
	if !certain || len(numbers) == 0 {
		return found
	}
	kept := found[:0]
	for i, f := range found {
		if len(numbers) > 0 && numbers[0] == i {
			numbers = numbers[1:]
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// tokens matches license files and other tokens, including wrapped ones.
var tokens = regexp.MustCompile(`v4\.public\.[\w.=-]*(?:\r?\n[> ]*[\w.=-]{25,})*`)

// withoutTokens replaces tokens in a text with blanks, because their base64 contains strings that resemble codes.
func withoutTokens(text string) string {
	if !strings.Contains(text, header) {
		return text
	}
	return tokens.ReplaceAllStringFunc(text, func(token string) string { return strings.Repeat(" ", len(token)) })
}

// bounded cuts a long text at a space near the limit, so that no code is cut in two and mistaken for a shorter one.
func bounded(text string) string {
	if len(text) <= maxSearched {
		return text
	}
	text = text[:maxSearched]
	if at := strings.LastIndexAny(text[maxSearched-1024:], "\n "); at >= 0 {
		return text[:maxSearched-1024+at]
	}
	for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text[:max(len(text)-1, 0)]
}

// findAt finds a code that starts with word i. It returns the number of words of the code, 0 if there is none, and
// whether the code is unambiguous.
func findAt(words []word, i int) (f Found, used int, sure bool) {
	for _, l := range layouts {
		if l.labeled && !labeled(words, i) {
			continue
		}
		used, sure := l.match(words, i)
		if used == 0 {
			continue
		}
		var raw strings.Builder
		for _, w := range words[i : i+used] {
			raw.Write(w.letters)
		}
		shown, err := l.kind.Shown(raw.String())
		if err != nil {
			continue
		}
		f := Found{
			Kind:   l.kind,
			Text:   shown,
			Offset: int(words[i].start),
			Length: int(words[i+used-1].end - words[i].start),
		}
		if l.kind == KindMerged {
			f.Codes, _ = ParseMerged(shown)
		}
		return f, used, sure
	}
	return Found{}, 0, false
}

// labeled reports whether the words "Site code" are shortly before word i.
func labeled(words []word, i int) bool {
	for _, w := range words[max(0, i-3):i] {
		if name := string(w.letters); strings.EqualFold(name, "site") || strings.EqualFold(name, "sitecode") {
			return true
		}
	}
	return false
}

// maxStray is the maximum number of stray spaces inside the groups of a code without dashes between the groups.
const maxStray = 2

// match returns the number of words from word i on that form a code of the layout, 0 if they do not, and whether the
// code is unambiguous. Groups may be split by stray spaces, but end where a word ends.
func (l layout) match(words []word, i int) (used int, sure bool) {
	hexOnly := shapes[l.kind].hex
	var seen tally
	stray, dashed, loose := 0, len(l.groups) > 1, false
	at := i
	for _, size := range l.groups {
		for have := 0; have < size; at++ {
			if at == len(words) {
				return 0, false
			}
			w := &words[at]
			if have+len(w.letters) > size || !w.fits(hexOnly) {
				return 0, false
			}
			switch {
			case at == i:
			case w.gap.other || w.gap.lines > 1 || l.tight && !w.gap.tight():
				return 0, false
			case have > 0:
				if w.gap.dash || w.gap.lines > 0 {
					return 0, false
				}
				stray++
			case w.gap.dash:
				loose = loose || w.gap.space
			case w.gap.lines > 0:
				// A line break between groups must follow their dash; otherwise codes on consecutive lines would be joined.
				return 0, false
			default:
				dashed = false
			}
			if !dashed && stray > l.maxStray() {
				return 0, false
			}
			have += len(w.letters)
			seen.merge(&w.tally)
		}
	}
	if continues(words, i, at, hexOnly, loose) {
		return 0, false
	}
	sure = l.plausible(&seen, dashed)
	if l.kind == KindSiteCode && !sure {
		// A number alone is a weak sign, and a date is none.
		if !l.labeled && (seen.digits < seen.size || looksLikeDate(words[i].letters)) {
			return 0, false
		}
		return at - i, l.labeled
	}
	if !sure {
		return 0, false
	}
	return at - i, true
}

// maxStray returns the number of stray spaces that the layout allows if its groups are not all joined by dashes.
func (l layout) maxStray() int {
	if shapes[l.kind].hex && (len(l.groups) > 1 || l.labeled) {
		return maxStray
	}
	return 0
}

// plausible distinguishes codes from words, numbers and amounts of the same shape. Check letters are verified later.
func (l layout) plausible(seen *tally, dashed bool) bool {
	hexCode, letters := shapes[l.kind].hex, seen.size-seen.digits
	switch {
	case hexCode && dashed:
		return seen.digits > 0
	case hexCode:
		return seen.digits > 0 && letters > 0
	case dashed:
		return seen.digits > 0 || seen.lower == 0
	default:
		return seen.digits > 1 && letters > 0 && seen.lower == 0
	}
}

// continues reports whether the words from..to are part of something longer: a further group follows or precedes.
func continues(words []word, from, to int, hexOnly, loose bool) bool {
	if from > 0 && words[from].gap.tight() {
		if before := &words[from-1]; before.fits(hexOnly) && before.digits > 0 {
			return true
		}
	}
	if to == len(words) {
		return false
	}
	next := &words[to]
	if !next.gap.tight() && (!loose || !next.gap.dash || next.gap.other || next.gap.lines > 0) || !next.fits(hexOnly) {
		return false
	}
	return next.digits > 0 || len(next.letters) == 4 || len(next.letters) == 8
}

// looksLikeDate reports whether eight digits are a calendar date, year first or last.
func looksLikeDate(digits []byte) bool {
	number := func(from, to int) int {
		n := 0
		for _, c := range digits[from:to] {
			n = 10*n + int(c-'0')
		}
		return n
	}
	isDate := func(year, a, b int) bool {
		return year >= 1900 && year < 2100 && a >= 1 && b >= 1 && min(a, b) <= 12 && max(a, b) <= 31
	}
	return isDate(number(0, 4), number(4, 6), number(6, 8)) || isDate(number(4, 8), number(0, 2), number(2, 4))
}

// gap is the text before a word.
type gap struct {
	space, dash bool
	joint       bool  // the dash joins: no underscore
	lines       uint8 // line ends, at most 255
	other       bool  // anything that ends a code
}

// tight reports whether the gap is only a dash, as inside a code.
func (g gap) tight() bool { return g.dash && g.joint && !g.space && g.lines == 0 && !g.other }

// word is a sequence of letters without a separator. It is small, because a hostile text has one for every second
// byte.
type word struct {
	letters    []byte
	start, end int32 // in the text, in bytes
	gap        gap
	tally
}

// tally counts letters, each up to 255: no code is that long.
type tally struct{ size, digits, lower, notHex, notCrockford uint8 }

func (t *tally) fits(hexOnly bool) bool { return t.notCrockford == 0 && (!hexOnly || t.notHex == 0) }

// merge adds the counts of another word of the same code.
func (t *tally) merge(more *tally) {
	t.size += more.size
	t.digits += more.digits
	t.lower += more.lower
}

func (t *tally) count(letter byte) {
	increase(&t.size)
	switch {
	case letter >= '0' && letter <= '9':
		increase(&t.digits)
	case letter >= 'a' && letter <= 'z':
		increase(&t.lower)
	}
	if _, ok := foldLetter(rune(letter), true); !ok {
		increase(&t.notHex)
	}
	if _, ok := foldLetter(rune(letter), false); !ok {
		increase(&t.notCrockford)
	}
}

func increase(n *uint8) {
	if *n < math.MaxUint8 {
		*n++
	}
}

// foreign represents a letter that no code contains.
const foreign = '!'

// split splits a text into words. It ignores quote marks of replies at the start of a line, and soft line breaks of
// mails.
func split(text string) []word {
	letters := make([]byte, 0, len(text))
	var words []word
	var current word
	before := gap{other: true}
	lineStart := true
	first := 0 // letter of the current word
	flush := func() {
		if len(letters) > first {
			current.letters, first = letters[first:], len(letters)
			words = append(words, current)
			current, before = word{}, gap{}
		}
	}
	for i := 0; i < len(text); {
		r, width := utf8.DecodeRuneInString(text[i:])
		at := i
		i += width
		r = narrow(r)
		kind := classify(r)
		switch {
		case r == '=' && softLineEnd(text[i:]) > 0:
			i += softLineEnd(text[i:])
			continue
		case r == '\n' || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\r' && !strings.HasPrefix(text[i:], "\n"):
			flush()
			// A dash on the next line is a bullet and joins nothing.
			increase(&before.lines)
			lineStart = true
			continue
		case kind == hidden && !isQuote(r):
			continue
		case kind == space, lineStart && (r == '>' || r == '|'):
			flush()
			before.space = true
			continue
		case r == '.' || r == ':':
			flush()
			before.other = true
		case kind == dash:
			flush()
			if before.lines > 0 && !before.dash {
				before.other = true
			}
			before.dash = true
			before.joint = r != '_' && r != '\uff3f'
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			letter := byte(foreign)
			if r < utf8.RuneSelf {
				letter = byte(r)
			}
			if current.size == 0 {
				current.start, current.gap = int32(at), before
			}
			letters = append(letters, letter)
			current.count(letter)
			current.end = int32(i)
		default:
			flush()
			before.other = true
		}
		lineStart = false
	}
	flush()
	return words
}

// softLineEnd returns the length of the line break after the "=" of a quoted-printable mail, or 0.
func softLineEnd(rest string) int {
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		return 2
	case strings.HasPrefix(rest, "\n"):
		return 1
	}
	return 0
}
