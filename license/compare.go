package license

import (
	"fmt"
	"slices"
)

// Policy defines how much of a PC may change before it is no longer recognized (spec: codes "Comparing locks").
type Policy struct {
	// If Enabled is false, any difference refuses.
	Enabled bool
	// MaxHardwareChanges is the number of hardware locks that may differ.
	MaxHardwareChanges int
	// Changeable lists the locks that may differ at all.
	Changeable []Lock
}

// DefaultPolicy allows one changed hardware lock and every changed software lock.
func DefaultPolicy() Policy {
	return Policy{Enabled: true, MaxHardwareChanges: 1, Changeable: Locks()}
}

func (p Policy) changeable(l Lock) bool {
	return slices.Contains(p.Changeable, l)
}

// State is the result of comparing the values of one lock.
type State int

// The states of a lock. Only Changed and Gone can differ.
const (
	Same    State = iota // readable on both sides and equal
	Changed              // readable on both sides and different
	Gone                 // readable then, unreadable now
	New                  // unreadable then, readable now
	Absent               // unreadable on both sides
)

var stateNames = [...]string{"same", "changed", "gone", "new", "absent"}

// String returns the name on the wire: "same", "changed", "gone", "new" or "absent".
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// stateOf returns the state of a lock with the values then and now. The value 0 is unreadable.
func stateOf(then, now uint16) State {
	switch {
	case then == 0 && now == 0:
		return Absent
	case then == 0:
		return New
	case now == 0:
		return Gone
	case then != now:
		return Changed
	}
	return Same
}

// LockState is the state of one lock in a comparison.
type LockState struct {
	Lock       Lock
	State      State
	Changeable bool
	// Differs is set if the lock changed or is gone. An optical drive that is gone does not differ.
	Differs bool
	// Counts is set if the difference counts toward the allowed hardware changes.
	Counts bool
}

// Reason is a reason to refuse.
type Reason int

// The reasons to refuse.
const (
	// ReasonAnyDifference: the policy allows no difference, and there is one.
	ReasonAnyDifference Reason = 1 + iota
	// ReasonNotChangeable: a lock differs that is not changeable.
	ReasonNotChangeable
	// ReasonTooManyChanges: more hardware locks differ than are allowed.
	ReasonTooManyChanges
	// ReasonAnotherPC: neither network card nor disk is the same, and at least one of them changed.
	ReasonAnotherPC
	// ReasonTooFewReadable: neither network card nor disk is readable on both sides, and the other locks do not suffice.
	ReasonTooFewReadable
)

var reasonNames = [...]string{
	"", "any_difference", "not_changeable", "too_many_changes", "another_pc", "too_few_readable",
}

// Name returns the name in the specification, such as "another_pc". It is the key of a translation.
func (r Reason) Name() string {
	if r < ReasonAnyDifference || int(r) >= len(reasonNames) {
		return fmt.Sprintf("reason %d", int(r))
	}
	return reasonNames[r]
}

// String returns the reason as a sentence.
func (r Reason) String() string {
	switch r {
	case ReasonAnyDifference:
		return "This program allows no change of the PC."
	case ReasonNotChangeable:
		return "A lock changed that must not change for this program."
	case ReasonTooManyChanges:
		return "Too many hardware locks are different."
	case ReasonAnotherPC:
		return "Neither network card nor disk is that of the license: this may be another PC. " +
			"The vendor can replace the license."
	case ReasonTooFewReadable:
		return "Neither network card nor disk can be compared, and the rest does not tell this PC from others. " +
			"The vendor can replace the license."
	}
	return fmt.Sprintf("reason %d", int(r))
}

// Comparison is the outcome of comparing two lock blocks.
type Comparison struct {
	Locks              [LockCount]LockState
	HardwareChanges    int
	MaxHardwareChanges int
	Accepted           bool
	// Reasons are the reasons to refuse; empty if accepted.
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

// Differences returns how many locks differ.
func (c Comparison) Differences() int {
	n := 0
	for _, l := range c.Locks {
		if l.Differs {
			n++
		}
	}
	return n
}

// Compared returns how many locks were compared: those readable then, except an optical drive that is gone.
func (c Comparison) Compared() int { return c.Count(Same) + c.Differences() }

// Closer reports whether c is a better match than other: fewer locks differ, or as many differ and more are the same.
func (c Comparison) Closer(other Comparison) bool {
	if mine, others := c.Differences(), other.Differences(); mine != others {
		return mine < others
	}
	return c.Count(Same) > other.Count(Same)
}

// Compare decides whether the PC with block now is the one with block then, the block of the license family's last
// new license or transfer. The blocks newer are those of the family's later licenses: a network card or disk that
// equals one of theirs was recognized before. The server, the app and the check inside a program all call Compare
// (spec: codes "Comparing locks").
func Compare(then, now Block, p Policy, newer ...Block) Comparison {
	c := Comparison{MaxHardwareChanges: p.MaxHardwareChanges}
	forbidden, differs := false, false
	for i, l := range Locks() {
		state := LockState{
			Lock:       l,
			State:      stateOf(then.Value(l), now.Value(l)),
			Changeable: p.Enabled && p.changeable(l),
		}
		state.Differs = state.State == Changed || state.State == Gone && l != CDHWID
		state.Counts = state.Differs && l.Kind() == Hardware
		if state.Counts {
			c.HardwareChanges++
		}
		differs = differs || state.Differs
		forbidden = forbidden || state.Differs && !state.Changeable
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
	if reason := c.otherPC(now, newer); reason != 0 {
		c.Reasons = append(c.Reasons, reason)
	}
	c.Accepted = len(c.Reasons) == 0
	return c
}

// otherPC returns the reason to refuse a PC that may be another one of the same model, or 0 (spec: codes "Comparing
// locks" 5).
func (c Comparison) otherPC(now Block, newer []Block) Reason {
	card, disk := c.State(NETID), c.State(HDHWID)
	if card == Same || disk == Same {
		return 0
	}
	for _, b := range newer {
		if stateOf(b.Value(NETID), now.Value(NETID)) == Same || stateOf(b.Value(HDHWID), now.Value(HDHWID)) == Same {
			return 0
		}
	}
	switch {
	case card == Changed || disk == Changed:
		return ReasonAnotherPC
	case c.HardwareChanges == 0 && (c.State(OSID) == Same || c.State(HDID) == Same):
		return 0
	}
	return ReasonTooFewReadable
}

// State returns the state of one lock.
func (c Comparison) State(l Lock) State { return c.Locks[l-1].State }
