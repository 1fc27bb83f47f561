package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/background"
	"github.com/acen-desktop/acen/ui/codeentry"
	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/words"
)

const transferring = "Transfer"

// removalField is the field for a removal code. For a license of this PC the code can be made on the spot.
type removalField struct {
	options Options
	license manager.License
	entry   *codeentry.Entry
	slot    *background.Slot
	object  *fyne.Container
	fault   func(error)
}

func newRemovalField(o Options, l manager.License, changed func(), fault func(error)) (*removalField, error) {
	f := &removalField{options: o, license: l, slot: o.Work.NewSlot(), fault: fault}
	where := "The program shows it on the PC that has the license now, when you remove the license there."
	if l.ThisPC {
		where = "The license is on this PC, so the code can be made here. The program stops working on this PC afterwards."
	}
	f.object = container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Tight(muted(where)))
	var err error
	if f.entry, err = newCodeField(f.object, license.KindRemovalCode, "9D2BK-DD62M-C", changed); err != nil {
		return nil, err
	}
	if l.ThisPC {
		f.object.Add(container.NewHBox(dialogs.NewButton("Make the removal code", nil, f.make)))
	}
	return f, nil
}

// make makes the removal code of this PC's license.
func (f *removalField) make() {
	background.Run(f.slot, func(ctx context.Context) (license.RemovalCode, error) {
		return f.options.Licenses.RemovalCode(ctx, f.license)
	}, func(code license.RemovalCode, err error) {
		if err != nil {
			f.fault(err)
			return
		}
		f.entry.SetText(code.String())
	})
}

// value returns the code that was entered; false while it is unfinished or wrong.
func (f *removalField) value() (license.RemovalCode, bool) {
	text, ok := f.entry.Value()
	code, err := license.ParseRemovalCode(text)
	return code, ok && err == nil
}

// showFault shows at the field that the code is not this license's, if that is what the error says.
func (f *removalField) showFault(err error) {
	if errors.Is(err, api.ErrRemovalCodeInvalid) {
		f.entry.ShowErr(errors.New("It does not belong to this license."))
	}
}

// transfer is one open dialog.
type transfer struct {
	options Options
	license manager.License
	program api.Program
	dialog  *dialogs.Dialog
	removal *removalField
	codes   *codeFields
	note    *noteField
	sending *background.Slot
}

// Transfer shows the dialog that gives a license to another PC. UI thread.
func Transfer(o Options, l manager.License, program api.Program) error {
	t := &transfer{options: o, license: l, program: program, sending: o.Work.NewSlot()}
	var err error
	if t.removal, err = newRemovalField(o, l, t.changed, func(err error) { t.dialog.SetError(o.Explain(err)) }); err != nil {
		return err
	}
	if t.codes, err = newCodeFields(program.MergedCodes, otherPCHint, t.changed); err != nil {
		return err
	}
	for _, e := range []*codeentry.Entry{t.removal.entry, t.codes.site, t.codes.machine, t.codes.merged} {
		if e != nil {
			e.OnPaste = t.paste
		}
	}
	t.note = newNoteField("")
	t.note.entry.PlaceHolder = fmt.Sprintf("What you call the other PC (empty keeps %s)", keeps(l))
	t.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    fmt.Sprintf("Transfer %s", quoted(l)),
		Subtitle: fmt.Sprintf("The license moves from one PC to another. %s", t.left()),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin),
			step("1", "From the PC that has it now", t.removal.object), step("2", "To the other PC", t.codes.object), t.note.labeled()),
		Buttons:    []dialogs.Button{{Text: "Cancel", Cancel: true}, {Text: transferring, Default: true, OnTapped: t.submit}},
		FirstFocus: t.removal.entry.Focusable(),
		OnClosed:   func() { t.removal.slot.Cancel(); t.sending.Cancel() },
	})
	t.changed()
	return nil
}

func keeps(l manager.License) string {
	if l.Note == "" {
		return "none"
	}
	return quoted(l)
}

// step is one numbered part of a dialog.
func step(number, title string, content fyne.CanvasObject) fyne.CanvasObject {
	head := container.NewHBox(theme.NewBadge(number, theme.Accent), theme.Tight(widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})))
	return container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), head, content)
}

func (t *transfer) left() string {
	var a *api.Allowance
	if t.license.Allowed != nil {
		a = t.license.Allowed.Transfer
	}
	return t.options.allowanceLine(a, "transfer", "transfers")
}

// paste fills every field that a pasted text has a code for.
func (t *transfer) paste(text string) bool {
	found := pick(text)
	filled := t.codes.paste(found)
	if fault := found.faults[license.KindRemovalCode]; found.removal != "" || fault != nil {
		fillOrSay(t.removal.entry, found.removal, fault)
		filled = true
	}
	return filled
}

func (t *transfer) changed() {
	if t.dialog == nil {
		return
	}
	t.dialog.ClearError()
	_, removal := t.removal.value()
	_, _, codes := t.codes.values()
	reason := ""
	switch {
	case !removal:
		reason = "Enter the removal code."
	case !codes:
		reason = t.codes.missing()
	}
	t.dialog.SetButton(transferring, removal && codes, reason)
}

func (t *transfer) submit() {
	code, ok := t.removal.value()
	if _, _, codes := t.codes.values(); !ok || !codes {
		return
	}
	take := t.codes.take(t.options, t.program)
	request := manager.Transfer{License: t.license, RemovalCode: code, Note: strings.TrimSpace(t.note.entry.Text)}
	t.dialog.SetBusy("Transferring…", t.sending.Interrupt)
	background.Run(t.sending, func(ctx context.Context) (made manager.License, err error) {
		if request.Codes, err = take(ctx); err != nil {
			return made, err
		}
		return t.options.Licenses.Transfer(ctx, request)
	}, func(made manager.License, err error) {
		t.dialog.SetIdle()
		if err != nil {
			t.codes.showFault(err)
			t.removal.showFault(err)
			failed(t.dialog, t.options, err, canceledTask, keptTask)
			return
		}
		t.dialog.Close()
		t.options.OnLicense(t.license.ID, made)
		Activated(t.options, "Transferred", made, t.program)
	})
}

const removing = "Remove"

// removal is one open dialog.
type removal struct {
	options Options
	license manager.License
	order   api.Order
	dialog  *dialogs.Dialog
	code    *removalField
	sending *background.Slot
}

// Remove shows the dialog that ends a license and gives its order one back. UI thread.
func Remove(o Options, l manager.License, order api.Order) error {
	r := &removal{options: o, license: l, order: order, sending: o.Work.NewSlot()}
	var err error
	if r.code, err = newRemovalField(o, l, r.changed, func(err error) { r.dialog.SetError(o.Explain(err)) }); err != nil {
		return err
	}
	r.code.entry.OnPaste = func(text string) bool {
		found := pick(text)
		fault := found.faults[license.KindRemovalCode]
		if found.removal == "" && fault == nil {
			return false
		}
		fillOrSay(r.code.entry, found.removal, fault)
		return true
	}
	r.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    fmt.Sprintf("Remove %s", quoted(l)),
		Subtitle: fmt.Sprintf("The license ends on its PC, and order %d has one more to activate. %s", order.ID, r.left()),
		Content:  r.code.object,
		Buttons: []dialogs.Button{
			{Text: "Cancel", Cancel: true},
			{Text: removing, Importance: widget.DangerImportance, OnTapped: r.submit},
		},
		FirstFocus: r.code.entry.Focusable(),
		OnClosed:   func() { r.code.slot.Cancel(); r.sending.Cancel() },
	})
	r.changed()
	return nil
}

func (r *removal) left() string {
	var a *api.Allowance
	if r.license.Allowed != nil {
		a = r.license.Allowed.Remove
	}
	return r.options.allowanceLine(a, "removal", "removals")
}

func (r *removal) changed() {
	if r.dialog == nil {
		return
	}
	r.dialog.ClearError()
	_, ok := r.code.value()
	r.dialog.SetButton(removing, ok, "Enter the removal code.")
}

func (r *removal) submit() {
	code, ok := r.code.value()
	if !ok {
		return
	}
	r.dialog.SetBusy("Removing…", r.sending.Interrupt)
	background.Run(r.sending, func(ctx context.Context) (api.Order, error) {
		return r.options.Licenses.Remove(ctx, manager.Remove{License: r.license, RemovalCode: code})
	}, func(order api.Order, err error) {
		r.dialog.SetIdle()
		if err != nil {
			r.code.showFault(err)
			failed(r.dialog, r.options, err, canceledTask, keptTask)
			return
		}
		r.dialog.Close()
		r.options.OnRemoved(r.license.ID)
		r.options.Dialogs.Info("License removed", fmt.Sprintf("Order %d has %s to activate again: %d of %d.", order.ID,
			words.Count(order.LicensesTotal-order.LicensesActivated, "license", "licenses"), order.LicensesTotal-order.LicensesActivated, order.LicensesTotal))
	})
}
