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
	"github.com/acen-desktop/acen/ui/screens/waiting"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// JobsBackend is the journal of tasks as the window uses it. All methods may block.
type JobsBackend interface {
	Jobs(ctx context.Context) ([]manager.Job, error)
	ResumeJobs(ctx context.Context) ([]manager.Job, error)
	DropJob(ctx context.Context, id int64) error
	GiveUp(ctx context.Context, id int64) error
	KeptCodes(ctx context.Context) ([]manager.KeptCode, error)
}

// JobsPeers is what the tasks that wait need of the other presenters.
type JobsPeers interface {
	SignedIn() bool
	// Fault says why the server was not reached at the latest attempt, or "".
	Fault() string
	// AccountName names an account by its local id; "" when it is not known.
	AccountName(id int64) string
	// LoadAccounts lists the accounts again, with the tasks of all of them.
	LoadAccounts()
	Notify(m dialogs.Message)
	// JobWaits shows what a task changed on this PC although the server was not reached.
	JobWaits(job manager.Job)
	Refresh()
	// Failed tells that a request to the server failed.
	Failed(err error)
}

// Jobs presents the tasks that wait for the server: in the account that is signed in, else in all accounts.
type Jobs struct {
	shell   *Shell
	backend JobsBackend
	peers   JobsPeers
	loading *background.Slot
	sending *background.Slot
	ending  *background.Slot // of the dialog
	open    []manager.Job    // of the account that is signed in
	all     []manager.Job    // of all accounts
	reasons map[int64]error  // why open tasks were not done when they were last sent, by id
	list    *waiting.List    // the open dialog, or nil
}

// NewJobs returns a presenter that knows of no task. UI thread.
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

// Leave forgets the tasks of the account and ends the sending.
func (j *Jobs) Leave() {
	j.loading.Cancel()
	j.sending.Cancel()
	j.open = nil
}

// Text says what waits in the account that is signed in; "" where nothing does.
func (j *Jobs) Text() string { return words.Waiting(j.open) }

// SetAll tells the open tasks of all accounts.
func (j *Jobs) SetAll(all []manager.Job) {
	j.all = all
	j.refreshList()
}

// Resume sends what was left open by an earlier start or a lost connection.
func (j *Jobs) Resume() {
	background.Run(j.sending, j.backend.ResumeJobs, func(done []manager.Job, _ error) {
		j.explainFailed(done)
		j.Load()
	})
}

// explainFailed explains what the server refused of what was sent later.
func (j *Jobs) explainFailed(done []manager.Job) {
	for _, job := range done {
		j.Learn(job)
		if job.Err != nil && job.State == manager.JobFailed {
			m := explain.Error(job.Err)
			j.peers.Notify(dialogs.Message{
				What: tr.T("%s: %s", words.Job(job), m.What),
				Why:  strings.TrimSpace(m.Why + " " + m.Next),
			})
		}
	}
}

// Learn remembers why an open task was not done when it was last sent.
func (j *Jobs) Learn(job manager.Job) {
	open := job.State == manager.JobPending || job.State == manager.JobSent
	switch {
	case !open:
		delete(j.reasons, job.ID)
	case job.Err != nil && !isSignedOut(job.Err) && !errors.Is(job.Err, context.Canceled):
		j.reasons[job.ID] = job.Err
	}
}

// Load asks which tasks are open.
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

// Show lists what waits for the server, oldest first, as it is sent.
func (j *Jobs) Show() {
	j.list = waiting.Open(waiting.Options{
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
	jobs := j.open
	if !signedIn {
		jobs = j.all
	}
	rows := make([]waiting.Row, len(jobs))
	for i, job := range jobs {
		rows[i] = j.row(job, signedIn)
	}
	j.list.Show(rows, signedIn)
}

// row says what a task is, in which account, since when and why it waits, and how it can be ended: one that was never
// sent is canceled, one that was sent is given up when it has been open for a day.
func (j *Jobs) row(job manager.Job, signedIn bool) waiting.Row {
	now := j.shell.Now()
	r := waiting.Row{
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

// why says why a task waits, and what can be done about it.
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

// end ends a task, or shows why it could not be ended. A license that had left this PC for a task that is canceled
// comes back.
func (j *Jobs) end(job manager.Job, working string, how func(ctx context.Context, id int64) error) {
	list := j.list
	list.SetBusy(working, nil)
	background.Run(j.ending, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, how(ctx, job.ID)
	}, func(_ struct{}, err error) {
		list.SetIdle()
		if err != nil {
			list.SetError(explain.Error(err))
		}
		j.peers.JobWaits(job)
		j.Load()
	})
}

// giveUp says what it means to give a task up, and asks.
func (j *Jobs) giveUp(job manager.Job) {
	list := j.list
	list.SetBusy(tr.T("Looking for removal codes…"), nil)
	background.Run(j.ending, j.backend.KeptCodes, func(kept []manager.KeptCode, _ error) {
		list.SetIdle()
		list.Close()
		leaves := job.Task == api.TaskRelease || slices.ContainsFunc(kept, func(k manager.KeptCode) bool {
			return k.Purpose == job.Task && k.LicenseID == job.LicenseID
		})
		text := tr.T("%s: whether the server did it is not known. Refresh the table and look before you ask for it again.",
			words.Job(job))
		if leaves {
			text = tr.T("%s: whether the server did it is not known. The license stays away from this PC, and its removal "+
				"code is kept under Removal codes: "+
				"hand it in there, or bring the license back when the server lists it.", words.Job(job))
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

// send sends what waits now, and shows how that went.
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
