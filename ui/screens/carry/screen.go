// Package carry implements the dialogs for PCs without a network: a PC makes a request, a courier carries it to a PC
// with a network and brings the answer back, as a file, as QR codes or as text.
//
// No document has an effect before the person has seen it and pressed a button. All functions run on the UI thread
// unless noted otherwise; calls that may block run in package background.
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

// Backend is the part of the license manager that the dialogs use; *manager.Manager implements it. Its methods may
// block and are called off the UI thread.
type Backend interface {
	OfflinePrograms(ctx context.Context) ([]manager.OfflineProgram, error)
	KeptCodes(ctx context.Context) ([]manager.KeptCode, error)
	MakeRequest(ctx context.Context, device string, wishes []manager.RequestItem) (carry.Request, error)
	Requests(ctx context.Context) ([]carry.Request, error)
	ForgetRequest(ctx context.Context, id string) error
	LeaveOffline(ctx context.Context, signature license.Signature) (manager.KeptCode, error)
	ReadAnswer(ctx context.Context, a carry.Answer) ([]manager.TakenResult, error)
	InstallLicense(ctx context.Context, content string) (f license.File, unproven bool, err error)
	EnterCode(ctx context.Context, signature license.Signature, text string) error
	PlanCarry(ctx context.Context, r carry.Request) ([]manager.CarryItem, error)
	CarryOut(ctx context.Context, r carry.Request, plan []manager.CarryItem, choices []int,
		done func(count int)) (carry.Answer, error)
}

var _ Backend = (*manager.Manager)(nil)

// Actions is what the dialogs need of the window. Unless noted otherwise, its methods are called on the UI thread.
type Actions interface {
	Copy(text string)
	// Save asks for a path and writes text there. It calls done unless the person canceled.
	Save(name, text string, done func(error))
	// Print opens an HTML page in the web browser, which prints it. Not on the UI thread.
	Print(ctx context.Context, page []byte) error
	// Choose asks for a file and reads it. It calls done unless the person canceled.
	Choose(done func(content []byte, err error))
	// ChooseFolder asks for a folder. It calls done unless the person canceled.
	ChooseFolder(done func(dir string, err error))
	// Paste returns the text on the clipboard.
	Paste() string
	// Picture returns the picture on the clipboard. Not on the UI thread.
	Picture(ctx context.Context) ([]byte, error)
	// SignedIn reports whether there is an account to carry requests with; pending, whether a sign-in is under way.
	SignedIn() (yes, pending bool)
	// OrdersChanged is called when orders and licenses of the account may have changed, PCLicensesChanged when licenses
	// of this PC have.
	OrdersChanged()
	PCLicensesChanged()
}

// Options configures the dialogs. Functions are called on the UI thread.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Manager Backend
	Actions Actions
	Explain func(error) dialogs.Message
	// DeviceName is the suggested name of this PC.
	DeviceName string
	// Now returns the time, in the time zone of the dates that are shown; After is time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Screen opens the dialogs. Its methods belong to the UI thread.
type Screen struct {
	options Options
	intake  *intake // of the open dialog, or nil
	waiting batch   // requests that wait for a sign-in
}

// New returns the dialogs of a window. UI thread.
func New(o Options) *Screen { return &Screen{options: o} }

// Receive reads contents, which are files, pictures or texts, and folders into the open intake or a new one. UI thread.
func (d *Screen) Receive(contents [][]byte, folders []string) {
	if d.intake == nil {
		d.Open()
	}
	d.intake.take(contents, folders)
}

// SignedOut is called when there is no session after all. It asks for a sign-in if a request waits. UI thread.
func (d *Screen) SignedOut() {
	if !d.waiting.empty() {
		d.askToSignIn()
	}
}

func (d *Screen) askToSignIn() {
	d.options.Dialogs.Info(tr.T("Sign in to carry this request"),
		tr.T("It asks for licenses, and an account that has them is needed. Sign in: the request is opened again then."))
}

// SignedIn is called after a sign-in. It shows the requests that waited for it. UI thread.
func (d *Screen) SignedIn() {
	if b := d.waiting; !b.empty() {
		d.waiting = batch{}
		d.carry(b)
	}
}

// route opens the dialogs for a batch.
func (d *Screen) route(b batch) {
	remarks := b.remarks
	if len(b.others) > 0 {
		d.take(batch{others: b.others, remarks: remarks})
		remarks = nil
	}
	if len(b.requests) > 0 {
		d.carry(batch{requests: b.requests, remarks: remarks})
	}
}
