package license

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLockStates covers what Compare says of one lock: its state, whether it is absent, and whether the difference counts.
func TestLockStates(t *testing.T) {
	for name, c := range map[string]struct {
		then, now uint16
		want      LockState
	}{
		"same":       {5, 5, LockState{State: Same}},
		"changed":    {5, 6, LockState{State: Changed, Counts: true}},
		"lost":       {5, 0, LockState{State: Unreadable, Counts: true}},
		"new":        {0, 5, LockState{State: Unreadable, Counts: true}},
		"never read": {0, 0, LockState{State: Same, Absent: true}},
	} {
		then, now := [LockCount]uint16{NETID - 1: c.then}, [LockCount]uint16{NETID - 1: c.now}
		c.want.Lock, c.want.Changeable = NETID, true
		got := Compare(newBlock(then), newBlock(now), DefaultPolicy())
		require.Equal(t, c.want, got.Locks[NETID-1], name)
	}
}
