package license

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every rule, and the order of the reasons (spec: codes "Comparing locks" 1, codes "Comparing locks" 2, codes
// "Comparing locks" 3, codes "Comparing locks" 4, codes "Comparing locks" 5, codes "Reasons").
func TestCompare(t *testing.T) {
	key := Signature("EQH524Y").Key()
	full := RawLocks{"volume", "bios", "os", "network", "cpu", "disk", "cd"}
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
	all := Policy{Enabled: true, MaxHardwareChanges: LockCount, Changeable: Locks()}
	neither := map[Lock]string{NETID: "", HDHWID: ""}
	for name, c := range map[string]struct {
		then, now Block
		policy    Policy
		changes   int
		reasons   []Reason
	}{
		"same":              {then, then, some, 0, nil},
		"one hardware lock": {then, with(map[Lock]string{NETID: "other"}), some, 1, nil},
		"software locks never count": {then, with(map[Lock]string{
			HDID:  "other",
			OSID:  "other",
			NETID: "other",
		}), some, 1, nil},
		"two hardware locks": {
			then, with(map[Lock]string{NETID: "other", CPUID: "other"}), some, 2, []Reason{ReasonTooManyChanges},
		},
		"gone counts": {then, with(map[Lock]string{NETID: "", CPUID: ""}), some, 2, []Reason{ReasonTooManyChanges}},
		"new does not count": {
			with(map[Lock]string{NETID: "", CPUID: ""}), then, Policy{Enabled: true, Changeable: Locks()}, 0, nil,
		},
		"absent does not count": {
			with(map[Lock]string{BIOSID: ""}), with(map[Lock]string{BIOSID: "", NETID: "other"}), some, 1, nil,
		},
		"a drive that is gone": {then, with(map[Lock]string{CDHWID: "", NETID: "other"}), some, 1, nil},
		"a drive that is gone is no difference": {
			then, with(map[Lock]string{CDHWID: ""}), Policy{MaxHardwareChanges: 0}, 0, nil,
		},
		"another drive": {
			then, with(map[Lock]string{CDHWID: "other", NETID: "other"}), some, 2, []Reason{ReasonTooManyChanges},
		},
		"not changeable": {then, with(map[Lock]string{CPUID: "other"}), fixed, 1, []Reason{ReasonNotChangeable}},
		"software lock that is not changeable": {
			then, with(map[Lock]string{HDID: "other"}), Policy{Enabled: true, MaxHardwareChanges: 1}, 0,
			[]Reason{ReasonNotChangeable},
		},
		"disabled refuses any difference": {
			then, with(map[Lock]string{HDID: "other"}), strict, 0, []Reason{ReasonAnyDifference},
		},
		"disabled accepts the same": {then, then, strict, 0, nil},
		"disabled counts and does not limit": {
			then, with(map[Lock]string{NETID: "other", CPUID: "other"}), Policy{}, 2, []Reason{ReasonAnyDifference},
		},
		"another PC of the model": {
			then, with(map[Lock]string{NETID: "other", HDHWID: "other"}), all, 2, []Reason{ReasonAnotherPC},
		},
		"another PC of the model, disk not readable": {
			with(map[Lock]string{HDHWID: ""}), with(map[Lock]string{HDHWID: "", NETID: "other"}), all, 1,
			[]Reason{ReasonAnotherPC},
		},
		"another PC where any difference refuses": {
			then, with(map[Lock]string{NETID: "other", HDHWID: "other"}), strict, 2,
			[]Reason{ReasonAnyDifference, ReasonAnotherPC},
		},
		"the disk alone": {then, with(map[Lock]string{
			NETID:  "other",
			CPUID:  "other",
			BIOSID: "other",
			CDHWID: "other",
		}), all, 4, nil},
		"the card alone": {then, with(map[Lock]string{
			HDHWID: "other",
			CPUID:  "other",
			BIOSID: "other",
			CDHWID: "other",
		}), all, 4, nil},
		"neither, but the system": {
			with(neither), with(map[Lock]string{NETID: "", HDHWID: "", HDID: "other"}), some, 0, nil,
		},
		"neither, but the volume": {
			with(neither), with(map[Lock]string{NETID: "", HDHWID: "", OSID: "other"}), some, 0, nil,
		},
		"neither, nor system or volume": {
			with(neither), with(map[Lock]string{NETID: "", HDHWID: "", OSID: "other", HDID: "other"}), some, 0,
			[]Reason{ReasonTooFewReadable},
		},
		"neither, and system and volume are not readable": {
			with(map[Lock]string{NETID: "", HDHWID: "", OSID: "", HDID: ""}),
			with(map[Lock]string{NETID: "", HDHWID: "", OSID: "", HDID: ""}),
			some, 0, []Reason{ReasonTooFewReadable},
		},
		"neither, and another processor": {
			with(neither), with(map[Lock]string{NETID: "", HDHWID: "", CPUID: "other"}), some, 1, []Reason{ReasonTooFewReadable},
		},
		"card and disk are gone": {then, with(neither), all, 2, []Reason{ReasonTooFewReadable}},
		"card and disk are new":  {with(neither), then, some, 0, nil},
		"the card is gone and the disk is another one": {
			then, with(map[Lock]string{NETID: "", HDHWID: "other"}), all, 2, []Reason{ReasonAnotherPC},
		},
	} {
		got := Compare(c.then, c.now, c.policy)
		require.Equal(t, c.reasons, got.Reasons, name)
		require.Equal(t, c.changes, got.HardwareChanges, name)
		require.Equal(t, c.reasons == nil, got.Accepted, name)
	}
}

// For all combinations of states the verdict follows the rules, whatever the values are (spec: codes "Comparing
// locks" 1, codes "Comparing locks" 2, codes "Comparing locks" 3, codes "Comparing locks" 4, codes "Comparing locks"
// 5).
func TestCompareExhaustively(t *testing.T) {
	states := [][2]uint16{{5, 5}, {5, 6}, {5, 0}, {0, 5}, {0, 0}}
	combinations := 1
	for range LockCount {
		combinations *= len(states)
	}
	for n := range combinations {
		var then, now [LockCount]uint16
		var is [LockCount + 1][2]uint16
		count := 0
		for rest, i := n, 0; i < LockCount; rest, i = rest/len(states), i+1 {
			l, state := Lock(i+1), states[rest%len(states)]
			then[i], now[i], is[l] = state[0], state[1], state
			differs := state == [2]uint16{5, 6} || state == [2]uint16{5, 0} && l != CDHWID
			if differs && l.Kind() == Hardware {
				count++
			}
		}
		same := func(l Lock) bool { return is[l] == [2]uint16{5, 5} }
		changed := func(l Lock) bool { return is[l] == [2]uint16{5, 6} }
		onePC := same(NETID) || same(HDHWID)
		if !onePC && !changed(NETID) && !changed(HDHWID) {
			onePC = count == 0 && (same(OSID) || same(HDID))
		}
		for _, allowed := range []int{0, 1, LockCount} {
			p := Policy{Enabled: true, MaxHardwareChanges: allowed, Changeable: Locks()}
			got := Compare(newBlock(then), newBlock(now), p)
			if got.HardwareChanges != count || got.Accepted != (count <= allowed && onePC) ||
				got.Accepted != (len(got.Reasons) == 0) {
				t.Fatalf("%v to %v, %d allowed: %+v", then, now, allowed, got)
			}
		}
	}
}

// A PC is compared with the family's original license: a lock that changed and changed back is the same. A PC that
// was recognized with another disk is that PC (spec: codes "Which license is compared").
func TestCompareIsNotCumulative(t *testing.T) {
	key := Signature("EQH524Y").Key()
	pc := func(network, disk string) Block {
		return key.Block(RawLocks{"volume", "bios", "os", network, "cpu", disk, "cd"})
	}
	original, first, second := pc("network", "disk"), pc("other", "disk"), pc("network", "other")
	require.True(t, Compare(original, first, DefaultPolicy()).Accepted)
	require.True(t, Compare(original, second, DefaultPolicy()).Accepted)
	require.False(t, Compare(first, second, DefaultPolicy()).Accepted)

	all := Policy{Enabled: true, MaxHardwareChanges: LockCount, Changeable: Locks()}
	third := pc("other", "other")
	require.Equal(t, []Reason{ReasonAnotherPC}, Compare(original, third, all).Reasons)
	require.True(t, Compare(original, third, all, first).Accepted, "the network card of the newest")
	require.True(t, Compare(original, third, all, second).Accepted, "the disk of the newest")
	require.True(t, Compare(original, pc("network", "third"), all, first).Accepted, "the network card of the original")
	require.False(t, Compare(original, pc("third", "third"), all, first).Accepted)
	require.Equal(t, []Reason{ReasonTooManyChanges}, Compare(original, third, DefaultPolicy(), first).Reasons,
		"the newest changes nothing of the count")
	gone := pc("", "")
	require.False(t, Compare(original, gone, all, gone).Accepted, "absent locks recognize no PC")
}

func TestReasonSentences(t *testing.T) {
	for r := ReasonAnyDifference; r <= ReasonTooFewReadable; r++ {
		require.Regexp(t, `^[A-Z].*\.$`, r.String())
	}
}

// Closer compares differences first: a license with absent locks may be closer than one with more same locks.
func TestCloser(t *testing.T) {
	key := Signature("EQH524Y").Key()
	now := key.Block(RawLocks{"volume", "bios", "os", "network", "cpu", "disk", "cd"})
	compare := func(raw RawLocks) Comparison { return Compare(key.Block(raw), now, DefaultPolicy()) }
	full := compare(RawLocks{"volume", "bios", "os", "network", "cpu", "disk", "cd"})
	fewer := compare(RawLocks{3: "network", 5: "disk"})
	other := compare(RawLocks{"volume", "other", "os", "network", "cpu", "disk", "cd"})
	require.True(t, full.Closer(fewer))
	require.False(t, fewer.Closer(full))
	require.True(t, fewer.Closer(other))
	require.False(t, other.Closer(fewer))
	require.False(t, full.Closer(full))
	require.Equal(t, []int{0, 7}, []int{full.Differences(), full.Compared()})
	require.Equal(t, []int{0, 2}, []int{fewer.Differences(), fewer.Compared()})
	require.Equal(t, []int{1, 7}, []int{other.Differences(), other.Compared()})
}
