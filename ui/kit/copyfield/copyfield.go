// Package copyfield is a read-only field with a button that copies its text, such as a code.
package copyfield

import (
	"fyne.io/fyne/v2"
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

// New returns a field. toClipboard copies a text to the clipboard. UI thread.
func New(text string, toClipboard func(string)) *Field {
	f := &Field{code: widget.NewLabelWithStyle(text, fyne.TextAlignLeading, theme.Monospace())}
	f.code.Truncation = fyne.TextTruncateClip
	f.copy = dialogs.NewButton(tr.T("Copy"), fynetheme.ContentCopyIcon(), func() {
		toClipboard(f.code.Text)
		f.copy.SetText(tr.T("Copied"))
	})
	f.ExtendBaseWidget(f)
	return f
}

// Row is a row of Form.
type Row struct{ Name, Text string }

// Form returns a form with a field for each row. toClipboard copies a text to the clipboard. UI thread.
func Form(toClipboard func(string), rows ...Row) *fyne.Container {
	form := container.New(layout.NewFormLayout())
	for _, r := range rows {
		name := widget.NewLabel(r.Name)
		name.Importance = widget.LowImportance
		form.Add(theme.AlignLeft(name))
		form.Add(New(r.Text, toClipboard))
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

// NewFrame returns read-only content in the border of an input field. UI thread.
func NewFrame(content fyne.CanvasObject) *theme.Surface {
	return theme.NewFrame(fynetheme.ColorNameInputBackground, fynetheme.SizeNameInputRadius, content)
}
