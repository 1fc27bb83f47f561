package presenter

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/history"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/orders"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// LicensesBackend is the part of the license manager that Licenses uses. Its methods may block.
type LicensesBackend interface {
	licenses.Rechecker
	Licenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	CachedLicenses(ctx context.Context, orderID int64) (manager.Licenses, bool, error)
	AllLicenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	Program(ctx context.Context, id int64) (api.Program, error)
	CachedProgram(ctx context.Context, id int64) (api.Program, error)
	History(ctx context.Context, orderID int64) ([]api.HistoryEntry, error)
}

// LicensesPeers is what Licenses needs of the other presenters.
type LicensesPeers interface {
	licenses.Actions
	Resuming() bool
	// Failed is called when the session has ended.
	Failed(err error)
	// Marks returns the ids of the licenses that can be brought back, and of those with a kept removal code that no job
	// sends.
	Marks() (bringBacks, keptCodes map[int64]bool)
	// SetLicenseData sets the data of the licenses of orders, by order id, in the table of orders.
	SetLicenseData(data map[int64]orders.LicenseData)
	// FindThisPCLicenses searches for licenses that concern this PC.
	FindThisPCLicenses()
	ClearSearch()
}

// Licenses is the presenter of the licenses of the selected order.
type Licenses struct {
	shell     *Shell
	backend   LicensesBackend
	peers     LicensesPeers
	screen    *licenses.Screen
	loading   *background.Slot
	history   *background.Slot
	content   licenses.Content
	summaries map[int64]OrderSummary // by order id
	// reading is the id of the order whose licenses are being read from the cache, or 0. prefetch means that they are
	// read for the order that will be selected first.
	reading  int64
	prefetch bool
	unknown  bool  // the licenses of the selected order are not in the cache
	selectID int64 // license to select after its order is shown, or 0
}

// NewLicenses returns a presenter without an order. UI thread.
func NewLicenses(shell *Shell, backend LicensesBackend, peers LicensesPeers) *Licenses {
	return &Licenses{
		shell:     shell,
		backend:   backend,
		peers:     peers,
		loading:   shell.Work.NewSlot(),
		history:   shell.Work.NewSlot(),
		summaries: map[int64]OrderSummary{},
	}
}

// Draw creates the tables and the panel. It must be called before the result of another method arrives. An error means
// that a table is defined incorrectly, a bug.
func (p *Licenses) Draw() (err error) {
	p.screen, err = licenses.New(licenses.Options{
		Now:     p.shell.Now,
		Work:    p.shell.Work,
		Recheck: p.backend,
		Explain: explain.Error,
		Actions: p.peers,
	})
	return err
}

// Object returns the table with its heading and buttons.
func (p *Licenses) Object() fyne.CanvasObject { return p.screen.Object() }

// DetailsObject returns the panel about the selected license.
func (p *Licenses) DetailsObject() fyne.CanvasObject { return p.screen.DetailsObject() }

// Reset cancels loading and clears the licenses. The table remains until Clear.
func (p *Licenses) Reset() {
	p.loading.Cancel()
	p.history.Cancel()
	p.content, p.summaries = licenses.Content{}, map[int64]OrderSummary{}
	p.reading, p.prefetch, p.unknown, p.selectID = 0, false, false, 0
}

// Clear clears the table.
func (p *Licenses) Clear() { p.screen.ShowNone() }

// Restore restores the sort order and column widths of one of the two tables.
func (p *Licenses) Restore(merged bool, s table.State) { p.screen.Restore(merged, s) }

// SetFilter shows only the licenses that match.
func (p *Licenses) SetFilter(text string) { p.screen.SetFilter(text) }

// Content returns the selected order with its licenses.
func (p *Licenses) Content() licenses.Content { return p.content }

// CanCreate reports whether the selected order accepts a new license.
func (p *Licenses) CanCreate() bool { return p.screen.CanCreate() && p.content.Program.ID != 0 }

// Subject returns the selected license as the subject of an action, or false if none is selected.
func (p *Licenses) Subject() (actions.Subject, bool) {
	l, ok := p.screen.Selected()
	return actions.Subject{Order: p.content.Order, License: l}, ok
}

// Complete reports whether everything is shown that needs no server, including the comparison.
func (p *Licenses) Complete() bool {
	c := p.content
	return (c.Loaded || !c.Order.RequiresActivation) && !p.screen.Comparing()
}

// NotCached reports whether the licenses of the selected order are not in the cache.
func (p *Licenses) NotCached() bool { return p.unknown }

// LicensedOrder returns the id of an order with a license of a program for this PC, or 0.
func (p *Licenses) LicensedOrder(program int64) (order int64) {
	for id, summary := range p.summaries {
		if summary.ThisPC && summary.Program == program {
			order = max(order, id)
		}
	}
	return order
}

// SetSummaries sets which orders have a license of this PC, by order id.
func (p *Licenses) SetSummaries(summaries map[int64]OrderSummary) {
	maps.Copy(p.summaries, summaries)
	p.Refresh()
}

// cachedTable is the licenses of an order with their program; ok is false if they are not in the cache.
type cachedTable struct {
	licenses manager.Licenses
	program  api.Program
	ok       bool
}

func (p *Licenses) cached(ctx context.Context, o api.Order) (t cachedTable, err error) {
	t.licenses, t.ok, err = p.backend.CachedLicenses(ctx, o.ID)
	if err == nil && t.ok {
		t.program, err = p.backend.CachedProgram(ctx, o.ProgramID)
	}
	return t, err
}

// Prefetch reads the licenses of the order that is received from first from the cache, before it is selected.
func (p *Licenses) Prefetch(first <-chan api.Order) {
	p.prefetch = true
	background.Run(p.loading, func(ctx context.Context) (t cachedTable, err error) {
		if o, ok := <-first; ok && o.RequiresActivation {
			return p.cached(ctx, o)
		}
		return t, err
	}, func(t cachedTable, err error) {
		p.prefetch = false
		o := p.content.Order
		switch {
		case o.ID == 0 || o.ID != p.reading:
		case t.ok && t.licenses.OrderID == o.ID:
			p.showCached(o, t, err)
		default: // not in the cache, or the server has changed the first order in the meantime
			p.reading = 0
			p.Load()
		}
	})
}

// Open shows the licenses of another order, or none if ok is false; first reports whether it is orders.First.
func (p *Licenses) Open(o api.Order, ok, first bool) {
	if p.prefetch && ok && first && o.RequiresActivation {
		p.reading = o.ID
	} else {
		p.prefetch = false
		p.loading.Cancel()
	}
	if !ok {
		p.content = licenses.Content{}
		p.screen.ShowNone()
		return
	}
	p.content = licenses.Content{Order: o}
	p.show()
	p.Load()
}

// Update sets the values of the selected order.
func (p *Licenses) Update(o api.Order) {
	if !reflect.DeepEqual(p.content.Order, o) {
		p.content.Order = o
		p.show()
	}
}

// Refresh updates the situations of the licenses.
func (p *Licenses) Refresh() {
	if p.content.Order.ID != 0 {
		p.show()
	}
}

func (p *Licenses) show() {
	c := &p.content
	c.OtherLicensedOrder = 0
	for id, summary := range p.summaries {
		if id != c.Order.ID && summary.ThisPC && summary.Program == c.Order.ProgramID {
			c.OtherLicensedOrder = max(c.OtherLicensedOrder, id)
		}
	}
	c.BringBacks, c.KeptCodes = p.peers.Marks()
	p.screen.Show(*c)
	p.selectPending()
}

// Select selects a license as soon as the selected order shows it.
func (p *Licenses) Select(id int64) {
	p.selectID = id
	p.selectPending()
}

func (p *Licenses) selectPending() {
	if p.selectID != 0 && p.screen.Select(p.selectID) {
		p.selectID = 0
	}
}

// Load shows the cached licenses of the selected order, if none are shown yet, and then those of the server.
func (p *Licenses) Load() {
	o := p.content.Order
	if o.ID == 0 || !o.RequiresActivation {
		return
	}
	if p.content.Loaded {
		p.fetch(o)
		return
	}
	if p.reading == o.ID && p.loading.Busy() {
		return // showCached sends the request
	}
	p.reading = o.ID
	background.Run(p.loading, func(ctx context.Context) (cachedTable, error) {
		return p.cached(ctx, o)
	}, func(t cachedTable, err error) {
		p.showCached(o, t, err)
	})
}

// showCached shows the cached licenses of the selected order and requests those of the server.
func (p *Licenses) showCached(o api.Order, t cachedTable, err error) {
	p.reading = 0
	if p.unknown = err != nil || !t.ok; !p.unknown {
		p.showTable(t)
		if p.peers.Resuming() {
			return // they are requested after the session is resumed
		}
	}
	p.fetch(o)
}

func (p *Licenses) fetch(o api.Order) {
	load := p.backend.Licenses
	if p.screen.ShowsEnded() {
		load = p.backend.AllLicenses
	}
	background.Run(p.loading, func(ctx context.Context) (t cachedTable, err error) {
		if t.program, err = p.backend.Program(ctx, o.ProgramID); err != nil {
			return t, err
		}
		t.licenses, err = load(ctx, o.ID)
		return t, err
	}, func(t cachedTable, err error) {
		switch {
		case err == nil:
			p.showTable(t)
			p.loadHistory(o)
		case isSignedOut(err):
			p.peers.Failed(err)
		case p.content.Loaded && errors.Is(err, manager.ErrUnreachable):
			p.reloadCached(o)
		case !p.content.Loaded && !errors.Is(err, context.Canceled):
			p.screen.ShowError(explain.Error(err))
		}
	})
}

// ReloadCached shows the cached licenses of an order again, if it is the selected one.
func (p *Licenses) ReloadCached(order int64) {
	if o := p.content.Order; o.ID != 0 && o.ID == order && p.content.Loaded {
		p.reloadCached(o)
	}
}

// reloadCached shows the cached licenses again, which reflect departures from this PC without the server.
func (p *Licenses) reloadCached(o api.Order) {
	if p.screen.ShowsEnded() {
		return // ended licenses are not cached
	}
	background.Run(p.loading, func(ctx context.Context) (t cachedTable, err error) {
		t.licenses, t.ok, err = p.backend.CachedLicenses(ctx, o.ID)
		return t, err
	}, func(t cachedTable, err error) {
		if t.program = p.content.Program; err == nil && t.ok && t.program.ID != 0 {
			p.showTable(t)
		}
	})
}

// loadHistory loads the history of an order for the panel.
func (p *Licenses) loadHistory(o api.Order) {
	background.Run(p.history, func(ctx context.Context) ([]api.HistoryEntry, error) {
		return p.backend.History(ctx, o.ID)
	}, func(entries []api.HistoryEntry, err error) {
		if errors.Is(err, context.Canceled) {
			return
		}
		if entries == nil {
			entries = []api.HistoryEntry{}
		}
		p.screen.SetHistory(o.ID, entries, err)
	})
}

// ShowHistory shows the history of an order.
func (p *Licenses) ShowHistory(o api.Order) {
	history.Open(history.Options{
		Dialogs: p.shell.Dialogs,
		Work:    p.shell.Work,
		Now:     p.shell.Now,
		Load:    p.backend.History,
	}, o)
}

func (p *Licenses) showTable(t cachedTable) {
	c := &p.content
	c.Program, c.Licenses, c.Loaded = t.program, t.licenses.Licenses, true
	k := summary(t.licenses.Licenses)
	p.summaries[c.Order.ID] = OrderSummary{c.Order.ProgramID, k.ThisPC}
	p.peers.SetLicenseData(map[int64]orders.LicenseData{c.Order.ID: k})
	p.show()
	p.peers.FindThisPCLicenses()
}

// Put shows a new or changed license at once, in place of the license with the id replaced, or 0. The next load
// confirms it.
func (p *Licenses) Put(replaced int64, l manager.License) {
	c := &p.content
	if c.Order.ID != l.OrderID {
		return
	}
	list := make([]manager.License, 0, len(c.Licenses)+1)
	found := false
	for _, known := range c.Licenses {
		switch {
		case known.ID == l.ID:
			list, found = append(list, l), true
		case known.ID != replaced:
			list = append(list, known)
		}
	}
	if !found {
		list = append(list, l)
	}
	c.Licenses, c.Loaded = list, true
	p.peers.ClearSearch()
	p.show()
	p.screen.Select(l.ID)
}

// Remove removes a license from the table at once.
func (p *Licenses) Remove(id int64) {
	c := &p.content
	c.Licenses = slices.DeleteFunc(slices.Clone(c.Licenses), func(l manager.License) bool { return l.ID == id })
	p.show()
}
