package tasks

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const activateLabel tr.Text = "Activate"

// otherPCHint is the hint above the codes of another PC.
const otherPCHint tr.Text = "The program shows both codes on the other PC. Type them, or paste the complete message " +
	"that contains them: the app finds the codes in it."

// newLicense is the open dialog for a new license.
type newLicense struct {
	options Options
	order   api.Order
	program api.Program
	dialog  *dialogs.Dialog
	pc      *pcPane
	note    *noteField
	sending *background.Slot
}

// NewLicense shows the dialog for a new license of an order; thisPC is the initial choice. UI thread.
func NewLicense(o Options, order api.Order, program api.Program, thisPC bool) error {
	n := &newLicense{
		options: o,
		order:   order,
		program: program,
		sending: o.Work.NewSlot(),
	}
	read := func(ctx context.Context) (manager.ThisPC, error) { return o.Licenses.ThisPC(ctx, program.ID) }
	var err error
	if n.pc, err = newPCPane(o, program, read, tr.T(otherPCHint), n.choose, n.changed); err != nil {
		return err
	}
	n.note = newNoteField("")
	n.dialog = o.Dialogs.Show(dialogs.Spec{
		Title: tr.T("New license"),
		Subtitle: tr.T("%s · order %d · %d of %d left", order.ProgramName, order.ID,
			order.LicensesTotal-order.LicensesActivated, order.LicensesTotal),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), n.pc.object, n.note.labeled()),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(activateLabel), Default: true, OnTapped: n.submit},
		},
		OnClosed: func() { n.pc.slot.Cancel(); n.sending.Cancel() },
	})
	n.choose(thisPC)
	return nil
}

// choose switches between this PC and another. The device name is the suggested note for this PC.
func (n *newLicense) choose(own bool) {
	n.dialog.ClearError()
	name := cleanNote(n.options.DeviceName)
	switch text := n.note.entry.Text; {
	case own && text == "":
		n.note.entry.SetText(name)
	case !own && text == name:
		n.note.entry.SetText("")
	}
	if own {
		n.options.Canvas.Focus(n.note.entry)
	}
	n.pc.choose(own)
	n.changed()
}

// changed enables the button if there are codes to send.
func (n *newLicense) changed() {
	n.dialog.ClearError()
	ok, missing := n.pc.ready()
	n.dialog.SetButton(tr.T(activateLabel), ok, missing)
}

// submit sends the request.
func (n *newLicense) submit() {
	if ok, _ := n.pc.ready(); !ok {
		return
	}
	codesFunc := n.pc.codesFunc()
	request := manager.NewLicense{OrderID: n.order.ID, Note: strings.TrimSpace(n.note.entry.Text), ThisPC: n.pc.own}
	n.dialog.SetBusy(tr.T("Activating…"), n.sending.Interrupt)
	background.Run(n.sending, func(ctx context.Context) (created manager.License, err error) {
		if request.Codes, err = codesFunc(ctx); err != nil {
			return created, err
		}
		created, err = n.options.Licenses.NewLicense(ctx, request)
		return created, n.options.queued(ctx, err, api.TaskNewLicense,
			func(j manager.Job) bool { return j.OrderID == n.order.ID })
	}, func(created manager.License, err error) {
		n.dialog.SetIdle()
		if err != nil {
			n.pc.showFault(err)
			showFailure(n.dialog, n.options, err, dialogs.Message{
				What: tr.T("Canceled."),
				Why:  tr.T("If the server has already done it, the license appears in the table."),
				Next: tr.T("Trying again with the same codes uses no second license."),
			})
			return
		}
		n.dialog.Close()
		n.options.Actions.PutLicense(0, created)
		Activated(n.options, tr.T("Activated"), created, n.program)
	})
}

// Activated shows a new license with the next steps. UI thread.
func Activated(o Options, title string, l manager.License, program api.Program) {
	next := tr.T("Enter this code in the program on that PC, or open the license file with it.")
	switch {
	case l.Installed:
		next = tr.T("The license file is where %s finds it: just start the program. If it asks for a code, enter "+
			"this one.",
			program.Name)
	case l.ThisPC:
		next = tr.T("Enter this code in the program, or open the license file with it.")
	}
	name := tr.T("“%s” is activated.", l.Note)
	if l.Note == "" {
		name = tr.T("The license is activated.")
	}
	icon := widget.NewIcon(fynetheme.NewColoredResource(fynetheme.ConfirmIcon(), theme.Good.TextName()))
	done := widget.NewLabelWithStyle(name, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	done.Wrapping = fyne.TextWrapWord
	code := copyfield.New(l.ActivationCode, o.Actions.Copy)
	var d *dialogs.Dialog
	then := func(action actions.ID) func() {
		return func() { d.Close(); o.Actions.Do(action, actions.Subject{License: l}) }
	}
	d = o.Dialogs.Show(dialogs.Spec{
		Title:    title,
		Subtitle: tr.T("%s · order %d", program.Name, l.OrderID),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
			container.NewBorder(nil, nil, icon, nil, done),
			theme.Unpadded(theme.NewCaption(tr.T("Activation code"))), code, theme.Unpadded(muted(next))),
		Buttons: []dialogs.Button{
			{Text: tr.T("Save license file…"), OnTapped: then(actions.SaveFile)},
			{Text: tr.T("Email code…"), OnTapped: then(actions.Email)},
			{Text: tr.T("Close"), Default: true, Cancel: true},
		},
	})
}

func muted(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	return l
}
