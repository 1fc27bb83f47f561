package account

import (
	"context"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const addOrder tr.Text = "Add order"

// NewOrder shows the dialog that creates an order from a serial number of one of programs. An error means that a field
// is defined incorrectly, a bug. UI thread.
func NewOrder(o Options, programs []api.Program) error {
	var accepting []api.SerialProgram
	waived := true
	for _, p := range programs {
		if p.AcceptsSerials {
			accepting = append(accepting, api.SerialProgram{ID: p.ID, Name: p.Name})
			waived = waived && p.VerificationWaived
		}
	}
	if len(accepting) == 0 {
		o.Dialogs.Info(tr.T("New order"),
			tr.T("None of the vendor's programs accepts serial numbers at the moment. Ask the vendor for the order."))
		return nil
	}
	f := newForm(o, tr.T(addOrder),
		tr.T("If the server added the order, it appears in the table. Each serial number adds one order."))
	f.queued = tr.T(
		"Nothing is lost: the request is saved and sent again when the connection is back. It adds the order only " +
			"once.")
	serial, err := newSerialInput(unmarked, f.changed)
	if err != nil {
		return err
	}
	program := newProgramInput(accepting, unmarked, func() {
		serial.show("") // the fault referred to another program
		f.changed()
	})
	picture := f.withPicture(unmarked)
	if waived {
		f.waive(picture)
	}
	f.inputs = []input{program, serial, picture}
	first := program.focusable()
	if program.id() != 0 {
		first = serial.focusable()
	}

	f.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("New order"),
		Subtitle: tr.T("Enter the serial number of a program that you bought. Each adds one order."),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), program.object, serial.object,
			picture.object),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(addOrder), Default: true, OnTapped: func() {
				if !f.valid() {
					return
				}
				request := api.NewOrder{ProgramID: program.id(), SerialNumber: serial.text(), Verification: picture.answer()}
				send(f, tr.T("Adding the order…"), func(ctx context.Context) (api.Order, error) {
					return o.Manager.NewOrder(ctx, request)
				}, func(created api.Order) {
					f.dialog.Close()
					o.OnOrder(created)
					o.Dialogs.Info(tr.T("Order added"), addedText(created))
				})
			}},
		},
		FirstFocus: first,
		OnClosed:   f.close,
	})
	f.renew()
	return nil
}

// addedText returns the sentence about a new order.
func addedText(o api.Order) string {
	if !o.RequiresActivation {
		return tr.T("Order %d of %s was added. The program needs no activation.", o.ID, o.ProgramName)
	}
	return tr.T("Order %d of %s was added: %s.", o.ID, o.ProgramName, tr.N(o.LicensesTotal, "%d license", "%d licenses"))
}
