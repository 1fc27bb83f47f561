package license

import (
	"fmt"
	"slices"
)

// Policy says how much of a PC may change before it is no longer recognised (codes.md, "Comparing locks").
type Policy struct {
	// Enabled off: any difference refuses.
	Enabled bool
	// MaxHardwareChanges is how many hardware locks may be changed or unreadable.
	MaxHardwareChanges int
	// Changeable lists the locks that may change at all.
	Changeable []Lock
}

// DefaultPolicy allows one changed hardware lock and every changed software lock.
func DefaultPolicy() Policy {
	return Policy{Enabled: true, MaxHardwareChanges: 1, Changeable: Locks()}
}

func (p Policy) changeable(l Lock) bool {
	return slices.Contains(p.Changeable, l)
}

// State is what became of one lock.
type State int

// The states of a lock.
const (
	Same State = iota
	Changed
	Unreadable
)

// String returns the name on the wire: "same", "changed" or "unreadable".
func (s State) String() string {
	switch s {
	case Same:
		return "same"
	case Changed:
		return "changed"
	default:
		return "unreadable"
	}
}

// LockState is the state of one lock in a comparison.
type LockState struct {
	Lock       Lock
	State      State
	Changeable bool
	// Absent is set when the lock is unreadable on both sides, which counts as same.
	Absent bool
	// Counts is set when the difference counts towards the allowed hardware changes.
	Counts bool
}

// minRecognizable is how many hardware locks must be readable on both sides to recognise a PC at all.
const minRecognizable = 2

// Reason is why a comparison refuses.
type Reason int

// The reasons to refuse.
const (
	// ReasonAnyDifference: the program allows no difference at all and there is one.
	ReasonAnyDifference Reason = 1 + iota
	// ReasonNotChangeable: a lock differs that must not.
	ReasonNotChangeable
	// ReasonTooManyChanges: more hardware locks differ than are allowed.
	ReasonTooManyChanges
	// ReasonTooFewReadable: fewer than two hardware locks are readable on both sides.
	ReasonTooFewReadable
)

// String is a plain sentence.
func (r Reason) String() string {
	switch r {
	case ReasonAnyDifference:
		return "This program allows no change of the PC."
	case ReasonNotChangeable:
		return "A lock changed that must not change for this program."
	case ReasonTooManyChanges:
		return "Too many hardware locks are different."
	case ReasonTooFewReadable:
		return "Too few hardware locks can be read to recognise the PC."
	}
	return fmt.Sprintf("reason %d", int(r))
}

// Comparison is the outcome of comparing two lock blocks.
type Comparison struct {
	Locks              [LockCount]LockState
	HardwareChanges    int
	MaxHardwareChanges int
	Accepted           bool
	// Reasons says why the comparison refuses; empty when accepted.
	Reasons []Reason
}

// Count returns how many locks have a state.
func (c Comparison) Count(s State) int {
	n := 0
	for _, l := range c.Locks {
		if l.State == s {
			n++
		}
	}
	return n
}

// Compare decides whether a PC with block now is still the one with block then. Server, preview and embedded
// check all call it (codes.md, "Comparing locks").
func Compare(then, now Block, p Policy) Comparison {
	c := Comparison{MaxHardwareChanges: p.MaxHardwareChanges}
	readable, forbidden, differs := 0, false, false
	for i, l := range Locks() {
		before, after := then.Value(l), now.Value(l)
		state := LockState{Lock: l, Changeable: p.Enabled && p.changeable(l)}
		switch {
		case before == after:
			state.Absent = before == 0
		case before == 0 || after == 0:
			state.State = Unreadable
		default:
			state.State = Changed
		}
		if l.Kind() == Hardware && before != 0 && after != 0 {
			readable++
		}
		if state.State != Same {
			differs = true
			forbidden = forbidden || !state.Changeable
			if l.Kind() == Hardware {
				state.Counts = true
				c.HardwareChanges++
			}
		}
		c.Locks[i] = state
	}
	switch {
	case !p.Enabled && differs:
		c.Reasons = append(c.Reasons, ReasonAnyDifference)
	case p.Enabled && forbidden:
		c.Reasons = append(c.Reasons, ReasonNotChangeable)
	}
	if p.Enabled && c.HardwareChanges > p.MaxHardwareChanges {
		c.Reasons = append(c.Reasons, ReasonTooManyChanges)
	}
	if readable < minRecognizable {
		c.Reasons = append(c.Reasons, ReasonTooFewReadable)
	}
	c.Accepted = len(c.Reasons) == 0
	return c
}
