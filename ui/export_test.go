package ui

import "fyne.io/fyne/v2"

// Shortcut does what a shortcut of the window with the usual modifier does. The toolkit's test canvas has no shortcuts.
func (w *Window) Shortcut(key fyne.KeyName) {
	for _, c := range w.commands() {
		if c.key == key {
			w.queue.Guard(w.whileSignedIn(c))()
		}
	}
}
