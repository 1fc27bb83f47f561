package ui_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"reflect"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// screenSize is the size of the smallest supported screen.
var screenSize = fyne.NewSize(1280, 720)

// accountsBackend is a backend with the calls of the dialogs about accounts.
type accountsBackend struct{ *backend }

func (accountsBackend) Account(context.Context) (api.Account, error) {
	return api.Account{
		Username:         "anna",
		RegistrationName: "Lumen Example",
		Contact:          api.Contact{FirstName: "Anna", Email: "anna.berg@lumen.example"},
	}, nil
}

func (accountsBackend) About(context.Context, string) (api.Server, error) {
	return api.Server{Name: "Lumen licenses", Contact: "support@lumen.example"}, nil
}

func (w accountsBackend) Orders(ctx context.Context) (manager.Orders, error) {
	list, err := w.backend.Orders(ctx)
	list.CanAddOrder = true
	return list, err
}

func (w accountsBackend) SerialPrograms(context.Context) ([]api.Program, error) {
	return []api.Program{w.programs[1], {ID: 9, Name: "Lumen Render Node"}}, nil
}

func (accountsBackend) History(context.Context, int64) (list []api.HistoryEntry, err error) {
	for _, task := range []api.Task{api.TaskNewLicense, api.TaskReactivation, api.TaskTransfer, api.TaskRemoval} {
		entry := api.HistoryEntry{
			Time:       now,
			Task:       task.HistoryWord(),
			Outcome:    api.OutcomeOK,
			LicenseID:  20000,
			DeviceName: "Anna's PC",
		}
		refused := entry
		refused.Outcome = string(api.ErrSiteCodeSpent)
		list = append(list, entry, refused)
	}
	return list, nil
}

func (accountsBackend) Verification(context.Context, string, bool) (api.Verification, error) {
	var picture bytes.Buffer
	err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 240, 80)))
	return api.Verification{ID: "v", Image: picture.Bytes(), ExpiresAt: now.Add(time.Minute)}, err
}

// In every dialog, in every language and with texts twice as long, no text is truncated or outside of the screen.
func TestEverythingFits(t *testing.T) {
	menu := func(item tr.Text) func(*testWindow) {
		return func(d *testWindow) { account(d); d.follow(tr.T(item)) }
	}
	ellipsis := func(item tr.Text) func(*testWindow) {
		return func(d *testWindow) { account(d); d.follow(tr.T(item) + "…") }
	}
	press := func(labels ...tr.Text) func(*testWindow) {
		return func(d *testWindow) {
			for _, l := range labels {
				d.press(tr.T(l))
			}
		}
	}
	signedOut := map[string]func(*testWindow){
		"sign-in":         func(*testWindow) {},
		"forgotten":       func(d *testWindow) { d.follow(tr.T("Forgot password?")) },
		"new account":     func(d *testWindow) { d.follow(tr.T("New account…")) },
		"without network": func(d *testWindow) { d.follow(tr.T("This PC has no network…")) },
		"request":         func(d *testWindow) { d.follow(tr.T("This PC has no network…")); d.press(tr.T("New request…")) },
		"taking an answer": func(d *testWindow) {
			d.follow(tr.T("This PC has no network…"))
			d.press(tr.T("Open an answer…"))
		},
	}
	signedIn := map[string]func(*testWindow){
		"window":          func(*testWindow) {},
		"doctor":          ellipsis(doctor.Title),
		"privacy":         menu("Data sent about this PC…"),
		"help":            menu("Help…"),
		"shortcuts":       menu("Keyboard shortcuts…"),
		"about":           menu("About ACEN Desktop…"),
		"contact data":    menu("Contact data…"),
		"password":        menu("Change password…"),
		"removal codes":   menu("Removal codes…"),
		"waiting":         menu("Waiting tasks…"),
		"sign out":        menu("Sign out…"),
		"without network": menu("PCs without a network…"),
		"new license":     press("New license…"),
		"another PC":      press("New license…", "Another PC"),
		"lock by lock":    press("New license…", "This PC", "Show it lock by lock"),
		"reactivation":    press("Reactivate…"),
		"transfer":        press("Transfer…"),
		"removal":         press("Remove…"),
		"email":           press("Email code…"),
		"new order":       press("New order…"),
		"move":            press("Move to another PC…"),
		"moved":           press("Move to another PC…", "Move"),
		"history":         func(d *testWindow) { d.follow(tr.T("All of the order")) },
		"note":            func(d *testWindow) { d.follow(tr.T("Change note")) },
	}
	for _, language := range []string{tr.Long, "de", "fr", "es", "ja"} {
		t.Run(language, func(t *testing.T) {
			require.NoError(t, tr.Use(language, ""))
			t.Cleanup(func() { require.NoError(t, tr.Use(tr.English, "")) })
			for name, open := range signedOut {
				t.Run(name, func(t *testing.T) {
					b := newBackend()
					d := drive(t, b, func(o *ui.Options) {
						o.Backend, o.Server = accountsBackend{b}, "https://licenses.lumen.example"
					})
					fits(t, d, open, name != "sign-in")
				})
			}
			for name, open := range signedIn {
				t.Run(name, func(t *testing.T) {
					b := ofThisPC()
					b.remembered = true
					b.expiring = []manager.Expiring{ending(b, 12, 14)}
					d := drive(t, b, func(o *ui.Options) { o.Backend = accountsBackend{b} })
					d.sees("Studio PC")
					d.until("the license's actions", func() bool { return d.enabled(tr.T("Move to another PC…")) })
					fits(t, d, open, name != "window")
				})
			}
		})
	}
}

// account opens the account menu.
func account(d *testWindow) {
	d.t.Helper()
	var button uitest.Pressable
	d.until("the account", func() (ok bool) {
		button, ok = find(d, func(b uitest.Pressable) bool { return strings.HasPrefix(uitest.Field(b, "Text"), annaButton) })
		return ok && !button.Disabled()
	})
	test.Tap(button)
}

// fits calls open and checks every text of the dialog, or of the window if dialog is false.
func fits(t *testing.T, d *testWindow, open func(*testWindow), dialog bool) {
	t.Helper()
	d.Fyne().Resize(screenSize)
	open(d)
	if dialog {
		d.until("the dialog", func() bool { return d.canvas().Overlays().Top() != nil })
	}
	before := -1
	d.until("the layout to be stable", func() bool {
		now := len(d.texts())
		same := now == before && d.idle()
		before = now
		return same
	})
	d.Fyne().Resize(screenSize.SubtractWidthHeight(1, 1)) // makes the test driver lay out again
	d.Fyne().Resize(screenSize)
	require.LessOrEqual(t, d.Fyne().Canvas().Size().Width, screenSize.Width, "the window is wider than the screen")
	roots := d.canvas().Overlays().List()
	if len(roots) == 0 {
		roots = []fyne.CanvasObject{d.canvas().Content()}
	}
	count := 0
	visitVisible(roots[len(roots)-1], false, func(o fyne.CanvasObject, scrolled bool) {
		if text := uitest.Text(o); text != "" {
			count++
			for _, fault := range layoutFaults(o, scrolled) {
				t.Errorf("%T %q: %s", o, text, fault)
			}
		}
	})
	require.Positive(t, count)
}

// idle reports whether no progress bar is running.
func (d *testWindow) idle() bool {
	_, working := find(d, func(b *widget.ProgressBarInfinite) bool { return b.Running() })
	return !working
}

// visitVisible calls visit for all visible objects. scrolled reports whether an object is in a scroller.
func visitVisible(o fyne.CanvasObject, scrolled bool, visit func(fyne.CanvasObject, bool)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o, scrolled)
	switch o := o.(type) {
	case *container.Scroll:
		visitVisible(o.Content, true, visit)
	case *fyne.Container:
		for _, child := range o.Objects {
			visitVisible(child, scrolled, visit)
		}
	case *widget.Entry:
		return // scrolls by itself
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			visitVisible(child, scrolled, visit)
		}
	}
}

// layoutFaults returns the reasons why a text is not completely readable.
func layoutFaults(o fyne.CanvasObject, scrolled bool) (list []string) {
	if kind := reflect.TypeOf(o).String(); strings.Contains(kind, "Entry") {
		return nil
	}
	least, size := o.MinSize(), o.Size()
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	if least.Width > size.Width+1 {
		list = append(list, fmt.Sprintf("it needs width %v and has %v", least.Width, size.Width))
	}
	if least.Height > size.Height+1 {
		list = append(list, fmt.Sprintf("it needs height %v and has %v", least.Height, size.Height))
	}
	if l, ok := o.(*widget.Label); ok && l.Truncation != fyne.TextTruncateOff && l.Wrapping == fyne.TextWrapOff {
		if natural := widget.NewLabelWithStyle(l.Text, l.Alignment, l.TextStyle).MinSize().Width; natural > size.Width+1 {
			list = append(list, fmt.Sprintf("it is truncated: %v of %v", size.Width, natural))
		}
	}
	if at.X < -8 || at.X+least.Width > screenSize.Width+8 ||
		!scrolled && (at.Y < -8 || at.Y+least.Height > screenSize.Height+8) {
		list = append(list, fmt.Sprintf("it is at %v, outside of the screen", at))
	}
	return list
}
