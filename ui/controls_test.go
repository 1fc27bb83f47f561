package ui_test

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui"
)

// control is a focusable object with its accessible name.
type control struct {
	focus fyne.Focusable
	name  string
}

// controls returns the focusable objects of the open dialog, or of the window if there is none.
func (d *testWindow) controls() (list []control) {
	root := d.canvas().Content()
	if top := d.canvas().Overlays().Top(); top != nil {
		root = top
	}
	before := ""
	walk(root, func(o fyne.CanvasObject) {
		focus, takes := o.(fyne.Focusable)
		if off, ok := o.(fyne.Disableable); takes && (!ok || !off.Disabled()) {
			list = append(list, control{focus, ownName(o, before)})
		}
		if l, ok := o.(*widget.Label); ok && l.Text != "" {
			before = l.Text
		}
	})
	return list
}

// ownName returns the accessible name of a control. If a control has none, it is that of the label before it.
func ownName(o fyne.CanvasObject, before string) string {
	if a, ok := o.(fyne.Accessible); ok && a.AccessibilityLabel() != "" {
		return a.AccessibilityLabel()
	}
	if _, writes := o.(writable); !writes {
		if text := text(o); text != "" {
			return text
		}
	}
	if text := field(o, "PlaceHolder"); text != "" {
		return text
	}
	return before
}

// tabs requires that every control has a name and that Tab visits all controls and no other object.
func (d *testWindow) tabs(where string) {
	d.t.Helper()
	all := d.controls()
	require.NotEmpty(d.t, all, where)
	names := map[fyne.Focusable]string{}
	for _, c := range all {
		require.NotEmpty(d.t, c.name, "%s: %T has no name", where, c.focus)
		switch c.focus.(type) {
		case *widget.Button, *widget.Check, *widget.Hyperlink, *widget.Select, *widget.Entry:
			require.Fail(d.t, "Fyne's own widgets consume Enter and Escape", "%s: %q is a %T", where, c.name, c.focus)
		}
		names[c.focus] = c.name
	}
	var visited []fyne.Focusable
	d.canvas().FocusNext()
	for range 3 * len(all) {
		at := d.canvas().Focused()
		if slices.Contains(visited, at) {
			break
		}
		require.Contains(d.t, names, at, "%s: Tab leads to %T", where, at)
		visited = append(visited, at)
		d.canvas().FocusNext()
	}
	for _, c := range all {
		require.Contains(d.t, visited, c.focus, "%s: Tab does not reach %q (%T)", where, c.name, c.focus)
	}
}

// dialogsOfTheWindow lists all dialogs, each with a text in it and a function that opens it.
var dialogsOfTheWindow = []struct {
	sees string
	open func(*testWindow)
}{
	{"Keyboard shortcuts", func(d *testWindow) { d.follows("Keyboard shortcuts…") }},
	{"What you can do with orders and licenses", func(d *testWindow) { d.follows("Help…") }},
	{"Nothing goes to anybody else.", func(d *testWindow) {
		d.follows("What is sent about this PC…")
		d.sees(thisPC.Machine.String())
	}},
	{"Version 0.1.0-test", func(d *testWindow) { d.follows("About ACEN Desktop…") }},
	{"from its next start on", func(d *testWindow) { d.follows("Deutsch") }},
	{"Sign out?", func(d *testWindow) { d.follows("Sign out…") }},
	{"Contact data", func(d *testWindow) { d.follows("Contact data…") }},
	{"Change password", func(d *testWindow) { d.follows("Change password…") }},
	{"Removal codes", func(d *testWindow) { d.follows("Removal codes…") }},
	{"What waits for the server", func(d *testWindow) { d.follows("What waits for the server…") }},
	{"broken at this step", func(d *testWindow) { d.follows("Connection doctor…") }},
	{"gets its licenses by a courier", func(d *testWindow) { d.follows("PCs without a network…") }},
	{"Open a request, an answer or a license file", func(d *testWindow) { d.follows("Open a file…") }},
	{"Type an activation code", func(d *testWindow) { d.follows("Open a file…"); d.press("Type an activation code…") }},
	{"Ask for licenses", func(d *testWindow) { d.follows("PCs without a network…"); d.press("New request…") }},
	{"Carry for another PC", func(d *testWindow) { d.receives(sampleRequest()) }},
	{"Take what the courier brought?", func(d *testWindow) { d.receives(sampleAnswer()) }},
	{"A link to a license server", func(d *testWindow) {
		d.given <- []byte("acen:server?address=https%3A%2F%2Fkeys.example.net")
	}},
	{"New order", func(d *testWindow) { d.press("New order…") }},
	{"New license", func(d *testWindow) { d.press("New license…") }},
	{"They hold 63 bits", func(d *testWindow) { d.press("Activate this PC") }},
	{"Email activation code", func(d *testWindow) { d.press("Email code…") }},
	{"Reactivate ", func(d *testWindow) { d.press("Reactivate…") }},
	{"Transfer ", func(d *testWindow) { d.press("Transfer…") }},
	{"Remove ", func(d *testWindow) { d.press("Remove…") }},
	{"Change note", func(d *testWindow) { d.follow("Change note") }},
	{"Forgot password?", func(d *testWindow) { d.atSignIn("Forgot password?") }},
	{"New account", func(d *testWindow) { d.atSignIn("New account…") }},
	{"History of order 1042", func(d *testWindow) { d.follow("All of the order") }},
}

// follows chooses an item of the account menu.
func (d *testWindow) follows(item string) {
	d.t.Helper()
	d.press(annaButton)
	d.follow(item)
}

// atSignIn follows a link of the sign-in screen.
func (d *testWindow) atSignIn(link string) {
	d.t.Helper()
	d.follows("Add an account…")
	d.sees("Back to " + annaButton)
	d.write("licenses.example.com", "licenses.lumen.example")
	d.follow(link)
	d.until("the dialog", func() bool { return d.canvas().Overlays().Top() != nil })
}

// receives simulates a second start with a document.
func (d *testWindow) receives(doc carry.Document) { d.given <- file(doc) }

// In every dialog each control has a name, Tab visits all controls and stays in the dialog, and Escape closes it.
func TestEveryDialogByKeyboard(t *testing.T) {
	for _, dialog := range dialogsOfTheWindow {
		t.Run(dialog.sees, func(t *testing.T) {
			b := withProgram(twoAccounts(), false)
			b.findings, b.courier.plan = intercepted, samplePlan()
			given := make(chan []byte)
			b.serial = []api.Program{b.programs[1]}
			d := drive(t, b, func(o *ui.Options) { o.Documents = given })
			d.given = given
			d.sees("Studio PC")
			d.tabs("the window")
			dialog.open(d)
			d.sees(dialog.sees)
			d.tabs(dialog.sees)
			d.until("the dialog to close by Escape", func() bool {
				if d.canvas().Overlays().Top() == nil {
					return true
				}
				d.key(fyne.KeyEscape)
				return false
			})
		})
	}
}
