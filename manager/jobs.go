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
)

// Task names what a job does.
type Task string

// The tasks.
const (
	TaskNewLicense Task = "new-license"
	TaskReactivate Task = "reactivation"
	TaskTransfer   Task = "transfer"
	TaskRemove     Task = "removal"
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
	a, _, err := m.session()
	if err != nil {
		return outcome{}, m.fail(err)
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
	defer func() {
		m.jobsMu.Lock()
		delete(m.running, job.ID)
		m.jobsMu.Unlock()
		close(running.done)
		m.publish(Event{Kind: JobChanged, Job: *job, OrderID: job.OrderID})
	}()
	_, c, err := m.session()
	if err != nil {
		running.err = m.fail(err)
		return
	}
	if job.Task == TaskEmail && job.State == JobSent && m.options.Now().Sub(job.CreatedAt) >= answersKept {
		running.err = fmt.Errorf("%w: the mail was asked for on %s; send it again if it did not arrive", ErrOutcomeUnknown, job.CreatedAt.Format("2 January 15:04"))
		_ = m.record(ctx, job, JobFailed, running.err)
		return
	}
	// From here on the server may have done it, whatever happens to this app.
	if running.err = m.record(ctx, job, JobSent, nil); running.err != nil {
		return
	}
	m.publish(Event{Kind: JobChanged, Job: *job, OrderID: job.OrderID})
	out, err := m.send(ctx, c, job)
	running.out, running.err = out, err
	// The outcome is recorded even when the caller gave up meanwhile.
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		if out.license.ID != 0 {
			job.LicenseID = out.license.ID
		}
		if out.order.ID != 0 {
			job.OrderID = out.order.ID
		}
		// The answer counts even when it cannot be written down: the next start asks again with the same key.
		if err := m.record(ctx, job, JobDone, nil); err != nil {
			m.options.Logger.Error("a finished job could not be recorded", "job", job.ID, "error", err)
			job.State = JobDone
		}
		if job.Task != TaskEmail {
			m.publish(Event{Kind: LicensesChanged, OrderID: job.OrderID})
			m.publish(Event{Kind: OrdersChanged})
		}
	case final(job.Task, err):
		if err := m.record(ctx, job, JobFailed, err); err != nil {
			m.options.Logger.Error("a refused job could not be recorded", "job", job.ID, "error", err)
		}
	default:
		job.Err = err
		running.err = m.fail(err)
	}
}

// final reports whether an error is the server's last word on a job. A refusal for the time being is not, but for tasks in
// which a person tries something that they may have mistyped: those are not tried again by themselves.
func final(task Task, err error) bool {
	var refusal *api.Problem
	switch {
	case errors.Is(err, errRequestLost), errors.Is(err, ErrOutcomeUnknown):
		return true
	case !errors.As(err, &refusal) || errors.Is(err, api.ErrAuthorization):
		return false
	case errors.Is(err, api.ErrUnavailable):
		return task == TaskEmail // the server has no mail service: it queued nothing and waiting does not help
	case errors.Is(err, api.ErrHostBanned):
		return task == TaskTransfer || task == TaskRemove || task == TaskNewOrder
	}
	return refusal.Status < 500
}

// kind is what is particular to a task.
type kind struct {
	// secret requests hold a removal code.
	secret bool
	send   func(ctx context.Context, m *Manager, c *client.Client, job *Job, request []byte) (outcome, error)
}

var kinds map[Task]kind

func init() { // the functions refer to the table through the journal
	kinds = map[Task]kind{
		TaskNewLicense: {send: sendNewLicense},
		TaskReactivate: {send: sendReactivation},
		TaskTransfer:   {send: sendTransfer, secret: true},
		TaskRemove:     {send: sendRemoval, secret: true},
		TaskEmail:      {send: sendEmail},
		TaskNewOrder:   {send: sendNewOrder},
	}
}

func (m *Manager) send(ctx context.Context, c *client.Client, job *Job) (outcome, error) {
	k, ok := kinds[job.Task]
	if !ok {
		return outcome{}, fmt.Errorf("%w: a job %q of a newer version", ErrStorage, job.Task)
	}
	request := job.request
	if k.secret {
		var err error
		if request, err = m.open(ctx, job.request); err != nil {
			return outcome{}, err
		}
	}
	return k.send(ctx, m, c, job, request)
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
	a, _, err := m.session()
	if err != nil {
		return nil, err
	}
	return m.openJobs(ctx, a)
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
	open, err := m.Jobs(ctx)
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

// DropJob forgets an open job that was never sent.
func (m *Manager) DropJob(ctx context.Context, id int64) error {
	m.jobsMu.Lock()
	defer m.jobsMu.Unlock()
	if _, busy := m.running[id]; busy {
		return ErrJobSent
	}
	result, err := m.db.change(ctx, `UPDATE jobs SET state = 'failed', error = 'dropped' WHERE id = ? AND state = 'pending'`, id)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrJobSent)
	}
	return nil
}
