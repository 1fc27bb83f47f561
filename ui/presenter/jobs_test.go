package presenter

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
)

// jobsBackend is a JobsBackend in memory.
type jobsBackend struct {
	mu    sync.Mutex
	open  []manager.Job
	done  []manager.Job // result of ResumeJobs
	kept  []manager.KeptCode
	err   error
	ended []int64
}

func (b *jobsBackend) Jobs(context.Context) ([]manager.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.open), nil
}

func (b *jobsBackend) ResumeJobs(context.Context) ([]manager.Job, error) { return b.done, b.err }

func (b *jobsBackend) KeptCodes(context.Context) ([]manager.KeptCode, error) { return b.kept, nil }

func (b *jobsBackend) DropJob(_ context.Context, id int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	b.ended = append(b.ended, id)
	b.open = slices.DeleteFunc(b.open, func(j manager.Job) bool { return j.ID == id })
	return nil
}

func (b *jobsBackend) GiveUp(ctx context.Context, id int64) error { return b.DropJob(ctx, id) }

// jobsPeers records its calls.
type jobsPeers struct {
	*stage
	signedOut bool
	fault     string
}

func (p *jobsPeers) SignedIn() bool                  { return !p.signedOut }
func (p *jobsPeers) Fault() string                   { return p.fault }
func (p *jobsPeers) AccountName(int64) string        { return "Berta · keys.tide.example" }
func (p *jobsPeers) LoadAccounts()                   { p.call("accounts") }
func (p *jobsPeers) Notify(m dialogs.Message)        { p.call("notify %s", m.What) }
func (p *jobsPeers) RefreshAfterJob(job manager.Job) { p.call("waits %d", job.ID) }
func (p *jobsPeers) Refresh()                        { p.call("refresh") }
func (p *jobsPeers) Failed(err error)                { p.call("failed %v", err) }

func newTestJobs(t *testing.T, open ...manager.Job) (*stage, *Jobs, *jobsBackend, *jobsPeers) {
	t.Helper()
	s, b := newStage(t), &jobsBackend{open: open}
	peers := &jobsPeers{stage: s}
	return s, NewJobs(s.shell, b, peers), b, peers
}

func removal(state manager.JobState, age time.Duration) manager.Job {
	return manager.Job{
		ID:        1,
		Task:      api.TaskRemoval,
		Title:     "Removal of “Studio PC”",
		State:     state,
		LicenseID: 20000,
		CreatedAt: start.Add(-age),
	}
}

func TestJobRow(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name   string
		job    manager.Job
		reason error
		fault  string
		why    string
		button string // the enabled button that ends the job, or ""
	}{
		{"next", removal(manager.JobPending, time.Hour), nil, "", "It is sent next.", "Cancel"},
		{"no connection", removal(manager.JobPending, time.Hour), nil, "There is no connection.", "There is no connection.",
			"Cancel"},
		{"a reason of its own", removal(manager.JobPending, time.Hour), unreachable, "Fault.",
			"There is no connection to the license server.", "Cancel"},
		{"sent", removal(manager.JobSent, time.Hour), nil, "", "A day after it was asked for it can be given up.", ""},
		{"sent a day ago", removal(manager.JobSent, day+1), nil, "", "the server may have done it already.", "Give up…"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, j, _, peers := newTestJobs(t, test.job)
			peers.fault = test.fault
			if test.reason != nil {
				failed := test.job
				failed.Err = test.reason
				j.RecordError(failed)
			}
			j.Show()
			s.WaitFor("Removal of “Studio PC”")
			require.True(t, s.Shows(test.why), s.Texts())
			require.Equal(t, test.button == "Cancel", s.Enabled("Cancel"))
			require.Equal(t, test.button == "Give up…", s.Enabled("Give up…"))
		})
	}
}

func TestLearn(t *testing.T) {
	_, j, _, _ := newTestJobs(t)
	job := removal(manager.JobSent, 0)
	for _, err := range []error{manager.ErrSignedOut, context.Canceled, nil} {
		job.Err = err
		j.RecordError(job)
		require.Empty(t, j.reasons, err)
	}
	job.Err = api.ErrLimitReached
	j.RecordError(job)
	require.ErrorIs(t, j.reasons[1], api.ErrLimitReached)
	job.State = manager.JobFailed
	j.RecordError(job)
	require.Empty(t, j.reasons, "it does not wait any more")
}

func TestCancelJob(t *testing.T) {
	s, j, b, _ := newTestJobs(t, removal(manager.JobPending, time.Hour))
	j.Show()
	b.err = errors.New("it was sent")
	s.Press("Cancel")
	s.WaitUntil("the failure", func() bool { return s.called("waits 1") })
	require.True(t, s.Enabled("Cancel"))
	b.err = nil
	s.Press("Cancel")
	s.WaitFor("Nothing waits: the server has been told everything.")
	require.Equal(t, []int64{1}, b.ended)
	require.False(t, s.Enabled("Send now"))
	s.Key(fyne.KeyEscape)
	require.Nil(t, j.list)
}

func TestGiveUpJob(t *testing.T) {
	const stays = "The license stays away from this PC"
	for name, kept := range map[string][]manager.KeptCode{
		"nothing left this PC for it": nil,
		"a license left this PC":      {{Purpose: api.TaskRemoval, LicenseID: 20000}},
	} {
		t.Run(name, func(t *testing.T) {
			s, j, b, _ := newTestJobs(t, removal(manager.JobSent, 25*time.Hour))
			b.kept = kept
			j.Show()
			s.Press("Give up…")
			s.WaitFor("Give this task up?")
			require.Equal(t, kept != nil, s.Shows(stays))
			s.Press("Keep waiting")
			s.WaitFor("Removal of “Studio PC”")
			require.Empty(t, b.ended)
			s.Press("Give up…")
			s.Press("Give up")
			s.WaitFor("Nothing waits")
			require.Equal(t, []int64{1}, b.ended)
		})
	}
}

func TestSendNow(t *testing.T) {
	for _, test := range []struct {
		err    error
		called string
		closed bool
	}{
		{nil, "refresh", true},
		{manager.ErrSignedOut, "failed " + manager.ErrSignedOut.Error(), true},
		{unreachable, "", false},
	} {
		s, j, b, _ := newTestJobs(t, removal(manager.JobPending, 0))
		b.err = test.err
		j.Show()
		s.Press("Send now")
		s.WaitUntil("the outcome",
			func() bool { return j.list == nil || s.Shows("There is no connection to the license server.") })
		require.Equal(t, test.closed, j.list == nil)
		require.True(t, test.called == "" || s.called(test.called), s.calls)
	}
}

func TestJobsOfAllAccounts(t *testing.T) {
	s, j, _, peers := newTestJobs(t)
	peers.signedOut = true
	j.Show()
	require.True(t, s.called("accounts"))
	j.SetAll([]manager.Job{removal(manager.JobPending, 0)})
	require.True(t, s.Shows("Berta · keys.tide.example"))
	require.True(t, s.Shows("Sign in first."))
	require.False(t, s.Enabled("Send now"))
	require.True(t, s.Enabled("Cancel"))
	require.Empty(t, j.Text())
}

func TestExplainFailed(t *testing.T) {
	failed := manager.Job{
		ID:    3,
		Title: "New license for 7183EC4D",
		State: manager.JobFailed,
		Err:   api.ErrLicensesInUse,
	}
	s, j, b, _ := newTestJobs(t, removal(manager.JobPending, 0))
	b.done = []manager.Job{failed}
	j.Resume()
	s.WaitUntil("the tasks", func() bool { return j.Text() != "" })
	require.Equal(t, []string{"notify New license for 7183EC4D: There is no free license."}, s.calls)
	require.Equal(t, "1 task waits for the server", j.Text())
	j.Reset()
	require.Empty(t, j.Text())
}
