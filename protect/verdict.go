package protect

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// Kind is the kind of a verdict.
type Kind int

// The kinds of verdicts, the most helpful first: of several license files the one with the first kind is shown.
const (
	// Undecided: the check was incomplete; it was interrupted, or the program was built wrongly.
	Undecided Kind = iota
	// Valid: the program may run.
	Valid
	// ValidationDue: the license would be valid, but the last answer of the vendor's server is older than the grace.
	ValidationDue
	// ClockSetBack: the PC's clock shows a time before one that it has shown already.
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
	// Unreadable: a license file, or a folder that may contain one, cannot be read: this account lacks permission, the
	// folder does not respond, or the account has no home folder.
	Unreadable
	// Removed: the license was removed from this PC, and its file is still there.
	Removed
	// WrongPC: the license is for another PC, or too much of this one has changed.
	WrongPC
	// OlderVersion: the vendor made the license file with a trial version. No program accepts it.
	OlderVersion
	// Damaged: a license file cannot be read, or was changed.
	Damaged
	// OtherProgram: there is a license file, for another program.
	OtherProgram
	// NoLicense: nothing was found.
	NoLicense
)

var kindNames = []string{
	"undecided", "valid", "validation due", "clock set back", "expired", "ended", "newer state", "unknown key",
	"unreadable", "removed", "wrong PC", "older version", "damaged", "other program", "no license",
}

// String returns a short name, for logs.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// Verdict is the result of Open and Check. Text explains it in sentences for a person.
type Verdict struct {
	Kind Kind
	// License describes the license; nil if none could be read.
	License *Details
	// Comparison is the comparison with the PC of the license; only for WrongPC.
	Comparison *license.Comparison
	// At is when the license ended (Expired), the latest time that was seen (ClockSetBack), when the license left or
	// ended (Removed, Ended), or when validation became due (ValidationDue); else zero.
	At time.Time
	// DaysLeft is the number of days that the license is still valid, the present one included; 0 unless it is valid and
	// ends.
	DaysLeft int
	// Path is the license file, the state file (NewerState), or the license file or folder that cannot be read
	// (Unreadable); "" for a typed activation code, for a file that was given as text, and without a home folder.
	Path string
	// Err is why the check could not be made (Undecided), or why Path cannot be read (Unreadable).
	Err error

	program string    // its name
	typed   bool      // the program accepts typed activation codes
	now     time.Time // time of the clock (ClockSetBack)
	folder  bool      // Path is a folder
}

// Valid reports whether the program may run.
func (v Verdict) Valid() bool { return v.Kind == Valid }

// Has reports whether the license is valid and grants a feature: bit 0 to 15.
func (v Verdict) Has(bit int) bool {
	return v.Valid() && v.License != nil && bit >= 0 && bit < 16 && v.License.Features>>bit&1 == 1
}

// Details describe a license. Of several valid licenses they are those of the one that lasts longest, except for the
// features.
type Details struct {
	// ID and Order are the vendor's numbers; 0 for a typed activation code.
	ID, Order int64
	// Issuer is the name of the vendor's server, and Program the vendor's name for the program; "" for a typed
	// activation code.
	Issuer, Program string
	// Note is the person's note on the license.
	Note string
	// Features are 16 bits whose meaning the program defines; the union over all valid licenses.
	Features uint16
	// Expires is the last moment of validity; zero if the license never ends.
	Expires time.Time
	// Codes are those of the license.
	Codes license.Codes
	// Typed is true for a typed activation code.
	Typed bool
}

// changed reports whether two verdicts differ in a way that matters to a program.
func changed(a, b Verdict) bool {
	if a.Kind != b.Kind || a.Text("en") != b.Text("en") || (a.License == nil) != (b.License == nil) {
		return true
	}
	return a.License != nil && *a.License != *b.License
}

// String returns the text in English.
func (v Verdict) String() string { return v.Text("en") }

// Text returns sentences about the result and what to do, in one of the desktop app's languages: en, de, fr, es or
// ja. It accepts tags with a region such as "de-AT" or "de_AT.UTF-8", and returns English for any other language.
func (v Verdict) Text(language string) string {
	if v.program == "" && v.Err == nil {
		return "" // the zero verdict
	}
	in, ends := languageOf(language), v.At
	if v.Kind == Valid {
		ends = v.License.Expires
	}
	file := phrases["given file"]
	if v.Path != "" {
		file = phrases["file"]
	}
	activate := phrases["activate"]
	if v.typed {
		activate = phrases["activate, typed"]
	}
	values := []string{
		"{program}", v.program,
		"{path}", v.Path,
		"{File}", file.in(in, "{path}", v.Path),
		"{folder}", v.dir(),
		"{date}", day(in, v.At),
		"{end}", end(in, ends),
		"{now}", day(in, v.now),
		"{days}", strconv.Itoa(v.DaysLeft),
		"{activate}", activate.in(in),
		"{reasons}", v.reasons(in),
		"{back}", v.back(in),
	}
	if v.Err != nil {
		values = append(values, "{error}", v.Err.Error())
	}
	return phrases[v.phrase()].in(in, values...)
}

// dir returns the folder that cannot be read, or in which the file is.
func (v Verdict) dir() string {
	if v.folder {
		return v.Path
	}
	return filepath.Dir(v.Path)
}

// reasons returns why the PC is not recognized, with a separator at the end.
func (v Verdict) reasons(language int) (text string) {
	if v.Comparison == nil {
		return ""
	}
	for _, r := range v.Comparison.Reasons {
		text += phrases[r.Name()].in(language)
		if languages[language] != "ja" {
			text += " "
		}
	}
	return text
}

// back returns the advice to bring the license back, or "" if the same comparison would refuse that: then the reasons
// name who can help.
func (v Verdict) back(language int) string {
	if v.Comparison != nil {
		for _, r := range v.Comparison.Reasons {
			if r == license.ReasonAnotherPC || r == license.ReasonTooFewReadable {
				return ""
			}
		}
	}
	return phrases["back"].in(language)
}

// phrase returns the name of the verdict's phrase.
func (v Verdict) phrase() string {
	typed := ""
	if v.License != nil && v.License.Typed {
		typed = ", typed"
	}
	switch v.Kind {
	case Valid:
		switch {
		case v.License.Expires.IsZero():
			return "valid"
		case v.DaysLeft == 1:
			return "valid, last day"
		}
		return "valid, days"
	case ClockSetBack:
		return "clock" + typed
	case Expired:
		return "expired" + typed
	case WrongPC:
		return "wrong PC" + typed
	case Unreadable:
		switch {
		case errors.Is(v.Err, installed.ErrNoHome):
			return "no home"
		case errors.Is(v.Err, installed.ErrTimeout):
			return "silent"
		case !v.folder:
			return "denied"
		case errors.Is(v.Err, fs.ErrPermission):
			return "denied folder"
		}
		return "broken folder"
	case Undecided:
		if errors.Is(v.Err, errMisbuilt) {
			return "misbuilt"
		}
		return "no locks"
	}
	return v.Kind.String()
}

// errMisbuilt is matched by errors of a program that was built wrongly.
var errMisbuilt = errors.New("built wrongly")

// misbuilt is the mistake of a program that was built wrongly; it is errMisbuilt.
type misbuilt struct{ error }

func (misbuilt) Is(target error) bool { return target == errMisbuilt }

func (m misbuilt) Unwrap() error { return m.error }

// explain sets the fields of a verdict that Text takes from the program.
func (l *License) explain(v *Verdict) {
	v.program, v.typed = l.program.Name, l.program.ActivationKey != nil
	if v.Kind == ClockSetBack {
		v.now = l.options.Now()
	}
}
