package presenter

import (
	"context"
	"sync"
	"testing"

	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/orders"
)

// licensesBackend is a LicensesBackend in memory, with a server and a cache.
type licensesBackend struct {
	mu        sync.Mutex
	licenses  map[int64][]manager.License
	cached    map[int64][]manager.License
	release   map[int64]chan struct{} // requests wait until the channel is closed
	err       error
	requested []int64
	history   int
}

func (b *licensesBackend) Licenses(ctx context.Context, order int64) (manager.Licenses, error) {
	b.mu.Lock()
	b.requested = append(b.requested, order)
	list, err := b.licenses[order], b.err
	b.mu.Unlock()
	if release, ok := b.release[order]; ok {
		select {
		case <-release:
		case <-ctx.Done():
			return manager.Licenses{}, ctx.Err()
		}
	}
	return manager.Licenses{OrderID: order, Licenses: list}, err
}

func (b *licensesBackend) CachedLicenses(_ context.Context, order int64) (manager.Licenses, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, ok := b.cached[order]
	return manager.Licenses{OrderID: order, Licenses: list, Cached: true}, ok, nil
}

func (b *licensesBackend) AllLicenses(ctx context.Context, order int64) (manager.Licenses, error) {
	all, err := b.Licenses(ctx, order)
	ended := testLicense(99, order, "Old PC")
	ended.Status = api.StatusRemoved
	all.Licenses = append(all.Licenses, ended)
	return all, err
}

func (b *licensesBackend) Program(_ context.Context, id int64) (api.Program, error) {
	return api.Program{ID: id, Name: "Lumen Studio 7", RequiresActivation: true}, nil
}

func (b *licensesBackend) CachedProgram(ctx context.Context, id int64) (api.Program, error) {
	return b.Program(ctx, id)
}

func (b *licensesBackend) History(context.Context, int64) ([]api.HistoryEntry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.history++
	return nil, nil
}

func (b *licensesBackend) RecheckThisPC(context.Context, manager.License) (license.Comparison, error) {
	return license.Comparison{}, nil
}

func (b *licensesBackend) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// licensesPeers records its calls.
type licensesPeers struct {
	*stage
	resuming   bool
	bringBacks map[int64]bool
	data       map[int64]orders.LicenseData
}

func (p *licensesPeers) Do(actions.ID, actions.Subject)                   {}
func (p *licensesPeers) RetryLicenses()                                   { p.call("retry") }
func (p *licensesPeers) ShowEnded(bool)                                   {}
func (p *licensesPeers) ShowHistory(api.Order)                            {}
func (p *licensesPeers) ShowRemovalCodes()                                {}
func (p *licensesPeers) ShowJobs()                                        {}
func (p *licensesPeers) StoreLicensesTable(bool, table.State)             {}
func (p *licensesPeers) PointerMoved()                                    {}
func (p *licensesPeers) Copy(string)                                      {}
func (p *licensesPeers) ClearSearch()                                     { p.call("clear search") }
func (p *licensesPeers) Resuming() bool                                   { return p.resuming }
func (p *licensesPeers) Failed(err error)                                 { p.call("failed") }
func (p *licensesPeers) Marks() (bringBacks, keptCodes map[int64]bool)    { return p.bringBacks, nil }
func (p *licensesPeers) SetLicenseData(data map[int64]orders.LicenseData) { p.data = data }
func (p *licensesPeers) FindThisPCLicenses()                              { p.call("find") }

func newTestLicenses(t *testing.T) (*stage, *Licenses, *licensesBackend, *licensesPeers) {
	t.Helper()
	s := newStage(t)
	b := &licensesBackend{
		licenses: map[int64][]manager.License{
			1042: {testLicense(1, 1042, "Studio PC"), testLicense(2, 1042, "Laptop")},
			1037: {testLicense(3, 1037, "Office")},
		},
		cached:  map[int64][]manager.License{},
		release: map[int64]chan struct{}{},
	}
	peers := &licensesPeers{stage: s}
	p := NewLicenses(s.shell, b, peers)
	require.NoError(t, p.Draw())
	s.Window.SetContent(container.NewHSplit(p.Object(), p.DetailsObject()))
	return s, p, b, peers
}

func TestOpenOrder(t *testing.T) {
	s, p, b, peers := newTestLicenses(t)
	p.Open(testOrder(1042), true, false)
	s.WaitFor("Studio PC")
	require.True(t, p.NotCached(), "they were not known before")
	require.Contains(t, peers.data[1042].Text, "Laptop")
	require.True(t, s.called("find"))
	s.WaitUntil("the history", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.history == 1 })
	s.WaitUntil("the comparison", p.Complete)
	p.Open(api.Order{}, false, false)
	require.True(t, s.Shows("Select an order above to see its licenses."))
	require.Zero(t, p.Content().Order.ID)
}

func TestLateAnswerIsDropped(t *testing.T) {
	s, p, b, _ := newTestLicenses(t)
	b.release[1037] = make(chan struct{})
	p.Open(testOrder(1037), true, false)
	s.WaitUntil("the request", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.requested) == 1 })
	p.Open(testOrder(1042), true, false)
	s.WaitFor("Studio PC")
	close(b.release[1037])
	s.RunQueued()
	require.False(t, s.Shows("Office"))
}

func TestPrefetch(t *testing.T) {
	for _, test := range []struct {
		name     string
		selected int64
		want     string
	}{
		{"the first order", 1042, "Studio PC"},
		{"another one", 1037, "Office"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, p, b, peers := newTestLicenses(t)
			b.cached = b.licenses
			peers.resuming = true
			first := make(chan api.Order, 1)
			p.Prefetch(first)
			p.Open(testOrder(test.selected), true, true)
			first <- testOrder(1042)
			close(first)
			s.WaitFor(test.want)
			s.RunQueued()
			require.Equal(t, test.selected, p.Content().Order.ID)
			require.Equal(t, test.selected, p.Content().Licenses[0].OrderID)
			require.Empty(t, b.requested, "the session is not there yet")
		})
	}
}

func TestCachedLicensesOffline(t *testing.T) {
	s, p, b, _ := newTestLicenses(t)
	b.cached[1042] = []manager.License{testLicense(1, 1042, "Studio PC")}
	b.err = unreachable
	p.Open(testOrder(1042), true, false)
	s.WaitFor("Studio PC")
	left := testLicense(1, 1042, "Studio PC")
	left.LeftThisPC, left.JobOpen = true, true
	b.change(func() { b.cached[1042] = []manager.License{left} })
	p.ReloadCached(1037)
	require.False(t, p.loading.Busy() && p.Content().Licenses[0].LeftThisPC, "another order")
	p.ReloadCached(1042)
	s.WaitFor("Left this PC")
	require.False(t, s.called("failed"))
}

func TestLoadLicensesFails(t *testing.T) {
	s, p, b, _ := newTestLicenses(t)
	b.err = unreachable
	p.Open(testOrder(1042), true, false)
	s.WaitFor("There is no connection to the license server.")
	s.Press("Try again")
	require.True(t, s.called("retry"))
	b.change(func() { b.err = manager.ErrSignedOut })
	p.Load()
	s.WaitUntil("the end of the session", func() bool { return s.called("failed") })
}

func TestPutAndRemove(t *testing.T) {
	s, p, _, _ := newTestLicenses(t)
	p.Open(testOrder(1042), true, false)
	s.WaitFor("Studio PC")
	ids := func() (list []int64) {
		for _, l := range p.Content().Licenses {
			list = append(list, l.ID)
		}
		return list
	}
	p.Put(1, testLicense(7, 1042, "New PC"))
	require.Equal(t, []int64{2, 7}, ids(), "it took the place of another one")
	selected, ok := p.Subject()
	require.True(t, ok)
	require.EqualValues(t, 7, selected.License.ID)
	p.Put(0, testLicense(2, 1042, "Renamed"))
	require.Equal(t, []int64{2, 7}, ids())
	require.True(t, s.Shows("Renamed"))
	p.Put(0, testLicense(8, 1037, "Elsewhere"))
	require.Equal(t, []int64{2, 7}, ids(), "of another order")
	p.Remove(2)
	require.Equal(t, []int64{7}, ids())
	require.False(t, s.Shows("Renamed"))
}

func TestSelectLicense(t *testing.T) {
	s, p, _, _ := newTestLicenses(t)
	p.Open(testOrder(1042), true, false)
	p.Select(2)
	s.WaitFor("Laptop")
	selected, _ := p.Subject()
	require.EqualValues(t, 2, selected.License.ID)
	require.EqualValues(t, 1042, selected.Order.ID)
	p.Select(77)
	p.Reset()
	require.Zero(t, p.selectID)
}

func TestLicensedOrder(t *testing.T) {
	s, p, _, _ := newTestLicenses(t)
	p.Open(testOrder(1042), true, false)
	s.WaitFor("Studio PC")
	require.Zero(t, p.LicensedOrder(1))
	p.SetSummaries(map[int64]OrderSummary{
		1037: {Program: 1, ThisPC: true},
		1050: {Program: 2, ThisPC: true},
		1060: {Program: 1},
	})
	require.EqualValues(t, 1037, p.LicensedOrder(1))
	require.EqualValues(t, 1037, p.Content().OtherLicensedOrder)
	require.True(t, s.Shows("licensed in order 1037"))
	changed := testOrder(1042)
	changed.LicensesActivated = 5
	p.Update(changed)
	require.Equal(t, changed, p.Content().Order)
}
