package tasks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

func TestCleanNote(t *testing.T) {
	require.Equal(t, "Büro Süd", cleanNote("Büro Süd"))
	require.Equal(t, strings.Repeat("日", 30), cleanNote(strings.Repeat("日", 31)))
	require.Equal(t, "a b  c", cleanNote("a\tb\r\nc"))
}

func TestPick(t *testing.T) {
	const mail = "Hello,\n\nmy Site code is 7183EC4D and the\nMachine ID 83A9-3429-0090-B3F5.\nThanks, Anna"
	require.Equal(t, picked{site: "7183EC4D", machine: "83A9-3429-0090-B3F5"}, pick(mail))
	require.Equal(t, picked{site: "7183EC4D", machine: "83A9-3429-0090-B3F5"}, pick("merged: 7183-EC4D-83A9-3429-0090-B3F5"))
	require.Equal(t, picked{site: "7183EC4D", machine: "83A9-3429-0090-B3F5", removal: "9D2BK-DD62M-C"}, pick(mail+"\nRemoval code: 9d2bk-dd62m-c"))
	require.Zero(t, pick("no codes here"))
	wrong := pick("Site code 7183EC4D, Machine ID 83A9-34290-0090-B3F5")
	require.Equal(t, "7183EC4D", wrong.site)
	require.Empty(t, wrong.machine)
	require.ErrorContains(t, wrong.faults[license.KindMachineID], "Group 2 of the Machine ID is too long")
}

func TestSentNamesWhatCannotBeRead(t *testing.T) {
	var pc manager.ThisPC
	for i, l := range license.Locks() {
		pc.Locks[i] = manager.LockInfo{Lock: l, Readable: l != license.CDHWID}
	}
	require.Contains(t, Sent(pc), "63 bits")
	require.Contains(t, Sent(pc), "Not readable here: optical drive.")
	pc.Locks[6].Readable = true
	require.NotContains(t, Sent(pc), "Not readable")
}
