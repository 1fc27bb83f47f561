package account

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
)

const (
	server = "https://licenses.lumen.example"
	serial = "SM4G-2FQZ-XF-7EGC-WT2T"
)

// call is a call of the backend that blocks until the test answers it.
type call struct {
	name   string
	args   []any
	answer chan<- answer
}

type answer struct {
	value any
	err   error
}

// backend sends every call to the test and returns the test's answer.
type backend struct{ calls chan call }

func ask[T any](ctx context.Context, b *backend, name string, args ...any) (result T, err error) {
	reply := make(chan answer, 1)
	b.calls <- call{name, args, reply}
	select {
	case a := <-reply:
		if a.value != nil {
			result = a.value.(T)
		}
		return result, a.err
	case <-ctx.Done():
		return result, ctx.Err()
	}
}

func (b *backend) Verification(ctx context.Context, server string, sound bool) (api.Verification, error) {
	return ask[api.Verification](ctx, b, "Verification", server, sound)
}

func (b *backend) NewOrder(ctx context.Context, o api.NewOrder) (api.Order, error) {
	return ask[api.Order](ctx, b, "NewOrder", o)
}

func (b *backend) Account(ctx context.Context) (api.Account, error) {
	return ask[api.Account](ctx, b, "Account")
}

func (b *backend) ChangeAccount(ctx context.Context, c api.AccountChange) (api.Account, error) {
	return ask[api.Account](ctx, b, "ChangeAccount", c)
}

func (b *backend) ChangePassword(ctx context.Context, current, next string) error {
	_, err := ask[any](ctx, b, "ChangePassword", current, next)
	return err
}

func (b *backend) About(ctx context.Context, server string) (api.Server, error) {
	return ask[api.Server](ctx, b, "About", server)
}

func (b *backend) RequestPasswordReset(ctx context.Context, server, login string, v api.VerificationAnswer) error {
	_, err := ask[any](ctx, b, "RequestPasswordReset", server, login, v)
	return err
}

func (b *backend) Register(ctx context.Context, server string, a api.NewAccount) (api.Client, error) {
	return ask[api.Client](ctx, b, "Register", server, a)
}

// timer is a call of Options.After.
type timer struct {
	wait  time.Duration
	fires chan<- time.Time
}

// screen is a window with a dialog, and helpers that act as a person would.
type screen struct {
	t             *testing.T
	window        fyne.Window
	options       Options
	ui            chan func()
	backend       *backend
	unclaimed     []call // calls received while the test waited for others
	timers        chan timer
	pendingTimers []timer
	now           time.Time
	pictures      int

	orders     []api.Order
	accounts   []api.Account
	registered []string
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	before := goleak.IgnoreCurrent()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	s := &screen{
		t:       t,
		window:  test.NewTempWindow(t, widget.NewLabel("window")),
		ui:      make(chan func(), 64),
		backend: &backend{make(chan call, 64)},
		timers:  make(chan timer, 64),
		now:     time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC),
	}
	s.window.Resize(fyne.NewSize(1000, 760))
	work := background.NewGroup(t.Context(), func(f func()) { s.ui <- f })
	t.Cleanup(func() {
		work.Close()
		work.Wait()
		goleak.VerifyNone(t, before)
	})
	s.options = Options{
		Canvas:  s.window.Canvas(),
		Dialogs: dialogs.New(s.window),
		Work:    work,
		Manager: s.backend,
		Explain: explain.Error,
		Play:    func([]byte) error { return nil },
		Now:     func() time.Time { return s.now },
		After: func(d time.Duration) <-chan time.Time {
			fires := make(chan time.Time, 1)
			s.timers <- timer{d, fires}
			return fires
		},
		OnOrder:      func(o api.Order) { s.orders = append(s.orders, o) },
		OnAccount:    func(a api.Account) { s.accounts = append(s.accounts, a) },
		OnRegistered: func(server, username string) { s.registered = append(s.registered, server+" "+username) },
	}
	return s
}

// until runs functions of the UI thread until cond holds.
func (s *screen) until(cond func() bool) {
	for !cond() {
		(<-s.ui)()
	}
}

// call returns the next call of a method.
func (s *screen) call(name string) call {
	for i, c := range s.unclaimed {
		if c.name == name {
			s.unclaimed = append(s.unclaimed[:i:i], s.unclaimed[i+1:]...)
			return c
		}
	}
	for {
		c := <-s.backend.calls
		if c.name == name {
			return c
		}
		s.unclaimed = append(s.unclaimed, c)
	}
}

// requireNoCall requires that no call of a method is pending.
func (s *screen) requireNoCall(name string) {
	s.t.Helper()
	for {
		select {
		case c := <-s.backend.calls:
			s.unclaimed = append(s.unclaimed, c)
		default:
			for _, c := range s.unclaimed {
				require.NotEqual(s.t, name, c.name)
			}
			return
		}
	}
}

func (c call) give(value any, err error) { c.answer <- answer{value, err} }

// advance fires the next timer of the given duration and moves the clock by it.
func (s *screen) advance(wait time.Duration) {
	take := func(t timer) {
		s.now = s.now.Add(wait)
		t.fires <- s.now
	}
	for i, t := range s.pendingTimers {
		if t.wait == wait {
			s.pendingTimers = append(s.pendingTimers[:i:i], s.pendingTimers[i+1:]...)
			take(t)
			return
		}
	}
	for {
		t := <-s.timers
		if t.wait == wait {
			take(t)
			return
		}
		s.pendingTimers = append(s.pendingTimers, t)
	}
}

// blank returns an empty PNG.
func blank(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 10))))
	return b.Bytes()
}

// picture answers a request for a picture with the id "picture 1", "picture 2", …
func (s *screen) picture() {
	c := s.call("Verification")
	s.pictures++
	c.give(api.Verification{ID: fmt.Sprintf("picture %d", s.pictures), Image: blank(s.t)}, nil)
	s.until(func() bool { return !s.shows("Loading the picture…") })
}

// visit calls do for every visible object of the dialog, from top to bottom.
func (s *screen) visit(do func(fyne.CanvasObject)) {
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if !o.Visible() {
			return
		}
		do(o)
		switch o := o.(type) {
		case *widget.Label: // repeats itself below
		case *fyne.Container:
			for _, child := range o.Objects {
				walk(child)
			}
		case fyne.Widget:
			for _, child := range test.WidgetRenderer(o).Objects() {
				walk(child)
			}
		}
	}
	for _, overlay := range s.window.Canvas().Overlays().List() {
		walk(overlay)
	}
}

// texts returns the visible texts, except the values of fields.
func (s *screen) texts() (texts []string) {
	s.visit(func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widget.Label:
			texts = append(texts, o.Text)
		case *widget.RichText:
			for _, segment := range o.Segments {
				texts = append(texts, segment.Textual())
			}
		case *fyne.Container:
		case fyne.Accessible:
			texts = append(texts, o.AccessibilityLabel())
		}
	})
	return texts
}

// allText returns all that can be read in one text.
func (s *screen) allText() string {
	return strings.Join(strings.Fields(strings.Join(s.texts(), " ")), " ")
}

func (s *screen) shows(text string) bool {
	for _, t := range s.texts() {
		if t == text {
			return true
		}
	}
	return false
}

// requireText requires that texts are shown.
func (s *screen) requireText(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		require.Contains(s.t, s.texts(), text)
	}
}

// field returns the control below a label.
func (s *screen) field(label string) (found fyne.Focusable) {
	s.t.Helper()
	below := false
	s.visit(func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok && l.Text == label {
			below = true
		}
		if control, ok := o.(fyne.Focusable); ok && below && found == nil {
			found = control
		}
	})
	require.NotNil(s.t, found, "there is no field %q in %q", label, s.texts())
	return found
}

func (s *screen) focused() fyne.Focusable { return s.window.Canvas().Focused() }

// fill replaces the value of the field below a label by typing.
func (s *screen) fill(label, text string) {
	s.t.Helper()
	f := s.field(label)
	s.window.Canvas().Focus(f)
	if s, ok := f.(fyne.Shortcutable); ok {
		s.TypedShortcut(&fyne.ShortcutSelectAll{})
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	}
	for _, r := range text {
		f.TypedRune(r)
	}
}

// content returns the value of the field below a label.
func (s *screen) content(label string) string {
	s.t.Helper()
	type texted interface{ SelectedText() string }
	f := s.field(label)
	require.Implements(s.t, (*texted)(nil), f)
	f.(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutSelectAll{})
	return f.(texted).SelectedText()
}

// key sends a key to the focused object, or else to the canvas, as a driver does.
func (s *screen) key(name fyne.KeyName) {
	e := &fyne.KeyEvent{Name: name}
	if focused := s.focused(); focused != nil {
		focused.TypedKey(e)
	} else if handler := s.window.Canvas().OnTypedKey(); handler != nil {
		handler(e)
	}
}

// press taps the button with a label.
func (s *screen) press(text string) {
	s.t.Helper()
	var found fyne.Tappable
	s.visit(func(o fyne.CanvasObject) {
		if a, ok := o.(fyne.Accessible); ok && a.AccessibilityLabel() == text {
			if b, ok := o.(fyne.Tappable); ok {
				found = b
			}
		}
	})
	require.NotNil(s.t, found, "there is no button %q in %q", text, s.texts())
	test.Tap(found)
}

// waitIdle waits until the dialog has processed an answer.
func (s *screen) waitIdle() {
	s.until(func() bool { d := s.options.Dialogs.Visible(); return d == nil || !d.Busy() })
}

func (s *screen) closed() bool { return s.options.Dialogs.Visible() == nil }

func refusal(code api.Code, detail string, retryAfter int, errors ...api.FieldError) *api.Problem {
	p := api.NewProblem(code, detail)
	p.RetryAfter, p.Errors = retryAfter, errors
	return p
}
