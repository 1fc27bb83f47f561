// Package account implements the dialogs of an account: new order, contact data, password, and, before the sign-in,
// forgotten password and new account.
//
// A failed request leaves the input in the dialog. All functions run on the UI thread; calls that may block run in
// package background.
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

// Backend is the part of the license manager that the dialogs use; *manager.Manager implements it. Its methods may
// block and are called off the UI thread. An empty server is that of the current account.
type Backend interface {
	verification.Source

	// NewOrder creates an order from a serial number.
	NewOrder(ctx context.Context, o api.NewOrder) (api.Order, error)
	// Account returns the contact data.
	Account(ctx context.Context) (api.Account, error)
	// ChangeAccount changes the fields that are set and returns the whole account.
	ChangeAccount(ctx context.Context, c api.AccountChange) (api.Account, error)
	// ChangePassword sets a new password and ends the account's other sessions.
	ChangePassword(ctx context.Context, current, next string) error
	// About describes a server without signing in.
	About(ctx context.Context, server string) (api.Server, error)
	// RequestPasswordReset requests an email with a reset link. Success does not imply that the account exists.
	RequestPasswordReset(ctx context.Context, server, login string, v api.VerificationAnswer) error
	// Register opens an account with a serial number.
	Register(ctx context.Context, server string, a api.NewAccount) (api.Client, error)
}

var _ Backend = (*manager.Manager)(nil)

// Options configures the dialogs. Unless noted otherwise, functions are called on the UI thread.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Manager Backend
	Explain func(error) dialogs.Message
	// Play plays a WAV file. It is called off the UI thread and may block until the sound has ended. If nil, the
	// verification number cannot be played.
	Play func(wav []byte) error
	// Now and After are time.Now and time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	// OnOrder is called with a new order, before the message box opens.
	OnOrder func(api.Order)
	// OnAccount is called after the contact data changed.
	OnAccount func(api.Account)
	// OnRegistered is called with the server and user name of a new account, before the message box opens.
	OnRegistered func(server, username string)
}
