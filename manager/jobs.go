package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
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
	Key       string // UUID
	Task      Task
	Title     string
	State     JobState
	Err       error
	CreatedAt time.Time
	UpdatedAt time.Time
	OrderID   int64
	LicenseID int64

	intent  string // what is wanted, in words: two clicks with the same intent are one job
	request []byte // JSON, sealed where it holds a removal code
	leaves  bool   // a license of this PC leaves it
}

// answersKept is how long a server surely knows an idempotency key (api.md).
const answersKept = 24 * time.Hour

// runningJob lets a second click wait for the first one's outcome.
type runningJob struct {
	done chan struct{}
	job  Job
	err  error
	out  outcome
}

// outcome is what a job brought: a license or an order.
type outcome struct {
	license api.License
	order   api.Order
}

// run writes a job down, or joins the open one with the same intent, and sends it.
func (m *Manager) run(ctx context.Context, job Job, request any) (outcome, error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return outcome{}, m.fail(ctx, err)
	}
	m.jobsMu.Lock()
	job, err = m.openOrWrite(ctx, a, job, request)
	if err != nil {
		m.jobsMu.Unlock()
		return outcome{}, err
	}
	running, joined := m.begin(job)
	m.jobsMu.Unlock()
	if !joined {
		m.carryOut(ctx, running)
		return running.out, running.err
	}
	select {
	case <-running.done:
		return running.out, running.err
	case <-ctx.Done():
		return outcome{}, ctx.Err()
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

// openOrWrite returns the open job with the same intent, or writes the job down. jobsMu is held.
func (m *Manager) openOrWrite(ctx context.Context, a Account, job Job, request any) (Job, error) {
	open, err := m.openJobs(ctx, a)
	if err != nil {
		return Job{}, err
	}
	for _, old := range open {
		if old.Task == job.Task && old.intent == job.intent {
			return old, nil
		}
	}
	if job.request, err = json.Marshal(request); err != nil {
		return Job{}, err
	}
	if kinds[job.Task].secret {
		if job.request, err = m.seal(ctx, job.request); err != nil {
			return Job{}, err
		}
	}
	key, err := uuid.NewRandomFromReader(m.options.Rand)
	if err != nil {
		return Job{}, err
	}
	now := m.options.Now()
	job.Key, job.State, job.CreatedAt, job.UpdatedAt = key.String(), JobPending, now, now
	result, err := m.db.change(ctx, `INSERT INTO jobs (account, key, task, title, intent, request, state, error, order_id, license_id, created_at, updated_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`, a.ID, job.Key, job.Task, job.Title, job.intent, job.request, job.State, job.OrderID, job.LicenseID, now.UnixMicro(), now.UnixMicro())
	if err != nil {
		return Job{}, err
	}
	job.ID, err = result.LastInsertId()
	return job, err
}

// carryOut sends a job and records what came of it.
func (m *Manager) carryOut(ctx context.Context, running *runningJob) {
	job := &running.job
	ctx, a, c, err := m.as(ctx)
	defer func() {
		m.jobsMu.Lock()
		delete(m.running, job.ID)
		m.jobsMu.Unlock()
		close(running.done)
		m.publish(Event{Kind: JobChanged, Account: a.ID, Job: *job, OrderID: job.OrderID})
	}()
	if err != nil {
		running.err = m.fail(ctx, err)
		return
	}
	if job.Task == TaskEmail && job.State == JobSent && m.options.Now().Sub(job.CreatedAt) >= answersKept {
		running.err = fmt.Errorf("%w: the mail was asked for on %s; send it again if it did not arrive", ErrOutcomeUnknown, job.CreatedAt.Format("2 January 15:04"))
		_ = m.record(ctx, job, JobFailed, running.err)
		return
	}
	fresh := job.State == JobPending
	request, leaves, err := m.prepare(ctx, job)
	if err == nil && leaves.Signature != "" {
		err = m.leave(ctx, a, leaves, job.Task)
	}
	if err != nil {
		running.err = err
		if final(*job, err) {
			_ = m.record(ctx, job, JobFailed, err)
		}
		return
	}
	// From here on the server may have done it, whatever happens to this app.
	if running.err = m.record(ctx, job, JobSent, nil); running.err != nil {
		return
	}
	m.publish(Event{Kind: JobChanged, Account: a.ID, Job: *job, OrderID: job.OrderID})
	out, err := kinds[job.Task].send(ctx, m, c, job, request)
	running.out, running.err = out, err
	// The outcome is recorded even when the caller gave up meanwhile.
	ctx = context.WithoutCancel(ctx)
	var network *NetworkError
	switch {
	case err == nil:
		m.succeeded(ctx, a, job, out, leaves)
	case final(*job, err):
		if leaves.Signature != "" {
			m.refused(ctx, leaves, err)
		}
		if err := m.record(ctx, job, JobFailed, err); err != nil {
			m.options.Logger.Error("a refused job could not be recorded", "job", job.ID, "error", err)
		}
	default:
		if fresh && errors.As(err, &network) && network.NotSent {
			if err := m.record(ctx, job, JobPending, nil); err != nil {
				m.options.Logger.Error("a waiting job could not be recorded", "job", job.ID, "error", err)
			}
		}
		job.Err = err
		running.err = m.fail(ctx, err)
	}
}

// succeeded closes a job that the server has done.
func (m *Manager) succeeded(ctx context.Context, a Account, job *Job, out outcome, leaves leaving) {
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
func (m *Manager) refused(ctx context.Context, leaves leaving, cause error) {
	finish := m.comeBack
	if gone(cause) {
		finish = m.left
	}
	if err := finish(ctx, leaves); err != nil {
		m.options.Logger.Error("a license that the server did not let go could not be put back", "license", leaves.LicenseID, "error", err)
		m.addNotice(Say("A license could not be put back on this PC."), Say("The server refused to let it go, so it is still yours. Refresh the tables, or bring it back with Reactivate."))
	}
}

// final reports whether an error is the server's last word on a job. A refusal for the time being is not, but for tasks in
// which a person tries something that they may have mistyped: those are not tried again by themselves.
func final(job Job, err error) bool {
	var refusal *api.Problem
	switch {
	case errors.Is(err, errRequestLost), errors.Is(err, ErrOutcomeUnknown):
		return true
	case !errors.As(err, &refusal) || errors.Is(err, api.ErrAuthorization):
		return false
	case errors.Is(err, api.ErrUnavailable):
		return job.Task == TaskEmail // the server has no mail service: it queued nothing and waiting does not help
	case errors.Is(err, api.ErrHostBanned):
		return !job.leaves && (job.Task == TaskTransfer || job.Task == TaskRemove || job.Task == TaskNewOrder)
	}
	return refusal.Status < 500
}

// kind is what is particular to a task.
type kind struct {
	// secret requests hold a removal code, and tell in "leaves" what leaves this PC.
	secret bool
	// again makes the request anew for a license that has left this PC; nil where more is needed than its removal code.
	again func(leaving) any
	send  func(ctx context.Context, m *Manager, c *client.Client, job *Job, request []byte) (outcome, error)
}

var kinds map[Task]kind

func init() { // the functions refer to the table through the journal
	kinds = map[Task]kind{
		TaskNewLicense: {send: sendNewLicense},
		TaskReactivate: {send: sendReactivation},
		TaskTransfer:   {send: sendTransfer, secret: true},
		TaskRemove: {send: sendRemoval, secret: true, again: func(l leaving) any {
			return removalRequest{LicenseID: l.LicenseID, Leaves: l, Body: api.Removal{RemovalCode: l.RemovalCode}}
		}},
		TaskRelease: {send: sendRelease, secret: true, again: func(l leaving) any {
			return releaseRequest{LicenseID: l.LicenseID, Leaves: l, Body: api.Release{RemovalCode: l.RemovalCode}}
		}},
		TaskEmail:    {send: sendEmail},
		TaskNewOrder: {send: sendNewOrder},
	}
}

// prepare reads what a job was written down with, and what leaves this PC with it.
func (m *Manager) prepare(ctx context.Context, job *Job) (request []byte, leaves leaving, err error) {
	k, ok := kinds[job.Task]
	if !ok {
		return nil, leaves, fmt.Errorf("%w: a job %q of a newer version", ErrStorage, job.Task)
	}
	request = job.request
	if k.secret {
		if request, err = m.open(ctx, job.request); errors.Is(err, errRequestLost) && k.again != nil {
			request, err = m.again(ctx, job, k)
		}
		if err != nil {
			return nil, leaves, err
		}
		r, err := readRequest[struct {
			Leaves leaving `json:"leaves"`
		}](request)
		if err != nil {
			return nil, leaves, err
		}
		leaves = r.Leaves
	}
	job.leaves = leaves.Signature != ""
	return request, leaves, nil
}

// again makes the request of a job anew whose key is gone from the keyring, if its license has left this PC: the removal code
// lies beside the Site code, or follows from the license file that the server has.
func (m *Manager) again(ctx context.Context, job *Job, k kind) ([]byte, error) {
	p, err := m.programOfOrder(ctx, job.OrderID)
	if err != nil {
		return nil, err
	}
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return nil, err
	}
	state, err := m.options.Installed.State(signature)
	if err != nil {
		return nil, installedError(err)
	}
	for _, spent := range state.Spent {
		if spent.LicenseID != job.LicenseID {
			continue
		}
		code := spent.RemovalCode
		if code == 0 {
			f, _, err := m.verifiedFile(ctx, job.LicenseID)
			if err != nil {
				return nil, err
			}
			if f.Codes != spent.Codes {
				break
			}
			code = f.Seed.RemovalCode(f.Codes)
		}
		return json.Marshal(k.again(leavingOf(p, License{License: api.License{ID: job.LicenseID, OrderID: job.OrderID}}, spent.Codes, code)))
	}
	return nil, errRequestLost
}

// readRequest reads what a job was written down with.
func readRequest[T any](request []byte) (r T, err error) {
	if json.Unmarshal(request, &r) != nil {
		return r, storageError(errDamaged)
	}
	return r, nil
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
	return m.openJobs(ctx, a)
}

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
		open, err := m.openJobs(ctx, a)
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			list = append(list, Elsewhere{a, len(open)})
		}
	}
	return list, nil
}

func (m *Manager) openJobs(ctx context.Context, a Account) (list []Job, err error) {
	rows, err := m.db.QueryContext(ctx, `SELECT id, key, task, title, intent, request, state, order_id, license_id, created_at, updated_at FROM jobs
 WHERE account = ? AND state IN ('pending', 'sent') ORDER BY id`, a.ID)
	if err != nil {
		return nil, storageError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var j Job
		var created, updated int64
		if err := rows.Scan(&j.ID, &j.Key, &j.Task, &j.Title, &j.intent, &j.request, &j.State, &j.OrderID, &j.LicenseID, &created, &updated); err != nil {
			return nil, storageError(err)
		}
		j.CreatedAt, j.UpdatedAt = time.UnixMicro(created), time.UnixMicro(updated)
		list = append(list, j)
	}
	return list, storageError(rows.Err())
}

// ResumeJobs carries out what was left open, oldest first, and returns those jobs with their outcome. It stops at the first
// that cannot reach the server.
func (m *Manager) ResumeJobs(ctx context.Context) ([]Job, error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return nil, err
	}
	open, err := m.openJobs(ctx, a)
	if err != nil {
		return nil, err
	}
	var outcomes []Job
	for _, job := range open {
		m.jobsMu.Lock()
		running, joined := m.begin(job)
		m.jobsMu.Unlock()
		if joined {
			continue
		}
		m.carryOut(ctx, running)
		outcome := running.job
		outcome.Err = running.err
		outcomes = append(outcomes, outcome)
		if errors.Is(running.err, ErrUnreachable) || errors.Is(running.err, ErrSignedOut) || ctx.Err() != nil {
			return outcomes, running.err
		}
	}
	return outcomes, nil
}

// ErrJobSent is returned by DropJob for a job that the server may have carried out.
var ErrJobSent = errors.New("this was sent already; its outcome must be asked for first")

// DropJob forgets an open job that was never sent. A license that had left this PC for it comes back.
func (m *Manager) DropJob(ctx context.Context, id int64) error {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return m.fail(ctx, err)
	}
	m.jobsMu.Lock()
	defer m.jobsMu.Unlock()
	if _, busy := m.running[id]; busy {
		return ErrJobSent
	}
	open, err := m.openJobs(ctx, a)
	if err != nil {
		return err
	}
	for _, job := range open {
		if job.ID != id || job.State != JobPending {
			continue
		}
		if _, leaves, err := m.prepare(ctx, &job); err == nil && job.leaves {
			if err := m.comeBack(ctx, leaves); err != nil {
				return err
			}
		}
		if _, err := m.db.change(ctx, `UPDATE jobs SET state = 'failed', error = 'dropped' WHERE id = ?`, id); err != nil {
			return err
		}
		m.publish(Event{Kind: LicensesChanged, Account: a.ID, OrderID: job.OrderID})
		return nil
	}
	return ErrJobSent
}
