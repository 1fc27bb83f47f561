package ui

import (
	"fmt"
	"runtime"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/screens/privacy"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// command is something the window does by a shortcut.
type command struct {
	key      fyne.KeyName
	modifier fyne.KeyModifier
	what     string
	do       func()
}

// commands are the shortcuts of the window; those without a modifier are listed in keys.
func (w *Window) commands() []command {
	const ctrl = fyne.KeyModifierShortcutDefault
	return []command{
		{fyne.KeyF, ctrl, tr.T("Search"), w.focusSearch},
		{fyne.KeyR, ctrl, tr.T("Refresh"), w.refresh},
		{fyne.KeyN, ctrl, tr.T("New license"), func() { w.newLicense(false) }},
		{fyne.KeyO, ctrl, tr.T("New order"), w.newOrder},
		{fyne.KeyE, ctrl, tr.T("Email the activation code"), w.emailSelected},
		{fyne.KeyM, ctrl, tr.T("Move to another PC"), w.selected(w.move)},
		{fyne.KeyB, ctrl, tr.T("License reactivation"), w.selected(w.reactivate)},
		{fyne.KeyT, ctrl, tr.T("License transfer"), w.selected(w.transfer)},
		{fyne.KeyD, ctrl, tr.T("License removal"), w.selected(w.remove)},
		{fyne.KeyQ, ctrl, tr.T("Quit"), w.Close},
	}
}

// shortcuts gives the window its keys. They are off while a dialog is up.
func (w *Window) shortcuts() {
	for _, c := range w.commands() {
		w.queue.AddShortcut(&desktop.CustomShortcut{KeyName: c.key, Modifier: c.modifier}, w.whileSignedIn(c))
	}
	w.window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { w.typedKey(e) })
}

// whileSignedIn keeps all shortcuts but Quit from the sign-in screen.
func (w *Window) whileSignedIn(c command) func() {
	return func() {
		if w.state.signedIn || c.key == fyne.KeyQ {
			c.do()
		}
	}
}

func (w *Window) owns(s *desktop.CustomShortcut) bool {
	for _, c := range w.commands() {
		if c.key == s.KeyName && c.modifier == s.Modifier {
			return true
		}
	}
	return false
}

// typedKey acts on the function keys; it reports whether it had a use for the key.
func (w *Window) typedKey(e *fyne.KeyEvent) bool {
	if w.queue.Visible() != nil {
		return false
	}
	switch e.Name {
	case fyne.KeyF1:
		w.showHelp()
	case fyne.KeyF5:
		w.refresh()
	case fyne.KeyEscape:
		return w.root.Objects[0] != w.main && w.signIn.Escape()
	default:
		return false
	}
	return true
}

func (w *Window) focusSearch() {
	w.window.Canvas().Focus(w.toolbar.search)
	w.toolbar.search.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// accountMenu is the menu below the account's button.
func (w *Window) accountMenu() *fyne.Menu {
	who := fyne.NewMenuItem(tr.T("Signed in as %s", w.state.account.Username), nil)
	who.Disabled = true
	signOut := fyne.NewMenuItem(tr.T("Sign out…"), w.signOut)
	signOut.Disabled = !w.state.signedIn
	items := []*fyne.MenuItem{
		fyne.NewMenuItem(tr.T("PCs without a network…"), w.noNetwork),
		fyne.NewMenuItem(tr.T("Open a file…"), w.openFile),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(tr.T(doctor.Title)+"…", func() { w.examine("") }),
		fyne.NewMenuItem(tr.T("Help…"), w.showHelp),
		fyne.NewMenuItem(tr.T("What is sent about this PC…"), w.showPrivacy),
		fyne.NewMenuItem(tr.T("Keyboard shortcuts…"), w.showShortcuts),
		fyne.NewMenuItem(tr.T("About ACEN Desktop…"), w.showAbout),
		w.languageMenu(),
		fyne.NewMenuItemSeparator(),
		signOut,
		fyne.NewMenuItem(tr.T("Quit"), w.Close),
	}
	if w.state.signedIn {
		items = append(append([]*fyne.MenuItem{who}, w.accountItems()...), append([]*fyne.MenuItem{
			fyne.NewMenuItemSeparator(), fyne.NewMenuItem(tr.T("Contact data…"), w.profile), fyne.NewMenuItem(tr.T("Change password…"), w.changePassword), fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem(tr.T("Removal codes…"), w.showRemovalCodes), fyne.NewMenuItem(tr.T("What waits for the server…"), w.showJobs), fyne.NewMenuItemSeparator(),
		}, items...)...)
	}
	return fyne.NewMenu("", items...)
}

func (w *Window) noNetwork() { w.desk.Home() }

func (w *Window) openFile() { w.desk.Open() }

// showPrivacy shows what is sent about this PC, for each program of the orders.
func (w *Window) showPrivacy() {
	var programs []privacy.Program
	for _, o := range w.state.orders {
		one := privacy.Program{ID: o.ProgramID, Name: o.ProgramName}
		if o.RequiresActivation && !slices.Contains(programs, one) {
			programs = append(programs, one)
		}
	}
	privacy.Open(privacy.Options{Dialogs: w.queue, Work: w.work, Reader: w.options.Backend, Copy: w.copy, Explain: explain.Error}, programs, w.state.content.Order.ProgramID)
}

func (w *Window) showAbout() {
	text := tr.T("Version %s on %s.\n\nLook after your licenses: on this PC, on your other PCs, and for a PC that has no network.", w.options.Version, runtime.GOOS)
	if w.state.signedIn {
		text += "\n\n" + tr.T("Server: %s (%s)", w.state.account.ServerName, w.state.account.Server)
	}
	w.queue.Info(tr.T("About ACEN Desktop"), text)
}

func (w *Window) showShortcuts() {
	w.queue.Show(dialogs.Spec{
		Title: tr.T("Keyboard shortcuts"), Content: w.shortcutRows(), Width: dialogs.SmallWidth,
		Buttons: []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	})
}

// shortcutRows lists the keys of the window.
func (w *Window) shortcutRows() fyne.CanvasObject {
	rows := container.New(layout.NewFormLayout())
	add := func(keys, what string) {
		k := widget.NewLabelWithStyle(keys, fyne.TextAlignLeading, theme.Monospace())
		rows.Add(container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Section), theme.Tight(k)))
		rows.Add(theme.Tight(widget.NewLabel(what)))
	}
	control, shift := tr.T("Ctrl"), tr.T("Shift")
	if runtime.GOOS == "darwin" {
		control = tr.T("Cmd")
	}
	for _, c := range w.commands() {
		add(fmt.Sprintf("%s+%s", control, c.key), c.what)
	}
	add("F5", tr.T("Refresh"))
	add(control+"+C", tr.T("Copy the cell"))
	add(control+"+"+shift+"+C", tr.T("Copy the row"))
	add(tr.T("Enter"), tr.T("Email the code of the selected license"))
	add(shift+"+F10", tr.T("Menu of the row"))
	add(tr.T("Tab")+", "+shift+"+"+tr.T("Tab"), tr.T("Next and previous field"))
	add(tr.T("Space")+", "+tr.T("Enter"), tr.T("Press the button, follow the link"))
	add(tr.T("Escape"), tr.T("Close a dialog, empty the search"))
	add("F1", tr.T("Help"))
	return rows
}
