// Package uitest provides a window for tests. Fyne's test driver draws it, and the test is its UI thread.
package uitest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

const (
	// maxWait is the time after which WaitUntil fails. It is no measure of speed.
	maxWait = 30 * time.Second

	// poll is how often WaitUntil checks its condition while no function is queued.
	poll = 5 * time.Millisecond
)

// Stage is a window with the dependencies of screens and presenters. Its methods belong to the test's goroutine.
type Stage struct {
	*Driver
	App     fyne.App
	Window  fyne.Window
	Dialogs *dialogs.Queue
	Work    *background.Group
}

// New returns an empty window of 1180 × 760 with the theme of the app. Its work ends with the test, which fails if a
// goroutine is left.
func New(t *testing.T) *Stage {
	t.Helper()
	s := &Stage{App: test.NewTempApp(t)}
	s.App.Settings().SetTheme(theme.New())
	s.Window = test.NewTempWindow(t, nil)
	s.Window.Resize(fyne.NewSize(1180, 760))
	s.Driver = NewDriver(t, s.App, s.Window.Canvas)
	s.Dialogs = dialogs.New(s.Window)
	before := goleak.IgnoreCurrent()
	s.Work = background.NewGroup(context.Background(), s.Do)
	t.Cleanup(func() {
		s.Work.Close()
		s.Work.Wait()
		goleak.VerifyNone(t, before)
	})
	return s
}

// Driver reads and operates a window like a person. The test is the UI thread of the window: what is given to Do waits
// until the test calls WaitUntil or RunQueued.
type Driver struct {
	t      *testing.T
	app    fyne.App
	canvas func() fyne.Canvas
	queue  chan func()
}

// NewDriver returns a driver of the window with a canvas.
func NewDriver(t *testing.T, app fyne.App, canvas func() fyne.Canvas) *Driver {
	return &Driver{t: t, app: app, canvas: canvas, queue: make(chan func(), 1000)}
}

// Do queues a function for the UI thread. It may be called on any goroutine.
func (d *Driver) Do(f func()) { d.queue <- f }

// WaitUntil runs functions of the UI thread until ok returns true. It fails the test after maxWait; what names the
// condition.
func (d *Driver) WaitUntil(what string, ok func() bool) {
	d.t.Helper()
	end := time.NewTimer(maxWait)
	defer end.Stop()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for !ok() {
		select {
		case f := <-d.queue:
			f()
		case <-ticker.C:
		case <-end.C:
			d.t.Fatalf("timeout waiting for %s; the window shows:\n%s", what, strings.Join(d.Texts(), "\n"))
		}
	}
}

// RunQueued runs the queued functions of the UI thread.
func (d *Driver) RunQueued() {
	for {
		select {
		case f := <-d.queue:
			f()
		default:
			return
		}
	}
}

// WaitFor waits until a visible text contains text.
func (d *Driver) WaitFor(text string) {
	d.t.Helper()
	d.WaitUntil(fmt.Sprintf("%q", text), func() bool { return d.Shows(text) })
}

// Shows reports whether a visible text contains text.
func (d *Driver) Shows(text string) bool {
	for _, t := range d.Texts() {
		if strings.Contains(t, text) {
			return true
		}
	}
	return false
}

// Texts returns the visible texts of the window.
func (d *Driver) Texts() []string {
	var all []string
	d.Walk(func(o fyne.CanvasObject) {
		if text := Text(o); text != "" {
			all = append(all, text)
		}
	})
	return all
}

// Pressable is a button.
type Pressable interface {
	fyne.CanvasObject
	fyne.Tappable
	fyne.Disableable
}

// Press waits until the button with a label is enabled, and presses it.
func (d *Driver) Press(label string) {
	d.t.Helper()
	d.WaitUntil(label, func() bool { return d.Enabled(label) })
	b, _ := d.button(label)
	test.Tap(b)
}

// Enabled reports whether there is an enabled button with a label.
func (d *Driver) Enabled(label string) bool {
	b, ok := d.button(label)
	return ok && !b.Disabled()
}

// button returns the last button with a label: one of a dialog, if any, instead of one of the window below.
func (d *Driver) button(label string) (found Pressable, ok bool) {
	d.Walk(func(o fyne.CanvasObject) {
		if b, is := o.(Pressable); is && Field(o, "Text") == label {
			found, ok = b, true
		}
	})
	return found, ok
}

// Follow waits for the link or menu item with a label, and activates it. It hides an open menu.
func (d *Driver) Follow(label string) {
	d.t.Helper()
	var act func()
	var menu *widget.PopUpMenu
	d.WaitUntil("the link "+label, func() bool {
		d.Walk(func(o fyne.CanvasObject) {
			if m, ok := o.(*widget.PopUpMenu); ok {
				menu = m
			}
			if _, button := o.(fyne.Disableable); !button && Field(o, "Text") == label {
				f := reflect.Indirect(reflect.ValueOf(o)).FieldByName("OnTapped")
				if f.IsValid() && f.Type() == reflect.TypeFor[func()]() {
					act = f.Interface().(func()) // a tap on the center of the link may miss its text
				}
			}
			for _, item := range menuItems(o) {
				if item.Label == label {
					act = item.Action
				}
			}
		})
		return act != nil
	})
	if menu != nil {
		menu.Hide()
	}
	act()
}

// menuItems returns the item of a row of an open menu, after those of its submenu; nil for other objects.
func menuItems(o fyne.CanvasObject) []*fyne.MenuItem {
	v := reflect.Indirect(reflect.ValueOf(o))
	if v.Kind() != reflect.Struct {
		return nil
	}
	f := v.FieldByName("Item")
	if !f.IsValid() || !f.CanInterface() {
		return nil
	}
	item, _ := f.Interface().(*fyne.MenuItem)
	switch {
	case item == nil:
		return nil
	case item.ChildMenu == nil:
		return []*fyne.MenuItem{item}
	}
	return append(slices.Clone(item.ChildMenu.Items), item)
}

// Writable is an input field.
type Writable interface {
	fyne.CanvasObject
	fyne.Focusable
	fyne.Shortcutable
	SetText(string)
}

// Fill waits for the field whose placeholder contains placeholder, and replaces its text.
func (d *Driver) Fill(placeholder, text string) {
	d.t.Helper()
	var entry Writable
	d.WaitUntil(placeholder, func() bool {
		d.Walk(func(o fyne.CanvasObject) {
			if e, ok := o.(Writable); ok && strings.Contains(Field(o, "PlaceHolder"), placeholder) {
				entry = e
			}
		})
		return entry != nil
	})
	d.canvas().Focus(entry)
	entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	for _, r := range text {
		entry.TypedRune(r)
	}
}

// Paste pastes text into the focused object.
func (d *Driver) Paste(text string) {
	d.t.Helper()
	d.app.Clipboard().SetContent(text)
	if focused, ok := d.canvas().Focused().(fyne.Shortcutable); ok {
		focused.TypedShortcut(&fyne.ShortcutPaste{Clipboard: d.app.Clipboard()})
	}
}

// Key sends a key to the focused object, or to the canvas if there is none.
func (d *Driver) Key(name fyne.KeyName) {
	canvas := d.canvas()
	if focused := canvas.Focused(); focused != nil {
		focused.TypedKey(&fyne.KeyEvent{Name: name})
	} else if typed := canvas.OnTypedKey(); typed != nil {
		typed(&fyne.KeyEvent{Name: name})
	}
}

// Walk calls visit for all visible objects of the window, those of dialogs last.
func (d *Driver) Walk(visit func(fyne.CanvasObject)) {
	canvas := d.canvas()
	for _, root := range append([]fyne.CanvasObject{canvas.Content()}, canvas.Overlays().List()...) {
		Walk(root, visit)
	}
}

// Walk calls visit for an object and all visible objects in it.
func Walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			Walk(child, visit)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			Walk(child, visit)
		}
	}
}

// Text returns the text of an object, without those of other objects in it.
func Text(o fyne.CanvasObject) string {
	if s, ok := o.(fmt.Stringer); ok {
		return s.String()
	}
	return Field(o, "Text")
}

// Field returns a string field of the struct behind an object, or "".
func Field(o fyne.CanvasObject, name string) string {
	v := reflect.Indirect(reflect.ValueOf(o))
	if v.Kind() != reflect.Struct {
		return ""
	}
	if f := v.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}
