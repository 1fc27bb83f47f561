package account

import (
	"context"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/theme"
)

const changePassword = "Change password"

// ChangePassword shows the dialog that sets a new password. UI thread.
func ChangePassword(o Options) {
	f := newForm(o, changePassword, "If the server had changed it already, the new password counts.")
	current := newPassword("current_password", "Current password", unmarked, f.changed)
	next, again := newPasswords("new_password", "New password", unmarked, f.changed)
	f.inputs = []input{current, next, again}

	f.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    "Change password",
		Subtitle: "Other sessions end: on your other PCs you sign in again with the new password.",
		Content:  container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), current.object, next.object, again.object),
		Buttons: []dialogs.Button{{Text: "Cancel", Cancel: true}, {Text: changePassword, Default: true, OnTapped: func() {
			if !f.checked() {
				return
			}
			from, to := current.entry.Text, next.entry.Text
			send(f, "Changing the password…", func(ctx context.Context) (struct{}, error) {
				return struct{}{}, o.Manager.ChangePassword(ctx, from, to)
			}, func(struct{}) {
				f.dialog.Close()
				o.Dialogs.Info("Password changed", "Your new password counts from now on. Other sessions have ended: sign in again on your other PCs.")
			})
		}}},
		OnClosed: f.close,
	})
}
