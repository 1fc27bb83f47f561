package license

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// CodeKind is a kind of code.
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

// String returns the name of the kind that the app shows.
func (k CodeKind) String() string {
	if shape, ok := shapes[k]; ok {
		return shape.name
	}
	return "code"
}

// shape is the form of a kind of code.
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

// decodeShown decodes a hex code in exactly its shown form, as programs write it. It is a fast path: most codes are in
// files and databases.
func (k CodeKind) decodeShown(text string, code []byte) bool {
	s := shapes[k]
	if !s.hex || len(text) != 2*len(code)+len(s.groups)-1 {
		return false
	}
	size, digits := s.groups[0], 0 // all groups of a hex code have the same size
	for at := range len(text) {
		if at%(size+1) == size {
			if text[at] != '-' {
				return false
			}
			continue
		}
		digit := crockfordValue[text[at]] // hex digits are Crockford's first sixteen letters
		if digit < 0 || digit > 0xf {
			return false
		}
		code[digits/2] = code[digits/2]<<4 | byte(digit)
		digits++
	}
	return true
}

// Groups returns the number of letters in each group of the kind's shown form.
func (k CodeKind) Groups() []int { return append([]int(nil), shapes[k].groups...) }

// ErrMalformed is matched by every CodeError.
var ErrMalformed = errors.New("malformed code")

// Fault is what is wrong with a typed code.
type Fault int

// The faults of typed codes.
const (
	FaultEmpty       Fault = 1 + iota // nothing was typed
	FaultTooShort                     // letters are missing
	FaultTooLong                      // there are too many letters
	FaultLetter                       // a letter that no such code contains
	FaultCheckLetter                  // the check letter shows that some letter is wrong
)

// CodeError is a fault in a typed code and, if known, in which group.
type CodeError struct {
	Kind  CodeKind
	Fault Fault
	// Group is the group with the fault, from 1; 0 if unknown.
	Group int
	// Letter is the wrong letter of FaultLetter.
	Letter rune
	// Have is the number of letters typed and Want the number required, for FaultTooShort and FaultTooLong: in the group
	// if Group is set, else in the entire code.
	Have, Want int
}

// Error returns one sentence that names the group. It does not contain the code.
func (e *CodeError) Error() string {
	name, groups := e.Kind.String(), len(shapes[e.Kind].groups)
	inGroup := e.Group > 0 && groups > 1
	switch e.Fault {
	case FaultEmpty:
		return fmt.Sprintf("The %s is missing.", name)
	case FaultTooShort:
		if inGroup && e.Have == 0 {
			return fmt.Sprintf("The %s is not complete: group %d of %d is missing.", name, e.Group, groups)
		}
		if inGroup {
			return fmt.Sprintf("The %s is not complete: group %d of %d is too short (%d of %d characters so far).",
				name, e.Group, groups, e.Have, e.Want)
		}
		return fmt.Sprintf("The %s is not complete: %d of %d characters so far.", name, e.Have, e.Want)
	case FaultTooLong:
		if inGroup {
			return fmt.Sprintf("Group %d of the %s is too long: it has %d characters, not %d.", e.Group, name, e.Have, e.Want)
		}
		return fmt.Sprintf("The %s is too long: it has %d characters, not %d.", name, e.Have, e.Want)
	case FaultLetter:
		letter := strconv.QuoteRune(e.Letter)
		if inGroup {
			return fmt.Sprintf("Group %d of the %s has the character %s, which no %s contains.", e.Group, name, letter, name)
		}
		return fmt.Sprintf("The %s has the character %s, which no %s contains.", name, letter, name)
	case FaultCheckLetter:
		return fmt.Sprintf("The %s does not fit its check letter: one of its letters is wrong.", name)
	}
	return fmt.Sprintf("The %s cannot be read.", name)
}

// Is reports true for ErrMalformed.
func (e *CodeError) Is(target error) bool { return target == ErrMalformed }

// FoldLetter normalizes one typed letter of a kind of code: upper case, O as 0, I and L as 1. It returns false for a
// letter that no such code contains.
func (k CodeKind) FoldLetter(r rune) (rune, bool) {
	letter, ok := foldLetter(r, shapes[k].hex)
	return rune(letter), ok
}

// maxTyped is the maximum length of a typed code in bytes, far above that of a valid one.
const maxTyped = 4096

// letters parses the letters of one code. The result has exactly the letters of the kind.
func letters(kind CodeKind, text string) (string, error) {
	s := shapes[kind]
	want := s.length()
	if len(text) > maxTyped {
		return "", &CodeError{
			Kind:  kind,
			Fault: FaultTooLong,
			Have:  utf8.RuneCountInString(text),
			Want:  want,
		}
	}
	read := make([]byte, 0, want)
	var byDash, bySpace pieces
	for _, r := range text {
		switch classify(r) {
		case hidden:
			continue
		case space:
			bySpace.cut()
			continue
		case dash:
			byDash.cut()
			bySpace.cut()
			continue
		}
		letter, ok := foldLetter(r, s.hex)
		if !ok {
			return "", &CodeError{
				Kind:   kind,
				Fault:  FaultLetter,
				Group:  s.groupOfNext(separators(byDash, bySpace)),
				Letter: r,
			}
		}
		byDash.add()
		bySpace.add()
		read = append(read, letter)
	}
	switch {
	case len(read) == want:
		return string(read), nil
	case len(read) == 0:
		return "", &CodeError{Kind: kind, Fault: FaultEmpty}
	}
	return "", s.lengthError(kind, separators(byDash, bySpace), len(read))
}

// pieces counts the letters of each part of a typed code between separators.
type pieces struct {
	sizes []int
	open  bool
}

func (p *pieces) cut() { p.open = false }

func (p *pieces) add() {
	if !p.open {
		p.sizes, p.open = append(p.sizes, 0), true
	}
	p.sizes[len(p.sizes)-1]++
}

// separators prefers dashes as the ends of groups; only a code without dashes has its groups separated by spaces.
func separators(byDash, bySpace pieces) pieces {
	if len(byDash.sizes) > 1 || len(byDash.sizes) == 1 && !byDash.open {
		return byDash
	}
	return bySpace
}

// fill assigns the pieces to the groups of a shape. A piece may span several complete groups, because people omit
// dashes. fill returns the number of groups filled and, if a piece ends within a group, how many of its letters
// belong to that group; excess is true if the piece has more letters than its group.
func (s shape) fill(sizes []int) (full, rest int, excess bool) {
	for _, size := range sizes {
		first := full
		rest = size
		for full < len(s.groups) && rest >= s.groups[full] {
			rest -= s.groups[full]
			full++
		}
		switch {
		case rest == 0:
		case full == first:
			return full, rest, full == len(s.groups)
		default:
			// The piece is longer than its group but does not end with a group: the excess belongs to its first group.
			return first, size, true
		}
	}
	return full, 0, false
}

// groupOfNext returns the group, from 1, of the letter that follows the pieces so far.
func (s shape) groupOfNext(p pieces) int {
	group := 0
	for i, size := range p.sizes {
		last := i == len(p.sizes)-1
		if last && p.open {
			for group < len(s.groups)-1 && size >= s.groups[group] {
				size -= s.groups[group]
				group++
			}
			break
		}
		// A separator ends the group, whatever its length.
		for group++; group < len(s.groups) && size >= s.groups[group-1]+s.groups[group]; group++ {
			size -= s.groups[group-1]
		}
	}
	return min(group+1, len(s.groups))
}

// lengthError names the group of the wrong length if the separators identify it.
func (s shape) lengthError(kind CodeKind, p pieces, have int) *CodeError {
	e := &CodeError{
		Kind:  kind,
		Fault: FaultTooShort,
		Have:  have,
		Want:  s.length(),
	}
	if have > e.Want {
		e.Fault = FaultTooLong
	}
	switch {
	case len(s.groups) == 1:
		e.Group = 1
		return e
	case len(p.sizes) < 2 && have > s.groups[0]:
		return e
	}
	full, rest, excess := s.fill(p.sizes)
	if full == len(s.groups) {
		return e
	}
	e.Group, e.Have, e.Want, e.Fault = full+1, rest, s.groups[full], FaultTooShort
	if excess {
		e.Fault = FaultTooLong
	}
	return e
}

// parseHex decodes a hex code.
func parseHex(kind CodeKind, text string, code []byte) error {
	if kind.decodeShown(text, code) {
		return nil
	}
	read, err := letters(kind, text)
	if err != nil {
		return err
	}
	_, err = hex.Decode(code, []byte(read))
	return err
}

// ParseSiteCode parses a typed Site code. Like every parser of this package it ignores case, spaces, dashes, line
// breaks, quotes and invisible characters, and fails with a *CodeError (spec: codes "Reading what people type").
func ParseSiteCode(text string) (SiteCode, error) {
	var code [4]byte
	if err := parseHex(KindSiteCode, text, code[:]); err != nil {
		return 0, err
	}
	return SiteCode(binary.BigEndian.Uint32(code[:])), nil
}

// ParseMachineID parses a typed Machine ID. It fails with a *CodeError.
func ParseMachineID(text string) (MachineID, error) {
	var code [8]byte
	if err := parseHex(KindMachineID, text, code[:]); err != nil {
		return 0, err
	}
	return MachineID(binary.BigEndian.Uint64(code[:])), nil
}

// ParseMerged parses the merged form of both codes. It fails with a *CodeError.
func ParseMerged(text string) (Codes, error) {
	var code [12]byte
	if err := parseHex(KindMerged, text, code[:]); err != nil {
		return Codes{}, err
	}
	return codesFrom(code), nil
}

// ParseCodes parses a Site code and a Machine ID. It fails with a *CodeError. It does not check that they belong
// together; Key.Open does.
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

// ParseActivationCode parses a typed activation code. It fails with a *CodeError.
func ParseActivationCode(text string) (ActivationCode, error) {
	var code ActivationCode
	if err := parseHex(KindActivationCode, text, code[:]); err != nil {
		return ActivationCode{}, err
	}
	return code, nil
}

// parseCrockford parses a code with a check letter and returns the values of its other letters.
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

// ParseRemovalCode parses a typed removal code and verifies its check letter. It fails with a *CodeError.
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

// ParseSerialNumber parses a typed serial number and verifies its check letter. It fails with a *CodeError. It does
// not check that the number belongs to a program; SerialSeed.Open does.
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
	return shown.String(), nil
}
