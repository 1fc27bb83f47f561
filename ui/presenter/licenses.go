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

// LicensesBackend is what the license manager knows of an order's licenses. All methods may block.
type LicensesBackend interface {
	licenses.Rechecker
	Licenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	CachedLicenses(ctx context.Context, orderID int64) (manager.Licenses, bool, error)
	AllLicenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	Program(ctx context.Context, id int64) (api.Program, error)
	CachedProgram(ctx context.Context, id int64) (api.Program, error)
	History(ctx context.Context, orderID int64) ([]api.HistoryEntry, error)
}

// LicensesPeers is what the licenses of an order need of the other presenters.
type LicensesPeers interface {
	licenses.Actions
	Resuming() bool
	// Failed tells that the session has ended.
	Failed(err error)
	// Marks returns the licenses, by id, that this PC had, and those whose removal codes a person has to hand in.
	Marks() (bringBacks, letGo map[int64]bool)
	// SetKnown tells the table of orders what is known of the licenses of orders, by id.
	SetKnown(known map[int64]orders.Known)
	// Find looks for what has to do with this PC.
	Find()
	ClearSearch()
}

// Licenses presents the licenses of the selected order.
type Licenses struct {
	shell   *Shell
	backend LicensesBackend
	peers   LicensesPeers
	screen  *licenses.Screen
	loading *background.Slot
	history *background.Slot
	content licenses.Content
	owners  map[int64]Owner // by order
	// reading is the order whose last known licenses are being read, or 0. With prefetch they are read before an order
	// is selected, for the one that will be selected first.
	reading  int64
	prefetch bool
	unknown  bool  // the licenses of the selected order are not known from an earlier time
	selectID int64 // license to be selected when its order is shown, or 0
}

// NewLicenses returns the presenter of no order. UI thread.
func NewLicenses(shell *Shell, backend LicensesBackend, peers LicensesPeers) *Licenses {
	return &Licenses{
		shell:   shell,
		backend: backend,
		peers:   peers,
		loading: shell.Work.NewSlot(),
		history: shell.Work.NewSlot(),
		owners:  map[int64]Owner{},
	}
}

// Draw makes the tables and the panel. It fails when a table is defined wrongly, a fault of the program. UI thread,
// before a result of other methods comes back.
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

// Object returns the table with its heading and buttons. UI thread.
func (p *Licenses) Object() fyne.CanvasObject { return p.screen.Object() }

// DetailsObject returns the panel with the selected license. UI thread.
func (p *Licenses) DetailsObject() fyne.CanvasObject { return p.screen.DetailsObject() }

// Leave forgets the licenses and ends their loading. The table stays until Clear.
func (p *Licenses) Leave() {
	p.loading.Cancel()
	p.history.Cancel()
	p.content, p.owners = licenses.Content{}, map[int64]Owner{}
	p.reading, p.prefetch, p.unknown, p.selectID = 0, false, false, 0
}

// Clear shows that no order is selected.
func (p *Licenses) Clear() { p.screen.ShowNone() }

// Restore applies sort and widths of one of the two tables from an earlier start.
func (p *Licenses) Restore(merged bool, s table.State) { p.screen.Restore(merged, s) }

// SetFilter shows only the licenses that match.
func (p *Licenses) SetFilter(text string) { p.screen.SetFilter(text) }

// Content returns what is shown.
func (p *Licenses) Content() licenses.Content { return p.content }

// CanCreate reports whether the shown order takes a new license.
func (p *Licenses) CanCreate() bool { return p.screen.CanCreate() && p.content.Program.ID != 0 }

// Subject returns the selected license as the subject of an action; it reports false when none is selected.
func (p *Licenses) Subject() (actions.Subject, bool) {
	l, ok := p.screen.Selected()
	return actions.Subject{Order: p.content.Order, License: l}, ok
}

// Complete reports whether everything is shown that can be shown without the server, comparing included.
func (p *Licenses) Complete() bool {
	c := p.content
	return (c.Loaded || !c.Order.RequiresActivation) && !p.screen.Comparing()
}

// Unknown reports whether the licenses of the selected order were looked for in the cache in vain.
func (p *Licenses) Unknown() bool { return p.unknown }

// LicensedFor returns the id of an order with a license of a program for this PC, or 0.
func (p *Licenses) LicensedFor(program int64) (order int64) {
	for id, owner := range p.owners {
		if owner.ThisPC && owner.Program == program {
			order = max(order, id)
		}
	}
	return order
}

// SetOwners tells which orders have a license of this PC.
func (p *Licenses) SetOwners(owners map[int64]Owner) {
	maps.Copy(p.owners, owners)
	p.Refresh()
}

// cachedTable is what one order's licenses need to be shown.
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

// Prefetch reads the last known licenses of the order that comes from first, before it is selected.
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
		default: // they are not known, or the server has named meanwhile an order that comes first now
			p.reading = 0
			p.Load()
		}
	})
}

// Open shows the licenses of another order; first tells that it is the one that is selected first.
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

// Update shows new values of the selected order.
func (p *Licenses) Update(o api.Order) {
	if !reflect.DeepEqual(p.content.Order, o) {
		p.content.Order = o
		p.show()
	}
}

// Refresh shows how the licenses stand to this PC now.
func (p *Licenses) Refresh() {
	if p.content.Order.ID != 0 {
		p.show()
	}
}

func (p *Licenses) show() {
	c := &p.content
	c.ThisPCElsewhere = 0
	for id, owner := range p.owners {
		if id != c.Order.ID && owner.ThisPC && owner.Program == c.Order.ProgramID {
			c.ThisPCElsewhere = max(c.ThisPCElsewhere, id)
		}
	}
	c.BringBacks, c.LetGo = p.peers.Marks()
	p.screen.Show(*c)
	p.selectPending()
}

// Select selects a license as soon as its order, which has been selected, is shown.
func (p *Licenses) Select(id int64) {
	p.selectID = id
	p.selectPending()
}

func (p *Licenses) selectPending() {
	if p.selectID != 0 && p.screen.Select(p.selectID) {
		p.selectID = 0
	}
}

// Load shows the last known licenses of the selected order, if none are shown yet, and then those of the server.
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
		return // the server is asked when they are read
	}
	p.reading = o.ID
	background.Run(p.loading, func(ctx context.Context) (cachedTable, error) {
		return p.cached(ctx, o)
	}, func(t cachedTable, err error) {
		p.showCached(o, t, err)
	})
}

// showCached shows the last known licenses of the selected order, and asks the server for those of now.
func (p *Licenses) showCached(o api.Order, t cachedTable, err error) {
	p.reading = 0
	if p.unknown = err != nil || !t.ok; !p.unknown {
		p.showTable(t)
		if p.peers.Resuming() {
			return // they are requested when the session goes on
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

// ReloadCached shows the last known licenses of an order again, if it is the one that is shown.
func (p *Licenses) ReloadCached(order int64) {
	if o := p.content.Order; o.ID != 0 && o.ID == order && p.content.Loaded {
		p.reloadCached(o)
	}
}

// reloadCached shows the last known licenses again: what left this PC, or came back, is marked without the server too.
func (p *Licenses) reloadCached(o api.Order) {
	if p.screen.ShowsEnded() {
		return // those are not known without the server
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

// loadHistory requests what happened to an order, for the panel.
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

// ShowHistory lists everything that happened to an order.
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
	p.owners[c.Order.ID] = Owner{c.Order.ProgramID, k.ThisPC}
	p.peers.SetKnown(map[int64]orders.Known{c.Order.ID: k})
	p.show()
	p.peers.Find()
}

// Put shows a license that was made or changed at once, in the place of the one that it replaced, 0 for none. The table
// follows when the server has been asked.
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

// Remove takes a license out of the table at once.
func (p *Licenses) Remove(id int64) {
	c := &p.content
	c.Licenses = slices.DeleteFunc(slices.Clone(c.Licenses), func(l manager.License) bool { return l.ID == id })
	p.show()
}
