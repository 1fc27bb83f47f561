package presenter

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
)

var (
	anna = manager.Account{
		ID:          1,
		Server:      "https://licenses.lumen.example",
		Username:    "anna",
		DisplayName: "Anna Berg",
		Remembered:  true,
	}
	berta = manager.Account{
		ID:          2,
		Server:      "https://keys.tide.example",
		Username:    "berta",
		DisplayName: "Berta",
		Remembered:  true,
	}
	carl = manager.Account{
		ID:          3,
		Server:      "https://keys.tide.example",
		Username:    "carl",
		DisplayName: "Carl",
	}
)

// sessionBackend is a SessionBackend in memory.
type sessionBackend struct {
	mu        sync.Mutex
	accounts  []manager.Account
	current   *manager.Account
	elsewhere []manager.Elsewhere
	err       error // of Resume and Switch
	calls     []string
}

func (b *sessionBackend) call(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, name)
}

func (b *sessionBackend) called(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.calls, name)
}

func (b *sessionBackend) Current() (manager.Account, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current == nil {
		return manager.Account{}, false
	}
	return *b.current, true
}

func (b *sessionBackend) Accounts(context.Context) ([]manager.Account, error) { return b.accounts, nil }

func (b *sessionBackend) WaitingElsewhere(context.Context) ([]manager.Elsewhere, error) {
	return b.elsewhere, nil
}

func (b *sessionBackend) AllJobs(context.Context) ([]manager.Job, error) {
	return []manager.Job{{ID: 1, Task: api.TaskEmail}}, nil
}

func (b *sessionBackend) SignIn(context.Context, manager.SignIn) (account manager.Account, warning, err error) {
	return anna, nil, nil
}

// Resume makes the first account the current one, unless err is manager.ErrSignedOut.
func (b *sessionBackend) Resume(ctx context.Context) (manager.Account, error) {
	b.call("resume")
	return b.become(1)
}

func (b *sessionBackend) Switch(_ context.Context, id int64) (manager.Account, error) {
	b.call("switch")
	return b.become(id)
}

func (b *sessionBackend) become(id int64) (manager.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.accounts, func(a manager.Account) bool { return a.ID == id })
	if i < 0 || errors.Is(b.err, manager.ErrSignedOut) {
		return manager.Account{}, manager.ErrSignedOut
	}
	b.current = &b.accounts[i]
	return b.accounts[i], b.err
}

func (b *sessionBackend) SignOut(context.Context) error {
	b.call("sign out")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current = nil
	return nil
}

// sessionPeers shows the sign-in screen, forwards ShowAccount and Reset to the session, and records its calls.
type sessionPeers struct {
	*stage
	session *Session
}

func (p *sessionPeers) ForgotPassword(server string)           { p.call("forgot %s", server) }
func (p *sessionPeers) NewAccount(server string)               { p.call("new account %s", server) }
func (p *sessionPeers) NoNetwork()                             { p.call("no network") }
func (p *sessionPeers) ShowJobs()                              { p.call("jobs") }
func (p *sessionPeers) Examine(server string)                  { p.call("examine %s", server) }
func (p *sessionPeers) ShowAccount(a manager.Account, w error) { p.session.ShowAccount(a, w) }
func (p *sessionPeers) ShowTables()                            { p.call("tables") }
func (p *sessionPeers) ShowSignIn(o fyne.CanvasObject)         { p.call("sign in"); p.Window.SetContent(o) }
func (p *sessionPeers) FocusFirst()                            { p.call("focus") }
func (p *sessionPeers) Reset()                                 { p.call("leave"); p.session.Reset() }
func (p *sessionPeers) LoadTables()                            { p.call("begin %d", p.session.Account().ID) }
func (p *sessionPeers) SessionEnded()                          { p.call("ended") }
func (p *sessionPeers) AccountChanged()                        { p.call("account") }
func (p *sessionPeers) CollectNotices()                        {}
func (p *sessionPeers) Notify(m dialogs.Message)               { p.call("notify %s", m.What) }
func (p *sessionPeers) SetJobs(all []manager.Job)              { p.call("%d jobs", len(all)) }
func (p *sessionPeers) OpenMenu()                              { p.call("menu") }

func newTestSession(t *testing.T, b *sessionBackend, at SignInDefaults) (*stage, *Session) {
	t.Helper()
	peers := &sessionPeers{stage: newStage(t)}
	peers.session = NewSession(peers.shell, b, at, peers)
	peers.session.Draw()
	return peers.stage, peers.session
}

// resume calls Resume and waits for the outcome.
func resume(s *stage, session *Session) {
	shown := make(chan struct{})
	close(shown)
	session.Resume(shown)
	s.WaitUntil("the outcome", func() bool { return !session.Resuming() })
	s.WaitUntil("the accounts", func() bool { return s.called("1 jobs") })
}

func TestResume(t *testing.T) {
	for _, test := range []struct {
		name     string
		accounts []manager.Account
		server   string // named by the person
		err      error
		signedIn bool
		sees     string
	}{
		{"a remembered session", []manager.Account{anna}, "", nil, true, ""},
		{"without a connection", []manager.Account{anna}, "", unreachable, true, ""},
		{"an ended session", []manager.Account{anna}, "", manager.ErrSignedOut, false, "https://licenses.lumen.example"},
		{"nobody is known", nil, "", nil, false, "Sign in to look after your licenses."},
		{"another server", []manager.Account{anna}, "http://127.0.0.1:8080", nil, false, "http://127.0.0.1:8080"},
		{"the same server", []manager.Account{anna}, anna.Server, nil, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &sessionBackend{accounts: test.accounts, err: test.err}
			s, session := newTestSession(t, b, SignInDefaults{Server: test.server})
			resume(s, session)
			require.Equal(t, test.signedIn, session.SignedIn())
			require.Equal(t, test.signedIn, s.called("begin 1"))
			require.Equal(t, !test.signedIn, s.called("sign in"))
			require.Equal(t, !test.signedIn, s.called("ended"))
			if test.sees != "" && test.server == "" {
				require.True(t, s.Shows(test.sees))
			}
			require.Equal(t, test.server == "" || test.server == anna.Server, b.called("resume") || test.accounts == nil)
		})
	}
}

func TestResumeWaitsForFirstFrame(t *testing.T) {
	b := &sessionBackend{accounts: []manager.Account{anna}}
	s, session := newTestSession(t, b, SignInDefaults{})
	shown := make(chan struct{})
	session.Resume(shown)
	s.WaitUntil("whose session it is", func() bool { return session.ShowResuming() })
	require.Equal(t, anna, session.Account())
	require.False(t, session.SignedIn())
	require.False(t, s.called("begin 1"))
	// A value that is received shows that the session waits: it cannot begin before.
	s.WaitUntil("who waits for the first frame", func() bool {
		select {
		case shown <- struct{}{}:
			return true
		default:
			return false
		}
	})
	s.WaitUntil("the session", session.SignedIn)
}

func TestEnterShowsWarning(t *testing.T) {
	s, session := newTestSession(t, &sessionBackend{}, SignInDefaults{})
	session.ShowAccount(anna, manager.ErrKeyringUnavailable)
	require.True(t, session.SignedIn())
	require.Contains(t, s.calls[1], "notify")
	require.True(t, s.called("begin 1"))
}

func TestSignOut(t *testing.T) {
	b := &sessionBackend{accounts: []manager.Account{anna}}
	s, session := newTestSession(t, b, SignInDefaults{})
	resume(s, session)
	session.SignOut()
	require.True(t, s.Shows("Anna Berg is signed out on this PC"))
	require.False(t, b.called("sign out"))
	s.Press("Sign out")
	require.False(t, session.SignedIn(), "an answer that came now would be kept")
	s.WaitFor("https://licenses.lumen.example")
	require.True(t, b.called("sign out"))
}

func TestSwitchTo(t *testing.T) {
	b := &sessionBackend{
		accounts:  []manager.Account{anna, berta, carl},
		elsewhere: []manager.Elsewhere{{Account: carl, Jobs: 2}},
	}
	s, session := newTestSession(t, b, SignInDefaults{})
	resume(s, session)
	var labels []string
	for _, item := range session.MenuItems() {
		labels = append(labels, item.Label)
	}
	require.Equal(t, []string{
		"Switch to Berta · keys.tide.example", "Sign in as Carl · keys.tide.example… (2 tasks wait)", "Add an account…",
	}, labels)
	require.Equal(t, "2 tasks wait in carl@keys.tide.example", session.OtherJobs())
	require.Equal(t, "Carl · keys.tide.example", session.AccountName(3))
	require.Empty(t, session.AccountName(4))

	session.SwitchTo(berta)
	require.Equal(t, berta, session.Account(), "its last known tables are shown at once")
	require.True(t, session.Resuming())
	require.True(t, s.called("tables"))
	s.WaitUntil("the session", func() bool { return s.called("begin 2") })

	b.err = manager.ErrSignedOut
	session.SwitchTo(carl)
	s.WaitFor("https://keys.tide.example")
	require.False(t, session.SignedIn())
	require.True(t, s.Shows("Back to Berta · keys.tide.example"))
	s.Follow("Back to Berta · keys.tide.example")
	require.True(t, session.SignedIn())
}

func TestLeavingTemporarySession(t *testing.T) {
	b := &sessionBackend{accounts: []manager.Account{anna, berta}}
	s, session := newTestSession(t, b, SignInDefaults{})
	session.ShowAccount(carl, nil)
	session.SwitchTo(berta)
	require.True(t, s.Shows("Leave Carl?"))
	require.Equal(t, carl, session.Account())
	s.Press("Switch")
	require.Equal(t, berta, session.Account())
}

func TestGoElsewhere(t *testing.T) {
	b := &sessionBackend{
		accounts:  []manager.Account{anna, berta},
		elsewhere: []manager.Elsewhere{{Account: berta, Jobs: 1}},
	}
	s, session := newTestSession(t, b, SignInDefaults{})
	resume(s, session)
	session.SwitchToJobs()
	require.Equal(t, berta, session.Account())
	session.otherJobs = append(session.otherJobs, manager.Elsewhere{Account: carl, Jobs: 1})
	session.SwitchToJobs()
	require.True(t, s.called("menu"), "the person chooses")
}

func TestGoTo(t *testing.T) {
	s, session := newTestSession(t, &sessionBackend{}, SignInDefaults{})
	resume(s, session)
	session.SignInTo("https://keys.tide.example")
	require.True(t, s.Shows("https://keys.tide.example"))
	session.ShowAccount(anna, nil)
	session.SignInTo("https://other.example")
	require.True(t, s.Shows("It leads to https://other.example."))
	require.True(t, session.SignedIn(), "nothing happens before the person says so")
	s.Press("Add an account…")
	require.False(t, session.SignedIn())
	require.True(t, s.Shows("https://other.example"))
}
