package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"
)

func TestPrivacyLockByLock(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.press(annaButton)
	d.follow("Data sent about this PC…")
	d.sees("Nothing is sent to anybody else.")
	d.sees("about a thousand of the sixteen million")
	d.sees(thisPC.Machine.String())
	d.sees("the address that is built into a network adapter")
	d.sees("000 001 100 100") // the generation, 100
	d.sees("10 010")          // the five bits of the firmware
	require.False(t, d.shows("0 010 010"), "no more bits than the lock has")
	d.sees("10 000 000 000 100") // the bits of the network card
	d.sees("Cannot be read here, so nothing is sent: there is no built-in optical drive")
	d.key(fyne.KeyEscape)

	d.press("Activate this PC")
	d.sees("They contain 63 bits about this PC")
	require.False(t, d.shows("about a thousand of the sixteen million"))
	require.False(t, d.shows("10 000 000 000 100"))
	d.press("Show it lock by lock")
	d.sees("about a thousand of the sixteen million")
	d.sees("10 000 000 000 100")
	d.press("Hide the locks")
	require.False(t, d.shows("10 000 000 000 100"))
}
