package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// frame shows the tables or the sign-in screen, below the banners. Its methods belong to the UI thread.
type frame struct {
	canvas fyne.Canvas
	tables fyne.CanvasObject
	root   *fyne.Container
}

// newFrame returns a frame that shows the tables.
func newFrame(canvas fyne.Canvas, tables fyne.CanvasObject) *frame {
	return &frame{canvas: canvas, tables: tables, root: container.NewStack(tables)}
}

func (f *frame) showsTables() bool { return f.root.Objects[0] == f.tables }

func (f *frame) showTables() { f.show(f.tables) }

// show replaces the screen and clears the focus, which might be in the other screen.
func (f *frame) show(screen fyne.CanvasObject) {
	f.canvas.Unfocus()
	if f.root.Objects[0] == screen {
		return
	}
	f.root.Objects = []fyne.CanvasObject{screen}
	f.root.Refresh()
}
