package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// tabTo moves the focus from field to field until it is on the button or link with a text.
func (d *driven) tabTo(label string) {
	d.t.Helper()
	for range 60 {
		d.canvas().FocusNext()
		if o, ok := d.canvas().Focused().(fyne.CanvasObject); ok && field(o, "Text") == label {
			return
		}
	}
	require.Fail(d.t, "no Tab leads to "+label)
}

func TestNewDialogsByKeyboard(t *testing.T) {
	b := twoAccounts()
	b.elsewhere = []manager.Elsewhere{{Account: b.others[0], Jobs: 1}}
	b.expiring = []manager.Expiring{ending(b, 12, 14)}
	b.findings = intercepted
	d := drive(t, b)
	d.sees("1 task waits in ben@keys.tide.example")
	d.sees("Its last day is")
	d.sees("Studio PC")
	d.tabTo("Show it")
	d.key(fyne.KeyReturn)
	d.sees("Calendar file")
	d.tabTo("Calendar file")

	b.change(func() { b.offline = unreachable })
	d.key(fyne.KeyF5)
	d.Shortcut(fyne.KeyR)
	d.sees("No connection to licenses.lumen.example")
	d.tabTo("Find the cause…")
	d.key(fyne.KeyReturn)
	d.sees("broken at this step")
	for _, button := range []string{"Go on without a network…", "Save report…", "Copy", "Close", "Try again"} {
		d.tabTo(button)
	}
	d.key(fyne.KeyEscape)
	require.False(t, d.shows("broken at this step"))

	b.change(func() { b.offline, b.elsewhere = nil, nil })
	d.tabTo("1 task waits in ben@keys.tide.example")
	d.key(fyne.KeyReturn)
	d.sees("Ben's boat")
}

func TestF1ListsTheShortcuts(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.key(fyne.KeyF1)
	d.sees("Keyboard shortcuts")
	d.sees("Shift+F10")
	d.key(fyne.KeyReturn)
	require.False(t, d.shows("Shift+F10"))
}
