package e2e_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// faultyNetwork drops calls or answers.
type faultyNetwork struct {
	mu         sync.Mutex
	loseCall   func(*http.Request) bool // drop the call before it reaches the server
	loseAnswer func(*http.Request) bool // drop the answer after the server has acted
}

var errLost = errors.New("connection reset")

func (f *faultyNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	loseCall, loseAnswer := f.loseCall, f.loseAnswer
	f.mu.Unlock()
	if loseCall != nil && loseCall(r) {
		return nil, errLost
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && loseAnswer != nil && loseAnswer(r) {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return nil, errLost
	}
	return response, err
}

func (f *faultyNetwork) set(call, answer func(*http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loseCall, f.loseAnswer = call, answer
}

func isChange(r *http.Request) bool {
	return r.Method == http.MethodPost && !strings.Contains(r.URL.Path, "/sessions")
}

// pc is the app of one person on one PC.
type pc struct {
	*manager.Manager
	options manager.Options
	network *faultyNetwork
}

// newPC starts an app on the hardware of the test machine, or on simulated hardware.
func newPC(t *testing.T, s *servertest.Server, hardware ...manager.Fingerprint) *pc {
	t.Helper()
	p := &pc{network: &faultyNetwork{}}
	p.options = manager.Options{
		DataDir:       t.TempDir(),
		Keyring:       keyringtest.Memory(),
		Fingerprint:   fingerprint.System(),
		DeviceName:    "test",
		Now:           s.Clock.Now,
		HTTPTransport: p.network,
		Pause:         func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, other := range hardware {
		p.options.Fingerprint = other
	}
	p.start(t)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func (p *pc) start(t *testing.T) {
	t.Helper()
	var err error
	p.Manager, err = manager.Open(t.Context(), p.options)
	require.NoError(t, err)
}

// crash restarts the app on the same data.
func (p *pc) crash(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Close())
	p.start(t)
	_, err := p.Resume(t.Context())
	require.NoError(t, err)
}

func (p *pc) signIn(t *testing.T, s *servertest.Server) {
	t.Helper()
	_, warning, err := p.SignIn(t.Context(), manager.SignIn{
		Server:   s.URL,
		Username: s.Login.Username,
		Password: s.Login.Password,
		Remember: true,
	})
	require.NoError(t, err)
	require.NoError(t, warning)
}

func mails(t *testing.T, s *servertest.Server) (list []store.Mail) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		list, err = tx.Mails.List(t.Context(), 0)
		return err
	}))
	for i := range list {
		require.NoError(t, s.Secrets.OpenMail(&list[i]))
	}
	return list
}

const studioOrder, renderOrder = 1042, 1037

func activeLicenses(t *testing.T, s *servertest.Server, order int64) int {
	t.Helper()
	var o store.Order
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		o, err = tx.Orders.Get(t.Context(), order)
		return err
	}))
	return o.LicensesActive
}

func studioProgram(t *testing.T, p *pc) int64 {
	t.Helper()
	orders, err := p.Orders(t.Context())
	require.NoError(t, err)
	for _, o := range orders.Orders {
		if o.ID == studioOrder {
			return o.ProgramID
		}
	}
	t.Fatal("the sample order is not listed")
	return 0
}

func TestMainJob(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()

	_, err := p.Resume(ctx)
	require.ErrorIs(t, err, manager.ErrSignedOut, "nobody has signed in yet")
	_, _, err = p.SignIn(ctx, manager.SignIn{Server: s.URL, Username: "anna", Password: "wrong password"})
	require.ErrorIs(t, err, api.ErrAuthorization)
	p.signIn(t, s)

	orders, err := p.Orders(ctx)
	require.NoError(t, err)
	var ids []int64
	for _, o := range orders.Orders {
		ids = append(ids, o.ID)
	}
	require.Equal(t, []int64{1044, 1042, 1037, 1022, 1020, 1015, 1008, 1003}, ids,
		"orders that are disabled, invisible or of other clients are not listed")

	large, err := p.Licenses(ctx, 1020)
	require.NoError(t, err)
	require.Len(t, large.Licenses, 200)

	thisPC, err := p.ThisPC(ctx, studioProgram(t, p))
	require.NoError(t, err)
	l, err := p.NewLicense(ctx, manager.NewLicense{
		OrderID: studioOrder,
		Codes:   thisPC.Codes,
		Note:    "このPC",
		ThisPC:  true,
	})
	require.NoError(t, err)
	require.True(t, l.ThisPC)
	require.Equal(t, thisPC.Codes.Site.String(), l.SiteCode)
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))

	again, err := p.NewLicense(ctx, manager.NewLicense{OrderID: studioOrder, Codes: thisPC.Codes})
	require.NoError(t, err)
	require.Equal(t, l.ID, again.ID, "the same codes return the existing license")
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))

	licenses, err := p.Licenses(ctx, studioOrder)
	require.NoError(t, err)
	badges := 0
	for _, one := range licenses.Licenses {
		if one.ThisPC {
			badges++
			require.Equal(t, l.ID, one.ID)
		}
	}
	require.Equal(t, 1, badges)

	comparison, err := p.RecheckThisPC(ctx, l)
	require.NoError(t, err)
	require.Zero(t, comparison.Differences())
	require.NotZero(t, comparison.Count(license.Same))

	changed, err := p.ChangeNote(ctx, l.ID, "Studio")
	require.NoError(t, err)
	require.Equal(t, "Studio", changed.Note)

	name, content, err := p.LicenseFile(ctx, l.ID)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(name, ".acen"))
	require.True(t, strings.HasPrefix(content, "v4.public."))

	preview, err := p.EmailPreview(ctx, l.ID)
	require.NoError(t, err)
	require.Contains(t, preview.Body, l.ActivationCode)
	require.Equal(t, []string{"anna.berg@lumen.example", "it@lumen.example"}, preview.To)
	require.NoError(t, p.SendEmail(ctx, manager.SendEmail{LicenseID: l.ID, To: preview.To[:1], Message: "Grüße"}))
	sent := mails(t, s)
	require.Len(t, sent, 1)
	require.Equal(t, preview.Subject, sent[0].Subject)
	require.Equal(t, "Grüße\n\n"+strings.Repeat("-", 60)+"\n\n"+preview.Body, sent[0].Body)
	require.Equal(t, content, string(sent[0].Attachment))

	require.NoError(t, p.SignOut(ctx))
	_, err = p.Orders(ctx)
	require.ErrorIs(t, err, manager.ErrSignedOut)
	_, ok, err := p.CachedOrders(ctx)
	require.ErrorIs(t, err, manager.ErrSignedOut)
	require.False(t, ok)
}

// TestJobsTakeEffectOnce loses a call or an answer of two tasks and restarts the app. Afterwards there is one license
// and one email.
func TestJobsTakeEffectOnce(t *testing.T) {
	lose := func(r *http.Request) bool { return isChange(r) }
	for name, fail := range map[string]struct {
		call, answer func(*http.Request) bool
		state        manager.JobState
	}{
		"the call is lost":   {call: lose, state: manager.JobPending},
		"the answer is lost": {answer: lose, state: manager.JobSent},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			p := newPC(t, s)
			ctx := t.Context()
			p.signIn(t, s)
			thisPC, err := p.ThisPC(ctx, studioProgram(t, p))
			require.NoError(t, err)

			p.network.set(fail.call, fail.answer)
			_, err = p.NewLicense(ctx, manager.NewLicense{OrderID: studioOrder, Codes: thisPC.Codes})
			require.ErrorIs(t, err, manager.ErrUnreachable)
			err = p.SendEmail(ctx, manager.SendEmail{LicenseID: 20008, To: []string{"it@lumen.example"}})
			require.ErrorIs(t, err, manager.ErrUnreachable)
			open, err := p.Jobs(ctx)
			require.NoError(t, err)
			require.Len(t, open, 2, "both jobs are open")
			for _, job := range open {
				require.Equal(t, fail.state, job.State)
				if job.State == manager.JobSent {
					require.ErrorIs(t, p.CancelJob(ctx, job.ID), manager.ErrJobSent, "a sent job cannot be canceled")
				}
			}

			p.network.set(nil, nil)
			p.crash(t)
			done, err := p.ResumeJobs(ctx)
			require.NoError(t, err)
			require.Len(t, done, 2)
			for _, job := range done {
				require.NoError(t, job.Err)
				require.Equal(t, manager.JobDone, job.State)
			}
			require.Equal(t, 4, activeLicenses(t, s, studioOrder))
			require.Len(t, mails(t, s), 1)
			open, err = p.Jobs(ctx)
			require.NoError(t, err)
			require.Empty(t, open)
		})
	}
}

// TestAnswerSurvivesServerRestart restarts the server between a lost answer and the retry (spec: api "Idempotency").
func TestAnswerSurvivesServerRestart(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	p.network.set(nil, isChange)
	err := p.SendEmail(ctx, manager.SendEmail{LicenseID: 20008, To: []string{"it@lumen.example"}})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	old := s.URL
	s.Restart()
	p.network.set(nil, nil)
	moved := strings.TrimPrefix(s.URL, "http://")
	p.network.set(func(r *http.Request) bool { r.URL.Host = moved; return false }, nil)
	require.NotEqual(t, old, s.URL)
	_, err = p.ResumeJobs(ctx)
	require.NoError(t, err)
	require.Len(t, mails(t, s), 1)
}

func TestOldMailNotResent(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	p.network.set(nil, isChange)
	err := p.SendEmail(ctx, manager.SendEmail{LicenseID: 20008, To: []string{"it@lumen.example"}})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	p.network.set(nil, nil)
	s.Clock.Advance(25 * time.Hour)
	jobs, err := p.ResumeJobs(ctx)
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	require.ErrorIs(t, jobs[0].Err, manager.ErrOutcomeUnknown)
	require.Len(t, mails(t, s), 1)
}

func TestDoubleClickIsOneJob(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	thisPC, err := p.ThisPC(ctx, studioProgram(t, p))
	require.NoError(t, err)
	var clicks sync.WaitGroup
	ids := make([]int64, 8)
	for i := range ids {
		clicks.Go(func() {
			l, err := p.NewLicense(ctx, manager.NewLicense{OrderID: studioOrder, Codes: thisPC.Codes})
			if err == nil {
				ids[i] = l.ID
			}
		})
	}
	clicks.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
		require.NotZero(t, id)
	}
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))
}

func TestWithoutServer(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	_, err := p.Orders(ctx)
	require.NoError(t, err)
	_, err = p.Licenses(ctx, renderOrder)
	require.NoError(t, err)
	p.network.set(func(*http.Request) bool { return true }, nil)
	s.Clock.Advance(time.Hour)

	require.NoError(t, p.Close())
	p.start(t)
	account, err := p.Resume(ctx)
	require.ErrorIs(t, err, manager.ErrUnreachable)
	require.Equal(t, "Anna Berg", account.DisplayName)
	orders, ok, err := p.CachedOrders(ctx)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, orders.Cached)
	require.Equal(t, time.Hour, s.Clock.Now().Sub(orders.FetchedAt))
	licenses, ok, err := p.CachedLicenses(ctx, renderOrder)
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, licenses.Licenses, 4)
	_, err = p.Orders(ctx)
	require.ErrorIs(t, err, manager.ErrUnreachable)
}

func TestCachedTablesWithoutCalls(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	program := studioProgram(t, p)
	asked, err := p.Licenses(ctx, studioOrder)
	require.NoError(t, err)
	p.crash(t) // clear the caches in memory
	p.network.set(func(r *http.Request) bool {
		t.Errorf("unexpected call of %s", r.URL.Path)
		return true
	}, nil)
	known, ok, err := p.CachedLicenses(ctx, studioOrder)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, asked.Licenses, known.Licenses)
	_, err = p.RecheckThisPC(ctx, known.Licenses[0])
	require.NoError(t, err)
	one, err := p.CachedProgram(ctx, program)
	require.NoError(t, err)
	require.Equal(t, program, one.ID)
}

func TestWithoutMailService(t *testing.T) {
	s := servertest.Start(t, func(o *server.Options) { o.QueuedMail = nil })
	p := newPC(t, s)
	p.signIn(t, s)
	err := p.SendEmail(t.Context(), manager.SendEmail{LicenseID: 20008, To: []string{"it@lumen.example"}})
	require.ErrorIs(t, err, api.ErrUnavailable)
	require.Contains(t, err.Error(), "no mail service")
	open, err := p.Jobs(t.Context())
	require.NoError(t, err)
	require.Empty(t, open, "the job is not retried")
}

// locked is an unavailable keyring.
type locked struct{}

func (locked) Get(context.Context, string) (string, error) { return "", keyring.ErrUnavailable }
func (locked) Set(context.Context, string, string) error   { return keyring.ErrUnavailable }
func (locked) Delete(context.Context, string) error        { return keyring.ErrUnavailable }

func TestWithoutKeyring(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	require.NoError(t, p.Close())
	p.options.Keyring = locked{}
	p.start(t)
	_, warning, err := p.SignIn(t.Context(), manager.SignIn{
		Server:   s.URL,
		Username: s.Login.Username,
		Password: s.Login.Password,
		Remember: true,
	})
	require.NoError(t, err)
	require.ErrorIs(t, warning, manager.ErrKeyringUnavailable)
	_, err = p.Orders(t.Context())
	require.NoError(t, err, "the session is valid until the app ends")
	require.NoError(t, p.Close())
	p.start(t)
	_, err = p.Resume(t.Context())
	require.ErrorIs(t, err, manager.ErrSignedOut)
}

func TestRememberedSessionRotates(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	for range 3 {
		s.Clock.Advance(20 * time.Minute) // the access token has expired
		_, err := p.Orders(t.Context())
		require.NoError(t, err)
		p.crash(t)
	}
	s.Clock.Advance(31 * 24 * time.Hour)
	_, err := p.Orders(t.Context())
	require.ErrorIs(t, err, manager.ErrSignedOut)
}

func TestNoSecretOnDisk(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	_, err := p.Orders(t.Context())
	require.NoError(t, err)
	token, err := p.options.Keyring.Get(t.Context(), "session "+s.URL+" anna")
	require.NoError(t, err)
	require.NotEmpty(t, token)
	require.NoError(t, filepath.WalkDir(p.options.DataDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NotContains(t, string(data), token, path)
		require.NotContains(t, string(data), s.Login.Password, path)
		return err
	}))
	require.NotContains(t, s.Log.String(), token)
	require.NotContains(t, s.Log.String(), s.Login.Password)
}
