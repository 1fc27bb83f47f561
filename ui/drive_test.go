package ui_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/ui"
)

// maxWait is the time after which until fails. It is no measure of speed.
const maxWait = 30 * time.Second

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
	app   fyne.App
	b     *backend
	clock *clock
	ticks chan time.Time
	mail  *fakeOpener
	queue chan func()
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
		queue: make(chan func(), 1000),
	}
	o := ui.Options{
		Backend:    b,
		Opener:     d.mail,
		Do:         func(f func()) { d.queue <- f },
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

// until runs functions of the UI thread until ok returns true. It fails the test after maxWait; what names the
// condition.
func (d *testWindow) until(what string, ok func() bool) {
	d.t.Helper()
	end := time.NewTimer(maxWait)
	defer end.Stop()
	ticker := time.NewTicker(5 * time.Millisecond) // calls of the backend queue no function
	defer ticker.Stop()
	for !ok() {
		select {
		case f := <-d.queue:
			f()
		case <-ticker.C:
		case <-end.C:
			d.t.Fatalf("timeout waiting for %s; the window shows:\n%s", what, strings.Join(d.texts(), "\n"))
		}
	}
}

// settle runs the queued functions of the UI thread.
func (d *testWindow) settle() {
	for {
		select {
		case f := <-d.queue:
			f()
		default:
			return
		}
	}
}

// tick advances the clock and updates the screen.
func (d *testWindow) tick(by time.Duration) {
	d.t.Helper()
	d.clock.pass(by)
	d.ticks <- d.clock.now()
	d.ticks <- d.clock.now() // after this is received, the first one is in the queue
	d.settle()
}

// sees waits until a visible text contains text.
func (d *testWindow) sees(text string) {
	d.t.Helper()
	d.until(fmt.Sprintf("%q", text), func() bool { return d.shows(text) })
}

func (d *testWindow) shows(text string) bool {
	for _, t := range d.texts() {
		if strings.Contains(t, text) {
			return true
		}
	}
	return false
}

func (d *testWindow) canvas() fyne.Canvas { return d.Fyne().Canvas() }

// texts returns the visible texts of the window.
func (d *testWindow) texts() []string {
	var all []string
	d.walk(func(o fyne.CanvasObject) {
		if text := text(o); text != "" {
			all = append(all, text)
		}
	})
	return all
}

func (d *testWindow) walk(visit func(fyne.CanvasObject)) {
	roots := append([]fyne.CanvasObject{d.canvas().Content()}, d.canvas().Overlays().List()...)
	for _, root := range roots {
		walk(root, visit)
	}
}

func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, visit)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, visit)
		}
	}
}

func text(o fyne.CanvasObject) string {
	if s, ok := o.(fmt.Stringer); ok {
		return s.String()
	}
	return field(o, "Text")
}

func field(o fyne.CanvasObject, name string) string {
	v := reflect.Indirect(reflect.ValueOf(o))
	if v.Kind() != reflect.Struct {
		return ""
	}
	if f := v.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

// find returns the last visible object of type T that fits: one of a dialog, if any, instead of one of the window
// below.
func find[T any](d *testWindow, fits func(T) bool) (found T, ok bool) {
	d.walk(func(o fyne.CanvasObject) {
		if one, is := o.(T); is && fits(one) {
			found, ok = one, true
		}
	})
	return found, ok
}

type pressable interface {
	fyne.CanvasObject
	fyne.Tappable
	fyne.Disableable
}

// press waits until the button with a label is enabled, and presses it.
func (d *testWindow) press(label string) {
	d.t.Helper()
	d.until("the button "+label, func() bool {
		b, ok := find(d, func(b pressable) bool { return field(b, "Text") == label })
		return ok && !b.Disabled()
	})
	b, _ := find(d, func(b pressable) bool { return field(b, "Text") == label })
	test.Tap(b)
}

// enabled reports whether there is an enabled button with a label.
func (d *testWindow) enabled(label string) bool {
	b, ok := find(d, func(b pressable) bool { return field(b, "Text") == label })
	return ok && !b.Disabled()
}

// follow waits for the link or menu item with a label, and activates it.
func (d *testWindow) follow(label string) {
	d.t.Helper()
	var act func()
	d.until("the link "+label, func() bool {
		d.walk(func(o fyne.CanvasObject) {
			if _, button := o.(fyne.Disableable); !button && field(o, "Text") == label {
				f := reflect.Indirect(reflect.ValueOf(o)).FieldByName("OnTapped")
				if f.IsValid() && f.Type() == reflect.TypeFor[func()]() {
					act = f.Interface().(func()) // a tap on the center of the link may miss its text
				}
			}
			if item := menuItem(o); item != nil {
				for _, i := range append(submenu(item), item) {
					if i.Label == label {
						act = i.Action
					}
				}
			}
		})
		return act != nil
	})
	if menu, ok := find(d, func(*widget.PopUpMenu) bool { return true }); ok {
		menu.Hide()
	}
	act()
}

// menuItem returns the item of a row of an open menu, or nil for other objects.
func menuItem(o fyne.CanvasObject) *fyne.MenuItem {
	v := reflect.Indirect(reflect.ValueOf(o))
	if v.Kind() != reflect.Struct {
		return nil
	}
	if f := v.FieldByName("Item"); f.IsValid() && f.CanInterface() {
		item, _ := f.Interface().(*fyne.MenuItem)
		return item
	}
	return nil
}

// submenu returns the items of the submenu of an item.
func submenu(item *fyne.MenuItem) []*fyne.MenuItem {
	if item.ChildMenu == nil {
		return nil
	}
	return slices.Clone(item.ChildMenu.Items)
}

type writable interface {
	fyne.CanvasObject
	fyne.Focusable
	fyne.Shortcutable
	SetText(string)
}

// write replaces the text of the field whose placeholder contains placeholder.
func (d *testWindow) write(placeholder, text string) {
	d.t.Helper()
	e, ok := find(d, func(e writable) bool { return strings.Contains(field(e, "PlaceHolder"), placeholder) })
	require.True(d.t, ok, "no field %q", placeholder)
	d.canvas().Focus(e)
	e.TypedShortcut(&fyne.ShortcutSelectAll{})
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	for _, r := range text {
		e.TypedRune(r)
	}
}

// key sends a key to the focused object, or to the canvas if there is none.
func (d *testWindow) key(name fyne.KeyName) {
	if focused := d.canvas().Focused(); focused != nil {
		focused.TypedKey(&fyne.KeyEvent{Name: name})
		return
	}
	d.canvas().OnTypedKey()(&fyne.KeyEvent{Name: name})
}

// paste pastes text into the focused object.
func (d *testWindow) paste(text string) {
	d.t.Helper()
	d.app.Clipboard().SetContent(text)
	focused, ok := d.canvas().Focused().(fyne.Shortcutable)
	require.True(d.t, ok, "no focused object accepts a paste")
	focused.TypedShortcut(&fyne.ShortcutPaste{Clipboard: d.app.Clipboard()})
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
