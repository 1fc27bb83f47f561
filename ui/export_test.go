package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
)

// Drop drops files on the window, which the toolkit's test window cannot.
func (w *Window) Drop(paths ...string) {
	files := make([]fyne.URI, len(paths))
	for i, p := range paths {
		files[i] = storage.NewFileURI(p)
	}
	w.dropped(fyne.Position{}, files)
}

// Shortcut does what a shortcut of the window with the usual modifier does. The toolkit's test canvas has no shortcuts.
func (w *Window) Shortcut(key fyne.KeyName) {
	for _, c := range w.commands() {
		if c.key == key {
			w.queue.Guard(w.whileSignedIn(c))()
		}
	}
}
