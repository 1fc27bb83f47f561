// Package copyfield is a read-only field with a button that copies its text, such as a code.
package copyfield

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Field is a read-only code in a frame with a Copy button. Its methods belong to the UI thread.
type Field struct {
	widget.BaseWidget
	code *widget.Label
	copy *dialogs.ContentButton
}

// New returns a field. copy copies a text to the clipboard. UI thread.
func New(text string, copy func(string)) *Field {
	f := &Field{code: widget.NewLabelWithStyle(text, fyne.TextAlignLeading, theme.Monospace())}
	f.code.Truncation = fyne.TextTruncateClip
	f.copy = dialogs.NewButton(tr.T("Copy"), fynetheme.ContentCopyIcon(), func() {
		copy(f.code.Text)
		f.copy.SetText(tr.T("Copied"))
	})
	f.ExtendBaseWidget(f)
	return f
}

// Row is a row of Form.
type Row struct{ Name, Text string }

// Form returns a form with a field for each row. copy copies a text to the clipboard. UI thread.
func Form(copy func(string), rows ...Row) *fyne.Container {
	form := container.New(layout.NewFormLayout())
	for _, r := range rows {
		name := widget.NewLabel(r.Name)
		name.Importance = widget.LowImportance
		form.Add(theme.AlignLeft(name))
		form.Add(New(r.Text, copy))
	}
	return form
}

// SetText replaces the text.
func (f *Field) SetText(text string) {
	if f.code.Text == text {
		return
	}
	f.code.SetText(text)
	f.copy.SetText(tr.T("Copy"))
}

// Text returns the text.
func (f *Field) Text() string { return f.code.Text }

// CreateRenderer implements fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	box := NewFrame(f.code)
	return widget.NewSimpleRenderer(container.NewBorder(nil, nil, nil, f.copy, box))
}

// Frame draws the border of an input field around read-only content.
type Frame struct {
	widget.BaseWidget
	content fyne.CanvasObject
}

// NewFrame returns content in a frame. UI thread.
func NewFrame(content fyne.CanvasObject) *Frame {
	f := &Frame{content: content}
	f.ExtendBaseWidget(f)
	return f
}

// CreateRenderer implements fyne.Widget.
func (f *Frame) CreateRenderer() fyne.WidgetRenderer {
	box := canvas.NewRectangle(nil)
	r := &frameRenderer{WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(box, f.content)), box: box}
	r.style()
	return r
}

type frameRenderer struct {
	fyne.WidgetRenderer
	box *canvas.Rectangle
}

func (r *frameRenderer) style() {
	r.box.FillColor = theme.Color(fynetheme.ColorNameInputBackground)
	r.box.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	r.box.StrokeWidth = 1
	r.box.CornerRadius = theme.Size(fynetheme.SizeNameInputRadius)
}

func (r *frameRenderer) Refresh() {
	r.style()
	r.WidgetRenderer.Refresh()
}
