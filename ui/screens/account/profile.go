package account

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const save tr.Text = "Save"

// profile is the open dialog with contact data.
type profile struct {
	*form
	loading *background.Slot
	account api.Account // as stored by the server
	contact *contactInputs
}

// Profile shows the dialog with the contact data of the account. UI thread.
func Profile(o Options) {
	p := &profile{form: newForm(o, tr.T(save), tr.T("You can safely try again.")), loading: o.Work.NewSlot()}
	p.disabledReason = func() string {
		if p.contact == nil {
			return tr.T("The contact data have not been loaded yet.")
		}
		if _, n := p.contact.changes(p.account.Contact); n == 0 {
			return tr.T("Nothing has been changed yet.")
		}
		return ""
	}
	p.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Contact data"),
		Subtitle: tr.T("What the vendor knows about you."),
		Buttons:  []dialogs.Button{{Text: tr.T("Cancel"), Cancel: true}, {Text: tr.T(save), Default: true, OnTapped: p.save}},
		OnClosed: func() {
			p.loading.Cancel()
			p.close()
		},
	})
	p.refresh()
	p.load()
}

// load loads the contact data.
func (p *profile) load() {
	p.dialog.SetBusy(tr.T("Loading the contact data…"), p.dialog.Close)
	background.Run(p.loading, p.options.Manager.Account, func(a api.Account, err error) {
		p.dialog.SetIdle()
		if err != nil {
			m := p.options.Explain(err)
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: p.load}
			p.dialog.SetError(m)
			return
		}
		p.account = a
		p.show()
	})
}

// show shows the contact data for editing.
func (p *profile) show() {
	p.contact = newContactInputs(func(f contactField) mark {
		if f.wire == wireEmail || f.mark == optional {
			return f.mark
		}
		return unmarked // accounts created by the vendor may lack it
	}, p.changed)
	p.contact.fill(p.account.Contact)
	p.contact.input(wireEmail).withHint(tr.T("Codes and links are sent here."))
	p.inputs = p.contact.all()

	rows := column(sideBySide(
		readOnlyField(tr.T("User name"), p.account.Username, tr.T("Only the vendor can change it.")),
		readOnlyField(tr.T("Registration name"), p.account.RegistrationName,
			tr.T("It cannot be changed, because licenses are issued to this name."))))
	rows.Objects = append(rows.Objects, p.contact.rows...)
	p.scroller = newScrollForm(p.options.Canvas, rows)
	for _, in := range p.contact.inputs {
		p.scroller.follow(&in.entry.Hooks, in.object)
	}
	p.dialog.SetContent(p.scroller.object)
	p.refresh()
}

// readOnlyField returns a read-only field with the reason why it cannot be changed.
func readOnlyField(label, text, why string) fyne.CanvasObject {
	value := widget.NewLabel(text)
	value.Truncation = fyne.TextTruncateEllipsis
	reason := theme.NewCaption(why)
	reason.Wrapping = fyne.TextWrapWord
	return container.New(layout.NewCustomPaddedVBoxLayout(3),
		theme.Unpadded(widget.NewLabel(label)), copyfield.NewFrame(value), theme.Unpadded(reason))
}

// save sends the changed fields.
func (p *profile) save() {
	if !p.valid() {
		return
	}
	change, _ := p.contact.changes(p.account.Contact)
	send(p.form, tr.T("Saving…"), func(ctx context.Context) (api.Account, error) {
		return p.options.Manager.ChangeAccount(ctx, change)
	}, func(a api.Account) {
		p.dialog.Close()
		p.options.OnAccount(a)
	})
}
