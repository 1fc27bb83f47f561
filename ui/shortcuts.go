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

// shortcut is a keyboard shortcut of the window with the default modifier, Ctrl or Cmd.
type shortcut struct {
	key    fyne.KeyName
	name   tr.Text
	do     func()
	always bool // also works while nobody is signed in
}

func (s shortcut) custom() *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: s.key, Modifier: fyne.KeyModifierShortcutDefault}
}

// shortcuts returns the shortcuts of the window and of the actions.
func (w *Window) shortcuts() []shortcut {
	list := []shortcut{
		{key: fyne.KeyF, name: "Search", do: w.toolbar.FocusSearch},
		{key: fyne.KeyR, name: "Refresh", do: w.orders.Refresh},
	}
	for _, id := range actions.All() {
		if a := id.Action(); a.Key != "" {
			list = append(list, shortcut{key: a.Key, name: a.Name, do: func() { w.runAction(id) }})
		}
	}
	return append(list, shortcut{
		key:    fyne.KeyQ,
		name:   "Quit",
		do:     w.Close,
		always: true,
	})
}

// runAction opens the dialog of an action for the shown order or the selected license. Without one it does nothing.
func (w *Window) runAction(id actions.ID) {
	s, selected := w.licenses.Subject()
	if id == actions.NewLicense && !w.licenses.CanCreate() || id.NeedsLicense() && !selected {
		return
	}
	w.tasks.Do(id, s)
}

// addShortcuts adds the shortcuts to the window. They are disabled while a dialog is open.
func (w *Window) addShortcuts() {
	for _, s := range w.shortcuts() {
		w.shell.Dialogs.AddShortcut(s.custom(), w.whileSignedIn(s))
	}
	w.shell.Window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { w.typedKey(e) })
}

// whileSignedIn returns a function that runs a shortcut if it is an always shortcut or an account is signed in.
func (w *Window) whileSignedIn(s shortcut) func() {
	return func() {
		if w.session.SignedIn() || s.always {
			s.do()
		}
	}
}

// typedShortcut runs a shortcut that was typed in the search field, if it is one of the window. It reports whether it
// is.
func (w *Window) typedShortcut(typed *desktop.CustomShortcut) bool {
	for _, s := range w.shortcuts() {
		if *s.custom() == *typed {
			w.shell.Window.Canvas().(fyne.Shortcutable).TypedShortcut(typed)
			return true
		}
	}
	return false
}

// typedKey handles a key without a modifier. It reports whether the window handled the key.
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

// keys returns the keys of the window for the help.
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
