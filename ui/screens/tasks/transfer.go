package tasks

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/codeentry"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const transferLabel tr.Text = "Transfer"

// removalField is the field for a removal code, or only its hint if no code is needed.
type removalField struct {
	entry  *codeentry.Entry // nil if no code is needed
	object *fyne.Container
}

func newRemovalField(needed bool, text string, changed func()) (*removalField, error) {
	f := &removalField{object: container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Unpadded(muted(text)))}
	if !needed {
		return f, nil
	}
	var err error
	f.entry, err = newCodeField(f.object, license.KindRemovalCode, "9D2BK-DD62M-C", changed)
	return f, err
}

// removalCodeHint is the hint above the removal code of another PC.
const removalCodeHint tr.Text = "The program shows it on the PC that has the license now, when you remove the " +
	"license there."

// value returns the code; false while it is incomplete or invalid. Without a field it returns 0 and true.
func (f *removalField) value() (license.RemovalCode, bool) {
	if f.entry == nil {
		return 0, true
	}
	text, ok := f.entry.Value()
	code, err := license.ParseRemovalCode(text)
	return code, ok && err == nil
}

// showFault shows at the field that the code is that of another license, if err says so.
func (f *removalField) showFault(err error) {
	if f.entry != nil && errors.Is(err, api.ErrRemovalCodeInvalid) {
		f.entry.ShowErr(errors.New(tr.T("It does not belong to this license.")))
	}
}

// transfer is the open dialog for a transfer.
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

// Transfer shows the dialog that transfers a license to another PC. UI thread.
func Transfer(o Options, l manager.License, program api.Program) error {
	t := &transfer{
		options: o,
		license: l,
		program: program,
		sending: o.Work.NewSlot(),
	}
	var err error
	where := tr.T(removalCodeHint)
	switch {
	case l.ReleasedAt != nil:
		where = tr.T("The license was released there, so no removal code is needed.")
	case l.Stranded():
		where = tr.T("It has already left this PC, so you need no code: this PC provides the removal code.")
	case l.ThisPC:
		where = tr.T("That is this PC, so you need no code. The license leaves it before the server is asked, and %s "+
			"stops working here. If ACEN Desktop runs on the other PC, choose Move to another PC instead: it needs "+
			"none of the codes below.", program.Name)
	}
	if t.removal, err = newRemovalField(!l.MakesCode() && l.ReleasedAt == nil, where, t.changed); err != nil {
		return err
	}
	if t.codes, err = newCodeFields(program.MergedCodes, tr.T(otherPCHint), t.changed); err != nil {
		return err
	}
	for _, e := range []*codeentry.Entry{t.removal.entry, t.codes.site, t.codes.machine, t.codes.merged} {
		if e != nil {
			e.OnPaste = t.paste
		}
	}
	t.note = newNoteField("")
	t.note.entry.PlaceHolder = tr.T("Your name for the other PC (leave empty to keep %s)", keptNote(l))
	t.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Transfer %s", quoted(l)),
		Subtitle: tr.T("The license moves from one PC to another. %s", t.remaining()),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin),
			step("1", tr.T("From the PC that has it now"), t.removal.object), step("2", tr.T("To the other PC"), t.codes.object),
			t.note.labeled()),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(transferLabel), Default: true, OnTapped: t.submit},
		},
		FirstFocus: t.firstFocus(),
		OnClosed:   t.sending.Cancel,
	})
	t.changed()
	return nil
}

func (t *transfer) firstFocus() fyne.Focusable {
	if t.removal.entry == nil {
		return t.codes.first()
	}
	return t.removal.entry.Focusable()
}

func keptNote(l manager.License) string {
	if l.Note == "" {
		return tr.T("none")
	}
	return quoted(l)
}

// step returns a numbered part of a dialog.
func step(number, title string, content fyne.CanvasObject) fyne.CanvasObject {
	head := container.NewHBox(theme.NewBadge(number, theme.Accent),
		theme.Unpadded(widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})))
	return container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), head, content)
}

func (t *transfer) remaining() string {
	return t.options.allowanceLine(transferAllowance(t.license), transfers)
}

// paste fills every field for which a pasted text has a code.
func (t *transfer) paste(text string) bool {
	found := findCodes(text)
	filled := t.codes.paste(found)
	if fault := found.faults[license.KindRemovalCode]; t.removal.entry != nil && (found.removal != "" || fault != nil) {
		fillOrFault(t.removal.entry, found.removal, fault)
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
		reason = tr.T("Enter the removal code.")
	case !codes:
		reason = t.codes.missing()
	}
	t.dialog.SetButton(tr.T(transferLabel), removal && codes, reason)
}

func (t *transfer) submit() {
	code, ok := t.removal.value()
	if _, _, codes := t.codes.values(); !ok || !codes {
		return
	}
	codesFunc := t.codes.codesFunc(t.options, t.program)
	request := manager.Transfer{License: t.license, RemovalCode: code, Note: strings.TrimSpace(t.note.entry.Text)}
	t.dialog.SetBusy(tr.T("Transferring…"), t.sending.Interrupt)
	background.Run(t.sending, func(ctx context.Context) (created manager.License, err error) {
		if request.Codes, err = codesFunc(ctx); err != nil {
			return created, err
		}
		created, err = t.options.Licenses.Transfer(ctx, request)
		return created, t.options.queued(ctx, err, api.TaskTransfer, forLicense(t.license))
	}, func(created manager.License, err error) {
		t.dialog.SetIdle()
		if err != nil {
			t.codes.showFault(err)
			t.removal.showFault(err)
			showFailure(t.dialog, t.options, err, canceledTask())
			return
		}
		t.dialog.Close()
		t.options.Actions.PutLicense(t.license.ID, created)
		Activated(t.options, tr.T("Transferred"), created, t.program)
	})
}
