package license

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompare(t *testing.T) {
	key := Signature("EQH524Y").Key()
	full := RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"}
	with := func(changes map[Lock]string) Block {
		raw := full
		for l, v := range changes {
			raw[l-1] = v
		}
		return key.Block(raw)
	}
	then := with(nil)
	some := DefaultPolicy()
	fixed := DefaultPolicy()
	fixed.Changeable = []Lock{HDID, OSID, NETID}
	strict := Policy{Enabled: false, MaxHardwareChanges: 3, Changeable: Locks()}
	for name, c := range map[string]struct {
		then, now Block
		policy    Policy
		changes   int
		reasons   []Reason
	}{
		"same":                                 {then, then, some, 0, nil},
		"one hardware lock":                    {then, with(map[Lock]string{NETID: "other"}), some, 1, nil},
		"two hardware locks":                   {then, with(map[Lock]string{NETID: "other", CPUID: "other"}), some, 2, []Reason{ReasonTooManyChanges}},
		"software locks never count":           {then, with(map[Lock]string{HDID: "other", OSID: "other", NETID: "other"}), some, 1, nil},
		"unreadable counts":                    {then, with(map[Lock]string{NETID: "", CPUID: ""}), some, 2, []Reason{ReasonTooManyChanges}},
		"unreadable on both sides is same":     {with(map[Lock]string{CDHWID: ""}), with(map[Lock]string{CDHWID: "", NETID: "other"}), some, 1, nil},
		"not changeable":                       {then, with(map[Lock]string{CPUID: "other"}), fixed, 1, []Reason{ReasonNotChangeable}},
		"software lock that is not changeable": {then, with(map[Lock]string{HDID: "other"}), Policy{Enabled: true, MaxHardwareChanges: 1}, 0, []Reason{ReasonNotChangeable}},
		"disabled refuses any difference":      {then, with(map[Lock]string{HDID: "other"}), strict, 0, []Reason{ReasonAnyDifference}},
		"disabled accepts the same":            {then, then, strict, 0, nil},
		"too little to recognise": {
			with(map[Lock]string{BIOSID: "", NETID: "", HDHWID: "", CDHWID: ""}), with(map[Lock]string{BIOSID: "", NETID: "", HDHWID: "", CDHWID: ""}),
			some, 0, []Reason{ReasonTooFewReadable},
		},
	} {
		got := Compare(c.then, c.now, c.policy)
		require.Equal(t, c.reasons, got.Reasons, name)
		require.Equal(t, c.changes, got.HardwareChanges, name)
		require.Equal(t, c.reasons == nil, got.Accepted, name)
		back := Compare(c.now, c.then, c.policy)
		require.Equal(t, got.Accepted, back.Accepted, "%s: the verdict is the same in both directions", name)
	}
}

// Over all states of the hardware locks: the verdict follows from the counts, whatever the order of the blocks.
func TestCompareExhaustively(t *testing.T) {
	var hardware []Lock
	for _, l := range Locks() {
		if l.Kind() == Hardware {
			hardware = append(hardware, l)
		}
	}
	states := [][2]uint16{{5, 5}, {5, 6}, {5, 0}, {0, 5}, {0, 0}}
	combinations := 1
	for range hardware {
		combinations *= len(states)
	}
	for n := range combinations {
		var then, now [LockCount]uint16
		then[HDID-1], now[HDID-1] = 1, 2
		differences, readable := 0, 0
		for rest, i := n, 0; i < len(hardware); rest, i = rest/len(states), i+1 {
			state := states[rest%len(states)]
			then[hardware[i]-1], now[hardware[i]-1] = state[0], state[1]
			if state[0] != state[1] {
				differences++
			}
			if state[0] != 0 && state[1] != 0 {
				readable++
			}
		}
		for allowed := range LockCount {
			p := Policy{Enabled: true, MaxHardwareChanges: allowed, Changeable: Locks()}
			got := Compare(newBlock(then), newBlock(now), p)
			require.Equal(t, differences, got.HardwareChanges)
			require.Equal(t, differences <= allowed && readable >= 2, got.Accepted)
			require.Equal(t, got.Accepted, len(got.Reasons) == 0)
			back := Compare(newBlock(now), newBlock(then), p)
			require.Equal(t, got, back)
		}
		require.False(t, Compare(newBlock(then), newBlock(now), Policy{Changeable: Locks(), MaxHardwareChanges: LockCount}).Accepted, "a software lock differs")
	}
}

// A comparison is always with the original license: a lock that changed and came back is the same.
func TestCompareIsNotCumulative(t *testing.T) {
	key := Signature("EQH524Y").Key()
	original := key.Block(RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"})
	first := key.Block(RawLocks{"volume", "bios", "os", "other", "cpu", "disk", "cd"})
	second := key.Block(RawLocks{"volume", "bios", "os", "net", "cpu", "other", "cd"})
	require.True(t, Compare(original, first, DefaultPolicy()).Accepted)
	require.True(t, Compare(original, second, DefaultPolicy()).Accepted)
	require.False(t, Compare(first, second, DefaultPolicy()).Accepted)
}

func TestReasonsAreSentences(t *testing.T) {
	for r := ReasonAnyDifference; r <= ReasonTooFewReadable; r++ {
		require.Regexp(t, `^[A-Z].*\.$`, r.String())
	}
}
