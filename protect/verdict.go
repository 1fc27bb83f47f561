package protect

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
)

// Kind is the kind of a verdict.
type Kind int

// The kinds of verdicts, the most helpful first: of several license files the one whose verdict comes first is told.
const (
	// Undecided: the check could not be made; it was interrupted, or the program was built wrongly.
	Undecided Kind = iota
	// Valid: the program may run.
	Valid
	// ValidationDue: the license would be valid, but the vendor's server was not heard of for longer than the vendor allows.
	ValidationDue
	// ClockSetBack: the PC's clock tells a time before one that it told already.
	ClockSetBack
	// Expired: the license has ended.
	Expired
	// Ended: the vendor's server said that the license is no longer this PC's.
	Ended
	// NewerState: a newer version of this package wrote the state file of the program. This version cannot tell whether
	// a license has left the PC.
	NewerState
	// UnknownKey: a license file claims to be for this program but names an unknown key, as after the vendor has
	// changed the key. Nothing in the file is verified.
	UnknownKey
	// Removed: the license was removed from this PC, and its file is still there.
	Removed
	// WrongPC: the license is for another PC, or too much of this one has changed.
	WrongPC
	// OlderVersion: the vendor made a license file with a trial version. No program accepts it any more.
	OlderVersion
	// Damaged: a license file cannot be read, or was changed.
	Damaged
	// OtherProgram: there is a license file, for another program.
	OtherProgram
	// NoLicense: nothing was found.
	NoLicense
)

var kindNames = []string{
	"undecided", "valid", "validation due", "clock set back", "expired", "ended", "newer state", "unknown key", "removed",
	"wrong PC", "older version", "damaged", "other program", "no license",
}

// String returns a short name, for logs.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// Verdict is what Open and Check find.
type Verdict struct {
	Kind Kind
	// Text says in whole sentences what was found and what to do.
	Text string
	// License tells of the license; nil when none could be read.
	License *Details
	// Comparison tells what has changed of the PC; of WrongPC only.
	Comparison *license.Comparison
	// At is when the license ended (Expired), the latest time that was seen (ClockSetBack), when the license left or ended
	// (Removed, Ended), since when the server should have been asked (ValidationDue); else zero.
	At time.Time
	// DaysLeft are the days that the license is still good for, the present one included; 0 unless it is valid and ends.
	DaysLeft int
	// Path is the license file, or the state file (NewerState); "" for a typed activation code.
	Path string
}

// Valid reports whether the program may run.
func (v Verdict) Valid() bool { return v.Kind == Valid }

// Has reports whether the license is valid and grants a feature: bit 0 to 15.
func (v Verdict) Has(bit int) bool {
	return v.Valid() && v.License != nil && bit >= 0 && bit < 16 && v.License.Features>>bit&1 == 1
}

// Details are what a license says.
type Details struct {
	// ID and Order are the vendor's numbers; 0 for a typed activation code.
	ID, Order int64
	// Issuer is the name of the vendor's server, and Program the program's as the vendor has it; "" for a typed activation code.
	Issuer, Program string
	// Note is what the person wrote on the license.
	Note string
	// Features are 16 bits whose meaning the program gives them.
	Features uint16
	// Expires is the last moment of validity; zero when the license never ends.
	Expires time.Time
	// Codes are those that the license was made for.
	Codes license.Codes
	// Typed tells that this is a typed activation code.
	Typed bool
}

// changed reports whether two verdicts differ in what a program does by them.
func changed(a, b Verdict) bool {
	if a.Kind != b.Kind || a.Text != b.Text || (a.License == nil) != (b.License == nil) {
		return true
	}
	return a.License != nil && *a.License != *b.License
}

// day shows a date.
func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// explain writes the text of a verdict.
func (l *License) explain(v *Verdict) {
	name := l.program.Name
	const ask = "the ACEN Desktop app"
	which := "The license"
	if v.License != nil && v.License.Typed {
		which = "The activation code"
	}
	again := "Activate this PC in " + ask + ", or give the program a license file"
	if l.program.ActivationKey != nil {
		again += " or an activation code"
	}
	switch v.Kind {
	case Valid:
		v.Text = name + " is licensed on this PC"
		switch {
		case v.License.Expires.IsZero():
			v.Text += "."
		case v.DaysLeft == 1:
			v.Text += " through " + day(v.License.Expires) + ": its last day."
		default:
			v.Text += " through " + day(v.License.Expires) + ": " + strconv.Itoa(v.DaysLeft) + " days left."
		}
	case ValidationDue:
		v.Text = fmt.Sprintf("The license of %s had to be confirmed by the vendor's server by %s. Connect this PC to the network and start the program again; "+
			"without a network, get the license file anew with %s on another PC.", name, day(v.At), ask)
	case ClockSetBack:
		v.Text = fmt.Sprintf("The clock of this PC is wrong: it tells %s, but it has been %s already. Set it right and start %s again. If it is right now, get the license file anew with %s.",
			day(l.options.Now()), day(v.At), name, ask)
	case Expired:
		v.Text = fmt.Sprintf("%s of %s ended on %s. Renew it with the vendor, then get the license file anew with %s.", which, name, day(v.At), ask)
	case Ended:
		v.Text = fmt.Sprintf("The vendor's server says that this license of %s is no longer this PC's: it was removed, moved to another PC or replaced. %s.", name, again)
	case NewerState:
		v.Text = fmt.Sprintf("What this PC keeps about licenses of %s was written by a newer version of %s or of %s, so this version "+
			"cannot tell whether a license is here. Update %s, then start it again. The file %s was left as it is.",
			name, ask, name, name, v.Path)
	case UnknownKey:
		v.Text = fmt.Sprintf("The license file %s was signed with a key that this version of %s does not know; the vendor "+
			"may have changed it. Update %s. If it is up to date already, get the license file anew with %s.",
			v.Path, name, name, ask)
	case Removed:
		v.Text = fmt.Sprintf("The license of %s was removed from this PC on %s. To use the program here again: %s.", name, day(v.At), strings.ToLower(again[:1])+again[1:])
	case WrongPC:
		v.Text = fmt.Sprintf("%s of %s is for another PC, or too much of this PC has changed.", which, name)
		for _, r := range v.Comparison.Reasons {
			v.Text += " " + r.String()
		}
		v.Text += " Bring the license back to this PC with License reactivation in " + ask + "."
	case OlderVersion:
		v.Text = fmt.Sprintf("The license file %s was made by an older trial version and is not valid any more. %s.", v.Path, again)
	case Damaged:
		v.Text = fmt.Sprintf("The license file %s is damaged, was changed, or cannot be read. Get it anew with %s.", v.Path, ask)
	case OtherProgram:
		v.Text = fmt.Sprintf("The license file %s is for another program, or for a newer version of %s. %s.", v.Path, name, again)
	case NoLicense:
		v.Text = fmt.Sprintf("There is no license for %s on this PC. %s.", name, again)
	}
}
