package ui_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui"
)

var unreachable = &manager.NetworkError{
	Kind: manager.NetworkConnect,
	Host: "licenses.lumen.example",
	Err:  errors.New("refused"),
}

func TestFirstStart(t *testing.T) {
	d := drive(t, newBackend())
	d.sees("Sign in to manage your licenses.")
	require.NotNil(t, d.canvas().Focused(), "a field is focused")

	d.press("Sign in")
	d.sees("Enter the address of the license server.")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.key(fyne.KeyReturn)
	d.sees("Enter your password.")
	require.Zero(t, d.b.called("SignIn"), "an incomplete form is not sent")

	d.write("Password", "wrong")
	d.key(fyne.KeyReturn)
	d.sees("You could not be signed in.")
	d.sees("The user name or the password is not right.")

	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Licenses of order 1042")
	d.sees("Studio PC")
	d.sees("Connected to licenses.lumen.example")
	d.sees("all in use")
	d.sees("subscription ended")
	d.sees("needs no activation")
	d.sees("in 12 days")
	d.sees("Anna Berg · licenses.lumen.example")
	require.False(t, d.shows(password))
}

func TestNoServerAtSignIn(t *testing.T) {
	b := newBackend()
	b.offline = unreachable
	d := drive(t, b)
	d.sees("Sign in to manage")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.press("Sign in")
	d.sees("There is no connection to the license server.")
	d.sees("Check the network, then try again.")
}

func TestSignInCanBeCanceled(t *testing.T) {
	b := newBackend()
	b.blocked["SignIn"] = make(chan struct{})
	d := drive(t, b)
	d.sees("Sign in to manage")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Signing in…")
	d.key(fyne.KeyReturn)
	d.press("Cancel")
	require.False(t, d.shows("Signing in…"))
	d.until("the dropped outcome", func() bool { return d.b.called("SignIn") == 1 })
	require.True(t, d.enabled("Sign in"))
}

func TestSignInWithoutKeyring(t *testing.T) {
	b := newBackend()
	b.warning = fmt.Errorf("%w: no service", manager.ErrKeyringUnavailable)
	d := drive(t, b)
	d.signIn()
	d.sees("You will be asked to sign in again next time.")
	d.press("Dismiss")
	require.False(t, d.shows("You will be asked to sign in again"))
	d.follow("1 notice")
	d.sees("You will be asked to sign in again")
}

func TestNoticeOfDamagedDataFile(t *testing.T) {
	b := newBackend()
	b.notices = []manager.Notice{{
		Title:  manager.Textf("The local data file was damaged."),
		Detail: manager.Textf("It was set aside as %s.", "acen.db.damaged-x"),
	}}
	d := drive(t, b)
	d.sees("The local data file was damaged.")
	d.sees("Sign in to manage")
}

func TestServerOptionPreventsResume(t *testing.T) {
	b := newBackend()
	b.remembered = true
	d := drive(t, b, func(o *ui.Options) {
		o.Server, o.Username, o.Hint = "http://127.0.0.1:8080", "demo", "The password of this trial is xyz"
	})
	d.sees("The password of this trial is xyz")
	d.sees("http://127.0.0.1:8080")
	require.Zero(t, b.called("Resume"))
}

func TestOfflineStart(t *testing.T) {
	b := newBackend()
	b.remembered, b.offline, b.cached = true, unreachable, now.Add(-3*time.Hour)
	b.blocked["Resume"] = make(chan struct{})
	d := drive(t, b)
	d.until("the attempt to resume", func() bool { return b.called("Resume") == 1 })
	d.tick(time.Second)
	d.sees("Licenses of order 1042")
	require.False(t, d.shows("No connection to"), "the request is still running")
	close(b.blocked["Resume"])
	d.sees("No connection to licenses.lumen.example; showing data from 3 hours ago.")
	d.sees("No answer from licenses.lumen.example")
	d.sees("Studio PC")

	b.change(func() { b.offline = nil })
	d.tick(20 * time.Second)
	d.sees("Connected to licenses.lumen.example")
	require.False(t, d.shows("No connection to"))
}

// after sets Options.After to a function that returns end.
func after(end chan time.Time) func(*ui.Options) {
	return func(o *ui.Options) { o.After = func(time.Duration) <-chan time.Time { return end } }
}

func TestFirstFrameHasCachedTables(t *testing.T) {
	b := newBackend()
	b.remembered, b.cached = true, now.Add(-3*time.Hour)
	b.blocked["Resume"] = make(chan struct{})
	d := drive(t, b, after(nil))
	require.True(t, d.shows("Licenses of order 1042"))
	require.True(t, d.shows("Studio PC"))
	require.True(t, d.shows("Updated 3 hours ago"))
	require.False(t, d.shows("Comparing…"))
	require.Zero(t, b.called("Orders"), "the server has not been asked yet")
	close(b.blocked["Resume"])
	d.sees("Updated just now")
}

func TestFirstFrameWithoutSession(t *testing.T) {
	d := drive(t, newBackend(), after(nil))
	require.True(t, d.shows("Sign in to manage your licenses."))
	require.NotNil(t, d.canvas().Focused())
}

func TestFirstFrameWithoutCachedTables(t *testing.T) {
	b := newBackend()
	b.remembered = true
	b.blocked["Resume"] = make(chan struct{})
	d := drive(t, b, after(nil))
	require.True(t, d.shows("Select an order above to see its licenses."), "the first frame does not wait without a cache")
	require.Zero(t, b.called("Orders"))
	close(b.blocked["Resume"])
	d.sees("Studio PC")
}

// A new order is selected while the cached licenses of the first order are being read.
func TestPrefetchedLicensesBelongToTheirOrder(t *testing.T) {
	b := newBackend()
	b.remembered, b.cached = true, now.Add(-3*time.Hour)
	b.change(func() {
		for _, call := range []string{"CachedLicenses", "Orders", "Licenses 1050"} {
			b.blocked[call] = make(chan struct{})
		}
	})
	late := make(chan time.Time, 1)
	late <- now
	d := drive(t, b, after(late))
	d.sees("Licenses of order 1042")
	d.until("the request for orders", func() bool { return b.called("Orders") == 1 })
	newest := b.orders[0]
	newest.ID = 1050
	b.change(func() { b.orders = append(b.orders, newest) })
	close(b.blocked["Orders"])
	d.sees("1050")
	d.Shortcut(fyne.KeyF)
	d.key(fyne.KeyDown)
	d.key(fyne.KeyHome)
	d.sees("Licenses of order 1050")
	close(b.blocked["CachedLicenses"])
	d.until("the request for its licenses", func() bool { return b.called("Licenses 1050") > 0 })
	d.settle()
	require.False(t, d.shows("Studio PC"), "a license of order 1042")
}

func TestFirstFrameDelayIsLimited(t *testing.T) {
	b := newBackend()
	b.remembered, b.cached = true, now.Add(-3*time.Hour)
	b.blocked["CachedLicenses"] = make(chan struct{})
	late := make(chan time.Time, 1)
	late <- now
	d := drive(t, b, after(late))
	require.False(t, d.shows("Studio PC"))
	close(b.blocked["CachedLicenses"])
	d.sees("Studio PC")
}

func TestAgeIsUpdated(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.sees("Updated just now")
	d.tick(12 * time.Second)
	d.sees("Updated 12 seconds ago")
}

func TestEndedSession(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.b.change(func() { d.b.signedIn = false })
	d.b.publish(manager.Event{Kind: manager.SignedOut})
	d.sees("You are not signed in.")
	d.sees("https://licenses.lumen.example")
	require.False(t, d.shows("Licenses of order"))
	require.False(t, d.shows("Studio PC"))
}

func TestSigningOut(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.press("Anna Berg · licenses.lumen.example")
	d.sees("Signed in as anna")
	d.follow("Sign out…")
	d.press("Sign out")
	d.sees("Sign in to manage")
	require.Equal(t, 1, d.b.called("SignOut"))
}

func TestActivateThisPC(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.press("Activate this PC")
	d.sees(thisPC.Site.String())
	d.sees("They contain 63 bits about this PC")
	d.sees("Anna's PC")
	d.sees("3 of 5 left")

	d.b.change(func() { d.b.blocked["NewLicense"] = make(chan struct{}) })
	d.press("Activate")
	d.sees("Activating…")
	require.False(t, d.enabled("Activate"))
	close(d.b.blocked["NewLicense"])
	d.sees("“Anna's PC” is activated.")
	d.sees("ABCDEF01-23456789-ABCDEF01-23456789")
	require.Equal(t, []manager.NewLicense{{
		OrderID: 1042,
		Codes:   thisPC,
		Note:    "Anna's PC",
		ThisPC:  true,
	}}, d.b.made)

	d.press("Close")
	d.sees("2 of 5 left")
	d.sees("3 / 5")
	d.sees("Recognized.")
	require.False(t, d.enabled("Activate this PC"), "this PC has its license")
	require.True(t, d.enabled("Email code…"), "the new license is selected")
}

func TestThisPCLicensedInAnotherOrder(t *testing.T) {
	b := newBackend()
	b.licenses[1037][0].ThisPC = true
	d := drive(t, b)
	d.signIn()
	d.sees("licensed in order 1037")
}

func TestRefusedNewLicense(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	for what, refusal := range map[string]error{
		"There is no free license.":                    api.NewProblem(api.ErrLicensesInUse, "All licenses are in use."),
		"This is saved and will be sent automatically": unreachable,
		"Trying again with the same codes uses":        context.Canceled,
	} {
		d.b.change(func() { d.b.refusal = refusal })
		d.press("Activate this PC")
		d.press("Activate")
		d.sees(what)
		d.key(fyne.KeyEscape)
		d.until("the dialog to close", func() bool { return !d.shows(what) })
	}
}

func TestReasonsOfDisabledButtons(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	for order, reason := range map[string]string{
		"1037": "the only one is in use",
		"1015": "subscription ended",
		"1003": "needs no activation",
	} {
		d.choose(order)
		d.sees("Licenses of order " + order)
		d.sees(reason)
		require.False(t, d.enabled("New license…"), order)
	}
	d.choose("1003")
	d.sees("Lumen Fonts needs no activation.")
}

// choose selects an order by the keyboard. The newest order is the first one.
func (d *testWindow) choose(order string) {
	d.t.Helper()
	d.Shortcut(fyne.KeyF)
	d.key(fyne.KeyDown)
	d.key(fyne.KeyHome)
	for range slices.Index([]string{"1042", "1037", "1015", "1003"}, order) {
		d.key(fyne.KeyDown)
	}
}

func TestSearch(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.until("the index", func() bool { return d.b.called("Licenses 1015") > 0 })
	d.until("all jobs", func() bool { return d.b.called("Jobs") > 0 })
	d.Shortcut(fyne.KeyF)
	d.write("Search orders", "survey BOAT")
	d.until("the order of that license", func() bool { return d.shows("1015") && !d.shows("1037") })
	d.write("Search orders", "nothing like this")
	d.sees("No orders or licenses match “nothing like this”.")
	d.key(fyne.KeyEscape)
	d.sees("1037")
	d.write("Search orders", "1042")
	d.sees("Studio PC")
}

func TestLicensesCannotBeLoaded(t *testing.T) {
	b := newBackend()
	d := drive(t, b)
	d.signIn()
	d.until("all requests", func() bool { return b.called("Jobs") > 0 })
	b.change(func() { b.offline = unreachable })
	d.choose("1037")
	d.sees("There is no connection to the license server.")
	b.change(func() { b.offline = nil })
	d.press("Try again")
	d.sees("Büro Süd")
}

func TestEmailThroughTheServer(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.Shortcut(fyne.KeyE)
	d.sees("Activation code for Lumen Studio 7")
	d.sees("lumen-studio-7-20000.acen")
	d.write("Add a few words", "Hello ü")
	d.sees("7 of 500 characters")
	d.sees("Hello ü\n\n----")
	d.press("it@lumen.example")
	d.press("Send")
	d.sees("The server sends the code to anna.berg@lumen.example, it@lumen.example.")
	require.Equal(t, "Hello ü", d.b.sent[0].Message)
	require.Equal(t, []string{"anna.berg@lumen.example", "it@lumen.example"}, d.b.sent[0].To)
	d.tick(10 * time.Second)
	require.False(t, d.shows("The server sends the code"))
}

func TestChangeNote(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.follow("Change note")
	d.write("Your name for that PC", "Attic")
	d.press("Save")
	d.until("the new note", func() bool { return !d.shows("Studio PC") && d.shows("Attic") })
}

func TestLicenseFileError(t *testing.T) {
	b := newBackend()
	b.fileErr = api.NewProblem(api.ErrNotFound, "There is no such license.")
	d := drive(t, b)
	d.signIn()
	d.follow("Save file")
	d.sees("The server cannot find it.")
	d.b.change(func() { d.b.fileErr = nil })
	d.press("Try again")
	d.sees("Save File")
}

func TestOpenAndFailedJobs(t *testing.T) {
	b := newBackend()
	b.open = []manager.Job{
		{ID: 1, Task: api.TaskEmail, Title: "Email of license 20000", State: manager.JobPending, CreatedAt: now},
		{ID: 2, Task: api.TaskNewLicense, Title: "New license for 7183EC4D", State: manager.JobSent, CreatedAt: now},
	}
	b.resumed = []manager.Job{
		{ID: 3, Title: "New license for 7183EC4D", State: manager.JobFailed, Err: api.ErrLicensesInUse},
	}
	d := drive(t, b)
	d.signIn()
	d.sees("1 email and 1 task wait for the server")
	d.sees("New license for 7183EC4D: There is no free license.")
	d.follow("1 email and 1 task wait for the server")
	d.sees("Email of license 20000")
	d.sees("Requested on 24 November 2026 at 09:00. It is sent next.")
	before := b.called("ResumeJobs")
	d.press("Send now")
	d.until("another attempt", func() bool { return b.called("ResumeJobs") > before })
}

func TestKeys(t *testing.T) {
	d := drive(t, newBackend())
	d.signIn()
	d.until("all requests", func() bool { return d.b.called("Jobs") > 0 })
	d.key(fyne.KeyF1)
	d.sees("License transfer")
	before := d.b.called("Orders")
	d.Shortcut(fyne.KeyR)
	d.settle()
	require.Equal(t, before, d.b.called("Orders"), "shortcuts are disabled while a dialog is open")
	d.key(fyne.KeyEscape)
	d.key(fyne.KeyF5)
	d.until("a refresh", func() bool { return d.b.called("Orders") > before })
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("Data sent about this PC…")
	d.sees("63 bits for each program")
	d.key(fyne.KeyReturn)
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("About ACEN Desktop…")
	d.sees("Version 0.1.0-test")
}

func TestManyRowsAndLongTexts(t *testing.T) {
	b := newBackend()
	for i := range 200 {
		l := b.licenses[1042][0]
		l.ID, l.Note = int64(50000+i), strings.Repeat("Ǝ🖥", 15)
		b.licenses[1042] = append(b.licenses[1042], l)
	}
	for i := range b.orders {
		b.orders[i].ProgramName = strings.Repeat("A very long program name ", 20)
	}
	b.account.DisplayName = strings.Repeat("Anna ", 50)
	d := drive(t, b)
	d.signIn()
	for _, size := range []fyne.Size{{Width: 640, Height: 420}, {Width: 2400, Height: 1400}, {Width: 900, Height: 600}} {
		d.Fyne().Resize(size)
		require.LessOrEqual(t, d.canvas().Content().MinSize().Width, float32(960), "the texts do not widen the window")
	}
}

func TestQuitEndsTheWork(t *testing.T) {
	b := newBackend()
	b.blocked["Orders"] = make(chan struct{})
	b.remembered = true
	d := drive(t, b)
	d.until("a blocked call", func() bool { return b.called("Orders") == 1 })
	d.Close()
	d.Wait()
	d.Close()
}
