// Package dialogs shows the modal dialogs of a window, one at a time. A dialog has a title, content, a progress line,
// an error message and buttons. Enter presses the default button, also inside a field, and Escape the one that cancels.
// It knows nothing of licenses.
package dialogs

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Queue is the queue of dialogs of a window. The first one is visible; the others wait until it is closed. Its methods
// belong to the UI thread.
type Queue struct {
	canvas  fyne.Canvas
	current *Dialog
	waiting []*Dialog
}

// New returns the queue of a window. A window must have only one queue. UI thread.
func New(window fyne.Window) *Queue {
	return &Queue{canvas: window.Canvas()}
}

// Show adds a dialog to the queue. It is shown before Show returns if no other is visible. UI thread.
func (q *Queue) Show(spec Spec) *Dialog {
	d := newDialog(q, spec)
	q.waiting = append(q.waiting, d)
	q.next()
	return d
}

// Visible returns the visible dialog, or nil. UI thread.
func (q *Queue) Visible() *Dialog { return q.current }

// AddShortcut adds a shortcut to the window that is disabled while a dialog is open. UI thread.
func (q *Queue) AddShortcut(s fyne.Shortcut, do func()) {
	guarded := q.Guard(do)
	q.canvas.AddShortcut(s, func(fyne.Shortcut) { guarded() })
}

// Guard wraps do so that it does nothing while a dialog is open. It is for items of a main menu, whose shortcuts work
// while a dialog is open. UI thread.
func (q *Queue) Guard(do func()) func() {
	return func() {
		if q.current == nil {
			do()
		}
	}
}

// Confirm asks for a confirmation. UI thread.
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
		Title:   c.Title,
		Content: paragraph(c.Text),
		Buttons: []Button{cancel, confirm},
		Width:   SmallWidth,
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

// Info shows a text with a Close button. UI thread.
func (q *Queue) Info(title, text string) *Dialog {
	return q.Show(Spec{
		Title:   title,
		Content: paragraph(text),
		Width:   SmallWidth,
		Buttons: []Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	})
}

// Error shows a message in a dialog of its own, for work without an open dialog. The dialog is closed before the action
// of the message runs. UI thread.
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
		Title:   m.What,
		Content: container.NewBorder(nil, nil, container.NewVBox(Icon(theme.Bad)), nil, reasons),
		Buttons: buttons,
		Width:   SmallWidth,
	})
	return d
}

// next shows the first waiting dialog if none is visible.
func (q *Queue) next() {
	if q.current != nil || len(q.waiting) == 0 {
		return
	}
	d := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.current = d
	d.open()
}

// closed removes a dialog from the queue and shows the next one.
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
	return theme.Unpadded(l)
}
