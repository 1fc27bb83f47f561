// Package journal carries out jobs that survive a crash. A job is stored with its idempotency key before it is sent,
// and sent again with the same key until it is answered, so that it is carried out once. A [Step] defines what a job
// does: the journal depends on neither licenses nor servers.
package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/acen-desktop/acen/api"
)

// State is the state of a job.
type State string

// The states of a job.
const (
	Pending State = "pending" // stored, not sent
	Sent    State = "sent"    // sent, no answer yet
	Done    State = "done"
	Failed  State = "failed"
)

// Job is a stored task.
type Job struct {
	ID        int64
	Account   int64  // ID of the account that the job belongs to
	Key       string // UUID
	Task      api.Task
	Title     string
	State     State
	Err       error // why the job failed or is still open
	CreatedAt time.Time
	UpdatedAt time.Time
	OrderID   int64 // for lists of jobs; unused by the journal
	LicenseID int64 // likewise

	intent  string // drafts with equal intent and request are one job
	request []byte // encoded by Step.Encode
}

// Request returns the stored request, encoded by Step.Encode.
func (j Job) Request() []byte { return j.request }

// Intent returns what the job is for, in words.
func (j Job) Intent() string { return j.intent }

// giveUpAfter is the minimum age of a job that GiveUp accepts.
const giveUpAfter = 24 * time.Hour

// GiveUpAt returns the time from which GiveUp accepts the job.
func (j Job) GiveUpAt() time.Time { return j.CreatedAt.Add(giveUpAfter) }

// MayGiveUp reports whether GiveUp accepts the job at a time: it has been open for a day.
func (j Job) MayGiveUp(now time.Time) bool { return !now.Before(j.GiveUpAt()) }

// Draft is a job that is not stored yet.
type Draft struct {
	Task  api.Task
	Title string
	// Intent is what the job is for, in words. Drafts with equal intent and request are one job.
	Intent    string
	OrderID   int64
	LicenseID int64
}

// Session is the account that a job is carried out for.
type Session interface {
	AccountID() int64
}

// Step defines how the jobs of one task are carried out, by a session S, with a request R and an outcome O. The
// journal calls Prepare, stores that the job is sent, and calls Send. Then it calls Done or Refused and closes the
// job, or the job stays open. After a crash it begins with Prepare again, so every function must be idempotent. A
// Step without Send is for a task that this version does not know: its jobs are kept, and only Canceled is called.
type Step[S Session, R, O any] struct {
	// Encode returns the stored form of a request.
	Encode func(ctx context.Context, r R) ([]byte, error)
	// Same reports whether an open job of the same intent has the request r.
	Same func(ctx context.Context, job Job, r R) (bool, error)
	// Replaceable reports whether a job that was never sent may be closed for one with another request.
	Replaceable func(ctx context.Context, job Job) bool
	// Expired returns why a job that was sent must not be sent again; nil if it may. A nil function means always.
	Expired func(job Job, now time.Time) error
	// Prepare decodes the request and does what must be done before the call. If it fails, nothing is sent.
	Prepare func(ctx context.Context, s S, job Job) (R, error)
	// Send sends the request with the key of the job. It may change both through Amend.
	Send func(ctx context.Context, s S, job *Job, r *R) (O, error)
	// Done stores the outcome, and sets the IDs of the job. If it fails, the job stays open.
	Done func(ctx context.Context, s S, job *Job, r R, out O) error
	// Finish does the remaining work after Done; it is not repeated after a crash.
	Finish func(ctx context.Context, s S, job Job, out O)
	// Judge returns what an error of Prepare or Send means for the job. r is the result of Prepare.
	Judge func(job Job, r R, err error) Failure
	// Refused reverts Prepare before a final error closes the job.
	Refused func(ctx context.Context, s S, job Job, r R, err error)
	// Canceled reverts Prepare before a person closes the job; job.State tells whether it was sent. If err is not nil
	// the job stays open; notice is returned to the person after the job was closed.
	Canceled func(ctx context.Context, job Job) (notice, err error)
}

// Failure is what an error means for a job.
type Failure struct {
	Final    bool // closes the job
	NotDone  bool // proves that the job was not carried out: after its first call, the job is pending again
	Answered bool // was stored under the key, so that a retry needs another key
	Unsent   bool // is returned by Resume
	Stop     bool // makes Resume stop, because later jobs would fail likewise
}

// Options configure a Journal. All of them are required.
type Options[S Session, R, O any] struct {
	Store Store
	// Step returns the step of a task.
	Step func(api.Task) Step[S, R, O]
	// Key returns a new idempotency key.
	Key    func() (string, error)
	Now    func() time.Time
	Logger *slog.Logger
	// Changed is called after a job changed, on any goroutine.
	Changed func(Job)
	// Unclosed is called for a job that was refused and whose refusal could not be stored: it will be sent again.
	Unclosed func(Job, error)
}

// Journal carries out jobs. Its methods may be called from any goroutine.
type Journal[S Session, R, O any] struct {
	options Options[S, R, O]
	mu      sync.Mutex
	running map[int64]*run[O] // by job ID
}

// New returns a Journal.
func New[S Session, R, O any](o Options[S, R, O]) *Journal[S, R, O] {
	return &Journal[S, R, O]{options: o, running: map[int64]*run[O]{}}
}

// run is a job that is being carried out. Callers with an equal job wait for done.
type run[O any] struct {
	done    chan struct{}
	job     Job
	out     O
	err     error
	failure Failure
}

var (
	// ErrSent is returned by Cancel for a job that may have been carried out.
	ErrSent = errors.New("this was already sent; request its result first")
	// ErrTooEarly is returned by GiveUp for a job that has been open for less than a day.
	ErrTooEarly = errors.New("this can be given up one day after it was requested")

	errNotOpen  = errors.New("this was canceled, or is already done")
	errReplaced = errors.New("replaced by a later task with other input")
	errCanceled = errors.New("canceled")
	errGivenUp  = errors.New("given up; whether the server did it is not known")
)

// Run stores a job and sends it, or joins the open job with the same intent and request. An older job with the same
// intent and another request comes first: if it was never sent, the new job replaces it; if it was sent, Run sends it
// again, and returns its outcome if it succeeds.
func (j *Journal[S, R, O]) Run(ctx context.Context, s S, d Draft, r R) (O, error) {
	var none O
	tried := map[int64]bool{}
	for {
		current, joined, older, err := j.next(ctx, s, d, r, tried)
		if err != nil {
			return none, err
		}
		if !joined {
			j.carryOut(ctx, s, current)
		}
		select {
		case <-current.done:
		case <-ctx.Done():
			return none, ctx.Err()
		}
		if !older || current.err == nil || ctx.Err() != nil {
			return current.out, current.err
		}
		tried[current.job.ID] = true
	}
}

// next returns the run that a draft has to wait for: that of an older job that was sent with another request and is
// not in tried, else the draft's own. joined is true if it was running already.
func (j *Journal[S, R, O]) next(
	ctx context.Context, s S, d Draft, r R, tried map[int64]bool,
) (current *run[O], joined, older bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	open, err := j.options.Store.Open(ctx, s.AccountID())
	if err != nil {
		return nil, false, false, err
	}
	step := j.options.Step(d.Task)
	var own Job
	var others []Job // open jobs of the same intent before own
	for _, job := range open {
		if job.Task != d.Task || job.intent != d.Intent {
			continue
		}
		same, err := step.Same(ctx, job, r)
		switch {
		case err != nil:
			return nil, false, false, err
		case !same && job.State == Sent && !tried[job.ID]:
			current, joined = j.begin(job)
			return current, joined, true, nil
		case same && own.ID == 0:
			own = job
		case own.ID == 0:
			others = append(others, job)
		}
	}
	if err := j.replace(ctx, step, others); err != nil {
		return nil, false, false, err
	}
	if own.ID == 0 {
		if own, err = j.add(ctx, s, d, r); err != nil {
			return nil, false, false, err
		}
	}
	current, joined = j.begin(own)
	return current, joined, false, nil
}

// replace closes the jobs that were never sent and may be replaced. The caller holds mu.
func (j *Journal[S, R, O]) replace(ctx context.Context, step Step[S, R, O], jobs []Job) error {
	for _, old := range jobs {
		if _, running := j.running[old.ID]; running || old.State != Pending || !step.Replaceable(ctx, old) {
			continue
		}
		if err := j.record(ctx, &old, Failed, errReplaced); err != nil {
			return err
		}
	}
	return nil
}

// add stores a job.
func (j *Journal[S, R, O]) add(ctx context.Context, s S, d Draft, r R) (job Job, err error) {
	now := j.options.Now()
	job = Job{
		Account:   s.AccountID(),
		Task:      d.Task,
		Title:     d.Title,
		State:     Pending,
		CreatedAt: now,
		UpdatedAt: now,
		OrderID:   d.OrderID,
		LicenseID: d.LicenseID,
		intent:    d.Intent,
	}
	if job.request, err = j.options.Step(d.Task).Encode(ctx, r); err != nil {
		return job, err
	}
	if job.Key, err = j.options.Key(); err != nil {
		return job, err
	}
	job.ID, err = j.options.Store.Add(ctx, job)
	return job, err
}

// begin marks a job as running; joined is true if it was running already. The caller holds mu.
func (j *Journal[S, R, O]) begin(job Job) (current *run[O], joined bool) {
	if current, ok := j.running[job.ID]; ok {
		return current, true
	}
	current = &run[O]{done: make(chan struct{}), job: job}
	j.running[job.ID] = current
	return current, false
}

// end marks a job as no longer running, and wakes the callers that wait for it.
func (j *Journal[S, R, O]) end(current *run[O]) {
	j.mu.Lock()
	delete(j.running, current.job.ID)
	j.mu.Unlock()
	close(current.done)
}

// carryOut sends a job and stores its outcome. It reads the job first, so that one that was canceled meanwhile is not
// sent.
func (j *Journal[S, R, O]) carryOut(ctx context.Context, s S, current *run[O]) {
	job := &current.job
	defer func() {
		j.end(current)
		j.options.Changed(*job)
	}()
	stored, open, err := j.options.Store.Find(ctx, job.ID)
	if err != nil || !open || stored.Account != s.AccountID() {
		current.err = cmp.Or(err, errNotOpen)
		return
	}
	*job = stored
	step := j.options.Step(job.Task)
	if step.Send == nil {
		current.err = j.options.Store.Error(fmt.Errorf("a job %q of a newer version", job.Task))
		job.Err = current.err
		return
	}
	if job.State == Sent && step.Expired != nil {
		if err := step.Expired(*job, j.options.Now()); err != nil {
			current.err = j.closeFailed(ctx, job, err)
			return
		}
	}
	first := job.State == Pending
	r, err := step.Prepare(ctx, s, *job)
	if err != nil {
		j.failed(ctx, s, step, current, r, err)
		return
	}
	// From here on the server may have carried out the job, even if this app crashes.
	if current.err = j.record(ctx, job, Sent, nil); current.err != nil {
		return
	}
	j.options.Changed(*job)
	out, err := step.Send(ctx, s, job, &r)
	ctx = context.WithoutCancel(ctx) // the outcome is stored even if the caller was canceled meanwhile
	if err == nil {
		current.out = out
		j.succeeded(ctx, s, step, job, r, out)
		return
	}
	current.out = out
	if j.failed(ctx, s, step, current, r, err); current.failure.Final {
		return
	}
	if current.failure.Answered {
		if err := j.Amend(ctx, job, job.Title, job.intent, job.request); err != nil {
			j.options.Logger.Error("a waiting job could not get a new idempotency key", "job", job.ID, "error", err)
		}
	}
	if first && current.failure.NotDone {
		if err := j.record(ctx, job, Pending, nil); err != nil {
			j.options.Logger.Error("a waiting job could not be recorded", "job", job.ID, "error", err)
		}
		job.Err = err
	}
}

// succeeded stores the outcome of a job and closes it. The answer is valid even if it cannot be stored: the job then
// stays open, and is sent again with the same key.
func (j *Journal[S, R, O]) succeeded(ctx context.Context, s S, step Step[S, R, O], job *Job, r R, out O) {
	err := step.Done(ctx, s, job, r, out)
	if err == nil {
		err = j.record(ctx, job, Done, nil)
	}
	if err != nil {
		j.options.Logger.Error("a finished job could not be recorded", "job", job.ID, "error", err)
		job.State = Done
	}
	step.Finish(ctx, s, *job, out)
}

// failed judges an error of a job, and closes the job if it is final.
func (j *Journal[S, R, O]) failed(ctx context.Context, s S, step Step[S, R, O], current *run[O], r R, err error) {
	job := &current.job
	job.Err, current.err = err, err
	if current.failure = step.Judge(*job, r, err); current.failure.Final {
		step.Refused(ctx, s, *job, r, err)
		current.err = j.closeFailed(ctx, job, err)
	}
}

// closeFailed closes a job with a final error and returns the error. If it cannot store that, the job stays open and is
// sent again; closeFailed then joins the errors.
func (j *Journal[S, R, O]) closeFailed(ctx context.Context, job *Job, cause error) error {
	err := j.record(ctx, job, Failed, cause)
	if err == nil {
		return cause
	}
	j.options.Logger.Error("a refused job could not be recorded", "job", job.ID, "error", err)
	j.options.Unclosed(*job, err)
	return errors.Join(cause, err)
}

// record stores the state of a job, with the error that closed it.
func (j *Journal[S, R, O]) record(ctx context.Context, job *Job, state State, cause error) error {
	next := *job
	next.State, next.Err, next.UpdatedAt = state, cause, j.options.Now()
	err := j.options.Store.Record(ctx, next)
	if err == nil {
		*job = next
	}
	return err
}

// Amend changes title, intent and request of a job that is being sent, and its key, because it is another request.
// After an earlier crash, the job is sent with its former key.
func (j *Journal[S, R, O]) Amend(ctx context.Context, job *Job, title, intent string, request []byte) error {
	key, err := j.options.Key()
	if err != nil {
		return err
	}
	next := *job
	next.Key, next.Title, next.intent, next.request = key, title, intent, request
	if err := j.options.Store.Amend(ctx, next); err != nil {
		return err
	}
	*job = next
	return nil
}

// Open lists the open jobs of an account, oldest first; 0 means all accounts.
func (j *Journal[S, R, O]) Open(ctx context.Context, account int64) ([]Job, error) {
	return j.options.Store.Open(ctx, account)
}

// Resume sends the open jobs of a session, oldest first, and returns them with their results in Err. A job that fails
// does not block later ones, unless the failure says Stop. The error is that of the first job that could not be sent.
func (j *Journal[S, R, O]) Resume(ctx context.Context, s S) (results []Job, first error) {
	open, err := j.options.Store.Open(ctx, s.AccountID())
	if err != nil {
		return nil, err
	}
	for _, job := range open {
		j.mu.Lock()
		current, joined := j.begin(job)
		j.mu.Unlock()
		if joined {
			continue
		}
		j.carryOut(ctx, s, current)
		if errors.Is(current.err, errNotOpen) {
			continue
		}
		result := current.job
		result.Err = current.err
		results = append(results, result)
		if current.failure.Unsent {
			first = cmp.Or(first, current.err)
		}
		if current.failure.Stop || ctx.Err() != nil {
			return results, cmp.Or(first, current.err)
		}
	}
	return results, first
}

// Cancel closes an open job that was never sent, of any account. It returns the job, in state Failed if it was
// closed. It fails with ErrSent for a job that was sent, runs or is closed.
func (j *Journal[S, R, O]) Cancel(ctx context.Context, id int64) (Job, error) {
	return j.close(ctx, id, func(job Job) (cause, refusal error) {
		if job.State != Pending {
			return nil, ErrSent
		}
		return errCanceled, nil
	})
}

// GiveUp closes a job that has been open for a day, of any account, like Cancel. If it was sent, its outcome stays
// unknown. It fails with ErrTooEarly, or like Cancel.
func (j *Journal[S, R, O]) GiveUp(ctx context.Context, id int64) (Job, error) {
	return j.close(ctx, id, func(job Job) (cause, refusal error) {
		if !job.MayGiveUp(j.options.Now()) {
			return nil, ErrTooEarly
		}
		if job.State == Pending {
			return errCanceled, nil
		}
		return errGivenUp, nil
	})
}

// close closes an open job for a person, with the cause that decide returns. Meanwhile the job is marked as running,
// so that it is not sent.
func (j *Journal[S, R, O]) close(ctx context.Context, id int64, decide func(Job) (cause, refusal error)) (Job, error) {
	current, err := j.claim(ctx, id)
	if err != nil {
		return Job{}, err
	}
	defer j.end(current)
	job := current.job
	cause, err := decide(job)
	if err != nil {
		return job, err
	}
	notice, err := j.options.Step(job.Task).Canceled(ctx, job)
	if err != nil {
		return job, err
	}
	if err := j.record(ctx, &job, Failed, cause); err != nil {
		return job, err
	}
	j.options.Changed(job)
	return job, notice
}

// claim marks an open job as running. It fails with ErrSent for a job that is running already or closed.
func (j *Journal[S, R, O]) claim(ctx context.Context, id int64) (*run[O], error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	job, open, err := j.options.Store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, busy := j.running[id]; busy || !open {
		return nil, ErrSent
	}
	current, _ := j.begin(job)
	current.err = errNotOpen
	return current, nil
}
