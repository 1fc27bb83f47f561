package presenter

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/assets"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/signin"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// SessionBackend is the part of the license manager that Session uses. All methods but Current may block.
type SessionBackend interface {
	signin.Authenticator
	Current() (manager.Account, bool)
	Accounts(ctx context.Context) ([]manager.Account, error)
	WaitingElsewhere(ctx context.Context) ([]manager.Elsewhere, error)
	AllJobs(ctx context.Context) ([]manager.Job, error)
	Resume(ctx context.Context) (manager.Account, error)
	Switch(ctx context.Context, id int64) (manager.Account, error)
	SignOut(ctx context.Context) error
}

// SessionPeers is what Session needs of the other presenters.
type SessionPeers interface {
	signin.Actions
	// ShowTables replaces the sign-in screen by the tables.
	ShowTables()
	// ShowSignIn replaces the tables by the sign-in screen.
	ShowSignIn(screen fyne.CanvasObject)
	// FocusFirst focuses the control that a person is likely to use first.
	FocusFirst()
	// Reset clears the state of all presenters and cancels their work, before another account is shown.
	Reset()
	// LoadTables loads the tables of the current account and resumes its jobs.
	LoadTables()
	// SessionEnded is called when there is no session after all.
	SessionEnded()
	// AccountChanged shows the name of the current account.
	AccountChanged()
	CollectNotices()
	Notify(m dialogs.Message)
	// SetJobs sets the open jobs of all accounts.
	SetJobs(all []manager.Job)
	OpenMenu()
}

// SignInDefaults is the initial content of the sign-in screen.
type SignInDefaults struct {
	Server, Username string
	// Hint is shown below the fields, such as the password of a trial server.
	Hint string
}

// Session is the presenter of the current account, the sign-in screen and the list of accounts.
type Session struct {
	shell     *Shell
	backend   SessionBackend
	peers     SessionPeers
	start     SignInDefaults
	screen    *signin.Screen
	opening   *background.Slot // resuming or switching
	ending    *background.Slot
	listing   *background.Slot
	account   manager.Account
	signedIn  bool
	resuming  bool // cached tables are shown until the session is resumed
	accounts  []manager.Account
	otherJobs []manager.Elsewhere // open jobs of other accounts
}

// NewSession returns a presenter without an account. UI thread.
func NewSession(shell *Shell, backend SessionBackend, start SignInDefaults, peers SessionPeers) *Session {
	return &Session{
		shell:   shell,
		backend: backend,
		peers:   peers,
		start:   start,
		opening: shell.Work.NewSlot(),
		ending:  shell.Work.NewSlot(),
		listing: shell.Work.NewSlot(),
	}
}

// Draw creates the sign-in screen. It must be called before the result of Resume arrives.
func (s *Session) Draw() {
	s.screen = signin.New(signin.Options{
		Canvas:   s.shell.Window.Canvas(),
		Icon:     fyne.NewStaticResource("acen.svg", assets.Icon),
		Work:     s.shell.Work,
		Sessions: s.backend,
		Explain:  explain.Error,
		Server:   s.start.Server,
		Username: s.start.Username,
		Hint:     s.start.Hint,
		Actions:  s.peers,
	})
}

// Account returns the current account, or the zero value.
func (s *Session) Account() manager.Account { return s.account }

// SignedIn reports whether the current account is signed in.
func (s *Session) SignedIn() bool { return s.signedIn }

// Resuming reports whether an account is being resumed or switched to.
func (s *Session) Resuming() bool { return s.resuming }

// Focus focuses the first empty field of the sign-in screen.
func (s *Session) Focus() { s.screen.Focus() }

// Escape handles the key in the sign-in screen and reports whether it had an effect.
func (s *Session) Escape() bool { return s.screen.Escape() }

// Fill fills in the sign-in screen.
func (s *Session) Fill(server, username string) { s.screen.Fill(server, username) }

// Reset cancels resuming and clears the account.
func (s *Session) Reset() {
	s.opening.Cancel()
	s.account, s.signedIn, s.resuming = manager.Account{}, false, false
}

// resumption is the result of resuming: the latest account and the one that was resumed.
type resumption struct{ latest, account manager.Account }

// Resume resumes the latest session, or shows the sign-in screen if there is none. It waits for shown to be closed,
// because the requests that follow would delay the first frame.
func (s *Session) Resume(shown <-chan struct{}) {
	s.resuming = true
	background.Run(s.opening, func(ctx context.Context) (r resumption, err error) {
		known, err := s.backend.Accounts(ctx)
		if err != nil {
			return r, err
		}
		if len(known) > 0 {
			r.latest = known[0]
		}
		if given := s.start.Server; given != "" && given != r.latest.Server {
			return resumption{}, manager.ErrSignedOut // another server was given at the start
		}
		r.account, err = s.backend.Resume(ctx)
		if _, ok := s.backend.Current(); ok {
			_ = background.Wait(ctx, shown)
		}
		return r, err
	}, s.showResumed)
}

// showResumed shows the account that was resumed, or else the sign-in screen.
func (s *Session) showResumed(r resumption, err error) {
	s.resuming = false
	s.peers.CollectNotices()
	s.LoadAccounts()
	if _, ok := s.backend.Current(); ok {
		// Without a connection the cached tables are shown.
		s.begin(r.account)
		return
	}
	s.screen.Fill(r.latest.Server, r.latest.Username)
	message := dialogs.Message{}
	if err != nil && !isSignedOut(err) {
		message = explain.Error(err)
	}
	s.showSignIn(message)
	s.peers.SessionEnded()
}

// ShowResuming shows the account that is being resumed, as soon as the manager has it. It reports false if there is
// none, or if another account is shown.
func (s *Session) ShowResuming() bool {
	account, ok := s.backend.Current()
	if !ok || s.account.ID != 0 && s.account.ID != account.ID {
		return false
	}
	s.account = account
	s.peers.AccountChanged()
	return true
}

// begin loads the tables of an account that is signed in.
func (s *Session) begin(a manager.Account) {
	s.account, s.signedIn = a, true
	s.peers.AccountChanged()
	s.peers.LoadTables()
}

// showSignIn shows the sign-in screen with a message, which may be zero.
func (s *Session) showSignIn(m dialogs.Message) {
	s.peers.Reset()
	s.screen.ShowError(m)
	s.showAccountLinks()
	s.peers.ShowSignIn(s.screen.Object())
	s.LoadAccounts()
}

// Expired shows the sign-in screen, because the session has ended.
func (s *Session) Expired(err error) {
	s.screen.Fill(s.account.Server, s.account.Username)
	s.showSignIn(explain.Error(err))
}

// ShowAccount shows an account that is signed in; warning is why a new session cannot be remembered, or nil.
func (s *Session) ShowAccount(a manager.Account, warning error) {
	s.peers.Reset()
	s.account, s.signedIn = a, true
	if warning != nil {
		m := explain.Error(warning)
		s.peers.Notify(dialogs.Message{What: m.What, Why: m.Why + " " + m.Next})
	}
	s.peers.ShowTables()
	s.peers.FocusFirst()
	s.LoadAccounts()
	s.peers.LoadTables()
}

// SignOut asks for a confirmation and ends the session.
func (s *Session) SignOut() {
	s.shell.Dialogs.Confirm(dialogs.Confirmation{
		Title: tr.T("Sign out?"),
		Text: tr.T("%s is signed out on this PC, and the tables kept for working without a connection are removed from it. "+
			"Licenses stay as they are.", s.account.DisplayName),
		Label:     tr.T("Sign out"),
		OnConfirm: s.signOut,
	})
}

func (s *Session) signOut() {
	account := s.account
	s.peers.Reset() // late answers must not be cached
	s.account = account
	s.shell.Status.SetWorking(tr.T("Signing out…"))
	background.Run(s.ending, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.backend.SignOut(ctx)
	}, func(_ struct{}, err error) {
		s.shell.Status.SetWorking("")
		message := dialogs.Message{}
		if err != nil {
			message = explain.Error(err)
		}
		s.screen.Fill(account.Server, account.Username)
		s.showSignIn(message)
	})
}

// AddAccount shows the sign-in screen for another account. The current one stays signed in, and a link leads back to
// it.
func (s *Session) AddAccount() {
	s.screen.Reset()
	s.showSignIn(dialogs.Message{})
}

// SignInTo fills in the sign-in screen with the server of a link. While an account is shown it asks for a confirmation.
func (s *Session) SignInTo(server string) {
	fill := func() {
		s.screen.Fill(server, "")
		s.peers.FocusFirst()
	}
	if !s.signedIn && !s.resuming {
		fill()
		return
	}
	s.shell.Dialogs.Confirm(dialogs.Confirmation{
		Title: tr.T("A link to a license server"),
		Text: tr.T("It leads to %s. You can sign in there with another account; the one that is shown stays signed in.",
			server),
		Label:     tr.T("Add an account…"),
		OnConfirm: func() { s.AddAccount(); fill() },
	})
}

// SwitchTo shows another account. It asks for a confirmation if the current one is not remembered, because returning to
// it needs the password.
func (s *Session) SwitchTo(a manager.Account) {
	if !s.signedIn || s.account.Remembered {
		s.open(a)
		return
	}
	s.shell.Dialogs.Confirm(dialogs.Confirmation{
		Title: tr.T("Leave %s?", s.account.DisplayName),
		Text: tr.T("This account is not remembered on this PC: to come back to it you need its password. What waits " +
			"to be sent stays, and goes on then."),
		Label:     tr.T("Switch"),
		OnConfirm: func() { s.open(a) },
	})
}

// open shows an account: its cached tables at once, and those of the server after its session is resumed.
func (s *Session) open(a manager.Account) {
	s.peers.Reset()
	s.account, s.resuming = a, true
	s.peers.ShowTables()
	s.peers.FocusFirst()
	background.Run(s.opening, func(ctx context.Context) (manager.Account, error) {
		return s.backend.Switch(ctx, a.ID)
	}, func(opened manager.Account, err error) {
		s.resuming = false
		s.peers.CollectNotices()
		s.LoadAccounts()
		if current, ok := s.backend.Current(); !ok || current.ID != a.ID {
			s.screen.Reset()
			s.screen.Fill(a.Server, a.Username)
			m := dialogs.Message{}
			if err != nil {
				m = explain.Error(err)
			}
			s.showSignIn(m)
			return
		}
		s.begin(opened)
		if err != nil && !errors.Is(err, manager.ErrUnreachable) {
			s.shell.Explain(err)
		}
	})
}

// LoadAccounts loads the accounts and their open jobs.
func (s *Session) LoadAccounts() {
	type known struct {
		accounts  []manager.Account
		otherJobs []manager.Elsewhere
		jobs      []manager.Job
	}
	background.Run(s.listing, func(ctx context.Context) (k known, err error) {
		var listErr, waitErr, jobsErr error
		k.accounts, listErr = s.backend.Accounts(ctx)
		k.otherJobs, waitErr = s.backend.WaitingElsewhere(ctx)
		k.jobs, jobsErr = s.backend.AllJobs(ctx)
		return k, errors.Join(listErr, waitErr, jobsErr)
	}, func(k known, err error) {
		if err != nil {
			return // the menu stays as it is until the next attempt
		}
		s.accounts, s.otherJobs = k.accounts, k.otherJobs
		s.shell.Status.Refresh()
		s.showAccountLinks()
		s.screen.SetJobs(words.OpenJobs(k.jobs))
		s.peers.SetJobs(k.jobs)
	})
}

// showAccountLinks shows links to the accounts that need no password on the sign-in screen.
func (s *Session) showAccountLinks() {
	var links []signin.AccountLink
	current, active := s.backend.Current()
	for _, a := range s.accounts {
		switch {
		case active && a.ID == current.ID:
			back := signin.AccountLink{Label: tr.T("Back to %s", words.Account(a)), Go: func() { s.ShowAccount(a, nil) }}
			links = append([]signin.AccountLink{back}, links...)
		case a.Remembered:
			links = append(links, signin.AccountLink{Label: tr.T("Go on as %s", words.Account(a)), Go: func() { s.open(a) }})
		}
	}
	s.screen.SetAccountLinks(links)
}

// AccountName returns the name of an account by its local id, or "" if it is unknown.
func (s *Session) AccountName(id int64) string {
	for _, a := range s.accounts {
		if a.ID == id {
			return words.Account(a)
		}
	}
	return ""
}

// OtherJobs returns the open jobs of other accounts in words, or "".
func (s *Session) OtherJobs() string { return words.OtherJobs(s.otherJobs) }

// openJobsIn returns the number of open jobs in another account.
func (s *Session) openJobsIn(a manager.Account) int {
	for _, e := range s.otherJobs {
		if e.Account.ID == a.ID {
			return e.Jobs
		}
	}
	return 0
}

// MenuItems returns menu items for the other accounts that are remembered or have open jobs.
func (s *Session) MenuItems() (items []*fyne.MenuItem) {
	for _, a := range s.accounts {
		waiting := s.openJobsIn(a)
		if a.ID == s.account.ID || !a.Remembered && waiting == 0 {
			continue
		}
		text := tr.T("Switch to %s", words.Account(a))
		if !a.Remembered {
			text = tr.T("Sign in as %s…", words.Account(a))
		}
		if waiting > 0 {
			text = tr.T("%s (%s)", text, words.WaitingTasks(waiting))
		}
		items = append(items, fyne.NewMenuItem(text, func() { s.SwitchTo(a) }))
	}
	return append(items, fyne.NewMenuItem(tr.T("Add an account…"), s.AddAccount))
}

// SwitchToJobs switches to the account with open jobs, or opens the menu if there are several.
func (s *Session) SwitchToJobs() {
	if len(s.otherJobs) == 1 {
		s.SwitchTo(s.otherJobs[0].Account)
		return
	}
	s.peers.OpenMenu()
}

func isSignedOut(err error) bool {
	return errors.Is(err, manager.ErrSignedOut) || errors.Is(err, api.ErrCredentialsMissing)
}
