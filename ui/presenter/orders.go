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

// maxIndexed limits of how many orders the licenses are requested one after the other, only for the search.
const maxIndexed = 50

// OrdersBackend is what the license manager knows of orders. All methods may block.
type OrdersBackend interface {
	Orders(ctx context.Context) (manager.Orders, error)
	CachedOrders(ctx context.Context) (manager.Orders, bool, error)
	Licenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	CachedLicenses(ctx context.Context, orderID int64) (manager.Licenses, bool, error)
}

// OrdersPeers is what the table of orders needs of the other presenters.
type OrdersPeers interface {
	orders.Actions
	SignedIn() bool
	// Fault says why the server was not reached at the latest attempt, or "".
	Fault() string
	// SessionKnown shows whose tables are read.
	SessionKnown()
	// OrdersShown shows what depends on the orders: toolbar, status bar, focus.
	OrdersShown()
	RefreshNotices()
	// Reached tells that the server answered, Failed that a request failed.
	Reached()
	Failed(err error)
	// OrdersFetched goes on with what is asked of the server after its orders are shown.
	OrdersFetched()
	// ShownOrder returns the id of the order whose licenses are shown, or 0.
	ShownOrder() int64
	// Indexed tells of orders, by id, what their licenses told.
	Indexed(owners map[int64]Owner)
	ClearSearch()
}

// Owner tells of an order whether this PC has a license of it.
type Owner struct {
	Program int64
	ThisPC  bool
}

// Orders presents the table of orders.
type Orders struct {
	shell     *Shell
	backend   OrdersBackend
	peers     OrdersPeers
	screen    *orders.Screen
	loading   *background.Slot
	indexing  *background.Slot
	list      []api.Order
	fetchedAt time.Time // zero when no orders are shown
	loaded    bool      // orders are shown
	unknown   bool      // orders are not known from an earlier time
	canAdd    bool      // a program accepts serial numbers
	stale     bool      // the licenses of all orders are to be requested again
}

// NewOrders returns the presenter of no orders. UI thread.
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

// Draw makes the table. It fails when the table is defined wrongly, a fault of the program. UI thread, before a result of
// other methods comes back.
func (o *Orders) Draw() (err error) {
	o.screen, err = orders.New(orders.Options{Now: o.shell.Now, Actions: o.peers})
	return err
}

// Object is what is put into the window.
func (o *Orders) Object() fyne.CanvasObject { return o.screen.Object() }

// Leave forgets the orders and ends their loading. The table stays until Clear.
func (o *Orders) Leave() {
	o.loading.Cancel()
	o.indexing.Cancel()
	o.list, o.fetchedAt, o.loaded, o.unknown, o.canAdd, o.stale = nil, time.Time{}, false, false, false, true
}

// Clear empties the table.
func (o *Orders) Clear() { o.screen.Clear() }

// Restore applies the sort and the widths of an earlier start.
func (o *Orders) Restore(s table.State) { o.screen.Restore(s) }

// Focus gives the table the keyboard.
func (o *Orders) Focus() { o.screen.Focus() }

// FocusIn gives the table the keyboard of a canvas that may not have been drawn yet.
func (o *Orders) FocusIn(c fyne.Canvas) { o.screen.FocusIn(c) }

// SetFilter shows only the orders that match.
func (o *Orders) SetFilter(text string) { o.screen.SetFilter(text) }

// Select selects an order, whatever is searched for; it reports whether there is one with that id.
func (o *Orders) Select(id int64) bool {
	o.peers.ClearSearch()
	return o.screen.Select(id)
}

// SetKnown tells what is known of the licenses of orders, by id.
func (o *Orders) SetKnown(known map[int64]orders.Known) { o.screen.SetKnown(known) }

// List returns the orders that are shown.
func (o *Orders) List() []api.Order { return o.list }

// Loaded reports whether orders are shown.
func (o *Orders) Loaded() bool { return o.loaded }

// Loading reports whether orders are being loaded.
func (o *Orders) Loading() bool { return o.loading.Busy() }

// Unknown reports whether orders were looked for in the cache in vain.
func (o *Orders) Unknown() bool { return o.unknown }

// CanAdd reports whether a program accepts serial numbers.
func (o *Orders) CanAdd() bool { return o.canAdd }

// Age says how old the shown orders are; "" when none are shown.
func (o *Orders) Age() string {
	if o.fetchedAt.IsZero() {
		return ""
	}
	return words.Age(o.fetchedAt, o.shell.Now())
}

// IsFirst reports whether an order is the one that is selected first.
func (o *Orders) IsFirst(id int64) bool {
	first, ok := orders.First(o.list)
	return ok && first.ID == id
}

// ProgramName names the program of an order, or the order where it is not known.
func (o *Orders) ProgramName(order int64) string {
	for _, one := range o.list {
		if one.ID == order {
			return one.ProgramName
		}
	}
	return tr.T("order %d", order)
}

// Add shows a new order and selects it; the table follows when the server has been asked.
func (o *Orders) Add(order api.Order) {
	o.list = append([]api.Order{order}, o.list...)
	o.peers.ClearSearch()
	o.screen.SetOrders(o.list)
	o.screen.Select(order.ID)
}

// cachedOrders are orders from an earlier time.
type cachedOrders struct {
	orders manager.Orders
	ok     bool
}

func (o *Orders) cached(ctx context.Context) (c cachedOrders, err error) {
	c.orders, c.ok, err = o.backend.CachedOrders(ctx)
	return c, err
}

// LoadKnown shows the orders of an earlier time, while the server has not answered. It reads them when session is closed; nil
// is that now. The order that will be selected first is sent to the returned channel, which is closed then.
func (o *Orders) LoadKnown(session <-chan struct{}) <-chan api.Order {
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
		o.peers.SessionKnown()
		if o.unknown = err != nil || !c.ok; !o.unknown && !o.loaded {
			o.show(c.orders)
			o.peers.RefreshNotices()
		}
	})
	return first
}

// Load shows the last known orders, if none are shown yet, and then those of the server.
func (o *Orders) Load() {
	o.shell.Status.Working(tr.T("Loading orders…"))
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

// Reload loads the orders, and then the licenses of all of them again.
func (o *Orders) Reload() {
	o.stale = true
	o.Load()
}

// Refresh is Reload, unless orders are being loaded or nobody is signed in.
func (o *Orders) Refresh() {
	if o.peers.SignedIn() && !o.loading.Busy() {
		o.Reload()
	}
}

// Restored loads everything again after the server went back to an earlier state: at once or after what is being loaded.
func (o *Orders) Restored() {
	o.stale = true
	if !o.loading.Busy() {
		o.Load()
	}
}

func (o *Orders) fetch() {
	background.Run(o.loading, o.backend.Orders, func(list manager.Orders, err error) {
		o.shell.Status.Working("")
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

// Index learns of the licenses of all orders, so that the search finds them and this PC's licenses are known in all orders:
// from the server at first and after Reload, up to maxIndexed orders, else from the cache.
func (o *Orders) Index() {
	list, online := o.list, o.peers.Fault() == ""
	stale := o.stale && online
	if stale {
		o.stale = false
	}
	background.Run(o.indexing, func(ctx context.Context) (map[int64]orders.Known, error) {
		return index(ctx, o.backend, list, online, stale), nil
	}, func(found map[int64]orders.Known, _ error) {
		owners := map[int64]Owner{}
		shown := o.peers.ShownOrder()
		for _, one := range list {
			if k, ok := found[one.ID]; ok && one.ID != shown {
				owners[one.ID] = Owner{one.ProgramID, k.ThisPC}
			}
		}
		delete(found, shown)
		o.screen.SetKnown(found)
		o.peers.Indexed(owners)
	})
}

// index collects what the table needs to know of the licenses of orders, until the server is not reached. Not on the UI thread.
func index(ctx context.Context, backend OrdersBackend, list []api.Order, online, stale bool) map[int64]orders.Known {
	found := map[int64]orders.Known{}
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
