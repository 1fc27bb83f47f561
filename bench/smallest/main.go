// Command smallest is the smallest window of the toolkit: one line of text, in a window as large as the app's. The app is
// measured beside it.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	app.SetMetadata(fyne.AppMetadata{ID: "com.github.acen-desktop.smallest", Name: "Smallest", Migrations: map[string]bool{"fyneDo": true}})
	w := app.New().NewWindow("Smallest")
	w.SetContent(widget.NewLabel("The smallest window of the toolkit, as large as the app's."))
	w.Resize(fyne.NewSize(1180, 760))
	w.SetMaster()
	w.ShowAndRun()
}
