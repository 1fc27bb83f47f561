package account

import (
	"context"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const changePassword tr.Text = "Change password"

// ChangePassword shows the dialog that sets a new password. UI thread.
func ChangePassword(o Options) {
	f := newForm(o, tr.T(changePassword), tr.T("If the server has already changed it, the new password is valid."))
	current := newPassword("current_password", tr.T("Current password"), unmarked, f.changed)
	next, repeat := newPasswords("new_password", tr.T("New password"), unmarked, f.changed)
	f.inputs = []input{current, next, repeat}

	f.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Change password"),
		Subtitle: tr.T("Other sessions end: sign in again on your other PCs with the new password."),
		Content:  container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), current.object, next.object, repeat.object),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(changePassword), Default: true, OnTapped: func() {
				if !f.valid() {
					return
				}
				from, to := current.entry.Text, next.entry.Text
				send(f, tr.T("Changing the password…"), func(ctx context.Context) (struct{}, error) {
					return struct{}{}, o.Manager.ChangePassword(ctx, from, to)
				}, func(struct{}) {
					f.dialog.Close()
					o.Dialogs.Info(tr.T("Password changed"),
						tr.T("Your new password is now valid. Other sessions have ended: sign in again on your other "+
							"PCs."))
				})
			}},
		},
		OnClosed: f.close,
	})
}
