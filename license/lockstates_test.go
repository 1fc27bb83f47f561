package license

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The result of Compare for one lock: its state, whether it differs, and whether that counts (spec: codes "Comparing
// locks" 1, codes "Comparing locks" 4).
func TestLockStates(t *testing.T) {
	for name, c := range map[string]struct {
		lock      Lock
		then, now uint16
		want      LockState
	}{
		"same":               {NETID, 5, 5, LockState{State: Same}},
		"changed":            {NETID, 5, 6, LockState{State: Changed, Differs: true, Counts: true}},
		"gone":               {NETID, 5, 0, LockState{State: Gone, Differs: true, Counts: true}},
		"new":                {NETID, 0, 5, LockState{State: New}},
		"absent":             {NETID, 0, 0, LockState{State: Absent}},
		"software changed":   {OSID, 5, 6, LockState{State: Changed, Differs: true}},
		"software gone":      {OSID, 5, 0, LockState{State: Gone, Differs: true}},
		"drive changed":      {CDHWID, 5, 6, LockState{State: Changed, Differs: true, Counts: true}},
		"drive gone":         {CDHWID, 5, 0, LockState{State: Gone}},
		"largest disk value": {HDHWID, 1<<14 - 1, 1<<14 - 1, LockState{State: Same}},
		"high bit of a disk": {HDHWID, 1 << 13, 1, LockState{State: Changed, Differs: true, Counts: true}},
	} {
		var then, now [LockCount]uint16
		then[c.lock-1], now[c.lock-1] = c.then, c.now
		c.want.Lock, c.want.Changeable = c.lock, true
		got := Compare(newBlock(then), newBlock(now), DefaultPolicy())
		require.Equal(t, c.want, got.Locks[c.lock-1], name)
		require.Equal(t, c.want.State, got.State(c.lock), name)
	}
	require.Equal(t, "state 9", State(9).String())
}

// The values fill 63 bits, and no value overlaps another one (spec: codes "Lock values").
func TestBits(t *testing.T) {
	sum := 0
	for _, l := range Locks() {
		sum += l.Bits()
		var values [LockCount]uint16
		values[l-1] = 1<<l.Bits() - 1
		b := newBlock(values)
		for _, other := range Locks() {
			require.Equal(t, values[other-1], b.Value(other), "%v in a block of %v", other, l)
		}
	}
	require.Equal(t, 63, sum)
	require.Zero(t, Lock(0).Bits())
	require.Zero(t, Lock(8).Bits())
}
