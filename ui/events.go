package ui

import (
	"errors"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/words"
)

// tick passes ticks and the documents of starts to the UI thread until the window is closed. It blocks; not on the UI
// thread.
func (w *Window) tick() {
	given, folders := w.options.Documents, w.options.Folders
	for {
		select {
		case <-w.closed:
			return
		case content, ok := <-given:
			if !ok {
				given = nil
				continue
			}
			w.shell.Work.Do(func() { w.carry.Receive(content) })
		case path, ok := <-folders:
			if !ok {
				folders = nil
				continue
			}
			w.shell.Work.Do(func() { w.carry.ReceiveFolder(path) })
		case err := <-w.options.OpenErrors:
			w.shell.Work.Do(func() { w.carry.ShowOpenError(err) })
		case _, ok := <-w.options.Ticks:
			if !ok {
				return
			}
			w.shell.Work.Do(w.handleTick)
		}
	}
}

// handleTick updates everything on the screen that depends on the time.
func (w *Window) handleTick() {
	now := w.options.Now().Round(0) // wall clock: the monotonic clock may stop while a PC sleeps
	if slept := !w.lastTick.IsZero() && now.Sub(w.lastTick) > maxTickGap; slept && w.session.SignedIn() {
		w.connection.ResetBackoff()
		w.orders.Reload() // also replaces a call whose connection is lost
	}
	w.lastTick = now
	w.showCached()
	w.takeFocus()
	w.thisPC.RefreshDay()
	if w.session.SignedIn() && w.connection.Due() {
		w.orders.Refresh()
	}
	w.shell.Status.Refresh()
	w.notices.Refresh()
	w.state.save()
}

// showCached shows the cached tables of an account whose session is being resumed.
func (w *Window) showCached() {
	if !w.session.Resuming() || w.orders.Loaded() || w.orders.Loading() || !w.session.ShowResuming() {
		return
	}
	w.licenses.Prefetch(w.orders.LoadCached(nil))
	w.thisPC.FindCached(nil)
}

// handleEvent updates the screens after a change in the manager.
func (w *Window) handleEvent(e manager.Event) {
	if e.Kind == manager.JobChanged {
		w.jobs.RecordError(e.Job)
	}
	switch {
	case e.Kind == manager.AccountChanged:
		w.showCached()
		return
	case !w.session.SignedIn():
		return
	case e.Account != 0 && e.Account != w.session.Account().ID: // of an account that is not current any more
		if e.Kind == manager.JobChanged {
			w.session.LoadAccounts()
		}
		return
	}
	switch e.Kind {
	case manager.OrdersChanged:
		w.orders.Load()
	case manager.LicensesChanged:
		if e.OrderID == w.licenses.Content().Order.ID {
			w.licenses.Load()
		}
		w.thisPC.Find()
	case manager.JobChanged:
		if errors.Is(e.Job.Err, manager.ErrUnreachable) {
			w.connection.Lost(e.Job.Err)
			peers{w}.RefreshAfterJob(e.Job)
		}
		w.jobs.Load()
	case manager.ServerRestored:
		w.notices.Collect()
		w.orders.Restored()
	case manager.SignedOut:
		w.connection.Failed(manager.ErrSignedOut)
	}
}

// refreshToolbar shows the current account, and whether orders can be added.
func (w *Window) refreshToolbar() {
	name := ""
	if a := w.session.Account(); a.Server != "" {
		name = words.Account(a)
	}
	w.toolbar.Show(name, w.orders.CanAdd())
}
