package account

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

const (
	// chromeHeight is the height of the window minus that of a dialog's content, in device-independent pixels.
	chromeHeight float32 = 240
	// minContentHeight is the least height of a scrolling form.
	minContentHeight float32 = 220
	// focusMargin is the space that stays visible above and below the focused field.
	focusMargin float32 = 90
)

// scrollForm is a form that scrolls within its dialog and, unlike Fyne's scroller, keeps the focused field visible.
// UI thread.
type scrollForm struct {
	canvas fyne.Canvas
	rows   *fyne.Container
	scroll *container.Scroll
	object *fyne.Container
}

func newScrollForm(c fyne.Canvas, rows *fyne.Container) *scrollForm {
	l := &scrollForm{canvas: c, rows: rows}
	// The scrollbar overlaps the right edge of the content.
	l.scroll = container.NewVScroll(container.New(scrollbarInset{}, rows))
	l.object = container.New(l, l.scroll)
	return l
}

// follow scrolls to o when its control gets the focus.
func (l *scrollForm) follow(h *field.Hooks, o fyne.CanvasObject) {
	h.OnFocus = func() { l.reveal(o) }
}

// reveal scrolls as little as possible to make o visible.
func (l *scrollForm) reveal(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(l.scroll).Y + l.scroll.Offset.Y
	offset := l.scroll.Offset.Y
	if bottom := top + o.Size().Height + focusMargin; bottom > offset+l.scroll.Size().Height {
		offset = bottom - l.scroll.Size().Height
	}
	offset = max(0, min(offset, top-focusMargin))
	if offset != l.scroll.Offset.Y {
		l.scroll.ScrollToOffset(fyne.NewPos(0, offset))
	}
}

// MinSize implements fyne.Layout. The height is that of the form, at most what fits into the window.
func (l *scrollForm) MinSize([]fyne.CanvasObject) fyne.Size {
	size := l.scroll.Content.MinSize()
	size.Height = min(size.Height, max(minContentHeight, l.canvas.Size().Height-chromeHeight))
	return size
}

// Layout implements fyne.Layout.
func (l *scrollForm) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.scroll.Resize(size)
}

// scrollbarInset is a layout that leaves room for the scrollbar.
type scrollbarInset struct{}

func (scrollbarInset) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(theme.Margin, 0)
}

func (scrollbarInset) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size.SubtractWidthHeight(theme.Margin, 0))
}
