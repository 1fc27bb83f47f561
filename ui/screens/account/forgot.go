package account

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const sendLink tr.Text = "Send the link"

// ForgotPassword shows the dialog that requests a reset link by email. Like the server, it does not reveal whether the
// account exists (spec: api 13). UI thread.
func ForgotPassword(o Options, server string) {
	f := newForm(o, tr.T(sendLink), tr.T("You can safely try again."))
	picture := f.withPicture(unmarked)
	f.picture.SetServer(strings.TrimSpace(server))
	address := newServerInput(server, func() {})
	address.entry.OnChanged = func(string) {
		address.show("")
		f.picture.SetServer(address.text())
		f.changed()
	}
	// An address that is still being typed is incomplete, so request the picture when the field loses the focus.
	address.entry.OnBlur = func() {
		if !f.dialog.Closed() && f.picture.Empty() && address.text() != "" {
			f.picture.Renew()
		}
	}
	login := newTextInput("login", tr.T("User name or email address"), unmarked, field.NewEntry(), f.changed)
	login.needed = true
	f.inputs = []input{address, login, picture}
	first := fyne.Focusable(address.entry)
	if address.text() != "" {
		first = login.entry
	}

	f.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Forgot password?"),
		Subtitle: tr.T("The license server emails you a link for choosing a new password."),
		Content:  container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), address.object, login.object, picture.object),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(sendLink), Default: true, OnTapped: func() {
				if !f.valid() {
					return
				}
				to, who, answer := address.text(), login.text(), picture.answer()
				send(f, tr.T("Requesting the link…"), func(ctx context.Context) (struct{}, error) {
					return struct{}{}, o.Manager.RequestPasswordReset(ctx, to, who, answer)
				}, func(struct{}) {
					f.dialog.Close()
					o.Dialogs.Info(tr.T("Check your email"),
						tr.T("If there is an account, an email with a link is on its way; the link works once, for "+
							"one hour."))
				})
			}},
		},
		FirstFocus: first,
		OnClosed:   f.close,
	})
	if address.text() != "" {
		f.picture.Renew()
	}
}

// newServerInput returns the field for the address of a license server.
func newServerInput(server string, changed func()) *textInput {
	address := newTextInput(wireServer, tr.T("License server"), unmarked, field.NewEntry(), changed)
	address.entry.SetText(strings.TrimSpace(server))
	address.entry.PlaceHolder = "licenses.example.com"
	address.needed = true
	return address
}
