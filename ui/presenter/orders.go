package presenter

import (
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/orders"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// maxIndexed limits the orders whose licenses Index requests from the server.
const maxIndexed = 50

// OrdersBackend is the part of the license manager that Orders uses. Its methods may block.
type OrdersBackend interface {
	Orders(ctx context.Context) (manager.Orders, error)
	CachedOrders(ctx context.Context) (manager.Orders, bool, error)
	Licenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	CachedLicenses(ctx context.Context, orderID int64) (manager.Licenses, bool, error)
}

// OrdersPeers is what Orders needs of the other presenters.
type OrdersPeers interface {
	orders.Actions
	SignedIn() bool
	// Fault returns why the server was not reached at the latest attempt, or "".
	Fault() string
	// ShowResuming shows the account that is being resumed.
	ShowResuming()
	// OrdersShown updates what depends on the orders: toolbar, status bar, focus.
	OrdersShown()
	RefreshNotices()
	// Reached is called after the server answered, Failed after a request failed.
	Reached()
	Failed(err error)
	// OrdersFetched sends the requests that follow the orders.
	OrdersFetched()
	// ShownOrder returns the id of the selected order, or 0.
	ShownOrder() int64
	// Indexed sets the summaries of orders, by order id.
	Indexed(summaries map[int64]OrderSummary)
	ClearSearch()
}

// OrderSummary is the id of an order's program, and whether this PC has a license of the order.
type OrderSummary struct {
	Program int64
	ThisPC  bool
}

// Orders is the presenter of the table of orders.
type Orders struct {
	shell     *Shell
	backend   OrdersBackend
	peers     OrdersPeers
	screen    *orders.Screen
	loading   *background.Slot
	indexing  *background.Slot
	list      []api.Order
	fetchedAt time.Time // zero if no orders are shown
	loaded    bool      // orders are shown
	unknown   bool      // the orders are not in the cache
	canAdd    bool      // a program accepts serial numbers
	stale     bool      // the next Index requests the licenses of all orders
}

// NewOrders returns a presenter without orders. UI thread.
func NewOrders(shell *Shell, backend OrdersBackend, peers OrdersPeers) *Orders {
	return &Orders{
		shell:    shell,
		backend:  backend,
		peers:    peers,
		loading:  shell.Work.NewSlot(),
		indexing: shell.Work.NewSlot(),
		stale:    true,
	}
}

// Draw creates the table. It must be called before the result of another method arrives. An error means that the table
// is defined incorrectly, a bug.
func (o *Orders) Draw() (err error) {
	o.screen, err = orders.New(orders.Options{Now: o.shell.Now, Actions: o.peers})
	return err
}

// Object returns the content for the window.
func (o *Orders) Object() fyne.CanvasObject { return o.screen.Object() }

// Reset cancels loading and clears the orders. The table remains until Clear.
func (o *Orders) Reset() {
	o.loading.Cancel()
	o.indexing.Cancel()
	o.list, o.fetchedAt, o.loaded, o.unknown, o.canAdd, o.stale = nil, time.Time{}, false, false, false, true
}

// Clear clears the table.
func (o *Orders) Clear() { o.screen.Clear() }

// Restore restores the sort order and column widths of an earlier start.
func (o *Orders) Restore(s table.State) { o.screen.Restore(s) }

// Focus gives the table the focus.
func (o *Orders) Focus() { o.screen.Focus() }

// FocusIn gives the table the focus of a canvas that may not have been drawn yet.
func (o *Orders) FocusIn(c fyne.Canvas) { o.screen.FocusIn(c) }

// SetFilter shows only the orders that match.
func (o *Orders) SetFilter(text string) { o.screen.SetFilter(text) }

// Select clears the search, selects an order by id and reports whether it exists.
func (o *Orders) Select(id int64) bool {
	o.peers.ClearSearch()
	return o.screen.Select(id)
}

// SetLicenseData sets the data of the licenses of orders, by order id.
func (o *Orders) SetLicenseData(data map[int64]orders.LicenseData) { o.screen.SetLicenseData(data) }

// List returns the orders that are shown.
func (o *Orders) List() []api.Order { return o.list }

// Loaded reports whether orders are shown.
func (o *Orders) Loaded() bool { return o.loaded }

// Loading reports whether orders are being loaded.
func (o *Orders) Loading() bool { return o.loading.Busy() }

// NotCached reports whether the orders are not in the cache.
func (o *Orders) NotCached() bool { return o.unknown }

// CanAdd reports whether a program accepts serial numbers.
func (o *Orders) CanAdd() bool { return o.canAdd }

// Age returns the age of the orders in words, or "" if none are shown.
func (o *Orders) Age() string {
	if o.fetchedAt.IsZero() {
		return ""
	}
	return words.Age(o.fetchedAt, o.shell.Now())
}

// IsFirst reports whether an order is orders.First.
func (o *Orders) IsFirst(id int64) bool {
	first, ok := orders.First(o.list)
	return ok && first.ID == id
}

// ProgramName returns the name of an order's program, or the number of an unknown order.
func (o *Orders) ProgramName(order int64) string {
	for _, one := range o.list {
		if one.ID == order {
			return one.ProgramName
		}
	}
	return tr.T("order %d", order)
}

// Add shows a new order at once and selects it. The next load confirms it.
func (o *Orders) Add(order api.Order) {
	o.list = append([]api.Order{order}, o.list...)
	o.peers.ClearSearch()
	o.screen.SetOrders(o.list)
	o.screen.Select(order.ID)
}

// cachedOrders are orders from the cache; ok is false if it has none.
type cachedOrders struct {
	orders manager.Orders
	ok     bool
}

func (o *Orders) cached(ctx context.Context) (c cachedOrders, err error) {
	c.orders, c.ok, err = o.backend.CachedOrders(ctx)
	return c, err
}

// LoadCached shows the cached orders, unless those of the server are shown. It reads them after session is closed, or
// at once if it is nil. It sends the order that will be selected first to the returned channel and closes it.
func (o *Orders) LoadCached(session <-chan struct{}) <-chan api.Order {
	first := make(chan api.Order, 1)
	background.Run(o.loading, func(ctx context.Context) (c cachedOrders, err error) {
		defer close(first)
		if err := background.Wait(ctx, session); err != nil {
			return c, err
		}
		c, err = o.cached(ctx)
		if one, ok := orders.First(c.orders.Orders); ok {
			first <- one
		}
		return c, err
	}, func(c cachedOrders, err error) {
		o.peers.ShowResuming()
		if o.unknown = err != nil || !c.ok; !o.unknown && !o.loaded {
			o.show(c.orders)
			o.peers.RefreshNotices()
		}
	})
	return first
}

// Load shows the cached orders, if none are shown yet, and then those of the server.
func (o *Orders) Load() {
	o.shell.Status.SetWorking(tr.T("Loading orders…"))
	if o.loaded {
		o.fetch()
		return
	}
	background.Run(o.loading, o.cached, func(c cachedOrders, err error) {
		if o.unknown = err != nil || !c.ok; !o.unknown {
			o.show(c.orders)
		}
		o.fetch()
	})
}

// Reload loads the orders and then the licenses of all of them.
func (o *Orders) Reload() {
	o.stale = true
	o.Load()
}

// Refresh is like Reload, but does nothing while orders are being loaded or no account is signed in.
func (o *Orders) Refresh() {
	if o.peers.SignedIn() && !o.loading.Busy() {
		o.Reload()
	}
}

// Restored reloads everything after the server was restored from a backup, at once or after the load under way.
func (o *Orders) Restored() {
	o.stale = true
	if !o.loading.Busy() {
		o.Load()
	}
}

func (o *Orders) fetch() {
	background.Run(o.loading, o.backend.Orders, func(list manager.Orders, err error) {
		o.shell.Status.SetWorking("")
		if err != nil {
			o.peers.Failed(err)
			return
		}
		o.peers.Reached()
		o.show(list)
		o.peers.OrdersFetched()
	})
}

func (o *Orders) show(list manager.Orders) {
	o.list, o.loaded, o.fetchedAt, o.canAdd = list.Orders, true, list.FetchedAt, list.CanAddOrder
	o.screen.SetOrders(list.Orders)
	o.peers.OrdersShown()
}

// Index collects data of the licenses of all orders, for the search and the badge "This PC": from the server for up to
// maxIndexed orders, at first and after Reload, otherwise from the cache.
func (o *Orders) Index() {
	list, online := o.list, o.peers.Fault() == ""
	stale := o.stale && online
	if stale {
		o.stale = false
	}
	background.Run(o.indexing, func(ctx context.Context) (map[int64]orders.LicenseData, error) {
		return index(ctx, o.backend, list, online, stale), nil
	}, func(found map[int64]orders.LicenseData, _ error) {
		summaries := map[int64]OrderSummary{}
		shown := o.peers.ShownOrder()
		for _, one := range list {
			if k, ok := found[one.ID]; ok && one.ID != shown {
				summaries[one.ID] = OrderSummary{one.ProgramID, k.ThisPC}
			}
		}
		delete(found, shown)
		o.screen.SetLicenseData(found)
		o.peers.Indexed(summaries)
	})
}

// index collects the data of the licenses of orders. It stops if the server is not reached. Not on the UI thread.
func index(
	ctx context.Context, backend OrdersBackend, list []api.Order, online, stale bool,
) map[int64]orders.LicenseData {
	found := map[int64]orders.LicenseData{}
	requests := 0
	for _, o := range list {
		if !o.RequiresActivation {
			continue
		}
		rows, ok, err := backend.CachedLicenses(ctx, o.ID)
		if (err != nil || !ok || stale) && online && requests < maxIndexed {
			requests++
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
	return found
}

// summary returns the data of an order's licenses for the table of orders.
func summary(list []manager.License) orders.LicenseData {
	var k orders.LicenseData
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
