package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
)

// Drop drops files on the window, which Fyne's test window does not support.
func (w *Window) Drop(paths ...string) {
	files := make([]fyne.URI, len(paths))
	for i, p := range paths {
		files[i] = storage.NewFileURI(p)
	}
	w.carry.Dropped(files)
}

// Shortcut runs a shortcut of the window. Fyne's test canvas has no shortcuts.
func (w *Window) Shortcut(key fyne.KeyName) {
	for _, s := range w.shortcuts() {
		if s.key == key {
			w.shell.Dialogs.Guard(w.whileSignedIn(s))()
		}
	}
}
