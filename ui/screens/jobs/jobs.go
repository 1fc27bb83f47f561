// Package jobs implements the dialog with the open jobs.
package jobs

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const sendNow tr.Text = "Send now"

// Options configures a List. Functions are called on the UI thread.
type Options struct {
	Dialogs  *dialogs.Queue
	SignedIn bool
	OnSend   func() // sends the jobs now
	OnClosed func()
}

// Row is a job.
type Row struct {
	What    string
	Account string // its account; "" is not shown
	Why     string // since when and why it is open
	// End is called by the button: it cancels the job or, with GiveUp, asks whether to give it up. Nil disables it.
	End    func()
	GiveUp bool
}

// List is the open dialog. Its methods run on the UI thread.
type List struct {
	*dialogs.Dialog
	options Options
	rows    *fyne.Container
}

// Open shows the dialog without rows. UI thread.
func Open(o Options) *List {
	l := &List{options: o, rows: container.New(layout.NewCustomPaddedVBoxLayout(theme.Section))}
	subtitle := tr.T(
		"It is sent by itself and in this order when the server answers. Each happens once, however often it is sent.")
	if !o.SignedIn {
		subtitle = tr.T(
			"It is sent by itself as soon as you are signed in to its account. What was never sent can be canceled here.")
	}
	l.Dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("What waits for the server"),
		Subtitle: subtitle,
		Content:  l.rows,
		Buttons: []dialogs.Button{
			{Text: tr.T("Close"), Cancel: true},
			{Text: tr.T(sendNow), Default: true, OnTapped: o.OnSend},
		},
		OnClosed: o.OnClosed,
	})
	return l
}

// Show shows the jobs, oldest first. They can be sent if signedIn.
func (l *List) Show(rows []Row, signedIn bool) {
	l.rows.RemoveAll()
	if len(rows) == 0 {
		none := widget.NewLabel(tr.T("Nothing waits: the server has been told everything."))
		none.Importance = widget.LowImportance
		l.rows.Add(theme.Unpadded(none))
	}
	for i, r := range rows {
		if i > 0 {
			l.rows.Add(widget.NewSeparator())
		}
		l.rows.Add(r.object())
	}
	l.rows.Refresh()
	reason := ""
	if !signedIn && len(rows) > 0 {
		reason = tr.T("Sign in first.")
	}
	l.SetButton(tr.T(sendNow), len(rows) > 0 && signedIn, reason)
}

func (r Row) object() fyne.CanvasObject {
	lines := container.New(layout.NewCustomPaddedVBoxLayout(2), line(r.What, true))
	if r.Account != "" {
		lines.Add(line(r.Account, false))
	}
	lines.Add(line(r.Why, false))
	text := tr.T("Cancel")
	if r.GiveUp {
		text = tr.T("Give up…")
	}
	end := dialogs.NewButton(text, nil, r.End)
	if r.End == nil {
		end.Disable()
	}
	return container.NewBorder(nil, nil, nil, container.NewVBox(end), lines)
}

func line(text string, bold bool) fyne.CanvasObject {
	label := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: bold})
	label.Wrapping = fyne.TextWrapWord
	if !bold {
		label.Importance = widget.LowImportance
	}
	return theme.Unpadded(label)
}
