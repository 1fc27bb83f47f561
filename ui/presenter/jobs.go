package presenter

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/jobs"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// JobsBackend is the part of the license manager that Jobs uses. Its methods may block.
type JobsBackend interface {
	Jobs(ctx context.Context) ([]manager.Job, error)
	ResumeJobs(ctx context.Context) ([]manager.Job, error)
	DropJob(ctx context.Context, id int64) error
	GiveUp(ctx context.Context, id int64) error
	KeptCodes(ctx context.Context) ([]manager.KeptCode, error)
}

// JobsPeers is what Jobs needs of the other presenters.
type JobsPeers interface {
	SignedIn() bool
	// Fault returns why the server was not reached at the latest attempt, or "".
	Fault() string
	// AccountName returns the name of an account by its local id, or "" if it is unknown.
	AccountName(id int64) string
	// LoadAccounts reloads the accounts and the jobs of all of them.
	LoadAccounts()
	Notify(m dialogs.Message)
	// RefreshAfterJob redraws what a job changed on this PC without the server.
	RefreshAfterJob(job manager.Job)
	Refresh()
	// Failed is called if a request failed.
	Failed(err error)
}

// Jobs is the presenter of the open jobs: those of the current account, or of all accounts without a session.
type Jobs struct {
	shell   *Shell
	backend JobsBackend
	peers   JobsPeers
	loading *background.Slot
	sending *background.Slot
	ending  *background.Slot // work of the dialog
	open    []manager.Job    // jobs of the current account
	all     []manager.Job    // jobs of all accounts
	reasons map[int64]error  // last error of open jobs, by id
	list    *jobs.List       // the open dialog, or nil
}

// NewJobs returns a presenter without jobs. UI thread.
func NewJobs(shell *Shell, backend JobsBackend, peers JobsPeers) *Jobs {
	return &Jobs{
		shell:   shell,
		backend: backend,
		peers:   peers,
		loading: shell.Work.NewSlot(),
		sending: shell.Work.NewSlot(),
		ending:  shell.Work.NewSlot(),
		reasons: map[int64]error{},
	}
}

// Reset cancels sending and clears the jobs of the account.
func (j *Jobs) Reset() {
	j.loading.Cancel()
	j.sending.Cancel()
	j.open = nil
}

// Text returns the number of open jobs of the current account in words, or "" if there are none.
func (j *Jobs) Text() string { return words.OpenJobs(j.open) }

// SetAll sets the open jobs of all accounts.
func (j *Jobs) SetAll(all []manager.Job) {
	j.all = all
	j.refreshList()
}

// Resume sends the jobs that an earlier start or a lost connection left open.
func (j *Jobs) Resume() {
	background.Run(j.sending, j.backend.ResumeJobs, func(done []manager.Job, _ error) {
		j.explainFailed(done)
		j.Load()
	})
}

// explainFailed shows notices about jobs that the server refused.
func (j *Jobs) explainFailed(done []manager.Job) {
	for _, job := range done {
		j.RecordError(job)
		if job.Err != nil && job.State == manager.JobFailed {
			m := explain.Error(job.Err)
			j.peers.Notify(dialogs.Message{
				What: tr.T("%s: %s", words.Job(job), m.What),
				Why:  strings.TrimSpace(m.Why + " " + m.Next),
			})
		}
	}
}

// RecordError records the last error of an open job.
func (j *Jobs) RecordError(job manager.Job) {
	open := job.State == manager.JobPending || job.State == manager.JobSent
	switch {
	case !open:
		delete(j.reasons, job.ID)
	case job.Err != nil && !isSignedOut(job.Err) && !errors.Is(job.Err, context.Canceled):
		j.reasons[job.ID] = job.Err
	}
}

// Load loads the open jobs.
func (j *Jobs) Load() {
	if !j.peers.SignedIn() {
		j.peers.LoadAccounts()
		return
	}
	background.Run(j.loading, j.backend.Jobs, func(open []manager.Job, err error) {
		if err == nil {
			j.open = open
			j.shell.Status.Refresh()
			j.refreshList()
		}
	})
}

// Show lists the open jobs in the order in which they are sent.
func (j *Jobs) Show() {
	j.list = jobs.Open(jobs.Options{
		Dialogs:  j.shell.Dialogs,
		SignedIn: j.peers.SignedIn(),
		OnSend:   j.send,
		OnClosed: func() { j.list = nil; j.ending.Cancel() },
	})
	j.refreshList()
	j.Load()
}

func (j *Jobs) refreshList() {
	if j.list == nil {
		return
	}
	signedIn := j.peers.SignedIn()
	shown := j.open
	if !signedIn {
		shown = j.all
	}
	rows := make([]jobs.Row, len(shown))
	for i, job := range shown {
		rows[i] = j.row(job, signedIn)
	}
	j.list.Show(rows, signedIn)
}

// row returns the row of a job. A pending job can be canceled; a sent one can be given up after a day.
func (j *Jobs) row(job manager.Job, signedIn bool) jobs.Row {
	now := j.shell.Now()
	r := jobs.Row{
		What: words.Job(job),
		Why:  tr.T("Asked for on %s. %s", words.LongMoment(job.CreatedAt, now), j.why(job, signedIn)),
	}
	if !signedIn {
		r.Account = j.peers.AccountName(job.Account)
	}
	switch {
	case job.State == manager.JobPending:
		r.End = func() { j.end(job, tr.T("Canceling…"), j.backend.DropJob) }
	case job.MayGiveUp(now):
		r.GiveUp, r.End = true, func() { j.giveUp(job) }
	}
	return r
}

// why returns why a job is open, and what can be done about it.
func (j *Jobs) why(job manager.Job, signedIn bool) string {
	var parts []string
	switch err := j.reasons[job.ID]; {
	case err != nil:
		m := explain.Job(err)
		parts = append(parts, m.What)
		if !errors.Is(err, manager.ErrUnreachable) {
			parts = append(parts, m.Why)
		}
	case j.peers.Fault() != "":
		parts = append(parts, j.peers.Fault())
	case job.State == manager.JobPending && signedIn:
		parts = append(parts, tr.T("It is sent next."))
	}
	switch {
	case job.State == manager.JobPending:
	case job.MayGiveUp(j.shell.Now()):
		parts = append(parts, tr.T("It was sent, and the answer did not come: the server may have done it already."))
	default:
		parts = append(parts,
			tr.T("It was sent, and the answer did not come. It cannot be canceled: the server may have done it already. "+
				"A day after it was asked for it can be given up."))
	}
	return strings.Join(parts, " ")
}

// end cancels or gives up a job. If a canceled job was a departure, the license returns to this PC.
func (j *Jobs) end(job manager.Job, working string, endJob func(ctx context.Context, id int64) error) {
	list := j.list
	list.SetBusy(working, nil)
	background.Run(j.ending, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, endJob(ctx, job.ID)
	}, func(_ struct{}, err error) {
		list.SetIdle()
		if err != nil {
			list.SetError(explain.Error(err))
		}
		j.peers.RefreshAfterJob(job)
		j.Load()
	})
}

// giveUp asks for a confirmation and gives up a job.
func (j *Jobs) giveUp(job manager.Job) {
	list := j.list
	list.SetBusy(tr.T("Looking for removal codes…"), nil)
	background.Run(j.ending, j.backend.KeptCodes, func(kept []manager.KeptCode, _ error) {
		list.SetIdle()
		list.Close()
		departed := job.Task == api.TaskRelease || slices.ContainsFunc(kept, func(k manager.KeptCode) bool {
			return k.Purpose == job.Task && k.LicenseID == job.LicenseID
		})
		text := tr.T("%s: whether the server did it is not known. Refresh the table and look before you ask for it again.",
			words.Job(job))
		if departed {
			text = tr.T("%s: whether the server did it is not known. The license stays away from this PC, and its removal "+
				"code is kept under Removal codes: hand it in there, or bring the license back when the server lists it.",
				words.Job(job))
		}
		j.shell.Dialogs.Confirm(dialogs.Confirmation{
			Title:  tr.T("Give this task up?"),
			Text:   text,
			Label:  tr.T("Give up"),
			Cancel: tr.T("Keep waiting"),
			Danger: true,
			OnConfirm: func() {
				j.Show()
				j.end(job, tr.T("Giving up…"), j.backend.GiveUp)
			},
			OnCancel: j.Show,
		})
	})
}

// send sends the open jobs and shows the outcome.
func (j *Jobs) send() {
	list := j.list
	list.SetBusy(tr.T("Sending…"), j.ending.Interrupt)
	background.Run(j.ending, j.backend.ResumeJobs, func(done []manager.Job, err error) {
		list.SetIdle()
		j.explainFailed(done)
		j.Load()
		switch {
		case err == nil:
			list.Close()
			j.peers.Refresh()
		case isSignedOut(err):
			list.Close()
			j.peers.Failed(err)
		case !errors.Is(err, context.Canceled):
			list.SetError(explain.Error(err))
		}
	})
}
