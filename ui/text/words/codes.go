package words

import (
	"errors"
	"strconv"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Code returns the name of a kind of code within a sentence: "Site code", "removal code".
func Code(kind license.CodeKind) string {
	if name, ok := codes[kind]; ok {
		return tr.T(name)
	}
	return tr.T("code")
}

var codes = map[license.CodeKind]tr.Text{
	license.KindSiteCode:       "Site code",
	license.KindMachineID:      "Machine ID",
	license.KindMerged:         "Site code and Machine ID",
	license.KindActivationCode: "activation code",
	license.KindRemovalCode:    "removal code",
	license.KindSerialNumber:   "serial number",
}

// Parse returns a function that parses a complete code of a kind. Its error is a translated sentence that wraps a
// *license.CodeError.
func Parse(kind license.CodeKind) func(text string) (shown string, err error) {
	return func(text string) (string, error) {
		shown, err := kind.Shown(text)
		return shown, CodeError(err)
	}
}

// CodeError translates a *license.CodeError and returns other errors unchanged.
func CodeError(err error) error {
	var typed *license.CodeError
	if !errors.As(err, &typed) {
		return err
	}
	return &fault{typed}
}

// fault is a license.CodeError with a translated message.
type fault struct{ cause *license.CodeError }

func (f *fault) Unwrap() error { return f.cause }

func (f *fault) Error() string {
	e := f.cause
	name, groups := Code(e.Kind), len(e.Kind.Groups())
	inGroup := e.Group > 0 && groups > 1
	switch e.Fault {
	case license.FaultEmpty:
		return tr.T("The %s is missing.", name)
	case license.FaultTooShort:
		switch {
		case inGroup && e.Have == 0:
			return tr.T("The %s is not complete: group %d of %d is missing.", name, e.Group, groups)
		case inGroup:
			return tr.T("The %s is not complete: group %d of %d is too short (%d of %d characters so far).",
				name, e.Group, groups, e.Have, e.Want)
		}
		return tr.T("The %s is not complete: %d of %d characters so far.", name, e.Have, e.Want)
	case license.FaultTooLong:
		if inGroup {
			return tr.T("Group %d of the %s is too long: it has %d characters, not %d.", e.Group, name, e.Have, e.Want)
		}
		return tr.T("The %s is too long: it has %d characters, not %d.", name, e.Have, e.Want)
	case license.FaultLetter:
		letter := strconv.QuoteRune(e.Letter)
		if inGroup {
			return tr.T("Group %[1]d of the %[2]s has the character %[3]s, which no %[2]s contains.", e.Group, name, letter)
		}
		return tr.T("The %[1]s has the character %[2]s, which no %[1]s contains.", name, letter)
	case license.FaultCheckLetter:
		return tr.T("The %s does not fit its check letter: one of its letters is wrong.", name)
	}
	return tr.T("The %s cannot be read.", name)
}

// LockState returns the state of a lock in a comparison: "same".
func LockState(l license.LockState) string {
	switch l.State {
	case license.Same:
		return tr.T("same")
	case license.Changed:
		return tr.T("changed")
	case license.Gone:
		return tr.T("not readable now")
	case license.New:
		return tr.T("was not readable")
	}
	return tr.T("not readable before or now")
}

// Refusal returns a sentence about why a comparison was not accepted.
func Refusal(r license.Reason) string {
	if text, ok := refusals[r]; ok {
		return tr.T(text)
	}
	return r.String()
}

var refusals = map[license.Reason]tr.Text{
	license.ReasonAnyDifference:  "This program allows no change of the PC.",
	license.ReasonNotChangeable:  "A lock changed that must not change for this program.",
	license.ReasonTooManyChanges: "Too many hardware locks are different.",
	license.ReasonAnotherPC: "Neither network card nor disk is that of the license: this may be another PC. " +
		"The vendor can replace the license.",
	license.ReasonTooFewReadable: "Neither network card nor disk can be compared, and the rest does not tell this PC " +
		"from others. The vendor can replace the license.",
}

// Document returns the name of a kind of document within a sentence: "request".
func Document(k carry.Kind) string {
	if name, ok := documents[k]; ok {
		return tr.T(name)
	}
	return string(k)
}

var documents = map[carry.Kind]tr.Text{
	carry.KindRequest: "request",
	carry.KindAnswer:  "answer",
	carry.KindLicense: "license file",
}

// AllowedChanges returns the number of hardware locks that may change: "1 allowed hardware change".
func AllowedChanges(n int) string {
	return tr.N(n, "%d allowed hardware change", "%d allowed hardware changes")
}
