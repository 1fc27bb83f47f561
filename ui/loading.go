package ui

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/orders"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// maxIndexed bounds how many orders' licenses are asked for, one after the other, only to be found by the search.
const maxIndexed = 50

func isSignedOut(err error) bool {
	return errors.Is(err, manager.ErrSignedOut) || errors.Is(err, api.ErrCredentialsMissing)
}

type known struct {
	orders manager.Orders
	ok     bool
}

// readKnown shows the tables of an earlier time while the server has not been heard. It reads them when it is known whose session
// is resumed; a nil channel is that now.
func (w *Window) readKnown(resumes <-chan struct{}) {
	first := make(chan api.Order, 1)
	background.Run(w.loadingOrders, func(ctx context.Context) (k known, err error) {
		defer close(first)
		if err := background.Wait(ctx, resumes); err != nil {
			return k, err
		}
		k, err = w.knownOrders(ctx)
		if o, ok := orders.First(k.orders.Orders); ok {
			first <- o
		}
		return k, err
	}, func(k known, err error) {
		if account, ok := w.options.Backend.Current(); ok {
			w.state.account = account
			w.toolbar.refresh()
		}
		if w.state.unknown = err != nil || !k.ok; !w.state.unknown && !w.state.loaded {
			w.showOrders(k.orders)
			w.refreshBanners()
		}
	})
	w.state.ahead = true
	background.Run(w.loadingLicenses, func(ctx context.Context) (t orderTable, err error) {
		if o, ok := <-first; ok && o.RequiresActivation {
			return w.knownLicenses(ctx, o)
		}
		return t, err
	}, func(t orderTable, err error) {
		w.state.ahead = false
		o := w.state.content.Order
		switch {
		case o.ID == 0 || o.ID != w.state.reading:
		case t.ok && t.licenses.OrderID == o.ID:
			w.licensesRead(o, t, err)
		default: // they are not known, or the server has told meanwhile of an order that comes first now
			w.state.reading = 0
			w.loadLicenses()
		}
	})
}

func (w *Window) knownOrders(ctx context.Context) (k known, err error) {
	k.orders, k.ok, err = w.options.Backend.CachedOrders(ctx)
	return k, err
}

func (w *Window) knownLicenses(ctx context.Context, o api.Order) (t orderTable, err error) {
	t.licenses, t.ok, err = w.options.Backend.CachedLicenses(ctx, o.ID)
	if err == nil && t.ok {
		t.program, err = w.options.Backend.CachedProgram(ctx, o.ProgramID)
	}
	return t, err
}

// loadOrders shows the last known orders, if none are shown yet, and then those of the server.
func (w *Window) loadOrders() {
	w.status.working(tr.T("Loading orders…"))
	if w.state.loaded {
		w.fetchOrders()
		return
	}
	background.Run(w.loadingOrders, w.knownOrders, func(k known, err error) {
		if w.state.unknown = err != nil || !k.ok; !w.state.unknown {
			w.showOrders(k.orders)
		}
		w.fetchOrders()
	})
}

func (w *Window) fetchOrders() {
	background.Run(w.loadingOrders, w.options.Backend.Orders, func(o manager.Orders, err error) {
		w.status.working("")
		if err != nil {
			w.failed(err)
			return
		}
		w.state.fault, w.state.attempts = dialogs.Message{}, 0
		w.showOrders(o)
		w.refreshBanners()
		w.loadLicenses()
		w.index()
		w.resumeJobs()
	})
}

// failed tells that the orders could not be loaded; what is shown stays.
func (w *Window) failed(err error) {
	switch {
	case isSignedOut(err):
		w.signIn.Fill(w.state.account.Server, w.state.account.Username)
		w.showSignIn(explain.Error(err))
		return
	case errors.Is(err, context.Canceled):
		return
	}
	w.offline(err)
	if w.state.loaded {
		w.index()
		w.loadJobs()
	}
}

// The time between two attempts to reach the server again doubles from retryFirst to retryLast.
const (
	retryFirst = 15 * time.Second
	retryLast  = 5 * time.Minute
)

// offline tells that the server was not reached, and arranges for another attempt.
func (w *Window) offline(err error) {
	w.state.fault = explain.Error(err)
	w.state.retryAt = w.options.Now().Add(min(retryLast, retryFirst<<min(w.state.attempts, 10)))
	w.state.attempts++
	w.refreshBanners()
	w.status.refresh()
}

func (w *Window) showOrders(o manager.Orders) {
	w.state.orders, w.state.loaded, w.state.fetchedAt, w.state.canAddOrder = o.Orders, true, o.FetchedAt, o.CanAddOrder
	w.toolbar.refresh()
	w.orders.SetOrders(o.Orders)
	w.takeFocus()
	w.status.refresh()
}

// orderSelected shows the licenses of another order.
func (w *Window) orderSelected(o api.Order, ok bool) {
	if first, _ := orders.First(w.state.orders); w.state.ahead && ok && o.ID == first.ID && o.RequiresActivation {
		w.state.reading = o.ID
	} else {
		w.state.ahead = false
		w.loadingLicenses.Cancel()
	}
	if !ok {
		w.state.content = licenses.Content{}
		w.licenses.ShowNone()
		return
	}
	w.state.content = licenses.Content{Order: o}
	w.showContent()
	w.loadLicenses()
}

// orderUpdated takes over new values of the selected order.
func (w *Window) orderUpdated(o api.Order) {
	if !reflect.DeepEqual(w.state.content.Order, o) {
		w.state.content.Order = o
		w.showContent()
	}
}

func (w *Window) showContent() {
	c := &w.state.content
	c.ThisPCElsewhere = 0
	for id, owner := range w.state.owners {
		if id != c.Order.ID && owner.thisPC && owner.program == c.Order.ProgramID {
			c.ThisPCElsewhere = max(c.ThisPCElsewhere, id)
		}
	}
	c.BringBacks, c.LetGo = w.state.found.marks()
	w.licenses.Show(*c)
	w.selectWaiting()
}

// orderTable is what one order's licenses need to be shown.
type orderTable struct {
	licenses manager.Licenses
	program  api.Program
	ok       bool
}

// loadLicenses shows the last known licenses of the selected order, if none are shown yet, and then those of the server.
func (w *Window) loadLicenses() {
	o := w.state.content.Order
	if o.ID == 0 || !o.RequiresActivation {
		return
	}
	if w.state.content.Loaded {
		w.fetchLicenses(o)
		return
	}
	if w.state.reading == o.ID && w.loadingLicenses.Busy() {
		return // the server is asked when they are read
	}
	w.state.reading = o.ID
	background.Run(w.loadingLicenses, func(ctx context.Context) (orderTable, error) { return w.knownLicenses(ctx, o) }, func(t orderTable, err error) {
		w.licensesRead(o, t, err)
	})
}

// licensesRead shows the last known licenses of the selected order, and asks the server for those of now.
func (w *Window) licensesRead(o api.Order, t orderTable, err error) {
	w.state.reading = 0
	if w.state.unknown = err != nil || !t.ok; !w.state.unknown {
		w.showLicenses(t)
		if w.state.waiting {
			return // they are asked for when the session goes on
		}
	}
	w.fetchLicenses(o)
}

func (w *Window) fetchLicenses(o api.Order) {
	load := w.options.Backend.Licenses
	if w.licenses.ShowsEnded() {
		load = w.options.Backend.AllLicenses
	}
	background.Run(w.loadingLicenses, func(ctx context.Context) (t orderTable, err error) {
		if t.program, err = w.options.Backend.Program(ctx, o.ProgramID); err != nil {
			return t, err
		}
		t.licenses, err = load(ctx, o.ID)
		return t, err
	}, func(t orderTable, err error) {
		switch {
		case err == nil:
			w.showLicenses(t)
			w.loadHistory(o)
		case isSignedOut(err):
			w.failed(err)
		case w.state.content.Loaded && errors.Is(err, manager.ErrUnreachable):
			w.showKnownLicenses(o)
		case !w.state.content.Loaded && !errors.Is(err, context.Canceled):
			w.licenses.ShowError(explain.Error(err))
		}
	})
}

// showKnownLicenses shows the last known licenses once more: what left this PC, or came back, is marked without the server too.
func (w *Window) showKnownLicenses(o api.Order) {
	if w.licenses.ShowsEnded() {
		return // those are not known without the server
	}
	background.Run(w.loadingLicenses, func(ctx context.Context) (t orderTable, err error) {
		t.licenses, t.ok, err = w.options.Backend.CachedLicenses(ctx, o.ID)
		return t, err
	}, func(t orderTable, err error) {
		if t.program = w.state.content.Program; err == nil && t.ok && t.program.ID != 0 {
			w.showLicenses(t)
		}
	})
}

// showEnded shows the licenses that have ended, too, or no longer.
func (w *Window) showEnded(bool) { w.loadLicenses() }

// loadHistory asks what happened to an order, for the panel.
func (w *Window) loadHistory(o api.Order) {
	background.Run(w.loadingHistory, func(ctx context.Context) ([]api.HistoryEntry, error) {
		return w.options.Backend.History(ctx, o.ID)
	}, func(entries []api.HistoryEntry, err error) {
		if errors.Is(err, context.Canceled) {
			return
		}
		if entries == nil {
			entries = []api.HistoryEntry{}
		}
		w.licenses.SetHistory(o.ID, entries, err)
	})
}

func (w *Window) showLicenses(t orderTable) {
	c := &w.state.content
	c.Program, c.Licenses, c.Loaded = t.program, t.licenses.Licenses, true
	k := summary(t.licenses.Licenses)
	w.state.owners[c.Order.ID] = owner{c.Order.ProgramID, k.ThisPC}
	w.orders.SetKnown(map[int64]orders.Known{c.Order.ID: k})
	w.showContent()
	w.find()
}

// summary is what the table of orders needs to know of an order's licenses.
func summary(list []manager.License) orders.Known {
	var k orders.Known
	texts := make([]string, len(list))
	for i, l := range list {
		if l.Status != api.StatusActive {
			continue
		}
		texts[i] = licenses.SearchText(l)
		k.ThisPC = k.ThisPC || l.ThisPC
	}
	k.Text = strings.Join(texts, "\n")
	return k
}

// index learns of the licenses of all orders, so that the search finds them, and what waits for this PC is known wherever it is:
// at first and after a refresh from the server, within bounds, else what was known before.
func (w *Window) index() {
	list := w.state.orders
	backend, online := w.options.Backend, w.state.fault.What == ""
	stale := w.state.stale && online
	if stale {
		w.state.stale = false
	}
	background.Run(w.indexing, func(ctx context.Context) (found map[int64]orders.Known, err error) {
		found = map[int64]orders.Known{}
		asked := 0
		for _, o := range list {
			if !o.RequiresActivation {
				continue
			}
			rows, ok, err := backend.CachedLicenses(ctx, o.ID)
			if (err != nil || !ok || stale) && online && asked < maxIndexed {
				asked++
				rows, err = backend.Licenses(ctx, o.ID)
				ok = true
			}
			if ctx.Err() != nil || errors.Is(err, manager.ErrUnreachable) {
				break
			}
			if err == nil && ok {
				found[o.ID] = summary(rows.Licenses)
			}
		}
		return found, nil
	}, func(found map[int64]orders.Known, _ error) {
		for _, o := range list {
			if k, ok := found[o.ID]; ok && o.ID != w.state.content.Order.ID {
				w.state.owners[o.ID] = owner{o.ProgramID, k.ThisPC}
			}
		}
		delete(found, w.state.content.Order.ID)
		w.orders.SetKnown(found)
		if w.state.content.Order.ID != 0 {
			w.showContent()
		}
		w.find()
	})
}

// refresh asks the server for everything that is shown.
func (w *Window) refresh() {
	if !w.state.signedIn || w.loadingOrders.Busy() {
		return
	}
	w.state.stale = true
	w.loadOrders()
}

// event hears of changes that the manager made.
func (w *Window) event(e manager.Event) {
	if e.Kind == manager.JobChanged {
		w.learnReason(e.Job)
	}
	switch {
	case e.Kind == manager.AccountChanged:
		w.showWaiting()
		return
	case !w.state.signedIn:
		return
	case e.Account != 0 && e.Account != w.state.account.ID: // of an account that was left meanwhile
		if e.Kind == manager.JobChanged {
			w.loadAccounts()
		}
		return
	}
	switch e.Kind {
	case manager.OrdersChanged:
		w.loadOrders()
	case manager.LicensesChanged:
		if e.OrderID == w.state.content.Order.ID {
			w.loadLicenses()
		}
		w.find()
	case manager.JobChanged:
		if errors.Is(e.Job.Err, manager.ErrUnreachable) {
			w.offline(e.Job.Err)
			w.jobWaits(e.Job)
		}
		w.loadJobs()
	case manager.ServerRestored:
		w.showNotices()
		if w.state.stale = true; !w.loadingOrders.Busy() {
			w.loadOrders()
		}
	case manager.SignedOut:
		w.failed(manager.ErrSignedOut)
	}
}

// age says how old the shown tables are.
func (w *Window) age() string {
	if w.state.fetchedAt.IsZero() {
		return ""
	}
	return words.Age(w.state.fetchedAt, w.options.Now())
}
