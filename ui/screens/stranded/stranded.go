// Package stranded implements the dialog with stranded licenses: they left this PC, and the server has not been told.
package stranded

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Row is a license with its steps.
type Row struct {
	Title string
	Steps []Step
}

// Step is a button of a row. It closes the dialog before it calls Do.
type Step struct {
	Text   string
	WhyNot string // why the button is disabled, or ""
	Do     func() // UI thread
}

// Open shows the dialog; contact opens an email to the vendor. UI thread.
func Open(queue *dialogs.Queue, rows []Row, contact func()) {
	content := container.New(layout.NewCustomPaddedVBoxLayout(theme.Section),
		container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
			paragraph(tr.T("Bring back: the program runs on this PC again.")),
			paragraph(tr.T("Hand in: the order gets one license back.")),
			paragraph(tr.T("Offer to another PC: another PC of yours can pick up the license."))))
	var d *dialogs.Dialog
	closeThen := func(do func()) func() { return func() { d.Close(); do() } }
	for _, r := range rows {
		content.Add(widget.NewSeparator())
		content.Add(r.object(closeThen))
	}
	d = queue.Show(dialogs.Spec{
		Title:    tr.T("Licenses that left this PC"),
		Subtitle: tr.T("The server lists them as in use on this PC, but they have left it. You need no codes."),
		Content:  content,
		Buttons: []dialogs.Button{
			{Text: tr.T("Contact the vendor…"), OnTapped: closeThen(contact)},
			{Text: tr.T("Close"), Default: true, Cancel: true},
		},
	})
}

func (r Row) object(closeThen func(func()) func()) fyne.CanvasObject {
	title := widget.NewLabelWithStyle(r.Title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	title.Wrapping = fyne.TextWrapWord
	buttons := container.NewHBox()
	var reasons []string
	for _, s := range r.Steps {
		b := dialogs.NewButton(s.Text, nil, closeThen(s.Do))
		if s.WhyNot != "" {
			b.Disable()
			reasons = append(reasons, tr.T("%s: %s", words.Title(strings.TrimSuffix(s.Text, "…")), s.WhyNot))
		}
		buttons.Add(b)
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Unpadded(title), buttons)
	if len(reasons) > 0 {
		why := widget.NewLabel(words.Sentence(words.List(reasons)))
		why.Wrapping, why.Importance = fyne.TextWrapWord, widget.LowImportance
		rows.Add(theme.Unpadded(why))
	}
	return rows
}

func paragraph(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Unpadded(l)
}
