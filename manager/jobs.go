package manager

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/manager/journal"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
)

// JobState is the state of a job.
type JobState = journal.State

// The states of a job.
const (
	JobPending = journal.Pending // stored, not sent
	JobSent    = journal.Sent    // sent, no answer yet
	JobDone    = journal.Done
	JobFailed  = journal.Failed
)

// Job is a task that survives a crash. It is stored with its idempotency key before it is sent, and sent again with
// the same key until it is answered, so that the server carries it out once.
type Job journal.Job

// GiveUpAt returns the time from which GiveUp accepts the job.
func (j Job) GiveUpAt() time.Time { return journal.Job(j).GiveUpAt() }

// MayGiveUp reports whether GiveUp accepts the job at a time: it has been open for a day.
func (j Job) MayGiveUp(now time.Time) bool { return journal.Job(j).MayGiveUp(now) }

// jobsOf returns jobs of the journal as Jobs.
func jobsOf(jobs []journal.Job) (list []Job) {
	for _, job := range jobs {
		list = append(list, Job(job))
	}
	return list
}

// newJournal returns the journal of the jobs in the data file.
func (m *Manager) newJournal() *jobJournal {
	return journal.New(journal.Options[*acting, request, outcome]{
		Store:   journal.SQL{DB: m.db, Wrap: storage.Wrap},
		Step:    m.step,
		Key:     m.key,
		Now:     m.options.Now,
		Logger:  m.options.Logger,
		Changed: m.jobChanged,
		Unclosed: func(job journal.Job, err error) {
			m.addNotice(Say("What came of a task could not be written down."),
				Say("%s: %s. It is still listed as waiting, and the server is asked again.", job.Title, err.Error()))
		},
	})
}

// jobJournal is the journal with the types of this package.
type jobJournal = journal.Journal[*acting, request, outcome]

func (m *Manager) jobChanged(job journal.Job) {
	m.publish(Event{
		Kind:    JobChanged,
		Account: job.Account,
		Job:     Job(job),
		OrderID: job.OrderID,
	})
}

// run carries out a job, or joins the open job with the same intent and request.
func (s *acting) run(ctx context.Context, d journal.Draft, r request) (outcome, error) {
	return s.m.journal.Run(ctx, s, d, r)
}

// Jobs lists the open jobs of the current account, oldest first.
func (m *Manager) Jobs(ctx context.Context) ([]Job, error) {
	s, err := m.acting()
	if err != nil {
		return nil, err
	}
	open, err := m.journal.Open(ctx, s.account.ID)
	return jobsOf(open), err
}

// AllJobs lists the open jobs of all accounts, oldest first. It needs no session.
func (m *Manager) AllJobs(ctx context.Context) ([]Job, error) {
	open, err := m.journal.Open(ctx, 0)
	return jobsOf(open), err
}

// Elsewhere is the number of open jobs of an account other than the current one. They are sent after it becomes
// current.
type Elsewhere struct {
	Account Account
	Jobs    int
}

// WaitingElsewhere lists the other accounts with open jobs, most recently used first.
func (m *Manager) WaitingElsewhere(ctx context.Context) (list []Elsewhere, err error) {
	current, _ := m.Current()
	accounts, err := m.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if a.ID == current.ID {
			continue
		}
		open, err := m.journal.Open(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			list = append(list, Elsewhere{a, len(open)})
		}
	}
	return list, nil
}

// ResumeJobs sends the open jobs, oldest first, and returns them with their results. A job that fails does not block
// later ones; if nothing can be sent at all, or the session has ended, ResumeJobs stops. The error is that of the first
// job that could not be sent.
func (m *Manager) ResumeJobs(ctx context.Context) ([]Job, error) {
	s, err := m.acting()
	if err != nil {
		return nil, err
	}
	results, err := m.journal.Resume(ctx, s)
	return jobsOf(results), err
}

var (
	// ErrJobSent is returned by DropJob for a job that the server may have carried out.
	ErrJobSent = journal.ErrSent
	// ErrTooLate is returned by DropJob if the server has taken the license, as after the app's data were restored from
	// a backup. The job is closed.
	ErrTooLate = thispc.ErrTooLate
	// ErrNewerHere is returned by DropJob if this PC has a newer license of the program. The job is closed, the newer
	// license stays, and so does the removal code of the old one.
	ErrNewerHere = thispc.ErrNewerHere
	// ErrCodeShown is returned by DropJob if a program has shown the removal code to a person, who may have used it. The
	// job is closed, and the code is kept.
	ErrCodeShown = thispc.ErrCodeShown
	// ErrTooEarly is returned by GiveUp for a job that has been open for less than a day.
	ErrTooEarly = journal.ErrTooEarly
)

// DropJob cancels an open job that was never sent, of any account and without a session. A license that had left this
// PC for it returns. If DropJob fails with ErrJobSent the job stays open; with ErrTooLate or ErrNewerHere it is
// closed.
func (m *Manager) DropJob(ctx context.Context, id int64) error {
	job, err := m.journal.Cancel(ctx, id)
	m.publishClosed(job)
	return err
}

// GiveUp closes a job that has been open for a day, of any account and without a session. If the job was sent, its
// result stays unknown; a license that had left this PC for it does not return, and its removal code remains stored
// for HandIn and Offer, or until Reactivate. GiveUp fails with ErrTooEarly, or like DropJob.
func (m *Manager) GiveUp(ctx context.Context, id int64) error {
	job, err := m.journal.GiveUp(ctx, id)
	m.publishClosed(job)
	return err
}

// publishClosed publishes that a license may have come back with a job, if the job is closed.
func (m *Manager) publishClosed(job journal.Job) {
	if job.State == JobFailed {
		m.publish(Event{
			Kind:    LicensesChanged,
			Account: job.Account,
			OrderID: job.OrderID,
		})
	}
}
