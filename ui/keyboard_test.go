package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/uitest"
)

// tabTo moves the focus by Tab to the button or link with a label.
func (d *testWindow) tabTo(label string) {
	d.t.Helper()
	for range 60 {
		d.canvas().FocusNext()
		if o, ok := d.canvas().Focused().(fyne.CanvasObject); ok && uitest.Field(o, "Text") == label {
			return
		}
	}
	require.Fail(d.t, "Tab does not reach "+label)
}

func TestNewDialogsByKeyboard(t *testing.T) {
	b := twoAccounts()
	b.elsewhere = []manager.OtherJobs{{Account: b.others[0], Jobs: 1}}
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
	d.sees("fails at this step")
	for _, button := range []string{"Continue without a network…", "Save report…", "Copy", "Close", "Try again"} {
		d.tabTo(button)
	}
	d.key(fyne.KeyEscape)
	require.False(t, d.shows("fails at this step"))

	b.change(func() { b.offline, b.elsewhere = nil, nil })
	d.tabTo("1 task waits in ben@keys.tide.example")
	d.key(fyne.KeyReturn)
	d.sees("Ben's boat")
}

func TestPrivacyDialogByKeyboard(t *testing.T) {
	d := drive(t, twoAccounts())
	d.sees("Studio PC")
	for _, key := range []fyne.KeyName{fyne.KeyEscape, fyne.KeyReturn} { // Enter presses the default button, Close
		d.follows("Data sent about this PC…")
		d.sees(thisPC.Machine.String())
		d.key(key)
		require.False(t, d.shows("Nothing is sent to anybody else."))
	}
	d.follows("Data sent about this PC…")
	d.sees(thisPC.Machine.String())
	d.tabTo("Copy")
	d.key(fyne.KeyReturn)
	require.Equal(t, thisPC.Site.String(), d.app.Clipboard().Content())
	d.tabTo("Close")
	d.key(fyne.KeyReturn)
	require.False(t, d.shows("Nothing is sent to anybody else."))
}

func TestAddAnAccountByKeyboard(t *testing.T) {
	d := drive(t, twoAccounts())
	d.sees("Studio PC")
	d.follows("Add an account…")
	d.sees("Back to " + annaButton)
	d.tabs("the sign-in screen")
	d.tabTo("Sign in")
	d.key(fyne.KeyEscape)
	d.sees("Studio PC")
	require.False(t, d.shows("Back to "+annaButton), "Escape leads back")

	d.follows("Add an account…")
	d.sees("Back to " + annaButton)
	d.tabTo("Continue as " + benButton)
	d.tabTo("Sign in")
	d.key(fyne.KeyReturn)
	d.sees("Enter the address of the license server.")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Studio PC")
	require.Equal(t, 1, d.b.called("SignIn"))

	// In the window Enter presses a focused button, too, and function keys work while it has the focus.
	d.tabTo(annaButton)
	d.key(fyne.KeyF1)
	d.sees("Keyboard shortcuts")
	d.key(fyne.KeyEscape)
	d.tabTo("New license…")
	d.key(fyne.KeyReturn)
	d.sees("Another PC")
}

func TestF1ListsTheShortcuts(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.key(fyne.KeyF1)
	d.sees("Keyboard shortcuts")
	for _, keys := range []string{
		"Ctrl+F", "Ctrl+R", "Ctrl+N", "Ctrl+O", "Ctrl+E", "Ctrl+M", "Ctrl+B", "Ctrl+T", "Ctrl+D", "Ctrl+Q", "F5", "Ctrl+C",
		"Ctrl+Shift+C", "Enter", "Shift+F10", "Tab, Shift+Tab", "Space, Enter", "Escape", "F1",
	} {
		require.Contains(t, d.texts(), keys)
	}
	d.key(fyne.KeyReturn)
	require.False(t, d.shows("Shift+F10"))
}
