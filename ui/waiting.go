package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/background"
	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/explain"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/tr"
	"github.com/acen-desktop/acen/ui/words"
)

// resumeJobs sends what was left open by an earlier start or a lost connection.
func (w *Window) resumeJobs() {
	background.Run(w.sending, w.options.Backend.ResumeJobs, func(done []manager.Job, _ error) {
		w.tellFailed(done)
		w.loadJobs()
	})
}

// tellFailed explains what the server refused of what was sent later.
func (w *Window) tellFailed(done []manager.Job) {
	for _, job := range done {
		if job.Err != nil && job.State == manager.JobFailed {
			m := explain.Error(job.Err)
			w.notify(dialogs.Message{What: tr.T("%s: %s", words.Job(job), m.What), Why: strings.TrimSpace(m.Why + " " + m.Next)})
		}
	}
}

func (w *Window) loadJobs() {
	background.Run(w.jobs, w.options.Backend.Jobs, func(open []manager.Job, err error) {
		if err == nil {
			w.state.openJobs = open
			w.status.refresh()
			if w.waiting != nil {
				w.waiting.show()
			}
		}
	})
}

// jobWaits shows at once what a task changed on this PC although the server was not reached.
func (w *Window) jobWaits(job manager.Job) {
	if o := w.state.content.Order; o.ID != 0 && o.ID == job.OrderID && w.state.content.Loaded {
		w.showKnownLicenses(o)
	}
	w.find()
}

const sendNow tr.Text = "Send now"

// waitingList is the open dialog with what waits for the server.
type waitingList struct {
	window  *Window
	dialog  *dialogs.Dialog
	content *fyne.Container
	slot    *background.Slot
}

// showJobs lists what waits for the server, oldest first, as it is sent.
func (w *Window) showJobs() {
	l := &waitingList{window: w, content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Section)), slot: w.work.NewSlot()}
	l.dialog = w.queue.Show(dialogs.Spec{
		Title:    tr.T("What waits for the server"),
		Subtitle: tr.T("It is sent by itself and in this order when the server answers. Each happens once, however often it is sent."),
		Content:  l.content,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Cancel: true}, {Text: tr.T(sendNow), Default: true, OnTapped: l.send}},
		OnClosed: func() { w.waiting = nil; l.slot.Cancel() },
	})
	w.waiting = l
	l.show()
	w.loadJobs()
}

// show lists the open tasks as they are known now.
func (l *waitingList) show() {
	jobs := l.window.state.openJobs
	l.content.RemoveAll()
	if len(jobs) == 0 {
		none := widget.NewLabel(tr.T("Nothing waits: the server has been told everything."))
		none.Importance = widget.LowImportance
		l.content.Add(theme.Tight(none))
	}
	for i, job := range jobs {
		if i > 0 {
			l.content.Add(widget.NewSeparator())
		}
		l.content.Add(l.row(job))
	}
	l.content.Refresh()
	l.dialog.SetButton(tr.T(sendNow), len(jobs) > 0, "")
}

// row is one task: what, since when, why it waits, and the button that cancels it.
func (l *waitingList) row(job manager.Job) fyne.CanvasObject {
	w := l.window
	line := func(text string, bold bool) fyne.CanvasObject {
		label := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: bold})
		label.Wrapping = fyne.TextWrapWord
		if !bold {
			label.Importance = widget.LowImportance
		}
		return theme.Tight(label)
	}
	why := tr.T("It is sent next.")
	if m := w.state.fault; m.What != "" {
		why = m.What
	}
	cancel := dialogs.NewButton(tr.T("Cancel"), nil, func() { l.cancel(job) })
	if job.State != manager.JobPending {
		why = tr.T("It was sent, and the answer did not come. It cannot be canceled: the server may have done it already.")
		cancel.Disable()
	}
	since := tr.T("Asked for on %s. %s", words.LongMoment(job.CreatedAt, w.options.Now()), why)
	return container.NewBorder(nil, nil, nil, container.NewVBox(cancel), container.New(layout.NewCustomPaddedVBoxLayout(2), line(words.Job(job), true), line(since, false)))
}

// cancel forgets a task that was never sent. A license that had left this PC for it comes back.
func (l *waitingList) cancel(job manager.Job) {
	l.dialog.SetBusy(tr.T("Canceling…"), nil)
	background.Run(l.slot, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.window.options.Backend.DropJob(ctx, job.ID)
	}, func(_ struct{}, err error) {
		l.dialog.SetIdle()
		if err != nil {
			l.dialog.SetError(explain.Error(err))
		}
		l.window.jobWaits(job)
		l.window.loadJobs()
	})
}

// send sends what waits now, and tells how that went.
func (l *waitingList) send() {
	w := l.window
	l.dialog.SetBusy(tr.T("Sending…"), l.slot.Interrupt)
	background.Run(l.slot, w.options.Backend.ResumeJobs, func(done []manager.Job, err error) {
		l.dialog.SetIdle()
		w.tellFailed(done)
		w.loadJobs()
		switch {
		case err == nil:
			l.dialog.Close()
			w.refresh()
		case isSignedOut(err):
			l.dialog.Close()
			w.failed(err)
		case !errors.Is(err, context.Canceled):
			l.dialog.SetError(explain.Error(err))
		}
	})
}
