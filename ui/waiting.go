package ui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
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
		w.learnReason(job)
		if job.Err != nil && job.State == manager.JobFailed {
			m := explain.Error(job.Err)
			w.notify(dialogs.Message{What: tr.T("%s: %s", words.Job(job), m.What), Why: strings.TrimSpace(m.Why + " " + m.Next)})
		}
	}
}

// learnReason remembers why an open task was not done when it was last sent.
func (w *Window) learnReason(job manager.Job) {
	open := job.State == manager.JobPending || job.State == manager.JobSent
	switch {
	case !open:
		delete(w.reasons, job.ID)
	case job.Err != nil && !isSignedOut(job.Err) && !errors.Is(job.Err, context.Canceled):
		w.reasons[job.ID] = job.Err
	}
}

func (w *Window) loadJobs() {
	if !w.state.signedIn {
		w.loadAccounts()
		return
	}
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

// waitingList is the open dialog with what waits for the server: in the account that is signed in, else in all accounts.
type waitingList struct {
	window  *Window
	dialog  *dialogs.Dialog
	content *fyne.Container
	slot    *background.Slot
}

// showJobs lists what waits for the server, oldest first, as it is sent. Without a session it lists what waits in any account.
func (w *Window) showJobs() { w.openJobs() }

func (w *Window) openJobs() *waitingList {
	l := &waitingList{window: w, content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Section)), slot: w.work.NewSlot()}
	subtitle := tr.T("It is sent by itself and in this order when the server answers. Each happens once, however often it is sent.")
	if !w.state.signedIn {
		subtitle = tr.T("It is sent by itself as soon as you are signed in to its account. What was never sent can be canceled here.")
	}
	l.dialog = w.queue.Show(dialogs.Spec{
		Title:    tr.T("What waits for the server"),
		Subtitle: subtitle,
		Content:  l.content,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Cancel: true}, {Text: tr.T(sendNow), Default: true, OnTapped: l.send}},
		OnClosed: func() { w.waiting = nil; l.slot.Cancel() },
	})
	w.waiting = l
	l.show()
	w.loadJobs()
	return l
}

// show lists the open tasks as they are known now.
func (l *waitingList) show() {
	w := l.window
	jobs, reason := w.state.openJobs, ""
	if !w.state.signedIn {
		if jobs = w.allJobs; len(jobs) > 0 {
			reason = tr.T("Sign in first.")
		}
	}
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
	l.dialog.SetButton(tr.T(sendNow), len(jobs) > 0 && w.state.signedIn, reason)
}

// row is one task: what, in which account, since when, why it waits, and the button that ends it.
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
	since := tr.T("Asked for on %s. %s", words.LongMoment(job.CreatedAt, w.options.Now()), l.why(job))
	rows := container.New(layout.NewCustomPaddedVBoxLayout(2), line(words.Job(job), true))
	if name := w.accountOf(job); name != "" && !w.state.signedIn {
		rows.Add(line(name, false))
	}
	rows.Add(line(since, false))
	return container.NewBorder(nil, nil, nil, container.NewVBox(l.ending(job)), rows)
}

// why says why a task waits, and what can be done about it.
func (l *waitingList) why(job manager.Job) string {
	w := l.window
	var parts []string
	switch err := w.reasons[job.ID]; {
	case err != nil:
		m := explain.Job(err)
		parts = append(parts, m.What)
		if !errors.Is(err, manager.ErrUnreachable) {
			parts = append(parts, m.Why)
		}
	case w.state.fault.What != "":
		parts = append(parts, w.state.fault.What)
	case job.State == manager.JobPending && w.state.signedIn:
		parts = append(parts, tr.T("It is sent next."))
	}
	switch {
	case job.State == manager.JobPending:
	case job.MayGiveUp(w.options.Now()):
		parts = append(parts, tr.T("It was sent, and the answer did not come: the server may have done it already."))
	default:
		parts = append(parts, tr.T("It was sent, and the answer did not come. It cannot be canceled: the server may have done it already. "+
			"A day after it was asked for it can be given up."))
	}
	return strings.Join(parts, " ")
}

// ending is the button that ends a task: one that was never sent is canceled, one that was sent is given up when it has been open
// for a day.
func (l *waitingList) ending(job manager.Job) fyne.CanvasObject {
	if job.State != manager.JobPending && job.MayGiveUp(l.window.options.Now()) {
		return dialogs.NewButton(tr.T("Give up…"), nil, func() { l.giveUp(job) })
	}
	cancel := dialogs.NewButton(tr.T("Cancel"), nil, func() { l.cancel(job) })
	if job.State != manager.JobPending {
		cancel.Disable()
	}
	return cancel
}

// accountOf names the account of a task; "" when it is not known.
func (w *Window) accountOf(job manager.Job) string {
	for _, a := range w.accounts {
		if a.ID == job.Account {
			return accountName(a)
		}
	}
	return ""
}

// cancel forgets a task that was never sent. A license that had left this PC for it comes back.
func (l *waitingList) cancel(job manager.Job) {
	l.end(job, tr.T("Canceling…"), l.window.options.Backend.DropJob)
}

// end ends a task, and tells why it did not if so.
func (l *waitingList) end(job manager.Job, working string, how func(ctx context.Context, id int64) error) {
	l.dialog.SetBusy(working, nil)
	background.Run(l.slot, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, how(ctx, job.ID)
	}, func(_ struct{}, err error) {
		l.dialog.SetIdle()
		if err != nil {
			l.dialog.SetError(explain.Error(err))
		}
		l.window.jobWaits(job)
		l.window.loadJobs()
	})
}

// giveUp says what it means to give a task up, and asks.
func (l *waitingList) giveUp(job manager.Job) {
	w := l.window
	l.dialog.SetBusy(tr.T("Looking for removal codes…"), nil)
	background.Run(l.slot, w.options.Backend.KeptCodes, func(kept []manager.KeptCode, _ error) {
		l.dialog.SetIdle()
		l.dialog.Close()
		leaves := job.Task == api.TaskRelease || slices.ContainsFunc(kept, func(k manager.KeptCode) bool {
			return k.Purpose == job.Task && k.LicenseID == job.LicenseID
		})
		text := tr.T("%s: whether the server did it is not known. Refresh the table and look before you ask for it again.", words.Job(job))
		if leaves {
			text = tr.T("%s: whether the server did it is not known. The license stays away from this PC, and its removal code is kept under Removal codes: "+
				"hand it in there, or bring the license back when the server lists it.", words.Job(job))
		}
		w.queue.Confirm(dialogs.Confirmation{
			Title: tr.T("Give this task up?"), Text: text, Label: tr.T("Give up"), Cancel: tr.T("Keep waiting"), Danger: true,
			OnConfirm: func() { w.openJobs().end(job, tr.T("Giving up…"), w.options.Backend.GiveUp) },
			OnCancel:  w.showJobs,
		})
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
