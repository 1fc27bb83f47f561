package tasks

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const (
	reactivateLabel    tr.Text = "Reactivate"
	contactVendorLabel tr.Text = "Contact the vendor…"
)

// reactivation is the open dialog for a reactivation.
type reactivation struct {
	options Options
	license manager.License
	program api.Program
	dialog  *dialogs.Dialog
	pc      *pcPane
	note    *noteField
	outcome *fyne.Container // the comparison and its verdict

	first      *ComparedPC // this PC when the dialog opened; nil if it could not be read
	compared   bool        // codes and comparison are those of the current choice
	codes      license.Codes
	comparison license.Comparison

	comparing, sending *background.Slot
}

// ComparedPC is this PC with its codes for the reactivation of a license, and its comparison with the license.
type ComparedPC struct {
	PC         manager.ThisPC
	Comparison license.Comparison
}

// CompareThisPC reads this PC and compares it with a license. Not on the UI thread.
func CompareThisPC(ctx context.Context, m Licenser, l manager.License, programID int64) (c ComparedPC, err error) {
	if c.PC, err = m.ThisPC(ctx, programID); err != nil {
		return c, err
	}
	if c.PC.Codes, err = m.ThisPCFor(ctx, l); err != nil {
		return c, err
	}
	c.Comparison, err = m.Compare(ctx, l, c.PC.Codes)
	return c, err
}

// Reactivate shows the dialog that reactivates a license for the new codes of its PC, with the comparison of locks.
// first is the result of CompareThisPC, shown at once; if it is nil, the dialog reads this PC itself and shows the
// error. UI thread.
func Reactivate(o Options, l manager.License, program api.Program, first *ComparedPC) error {
	r := &reactivation{
		first:     first,
		options:   o,
		license:   l,
		program:   program,
		outcome:   container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin)),
		comparing: o.Work.NewSlot(),
		sending:   o.Work.NewSlot(),
	}
	read := func(ctx context.Context) (manager.ThisPC, error) {
		c, err := CompareThisPC(ctx, o.Licenses, l, program.ID)
		return c.PC, err
	}
	hint := tr.T("The program shows new codes on the PC that crashed or was changed. Type them, or paste the " +
		"complete message that contains them.")
	var err error
	if r.pc, err = newPCPane(o, program, read, hint, r.choose, r.changed); err != nil {
		return err
	}
	if first != nil {
		r.pc.thisPC, r.pc.known = first.PC, true
	}
	r.note = newNoteField(l.Note)
	r.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Reactivate %s", quoted(l)),
		Subtitle: tr.T("For the same computer after a crash, a new disk or a new system. No removal code is needed."),
		Content:  container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), r.pc.object, r.outcome, r.note.labeled()),
		Buttons: []dialogs.Button{
			{Text: tr.T(contactVendorLabel), OnTapped: r.contact},
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(reactivateLabel), Default: true, OnTapped: r.submit},
		},
		OnClosed: func() { r.pc.slot.Cancel(); r.comparing.Cancel(); r.sending.Cancel() },
	})
	// If this PC has another license of the order, the license is for another PC, whose codes are typed.
	r.choose(l.ThisPC || !o.thisPCHasAnother(l))
	return nil
}

// quoted returns the name of a license in a sentence.
func quoted(l manager.License) string { return words.LicenseName(l.ID, l.Note) }

func (r *reactivation) choose(own bool) {
	r.dialog.ClearError()
	if own {
		r.options.Canvas.Focus(r.note.entry)
	}
	r.pc.choose(own)
	r.changed()
}

// changed starts the comparison of the current choice.
func (r *reactivation) changed() {
	r.dialog.ClearError()
	r.comparing.Cancel()
	r.compared = false
	r.show()
	ok, missing := r.pc.ready()
	r.refreshButtons(false, missing)
	if !ok {
		return
	}
	if r.pc.own && r.first != nil {
		r.evaluate(r.first.PC.Codes, r.first.Comparison)
		return
	}
	codesFunc := r.pc.codesFunc()
	background.Run(r.comparing, func(ctx context.Context) (c ComparedPC, err error) {
		if c.PC.Codes, err = codesFunc(ctx); err == nil {
			c.Comparison, err = r.options.Licenses.Compare(ctx, r.license, c.PC.Codes)
		}
		return c, err
	}, func(c ComparedPC, err error) {
		if err != nil {
			r.pc.showFault(err)
			if !errors.Is(err, license.ErrMismatch) && !errors.Is(err, context.Canceled) {
				r.dialog.SetError(r.options.Explain(err))
			}
			r.refreshButtons(false, tr.T("The codes cannot be compared with the license."))
			return
		}
		r.evaluate(c.PC.Codes, c.Comparison)
	})
}

// evaluate shows the comparison of the PC with these codes.
func (r *reactivation) evaluate(codes license.Codes, c license.Comparison) {
	if codes.Site.String() == r.license.SiteCode && codes.Machine.String() == r.license.MachineID {
		r.show(dialogs.Notice(theme.Accent, dialogs.Message{
			What: tr.T("There is nothing to reactivate: the license already has these codes."),
			Next: tr.T("Email the activation code, or save the license file, and use it in the program again."),
		}))
		r.refreshButtons(false, "")
		return
	}
	r.compared, r.codes, r.comparison = true, codes, c
	r.show(comparisonTable(c), dialogs.Notice(verdict(c, r.remaining())))
	r.refreshButtons(c.Accepted, tr.T("This PC is not recognized."))
}

func (r *reactivation) remaining() string {
	var a *api.Allowance
	if r.license.Allowed != nil {
		a = r.license.Allowed.Reactivate
	}
	return r.options.allowanceLine(a, reactivations)
}

func (r *reactivation) show(parts ...fyne.CanvasObject) {
	r.outcome.Objects = parts
	r.outcome.Refresh()
}

// refreshButtons updates the buttons; contacting the vendor is enabled if the server will refuse.
func (r *reactivation) refreshButtons(accepted bool, reason string) {
	r.dialog.SetButton(tr.T(reactivateLabel), accepted, reason)
	r.dialog.SetButton(tr.T(contactVendorLabel), r.compared && !r.comparison.Accepted, "")
}

func (r *reactivation) contact() {
	r.options.Actions.ContactVendor(report(r.license, r.program, r.codes, r.comparison))
}

func (r *reactivation) submit() {
	if !r.compared || !r.comparison.Accepted {
		return
	}
	request := manager.Reactivate{License: r.license, Codes: r.codes, ThisPC: r.pc.own}
	if note := strings.TrimSpace(r.note.entry.Text); note != r.license.Note {
		request.Note = note
	}
	r.dialog.SetBusy(tr.T("Reactivating…"), r.sending.Interrupt)
	background.Run(r.sending, func(ctx context.Context) (manager.License, error) {
		created, err := r.options.Licenses.Reactivate(ctx, request)
		return created, r.options.queued(ctx, err, api.TaskReactivation, forLicense(r.license))
	}, func(created manager.License, err error) {
		r.dialog.SetIdle()
		if err != nil {
			showFailure(r.dialog, r.options, err, canceledTask())
			if errors.Is(err, api.ErrFlexibleLicensing) { // the PC has changed since the comparison
				m := r.options.Explain(err)
				m.Action = &dialogs.Action{Label: tr.T(contactVendorLabel), Do: r.contact}
				r.dialog.SetError(m)
			}
			return
		}
		r.dialog.Close()
		r.options.Actions.PutLicense(r.license.ID, created)
		Activated(r.options, tr.T("Reactivated"), created, r.program)
	})
}

// thisPCHasAnother reports whether this PC is known to have another license of the same order.
func (o Options) thisPCHasAnother(l manager.License) bool {
	for _, other := range o.Shown {
		if other.ThisPC && other.ID != l.ID && other.OrderID == l.OrderID {
			return true
		}
	}
	return false
}
