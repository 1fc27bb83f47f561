package account

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

const (
	// aroundContent is the height of what a dialog has besides its content, and of the window around it, in
	// device-independent pixels.
	aroundContent float32 = 240
	// leastContent is the height of a long form in the lowest window.
	leastContent float32 = 220
	// neighbors is how much is shown above and below the field that has the keyboard, so that its neighbors are in
	// sight.
	neighbors float32 = 90
)

// longForm is a form that scrolls within its dialog and keeps the field that has the keyboard in sight, which Fyne's
// own scroller does not. UI thread.
type longForm struct {
	canvas fyne.Canvas
	rows   *fyne.Container
	scroll *container.Scroll
	object *fyne.Container
}

func newLongForm(c fyne.Canvas, rows *fyne.Container) *longForm {
	l := &longForm{canvas: c, rows: rows}
	// The bar of the scroller lies over the right edge of what it scrolls.
	l.scroll = container.NewVScroll(container.New(besideBar{}, rows))
	l.object = container.New(l, l.scroll)
	return l
}

// follow scrolls to a control when it gets the keyboard.
func (l *longForm) follow(h *field.Hooks, o fyne.CanvasObject) {
	h.OnFocus = func() { l.reveal(o) }
}

// reveal scrolls as far as is needed to see an object of the form.
func (l *longForm) reveal(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(l.scroll).Y + l.scroll.Offset.Y
	offset := l.scroll.Offset.Y
	if bottom := top + o.Size().Height + neighbors; bottom > offset+l.scroll.Size().Height {
		offset = bottom - l.scroll.Size().Height
	}
	offset = max(0, min(offset, top-neighbors))
	if offset != l.scroll.Offset.Y {
		l.scroll.ScrollToOffset(fyne.NewPos(0, offset))
	}
}

// MinSize is part of fyne.Layout: the whole form, or what the window has room for.
func (l *longForm) MinSize([]fyne.CanvasObject) fyne.Size {
	size := l.scroll.Content.MinSize()
	size.Height = min(size.Height, max(leastContent, l.canvas.Size().Height-aroundContent))
	return size
}

// Layout is part of fyne.Layout.
func (l *longForm) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.scroll.Resize(size)
}

// besideBar leaves room for the bar of a scroller.
type besideBar struct{}

func (besideBar) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(theme.Margin, 0)
}

func (besideBar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size.SubtractWidthHeight(theme.Margin, 0))
}
