// Package journal carries out jobs that survive a crash. A job is stored with its idempotency key before it is sent,
// and resent with the same key until it is answered, so that it is carried out once. A [Step] defines what a job does:
// the journal depends on neither licenses nor servers.
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
// job, or the job stays open. After a crash it calls Prepare anew, so every function must be idempotent. A
// Step without Send is for a task that this version does not support: its jobs stay open, and only Canceled is called.
type Step[S Session, R, O any] struct {
	// Encode returns the stored form of a request.
	Encode func(ctx context.Context, r R) ([]byte, error)
	// Same reports whether an open job of the same intent has the request r.
	Same func(ctx context.Context, job Job, r R) (bool, error)
	// Replaceable reports whether a job that was never sent may be closed for one with another request.
	Replaceable func(ctx context.Context, job Job) bool
	// Expired returns why a job that was sent must not be resent; nil if it may. Without Expired it always may.
	Expired func(job Job, now time.Time) error
	// Prepare decodes the request and does what must be done before the call. If it fails, nothing is sent.
	Prepare func(ctx context.Context, s S, job Job) (R, error)
	// Send sends the request with the key of the job. It may change both through Amend.
	Send func(ctx context.Context, s S, job *Job, r *R) (O, error)
	// Done stores the outcome, and sets LicenseID and OrderID of the job, of which the journal stores LicenseID. If Done
	// fails, the job stays open.
	Done func(ctx context.Context, s S, job *Job, r R, out O) error
	// Finish does the remaining work after Done; it is not repeated after a crash.
	Finish func(ctx context.Context, s S, job Job, out O)
	// Judge returns what an error of Prepare or Send means for the job. r is the result of Prepare.
	Judge func(job Job, r R, err error) Failure
	// Refused reverts Prepare before a final error closes the job.
	Refused func(ctx context.Context, s S, job Job, r R, err error)
	// Canceled reverts Prepare before a person closes the job; job.State says whether it was sent. If err is not nil the
	// job stays open; notice is returned to the person after the job was closed.
	Canceled func(ctx context.Context, job Job) (notice, err error)
}

// Failure is what an error means for a job.
type Failure struct {
	// Final: the error closes the job.
	Final bool
	// NotDone: the job was not carried out. If this was its first call, it becomes Pending.
	NotDone bool
	// Answered: the server stored the refusal under the key, so a retry needs a new key.
	Answered bool
	// Unsent: Resume returns the error.
	Unsent bool
	// Stop: Resume stops, because later jobs would fail likewise.
	Stop bool
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
	// Unclosed is called for a job that was refused and whose refusal could not be stored: it will be resent.
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

// run is a job that is being carried out, or closed for a person. Callers with an equal job wait for done.
type run[O any] struct {
	done    chan struct{}
	job     Job
	out     O
	err     error
	failure Failure
	kept    bool // the job could not be closed for a person: it was not sent, and stays open
}

var (
	// ErrSent is returned by Cancel for a job that may have been carried out.
	ErrSent = errors.New("this was sent already; its outcome must be asked for first")
	// ErrTooEarly is returned by GiveUp for a job that has been open for less than a day.
	ErrTooEarly = errors.New("this can be given up a day after it was asked for")

	errNotOpen  = errors.New("this was canceled, or is done already")
	errReplaced = errors.New("replaced by a later task with other input")
	errCanceled = errors.New("dropped")
	errGivenUp  = errors.New("given up; whether the server did it is not known")
)

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

// carryOut sends a job and stores its outcome.
func (j *Journal[S, R, O]) carryOut(ctx context.Context, s S, current *run[O]) {
	job := &current.job
	defer func() {
		j.end(current)
		j.options.Changed(*job)
	}()
	step, err := j.reload(ctx, s, job)
	if err != nil {
		current.err = err
		return
	}
	first := job.State == Pending
	r, err := step.Prepare(ctx, s, *job)
	if err != nil {
		j.handleFailure(ctx, s, step, current, r, err)
		return
	}
	// From here on the server may have carried out the job, even if this app crashes.
	if current.err = j.record(ctx, job, Sent, nil); current.err != nil {
		return
	}
	j.options.Changed(*job)
	current.out, err = step.Send(ctx, s, job, &r)
	ctx = context.WithoutCancel(ctx) // the outcome is stored even if the caller was canceled meanwhile
	if err == nil {
		j.complete(ctx, s, step, job, r, current.out)
		return
	}
	if j.handleFailure(ctx, s, step, current, r, err); !current.failure.Final {
		j.prepareRetry(ctx, job, current.failure, first)
	}
}

// reload reads a job, so that one that was canceled meanwhile is not sent, and returns its Step. It fails for a job
// that cannot be sent, and closes one that must not be resent.
func (j *Journal[S, R, O]) reload(ctx context.Context, s S, job *Job) (step Step[S, R, O], err error) {
	stored, open, err := j.options.Store.Find(ctx, job.ID)
	if err != nil || !open || stored.Account != s.AccountID() {
		return step, cmp.Or(err, errNotOpen)
	}
	*job = stored
	step = j.options.Step(job.Task)
	if step.Send == nil {
		job.Err = j.options.Store.Error(fmt.Errorf("a job %q of a newer version", job.Task))
		return step, job.Err
	}
	if job.State == Sent && step.Expired != nil {
		if err := step.Expired(*job, j.options.Now()); err != nil {
			return step, j.closeFailed(ctx, job, err)
		}
	}
	return step, nil
}

// complete stores the outcome of a job and closes it. The answer is valid even if it cannot be stored: the job then
// stays open, and is resent with the same key.
func (j *Journal[S, R, O]) complete(ctx context.Context, s S, step Step[S, R, O], job *Job, r R, out O) {
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

// handleFailure judges an error of a job, and closes the job if it is final.
func (j *Journal[S, R, O]) handleFailure(
	ctx context.Context, s S, step Step[S, R, O], current *run[O], r R, err error,
) {
	job := &current.job
	job.Err, current.err = err, err
	if current.failure = step.Judge(*job, r, err); current.failure.Final {
		step.Refused(ctx, s, *job, r, err)
		current.err = j.closeFailed(ctx, job, err)
	}
}

// prepareRetry stores a new key for a job whose refusal the server stored, and that a job was not carried out if this
// was its first call.
func (j *Journal[S, R, O]) prepareRetry(ctx context.Context, job *Job, failure Failure, first bool) {
	cause := job.Err
	if failure.Answered {
		if err := j.Amend(ctx, job, job.Title, job.intent, job.request); err != nil {
			j.options.Logger.Error("a waiting job could not get a new idempotency key", "job", job.ID, "error", err)
		}
	}
	if first && failure.NotDone {
		if err := j.record(ctx, job, Pending, nil); err != nil {
			j.options.Logger.Error("a waiting job could not be recorded", "job", job.ID, "error", err)
		}
		job.Err = cause
	}
}

// closeFailed closes a job with a final error and returns the error. If it cannot store that, the job stays open and is
// resent; closeFailed then joins the errors.
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
	current.kept = true
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
	current.kept, current.err = false, errNotOpen
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
	return current, nil
}
