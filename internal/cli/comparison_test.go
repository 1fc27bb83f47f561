package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// compareAll returns a comparison in which every lock has another state, and an optical drive is gone.
func compareAll(p license.Policy) license.Comparison {
	key := license.Signature("EQH524Y").Key()
	then := key.Block(license.RawLocks{"volume", "firmware", "system", "network", "", "", "drive"})
	now := key.Block(license.RawLocks{"", "another", "another", "network", "cpu", "", ""})
	return license.Compare(then, now, p)
}

func TestComparisonInATable(t *testing.T) {
	fixed := license.DefaultPolicy()
	fixed.Changeable = []license.Lock{license.BIOSID}
	for _, c := range []struct {
		name   string
		policy license.Policy
		want   string
	}{
		{"accepted", license.DefaultPolicy(), `
			HD_ID    software  not readable now            may always change
			BIOS_ID  hardware  changed                     counts
			OS_ID    software  changed                     may always change
			NET_ID   hardware  same
			CPU_ID   hardware  was not readable
			HD_HW_ID hardware  not readable before or now
			CD_HW_ID hardware  not readable now

			Verdict  accepted, 1 of 1 hardware changes`},
		{"refused", fixed, `
			HD_ID    software  not readable now            must not change
			BIOS_ID  hardware  changed                     counts
			OS_ID    software  changed                     must not change
			NET_ID   hardware  same
			CPU_ID   hardware  was not readable
			HD_HW_ID hardware  not readable before or now
			CD_HW_ID hardware  not readable now

			Verdict  refused: A lock changed that must not change for this program.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want [][]string
			for _, line := range strings.Split(c.want, "\n")[1:] {
				want = append(want, strings.Fields(line))
			}
			var got [][]string
			for _, line := range comparisonLines(compareAll(c.policy))[1:] {
				got = append(got, strings.Fields(strings.Join(line, " ")))
			}
			require.Equal(t, want, got)
		})
	}
}

func TestComparisonInJSON(t *testing.T) {
	c := comparisonOf(compareAll(license.DefaultPolicy()))
	var states []string
	var counts []bool
	for _, l := range c.Locks {
		states, counts = append(states, l.State), append(counts, l.Counts)
	}
	require.Equal(t, []string{"gone", "changed", "changed", "same", "new", "absent", "gone"}, states)
	require.Equal(t, []bool{false, true, false, false, false, false, false}, counts)
	require.Equal(t, "accepted", c.Verdict)
}

// The list of licenses to bring back counts the compared locks, which may be fewer than seven.
func TestBringBacksCountComparedLocks(t *testing.T) {
	found := []manager.BringBack{{Comparison: compareAll(license.DefaultPolicy())}}
	var out bytes.Buffer
	require.NoError(t, (&commandSet{out: &out}).printBringBacks(found))
	require.Contains(t, out.String(), " 1 of 4 ")
	out.Reset()
	require.NoError(t, (&commandSet{out: &out, asJSON: true}).printBringBacks(found))
	require.True(t, json.Valid(out.Bytes()))
	require.Contains(t, out.String(), `"absent"`)
}
