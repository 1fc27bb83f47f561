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

// control is something that takes the focus, with the name that a person hears of it: its own, else the text before it.
type control struct {
	focus fyne.Focusable
	name  string
}

// controls lists what can take the focus on top: in the dialog that is up, else in the window.
func (d *driven) controls() (list []control) {
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

// ownName is the name of a control. A field or a choice has that of the label before it.
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

// tabs goes by Tab once around and requires that it came by everything that takes the focus, and by nothing else.
func (d *driven) tabs(where string) {
	d.t.Helper()
	all := d.controls()
	require.NotEmpty(d.t, all, where)
	names := map[fyne.Focusable]string{}
	for _, c := range all {
		require.NotEmpty(d.t, c.name, "%s: %T has no name", where, c.focus)
		switch c.focus.(type) {
		case *widget.Button, *widget.Check, *widget.Hyperlink, *widget.Select, *widget.Entry:
			require.Fail(d.t, "the toolkit's own keep Enter and Escape for themselves", "%s: %q is a %T", where, c.name, c.focus)
		}
		names[c.focus] = c.name
	}
	var came []fyne.Focusable
	d.canvas().FocusNext()
	for range 3 * len(all) {
		at := d.canvas().Focused()
		if slices.Contains(came, at) {
			break
		}
		require.Contains(d.t, names, at, "%s: Tab leads to %T", where, at)
		came = append(came, at)
		d.canvas().FocusNext()
	}
	for _, c := range all {
		require.Contains(d.t, came, c.focus, "%s: no Tab leads to %q (%T)", where, c.name, c.focus)
	}
}

// dialogsOfTheWindow are all that can be opened, each with what is seen in it, and how.
var dialogsOfTheWindow = []struct {
	sees string
	open func(*driven)
}{
	{"Keyboard shortcuts", func(d *driven) { d.follows("Keyboard shortcuts…") }},
	{"What you can do with orders and licenses", func(d *driven) { d.follows("Help…") }},
	{"Nothing goes to anybody else.", func(d *driven) { d.follows("What is sent about this PC…"); d.sees(thisPC.Machine.String()) }},
	{"Version 0.1.0-test", func(d *driven) { d.follows("About ACEN Desktop…") }},
	{"from its next start on", func(d *driven) { d.follows("Deutsch") }},
	{"Sign out?", func(d *driven) { d.follows("Sign out…") }},
	{"Contact data", func(d *driven) { d.follows("Contact data…") }},
	{"Change password", func(d *driven) { d.follows("Change password…") }},
	{"Removal codes", func(d *driven) { d.follows("Removal codes…") }},
	{"What waits for the server", func(d *driven) { d.follows("What waits for the server…") }},
	{"broken at this step", func(d *driven) { d.follows("Connection doctor…") }},
	{"gets its licenses by a courier", func(d *driven) { d.follows("PCs without a network…") }},
	{"Open a request, an answer or a license file", func(d *driven) { d.follows("Open a file…") }},
	{"Type an activation code", func(d *driven) { d.follows("Open a file…"); d.press("Type an activation code…") }},
	{"Ask for licenses", func(d *driven) { d.follows("PCs without a network…"); d.press("New request…") }},
	{"Carry for another PC", func(d *driven) { d.receives(sampleRequest()) }},
	{"Take what the courier brought?", func(d *driven) { d.receives(sampleAnswer()) }},
	{"A link to a license server", func(d *driven) { d.given <- []byte("acen:server?address=https%3A%2F%2Fkeys.example.net") }},
	{"New order", func(d *driven) { d.press("New order…") }},
	{"New license", func(d *driven) { d.press("New license…") }},
	{"They hold 63 bits", func(d *driven) { d.press("Activate this PC") }},
	{"Email activation code", func(d *driven) { d.press("Email code…") }},
	{"Reactivate ", func(d *driven) { d.press("Reactivate…") }},
	{"Transfer ", func(d *driven) { d.press("Transfer…") }},
	{"Remove ", func(d *driven) { d.press("Remove…") }},
	{"Change note", func(d *driven) { d.follow("Change note") }},
	{"Forgot password?", func(d *driven) { d.atSignIn("Forgot password?") }},
	{"New account", func(d *driven) { d.atSignIn("New account…") }},
	{"History of order 1042", func(d *driven) { d.follow("All of the order") }},
}

// follows chooses an item of the account's menu.
func (d *driven) follows(item string) {
	d.t.Helper()
	d.press(annaButton)
	d.follow(item)
}

// atSignIn follows a link of the sign-in screen.
func (d *driven) atSignIn(link string) {
	d.t.Helper()
	d.follows("Add an account…")
	d.sees("Back to " + annaButton)
	d.write("licenses.example.com", "licenses.lumen.example")
	d.follow(link)
	d.until("the dialog", func() bool { return d.canvas().Overlays().Top() != nil })
}

// receives starts the program once more with a document.
func (d *driven) receives(doc carry.Document) { d.given <- file(doc) }

// Every dialog: each control has a name, Tab comes by all of them and stays in the dialog, and Escape closes it.
func TestEveryDialogByKeyboard(t *testing.T) {
	for _, dialog := range dialogsOfTheWindow {
		t.Run(dialog.sees, func(t *testing.T) {
			b := withProgram(twoAccounts(), false)
			b.findings, b.courierDesk.plan = intercepted, samplePlan()
			given := make(chan []byte)
			b.serial = []api.Program{b.programs[1]}
			d := drive(t, b, func(o *ui.Options) { o.Given = given })
			d.given = given
			d.sees("Studio PC")
			d.tabs("the window")
			dialog.open(d)
			d.sees(dialog.sees)
			d.tabs(dialog.sees)
			d.until("the end of the dialog by Escape", func() bool {
				if d.canvas().Overlays().Top() == nil {
					return true
				}
				d.key(fyne.KeyEscape)
				return false
			})
		})
	}
}
