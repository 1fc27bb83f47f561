package tasks

import (
	"context"
	"errors"

	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const removeLabel tr.Text = "Remove"

// removal is the open dialog for a removal.
type removal struct {
	options Options
	license manager.License
	order   api.Order
	program api.Program
	dialog  *dialogs.Dialog
	code    *removalField
	sending *background.Slot
}

// Remove shows the dialog that ends a license and frees its seat. UI thread.
func Remove(o Options, l manager.License, order api.Order, program api.Program) error {
	r := &removal{
		options: o,
		license: l,
		order:   order,
		program: program,
		sending: o.Work.NewSlot(),
	}
	text := tr.T(removalCodeHint)
	switch {
	case l.Stranded():
		text = tr.T("The license has already left this PC. You need no code: this PC provides the removal code.")
	case l.ThisPC:
		text = tr.T("The license is on this PC: %s stops working here immediately. You need no code: the removal "+
			"code is stored on this PC until the server has it.", program.Name)
	case l.ReleasedAt != nil:
		text = tr.T("ACEN Desktop showed it on the PC that released the license. After the removal no other PC can " +
			"pick up the license.")
	}
	var err error
	if r.code, err = newRemovalField(!l.MakesCode(), text, r.changed); err != nil {
		return err
	}
	spec := dialogs.Spec{
		Title: tr.T("Remove %s", quoted(l)),
		Subtitle: tr.T("The license ends on its PC, and order %d has one more license to activate. %s",
			order.ID, r.remaining()),
		Content: r.code.object,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(removeLabel), Importance: widget.DangerImportance, OnTapped: r.submit},
		},
		OnClosed: r.sending.Cancel,
	}
	if r.code.entry != nil {
		r.code.entry.OnPaste = r.paste
		spec.FirstFocus = r.code.entry.Focusable()
	}
	r.dialog = o.Dialogs.Show(spec)
	r.changed()
	return nil
}

func (r *removal) paste(text string) bool {
	found := findCodes(text)
	fault := found.faults[license.KindRemovalCode]
	if found.removal == "" && fault == nil {
		return false
	}
	fillOrFault(r.code.entry, found.removal, fault)
	return true
}

func (r *removal) remaining() string {
	var a *api.Allowance
	if r.license.Allowed != nil {
		a = r.license.Allowed.Remove
	}
	return r.options.allowanceLine(a, removals)
}

func (r *removal) changed() {
	if r.dialog == nil {
		return
	}
	r.dialog.ClearError()
	_, ok := r.code.value()
	r.dialog.SetButton(tr.T(removeLabel), ok, tr.T("Enter the removal code."))
}

// removalResult is the order after a removal, and the removal code that this PC made, if it made one.
type removalResult struct {
	order api.Order
	code  license.RemovalCode
}

func (r *removal) submit() {
	code, ok := r.code.value()
	if !ok {
		return
	}
	r.dialog.SetBusy(tr.T("Removing…"), r.sending.Interrupt)
	background.Run(r.sending, func(ctx context.Context) (out removalResult, err error) {
		if r.license.MakesCode() {
			if out.code, err = r.options.Licenses.RemovalCode(ctx, r.license); err != nil {
				return out, err
			}
		}
		out.order, err = r.options.Licenses.Remove(ctx, manager.Remove{License: r.license, RemovalCode: code})
		return out, r.options.queued(ctx, err, api.TaskRemoval, forLicense(r.license))
	}, func(out removalResult, err error) {
		r.dialog.SetIdle()
		var queued queuedError
		switch {
		case errors.As(err, &queued) && r.license.MakesCode():
			r.dialog.Close()
			r.pending(out.code, queued)
			return
		case err != nil:
			r.code.showFault(err)
			showFailure(r.dialog, r.options, err, canceledTask())
			return
		}
		r.dialog.Close()
		r.options.Actions.RemoveLicense(r.license.ID)
		order := out.order
		r.options.Dialogs.Info(tr.T("License removed"), tr.T("Order %d has %s to activate again: %d of %d.", order.ID,
			tr.N(order.LicensesTotal-order.LicensesActivated, "%d license", "%d licenses"),
			order.LicensesTotal-order.LicensesActivated, order.LicensesTotal))
	})
}

// pending shows that a license has left this PC and the server has not been told yet.
func (r *removal) pending(code license.RemovalCode, queued queuedError) {
	r.options.showDeparture(tr.T("Removing %s", quoted(r.license)), r.license, r.program, code, true,
		dialogs.Notice(theme.Accent, dialogs.Message{
			What: tr.T("%s has left this PC. The app informs the server as soon as it can be reached.",
				words.UpperFirst(quoted(r.license))),
			Why: r.options.Explain(queued.error).What,
			Next: tr.T("Then order %d has one more license to activate. You may close the app: it continues at the "+
				"next start.",
				r.order.ID),
		}), theme.Unpadded(plain(tr.T("You don't need to do anything with the removal code. It is stored on this "+
			"PC."))))
}
