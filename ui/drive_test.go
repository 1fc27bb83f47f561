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

// patience ends a wait for something that will not come. It judges no speed.
const patience = 30 * time.Second

// clock is a time that the test moves.
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

// mailProgram records what is handed over to it.
type mailProgram struct {
	mu      sync.Mutex
	opened  []string
	pages   []string
	err     error
	picture []byte
}

func (p *mailProgram) Open(_ context.Context, address string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = append(p.opened, address)
	return p.err
}

func (p *mailProgram) MaxMailto() int { return 2000 }

func (p *mailProgram) Show(_ context.Context, page []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages = append(p.pages, string(page))
	return p.err
}

func (p *mailProgram) Play([]byte) error { return nil }

func (p *mailProgram) ClipboardPicture(context.Context) ([]byte, error) { return p.picture, p.err }

// driven is a window whose UI thread is the test.
type driven struct {
	*ui.Window
	t     *testing.T
	app   fyne.App
	b     *backend
	clock *clock
	ticks chan time.Time
	mail  *mailProgram
	queue chan func()
	given chan<- []byte // what later starts bring, where the test has given it
	once  sync.Once
}

// Close closes the window once: the toolkit's test driver looks for ever for one that it has closed.
func (d *driven) Close() { d.once.Do(d.Window.Close) }

func drive(t *testing.T, b *backend, change ...func(*ui.Options)) *driven {
	t.Helper()
	return driveIn(t, test.NewTempApp(t), b, change...)
}

func driveIn(t *testing.T, app fyne.App, b *backend, change ...func(*ui.Options)) *driven {
	t.Helper()
	before := goleak.IgnoreCurrent()
	d := &driven{t: t, app: app, b: b, clock: &clock{at: now}, ticks: make(chan time.Time), mail: &mailProgram{}, queue: make(chan func(), 1000)}
	o := ui.Options{
		Backend: b, Opener: d.mail, Do: func(f func()) { d.queue <- f }, Now: d.clock.now, Ticks: d.ticks, Version: "0.1.0-test",
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

// until runs what comes to the UI thread until something is so.
func (d *driven) until(what string, so func() bool) {
	d.t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(5 * time.Millisecond) // a call that began tells nobody
	defer again.Stop()
	for !so() {
		select {
		case f := <-d.queue:
			f()
		case <-again.C:
		case <-end.C:
			d.t.Fatalf("waited in vain for %s; the window shows:\n%s", what, strings.Join(d.texts(), "\n"))
		}
	}
}

// settle runs what is in the queue already.
func (d *driven) settle() {
	for {
		select {
		case f := <-d.queue:
			f()
		default:
			return
		}
	}
}

// tick lets time pass on the clock and the screen.
func (d *driven) tick(by time.Duration) {
	d.t.Helper()
	d.clock.pass(by)
	d.ticks <- d.clock.now()
	d.ticks <- d.clock.now() // when this is taken, the first is in the queue
	d.settle()
}

// sees waits until a text is on the screen.
func (d *driven) sees(text string) {
	d.t.Helper()
	d.until(fmt.Sprintf("%q", text), func() bool { return d.shows(text) })
}

func (d *driven) shows(text string) bool {
	for _, t := range d.texts() {
		if strings.Contains(t, text) {
			return true
		}
	}
	return false
}

func (d *driven) canvas() fyne.Canvas { return d.Fyne().Canvas() }

// texts is everything that can be read in the window.
func (d *driven) texts() []string {
	var all []string
	d.walk(func(o fyne.CanvasObject) {
		if text := text(o); text != "" {
			all = append(all, text)
		}
	})
	return all
}

func (d *driven) walk(visit func(fyne.CanvasObject)) {
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

// find returns the last visible object of a kind that fits: one of a dialog before one of the window below.
func find[T any](d *driven, fits func(T) bool) (found T, ok bool) {
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

// press taps the button with a text, which must be enabled.
func (d *driven) press(label string) {
	d.t.Helper()
	d.until("the button "+label, func() bool {
		b, ok := find(d, func(b pressable) bool { return field(b, "Text") == label })
		return ok && !b.Disabled()
	})
	b, _ := find(d, func(b pressable) bool { return field(b, "Text") == label })
	test.Tap(b)
}

// enabled reports whether there is such a button and it can be pressed.
func (d *driven) enabled(label string) bool {
	b, ok := find(d, func(b pressable) bool { return field(b, "Text") == label })
	return ok && !b.Disabled()
}

// follow taps the link, or chooses the item of a menu, with a text.
func (d *driven) follow(label string) {
	d.t.Helper()
	var act func()
	d.until("the link "+label, func() bool {
		d.walk(func(o fyne.CanvasObject) {
			if _, button := o.(fyne.Disableable); !button && field(o, "Text") == label {
				if f := reflect.Indirect(reflect.ValueOf(o)).FieldByName("OnTapped"); f.IsValid() && f.Type() == reflect.TypeFor[func()]() {
					act = f.Interface().(func()) // a tap beside the text, wherever that is, would do nothing
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

// menuItem is the item that a line of an open menu stands for.
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

// submenu is what an item of a menu opens beside it.
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

// write replaces the text of the field with a placeholder.
func (d *driven) write(placeholder, text string) {
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

// key types a key where the focus is.
func (d *driven) key(name fyne.KeyName) {
	if focused := d.canvas().Focused(); focused != nil {
		focused.TypedKey(&fyne.KeyEvent{Name: name})
		return
	}
	d.canvas().OnTypedKey()(&fyne.KeyEvent{Name: name})
}

// paste pastes where the focus is.
func (d *driven) paste(text string) {
	d.t.Helper()
	d.app.Clipboard().SetContent(text)
	focused, ok := d.canvas().Focused().(fyne.Shortcutable)
	require.True(d.t, ok, "nothing to paste into has the focus")
	focused.TypedShortcut(&fyne.ShortcutPaste{Clipboard: d.app.Clipboard()})
}

// signIn signs in and waits for the tables.
func (d *driven) signIn() {
	d.t.Helper()
	d.sees("Sign in to look after")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Licenses of order 1042")
	d.sees("Studio PC")
}
