package tasks

import (
	"context"
	"errors"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// keptError is the error of a task that did not reach the server and is kept, to be sent by itself.
type keptError struct {
	error
	job manager.Job
}

func (k keptError) Unwrap() error { return k.error }

// kept finds out whether a task that did not reach the server is kept. Not on the UI thread.
func (o Options) kept(ctx context.Context, err error, task api.Task, fits func(manager.Job) bool) error {
	if !errors.Is(err, manager.ErrUnreachable) {
		return err
	}
	open, listErr := o.Licenses.Jobs(context.WithoutCancel(ctx))
	if listErr != nil {
		return err
	}
	for _, job := range open {
		if job.Task == task && fits(job) {
			return keptError{err, job}
		}
	}
	return err
}

// of fits the jobs of a license.
func of(l manager.License) func(manager.Job) bool {
	return func(j manager.Job) bool { return j.LicenseID == l.ID }
}

// canceledTask says what became of a task that was interrupted.
func canceledTask() dialogs.Message {
	return dialogs.Message{
		What: tr.T("Canceled."),
		Why:  tr.T("If the server had done it already, the table shows it."),
		Next: tr.T("Trying again is safe: it happens once."),
	}
}

// failed shows why a task came to nothing, or that it is kept.
func failed(d *dialogs.Dialog, o Options, err error, canceled dialogs.Message) {
	var kept keptError
	switch {
	case errors.Is(err, context.Canceled):
		d.SetError(canceled)
	case errors.As(err, &kept):
		d.Close()
		o.showKept(kept)
	default:
		d.SetError(o.Explain(err))
	}
}

// showKept tells that a task waits for the server.
func (o Options) showKept(k keptError) {
	m := o.Explain(k.error)
	o.keptDialog(dialogs.Spec{
		Title: words.Job(k.job), Width: dialogs.SmallWidth,
		Content: dialogs.Notice(theme.Accent, dialogs.Message{
			What: tr.T("This is kept, and sent by itself when the server answers."), Why: m.What,
			Next: tr.T("You need not do anything, and may close the app: it goes on at the next start. It happens once, " +
				"however often it is sent."),
		}),
	})
}

// keptDialog shows a dialog with a way to all that waits.
func (o Options) keptDialog(s dialogs.Spec) *dialogs.Dialog {
	var d *dialogs.Dialog
	s.Buttons = []dialogs.Button{
		{Text: tr.T("What waits…"), OnTapped: func() { d.Close(); o.Actions.ShowJobs() }},
		{Text: tr.T("Close"), Default: true, Cancel: true},
	}
	d = o.Dialogs.Show(s)
	return d
}
