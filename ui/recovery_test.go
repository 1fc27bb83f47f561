package ui_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// After sleep the connection of a running call is lost. The tables are reloaded at once, without waiting for the call.
func TestReloadAfterSleep(t *testing.T) {
	b := newBackend()
	d := drive(t, b)
	d.signIn()
	d.sees("Updated just now")
	d.tick(time.Second)
	b.change(func() { b.blocked["Orders"] = make(chan struct{}) })
	d.Shortcut(fyne.KeyR)
	d.until("the blocked call", func() bool { return b.called("Orders") == 2 })
	b.change(func() { delete(b.blocked, "Orders") })
	d.tick(8 * time.Hour)
	d.until("another call", func() bool { return b.called("Orders") == 3 })
	d.tick(time.Second)
	d.settle()
	require.Equal(t, 3, b.called("Orders"), "reloaded one time")
}

// A task whose connection is lost is stored and sent when the server is reachable again.
func TestConnectionLostDuringTask(t *testing.T) {
	b := newBackend()
	d := drive(t, b)
	d.signIn()
	d.press("Activate this PC")
	b.change(func() { b.refusal, b.offline = unreachable, nil })
	d.press("Activate")
	d.sees("This is saved and will be sent automatically")
	d.key(fyne.KeyEscape)
	b.change(func() { b.offline = unreachable })
	d.key(fyne.KeyF5)
	d.sees("No connection to licenses.lumen.example")
	d.sees("1 task waits for the server")
	before := b.called("ResumeJobs")
	b.change(func() { b.refusal, b.offline, b.open = nil, nil, nil })
	d.tick(20 * time.Second)
	d.until("the task to be sent", func() bool { return b.called("ResumeJobs") > before })
	d.until("the status line to disappear", func() bool {
		return !d.shows("1 task waits") && !d.shows("No connection to")
	})
}

// Unknown states of a newer server are shown unchanged, and no action is offered for them.
func TestStatesOfANewerServer(t *testing.T) {
	b := newBackend()
	b.remembered = true
	b.licenses[1042][0].Status = "Suspended"
	b.licenses[1042][0].Allowed = nil
	b.orders[0].Subscription.State = "paused"
	b.orders[0].Allowed = api.Allowed{}
	d := drive(t, b)
	d.sees("Licenses of order 1042")
	d.sees("suspended")
	require.False(t, d.enabled("New license…"))
}
