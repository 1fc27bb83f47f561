package ui

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/signin"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// accountName tells an account from others: "Anna Berg · licenses.example.com".
func accountName(a manager.Account) string {
	return tr.T("%s · %s", shorten(a.DisplayName, 32), shorten(host(a.Server), 40))
}

// loadAccounts learns which accounts are known, and what waits in those that are not shown.
func (w *Window) loadAccounts() {
	type known struct {
		accounts  []manager.Account
		elsewhere []manager.Elsewhere
		jobs      []manager.Job
	}
	background.Run(w.listing, func(ctx context.Context) (k known, err error) {
		var listErr, waitErr, jobsErr error
		k.accounts, listErr = w.options.Backend.Accounts(ctx)
		k.elsewhere, waitErr = w.options.Backend.WaitingElsewhere(ctx)
		k.jobs, jobsErr = w.options.Backend.AllJobs(ctx)
		return k, errors.Join(listErr, waitErr, jobsErr)
	}, func(k known, err error) {
		if err != nil {
			return // the menu lists what was known; the next change brings another attempt
		}
		w.accounts, w.elsewhere, w.allJobs = k.accounts, k.elsewhere, k.jobs
		w.status.refresh()
		w.showWays()
		w.signIn.SetWaiting(waiting(w.allJobs))
		if w.waiting != nil {
			w.waiting.show()
		}
	})
}

// waitsIn says how many tasks wait in another account, or 0.
func (w *Window) waitsIn(a manager.Account) int {
	for _, e := range w.elsewhere {
		if e.Account.ID == a.ID {
			return e.Jobs
		}
	}
	return 0
}

// accountItems lists the other accounts for the menu: those that are remembered, and those in which something waits.
func (w *Window) accountItems() (items []*fyne.MenuItem) {
	for _, a := range w.accounts {
		waiting := w.waitsIn(a)
		if a.ID == w.state.account.ID || !a.Remembered && waiting == 0 {
			continue
		}
		text := tr.T("Switch to %s", accountName(a))
		if !a.Remembered {
			text = tr.T("Sign in as %s…", accountName(a))
		}
		if waiting > 0 {
			text = tr.T("%s (%s)", text, tasksWait(waiting))
		}
		items = append(items, fyne.NewMenuItem(text, func() { w.switchTo(a) }))
	}
	return append(items, fyne.NewMenuItem(tr.T("Add an account…"), w.addAccount))
}

func tasksWait(n int) string { return tr.N(n, "%d task waits", "%d tasks wait") }

// waitingElsewhere tells of tasks that go on in another account only.
func waitingElsewhere(list []manager.Elsewhere) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return tr.T("%s in %s", tasksWait(list[0].Jobs), list[0].Account.Username+"@"+host(list[0].Account.Server))
	}
	n := 0
	for _, e := range list {
		n += e.Jobs
	}
	return tr.T("%s in other accounts", tasksWait(n))
}

// goElsewhere leads to the account in which tasks wait; where there are several, the menu lets the person choose.
func (w *Window) goElsewhere() {
	if len(w.elsewhere) == 1 {
		w.switchTo(w.elsewhere[0].Account)
		return
	}
	w.toolbar.openMenu()
}

// showWays offers on the sign-in screen the accounts that need no password.
func (w *Window) showWays() {
	var ways []signin.Way
	current, alive := w.options.Backend.Current()
	for _, a := range w.accounts {
		switch {
		case alive && a.ID == current.ID:
			ways = append([]signin.Way{{Label: tr.T("Back to %s", accountName(a)), Go: func() { w.goBack(a) }}}, ways...)
		case a.Remembered:
			ways = append(ways, signin.Way{Label: tr.T("Go on as %s", accountName(a)), Go: func() { w.begin(a) }})
		}
	}
	w.signIn.SetWays(ways)
}

// addAccount asks to sign in to another account. The one that is shown stays signed in, and there is a way back to it.
func (w *Window) addAccount() {
	w.signIn.Reset()
	w.showSignIn(dialogs.Message{})
}

// goBack shows the account again whose session goes on.
func (w *Window) goBack(a manager.Account) {
	w.leave()
	w.state.account, w.state.signedIn = a, true
	w.showMain()
	w.focusFirst()
	w.loadAccounts()
	w.loadOrders()
	w.desk.SignedIn()
}

// switchTo shows another account; one that is left without being remembered needs its password again, so that is asked.
func (w *Window) switchTo(a manager.Account) {
	if !w.state.signedIn || w.state.account.Remembered {
		w.begin(a)
		return
	}
	w.queue.Confirm(dialogs.Confirmation{
		Title:     tr.T("Leave %s?", w.state.account.DisplayName),
		Text:      tr.T("This account is not remembered on this PC: to come back to it you need its password. What waits to be sent stays, and goes on then."),
		Label:     tr.T("Switch"),
		OnConfirm: func() { w.begin(a) },
	})
}

// begin shows an account: its last known tables at once, and the server's when its session goes on.
func (w *Window) begin(a manager.Account) {
	w.leave()
	w.state.account, w.state.waiting = a, true
	w.showMain()
	w.showBanners()
	w.focusFirst()
	background.Run(w.resuming, func(ctx context.Context) (manager.Account, error) {
		return w.options.Backend.Switch(ctx, a.ID)
	}, func(now manager.Account, err error) {
		w.state.waiting = false
		w.showNotices()
		w.loadAccounts()
		if current, ok := w.options.Backend.Current(); !ok || current.ID != a.ID {
			w.signIn.Reset()
			w.signIn.Fill(a.Server, a.Username)
			m := dialogs.Message{}
			if err != nil {
				m = explain.Error(err)
			}
			w.showSignIn(m)
			return
		}
		w.state.account, w.state.signedIn = now, true
		w.toolbar.refresh()
		w.loadOrders()
		w.desk.SignedIn()
		if err != nil && !errors.Is(err, manager.ErrUnreachable) {
			w.queue.Error(explain.Error(err))
		}
	})
}
