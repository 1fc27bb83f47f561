package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/presenter"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/orders"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/screens/statusbar"
	"github.com/acen-desktop/acen/ui/screens/toolbar"
	"github.com/acen-desktop/acen/ui/text/words"
)

// peers connects the presenters, which do not import each other: it implements the interfaces that they declare for
// what they need from others. Its methods belong to the UI thread.
type peers struct{ *Window }

var (
	_ toolbar.Actions           = peers{}
	_ presenter.StatusPeers     = peers{}
	_ presenter.ConnectionPeers = peers{}
	_ presenter.NoticesPeers    = peers{}
	_ presenter.SessionPeers    = peers{}
	_ presenter.OrdersPeers     = peers{}
	_ presenter.LicensesPeers   = peers{}
	_ presenter.ThisPCPeers     = peers{}
	_ presenter.JobsPeers       = peers{}
	_ presenter.TasksPeers      = peers{}
	_ presenter.AccountsPeers   = peers{}
	_ presenter.CarryPeers      = peers{}
)

// Session and accounts.

func (p peers) Account() manager.Account                     { return p.session.Account() }
func (p peers) SignedIn() bool                               { return p.session.SignedIn() }
func (p peers) Resuming() bool                               { return p.session.Resuming() }
func (p peers) AccountName(id int64) string                  { return p.session.AccountName(id) }
func (p peers) LoadAccounts()                                { p.session.LoadAccounts() }
func (p peers) ShowResuming()                                { p.session.ShowResuming() }
func (p peers) ShowAccount(a manager.Account, warning error) { p.session.ShowAccount(a, warning) }
func (p peers) SessionExpired(err error)                     { p.session.Expired(err) }
func (p peers) SignInTo(server string)                       { p.session.SignInTo(server) }
func (p peers) SwitchToJobs()                                { p.session.SwitchToJobs() }
func (p peers) ForgotPassword(server string)                 { p.accounts.ForgotPassword(server) }
func (p peers) NewAccount(server string)                     { p.accounts.NewAccount(server) }
func (p peers) Registered(server, username string)           { p.session.Fill(server, username); p.FocusFirst() }
func (p peers) ShowsAccount() bool {
	return p.SignedIn() || p.Resuming() && p.orders.Loaded()
}
func (p peers) AccountChanged() { p.refreshToolbar() }
func (p peers) LoadTables()     { p.orders.Load(); p.carry.ShowPending() }
func (p peers) SessionEnded()   { p.carry.SessionEnded() }

// Reset cancels all work for the account, and then clears the screens.
func (p peers) Reset() {
	p.session.Reset()
	p.connection.Reset()
	p.orders.Reset()
	p.licenses.Reset()
	p.thisPC.Reset()
	p.jobs.Reset()
	p.tasks.Reset()
	p.vendor.Reset()
	p.shell.Files.Cancel()
	p.shell.Requests.Cancel()

	p.shell.Status.SetWorking("")
	p.ClearSearch()
	p.orders.Clear()
	p.licenses.Clear()
}

// Tables.

func (p peers) OpenOrder(o api.Order, ok bool)                   { p.licenses.Open(o, ok, p.orders.IsFirst(o.ID)) }
func (p peers) UpdateOrder(o api.Order)                          { p.licenses.Update(o) }
func (p peers) AddOrder(o api.Order)                             { p.orders.Add(o) }
func (p peers) ShowOrder(o api.Order)                            { p.orders.Select(o.ID) }
func (p peers) ShownOrder() int64                                { return p.licenses.Content().Order.ID }
func (p peers) ProgramName(orderID int64) string                 { return p.orders.ProgramName(orderID) }
func (p peers) SetLicenseData(data map[int64]orders.LicenseData) { p.orders.SetLicenseData(data) }
func (p peers) Content() licenses.Content                        { return p.licenses.Content() }
func (p peers) LicensedOrder(program int64) int64                { return p.licenses.LicensedOrder(program) }
func (p peers) PutLicense(replaced int64, l manager.License)     { p.licenses.Put(replaced, l) }
func (p peers) RemoveLicense(id int64)                           { p.licenses.Remove(id) }
func (p peers) RetryLicenses()                                   { p.licenses.Load() }
func (p peers) ShowEnded(bool)                                   { p.licenses.Load() }
func (p peers) ShowHistory(o api.Order)                          { p.licenses.ShowHistory(o) }
func (p peers) StoreOrdersTable(s table.State)                   { p.state.setTable(ordersTable, s) }
func (p peers) StoreLicensesTable(merged bool, s table.State) {
	p.state.setTable(licensesTable(merged), s)
}
func (p peers) Copy(text string)   { p.shell.Copy(text) }
func (p peers) Refresh()           { p.orders.Refresh() }
func (p peers) Search(text string) { p.orders.SetFilter(text); p.licenses.SetFilter(text) }
func (p peers) ClearSearch()       { p.toolbar.ClearSearch() }
func (p peers) FocusOrders()       { p.orders.Focus() }

// ShowLicense selects a license and its order.
func (p peers) ShowLicense(o api.Order, l manager.License) {
	if p.orders.Select(o.ID) {
		p.licenses.Select(l.ID)
	}
}

// OrdersShown updates what depends on the orders.
func (p peers) OrdersShown() {
	p.refreshToolbar()
	p.takeFocus()
	p.shell.Status.Refresh()
}

// OrdersFetched starts the requests that follow the first one for orders.
func (p peers) OrdersFetched() {
	p.notices.Refresh()
	p.licenses.Load()
	p.orders.Index()
	p.jobs.Resume()
}

// Indexed updates what depends on the licenses of all orders.
func (p peers) Indexed(summaries map[int64]presenter.OrderSummary) {
	p.licenses.SetSummaries(summaries)
	p.thisPC.Find()
}

// The connection.

func (p peers) Fault() string         { return p.connection.Fault() }
func (p peers) Reached()              { p.connection.Reached() }
func (p peers) Failed(err error)      { p.connection.Failed(err) }
func (p peers) ConnectionLost()       { p.notices.Refresh(); p.shell.Status.Refresh() }
func (p peers) Examine(server string) { p.connection.Examine(server) }

// WorkOffline loads what the tables need from the cache.
func (p peers) WorkOffline() {
	if p.orders.Loaded() {
		p.orders.Index()
		p.jobs.Load()
	}
}

// Notices and the status bar.

func (p peers) CollectNotices()           { p.notices.Collect() }
func (p peers) ShowDismissedNotices()     { p.notices.ShowDismissed() }
func (p peers) RefreshNotices()           { p.notices.Refresh() }
func (p peers) Notify(m dialogs.Message)  { p.notices.Notify(m) }
func (p peers) Offers() []presenter.Offer { return p.thisPC.Offers() }
func (p peers) TablesShown() bool         { return p.frame.showsTables() }
func (p peers) PointerMoved()             { p.notices.PointerMoved() }

// Offline returns the banner about the lost connection, and false if there is none.
func (p peers) Offline() (presenter.Banner, bool) {
	if !p.SignedIn() {
		return presenter.Banner{}, false
	}
	return p.connection.Banner(words.Host(p.Account().Server), p.orders.Age())
}

// Facts returns the state that the status bar shows.
func (p peers) Facts() statusbar.Facts {
	age := p.orders.Age()
	return statusbar.Facts{
		Server:    words.Host(p.Account().Server),
		Failed:    p.Fault() != "",
		Connected: p.SignedIn() && age != "",
		Age:       age,
		Jobs:      p.jobs.Text(),
		OtherJobs: p.session.OtherJobs(),
		Notices:   p.notices.HiddenText(),
	}
}

// This PC, tasks and dialogs.

func (p peers) Marks() (bringBacks, keptCodes map[int64]bool) { return p.thisPC.Marks() }
func (p peers) MarksChanged()                                 { p.licenses.Refresh() }
func (p peers) FindThisPCLicenses()                           { p.thisPC.Find() }
func (p peers) ShowRemovalCodes()                             { p.thisPC.ShowRemovalCodes() }
func (p peers) RemovalOptions() removalcode.Options           { return p.thisPC.RemovalOptions() }
func (p peers) Do(action actions.ID, s actions.Subject)       { p.tasks.Do(action, s) }
func (p peers) VendorAddress() string                         { return p.vendor.Address() }
func (p peers) LoadVendorAddress()                            { p.vendor.LoadAddress() }
func (p peers) ContactVendor(subject, text string)            { p.vendor.Contact(subject, text) }
func (p peers) NoNetwork()                                    { p.carry.Home() }
func (p peers) ShowJobs()                                     { p.jobs.Show() }
func (p peers) SetJobs(all []manager.Job)                     { p.jobs.SetAll(all) }

// NewOrder opens the dialog for a new order, if a program accepts serial numbers.
func (p peers) NewOrder() {
	if p.orders.CanAdd() {
		p.accounts.NewOrder()
	}
}

// RefreshAfterJob shows what a job has changed on this PC while the server was unreachable.
func (p peers) RefreshAfterJob(job manager.Job) {
	p.licenses.ReloadCached(job.OrderID)
	p.thisPC.Find()
}

// Screens and the focus.

// ShowTables shows the tables instead of the sign-in screen.
func (p peers) ShowTables() {
	p.showTables()
	p.notices.Show()
}

// ShowSignIn shows the sign-in screen instead of the tables.
func (p peers) ShowSignIn(screen fyne.CanvasObject) {
	p.frame.show(screen)
	p.notices.Show()
	p.FocusFirst()
}

// FocusFirst focuses the first empty field of the sign-in screen, or the orders, already in the first frame. While a
// dialog is open, each tick retries.
func (p peers) FocusFirst() {
	p.wantsFocus = true
	if !p.frame.showsTables() {
		p.session.Focus()
	}
	p.takeFocus()
}

func (p peers) OpenMenu()                                    { p.toolbar.OpenMenu() }
func (p peers) AccountMenu() *fyne.Menu                      { return p.accountMenu() }
func (p peers) TypedKey(e *fyne.KeyEvent) bool               { return p.typedKey(e) }
func (p peers) TypedShortcut(s *desktop.CustomShortcut) bool { return p.typedShortcut(s) }
