package tasks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/words"
)

func TestCleanNote(t *testing.T) {
	require.Equal(t, "Büro Süd", cleanNote("Büro Süd"))
	require.Equal(t, strings.Repeat("日", 30), cleanNote(strings.Repeat("日", 31)))
	require.Equal(t, "a b  c", cleanNote("a\tb\r\nc"))
}

func TestFindCodes(t *testing.T) {
	const mail = "Hello,\n\nmy Site code is 7183EC4D and the\nMachine ID 83A9-3429-0090-B3F5.\nThanks, Anna"
	require.Equal(t, foundCodes{site: "7183EC4D", machine: "83A9-3429-0090-B3F5"}, findCodes(mail))
	require.Equal(t, foundCodes{site: "7183EC4D", machine: "83A9-3429-0090-B3F5"},
		findCodes("merged: 7183-EC4D-83A9-3429-0090-B3F5"))
	require.Equal(t, foundCodes{site: "7183EC4D", machine: "83A9-3429-0090-B3F5", removal: "9D2BK-DD62M-C"},
		findCodes(mail+"\nRemoval code: 9d2bk-dd62m-c"))
	require.Zero(t, findCodes("no codes here"))
	wrong := findCodes("Site code 7183EC4D, Machine ID 83A9-34290-0090-B3F5")
	require.Equal(t, "7183EC4D", wrong.site)
	require.Empty(t, wrong.machine)
	require.ErrorContains(t, wrong.faults[license.KindMachineID], "Group 2 of the Machine ID is too long")
}

func TestSentTextNamesUnreadableLocks(t *testing.T) {
	var pc manager.ThisPC
	for i, l := range license.Locks() {
		pc.Locks[i] = manager.LockInfo{Lock: l, Readable: l != license.CDHWID}
	}
	require.Contains(t, sentText(pc), "63 bits")
	require.Contains(t, sentText(pc), "narrow both down")
	require.Contains(t, sentText(pc), "Not readable here: optical drive.")
	pc.Locks[6].Readable = true
	require.NotContains(t, sentText(pc), "Not readable")
}

// TestComparisonRow proves text, tone and remark of a lock in each state.
func TestComparisonRow(t *testing.T) {
	shift := map[license.Lock]int{license.HDID: 55, license.BIOSID: 50, license.CDHWID: 0}
	fixed := license.DefaultPolicy()
	fixed.Changeable = []license.Lock{license.CDHWID}
	for _, c := range []struct {
		name      string
		lock      license.Lock
		then, now license.Block
		policy    license.Policy
		state     string
		tone      theme.Tone
		compared  bool
		remark    string
	}{
		{"same", license.BIOSID, 3, 3, license.DefaultPolicy(), "same", theme.Good, true, ""},
		{"same, not changeable", license.BIOSID, 3, 3, fixed, "same", theme.Good, true, ""},
		{"changed hardware", license.BIOSID, 3, 4, license.DefaultPolicy(), "changed", theme.Warning, true, "counts"},
		{"changed software", license.HDID, 3, 4, license.DefaultPolicy(), "changed", theme.Warning, true,
			"may always change"},
		{"changed, not changeable", license.BIOSID, 3, 4, fixed, "changed", theme.Bad, true, "must not change"},
		{"gone hardware", license.BIOSID, 3, 0, license.DefaultPolicy(), "not readable now", theme.Warning, true, "counts"},
		{"gone software", license.HDID, 3, 0, license.DefaultPolicy(), "not readable now", theme.Warning, true,
			"may always change"},
		{"gone, not changeable", license.HDID, 3, 0, fixed, "not readable now", theme.Bad, true, "must not change"},
		{"optical drive changed", license.CDHWID, 3, 4, fixed, "changed", theme.Warning, true, "counts"},
		{"optical drive gone", license.CDHWID, 3, 0, license.DefaultPolicy(), "not readable now", theme.Muted, false, ""},
		{"new", license.BIOSID, 0, 3, fixed, "was not readable", theme.Muted, false, ""},
		{"absent", license.BIOSID, 0, 0, fixed, "not readable before or now", theme.Muted, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := license.Compare(c.then<<shift[c.lock], c.now<<shift[c.lock], c.policy).Locks[c.lock-1]
			tone, compared := toneOf(l)
			require.Equal(t, []any{c.state, c.tone, c.compared, c.remark},
				[]any{words.LockState(l), tone, compared, remarkOn(l)})
		})
	}
}
