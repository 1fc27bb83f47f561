package ui

import (
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/screens/account"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

func (w *Window) accountOptions() account.Options {
	return account.Options{
		Canvas: w.window.Canvas(), Dialogs: w.queue, Work: w.work, Manager: w.options.Backend, Explain: explain.Error, Play: w.options.Opener.Play,
		Now: w.options.Now, After: time.After, OnOrder: w.ordered, OnAccount: w.profileChanged, OnRegistered: w.registered,
	}
}

// newOrder asks the server for the programs that accept serial numbers and opens the dialog.
func (w *Window) newOrder() {
	if !w.state.canAddOrder || w.asking.Busy() {
		return
	}
	w.status.working(tr.T("Asking for the programs…"))
	background.Run(w.asking, w.options.Backend.SerialPrograms, func(programs []api.Program, err error) {
		w.status.working("")
		if err == nil {
			err = account.NewOrder(w.accountOptions(), programs)
		}
		if err != nil {
			w.queue.Error(explain.Error(err))
		}
	})
}

// ordered shows a new order, selected; the table follows when the server has been asked.
func (w *Window) ordered(o api.Order) {
	w.clearSearch()
	w.state.orders = append([]api.Order{o}, w.state.orders...)
	w.orders.SetOrders(w.state.orders)
	w.orders.Select(o.ID)
}

func (w *Window) profile() { account.Profile(w.accountOptions()) }

func (w *Window) changePassword() { account.ChangePassword(w.accountOptions()) }

func (w *Window) forgotPassword(server string) { account.ForgotPassword(w.accountOptions(), server) }

func (w *Window) newAccount(server string) { account.NewAccount(w.accountOptions(), server) }

func (w *Window) profileChanged(api.Account) { w.status.say(tr.T("Your contact data are saved.")) }

// registered fills the sign-in screen for the new account.
func (w *Window) registered(server, username string) {
	w.signIn.Fill(server, username)
	w.focusFirst()
}
