package manager

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// JobState is how far a job is.
type JobState string

// The states of a job.
const (
	JobPending JobState = "pending" // stored, not sent
	JobSent    JobState = "sent"    // sent, no answer yet
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
)

// Job is a task that survives a crash. It is written down with its idempotency key before anything is sent, and sent again
// with the same key until an answer comes, so that it happens once.
type Job struct {
	ID        int64
	Account   int64  // ID of the account that the job belongs to
	Key       string // UUID
	Task      api.Task
	Title     string
	State     JobState
	Err       error
	CreatedAt time.Time
	UpdatedAt time.Time
	OrderID   int64
	LicenseID int64

	intent  string // what is wanted, in words: two clicks with the same intent and the same typed content are one job
	request []byte // JSON; a removal code that a person typed is sealed in it
	leaves  bool   // a license of this PC leaves with the job
}

// giveUpAfter is the minimum age of a job that GiveUp accepts.
const giveUpAfter = 24 * time.Hour

// GiveUpAt returns the time from which GiveUp accepts the job.
func (j Job) GiveUpAt() time.Time { return j.CreatedAt.Add(giveUpAfter) }

// MayGiveUp reports whether GiveUp accepts the job at a time: it has been open for a day.
func (j Job) MayGiveUp(now time.Time) bool { return !now.Before(j.GiveUpAt()) }

// answersKept is how long a server surely knows an idempotency key (spec: api "Idempotency").
const answersKept = 24 * time.Hour

// runningJob lets a second click wait for the first one's outcome.
type runningJob struct {
	done chan struct{}
	job  Job
	err  error
	out  outcome
}

// outcome is the result of a job: a license or an order, and the server's receipt for a license that left a PC.
type outcome struct {
	license api.License
	order   api.Order
	receipt string
}

// errNotOpen is the result of a job that was canceled or closed before it was sent.
var errNotOpen = errors.New("this was canceled, or is done already")

// run stores a job and sends it, or joins the open job with the same intent and request. A typed removal code is part
// of the request. An older job with the same intent and another request comes first: if it was never sent, the new job
// replaces it; if it was sent, run resends it, and returns its result if it succeeds.
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

// begin marks a job as running; joined reports that it was running already. The caller holds jobsMu.
func (m *Manager) begin(job Job) (running *runningJob, joined bool) {
	if running, ok := m.running[job.ID]; ok {
		return running, true
	}
	running = &runningJob{done: make(chan struct{}), job: job}
	m.running[job.ID] = running
	return running, false
}

// sentBefore returns an open job that was sent with the intent of job and another request, and that is not in tried;
// zero if there is none. The caller holds jobsMu.
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

// openOrWrite returns the open job with the same intent and request, or stores the job. It closes jobs with the same
// intent and another request that were never sent. The caller holds jobsMu.
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
		leaves, err := m.jobDeparture(ctx, old)
		if _, running := m.running[old.ID]; running || old.State != JobPending || err != nil || leaves.Signature != "" {
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

// errReplaced is the result of a job that was never sent and that a job with another request replaced.
var errReplaced = errors.New("replaced by a later task with other input")

// carryOut sends a job and stores its result. It reloads the job first, so that a job that was canceled meanwhile is
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
	if job.Task == api.TaskEmail && job.State == JobSent && m.options.Now().Sub(job.CreatedAt) >= answersKept {
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
	// From here on the server may have done the job, even if this app crashes.
	if running.err = m.record(ctx, job, JobSent, nil); running.err != nil {
		return
	}
	m.publish(Event{Kind: JobChanged, Account: a.ID, Job: *job, OrderID: job.OrderID})
	out, err := m.send(ctx, c, job, &r)
	// The result is stored even if the caller was canceled meanwhile.
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

// maxRenewals limits how often a job takes a new Site code for this PC (spec: api 21).
const maxRenewals = 3

// send sends the request of a job. If the server refuses the Site code of this PC as spent, send takes a new one for
// this PC and retries: another PC may have the Site code by chance, or it was spent without this PC's knowledge, because
// its data were restored from a backup or its license was removed from elsewhere.
func (m *Manager) send(ctx context.Context, c *client.Client, job *Job, r *request) (outcome, error) {
	for renewals := 0; ; renewals++ {
		out, err := senders[job.Task](ctx, c, job, *r)
		if !errors.Is(err, api.ErrSiteCodeSpent) || renewals == maxRenewals {
			return out, err
		}
		renewed, failed := m.renewSite(context.WithoutCancel(ctx), job, r)
		if !renewed || failed != nil {
			return out, errors.Join(failed, err)
		}
	}
}

// renewSite takes a new Site code for this PC instead of the one in the request of a job, and stores the new codes and a
// new idempotency key in the job, because it is another request. It reports false if the codes are not this PC's, for a
// license that leaves this PC, and for a request that an older version sealed. After a crash in between, the job is sent
// with its old codes, refused, and renewed again.
func (m *Manager) renewSite(ctx context.Context, job *Job, r *request) (bool, error) {
	old, err := r.codes()
	if err != nil || r.Leaves.Signature != "" || !json.Valid(job.request) {
		return false, err
	}
	fresh, err := m.renewCodes(ctx, job.OrderID, old)
	if err != nil || fresh == old {
		return false, err
	}
	next := *job
	of, _ := strings.CutSuffix(job.intent, intentCodes(old))
	next.intent = of + intentCodes(fresh)
	if job.Task == api.TaskNewLicense {
		next.Title = beginnings[api.TaskNewLicense] + fresh.Site.String()
	}
	if next.Key, err = m.key(); err != nil {
		return false, err
	}
	changed, err := r.withCodes(job.Task, fresh)
	if err != nil {
		return false, err
	}
	if next.request, err = changed.encode(); err != nil {
		return false, err
	}
	_, err = m.db.change(ctx, `UPDATE jobs SET key = ?, title = ?, intent = ?, request = ? WHERE id = ?`,
		next.Key, next.Title, next.intent, next.request, next.ID)
	if err != nil {
		return false, err
	}
	*job, *r = next, changed
	m.publish(Event{
		Kind:    JobChanged,
		Account: job.Account,
		Job:     *job,
		OrderID: job.OrderID,
	})
	return true, nil
}

// rekey gives a job a new idempotency key after a refusal that is not final. The server has stored the refusal as the
// answer to the old key, so a retry with that key could never succeed.
func (m *Manager) rekey(ctx context.Context, job *Job) {
	key, err := m.key()
	if err == nil {
		_, err = m.db.change(ctx, `UPDATE jobs SET key = ? WHERE id = ?`, key, job.ID)
	}
	if err != nil {
		m.options.Logger.Error("a waiting job could not get a new idempotency key", "job", job.ID, "error", err)
		return
	}
	job.Key = key
}

// notDone reports whether an error of a call proves that the server did nothing: the call was not sent, or was refused.
func notDone(err error) bool {
	var network *NetworkError
	var refusal *api.Problem
	return errors.As(err, &network) && network.NotSent || errors.As(err, &refusal) && refusal.Status < 500 || errors.Is(err, ErrSignedOut)
}

// closeFailed closes a job with a final error and returns the error. If it cannot store that, the job stays open and is
// sent again; closeFailed then adds a notice and joins the errors.
func (m *Manager) closeFailed(ctx context.Context, job *Job, cause error) error {
	err := m.record(ctx, job, JobFailed, cause)
	if err == nil {
		return cause
	}
	m.options.Logger.Error("a refused job could not be recorded", "job", job.ID, "error", err)
	m.addNotice(Say("What came of a task could not be written down."), Say("%s: %s. It is still listed as waiting, and the server is asked again.", job.Title, err.Error()))
	return errors.Join(cause, err)
}

// checkOutcome checks an answer against its job. It fails with a *NetworkError for an answer about another order, and
// for one without a valid receipt for a license that left this PC: the job then stays open and is sent again.
func (m *Manager) checkOutcome(ctx context.Context, a Account, job Job, leaves departure, out outcome) error {
	if out.order.ID != 0 && job.OrderID != 0 && out.order.ID != job.OrderID {
		return notAnAnswer(a, fmt.Errorf("an answer about order %d to a request about order %d", out.order.ID, job.OrderID))
	}
	if leaves.Signature == "" {
		return nil
	}
	if err := m.checkReceipt(ctx, leaves, out.receipt); err != nil {
		return notAnAnswer(a, err)
	}
	return nil
}

// notAnAnswer returns a *NetworkError for an answer that the account's license server would not give.
func notAnAnswer(a Account, err error) error {
	host := a.Server
	if u, parseErr := url.Parse(a.Server); parseErr == nil {
		host = u.Hostname()
	}
	return &NetworkError{Kind: NetworkNotACEN, Host: host, Err: err}
}

// succeeded stores the result of a job and closes it.
func (m *Manager) succeeded(ctx context.Context, a Account, job *Job, out outcome, leaves departure) {
	if job.Task != api.TaskEmail {
		m.keepOutcome(ctx, a, *job, out)
	}
	if out.license.ID != 0 {
		job.LicenseID = out.license.ID
	}
	if out.order.ID != 0 {
		job.OrderID = out.order.ID
	}
	// The answer is valid even if it cannot be stored: the job then stays open, and is sent again with the same key.
	var err error
	if leaves.Signature != "" {
		err = m.confirmLeave(ctx, leaves)
	}
	if err == nil {
		err = m.record(ctx, job, JobDone, nil)
	}
	if err != nil {
		m.options.Logger.Error("a finished job could not be recorded", "job", job.ID, "error", err)
		job.State = JobDone
	}
	if job.Task != api.TaskEmail {
		m.installOutcome(ctx, out.license)
		m.publish(Event{Kind: LicensesChanged, Account: a.ID, OrderID: job.OrderID})
		m.publish(Event{Kind: OrdersChanged, Account: a.ID})
	}
}

// refused brings a license back that had left for a job that the server refused. If the refusal says that the license
// has ended, it completes the departure instead.
func (m *Manager) refused(ctx context.Context, leaves departure, cause error) {
	finish := m.undoLeave
	if errors.Is(cause, api.ErrLicenseEnded) {
		finish = m.confirmLeave
	}
	err := finish(ctx, leaves)
	switch {
	case err == nil:
	case errors.Is(err, ErrCodeShown):
		m.addNotice(Say("The server did not let a license go."), Say("Its removal code was shown by the program, so the license did not come back here. It is still yours: hand it in, or bring it back."))
	case errors.Is(err, ErrTooLate): // the server took it before this app's data were restored
	case errors.Is(err, ErrNewerHere):
		m.addNotice(Say("The server did not let a license go."), Say("This PC was activated again meanwhile, so the old license did not come back here. It is still yours: hand it in, or bring it back."))
	default:
		m.options.Logger.Error("a license that the server did not let go could not be put back", "license", leaves.LicenseID, "error", err)
		m.addNotice(Say("A license could not be put back on this PC."), Say("The server refused to let it go, so it is still yours. Refresh the tables, or bring it back with Reactivate."))
	}
}

// final reports whether an error closes a job. A temporary refusal does not, except for tasks with typed input, which
// may be mistyped: those are not retried automatically. For a job that a license left for, not found is temporary as
// well, since the vendor may have disabled the order for a while.
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
		return job.Task == api.TaskEmail // the server has no mail service: it queued nothing and waiting does not help
	case errors.Is(err, api.ErrHostBanned):
		return !job.leaves && (job.Task == api.TaskTransfer || job.Task == api.TaskRemoval || job.Task == api.TaskNewOrder)
	}
	return refusal.Status < 500
}

// record stores the state of a job, with the error that closed it.
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

// Elsewhere counts the open jobs of an account that is not the current one. They are sent once it is.
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

// ResumeJobs sends the open jobs, oldest first, and returns them with their results. A job that fails does not block
// later ones; if nothing can be sent at all, or the session has ended, ResumeJobs stops. The error is that of the first
// job that could not be sent.
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
	// ErrTooLate is returned by DropJob if the server has taken the license, as after the app's data were restored from
	// a backup. The job is closed.
	ErrTooLate = errors.New("the server has taken this license already, so it does not come back")
	// ErrNewerHere is returned by DropJob if this PC has a newer license of the program. The job is closed, the newer
	// license stays, and so does the removal code of the old one.
	ErrNewerHere = errors.New("this PC has a newer license of the program; the old one does not come back, and its removal code is kept")
	// ErrCodeShown is returned by DropJob if a program has shown the removal code to a person, who may have used it. The
	// job is closed, and the code is kept.
	ErrCodeShown = errors.New("the removal code of this license was shown, so it does not come back by itself; the code is kept")
	// ErrTooEarly is returned by GiveUp for a job that has been open for less than a day.
	ErrTooEarly = errors.New("this can be given up a day after it was asked for")
)

// DropJob cancels an open job that was never sent, of any account and without a session. A license that had left this
// PC for it comes back. If DropJob fails with ErrJobSent the job stays open; with ErrTooLate or ErrNewerHere it is
// closed.
func (m *Manager) DropJob(ctx context.Context, id int64) error {
	return m.end(ctx, id, func(job Job) error {
		if job.State != JobPending {
			return ErrJobSent
		}
		return nil
	})
}

// GiveUp closes a job that has been open for a day, of any account and without a session. If the job was sent, its
// result stays unknown; a license that had left this PC for it stays away, and its removal code stays stored for HandIn
// and Offer, or until Reactivate. GiveUp fails with ErrTooEarly, or like DropJob.
func (m *Manager) GiveUp(ctx context.Context, id int64) error {
	return m.end(ctx, id, func(job Job) error {
		if !job.MayGiveUp(m.options.Now()) {
			return ErrTooEarly
		}
		return nil
	})
}

// end closes an open job on the person's request, unless refuse returns an error.
func (m *Manager) end(ctx context.Context, id int64, refuse func(Job) error) error {
	job, ended, err := m.claim(ctx, id)
	if err != nil {
		return err
	}
	defer ended()
	if err := refuse(job); err != nil {
		return err
	}
	leaves, err := m.jobDeparture(ctx, job)
	if err != nil && !errors.Is(err, errRequestLost) {
		return err
	}
	cause, told := errDropped, error(nil)
	if leaves.Signature != "" && job.State == JobPending {
		err := m.undoLeave(ctx, leaves)
		if err != nil && !errors.Is(err, ErrTooLate) && !errors.Is(err, ErrNewerHere) && !errors.Is(err, ErrCodeShown) {
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

// claim marks an open job as running, so that nobody sends it until ended is called. It fails with ErrJobSent for a job that
// is running or closed.
func (m *Manager) claim(ctx context.Context, id int64) (job Job, ended func(), err error) {
	m.jobsMu.Lock()
	defer m.jobsMu.Unlock()
	job, open, err := m.openJob(ctx, id)
	if err != nil {
		return job, nil, err
	}
	if _, busy := m.running[id]; busy || !open {
		return job, nil, ErrJobSent
	}
	running, _ := m.begin(job)
	running.err = errNotOpen
	return job, func() {
		m.jobsMu.Lock()
		defer m.jobsMu.Unlock()
		delete(m.running, id)
		close(running.done)
	}, nil
}

// The results of jobs that a person closed.
var (
	errDropped = errors.New("dropped")
	errGivenUp = errors.New("given up; whether the server did it is not known")
)
