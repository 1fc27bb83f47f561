package manager

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/acen-desktop/acen/api"
)

// Task names what a job does.
type Task string

// The tasks.
const (
	TaskNewLicense Task = "new-license"
	TaskReactivate Task = "reactivation"
	TaskTransfer   Task = "transfer"
	TaskRemove     Task = "removal"
	TaskRelease    Task = "release"
	TaskEmail      Task = "email"
	TaskNewOrder   Task = "new-order"
)

// JobState is how far a job is.
type JobState string

// The states of a job.
const (
	JobPending JobState = "pending" // written down, not sent
	JobSent    JobState = "sent"    // sent; the answer has not come
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
)

// Job is a task that survives a crash. It is written down with its idempotency key before anything is sent, and sent again
// with the same key until an answer comes, so that it happens once.
type Job struct {
	ID        int64
	Account   int64  // ID of the account that the job belongs to
	Key       string // UUID
	Task      Task
	Title     string
	State     JobState
	Err       error
	CreatedAt time.Time
	UpdatedAt time.Time
	OrderID   int64
	LicenseID int64

	intent  string // what is wanted, in words: two clicks with the same intent and the same typed content are one job
	request []byte // JSON; a removal code that a person typed is sealed in it
	leaves  bool   // a license of this PC leaves it
}

// giveUpAfter is how long a job must have been open before the person can give it up.
const giveUpAfter = 24 * time.Hour

// GiveUpAt is the time from which GiveUp takes the job.
func (j Job) GiveUpAt() time.Time { return j.CreatedAt.Add(giveUpAfter) }

// MayGiveUp reports whether GiveUp takes the job at a time: it has been open for a day.
func (j Job) MayGiveUp(now time.Time) bool { return !now.Before(j.GiveUpAt()) }

// answersKept is how long a server surely knows an idempotency key (api.md).
const answersKept = 24 * time.Hour

// runningJob lets a second click wait for the first one's outcome.
type runningJob struct {
	done chan struct{}
	job  Job
	err  error
	out  outcome
}

// outcome is what a job brought: a license or an order, and the server's receipt for what left a PC.
type outcome struct {
	license api.License
	order   api.Order
	receipt string
}

// errNotOpen ends a job that was canceled or closed before its turn came.
var errNotOpen = errors.New("this was canceled, or is done already")

// run writes a job down, or joins the open one with the same intent and the same request, and sends it. What a person typed is
// part of the request. An older job with the same intent and another request is settled first: one that was never sent is
// replaced, for the person has typed it anew; one that was sent is asked about, and its success is this job's.
func (m *Manager) run(ctx context.Context, job Job, r request) (outcome, error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return outcome{}, m.fail(ctx, err)
	}
	tried := map[int64]bool{}
	for {
		m.jobsMu.Lock()
		older, err := m.sentBefore(ctx, a, job, r, tried)
		if err != nil {
			m.jobsMu.Unlock()
			return outcome{}, err
		}
		current := older
		if older.ID == 0 {
			if current, err = m.openOrWrite(ctx, a, job, r); err != nil {
				m.jobsMu.Unlock()
				return outcome{}, err
			}
		}
		running, joined := m.begin(current)
		m.jobsMu.Unlock()
		if !joined {
			m.carryOut(ctx, running)
		}
		select {
		case <-running.done:
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
		if older.ID == 0 || running.err == nil || ctx.Err() != nil {
			return running.out, running.err
		}
		tried[older.ID] = true
	}
}

// begin marks a job as being carried out; joined when it is already. jobsMu is held.
func (m *Manager) begin(job Job) (running *runningJob, joined bool) {
	if running, ok := m.running[job.ID]; ok {
		return running, true
	}
	running = &runningJob{done: make(chan struct{}), job: job}
	m.running[job.ID] = running
	return running, false
}

// sentBefore returns an open job with the intent of job and another request that was sent and whose outcome is not known; zero
// when there is none that was not tried. jobsMu is held.
func (m *Manager) sentBefore(ctx context.Context, a Account, job Job, r request, tried map[int64]bool) (Job, error) {
	open, err := m.openJobs(ctx, a.ID)
	if err != nil {
		return Job{}, err
	}
	for _, old := range open {
		if old.Task != job.Task || old.intent != job.intent || tried[old.ID] || old.State != JobSent {
			continue
		}
		if same, err := m.sameRequest(ctx, old, r); err != nil || !same {
			return old, err
		}
	}
	return Job{}, nil
}

// openOrWrite returns the open job with the same intent and request, or writes the job down. It closes jobs with the same
// intent and another request that were never sent. jobsMu is held.
func (m *Manager) openOrWrite(ctx context.Context, a Account, job Job, r request) (Job, error) {
	open, err := m.openJobs(ctx, a.ID)
	if err != nil {
		return Job{}, err
	}
	for _, old := range open {
		if old.Task != job.Task || old.intent != job.intent {
			continue
		}
		same, err := m.sameRequest(ctx, old, r)
		if err != nil || same {
			return old, err
		}
		if _, running := m.running[old.ID]; running || old.State != JobPending || m.departureOf(ctx, old).Signature != "" {
			continue
		}
		if err := m.record(ctx, &old, JobFailed, errReplaced); err != nil {
			return Job{}, err
		}
	}
	if err := m.sealSecret(ctx, &r); err != nil {
		return Job{}, err
	}
	if job.request, err = r.encode(); err != nil {
		return Job{}, err
	}
	if job.Key, err = m.key(); err != nil {
		return Job{}, err
	}
	now := m.options.Now()
	job.Account, job.State, job.CreatedAt, job.UpdatedAt = a.ID, JobPending, now, now
	result, err := m.db.change(ctx, `INSERT INTO jobs (account, key, task, title, intent, request, state, error, order_id, license_id, created_at, updated_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`, a.ID, job.Key, job.Task, job.Title, job.intent, job.request, job.State, job.OrderID, job.LicenseID, now.UnixMicro(), now.UnixMicro())
	if err != nil {
		return Job{}, err
	}
	job.ID, err = result.LastInsertId()
	return job, err
}

// errReplaced ends a job that was never sent, because the person typed it anew.
var errReplaced = errors.New("replaced by what was typed later")

// carryOut sends a job and records what came of it. It reads the job anew first: what was canceled before its turn came is
// not sent.
func (m *Manager) carryOut(ctx context.Context, running *runningJob) {
	job := &running.job
	ctx, a, c, err := m.as(ctx)
	defer func() {
		m.jobsMu.Lock()
		delete(m.running, job.ID)
		m.jobsMu.Unlock()
		close(running.done)
		m.publish(Event{Kind: JobChanged, Account: job.Account, Job: *job, OrderID: job.OrderID})
	}()
	if err != nil {
		running.err = m.fail(ctx, err)
		return
	}
	current, open, err := m.openJob(ctx, job.ID)
	if err != nil || !open || current.Account != a.ID {
		running.err = cmp.Or(err, errNotOpen)
		return
	}
	*job = current
	if job.Task == TaskEmail && job.State == JobSent && m.options.Now().Sub(job.CreatedAt) >= answersKept {
		running.err = fmt.Errorf("%w: the mail was asked for on %s; send it again if it did not arrive", ErrOutcomeUnknown, job.CreatedAt.Format("2 January 15:04"))
		running.err = m.closeFailed(ctx, job, running.err)
		return
	}
	fresh := job.State == JobPending
	r, err := m.prepare(ctx, job)
	if err == nil && job.leaves {
		err = m.leave(ctx, a, r.Leaves, job.Task)
	}
	if err != nil {
		running.err, job.Err = m.fail(ctx, err), err
		if final(*job, err) {
			if job.leaves {
				m.refused(ctx, r.Leaves, err)
			}
			running.err = m.closeFailed(ctx, job, err)
		}
		return
	}
	// From here on the server may have done it, whatever happens to this app.
	if running.err = m.record(ctx, job, JobSent, nil); running.err != nil {
		return
	}
	m.publish(Event{Kind: JobChanged, Account: a.ID, Job: *job, OrderID: job.OrderID})
	out, err := senders[job.Task](ctx, c, job, r)
	// The outcome is recorded even when the caller gave up meanwhile.
	done := context.WithoutCancel(ctx)
	if err == nil {
		err = m.checkOutcome(ctx, a, *job, r.Leaves, out)
	}
	running.out, running.err = out, err
	switch {
	case err == nil:
		m.succeeded(done, a, job, out, r.Leaves)
	case final(*job, err):
		if job.leaves {
			m.refused(done, r.Leaves, err)
		}
		running.err = m.closeFailed(done, job, err)
	default:
		if errors.Is(err, api.ErrNotFound) {
			m.rekey(done, job)
		}
		if fresh && notDone(err) {
			if err := m.record(done, job, JobPending, nil); err != nil {
				m.options.Logger.Error("a waiting job could not be recorded", "job", job.ID, "error", err)
			}
		}
		job.Err = err
		running.err = m.fail(ctx, err)
	}
}

// rekey gives a job another idempotency key after a refusal that ended nothing: the server keeps the refusal as the answer to
// the old key, and has done nothing under it.
func (m *Manager) rekey(ctx context.Context, job *Job) {
	key, err := m.key()
	if err == nil {
		_, err = m.db.change(ctx, `UPDATE jobs SET key = ? WHERE id = ?`, key, job.ID)
	}
	if err != nil {
		m.options.Logger.Error("a waiting job could not get another key", "job", job.ID, "error", err)
		return
	}
	job.Key = key
}

// notDone reports whether an error of a call tells that the server surely did nothing: the call was not sent, or refused.
func notDone(err error) bool {
	var network *NetworkError
	var refusal *api.Problem
	return errors.As(err, &network) && network.NotSent || errors.As(err, &refusal) && refusal.Status < 500 || errors.Is(err, ErrSignedOut)
}

// closeFailed records the server's last word on a job. When that cannot be written down the person hears of it: the job is then
// still open, and asked about again.
func (m *Manager) closeFailed(ctx context.Context, job *Job, cause error) error {
	err := m.record(ctx, job, JobFailed, cause)
	if err == nil {
		return cause
	}
	m.options.Logger.Error("a refused job could not be recorded", "job", job.ID, "error", err)
	m.addNotice(Say("What came of a task could not be written down."), Say("%s: %s. It is still listed as waiting, and the server is asked again.", job.Title, err.Error()))
	return errors.Join(cause, err)
}

// checkOutcome checks what the server answered against the job. What is not about it, or carries no good receipt for a license
// that left this PC, is no answer: the job stays open and is sent again.
func (m *Manager) checkOutcome(ctx context.Context, a Account, job Job, leaves departure, out outcome) error {
	if out.order.ID != 0 && job.OrderID != 0 && out.order.ID != job.OrderID {
		return notAnAnswer(a, fmt.Errorf("an answer about order %d to a question about order %d", out.order.ID, job.OrderID))
	}
	if leaves.Signature == "" {
		return nil
	}
	if err := m.checkReceipt(ctx, leaves, out.receipt); err != nil {
		return notAnAnswer(a, err)
	}
	return nil
}

// notAnAnswer is the error for an answer of something else than the account's license server.
func notAnAnswer(a Account, err error) error {
	host := a.Server
	if u, parseErr := url.Parse(a.Server); parseErr == nil {
		host = u.Hostname()
	}
	return &NetworkError{Kind: NetworkNotACEN, Host: host, Err: err}
}

// succeeded closes a job that the server has done.
func (m *Manager) succeeded(ctx context.Context, a Account, job *Job, out outcome, leaves departure) {
	if job.Task != TaskEmail {
		m.keepOutcome(ctx, a, *job, out)
	}
	if out.license.ID != 0 {
		job.LicenseID = out.license.ID
	}
	if out.order.ID != 0 {
		job.OrderID = out.order.ID
	}
	if leaves.Signature != "" {
		if err := m.left(ctx, leaves); err != nil { // the license has left all the same; what is kept of it does no harm
			m.options.Logger.Error("a removal code that was handed in could not be forgotten", "job", job.ID, "error", err)
		}
	}
	// The answer counts even when it cannot be written down: the next start asks again with the same key.
	if err := m.record(ctx, job, JobDone, nil); err != nil {
		m.options.Logger.Error("a finished job could not be recorded", "job", job.ID, "error", err)
		job.State = JobDone
	}
	if job.Task != TaskEmail {
		m.installOutcome(ctx, out.license)
		m.publish(Event{Kind: LicensesChanged, Account: a.ID, OrderID: job.OrderID})
		m.publish(Event{Kind: OrdersChanged, Account: a.ID})
	}
}

// refused brings back what had left for a job that the server refused, unless the license has ended anyway.
func (m *Manager) refused(ctx context.Context, leaves departure, cause error) {
	finish := m.comeBack
	if errors.Is(cause, api.ErrLicenseEnded) {
		finish = m.left
	}
	err := finish(ctx, leaves)
	switch {
	case err == nil:
	case errors.Is(err, ErrNewerHere):
		m.addNotice(Say("The server did not let a license go."), Say("This PC was activated again meanwhile, so the old license did not come back here. It is still yours: hand it in, or bring it back."))
	default:
		m.options.Logger.Error("a license that the server did not let go could not be put back", "license", leaves.LicenseID, "error", err)
		m.addNotice(Say("A license could not be put back on this PC."), Say("The server refused to let it go, so it is still yours. Refresh the tables, or bring it back with Reactivate."))
	}
}

// final reports whether an error is the server's last word on a job. A refusal for the time being is not, but for tasks in
// which a person tries something that they may have mistyped: those are not tried again by themselves. That a license is not
// found has ended nothing: an order may be switched off for a while. A license that has left this PC for it then waits.
func final(job Job, err error) bool {
	var refusal *api.Problem
	switch {
	case errors.Is(err, errRequestLost), errors.Is(err, ErrOutcomeUnknown):
		return true
	case !errors.As(err, &refusal) || errors.Is(err, api.ErrAuthorization):
		return false
	case errors.Is(err, api.ErrNotFound):
		return !job.leaves
	case errors.Is(err, api.ErrUnavailable):
		return job.Task == TaskEmail // the server has no mail service: it queued nothing and waiting does not help
	case errors.Is(err, api.ErrHostBanned):
		return !job.leaves && (job.Task == TaskTransfer || job.Task == TaskRemove || job.Task == TaskNewOrder)
	}
	return refusal.Status < 500
}

func (m *Manager) record(ctx context.Context, job *Job, state JobState, cause error) error {
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	now := m.options.Now()
	_, err := m.db.change(ctx, `UPDATE jobs SET state = ?, error = ?, license_id = ?, updated_at = ? WHERE id = ?`, state, text, job.LicenseID, now.UnixMicro(), job.ID)
	if err == nil {
		job.State, job.Err, job.UpdatedAt = state, cause, now
	}
	return err
}

// Jobs lists the open jobs of the current account, oldest first.
func (m *Manager) Jobs(ctx context.Context) ([]Job, error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return nil, err
	}
	return m.openJobs(ctx, a.ID)
}

// AllJobs lists the open jobs of all accounts, oldest first. It needs no session.
func (m *Manager) AllJobs(ctx context.Context) ([]Job, error) { return m.openJobs(ctx, 0) }

// Elsewhere are the open jobs of an account that is not the current one: they go on when it is.
type Elsewhere struct {
	Account Account
	Jobs    int
}

// WaitingElsewhere lists the other accounts in which jobs are open, last used first.
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
		open, err := m.openJobs(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			list = append(list, Elsewhere{a, len(open)})
		}
	}
	return list, nil
}

const (
	jobColumns = `id, account, key, task, title, intent, request, state, order_id, license_id, created_at, updated_at`
	jobIsOpen  = `state IN ('pending', 'sent')`
)

func scanJob(row interface{ Scan(...any) error }) (j Job, err error) {
	var created, updated int64
	err = row.Scan(&j.ID, &j.Account, &j.Key, &j.Task, &j.Title, &j.intent, &j.request, &j.State, &j.OrderID, &j.LicenseID, &created, &updated)
	j.CreatedAt, j.UpdatedAt = time.UnixMicro(created), time.UnixMicro(updated)
	return j, err
}

// openJobs lists the open jobs of an account, oldest first; 0 means all accounts.
func (m *Manager) openJobs(ctx context.Context, account int64) (list []Job, err error) {
	rows, err := m.db.QueryContext(ctx, `SELECT `+jobColumns+` FROM jobs WHERE `+jobIsOpen+` AND (account = ? OR ? = 0) ORDER BY id`, account, account)
	if err != nil {
		return nil, storageError(err)
	}
	defer rows.Close()
	for rows.Next() {
		j, err := scanJob(rows)
		if err != nil {
			return nil, storageError(err)
		}
		list = append(list, j)
	}
	return list, storageError(rows.Err())
}

// openJob reads a job; false when it is not open any more.
func (m *Manager) openJob(ctx context.Context, id int64) (j Job, open bool, err error) {
	j, err = scanJob(m.db.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM jobs WHERE `+jobIsOpen+` AND id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	return j, err == nil, storageError(err)
}

// ResumeJobs carries out what was left open, oldest first, and returns those jobs with their outcome. A job that fails holds
// up none behind it; only when nothing can be sent at all, or the session has ended, the rest waits. The error is that of the
// first job that could not be sent.
func (m *Manager) ResumeJobs(ctx context.Context) ([]Job, error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return nil, err
	}
	open, err := m.openJobs(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var outcomes []Job
	var first error
	for _, job := range open {
		m.jobsMu.Lock()
		running, joined := m.begin(job)
		m.jobsMu.Unlock()
		if joined {
			continue
		}
		m.carryOut(ctx, running)
		if errors.Is(running.err, errNotOpen) {
			continue
		}
		outcome := running.job
		outcome.Err = running.err
		outcomes = append(outcomes, outcome)
		if errors.Is(running.err, ErrUnreachable) || errors.Is(running.err, ErrSignedOut) {
			first = cmp.Or(first, running.err)
		}
		var network *NetworkError
		if errors.Is(running.err, ErrSignedOut) || ctx.Err() != nil || errors.As(running.err, &network) && network.NotSent {
			return outcomes, cmp.Or(first, running.err)
		}
	}
	return outcomes, first
}

var (
	// ErrJobSent is returned by DropJob for a job that the server may have carried out.
	ErrJobSent = errors.New("this was sent already; its outcome must be asked for first")
	// ErrTooLate is returned by DropJob when the license is another PC's or has ended: the server took it before this app's
	// data were restored. The job is closed.
	ErrTooLate = errors.New("the server has taken this license already, so it does not come back")
	// ErrNewerHere is returned by DropJob when this PC has a newer license of the program: the job is closed, the newer
	// license stays, and the removal code of the old one is kept.
	ErrNewerHere = errors.New("this PC has a newer license of the program; the old one does not come back, and its removal code is kept")
	// ErrTooEarly is returned by GiveUp for a job that has been open for less than a day.
	ErrTooEarly = errors.New("this can be given up a day after it was asked for")
)

// DropJob cancels an open job that was never sent, of any account and without a session. A license that had left this PC for
// it comes back. It fails with ErrJobSent, and the job then stays open; with ErrTooLate or ErrNewerHere it is closed.
func (m *Manager) DropJob(ctx context.Context, id int64) error {
	return m.end(ctx, id, func(job Job) error {
		if job.State != JobPending {
			return ErrJobSent
		}
		return nil
	})
}

// GiveUp closes a job that has been open for a day, of any account and without a session. Whether the server did what was asked
// is not known then. A license that had left this PC for a job that was sent stays away, and its removal code is kept: hand it
// in, offer it, or bring the license back as soon as the server lists it. It fails with ErrTooEarly, or like DropJob.
func (m *Manager) GiveUp(ctx context.Context, id int64) error {
	return m.end(ctx, id, func(job Job) error {
		if !job.MayGiveUp(m.options.Now()) {
			return ErrTooEarly
		}
		return nil
	})
}

// end closes an open job for the person, if refuse returns nil.
func (m *Manager) end(ctx context.Context, id int64, refuse func(Job) error) error {
	m.jobsMu.Lock()
	defer m.jobsMu.Unlock()
	job, open, err := m.openJob(ctx, id)
	if err != nil {
		return err
	}
	if _, busy := m.running[id]; busy || !open {
		return ErrJobSent
	}
	if err := refuse(job); err != nil {
		return err
	}
	cause, told := errDropped, error(nil)
	if leaves := m.departureOf(ctx, job); leaves.Signature != "" && job.State == JobPending {
		err := m.comeBack(ctx, leaves)
		if err != nil && !errors.Is(err, ErrTooLate) && !errors.Is(err, ErrNewerHere) {
			return err
		}
		told = err
	} else if job.State != JobPending {
		cause = errGivenUp
	}
	if err := m.record(ctx, &job, JobFailed, cause); err != nil {
		return err
	}
	m.publish(Event{Kind: JobChanged, Account: job.Account, Job: job, OrderID: job.OrderID})
	m.publish(Event{Kind: LicensesChanged, Account: job.Account, OrderID: job.OrderID})
	return told
}

// How a person ended a job.
var (
	errDropped = errors.New("dropped")
	errGivenUp = errors.New("given up; whether the server did it is not known")
)
