package carry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// A lock that was not compared counts neither as same nor as different.
func TestComparisonText(t *testing.T) {
	key := license.Signature("EQH524Y").Key()
	then := license.RawLocks{"volume", "bios", "os", "network", "cpu", "disk", ""}
	change := func(fn func(now *license.RawLocks)) license.RawLocks { now := then; fn(&now); return now }
	for _, c := range []struct {
		name string
		then license.RawLocks
		now  license.RawLocks
		want string
	}{
		{"same, and absent", then, then, "The PC is recognized: 6 locks are the same. No license is used."},
		{"new", then, change(func(now *license.RawLocks) { now[license.CDHWID-1] = "drive" }),
			"The PC is recognized: 6 locks are the same. No license is used."},
		{"changed", then, change(func(now *license.RawLocks) { now[license.OSID-1] = "another" }),
			"The PC is recognized: 5 locks are the same, different: operating system. No license is used."},
		{"changed and gone", then,
			change(func(now *license.RawLocks) { now[license.HDID-1], now[license.BIOSID-1] = "another", "" }),
			"The PC is recognized: 4 locks are the same, different: system volume, firmware; 1 of 1 allowed hardware change. " +
				"No license is used."},
		{"optical drive gone", change(func(previous *license.RawLocks) { previous[license.CDHWID-1] = "drive" }), then,
			"The PC is recognized: 6 locks are the same. No license is used."},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want,
				comparisonText(license.Compare(key.Block(c.then), key.Block(c.now), license.DefaultPolicy())))
		})
	}
}
