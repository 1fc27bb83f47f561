// Package carry holds the dialogs for PCs without a network: a PC asks for licenses with a request, a courier carries
// it to a PC with a network and brings the answer back, as a file, as QR codes or as a text.
//
// Nothing that comes in is acted on before the person has seen it and pressed a button. Everything in this package
// belongs to the UI thread; what may block runs through package background.
package carry

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Backend is the license manager as the dialogs use it. *manager.Manager is one. All methods may block and are called
// off the UI thread.
type Backend interface {
	OfflinePrograms(ctx context.Context) ([]manager.OfflineProgram, error)
	KeptCodes(ctx context.Context) ([]manager.KeptCode, error)
	MakeRequest(ctx context.Context, device string, wishes []manager.Wish) (carry.Request, error)
	Requests(ctx context.Context) ([]carry.Request, error)
	ForgetRequest(ctx context.Context, id string) error
	LetGo(ctx context.Context, signature license.Signature) (manager.KeptCode, error)
	TakeAnswer(ctx context.Context, a carry.Answer) ([]manager.Taken, error)
	TakeLicense(ctx context.Context, content string) (f license.File, unproven bool, err error)
	EnterCode(ctx context.Context, signature license.Signature, text string) error
	PlanCourier(ctx context.Context, r carry.Request) ([]manager.CourierItem, error)
	CarryOut(ctx context.Context, r carry.Request, plan []manager.CourierItem, choices []int,
		done func(count int)) (carry.Answer, error)
}

var _ Backend = (*manager.Manager)(nil)

// Actions is what the dialogs ask of the window. Methods without another word are called on the UI thread.
type Actions interface {
	Copy(text string)
	// Save asks for a place and writes there; done gets the outcome, unless the person chose no place.
	Save(name, text string, done func(error))
	// Print hands a page, HTML, to the person's browser, which prints it. Not on the UI thread.
	Print(ctx context.Context, page []byte) error
	// Choose asks for a file and reads it; done gets the outcome, unless the person chose none.
	Choose(done func(content []byte, err error))
	// ChooseFolder asks for a folder; done gets its path, unless the person chose none.
	ChooseFolder(done func(dir string, err error))
	// Paste returns the text on the clipboard.
	Paste() string
	// Picture returns the picture on the clipboard. Not on the UI thread.
	Picture(ctx context.Context) ([]byte, error)
	// SignedIn reports whether there is an account to carry requests with; soon, that this will be known in a moment.
	SignedIn() (yes, soon bool)
	// Carried tells that orders and licenses of the account may have changed, Taken that licenses of this PC have.
	Carried()
	Taken()
}

// Options of the dialogs. Functions are called on the UI thread.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Manager Backend
	Actions Actions
	Explain func(error) dialogs.Message
	// DeviceName is proposed as the name of this PC.
	DeviceName string
	// Now tells the time and the time zone in which dates are shown; After sends when a time has passed.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Screen opens the dialogs. Its methods belong to the UI thread.
type Screen struct {
	options Options
	intake  *intake // of the dialog that takes things in; nil when there is none
	waiting batch   // requests, until somebody has signed in
}

// New returns the dialogs of a window. UI thread.
func New(o Options) *Screen { return &Screen{options: o} }

// Receive takes what came from outside: files, pictures and texts, and the paths of folders, in a dialog that takes
// things in or a new one. Nothing else happens before the person has seen it. UI thread.
func (d *Screen) Receive(contents [][]byte, folders []string) {
	if d.intake == nil {
		d.Open()
	}
	d.intake.take(contents, folders)
}

// SignedOut tells that nobody is signed in after all, if a request waits for that. UI thread.
func (d *Screen) SignedOut() {
	if !d.waiting.empty() {
		d.askToSignIn()
	}
}

func (d *Screen) askToSignIn() {
	d.options.Dialogs.Info(tr.T("Sign in to carry this request"),
		tr.T("It asks for licenses, and an account that has them is needed. Sign in: the request is opened again then."))
}

// SignedIn shows a request that waited for somebody to sign in. UI thread.
func (d *Screen) SignedIn() {
	if h := d.waiting; !h.empty() {
		d.waiting = batch{}
		d.carry(h)
	}
}

// route opens the dialogs for what was taken in.
func (d *Screen) route(h batch) {
	remarks := h.remarks
	if len(h.others) > 0 {
		d.take(batch{others: h.others, remarks: remarks})
		remarks = nil
	}
	if len(h.requests) > 0 {
		d.carry(batch{requests: h.requests, remarks: remarks})
	}
}
