// Package dialogs shows the modal dialogs of a window, one at a time. Each has a title, a content, a progress line, a
// place for an error, and buttons; Enter presses the default one, also from inside a field, and Escape the one that
// cancels. It knows nothing of licenses.
package dialogs

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Queue is the line of dialogs of one window: one is visible, the others wait for it to close. All its methods belong
// to the UI thread.
type Queue struct {
	canvas  fyne.Canvas
	current *Dialog
	waiting []*Dialog
}

// New returns the queue of a window. There must be only one for each. UI thread.
func New(window fyne.Window) *Queue {
	return &Queue{canvas: window.Canvas()}
}

// Show puts a dialog into the queue; it comes up at once if none is visible. UI thread.
func (q *Queue) Show(spec Spec) *Dialog {
	d := newDialog(q, spec)
	q.waiting = append(q.waiting, d)
	q.next()
	return d
}

// Visible returns the dialog that is up, or nil. UI thread.
func (q *Queue) Visible() *Dialog { return q.current }

// AddShortcut gives the window a shortcut that is off while a dialog is up. UI thread.
func (q *Queue) AddShortcut(s fyne.Shortcut, do func()) {
	guarded := q.Guard(do)
	q.canvas.AddShortcut(s, func(fyne.Shortcut) { guarded() })
}

// Guard returns a function that does nothing while a dialog is up: for the items of a main menu, whose shortcuts the
// window hears under a dialog too. UI thread.
func (q *Queue) Guard(do func()) func() {
	return func() {
		if q.current == nil {
			do()
		}
	}
}

// Confirm asks before something is done. UI thread.
func (q *Queue) Confirm(c Confirmation) *Dialog {
	confirmed := false
	var d *Dialog
	cancel := Button{Text: c.Cancel, Cancel: true, Default: c.Danger}
	if cancel.Text == "" {
		cancel.Text = tr.T("Cancel")
	}
	confirm := Button{Text: c.Label, Default: !c.Danger, OnTapped: func() { confirmed = true; d.Close() }}
	if c.Danger {
		cancel.Importance, confirm.Importance = widget.MediumImportance, widget.DangerImportance
	}
	d = q.Show(Spec{
		Title: c.Title, Content: paragraph(c.Text), Buttons: []Button{cancel, confirm}, Width: SmallWidth,
		OnClosed: func() {
			if do := c.OnConfirm; confirmed && do != nil {
				do()
			} else if do := c.OnCancel; !confirmed && do != nil {
				do()
			}
		},
	})
	return d
}

// Info tells something that needs no decision. UI thread.
func (q *Queue) Info(title, text string) *Dialog {
	return q.Show(Spec{
		Title: title, Content: paragraph(text), Width: SmallWidth,
		Buttons: []Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	})
}

// Error tells about a fault in a dialog of its own, for work that had no dialog open. Its action closes the dialog
// first. UI thread.
func (q *Queue) Error(m Message) *Dialog {
	var d *Dialog
	buttons := []Button{{Text: tr.T("Close"), Cancel: true, Default: m.Action == nil}}
	if action := m.Action; action != nil {
		buttons = append(buttons, Button{Text: action.Label, Default: true, OnTapped: func() {
			d.Close()
			action.Do()
		}})
	}
	reasons := container.NewVBox()
	for _, sentence := range []string{m.Why, m.Next} {
		if sentence != "" {
			reasons.Add(paragraph(sentence))
		}
	}
	d = q.Show(Spec{
		Title: m.What, Content: container.NewBorder(nil, nil, container.NewVBox(Icon(theme.Bad)), nil, reasons),
		Buttons: buttons, Width: SmallWidth,
	})
	return d
}

// next brings up the first dialog that waits, if none is visible.
func (q *Queue) next() {
	if q.current != nil || len(q.waiting) == 0 {
		return
	}
	d := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.current = d
	d.open()
}

// closed takes a dialog out of the queue and brings up the next one.
func (q *Queue) closed(d *Dialog) {
	if q.current == d {
		q.current = nil
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(w *Dialog) bool { return w == d })
	if d.spec.OnClosed != nil {
		d.spec.OnClosed()
	}
	q.next()
}

func paragraph(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Tight(l)
}
