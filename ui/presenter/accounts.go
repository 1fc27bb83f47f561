package presenter

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/screens/account"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// AccountsBackend creates and changes accounts and orders. Its methods may block.
type AccountsBackend interface {
	account.Backend
	SerialPrograms(ctx context.Context) ([]api.Program, error)
}

// AccountsPeers is what Accounts needs of the other presenters.
type AccountsPeers interface {
	// AddOrder shows a new order.
	AddOrder(o api.Order)
	// Registered fills in the sign-in screen for a new account.
	Registered(server, username string)
}

// Accounts opens the dialogs of package account.
type Accounts struct {
	shell   *Shell
	backend AccountsBackend
	peers   AccountsPeers
}

// NewAccounts returns a presenter. UI thread.
func NewAccounts(shell *Shell, backend AccountsBackend, peers AccountsPeers) *Accounts {
	return &Accounts{shell: shell, backend: backend, peers: peers}
}

func (a *Accounts) options() account.Options {
	return account.Options{
		Canvas:       a.shell.Window.Canvas(),
		Dialogs:      a.shell.Dialogs,
		Work:         a.shell.Work,
		Manager:      a.backend,
		Explain:      explain.Error,
		Play:         a.shell.Opener.Play,
		Now:          a.shell.Now,
		After:        time.After,
		OnOrder:      a.peers.AddOrder,
		OnAccount:    func(api.Account) { a.shell.Status.ShowRemark(tr.T("Your contact data are saved.")) },
		OnRegistered: a.peers.Registered,
	}
}

// NewOrder loads the programs that accept serial numbers and opens the dialog for a new order.
func (a *Accounts) NewOrder() {
	if a.shell.Requests.Busy() {
		return
	}
	a.shell.Status.SetWorking(tr.T("Asking for the programs…"))
	background.Run(a.shell.Requests, a.backend.SerialPrograms, func(programs []api.Program, err error) {
		a.shell.Status.SetWorking("")
		if err == nil {
			err = account.NewOrder(a.options(), programs)
		}
		a.shell.Explain(err)
	})
}

// Profile opens the dialog with contact data.
func (a *Accounts) Profile() { account.Profile(a.options()) }

// ChangePassword opens the dialog that changes the password.
func (a *Accounts) ChangePassword() { account.ChangePassword(a.options()) }

// ForgotPassword opens the dialog that requests a reset link from a server, which may be "".
func (a *Accounts) ForgotPassword(server string) { account.ForgotPassword(a.options(), server) }

// NewAccount opens the dialog that creates an account at a server, which may be "".
func (a *Accounts) NewAccount(server string) { account.NewAccount(a.options(), server) }
