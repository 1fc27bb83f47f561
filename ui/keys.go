package ui

import (
	"fmt"
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/help"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// shortcut is something that the window does by a key together with Ctrl.
type shortcut struct {
	key  fyne.KeyName
	name tr.Text
	do   func()
	// always tells that the shortcut also works while nobody is signed in.
	always bool
}

func (s shortcut) custom() *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: s.key, Modifier: fyne.KeyModifierShortcutDefault}
}

// shortcuts are those of the window and those of the actions.
func (w *Window) shortcuts() []shortcut {
	list := []shortcut{
		{key: fyne.KeyF, name: "Search", do: w.toolbar.FocusSearch},
		{key: fyne.KeyR, name: "Refresh", do: w.orders.Refresh},
	}
	for _, id := range actions.All() {
		if a := id.Action(); a.Key != "" {
			list = append(list, shortcut{key: a.Key, name: a.Name, do: func() { w.act(id) }})
		}
	}
	return append(list, shortcut{key: fyne.KeyQ, name: "Quit", do: w.Close, always: true})
}

// act opens the dialog of an action on the shown order or the selected license. Without one it does nothing.
func (w *Window) act(id actions.ID) {
	s, selected := w.licenses.Subject()
	if id == actions.NewLicense && !w.licenses.CanCreate() || id.OfLicense() && !selected {
		return
	}
	w.tasks.Do(id, s)
}

// addShortcuts gives the window its keys. They are off while a dialog is up.
func (w *Window) addShortcuts() {
	for _, s := range w.shortcuts() {
		w.shell.Dialogs.AddShortcut(s.custom(), w.whileSignedIn(s))
	}
	w.shell.Window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { w.typedKey(e) })
}

// whileSignedIn returns what a shortcut does while an account is signed in, or always.
func (w *Window) whileSignedIn(s shortcut) func() {
	return func() {
		if w.session.SignedIn() || s.always {
			s.do()
		}
	}
}

// typedShortcut reports whether a shortcut that was typed into the search field is one of the window's; if so it is done.
func (w *Window) typedShortcut(typed *desktop.CustomShortcut) bool {
	for _, s := range w.shortcuts() {
		if *s.custom() == *typed {
			w.shell.Window.Canvas().(fyne.Shortcutable).TypedShortcut(typed)
			return true
		}
	}
	return false
}

// typedKey does what a key without a modifier does; it reports whether the window had a use for the key.
func (w *Window) typedKey(e *fyne.KeyEvent) bool {
	if w.shell.Dialogs.Visible() != nil {
		return false
	}
	switch e.Name {
	case fyne.KeyF1:
		w.showHelp()
	case fyne.KeyF5:
		w.orders.Refresh()
	case fyne.KeyEscape:
		return !w.frame.showsTables() && w.session.Escape()
	default:
		return false
	}
	return true
}

// keys lists the keys of the window, for the person.
func (w *Window) keys() []help.Shortcut {
	control, shift := tr.T("Ctrl"), tr.T("Shift")
	if runtime.GOOS == "darwin" {
		control = tr.T("Cmd")
	}
	var list []help.Shortcut
	for _, s := range w.shortcuts() {
		list = append(list, help.Shortcut{Keys: fmt.Sprintf("%s+%s", control, s.key), Name: tr.T(s.name)})
	}
	return append(list,
		help.Shortcut{Keys: "F5", Name: tr.T("Refresh")},
		help.Shortcut{Keys: control + "+C", Name: tr.T("Copy the cell")},
		help.Shortcut{Keys: control + "+" + shift + "+C", Name: tr.T("Copy the row")},
		help.Shortcut{Keys: tr.T("Enter"), Name: tr.T("Email the code of the selected license")},
		help.Shortcut{Keys: shift + "+F10", Name: tr.T("Menu of the row")},
		help.Shortcut{Keys: tr.T("Tab") + ", " + shift + "+" + tr.T("Tab"), Name: tr.T("Next and previous field")},
		help.Shortcut{Keys: tr.T("Space") + ", " + tr.T("Enter"), Name: tr.T("Press the button, follow the link")},
		help.Shortcut{Keys: tr.T("Escape"), Name: tr.T("Close a dialog, empty the search")},
		help.Shortcut{Keys: "F1", Name: tr.T("Help")},
	)
}

func (w *Window) showHelp() { help.Open(w.shell.Dialogs, w.keys()) }
