// Command smallest is the smallest window of the toolkit: one line of text, in a window as large as the app's. The app
// is measured next to it.
//
// With -texts N it shows N short texts instead, in turn in the toolkit's plain, bold and monospaced fonts, as the app
// does: the time that the toolkit itself takes to show a full window.
package main

import (
	"flag"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

func main() {
	texts := flag.Int("texts", 0, "show this many texts")
	flag.Parse()
	app.SetMetadata(fyne.AppMetadata{
		ID:         "com.github.acen-desktop.smallest",
		Name:       "Smallest",
		Migrations: map[string]bool{"fyneDo": true},
	})
	w := app.New().NewWindow("Smallest")
	w.SetContent(content(*texts))
	w.Resize(fyne.NewSize(1180, 760))
	w.SetMaster()
	w.ShowAndRun()
}

func content(texts int) fyne.CanvasObject {
	if texts == 0 {
		return widget.NewLabel("The smallest window of the toolkit, as large as the app's.")
	}
	const columns = 7
	styles := []fyne.TextStyle{{}, {Bold: true}, {Monospace: true}}
	grid := container.NewGridWithColumns(columns)
	for i := range texts {
		text := canvas.NewText(fmt.Sprintf("Text %04d", i), theme.Color(theme.ColorNameForeground))
		text.TextStyle = styles[i%len(styles)]
		grid.Add(text)
	}
	return grid
}
