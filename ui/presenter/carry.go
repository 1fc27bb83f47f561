package presenter

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	screen "github.com/acen-desktop/acen/ui/screens/carry"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// CarryPeers is what Carry needs of the other presenters.
type CarryPeers interface {
	SignedIn() bool
	Resuming() bool
	Refresh()
	// SignInTo fills in the sign-in screen with the server of a link.
	SignInTo(server string)
}

// Carry is the presenter of the dialogs for PCs without a network, and of what the app is started with. It implements
// [screen.Actions].
type Carry struct {
	shell  *Shell
	peers  CarryPeers
	screen *screen.Screen
}

// NewCarry returns a presenter. UI thread.
func NewCarry(shell *Shell, backend screen.Backend, peers CarryPeers) *Carry {
	c := &Carry{shell: shell, peers: peers}
	c.screen = screen.New(screen.Options{
		Canvas:     shell.Window.Canvas(),
		Dialogs:    shell.Dialogs,
		Work:       shell.Work,
		Manager:    backend,
		Explain:    explain.Error,
		DeviceName: shell.DeviceName,
		Now:        shell.Now,
		After:      time.After,
		Actions:    c,
	})
	return c
}

// Home opens the dialog that leads to the others.
func (c *Carry) Home() { c.screen.Home() }

// Open opens the dialog that reads files, pictures and texts.
func (c *Carry) Open() { c.screen.Open() }

// ShowPending shows the requests that waited for a sign-in.
func (c *Carry) ShowPending() { c.screen.SignedIn() }

// SessionEnded is called when there is no session after all.
func (c *Carry) SessionEnded() { c.screen.SignedOut() }

// Receive raises the window and shows the content that the app, or a second instance of it, was started with. The
// content, which may be empty, has no effect before the person confirms.
func (c *Carry) Receive(content []byte) {
	c.shell.Window.RequestFocus()
	if len(content) == 0 {
		return
	}
	if link, err := carry.ParseLink(string(content)); err == nil && link.Part == nil {
		c.peers.SignInTo(link.Server)
		return
	}
	c.screen.Receive([][]byte{content}, nil)
}

// ShowOpenError raises the window and shows why a file that the system passed to the app cannot be opened.
func (c *Carry) ShowOpenError(err error) {
	c.shell.Window.RequestFocus()
	c.shell.Dialogs.Error(OpenErrorMessage(err))
}

// ReceiveFolder is like Receive, for the path of a folder.
func (c *Carry) ReceiveFolder(path string) {
	c.shell.Window.RequestFocus()
	c.screen.Receive(nil, []string{path})
}

// Dropped reads files and folders that were dropped on the window.
func (c *Carry) Dropped(files []fyne.URI) {
	background.Run(c.shell.Work.NewSlot(), func(context.Context) (dropped, error) {
		return readDropped(files)
	}, func(d dropped, err error) {
		if err != nil {
			c.shell.Dialogs.Error(OpenErrorMessage(err))
		}
		if len(d.contents)+len(d.folders) > 0 {
			c.screen.Receive(d.contents, d.folders)
		}
	})
}

// The methods below implement [screen.Actions].

// Copy copies a text to the clipboard.
func (c *Carry) Copy(text string) { c.shell.Copy(text) }

// Save asks for a path and writes a document there.
func (c *Carry) Save(name, text string, done func(error)) {
	c.shell.Files.Save(name, text, carry.Extension, done)
}

// Print opens a page in the web browser. Not on the UI thread.
func (c *Carry) Print(ctx context.Context, page []byte) error {
	return c.shell.Opener.OpenPage(ctx, page)
}

// Choose asks for a file and reads it.
func (c *Carry) Choose(done func([]byte, error)) { c.shell.Files.Choose(done) }

// ChooseFolder asks for a folder.
func (c *Carry) ChooseFolder(done func(string, error)) { c.shell.Files.ChooseFolder(done) }

// Paste returns the text on the clipboard.
func (c *Carry) Paste() string { return c.shell.App.Clipboard().Content() }

// Picture returns the picture on the clipboard. Not on the UI thread.
func (c *Carry) Picture(ctx context.Context) ([]byte, error) {
	return c.shell.Opener.ClipboardPicture(ctx)
}

// SignedIn reports whether there is an account to carry requests with; pending, whether a sign-in is under way.
func (c *Carry) SignedIn() (yes, pending bool) { return c.peers.SignedIn(), c.peers.Resuming() }

// OrdersChanged reloads the tables after requests were carried out.
func (c *Carry) OrdersChanged() { c.peers.Refresh() }

// PCLicensesChanged reloads the tables after licenses of this PC changed.
func (c *Carry) PCLicensesChanged() { c.peers.Refresh() }
