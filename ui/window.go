// Package ui is the window. It composes the presenters and connects them with each other. Presenters (ui/presenter)
// handle clicks, ui/screens draws the screens, ui/kit contains general widgets, and ui/text contains texts.
//
// Unless its comment says otherwise, a function belongs to the UI thread. Blocking calls run through package
// background.
package ui

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/assets"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/presenter"
	"github.com/acen-desktop/acen/ui/screens/carry"
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/screens/toolbar"
)

// Backend is the part of *manager.Manager that the window uses. Its methods may block and are called off the UI thread,
// except Current, Notices, Calendar, DoctorReport and Subscribe, which do not block.
type Backend interface {
	presenter.SessionBackend
	presenter.OrdersBackend
	presenter.LicensesBackend
	presenter.ThisPCBackend
	presenter.JobsBackend
	presenter.TasksBackend
	presenter.AccountsBackend
	presenter.VendorBackend
	carry.Backend
	doctor.Examiner

	Notices() []manager.Notice
	Subscribe(func(manager.Event)) (cancel func())
}

var _ Backend = (*manager.Manager)(nil)

// Options of a Window.
type Options struct {
	Backend Backend
	// Opener opens mails, sounds and printable pages with the person's programs.
	Opener presenter.Opener
	// Do runs a function on the UI thread without waiting, as fyne.Do does.
	Do func(func())
	// Now returns the current time in the time zone in which dates are shown.
	Now func() time.Time
	// After is time.After. Show waits with it, at most maxFrameDelay, for the cached tables, so that the first frame
	// shows them. nil: Show does not wait.
	After func(time.Duration) <-chan time.Time
	// Ticks receives about every second, to update the ages on the screen.
	Ticks <-chan time.Time
	// Documents receives the content of files, pictures and links that this or a second start was given. Empty content
	// raises the window. Optional.
	Documents <-chan []byte
	// Folders receives the paths of folders that this or a second start was given. Optional.
	Folders <-chan string
	// OpenErrors receives errors about files that the system asked the running app to open. Optional.
	OpenErrors <-chan error
	// Version is the version of the app.
	Version string
	// DeviceName is the name of this PC.
	DeviceName string
	// Server and Username fill the sign-in screen if no account is known. Hint is shown below them.
	Server, Username, Hint string
}

const (
	title = "ACEN Desktop"

	// maxFrameDelay limits how long the first frame waits for the cached tables.
	maxFrameDelay = 400 * time.Millisecond

	// maxTickGap is the maximum time between two ticks of a PC that is awake.
	maxTickGap = 2 * time.Minute
)

// Window is the main window.
type Window struct {
	presenters
	options     Options
	shell       *presenter.Shell
	gate        *background.Gate
	toolbar     *toolbar.Bar
	frame       *frame
	state       *windowState
	unsubscribe func()
	shown       chan struct{} // closed when the first frame has been drawn
	closed      chan struct{} // closed by Shutdown
	wantsFocus  bool          // the focus has to be set
	lastTick    time.Time
}

// presenters holds the presenters of a window.
type presenters struct {
	session    *presenter.Session
	accounts   *presenter.Accounts
	orders     *presenter.Orders
	licenses   *presenter.Licenses
	thisPC     *presenter.ThisPC
	tasks      *presenter.Tasks
	jobs       *presenter.Jobs
	carry      *presenter.Carry
	vendor     *presenter.Vendor
	connection *presenter.Connection
	notices    *presenter.Notices
}

// New returns a window that is not shown yet, and starts to resume the last remembered session. An error means a bug in
// the definition of a screen. UI thread.
func New(app fyne.App, o Options) (*Window, error) {
	app.Settings().SetTheme(theme.New())
	app.SetIcon(fyne.NewStaticResource("acen.png", assets.WindowIcon)) // also the icon of its windows
	w := &Window{
		options: o,
		gate:    background.NewGate(o.Do),
		shown:   make(chan struct{}),
		closed:  make(chan struct{}),
	}
	w.shell = newShell(app, app.NewWindow(title), o, w)
	w.presenters = newPresenters(w.shell, o, peers{w})
	w.load()
	if err := w.draw(); err != nil {
		return nil, err
	}
	return w, nil
}

func newShell(app fyne.App, window fyne.Window, o Options, w *Window) *presenter.Shell {
	work := background.NewGroup(context.Background(), w.gate.Do)
	status := presenter.NewStatus(o.Now, peers{w})
	return &presenter.Shell{
		App:        app,
		Window:     window,
		Dialogs:    dialogs.New(window),
		Work:       work,
		Status:     status,
		Files:      presenter.NewFiles(window, work, status),
		Opener:     o.Opener,
		Now:        o.Now,
		Requests:   work.NewSlot(),
		DeviceName: o.DeviceName,
	}
}

func newPresenters(shell *presenter.Shell, o Options, p peers) presenters {
	start := presenter.SignInDefaults{Server: o.Server, Username: o.Username, Hint: o.Hint}
	return presenters{
		session:    presenter.NewSession(shell, o.Backend, start, p),
		accounts:   presenter.NewAccounts(shell, o.Backend, p),
		orders:     presenter.NewOrders(shell, o.Backend, p),
		licenses:   presenter.NewLicenses(shell, o.Backend, p),
		thisPC:     presenter.NewThisPC(shell, o.Backend, p),
		tasks:      presenter.NewTasks(shell, o.Backend, p),
		jobs:       presenter.NewJobs(shell, o.Backend, p),
		carry:      presenter.NewCarry(shell, o.Backend, p),
		vendor:     presenter.NewVendor(shell, o.Backend, p.RefreshNotices),
		connection: presenter.NewConnection(shell, o.Backend, p),
		notices:    presenter.NewNotices(shell, o.Backend.Notices, p),
	}
}

// load starts to resume the session and to read the cached tables, while the screens are created. Their results wait in
// the gate until Show.
func (w *Window) load() {
	resumes := make(chan struct{}) // closed when the account of the resumed session is known
	known := sync.OnceFunc(func() { close(resumes) })
	w.unsubscribe = w.options.Backend.Subscribe(func(e manager.Event) {
		if e.Kind == manager.AccountChanged {
			known()
		}
		w.shell.Work.Do(func() { w.handleEvent(e) })
	})
	w.session.Resume(w.shown)
	w.licenses.Prefetch(w.orders.LoadCached(resumes))
	w.thisPC.FindCached(resumes)
}

// draw creates the screens and adds them to the window.
func (w *Window) draw() error {
	window := w.shell.Window
	w.session.Draw()
	if err := w.orders.Draw(); err != nil {
		return err
	}
	if err := w.licenses.Draw(); err != nil {
		return err
	}
	w.toolbar = toolbar.New(window.Canvas(), peers{w})
	w.state = newWindowState(w.shell)
	details := container.NewHSplit(w.licenses.Object(), w.licenses.DetailsObject())
	tables := container.NewVSplit(w.orders.Object(), details)
	w.frame = newFrame(window.Canvas(), layouts.Column(w.toolbar.Object(), tables, w.shell.Status.Draw()))
	w.state.restore(tables, details)
	w.orders.Restore(w.state.table(ordersTable))
	w.licenses.Restore(false, w.state.table(licensesTable(false)))
	w.licenses.Restore(true, w.state.table(licensesTable(true)))
	w.notices.Restore()
	w.addShortcuts()
	window.SetPadded(false)
	window.SetContent(layouts.Column(w.notices.Object(), w.frame.root, nil))
	window.SetMaster()
	window.SetCloseIntercept(w.Close)
	window.SetOnDropped(func(_ fyne.Position, files []fyne.URI) { w.carry.Dropped(files) })
	return nil
}

// Fyne returns the fyne.Window.
func (w *Window) Fyne() fyne.Window { return w.shell.Window }

// Show shows the window with the cached tables of the resumed session, or with the sign-in screen. UI thread.
func (w *Window) Show() {
	w.notices.Collect()
	w.showTables()
	if w.options.After != nil {
		w.gate.Run(w.complete, w.options.After(maxFrameDelay))
	}
	w.gate.Open()
	peers{w}.FocusFirst()
	w.shell.Window.Show() // draws the first frame
	close(w.shown)
	go w.tick()
}

// Close ends all work, stores the state of the window and closes it. Open jobs are resumed at the next start. UI
// thread.
func (w *Window) Close() {
	w.Shutdown()
	w.shell.Window.Close()
}

// Shutdown does what Close does without closing the window, for an app that was ended by the system. It is idempotent.
// UI thread, or any goroutine after the app has ended.
func (w *Window) Shutdown() {
	select {
	case <-w.closed:
		return
	default:
	}
	close(w.closed)
	w.state.save()
	w.unsubscribe()
	w.shell.Work.Close()
}

// Wait blocks until all work has ended. It must be called after Close. Not on the UI thread.
func (w *Window) Wait() { w.shell.Work.Wait() }

// complete reports whether the window shows everything that can be shown without the server.
func (w *Window) complete() bool {
	if !w.frame.showsTables() || w.orders.NotCached() || w.licenses.NotCached() {
		return true
	}
	return w.orders.Loaded() && w.licenses.Complete() && w.thisPC.Searched()
}

// showTables shows the tables instead of the sign-in screen.
func (w *Window) showTables() {
	w.frame.showTables()
	w.refreshToolbar()
	w.shell.Status.Refresh()
}

// takeFocus focuses the orders if a focus is wanted, the tables are shown, and nothing else has the focus.
func (w *Window) takeFocus() {
	canvas := w.shell.Window.Canvas()
	if w.wantsFocus && canvas.Focused() == nil && w.frame.showsTables() && w.shell.Dialogs.Visible() == nil {
		w.orders.FocusIn(canvas)
	}
	w.wantsFocus = w.wantsFocus && canvas.Focused() == nil
}
