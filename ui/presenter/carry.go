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

// CarryPeers is what the dialogs for PCs without a network need of the other presenters.
type CarryPeers interface {
	SignedIn() bool
	Resuming() bool
	Refresh()
	// GoTo fills in the server of a link for signing in.
	GoTo(server string)
}

// Carry presents what PCs without a network exchange, and what the program was started with.
type Carry struct {
	shell  *Shell
	peers  CarryPeers
	screen *screen.Screen
}

// NewCarry returns the dialogs for PCs without a network. UI thread.
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

// Home opens the dialog from which everything for PCs without a network starts.
func (c *Carry) Home() { c.screen.Home() }

// Open opens the dialog that takes in files, pictures and texts.
func (c *Carry) Open() { c.screen.Open() }

// Begin shows a request that waited for somebody to sign in.
func (c *Carry) Begin() { c.screen.SignedIn() }

// Ended tells that nobody is signed in after all.
func (c *Carry) Ended() { c.screen.SignedOut() }

// Receive raises the window and shows what the program was started with, now or by a later start; without content it
// just raises the window. Nothing is done with the content before the person has seen it.
func (c *Carry) Receive(content []byte) {
	c.shell.Window.RequestFocus()
	if len(content) == 0 {
		return
	}
	if link, err := carry.ParseLink(string(content)); err == nil && link.Part == nil {
		c.peers.GoTo(link.Server)
		return
	}
	c.screen.Receive([][]byte{content}, nil)
}

// Refuse raises the window and says why what the system asked the app to open cannot be opened. UI thread.
func (c *Carry) Refuse(err error) {
	c.shell.Window.RequestFocus()
	c.shell.Dialogs.Error(ReadFault(err))
}

// ReceiveFolder is Receive for a folder, by its path.
func (c *Carry) ReceiveFolder(path string) {
	c.shell.Window.RequestFocus()
	c.screen.Receive(nil, []string{path})
}

// Dropped reads the files and takes the folders that were dropped on the window.
func (c *Carry) Dropped(files []fyne.URI) {
	background.Run(c.shell.Work.NewSlot(), func(context.Context) (dropped, error) {
		return readDropped(files)
	}, func(d dropped, err error) {
		if err != nil {
			c.shell.Dialogs.Error(ReadFault(err))
		}
		if len(d.contents)+len(d.folders) > 0 {
			c.screen.Receive(d.contents, d.folders)
		}
	})
}

// The methods below are the [screen.Actions] of the dialogs.

// Copy puts a text on the clipboard.
func (c *Carry) Copy(text string) { c.shell.Copy(text) }

// Save asks for a place and writes a document there.
func (c *Carry) Save(name, text string, done func(error)) {
	c.shell.Files.Save(name, text, carry.Extension, done)
}

// Print hands a page to the person's browser. Not on the UI thread.
func (c *Carry) Print(ctx context.Context, page []byte) error { return c.shell.Opener.Show(ctx, page) }

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

// SignedIn reports whether there is an account to carry requests with; soon, that this will be known in a moment.
func (c *Carry) SignedIn() (yes, soon bool) { return c.peers.SignedIn(), c.peers.Resuming() }

// Carried loads the tables again after requests were carried out.
func (c *Carry) Carried() { c.peers.Refresh() }

// Taken loads the tables again after licenses of this PC have changed.
func (c *Carry) Taken() { c.peers.Refresh() }
