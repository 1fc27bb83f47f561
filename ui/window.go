// Package ui is the window. It composes the screens, loads the tables and does what a click asks for, through package
// manager. What a screen looks like is in ui/screens, widgets that know nothing of licenses are in ui/kit, and texts in
// ui/text.
//
// Everything in it belongs to the UI thread. What may block runs through package background.
package ui

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/assets"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/account"
	"github.com/acen-desktop/acen/ui/screens/carry"
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/screens/email"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/orders"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/screens/signin"
	"github.com/acen-desktop/acen/ui/screens/tasks"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Backend is the license manager as the window uses it. *manager.Manager is one. All methods may block and are called
// off the UI thread, besides Current, Notices, Calendar, DoctorReport and Subscribe, which return at once.
type Backend interface {
	signin.Authenticator
	licenses.Rechecker
	tasks.Licenser
	removalcode.Keeper
	email.Mailer
	account.Backend
	carry.Backend
	doctor.Examiner

	Current() (manager.Account, bool)
	Notices() []manager.Notice
	Subscribe(func(manager.Event)) (cancel func())

	Accounts(ctx context.Context) ([]manager.Account, error)
	Switch(ctx context.Context, id int64) (manager.Account, error)
	WaitingElsewhere(ctx context.Context) ([]manager.Elsewhere, error)
	Resume(ctx context.Context) (manager.Account, error)
	SignOut(ctx context.Context) error
	Orders(ctx context.Context) (manager.Orders, error)
	CachedOrders(ctx context.Context) (manager.Orders, bool, error)
	Licenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	CachedLicenses(ctx context.Context, orderID int64) (manager.Licenses, bool, error)
	AllLicenses(ctx context.Context, orderID int64) (manager.Licenses, error)
	History(ctx context.Context, orderID int64) ([]api.HistoryEntry, error)
	SerialPrograms(ctx context.Context) ([]api.Program, error)
	Program(ctx context.Context, id int64) (api.Program, error)
	CachedProgram(ctx context.Context, id int64) (api.Program, error)
	LicenseFile(ctx context.Context, licenseID int64) (name, content string, err error)
	Jobs(ctx context.Context) ([]manager.Job, error)
	ResumeJobs(ctx context.Context) ([]manager.Job, error)
	AllJobs(ctx context.Context) ([]manager.Job, error)
	DropJob(ctx context.Context, id int64) error
	GiveUp(ctx context.Context, id int64) error
	Find(ctx context.Context) (manager.Found, error)
	Calendar(o api.Order, l manager.License, say func(manager.Text) string) (name string, content []byte)
}

var _ Backend = (*manager.Manager)(nil)

// Opener hands what this app does not do itself to the person's own programs. *opener.Opener is one.
type Opener interface {
	email.Opener
	Play(wav []byte) error
	Show(ctx context.Context, page []byte) error
	ClipboardPicture(ctx context.Context) ([]byte, error)
}

// Options of a Window.
type Options struct {
	Backend Backend
	// Opener hands mails to the person's mail program, sounds to their player, and pages to print to their browser.
	Opener Opener
	// Do runs a function on the UI thread without waiting: fyne.Do. Tests pass a queue of their own.
	Do func(func())
	// Now tells the time and the time zone in which dates are shown.
	Now func() time.Time
	// After is time.After: Show waits that long for the last known tables, so that the first frame has them. Nil waits for nothing.
	After func(time.Duration) <-chan time.Time
	// Ticks come about once a second and let the ages on the screen grow.
	Ticks <-chan time.Time
	// Given brings what the program is started with, also by later starts: files, pictures, links, or nothing, which raises the
	// window. It may be nil.
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
	title     = "ACEN Desktop"
	minWidth  = 860
	minHeight = 560

	// firstTables is how long the window may come later for the sake of its first frame.
	firstTables = 400 * time.Millisecond
)

// Window is the main window.
type Window struct {
	options Options
	app     fyne.App
	window  fyne.Window
	gate    *background.Gate
	work    *background.Group
	queue   *dialogs.Queue

	root    *fyne.Container // the sign-in screen or the main screen, below the banners
	banners *fyne.Container
	main    fyne.CanvasObject
	split   splits

	signIn   *signin.Screen
	orders   *orders.Screen
	licenses *licenses.Screen
	desk     *carry.Desk
	toolbar  *toolbar
	status   *statusBar

	resuming, loadingOrders, loadingLicenses, loadingHistory, indexing, jobs, sending, ending, saving, contacting, asking, finding, listing, learning *background.Slot

	unsubscribe func()
	shown       chan struct{} // closed when the first frame has been drawn
	closed      chan struct{} // ends the ticking
	state       state
	remembered  remembered
	wantsFocus  bool            // nothing has the keyboard yet
	dismissed   map[string]bool // offers, by their keys, for this start of the app
	waiting     *waitingList    // the open dialog, or nil
	selectLater int64           // license to be selected when its order is shown
	ticked      time.Time       // when time last passed on the screen
	aimed       time.Time       // when the pointer last moved over rows
	expiries    expiries        // notices of licenses that end, dismissed in this start or an earlier one
	accounts    []manager.Account
	elsewhere   []manager.Elsewhere // what waits in other accounts
	allJobs     []manager.Job       // what waits in any account
	reasons     map[int64]error     // why open tasks were not done when they were last sent, by ID
}

// state is what the window knows about the account that is signed in.
type state struct {
	account     manager.Account
	signedIn    bool
	waiting     bool // for Resume; the last known tables are shown as soon as there are any
	fetchedAt   time.Time
	fault       dialogs.Message // of the latest attempt to reach the server; zero when it went well
	attempts    int             // in vain since the server was last reached
	retryAt     time.Time       // when it is tried again by itself
	orders      []api.Order
	loaded      bool // orders are shown
	unknown     bool // orders, or licenses of the selected order, are not known from an earlier time
	canAddOrder bool // a program accepts serial numbers
	content     licenses.Content
	reading     int64           // order whose last known licenses are being read
	ahead       bool            // the last known licenses of the order that is selected first are being read before it is
	owners      map[int64]owner // by order
	openJobs    []manager.Job
	contact     string    // the vendor's address, where it was asked for
	found       found     // what has to do with this PC
	looked      bool      // for what is found
	stale       bool      // all licenses are to be asked for again
	notices     []*notice // of this start of the app
	banners     []banner  // as they are shown
	late        int       // banners that wait until the pointer rests
}

// owner tells of an order whether this PC has a license of it.
type owner struct {
	program int64
	thisPC  bool
}

// New makes the window without showing it, and begins to resume the last remembered session. It fails when a screen is defined
// wrongly, a fault of the program. UI thread.
func New(app fyne.App, o Options) (*Window, error) {
	app.Settings().SetTheme(theme.New())
	app.SetIcon(fyne.NewStaticResource("acen.png", assets.WindowIcon)) // its windows take it
	w := &Window{options: o, app: app, window: app.NewWindow(title), shown: make(chan struct{}), closed: make(chan struct{}), dismissed: map[string]bool{}, reasons: map[int64]error{}}
	w.gate = background.NewGate(o.Do)
	w.work = background.NewGroup(context.Background(), w.gate.Do)
	w.queue = dialogs.New(w.window)
	for _, slot := range []**background.Slot{
		&w.resuming, &w.loadingOrders, &w.loadingLicenses, &w.loadingHistory, &w.indexing, &w.jobs, &w.sending, &w.ending, &w.saving, &w.contacting, &w.asking, &w.finding, &w.listing, &w.learning,
	} {
		*slot = w.work.NewSlot()
	}
	resumes := make(chan struct{})
	known := sync.OnceFunc(func() { close(resumes) })
	w.unsubscribe = o.Backend.Subscribe(func(e manager.Event) {
		if e.Kind == manager.AccountChanged {
			known()
		}
		w.work.Do(func() { w.event(e) })
	})
	w.forget()
	w.resume() // while the screens are made
	w.readKnown(resumes)
	w.look(resumes)
	w.signIn = signin.New(signin.Options{
		Canvas: w.window.Canvas(), Icon: fyne.NewStaticResource("acen.svg", assets.Icon), Work: w.work, Sessions: o.Backend, Explain: explain.Error,
		Server: o.Server, Username: o.Username, Hint: o.Hint, OnSignedIn: w.signedIn,
		OnForgotPassword: w.forgotPassword, OnNewAccount: w.newAccount, OnNoNetwork: w.noNetwork, OnExamine: w.examine, OnWaiting: w.showJobs,
	})
	var err error
	if w.orders, err = orders.New(orders.Options{
		Now: o.Now, OnSelected: w.orderSelected, OnUpdated: w.orderUpdated, Copy: w.copy, OnClearSearch: w.clearSearch, OnPointer: w.aim,
		OnState: func(s table.State) { w.remembered.Tables["orders"] = s },
	}); err != nil {
		return nil, err
	}
	if w.licenses, err = licenses.New(licenses.Options{
		Now: o.Now, Work: w.work, Recheck: o.Backend, Copy: w.copy, Explain: explain.Error,
		OnRetry: func() { w.loadLicenses() },
		OnState: func(merged bool, s table.State) { w.remembered.Tables[licensesTable(merged)] = s },
		OnNew:   w.newLicense, OnEmail: w.emailCode, OnSaveFile: w.saveFile, OnChangeNote: w.changeNote, OnCalendar: w.saveCalendar, OnClearSearch: w.clearSearch, OnPointer: w.aim,
		OnMove: w.move, OnPickUp: w.pickUp, OnRemovalCodes: w.showRemovalCodes, OnWaiting: w.showJobs,
		OnReactivate: w.reactivate, OnTransfer: w.transfer, OnRemove: w.remove, OnShowEnded: w.showEnded, OnHistory: w.showHistory,
	}); err != nil {
		return nil, err
	}
	w.desk = carry.New(w.offlineOptions())
	w.toolbar = newToolbar(w)
	w.status = newStatusBar(w)
	w.banners = container.New(layout.NewCustomPaddedVBoxLayout(0))
	w.layout()
	w.root = container.NewStack(w.main)
	w.restore()
	w.shortcuts()
	w.window.SetPadded(false)
	w.window.SetContent(layouts.New(w.banners, w.root, nil))
	w.window.SetMaster()
	w.window.SetCloseIntercept(w.Close)
	w.window.SetOnDropped(w.dropped)
	return w, nil
}

func licensesTable(merged bool) string {
	if merged {
		return "licenses, merged codes"
	}
	return "licenses"
}

// Fyne returns the window of the toolkit.
func (w *Window) Fyne() fyne.Window { return w.window }

// Show shows the window: with the last known tables of the session that is resumed, or asking to sign in. UI thread.
func (w *Window) Show() {
	w.showNotices()
	w.showMain()
	if w.options.After != nil {
		w.gate.Run(w.begun, w.options.After(firstTables))
	}
	w.gate.Open()
	w.focusFirst()
	w.window.Show() // draws it, too
	close(w.shown)
	go w.tick()
}

// Close ends all work, remembers how the window looks, and closes it. Open jobs go on at the next start. UI thread.
func (w *Window) Close() {
	w.End()
	w.window.Close()
}

// End does what Close does but for closing the window, for an app that was ended from outside; again it does nothing.
// UI thread, or any goroutine once the app has ended.
func (w *Window) End() {
	select {
	case <-w.closed:
		return
	default:
	}
	close(w.closed)
	w.save()
	w.unsubscribe()
	w.work.Close()
}

// Wait blocks until all work has ended, after Close; not on the UI thread.
func (w *Window) Wait() { w.work.Wait() }

// tick lets time pass on the screen, and takes what the program is started with.
func (w *Window) tick() {
	from, folders := w.options.Given, w.options.GivenFolders
	for {
		select {
		case <-w.closed:
			return
		case content, ok := <-from:
			if !ok {
				from = nil
				continue
			}
			w.work.Do(func() { w.given(content) })
		case path, ok := <-folders:
			if !ok {
				folders = nil
				continue
			}
			w.work.Do(func() { w.givenFolder(path) })
		case err := <-w.options.Refused:
			w.work.Do(func() { w.refused(err) })
		case _, ok := <-w.options.Ticks:
			if !ok {
				return
			}
			w.work.Do(w.passTime)
		}
	}
}

// asleep is how long no tick may come before the PC must have slept.
const asleep = 2 * time.Minute

func (w *Window) passTime() {
	now := w.options.Now().Round(0) // the monotonic clock may stand still while a PC sleeps
	if slept := !w.ticked.IsZero() && now.Sub(w.ticked) > asleep; slept && w.state.signedIn {
		w.state.stale, w.state.attempts = true, 0
		w.loadOrders() // also in the place of a call whose connection is gone
	}
	w.ticked = now
	w.showWaiting()
	w.takeFocus()
	if w.state.found.day != "" && w.state.found.day != words.FileDay(w.options.Now()) {
		w.state.found.day = ""
		w.find() // the licenses end a day sooner
	}
	if w.state.signedIn && w.state.fault.What != "" && !w.options.Now().Before(w.state.retryAt) {
		w.refresh()
	}
	w.status.refresh()
	w.refreshBanners()
	w.save()
}

// showWaiting shows the last known tables of an account that is being resumed.
func (w *Window) showWaiting() {
	if !w.state.waiting || w.state.loaded || w.loadingOrders.Busy() {
		return
	}
	if account, ok := w.options.Backend.Current(); ok && (w.state.account.ID == 0 || w.state.account.ID == account.ID) {
		w.state.account = account
		w.toolbar.refresh()
		w.readKnown(nil)
		w.look(nil)
	}
}

// forget clears what is known about an account.
func (w *Window) forget() {
	w.state = state{owners: map[int64]owner{}, stale: true, notices: w.state.notices, banners: w.state.banners}
}

// begun reports whether the window shows what can be shown without the server.
func (w *Window) begun() bool {
	if w.root.Objects[0] != w.main || w.state.unknown {
		return true
	}
	c := w.state.content
	return w.state.loaded && (c.Loaded || !c.Order.RequiresActivation) && !w.licenses.Comparing() && w.state.looked
}

// showsAccount reports whether an account is shown: one that is signed in, or one that is being resumed with its last known tables.
func (w *Window) showsAccount() bool { return w.state.signedIn || w.state.waiting && w.state.loaded }

// resume resumes the last session, or asks to sign in where there is none. What the server then is asked for would keep the
// processor from drawing the first frame: it comes after that.
func (w *Window) resume() {
	w.state.waiting = true
	background.Run(w.resuming, func(ctx context.Context) (resumed, error) {
		known, err := w.options.Backend.Accounts(ctx)
		if err != nil {
			return resumed{}, err
		}
		r := resumed{}
		if len(known) > 0 {
			r.latest = known[0]
		}
		if given := w.options.Server; given != "" && given != r.latest.Server {
			return resumed{}, manager.ErrSignedOut // the person named another server
		}
		r.account, err = w.options.Backend.Resume(ctx)
		if _, ok := w.options.Backend.Current(); ok {
			_ = background.Wait(ctx, w.shown)
		}
		return r, err
	}, w.resumed)
}

type resumed struct{ latest, account manager.Account }

func (w *Window) resumed(r resumed, err error) {
	w.state.waiting = false
	w.showNotices()
	w.loadAccounts()
	if _, ok := w.options.Backend.Current(); ok {
		// Without a connection the last known tables are there to look at.
		w.state.account, w.state.signedIn = r.account, true
		w.toolbar.refresh()
		w.loadOrders()
		w.desk.SignedIn()
		return
	}
	w.signIn.Fill(r.latest.Server, r.latest.Username)
	message := dialogs.Message{}
	if err != nil && !isSignedOut(err) {
		message = explain.Error(err)
	}
	w.showSignIn(message)
	w.desk.SignedOut()
}

// showSignIn shows the sign-in screen; the message, if any, tells why.
func (w *Window) showSignIn(m dialogs.Message) {
	w.leave()
	w.signIn.ShowError(m)
	w.showWays()
	w.put(w.signIn.Object())
	w.showBanners()
	w.focusFirst()
	w.loadAccounts()
}

// leave drops all that belongs to an account: what is shown, and what is under way for it.
func (w *Window) leave() {
	for _, slot := range []*background.Slot{
		w.resuming, w.loadingOrders, w.loadingLicenses, w.loadingHistory, w.indexing, w.jobs, w.sending, w.finding, w.saving, w.contacting, w.asking, w.learning,
	} {
		slot.Cancel()
	}
	w.forget()
	w.selectLater = 0
	w.status.working("")
	w.clearSearch()
	w.orders.Clear()
	w.licenses.ShowNone()
}

// put shows one of the two screens. The focus does not stay behind in the other.
func (w *Window) put(screen fyne.CanvasObject) {
	w.window.Canvas().Unfocus()
	if w.root.Objects[0] == screen {
		return
	}
	w.root.Objects = []fyne.CanvasObject{screen}
	w.root.Refresh()
}

func (w *Window) showMain() {
	w.put(w.main)
	w.toolbar.refresh()
	w.status.refresh()
}

func (w *Window) signedIn(a manager.Account, warning error) {
	w.forget()
	w.state.account, w.state.signedIn = a, true
	if warning != nil {
		m := explain.Error(warning)
		w.notify(dialogs.Message{What: m.What, Why: m.Why + " " + m.Next})
	}
	w.showMain()
	w.focusFirst()
	w.loadAccounts()
	w.loadOrders()
	w.desk.SignedIn()
}

// signOut asks, and then ends the session.
func (w *Window) signOut() {
	w.queue.Confirm(dialogs.Confirmation{
		Title: tr.T("Sign out?"),
		Text: tr.T("%s is signed out on this PC, and the tables kept for working without a connection are removed from it. "+
			"Licenses stay as they are.", w.state.account.DisplayName),
		Label: tr.T("Sign out"),
		OnConfirm: func() {
			account := w.state.account
			w.leave() // an answer that came now would be kept
			w.state.account = account
			w.status.working(tr.T("Signing out…"))
			background.Run(w.ending, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, w.options.Backend.SignOut(ctx)
			}, func(_ struct{}, err error) {
				w.status.working("")
				message := dialogs.Message{}
				if err != nil {
					message = explain.Error(err)
				}
				w.signIn.Fill(account.Server, account.Username)
				w.showSignIn(message)
				w.loadAccounts()
			})
		},
	})
}

// focusFirst gives the keyboard to what a person wants first: the empty field of the sign-in screen, or the orders, already in the
// first frame. Where a dialog keeps it that is tried again.
func (w *Window) focusFirst() {
	w.wantsFocus = true
	if w.root.Objects[0] != w.main {
		w.signIn.Focus()
	}
	w.takeFocus()
}

func (w *Window) takeFocus() {
	if w.wantsFocus && w.window.Canvas().Focused() == nil && w.root.Objects[0] == w.main && w.queue.Visible() == nil {
		w.orders.FocusIn(w.window.Canvas())
	}
	w.wantsFocus = w.wantsFocus && w.window.Canvas().Focused() == nil
}

func (w *Window) layout() {
	w.split.details = container.NewHSplit(w.licenses.Object(), w.licenses.DetailsObject())
	w.split.orders = container.NewVSplit(w.orders.Object(), w.split.details)
	w.split.details.Offset, w.split.orders.Offset = 0.74, 0.42
	w.main = layouts.New(w.toolbar.object, w.split.orders, w.status.object)
}

// copy puts a text on the clipboard and says so.
func (w *Window) copy(text string) {
	w.app.Clipboard().SetContent(text)
	w.status.say(tr.T("Copied."))
}
