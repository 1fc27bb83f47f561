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

// queuedError is the error of a task that did not reach the server and is retried as a job.
type queuedError struct {
	error
	job manager.Job
}

func (k queuedError) Unwrap() error { return k.error }

// queued returns err as a queuedError if the server was not reached and there is a matching job. Not on the UI thread.
func (o Options) queued(ctx context.Context, err error, task api.Task, match func(manager.Job) bool) error {
	if !errors.Is(err, manager.ErrUnreachable) {
		return err
	}
	open, listErr := o.Licenses.Jobs(context.WithoutCancel(ctx))
	if listErr != nil {
		return err
	}
	for _, job := range open {
		if job.Task == task && match(job) {
			return queuedError{err, job}
		}
	}
	return err
}

// forLicense returns a function that matches the jobs of a license.
func forLicense(l manager.License) func(manager.Job) bool {
	return func(j manager.Job) bool { return j.LicenseID == l.ID }
}

// canceledTask returns the message about a task that the person canceled.
func canceledTask() dialogs.Message {
	return dialogs.Message{
		What: tr.T("Canceled."),
		Why:  tr.T("If the server has already done it, the table shows it."),
		Next: tr.T("You can safely try again: it is carried out only once."),
	}
}

// showFailure shows why a task failed, or that it is queued.
func showFailure(d *dialogs.Dialog, o Options, err error, canceled dialogs.Message) {
	var queued queuedError
	switch {
	case errors.Is(err, context.Canceled):
		d.SetError(canceled)
	case errors.As(err, &queued):
		d.Close()
		o.showQueued(queued)
	default:
		d.SetError(o.Explain(err))
	}
}

// showQueued shows that a task waits for the server.
func (o Options) showQueued(k queuedError) {
	m := o.Explain(k.error)
	o.queuedDialog(dialogs.Spec{
		Title: words.Job(k.job), Width: dialogs.SmallWidth,
		Content: dialogs.Notice(theme.Accent, dialogs.Message{
			What: tr.T("This is saved and will be sent automatically when the server can be reached."), Why: m.What,
			Next: tr.T("You don't need to do anything and may close the app: it continues at the next start. It is " +
				"carried out only once."),
		}),
	})
}

// queuedDialog shows a dialog with a button that lists the jobs.
func (o Options) queuedDialog(s dialogs.Spec) *dialogs.Dialog {
	var d *dialogs.Dialog
	s.Buttons = []dialogs.Button{
		{Text: tr.T("Waiting tasks…"), OnTapped: func() { d.Close(); o.Actions.ShowJobs() }},
		{Text: tr.T("Close"), Default: true, Cancel: true},
	}
	d = o.Dialogs.Show(s)
	return d
}
