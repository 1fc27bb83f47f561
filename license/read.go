package license

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// CodeKind names a kind of code.
type CodeKind int

// The kinds of codes that people type.
const (
	KindSiteCode CodeKind = 1 + iota
	KindMachineID
	KindMerged
	KindActivationCode
	KindRemovalCode
	KindSerialNumber
)

// String returns the name that the app shows for the kind.
func (k CodeKind) String() string {
	if shape, ok := shapes[k]; ok {
		return shape.name
	}
	return "code"
}

// shape is how a kind of code is written.
type shape struct {
	name   string
	groups []int
	hex    bool
}

var shapes = map[CodeKind]shape{
	KindSiteCode:       {"Site code", []int{8}, true},
	KindMachineID:      {"Machine ID", []int{4, 4, 4, 4}, true},
	KindMerged:         {"Site code and Machine ID", []int{4, 4, 4, 4, 4, 4}, true},
	KindActivationCode: {"activation code", []int{8, 8, 8, 8}, true},
	KindRemovalCode:    {"removal code", []int{5, 5, 1}, false},
	KindSerialNumber:   {"serial number", []int{4, 4, 2, 4, 4}, false},
}

func (s shape) length() int {
	n := 0
	for _, g := range s.groups {
		n += g
	}
	return n
}

// Groups returns how many letters stand in each group of the kind's shown form.
func (k CodeKind) Groups() []int { return append([]int(nil), shapes[k].groups...) }

// ErrMalformed is found by errors.Is in every CodeError.
var ErrMalformed = errors.New("malformed code")

// Fault says what is wrong with a typed code.
type Fault int

// The faults of typed codes.
const (
	FaultEmpty       Fault = 1 + iota // nothing was typed
	FaultTooShort                     // letters are missing
	FaultTooLong                      // there are too many letters
	FaultLetter                       // a letter that the code cannot hold
	FaultCheckLetter                  // the check letter tells that some letter is wrong
)

// CodeError says what is wrong with a typed code and, where it can be told, in which group.
type CodeError struct {
	Kind  CodeKind
	Fault Fault
	// Group is the group with the fault, counted from 1; 0 when it cannot be told.
	Group int
	// Letter is the wrong letter of FaultLetter.
	Letter rune
	// Have and Want count letters for FaultTooShort and FaultTooLong.
	Have, Want int
}

// Error is one plain sentence that names the group; it does not repeat the code.
func (e *CodeError) Error() string {
	name := e.Kind.String()
	switch e.Fault {
	case FaultEmpty:
		return fmt.Sprintf("The %s is missing.", name)
	case FaultTooShort:
		if groups := len(shapes[e.Kind].groups); groups > 1 {
			return fmt.Sprintf("The %s is not complete: group %d of %d is too short (%d of %d characters so far).", name, e.Group, groups, e.Have, e.Want)
		}
		return fmt.Sprintf("The %s is not complete: %d of %d characters so far.", name, e.Have, e.Want)
	case FaultTooLong:
		return fmt.Sprintf("The %s is too long: it has %d characters, not %d.", name, e.Want, e.Have)
	case FaultLetter:
		letter := strconv.QuoteRune(e.Letter)
		if groups := len(shapes[e.Kind].groups); groups > 1 {
			return fmt.Sprintf("Group %d of the %s has the character %s, which no %s contains.", e.Group, name, letter, name)
		}
		return fmt.Sprintf("The %s has the character %s, which no %s contains.", name, letter, name)
	case FaultCheckLetter:
		return fmt.Sprintf("The %s does not fit its check letter: one of its letters is wrong.", name)
	}
	return fmt.Sprintf("The %s cannot be read.", name)
}

// Is makes errors.Is(err, ErrMalformed) true.
func (e *CodeError) Is(target error) bool { return target == ErrMalformed }

// ignored reports whether a rune may stand anywhere in a typed code without meaning: spaces, dashes,
// quotes, invisible characters.
func ignored(r rune) bool {
	switch r {
	case '\'', '"', '`', '´', '_', '.', ':', '\u00ad', '\u2212', '\u30fc', '\uff3f':
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Pi, unicode.Pf, unicode.Cf, unicode.Cc, unicode.Zs, unicode.Mn) ||
		r == '\u3164' || r == '\u115f' || r == '\u1160' || r == '\uffa0'
}

// foldLetter returns a rune as a code writes it: full-width forms narrowed, upper case, O read as 0, I and L as 1.
// It answers false for a letter that the alphabet does not have.
func foldLetter(r rune, hexOnly bool) (byte, bool) {
	if r >= '\uff01' && r <= '\uff5e' {
		r -= '\uff01' - '!'
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	switch r {
	case 'O':
		r = '0'
	case 'I', 'L':
		r = '1'
	}
	if r > 'Z' || crockfordValue[byte(r)] < 0 || hexOnly && r > 'F' {
		return 0, false
	}
	return byte(r), true
}

// FoldLetter reads one typed letter of a kind of code: upper case, O as 0, I and L as 1. It answers false for
// a letter that no such code contains.
func (k CodeKind) FoldLetter(r rune) (rune, bool) {
	letter, ok := foldLetter(r, shapes[k].hex)
	return rune(letter), ok
}

// maxTyped bounds what a parser looks at, in bytes: a code is never near it.
const maxTyped = 4096

// letters reads the letters of one code. The result has exactly the letters of the kind.
func letters(kind CodeKind, text string) (string, error) {
	s := shapes[kind]
	want := s.length()
	read := make([]byte, 0, want)
	have := 0
	if len(text) > maxTyped {
		return "", &CodeError{Kind: kind, Fault: FaultTooLong, Have: want, Want: len(text)}
	}
	for _, r := range text {
		if ignored(r) {
			continue
		}
		letter, ok := foldLetter(r, s.hex)
		if !ok {
			return "", &CodeError{Kind: kind, Fault: FaultLetter, Group: s.groupOf(have), Letter: r}
		}
		if have < want {
			read = append(read, letter)
		}
		have++
	}
	switch {
	case have == 0:
		return "", &CodeError{Kind: kind, Fault: FaultEmpty}
	case have > want:
		return "", &CodeError{Kind: kind, Fault: FaultTooLong, Have: want, Want: have}
	case have < want:
		group, inGroup := s.groupOf(have), have
		for _, g := range s.groups[:group-1] {
			inGroup -= g
		}
		return "", &CodeError{Kind: kind, Fault: FaultTooShort, Group: group, Have: inGroup, Want: s.groups[group-1]}
	}
	return string(read), nil
}

// groupOf returns the group, counted from 1, in which the letter with an index stands.
func (s shape) groupOf(index int) int {
	for i, g := range s.groups {
		if index < g {
			return i + 1
		}
		index -= g
	}
	return len(s.groups)
}

func parseHex(kind CodeKind, text string, bits int) (uint64, error) {
	read, err := letters(kind, text)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(read, 16, bits)
}

// ParseSiteCode reads a typed Site code. Like every parser of this package it ignores case, spaces, dashes, line
// breaks, quotes and invisible characters, and fails with a *CodeError (codes.md, "Reading what people type").
func ParseSiteCode(text string) (SiteCode, error) {
	v, err := parseHex(KindSiteCode, text, 32)
	return SiteCode(v), err
}

// ParseMachineID reads a typed Machine ID. It fails with a *CodeError.
func ParseMachineID(text string) (MachineID, error) {
	v, err := parseHex(KindMachineID, text, 64)
	return MachineID(v), err
}

// ParseMerged reads the merged form of both codes. It fails with a *CodeError.
func ParseMerged(text string) (Codes, error) {
	read, err := letters(KindMerged, text)
	if err != nil {
		return Codes{}, err
	}
	return ParseCodes(read[:8], read[8:])
}

// ParseCodes reads a Site code and a Machine ID. It fails with a *CodeError; it does not tell whether they
// belong together, which Key.Open does.
func ParseCodes(site, machine string) (Codes, error) {
	s, err := ParseSiteCode(site)
	if err != nil {
		return Codes{}, err
	}
	m, err := ParseMachineID(machine)
	if err != nil {
		return Codes{}, err
	}
	return Codes{Site: s, Machine: m}, nil
}

// ParseActivationCode reads a typed activation code. It fails with a *CodeError.
func ParseActivationCode(text string) (ActivationCode, error) {
	var code ActivationCode
	read, err := letters(KindActivationCode, text)
	if err != nil {
		return code, err
	}
	_, err = hex.Decode(code[:], []byte(read))
	return code, err
}

// parseCrockford reads a code with a check letter and returns the values of its letters without it.
func parseCrockford(kind CodeKind, text string) ([]byte, error) {
	read, err := letters(kind, text)
	if err != nil {
		return nil, err
	}
	values := crockfordValues(read)
	last := len(values) - 1
	if checkLetter(values[:last]) != values[last] {
		return nil, &CodeError{Kind: kind, Fault: FaultCheckLetter}
	}
	return values[:last], nil
}

// ParseRemovalCode reads a typed removal code and its check letter. It fails with a *CodeError.
func ParseRemovalCode(text string) (RemovalCode, error) {
	values, err := parseCrockford(KindRemovalCode, text)
	if err != nil {
		return 0, err
	}
	var code RemovalCode
	for _, v := range values {
		code = code<<5 | RemovalCode(v)
	}
	return code, nil
}

// ParseSerialNumber reads a typed serial number and its check letter. It fails with a *CodeError; whether the
// number belongs to a program only SerialSeed.Open tells.
func ParseSerialNumber(text string) (SerialNumber, error) {
	values, err := parseCrockford(KindSerialNumber, text)
	if err != nil {
		return SerialNumber{}, err
	}
	return serialFromValues(values), nil
}

// Shown returns a typed code of a kind in its shown form. It fails with a *CodeError.
func (k CodeKind) Shown(text string) (string, error) {
	var shown fmt.Stringer
	var err error
	switch k {
	case KindSiteCode:
		shown, err = ParseSiteCode(text)
	case KindMachineID:
		shown, err = ParseMachineID(text)
	case KindMerged:
		var c Codes
		if c, err = ParseMerged(text); err == nil {
			return c.Merged(), nil
		}
	case KindActivationCode:
		shown, err = ParseActivationCode(text)
	case KindRemovalCode:
		shown, err = ParseRemovalCode(text)
	case KindSerialNumber:
		shown, err = ParseSerialNumber(text)
	default:
		return "", &CodeError{Kind: k}
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(shown.String()), nil
}
