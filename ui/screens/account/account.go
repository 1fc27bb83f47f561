// Package account holds the dialogs about a person's account: a new order with a serial number, contact data, the
// password, and, for somebody who is not signed in, a forgotten password and a new account.
//
// What is typed stays until the dialog is closed, whatever goes wrong on the way. Everything in it belongs to the UI
// thread; what may block runs through package background.
package account

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/verification"
)

// Backend is the license manager as the dialogs use it. *manager.Manager is one. All methods may block and are called
// off the UI thread. A server "" is the one that is signed in to.
type Backend interface {
	verification.Source

	// NewOrder makes an order of a serial number.
	NewOrder(ctx context.Context, o api.NewOrder) (api.Order, error)
	// Account returns the contact data.
	Account(ctx context.Context) (api.Account, error)
	// ChangeAccount changes the contact data that are set and returns all.
	ChangeAccount(ctx context.Context, c api.AccountChange) (api.Account, error)
	// ChangePassword sets a new password; other sessions end.
	ChangePassword(ctx context.Context, current, next string) error
	// About describes a server without signing in.
	About(ctx context.Context, server string) (api.Server, error)
	// RequestPasswordReset asks for a mail with a link; it never tells whether there is an account.
	RequestPasswordReset(ctx context.Context, server, login string, v api.VerificationAnswer) error
	// Register opens an account with a serial number.
	Register(ctx context.Context, server string, a api.NewAccount) (api.Client, error)
}

var _ Backend = (*manager.Manager)(nil)

// Options of the dialogs. Functions without another word are called on the UI thread.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Manager Backend
	Explain func(error) dialogs.Message
	// Play hands a WAV to the loudspeaker, off the UI thread; it may block until the sound has been heard. Nil: the
	// verification number cannot be listened to.
	Play func(wav []byte) error
	// Now tells the time, and After sends when a time has passed: time.Now and time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	// OnOrder tells that an order was added, before a message box does.
	OnOrder func(api.Order)
	// OnAccount tells that the contact data were changed.
	OnAccount func(api.Account)
	// OnRegistered tells that an account was opened on a server, for the sign-in screen, before a message box does.
	OnRegistered func(server, username string)
}
