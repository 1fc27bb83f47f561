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

// SessionBackend is what the license manager knows of accounts. All methods but Current may block.
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

// SessionPeers is what the session needs of the other presenters.
type SessionPeers interface {
	signin.Actions
	// ShowTables shows the tables, in place of the sign-in screen.
	ShowTables()
	// ShowSignIn shows the sign-in screen, in place of the tables.
	ShowSignIn(screen fyne.CanvasObject)
	// FocusFirst gives the keyboard to what a person wants first.
	FocusFirst()
	// Leave drops what all presenters show of the account that is left, and what is under way for it.
	Leave()
	// Begin loads the tables of the account that is signed in now, and goes on with what waited for it.
	Begin()
	// Ended tells that nobody is signed in after all.
	Ended()
	// AccountChanged shows whose tables these are.
	AccountChanged()
	CollectNotices()
	Notify(m dialogs.Message)
	// SetJobs tells the open tasks of all accounts.
	SetJobs(all []manager.Job)
	OpenMenu()
}

// Start is how the sign-in screen is filled when no account is known.
type Start struct {
	Server, Username string
	// Hint stands below the fields, such as the password of a trial server.
	Hint string
}

// Session presents who is signed in: the sign-in screen and the accounts.
type Session struct {
	shell     *Shell
	backend   SessionBackend
	peers     SessionPeers
	start     Start
	screen    *signin.Screen
	opening   *background.Slot // resuming or switching
	ending    *background.Slot
	listing   *background.Slot
	account   manager.Account
	signedIn  bool
	resuming  bool // the last known tables are shown as soon as there are any
	accounts  []manager.Account
	elsewhere []manager.Elsewhere // what waits in other accounts
}

// NewSession returns a session of nobody. UI thread.
func NewSession(shell *Shell, backend SessionBackend, start Start, peers SessionPeers) *Session {
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

// Draw makes the sign-in screen. UI thread, before a result of Resume comes back.
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

// Account returns the account that is shown, zero for none.
func (s *Session) Account() manager.Account { return s.account }

// SignedIn reports whether an account is signed in.
func (s *Session) SignedIn() bool { return s.signedIn }

// Resuming reports whether an account is being resumed or switched to.
func (s *Session) Resuming() bool { return s.resuming }

// Focus gives the first empty field of the sign-in screen the keyboard.
func (s *Session) Focus() { s.screen.Focus() }

// Escape cancels the signing in; it reports whether there was one.
func (s *Session) Escape() bool { return s.screen.Escape() }

// Fill fills in the sign-in screen.
func (s *Session) Fill(server, username string) { s.screen.Fill(server, username) }

// Leave forgets the account and ends its resuming.
func (s *Session) Leave() {
	s.opening.Cancel()
	s.account, s.signedIn, s.resuming = manager.Account{}, false, false
}

// resumed is the outcome of resuming.
type resumed struct{ latest, account manager.Account }

// Resume resumes the last session, or asks to sign in where there is none. It ends after shown is closed: what the
// server is asked for then would keep the processor from drawing the first frame.
func (s *Session) Resume(shown <-chan struct{}) {
	s.resuming = true
	background.Run(s.opening, func(ctx context.Context) (resumed, error) {
		known, err := s.backend.Accounts(ctx)
		if err != nil {
			return resumed{}, err
		}
		r := resumed{}
		if len(known) > 0 {
			r.latest = known[0]
		}
		if given := s.start.Server; given != "" && given != r.latest.Server {
			return resumed{}, manager.ErrSignedOut // the person named another server
		}
		r.account, err = s.backend.Resume(ctx)
		if _, ok := s.backend.Current(); ok {
			_ = background.Wait(ctx, shown)
		}
		return r, err
	}, s.resumed)
}

func (s *Session) resumed(r resumed, err error) {
	s.resuming = false
	s.peers.CollectNotices()
	s.LoadAccounts()
	if _, ok := s.backend.Current(); ok {
		// Without a connection the last known tables are there to look at.
		s.begin(r.account)
		return
	}
	s.screen.Fill(r.latest.Server, r.latest.Username)
	message := dialogs.Message{}
	if err != nil && !isSignedOut(err) {
		message = explain.Error(err)
	}
	s.ask(message)
	s.peers.Ended()
}

// Known shows whose session is being resumed as soon as the manager tells; it reports whether that is the shown
// account.
func (s *Session) Known() bool {
	account, ok := s.backend.Current()
	if !ok || s.account.ID != 0 && s.account.ID != account.ID {
		return false
	}
	s.account = account
	s.peers.AccountChanged()
	return true
}

// begin shows the tables of an account that is signed in.
func (s *Session) begin(a manager.Account) {
	s.account, s.signedIn = a, true
	s.peers.AccountChanged()
	s.peers.Begin()
}

// ask shows the sign-in screen; the message, if any, says why.
func (s *Session) ask(m dialogs.Message) {
	s.peers.Leave()
	s.screen.ShowError(m)
	s.showWays()
	s.peers.ShowSignIn(s.screen.Object())
	s.LoadAccounts()
}

// Expired asks to sign in again, because the session has ended.
func (s *Session) Expired(err error) {
	s.screen.Fill(s.account.Server, s.account.Username)
	s.ask(explain.Error(err))
}

// Enter shows an account after signing in; warning says why it will not be remembered, or is nil.
func (s *Session) Enter(a manager.Account, warning error) {
	s.peers.Leave()
	s.account, s.signedIn = a, true
	if warning != nil {
		m := explain.Error(warning)
		s.peers.Notify(dialogs.Message{What: m.What, Why: m.Why + " " + m.Next})
	}
	s.peers.ShowTables()
	s.peers.FocusFirst()
	s.LoadAccounts()
	s.peers.Begin()
}

// SignOut asks, and then ends the session.
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
	s.peers.Leave() // an answer that came now would be kept
	s.account = account
	s.shell.Status.Working(tr.T("Signing out…"))
	background.Run(s.ending, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.backend.SignOut(ctx)
	}, func(_ struct{}, err error) {
		s.shell.Status.Working("")
		message := dialogs.Message{}
		if err != nil {
			message = explain.Error(err)
		}
		s.screen.Fill(account.Server, account.Username)
		s.ask(message)
	})
}

// Add asks to sign in to another account. The one that is shown stays signed in, and there is a way back to it.
func (s *Session) Add() {
	s.screen.Reset()
	s.ask(dialogs.Message{})
}

// GoTo fills in the server of a link for signing in. While an account is shown it asks first.
func (s *Session) GoTo(server string) {
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
		OnConfirm: func() { s.Add(); fill() },
	})
}

// goBack shows the account again whose session goes on.
func (s *Session) goBack(a manager.Account) {
	s.peers.Leave()
	s.account, s.signedIn = a, true
	s.peers.ShowTables()
	s.peers.FocusFirst()
	s.LoadAccounts()
	s.peers.Begin()
}

// SwitchTo shows another account. One that is left without being remembered needs its password again, so it asks first.
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

// open shows an account: its last known tables at once, and the server's when its session goes on.
func (s *Session) open(a manager.Account) {
	s.peers.Leave()
	s.account, s.resuming = a, true
	s.peers.ShowTables()
	s.peers.FocusFirst()
	background.Run(s.opening, func(ctx context.Context) (manager.Account, error) {
		return s.backend.Switch(ctx, a.ID)
	}, func(now manager.Account, err error) {
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
			s.ask(m)
			return
		}
		s.begin(now)
		if err != nil && !errors.Is(err, manager.ErrUnreachable) {
			s.shell.Explain(err)
		}
	})
}

// LoadAccounts lists the accounts, what waits in those that are not shown, and the open tasks of all of them.
func (s *Session) LoadAccounts() {
	type known struct {
		accounts  []manager.Account
		elsewhere []manager.Elsewhere
		jobs      []manager.Job
	}
	background.Run(s.listing, func(ctx context.Context) (k known, err error) {
		var listErr, waitErr, jobsErr error
		k.accounts, listErr = s.backend.Accounts(ctx)
		k.elsewhere, waitErr = s.backend.WaitingElsewhere(ctx)
		k.jobs, jobsErr = s.backend.AllJobs(ctx)
		return k, errors.Join(listErr, waitErr, jobsErr)
	}, func(k known, err error) {
		if err != nil {
			return // the menu lists what was known; the next change brings another attempt
		}
		s.accounts, s.elsewhere = k.accounts, k.elsewhere
		s.shell.Status.Refresh()
		s.showWays()
		s.screen.SetWaiting(words.Waiting(k.jobs))
		s.peers.SetJobs(k.jobs)
	})
}

// showWays offers on the sign-in screen the accounts that need no password.
func (s *Session) showWays() {
	var ways []signin.Way
	current, alive := s.backend.Current()
	for _, a := range s.accounts {
		switch {
		case alive && a.ID == current.ID:
			back := signin.Way{Label: tr.T("Back to %s", words.Account(a)), Go: func() { s.goBack(a) }}
			ways = append([]signin.Way{back}, ways...)
		case a.Remembered:
			ways = append(ways, signin.Way{Label: tr.T("Go on as %s", words.Account(a)), Go: func() { s.open(a) }})
		}
	}
	s.screen.SetWays(ways)
}

// AccountName names an account by its local id; "" when it is not known.
func (s *Session) AccountName(id int64) string {
	for _, a := range s.accounts {
		if a.ID == id {
			return words.Account(a)
		}
	}
	return ""
}

// WaitingElsewhere says what waits in other accounts; "" where nothing does.
func (s *Session) WaitingElsewhere() string { return words.WaitingElsewhere(s.elsewhere) }

// waitsIn returns how many tasks wait in another account.
func (s *Session) waitsIn(a manager.Account) int {
	for _, e := range s.elsewhere {
		if e.Account.ID == a.ID {
			return e.Jobs
		}
	}
	return 0
}

// MenuItems lists the other accounts: those that are remembered, and those in which something waits.
func (s *Session) MenuItems() (items []*fyne.MenuItem) {
	for _, a := range s.accounts {
		waiting := s.waitsIn(a)
		if a.ID == s.account.ID || !a.Remembered && waiting == 0 {
			continue
		}
		text := tr.T("Switch to %s", words.Account(a))
		if !a.Remembered {
			text = tr.T("Sign in as %s…", words.Account(a))
		}
		if waiting > 0 {
			text = tr.T("%s (%s)", text, words.TasksWait(waiting))
		}
		items = append(items, fyne.NewMenuItem(text, func() { s.SwitchTo(a) }))
	}
	return append(items, fyne.NewMenuItem(tr.T("Add an account…"), s.Add))
}

// GoElsewhere shows the account in which tasks wait; where there are several, the menu lets the person choose.
func (s *Session) GoElsewhere() {
	if len(s.elsewhere) == 1 {
		s.SwitchTo(s.elsewhere[0].Account)
		return
	}
	s.peers.OpenMenu()
}

func isSignedOut(err error) bool {
	return errors.Is(err, manager.ErrSignedOut) || errors.Is(err, api.ErrCredentialsMissing)
}
