package presenter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/table"
)

// ordersBackend is an OrdersBackend in memory, with a server and a cache.
type ordersBackend struct {
	mu        sync.Mutex
	orders    []api.Order
	cached    []api.Order // nil: nothing is cached
	licenses  map[int64][]manager.License
	err       error // of every request to the server
	requested []int64
}

func (b *ordersBackend) Orders(context.Context) (manager.Orders, error) {
	return manager.Orders{Orders: b.orders, FetchedAt: start}, b.err
}

func (b *ordersBackend) CachedOrders(context.Context) (manager.Orders, bool, error) {
	return manager.Orders{Orders: b.cached, FetchedAt: start.Add(-3 * time.Hour), Cached: true}, b.cached != nil, nil
}

func (b *ordersBackend) Licenses(_ context.Context, order int64) (manager.Licenses, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requested = append(b.requested, order)
	return manager.Licenses{OrderID: order, Licenses: b.licenses[order]}, b.err
}

func (b *ordersBackend) CachedLicenses(_ context.Context, order int64) (manager.Licenses, bool, error) {
	return manager.Licenses{OrderID: order, Licenses: b.licenses[order], Cached: true}, b.cached != nil, nil
}

// ordersPeers records its calls.
type ordersPeers struct {
	*stage
	signedIn  bool
	fault     string
	shown     int64
	summaries map[int64]OrderSummary
}

func (p *ordersPeers) OpenOrder(o api.Order, ok bool) { p.call("open %d", o.ID) }
func (p *ordersPeers) UpdateOrder(o api.Order)        { p.call("update %d", o.ID) }
func (p *ordersPeers) StoreOrdersTable(table.State)   {}
func (p *ordersPeers) PointerMoved()                  {}
func (p *ordersPeers) Copy(string)                    {}
func (p *ordersPeers) ClearSearch()                   { p.call("clear search") }
func (p *ordersPeers) SignedIn() bool                 { return p.signedIn }
func (p *ordersPeers) Fault() string                  { return p.fault }
func (p *ordersPeers) ShowResuming()                  { p.call("session known") }
func (p *ordersPeers) OrdersShown()                   { p.call("shown") }
func (p *ordersPeers) RefreshNotices()                { p.call("notices") }
func (p *ordersPeers) Reached()                       { p.call("reached") }
func (p *ordersPeers) Failed(err error)               { p.call("failed: %v", err) }
func (p *ordersPeers) OrdersFetched()                 { p.call("fetched") }
func (p *ordersPeers) ShownOrder() int64              { return p.shown }
func (p *ordersPeers) Indexed(summaries map[int64]OrderSummary) {
	p.summaries = summaries
	p.call("indexed")
}

func newTestOrders(t *testing.T, b *ordersBackend) (*stage, *Orders, *ordersPeers) {
	t.Helper()
	s := newStage(t)
	peers := &ordersPeers{stage: s, signedIn: true}
	o := NewOrders(s.shell, b, peers)
	require.NoError(t, o.Draw())
	s.Window.SetContent(o.Object())
	return s, o, peers
}

func TestLoadKnown(t *testing.T) {
	b := &ordersBackend{cached: []api.Order{testOrder(1037), testOrder(1042)}}
	s, o, _ := newTestOrders(t, b)
	session := make(chan struct{})
	first := o.LoadCached(session)
	require.True(t, o.Loading())
	close(session)
	s.WaitUntil("the orders", o.Loaded)
	require.Equal(t, []string{"session known", "open 1042", "shown", "notices"}, s.calls)
	require.EqualValues(t, 1042, (<-first).ID, "the order that is selected first")
	require.Equal(t, "3 hours ago", o.Age())
	require.False(t, o.NotCached())
	require.True(t, o.IsFirst(1042))
	require.False(t, o.IsFirst(1037))
}

func TestLoadKnownWithoutCache(t *testing.T) {
	s, o, _ := newTestOrders(t, &ordersBackend{})
	first := o.LoadCached(nil)
	s.WaitUntil("the answer", o.NotCached)
	require.False(t, o.Loaded())
	_, ok := <-first
	require.False(t, ok)
	require.Empty(t, o.Age())
	require.False(t, o.IsFirst(0))
}

func TestLoadOrders(t *testing.T) {
	b := &ordersBackend{cached: []api.Order{testOrder(1037)}, orders: []api.Order{testOrder(1037), testOrder(1042)}}
	s, o, _ := newTestOrders(t, b)
	o.Load()
	s.WaitUntil("the server's", func() bool { return s.called("fetched") })
	require.Equal(t, []string{"open 1037", "shown", "reached", "update 1037", "shown", "fetched"}, s.calls)
	require.Len(t, o.List(), 2)
	require.Equal(t, "Lumen Studio 7", o.ProgramName(1042))
	require.Equal(t, "order 1", o.ProgramName(1))

	o.Reset()
	o.Clear()
	require.False(t, o.Loaded())
	require.Empty(t, o.List())
	require.False(t, s.Shows("1042"))
}

func TestLoadOrdersFails(t *testing.T) {
	b := &ordersBackend{cached: []api.Order{testOrder(1037)}, err: errors.New("broken")}
	s, o, _ := newTestOrders(t, b)
	o.Load()
	s.WaitUntil("the failure", func() bool { return s.called("failed: broken") })
	require.True(t, o.Loaded())
	require.False(t, s.called("reached"))
}

func TestRefreshDuringLoad(t *testing.T) {
	_, o, peers := newTestOrders(t, &ordersBackend{})
	peers.signedIn = false
	o.Refresh()
	require.False(t, o.Loading(), "nobody is signed in")
	peers.signedIn = true
	o.Refresh()
	require.True(t, o.Loading())
	o.stale = false
	o.Refresh()
	require.False(t, o.stale, "it is being loaded")
	o.Restored()
	require.True(t, o.stale, "what is loaded now may be of before")
}

func TestAddOrder(t *testing.T) {
	b := &ordersBackend{orders: []api.Order{testOrder(1042)}}
	s, o, _ := newTestOrders(t, b)
	o.Load()
	s.WaitUntil("the orders", func() bool { return s.called("fetched") })
	o.Add(testOrder(1050))
	require.True(t, s.called("open 1050"))
	require.True(t, s.called("clear search"))
	require.True(t, s.Shows("1050"))
	require.True(t, o.Select(1042))
	require.False(t, o.Select(1))
}

func TestIndexLimit(t *testing.T) {
	fonts := testOrder(1)
	fonts.RequiresActivation = false
	here := testLicense(5, 1001, "Studio PC")
	here.ThisPC = true
	b := &ordersBackend{cached: []api.Order{}, licenses: map[int64][]manager.License{1001: {here}}}
	list := []api.Order{fonts}
	for i := range maxIndexed + 3 {
		list = append(list, testOrder(int64(1000+i)))
	}
	found := index(t.Context(), b, list, true, true)
	require.Len(t, b.requested, maxIndexed)
	require.Len(t, found, maxIndexed+3, "the others as they were known")
	require.NotContains(t, found, int64(1))
	require.True(t, found[1001].ThisPC)
	require.Contains(t, found[1001].Text, "Studio PC")

	b.requested = nil
	index(t.Context(), b, list, true, false)
	require.Empty(t, b.requested, "what is known is enough")
	b.cached = nil
	index(t.Context(), b, list, false, true)
	require.Empty(t, b.requested, "there is no connection")
	b.err = fmt.Errorf("request: %w", unreachable)
	index(t.Context(), b, list, true, true)
	require.Len(t, b.requested, 1, "the next one would fail, too")
}

func TestIndexOwners(t *testing.T) {
	here := testLicense(5, 1037, "Studio PC")
	here.ThisPC = true
	b := &ordersBackend{
		orders:   []api.Order{testOrder(1042), testOrder(1037)},
		licenses: map[int64][]manager.License{1037: {here}},
	}
	s, o, peers := newTestOrders(t, b)
	peers.shown = 1042
	o.Load()
	s.WaitUntil("the orders", func() bool { return s.called("fetched") })
	o.Index()
	s.WaitUntil("the index", func() bool { return s.called("indexed") })
	require.Equal(t, map[int64]OrderSummary{1037: {Program: 1, ThisPC: true}}, peers.summaries,
		"the shown order tells for itself")
	require.False(t, o.stale)
	o.SetFilter("studio pc")
	require.True(t, s.Shows("1037"))
	require.False(t, s.Shows("1042"))
}
