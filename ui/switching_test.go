package ui_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

const annaButton, benButton = "Anna Berg · licenses.lumen.example", "Ben Oak · keys.tide.example"

// twoAccounts returns a backend with remembered accounts of Anna and Ben at two servers, with the same order number.
func twoAccounts() *backend {
	b := newBackend()
	b.remembered = true
	b.others = []manager.Account{{
		ID:          2,
		Server:      "https://keys.tide.example",
		ServerName:  "Tide",
		Username:    "ben",
		DisplayName: "Ben Oak",
		Remembered:  true,
	}}
	order := b.orders[0]
	order.ProgramName = "Tide Charts"
	b.otherOrders = []api.Order{order}
	l := b.licenses[1042][0]
	l.Note = "Ben's boat"
	b.otherLicenses = map[int64][]manager.License{1042: {l}}
	return b
}

// switchTo waits until the menu of an account contains another account, and chooses that.
func (d *testWindow) switchTo(from, to string) {
	d.t.Helper()
	item := "Switch to " + to
	d.until(item, func() bool {
		d.press(from)
		if d.shows(item) {
			return true
		}
		d.canvas().Overlays().Remove(d.canvas().Overlays().Top())
		return false
	})
	d.follow(item)
}

func TestSwitchAccount(t *testing.T) {
	b := twoAccounts()
	b.cached = now.Add(-time.Hour)
	d := drive(t, b)
	d.sees("Updated just now")
	d.sees("Studio PC")
	b.change(func() { b.blocked["Switch"], b.blocked["Orders"] = make(chan struct{}), make(chan struct{}) })
	d.Shortcut(fyne.KeyR) // the call for Anna's orders is running during the switch
	d.until("the call for Anna", func() bool { return b.called("Orders") > 1 })
	d.switchTo(annaButton, benButton)
	d.sees("Tide Charts")
	d.sees(benButton)
	require.False(t, d.shows("Studio PC"))
	require.False(t, d.shows("Connected to"), "Ben's server has not answered yet")

	close(b.blocked["Orders"])
	b.publish(manager.Event{Kind: manager.SignedOut, Account: 1})
	d.settle()
	require.True(t, d.shows("Tide Charts"), "the end of Anna's session does not affect Ben's")
	close(b.blocked["Switch"])
	d.sees("Ben's boat")
	d.sees("Connected to keys.tide.example")
	require.False(t, d.shows("Studio PC"))

	d.switchTo(benButton, annaButton)
	d.sees("Studio PC")
	require.False(t, d.shows("Ben's boat"))
}

func TestSwitchAccountOffline(t *testing.T) {
	b := twoAccounts()
	b.cached = now.Add(-time.Hour)
	d := drive(t, b)
	d.sees("Connected to licenses.lumen.example")
	b.change(func() { b.offline = unreachable })
	d.switchTo(annaButton, benButton)
	d.sees("No connection to keys.tide.example; showing data from 1 hour ago.")
	d.sees("Ben's boat")
}

func TestBackFromAddAccount(t *testing.T) {
	b := twoAccounts()
	d := drive(t, b)
	d.sees("Studio PC")
	d.press(annaButton)
	d.follow("Add an account…")
	d.sees("Sign in to manage")
	require.False(t, d.shows("https://licenses.lumen.example"), "the fields are empty")
	d.sees("Continue as " + benButton)
	d.key(fyne.KeyEscape)
	d.sees("Studio PC")

	d.press(annaButton)
	d.follow("Add an account…")
	d.follow("Back to " + annaButton)
	d.sees("Studio PC")
	require.Zero(t, b.called("Switch"), "Anna's session was not ended")
}

func TestSignOutOfOneAccount(t *testing.T) {
	b := twoAccounts()
	d := drive(t, b)
	d.sees("Studio PC")
	d.press(annaButton)
	d.follow("Sign out…")
	d.press("Sign out")
	d.sees("Sign in to manage")
	d.follow("Continue as " + benButton)
	d.sees("Ben's boat")
}

func TestWaitingTasksOfOtherAccount(t *testing.T) {
	b := twoAccounts()
	b.elsewhere = []manager.OtherJobs{{Account: b.others[0], Jobs: 1}}
	d := drive(t, b)
	d.sees("1 task waits in ben@keys.tide.example")
	d.press(annaButton)
	d.sees("Switch to " + benButton + " (1 task waits)")
	d.key(fyne.KeyEscape)
	b.change(func() { b.elsewhere = nil })
	d.follow("1 task waits in ben@keys.tide.example")
	d.sees("Ben's boat")
	d.until("the status line to disappear", func() bool { return !d.shows("1 task waits in") })
}

func TestLeavingTemporarySessionIsConfirmed(t *testing.T) {
	b := twoAccounts()
	b.account.Remembered = false
	d := drive(t, b)
	d.sees("Studio PC")
	d.switchTo(annaButton, benButton)
	d.sees("Leave Anna Berg?")
	d.press("Switch")
	d.sees("Ben's boat")
	d.press(benButton)
	require.False(t, d.shows("Switch to "+annaButton), "Anna's session was not stored")
}

func TestSwitchToEndedSession(t *testing.T) {
	b := twoAccounts()
	b.others[0].Remembered = false
	b.elsewhere = []manager.OtherJobs{{Account: b.others[0], Jobs: 2}}
	d := drive(t, b)
	d.follow("2 tasks wait in ben@keys.tide.example")
	d.sees("You are not signed in.")
	d.sees("https://keys.tide.example")
	d.follow("Back to " + annaButton)
	d.sees("Studio PC")
}
