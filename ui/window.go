// Package ui is the window: it composes the presenters, and gives each what it needs of the others.
//
// Everything in it belongs to the UI thread. What may block runs through package background.
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

// Backend is the license manager as the window uses it. *manager.Manager is one. All methods may block and are called
// off the UI thread, besides Current, Notices, Calendar, DoctorReport and Subscribe, which return at once.
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
	// Opener hands mails to the person's mail program, sounds to their player, and pages to print to their browser.
	Opener presenter.Opener
	// Do runs a function on the UI thread without waiting: fyne.Do. Tests pass a queue of their own.
	Do func(func())
	// Now tells the time and the time zone in which dates are shown.
	Now func() time.Time
	// After is time.After: Show waits at most maxFrameDelay for the last known tables, so that the first frame has them. With
	// nil it does not wait.
	After func(time.Duration) <-chan time.Time
	// Ticks come about once a second and let the ages on the screen grow.
	Ticks <-chan time.Time
	// Given brings what the program is started with, also by later starts: files, pictures, links, or nothing, which raises
	// the window. It may be nil.
	Given <-chan []byte
	// GivenFolders brings the folders, by their paths, that the program is started with, also by later starts. It may be nil.
	GivenFolders <-chan string
	// Refused brings why something that the system asks the running app to open cannot be opened. It may be nil.
	Refused <-chan error
	// Version is that of the app.
	Version string
	// DeviceName is what this PC is called.
	DeviceName string
	// Server and Username fill the fields of the sign-in screen when no account is known; Hint stands below them.
	Server, Username, Hint string
}

const (
	title = "ACEN Desktop"

	// maxFrameDelay limits how long the first frame is delayed until the last known tables are read.
	maxFrameDelay = 400 * time.Millisecond

	// maxTickGap is how long no tick may come before the PC must have slept.
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
	look        *look
	unsubscribe func()
	shown       chan struct{} // closed when the first frame has been drawn
	closed      chan struct{} // ends the ticking
	wantsFocus  bool          // nothing has the keyboard yet
	ticked      time.Time     // when time last passed on the screen
}

// presenters are those of a window: each has the state of its screens and does what a click does.
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

// New makes the window without showing it, and begins to resume the last remembered session. It fails when a screen is defined
// wrongly, a fault of the program. UI thread.
func New(app fyne.App, o Options) (*Window, error) {
	app.Settings().SetTheme(theme.New())
	app.SetIcon(fyne.NewStaticResource("acen.png", assets.WindowIcon)) // its windows take it
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
		Asking:     work.NewSlot(),
		DeviceName: o.DeviceName,
	}
}

func newPresenters(shell *presenter.Shell, o Options, p peers) presenters {
	start := presenter.Start{Server: o.Server, Username: o.Username, Hint: o.Hint}
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

// load begins to resume the session and to read the last known tables, while the screens are made. What comes back waits at
// the gate until Show.
func (w *Window) load() {
	resumes := make(chan struct{}) // closed when it is known whose session is resumed
	known := sync.OnceFunc(func() { close(resumes) })
	w.unsubscribe = w.options.Backend.Subscribe(func(e manager.Event) {
		if e.Kind == manager.AccountChanged {
			known()
		}
		w.shell.Work.Do(func() { w.event(e) })
	})
	w.session.Resume(w.shown)
	w.licenses.Prefetch(w.orders.LoadKnown(resumes))
	w.thisPC.FindKnown(resumes)
}

// draw makes the screens and puts them into the window.
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
	w.look = newLook(w.shell)
	details := container.NewHSplit(w.licenses.Object(), w.licenses.DetailsObject())
	tables := container.NewVSplit(w.orders.Object(), details)
	w.frame = newFrame(window.Canvas(), layouts.New(w.toolbar.Object(), tables, w.shell.Status.Draw()))
	w.look.restore(tables, details)
	w.orders.Restore(w.look.table(ordersTable))
	w.licenses.Restore(false, w.look.table(licensesTable(false)))
	w.licenses.Restore(true, w.look.table(licensesTable(true)))
	w.notices.Restore()
	w.addShortcuts()
	window.SetPadded(false)
	window.SetContent(layouts.New(w.notices.Object(), w.frame.root, nil))
	window.SetMaster()
	window.SetCloseIntercept(w.Close)
	window.SetOnDropped(func(_ fyne.Position, files []fyne.URI) { w.carry.Dropped(files) })
	return nil
}

// Fyne returns the window of the toolkit.
func (w *Window) Fyne() fyne.Window { return w.shell.Window }

// Show shows the window: with the last known tables of the session that is resumed, or asking to sign in. UI thread.
func (w *Window) Show() {
	w.notices.Collect()
	w.showTables()
	if w.options.After != nil {
		w.gate.Run(w.complete, w.options.After(maxFrameDelay))
	}
	w.gate.Open()
	peers{w}.FocusFirst()
	w.shell.Window.Show() // draws it, too
	close(w.shown)
	go w.tick()
}

// Close ends all work, remembers how the window looks, and closes it. Open jobs go on at the next start. UI thread.
func (w *Window) Close() {
	w.End()
	w.shell.Window.Close()
}

// End does what Close does but for closing the window, for an app that was ended from outside. A second call does nothing.
// UI thread, or any goroutine once the app has ended.
func (w *Window) End() {
	select {
	case <-w.closed:
		return
	default:
	}
	close(w.closed)
	w.look.save()
	w.unsubscribe()
	w.shell.Work.Close()
}

// Wait blocks until all work has ended, after Close; not on the UI thread.
func (w *Window) Wait() { w.shell.Work.Wait() }

// complete reports whether the window shows what can be shown without the server.
func (w *Window) complete() bool {
	if !w.frame.showsTables() || w.orders.Unknown() || w.licenses.Unknown() {
		return true
	}
	return w.orders.Loaded() && w.licenses.Complete() && w.thisPC.Searched()
}

// showTables shows the tables, in place of the sign-in screen.
func (w *Window) showTables() {
	w.frame.showTables()
	w.refreshToolbar()
	w.shell.Status.Refresh()
}

// takeFocus gives the orders the keyboard, once it is wanted and nothing else has it.
func (w *Window) takeFocus() {
	canvas := w.shell.Window.Canvas()
	if w.wantsFocus && canvas.Focused() == nil && w.frame.showsTables() && w.shell.Dialogs.Visible() == nil {
		w.orders.FocusIn(canvas)
	}
	w.wantsFocus = w.wantsFocus && canvas.Focused() == nil
}
