// Package tasks implements the dialogs that create, reactivate, transfer, move and remove licenses. They show the
// server's decision in advance. Package manager carries out the tasks.
package tasks

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Licenser creates and changes licenses; *manager.Manager implements it. Its methods may block and are called off the
// UI thread.
type Licenser interface {
	ThisPC(ctx context.Context, programID int64) (manager.ThisPC, error)
	CheckCodes(ctx context.Context, programID int64, site, machine string) (license.Codes, error)
	ThisPCFor(ctx context.Context, l manager.License) (license.Codes, error)
	Compare(ctx context.Context, l manager.License, codes license.Codes) (license.Comparison, error)
	RemovalCode(ctx context.Context, l manager.License) (license.RemovalCode, error)
	NewLicense(ctx context.Context, r manager.NewLicense) (manager.License, error)
	Reactivate(ctx context.Context, r manager.Reactivate) (manager.License, error)
	Transfer(ctx context.Context, r manager.Transfer) (manager.License, error)
	Move(ctx context.Context, l manager.License) (manager.License, error)
	Remove(ctx context.Context, r manager.Remove) (api.Order, error)
	Jobs(ctx context.Context) ([]manager.Job, error)
	ChangeNote(ctx context.Context, licenseID int64, note string) (manager.License, error)
}

// Actions is what the dialogs need of the window. Its methods are called on the UI thread.
type Actions interface {
	Copy(text string)
	// Do opens the dialog of an action on a new license.
	Do(action actions.ID, s actions.Subject)
	// PutLicense is called with a new or changed license; replaced is the id of the one that it replaces, or 0.
	PutLicense(replaced int64, l manager.License)
	// RemoveLicense is called after a license ended.
	RemoveLicense(licenseID int64)
	// ShowJobs lists the open jobs.
	ShowJobs()
	// ContactVendor opens an email to the vendor with this subject and text.
	ContactVendor(subject, text string)
}

// Options configures the dialogs. Functions are called on the UI thread.
type Options struct {
	Canvas   fyne.Canvas // of the window
	Dialogs  *dialogs.Queue
	Work     *background.Group
	Licenses Licenser
	Actions  Actions
	Explain  func(error) dialogs.Message
	// Shown are the licenses of the selected order.
	Shown []manager.License
	// DeviceName is the suggested note of a license for this PC.
	DeviceName string
	// Now returns the time, in the time zone of the dates that are shown.
	Now func() time.Time
	// Removal configures the removal codes in the dialogs.
	Removal removalcode.Options
	// Account names the current account and its server, such as "anna at licenses.example.com".
	Account string
}

// onLicense are the dialogs that Open opens.
var onLicense = map[actions.ID]func(o Options, s actions.Subject, p api.Program) error{
	actions.Move: func(o Options, s actions.Subject, p api.Program) error {
		Move(o, s.License, s.Order, p)
		return nil
	},
	actions.Transfer: func(o Options, s actions.Subject, p api.Program) error { return Transfer(o, s.License, p) },
	actions.Remove: func(o Options, s actions.Subject, p api.Program) error {
		return Remove(o, s.License, s.Order, p)
	},
	actions.PickUp: func(o Options, s actions.Subject, p api.Program) error { return PickUp(o, s.License, p) },
}

// Open shows the dialog of an action on a license of a program. UI thread.
func Open(action actions.ID, o Options, s actions.Subject, p api.Program) error {
	return onLicense[action](o, s, p)
}

// noteField is the field for a note of at most api.MaxNote characters, with a counter (spec: api 8).
type noteField struct {
	entry   *dialogs.Entry
	counter *widget.Label
	object  fyne.CanvasObject
}

func newNoteField(text string) *noteField {
	n := &noteField{entry: dialogs.NewEntry(), counter: theme.NewCaption("")}
	n.counter.Alignment = fyne.TextAlignTrailing
	n.entry.PlaceHolder = tr.T("Your name for that PC (optional)")
	n.entry.OnChanged = n.changed
	n.object = container.New(layout.NewCustomPaddedVBoxLayout(2), n.entry, theme.Unpadded(n.counter))
	n.entry.SetText(text)
	n.entry.CursorColumn = utf8.RuneCountInString(n.entry.Text)
	n.changed(n.entry.Text)
	return n
}

// labeled returns the field below its name.
func (n *noteField) labeled() fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Unpadded(widget.NewLabel(tr.T("Note"))), n.object)
}

// changed replaces an invalid note by cleanNote and updates the counter.
func (n *noteField) changed(text string) {
	if clean := cleanNote(text); clean != text {
		n.entry.SetText(clean)
		return
	}
	n.counter.SetText(tr.T("%d of %d characters", utf8.RuneCountInString(text), api.MaxNote))
}

// cleanNote truncates a note and replaces line breaks and other control characters by spaces.
func cleanNote(text string) string {
	out := make([]rune, 0, api.MaxNote)
	for _, r := range text {
		if len(out) == api.MaxNote {
			break
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

// ChangeNote shows the dialog that changes the note of a license. UI thread.
func ChangeNote(o Options, l manager.License) {
	note := newNoteField(l.Note)
	slot := o.Work.NewSlot()
	var d *dialogs.Dialog
	save := func() {
		text := note.entry.Text
		d.SetBusy(tr.T("Saving…"), slot.Interrupt)
		background.Run(slot, func(ctx context.Context) (manager.License, error) {
			return o.Licenses.ChangeNote(ctx, l.ID, text)
		}, func(changed manager.License, err error) {
			d.SetIdle()
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					d.SetError(o.Explain(err))
				}
				return
			}
			d.Close()
			o.Actions.PutLicense(0, changed)
		})
	}
	d = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Change note"),
		Subtitle: tr.T("The note says which PC a license belongs to. The vendor sees it, too."),
		Width:    dialogs.SmallWidth,
		Content:  note.object,
		Buttons:  []dialogs.Button{{Text: tr.T("Cancel"), Cancel: true}, {Text: tr.T("Save"), Default: true, OnTapped: save}},
		OnClosed: slot.Cancel,
	})
}
