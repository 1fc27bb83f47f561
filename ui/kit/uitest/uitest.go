// Package uitest provides a window for tests. Fyne's test driver draws it, and the test is its UI thread.
package uitest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
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
	App     fyne.App
	Window  fyne.Window
	Dialogs *dialogs.Queue
	Work    *background.Group

	t     *testing.T
	queue chan func()
}

// New returns an empty window of 1180 × 760 with the theme of the app. Its work ends with the test, which fails if a
// goroutine is left.
func New(t *testing.T) *Stage {
	t.Helper()
	s := &Stage{App: test.NewTempApp(t), t: t, queue: make(chan func(), 1000)}
	s.App.Settings().SetTheme(theme.New())
	s.Window = test.NewTempWindow(t, nil)
	s.Window.Resize(fyne.NewSize(1180, 760))
	s.Dialogs = dialogs.New(s.Window)
	before := goleak.IgnoreCurrent()
	s.Work = background.NewGroup(context.Background(), func(f func()) { s.queue <- f })
	t.Cleanup(func() {
		s.Work.Close()
		s.Work.Wait()
		goleak.VerifyNone(t, before)
	})
	return s
}

// WaitUntil runs functions of the UI thread until ok returns true. It fails the test after maxWait; what names the
// condition.
func (s *Stage) WaitUntil(what string, ok func() bool) {
	s.t.Helper()
	end := time.NewTimer(maxWait)
	defer end.Stop()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for !ok() {
		select {
		case f := <-s.queue:
			f()
		case <-ticker.C:
		case <-end.C:
			s.t.Fatalf("timeout waiting for %s; the window shows:\n%s", what, strings.Join(s.Texts(), "\n"))
		}
	}
}

// RunQueued runs the queued functions of the UI thread.
func (s *Stage) RunQueued() {
	for {
		select {
		case f := <-s.queue:
			f()
		default:
			return
		}
	}
}

// WaitFor waits until a visible text contains text.
func (s *Stage) WaitFor(text string) {
	s.t.Helper()
	s.WaitUntil(fmt.Sprintf("%q", text), func() bool { return s.Shows(text) })
}

// Shows reports whether a visible text contains text.
func (s *Stage) Shows(text string) bool {
	for _, t := range s.Texts() {
		if strings.Contains(t, text) {
			return true
		}
	}
	return false
}

// Texts returns the visible texts of the window.
func (s *Stage) Texts() []string {
	var all []string
	s.walk(func(o fyne.CanvasObject) {
		if text := Text(o); text != "" {
			all = append(all, text)
		}
	})
	return all
}

// pressable is a button.
type pressable interface {
	fyne.CanvasObject
	fyne.Tappable
	fyne.Disableable
}

// Press waits until the button with a label is enabled, and presses it.
func (s *Stage) Press(label string) {
	s.t.Helper()
	s.WaitUntil(label, func() bool { return s.Enabled(label) })
	b, _ := s.button(label)
	test.Tap(b)
}

// Enabled reports whether there is an enabled button with a label.
func (s *Stage) Enabled(label string) bool {
	b, ok := s.button(label)
	return ok && !b.Disabled()
}

// button returns the last button with a label: one of a dialog, if any, instead of one of the window below.
func (s *Stage) button(label string) (found pressable, ok bool) {
	s.walk(func(o fyne.CanvasObject) {
		if b, is := o.(pressable); is && field(o, "Text") == label {
			found, ok = b, true
		}
	})
	return found, ok
}

// Follow waits for the link with a label, and follows it.
func (s *Stage) Follow(label string) {
	s.t.Helper()
	var tapped func()
	s.WaitUntil(label, func() bool {
		s.walk(func(o fyne.CanvasObject) {
			if _, button := o.(fyne.Disableable); button || field(o, "Text") != label {
				return
			}
			f := reflect.Indirect(reflect.ValueOf(o)).FieldByName("OnTapped")
			if f.IsValid() && f.Type() == reflect.TypeFor[func()]() {
				tapped = f.Interface().(func()) // a tap on the center of the link may miss its text
			}
		})
		return tapped != nil
	})
	tapped()
}

// writable is an input field.
type writable interface {
	fyne.CanvasObject
	fyne.Focusable
	fyne.Shortcutable
	SetText(string)
}

// Fill waits for the field whose placeholder contains placeholder, and replaces its text.
func (s *Stage) Fill(placeholder, text string) {
	s.t.Helper()
	var entry writable
	s.WaitUntil(placeholder, func() bool {
		s.walk(func(o fyne.CanvasObject) {
			if e, ok := o.(writable); ok && strings.Contains(field(o, "PlaceHolder"), placeholder) {
				entry = e
			}
		})
		return entry != nil
	})
	s.Window.Canvas().Focus(entry)
	entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	for _, r := range text {
		entry.TypedRune(r)
	}
}

// Paste pastes text into the focused object.
func (s *Stage) Paste(text string) {
	s.t.Helper()
	s.App.Clipboard().SetContent(text)
	if focused, ok := s.Window.Canvas().Focused().(fyne.Shortcutable); ok {
		focused.TypedShortcut(&fyne.ShortcutPaste{Clipboard: s.App.Clipboard()})
	}
}

// Key sends a key to the focused object, or to the canvas if there is none.
func (s *Stage) Key(name fyne.KeyName) {
	canvas := s.Window.Canvas()
	if focused := canvas.Focused(); focused != nil {
		focused.TypedKey(&fyne.KeyEvent{Name: name})
	} else if typed := canvas.OnTypedKey(); typed != nil {
		typed(&fyne.KeyEvent{Name: name})
	}
}

func (s *Stage) walk(visit func(fyne.CanvasObject)) {
	canvas := s.Window.Canvas()
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
	return field(o, "Text")
}

// field returns a string field of the struct behind an object, or "".
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
