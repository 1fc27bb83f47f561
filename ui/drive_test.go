package ui_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/ui"
	"github.com/acen-desktop/acen/ui/kit/uitest"
)

// clock is a clock that the test advances.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fakeOpener records opened addresses and pages.
type fakeOpener struct {
	mu      sync.Mutex
	opened  []string
	pages   []string
	err     error
	picture []byte
}

func (p *fakeOpener) Open(_ context.Context, address string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = append(p.opened, address)
	return p.err
}

func (p *fakeOpener) MaxMailto() int { return 2000 }

func (p *fakeOpener) OpenPage(_ context.Context, page []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages = append(p.pages, string(page))
	return p.err
}

func (p *fakeOpener) Play([]byte) error { return nil }

func (p *fakeOpener) ClipboardPicture(context.Context) ([]byte, error) { return p.picture, p.err }

// testWindow is a window whose UI thread is the test.
type testWindow struct {
	*ui.Window
	t     *testing.T
	hand  *uitest.Driver
	app   fyne.App
	b     *backend
	clock *clock
	ticks chan time.Time
	mail  *fakeOpener
	given chan<- []byte // documents of second starts, in tests that set it
	once  sync.Once
}

// Close closes the window, only the first time: Fyne's test driver does not return from closing a window a second time.
func (d *testWindow) Close() { d.once.Do(d.Window.Close) }

// drive shows a window of a new app. The test fails if the window leaves goroutines behind.
func drive(t *testing.T, b *backend, change ...func(*ui.Options)) *testWindow {
	t.Helper()
	return driveIn(t, test.NewTempApp(t), b, change...)
}

func driveIn(t *testing.T, app fyne.App, b *backend, change ...func(*ui.Options)) *testWindow {
	t.Helper()
	before := goleak.IgnoreCurrent()
	d := &testWindow{
		t:     t,
		app:   app,
		b:     b,
		clock: &clock{at: now},
		ticks: make(chan time.Time),
		mail:  &fakeOpener{},
	}
	d.hand = uitest.NewDriver(t, app, d.canvas)
	o := ui.Options{
		Backend:    b,
		Opener:     d.mail,
		Do:         d.hand.Do,
		Now:        d.clock.now,
		Ticks:      d.ticks,
		Version:    "0.1.0-test",
		DeviceName: "Anna's PC",
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	d.Window, err = ui.New(app, o)
	require.NoError(t, err)
	d.Show()
	t.Cleanup(func() {
		d.Close()
		d.Wait()
		goleak.VerifyNone(t, before)
	})
	return d
}

func (d *testWindow) until(what string, ok func() bool) { d.t.Helper(); d.hand.WaitUntil(what, ok) }

func (d *testWindow) settle() { d.hand.RunQueued() }

// tick advances the clock and updates the screen.
func (d *testWindow) tick(by time.Duration) {
	d.t.Helper()
	d.clock.pass(by)
	d.ticks <- d.clock.now()
	d.ticks <- d.clock.now() // after this is received, the first one is in the queue
	d.settle()
}

func (d *testWindow) sees(text string) { d.t.Helper(); d.hand.WaitFor(text) }

func (d *testWindow) shows(text string) bool { return d.hand.Shows(text) }

func (d *testWindow) canvas() fyne.Canvas { return d.Fyne().Canvas() }

func (d *testWindow) texts() []string { return d.hand.Texts() }

// find returns the last visible object of type T that fits: one of a dialog, if any, instead of one of the window
// below.
func find[T any](d *testWindow, fits func(T) bool) (found T, ok bool) {
	d.hand.Walk(func(o fyne.CanvasObject) {
		if one, is := o.(T); is && fits(one) {
			found, ok = one, true
		}
	})
	return found, ok
}

func (d *testWindow) press(label string) { d.t.Helper(); d.hand.Press(label) }

func (d *testWindow) enabled(label string) bool { return d.hand.Enabled(label) }

func (d *testWindow) follow(label string) { d.t.Helper(); d.hand.Follow(label) }

func (d *testWindow) write(placeholder, text string) { d.t.Helper(); d.hand.Fill(placeholder, text) }

func (d *testWindow) key(name fyne.KeyName) { d.hand.Key(name) }

func (d *testWindow) paste(text string) {
	d.t.Helper()
	_, ok := d.canvas().Focused().(fyne.Shortcutable)
	require.True(d.t, ok, "no focused object accepts a paste")
	d.hand.Paste(text)
}

// signIn signs in and waits for the tables.
func (d *testWindow) signIn() {
	d.t.Helper()
	d.sees("Sign in to manage")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Licenses of order 1042")
	d.sees("Studio PC")
}
