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
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// screenSize is that of the smallest screen on which every dialog has to be read.
var screenSize = fyne.NewSize(1280, 720)

// whole is a backend with what the dialogs about accounts ask for.
type whole struct{ *backend }

func (whole) Account(context.Context) (api.Account, error) {
	return api.Account{Username: "anna", RegistrationName: "Lumen Example", Contact: api.Contact{FirstName: "Anna", Email: "anna.berg@lumen.example"}}, nil
}

func (whole) About(context.Context, string) (api.Server, error) {
	return api.Server{Name: "Lumen licenses", Contact: "support@lumen.example"}, nil
}

func (w whole) Orders(ctx context.Context) (manager.Orders, error) {
	list, err := w.backend.Orders(ctx)
	list.CanAddOrder = true
	return list, err
}

func (w whole) SerialPrograms(context.Context) ([]api.Program, error) {
	return []api.Program{w.programs[1], {ID: 9, Name: "Lumen Render Node"}}, nil
}

func (whole) History(context.Context, int64) (list []api.HistoryEntry, err error) {
	for _, task := range []api.Task{api.TaskNewLicense, api.TaskReactivation, api.TaskTransfer, api.TaskRemoval} {
		list = append(list, api.HistoryEntry{Time: now, Task: task.History(), Outcome: api.OutcomeOK, LicenseID: 20000, DeviceName: "Anna's PC"},
			api.HistoryEntry{Time: now, Task: task.History(), Outcome: string(api.ErrSiteCodeSpent), LicenseID: 20000, DeviceName: "Anna's PC"})
	}
	return list, nil
}

func (whole) Verification(context.Context, string, bool) (api.Verification, error) {
	var picture bytes.Buffer
	err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 240, 80)))
	return api.Verification{ID: "v", Image: picture.Bytes(), ExpiresAt: now.Add(time.Minute)}, err
}

// Every dialog, in every language and with texts twice as long: nothing is cut off, covered by its neighbor, or beside the screen.
func TestEverythingFits(t *testing.T) {
	menu := func(item tr.Text) func(*driven) {
		return func(d *driven) { account(d); d.follow(tr.T(item)) }
	}
	ellipsis := func(item tr.Text) func(*driven) {
		return func(d *driven) { account(d); d.follow(tr.T(item) + "…") }
	}
	press := func(labels ...tr.Text) func(*driven) {
		return func(d *driven) {
			for _, l := range labels {
				d.press(tr.T(l))
			}
		}
	}
	signedOut := map[string]func(*driven){
		"sign-in":          func(*driven) {},
		"forgotten":        func(d *driven) { d.follow(tr.T("Forgot password?")) },
		"new account":      func(d *driven) { d.follow(tr.T("New account…")) },
		"without network":  func(d *driven) { d.follow(tr.T("This PC has no network…")) },
		"request":          func(d *driven) { d.follow(tr.T("This PC has no network…")); d.press(tr.T("New request…")) },
		"taking an answer": func(d *driven) { d.follow(tr.T("This PC has no network…")); d.press(tr.T("Take an answer…")) },
	}
	signedIn := map[string]func(*driven){
		"window":          func(*driven) {},
		"doctor":          ellipsis(doctor.Title),
		"privacy":         menu("What is sent about this PC…"),
		"help":            menu("Help…"),
		"shortcuts":       menu("Keyboard shortcuts…"),
		"about":           menu("About ACEN Desktop…"),
		"contact data":    menu("Contact data…"),
		"password":        menu("Change password…"),
		"removal codes":   menu("Removal codes…"),
		"waiting":         menu("What waits for the server…"),
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
		"history":         func(d *driven) { d.follow(tr.T("All of the order")) },
		"note":            func(d *driven) { d.follow(tr.T("Change note")) },
	}
	for _, language := range []string{tr.Long, "de", "fr", "es", "ja"} {
		t.Run(language, func(t *testing.T) {
			require.NoError(t, tr.Use(language, ""))
			t.Cleanup(func() { require.NoError(t, tr.Use(tr.English, "")) })
			for name, open := range signedOut {
				t.Run(name, func(t *testing.T) {
					b := newBackend()
					fits(t, drive(t, b, func(o *ui.Options) { o.Backend, o.Server = whole{b}, "https://licenses.lumen.example" }), open, name != "sign-in")
				})
			}
			for name, open := range signedIn {
				t.Run(name, func(t *testing.T) {
					b := ofThisPC()
					b.remembered = true
					b.expiring = []manager.Expiring{ending(b, 12, 14)}
					d := drive(t, b, func(o *ui.Options) { o.Backend = whole{b} })
					d.sees("Studio PC")
					d.until("the license's actions", func() bool { return d.enabled(tr.T("Move to another PC…")) })
					fits(t, d, open, name != "window")
				})
			}
		})
	}
}

// account opens the menu of the account.
func account(d *driven) {
	d.t.Helper()
	var button pressable
	d.until("the account", func() (ok bool) {
		button, ok = find(d, func(b pressable) bool { return strings.HasPrefix(field(b, "Text"), annaButton) })
		return ok && !button.Disabled()
	})
	test.Tap(button)
}

// fits opens a dialog, or something else in the window, and looks at every text in it.
func fits(t *testing.T, d *driven, open func(*driven), dialog bool) {
	t.Helper()
	d.Fyne().Resize(screenSize)
	open(d)
	if dialog {
		d.until("the dialog", func() bool { return d.canvas().Overlays().Top() != nil })
	}
	before := -1
	d.until("everything to be shown", func() bool {
		now := len(d.texts())
		same := now == before && d.idle()
		before = now
		return same
	})
	d.Fyne().Resize(screenSize.SubtractWidthHeight(1, 1)) // the test driver lays out again only then
	d.Fyne().Resize(screenSize)
	require.LessOrEqual(t, d.Fyne().Canvas().Size().Width, screenSize.Width, "the window is wider than the screen")
	roots := d.canvas().Overlays().List()
	if len(roots) == 0 {
		roots = []fyne.CanvasObject{d.canvas().Content()}
	}
	count := 0
	look(roots[len(roots)-1], false, func(o fyne.CanvasObject, scrolled bool) {
		if said := text(o); said != "" {
			count++
			for _, fault := range faultsOf(o, scrolled) {
				t.Errorf("%T %q: %s", o, said, fault)
			}
		}
	})
	require.Positive(t, count)
}

// idle reports whether nothing is under way in a dialog.
func (d *driven) idle() bool {
	_, working := find(d, func(b *widget.ProgressBarInfinite) bool { return b.Running() })
	return !working
}

// look visits everything that is visible but tables, whose cells are clipped and told in full elsewhere; scrolled tells what can be
// brought into view.
func look(o fyne.CanvasObject, scrolled bool, visit func(fyne.CanvasObject, bool)) {
	if o == nil || !o.Visible() || strings.Contains(fmt.Sprintf("%T", o), "datatable") {
		return
	}
	visit(o, scrolled)
	switch o := o.(type) {
	case *container.Scroll:
		look(o.Content, true, visit)
	case *fyne.Container:
		for _, child := range o.Objects {
			look(child, scrolled, visit)
		}
	case *widget.Entry:
		return // scrolls by itself
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			look(child, scrolled, visit)
		}
	}
}

// faultsOf says why a text cannot be read as a whole.
func faultsOf(o fyne.CanvasObject, scrolled bool) (list []string) {
	if kind := reflect.TypeOf(o).String(); strings.Contains(kind, "Entry") {
		return nil
	}
	least, size := o.MinSize(), o.Size()
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	if least.Width > size.Width+1 {
		list = append(list, fmt.Sprintf("it is %v wide and has %v", least.Width, size.Width))
	}
	if least.Height > size.Height+1 {
		list = append(list, fmt.Sprintf("it is %v high and has %v", least.Height, size.Height))
	}
	if l, ok := o.(*widget.Label); ok && l.Truncation != fyne.TextTruncateOff && l.Wrapping == fyne.TextWrapOff {
		if whole := widget.NewLabelWithStyle(l.Text, l.Alignment, l.TextStyle).MinSize().Width; whole > size.Width+1 {
			list = append(list, fmt.Sprintf("it is cut off: %v of %v", size.Width, whole))
		}
	}
	if at.X < -8 || at.X+least.Width > screenSize.Width+8 || !scrolled && (at.Y < -8 || at.Y+least.Height > screenSize.Height+8) {
		list = append(list, fmt.Sprintf("it stands at %v, beside the screen", at))
	}
	return list
}
