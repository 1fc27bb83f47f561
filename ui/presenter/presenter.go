// Package presenter implements the behavior of the window. Each family of screens has a presenter, with the state that
// the screens show, the background work for them, and the handlers of their events.
//
// A presenter uses its screens and the [Shell], which all presenters share. It declares what it needs of the others as
// an interface, its peers; package ui, which composes the window, implements them. Methods run on the UI thread unless
// noted otherwise; calls that may block run in package background.
package presenter

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/email"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Opener uses the person's other programs; *opener.Opener implements it.
type Opener interface {
	email.Opener
	Play(wav []byte) error
	OpenPage(ctx context.Context, page []byte) error
	ClipboardPicture(ctx context.Context) ([]byte, error)
}

// Shell is shared by all presenters of a window.
type Shell struct {
	App     fyne.App
	Window  fyne.Window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Status  *Status
	Files   *Files
	Opener  Opener
	Now     func() time.Time
	// Requests is the slot of requests that precede a dialog, one at a time.
	Requests *background.Slot
	// DeviceName is the name of this PC.
	DeviceName string
}

// Copy copies a text to the clipboard and shows a remark.
func (s *Shell) Copy(text string) {
	s.App.Clipboard().SetContent(text)
	s.Status.ShowRemark(tr.T("Copied."))
}

// Explain shows a dialog about err, unless it is nil.
func (s *Shell) Explain(err error) {
	if err != nil {
		s.Dialogs.Error(explain.Error(err))
	}
}
