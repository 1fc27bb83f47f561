// Package presenter holds what the window does: for each family of screens one presenter with the state that its screens
// show, the work that is under way for them, and what a click does.
//
// A presenter knows the screens below it and what all presenters share, the [Shell]. What it needs of the others it names in
// a small interface, its peers; package ui, which composes the window, implements them. Everything belongs to the UI thread;
// what may block runs through package background.
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

// Opener hands to the person's own programs what this app does not do itself. *opener.Opener is one.
type Opener interface {
	email.Opener
	Play(wav []byte) error
	Show(ctx context.Context, page []byte) error
	ClipboardPicture(ctx context.Context) ([]byte, error)
}

// Shell is what all presenters of a window share.
type Shell struct {
	App     fyne.App
	Window  fyne.Window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Status  *Status
	Files   *Files
	Opener  Opener
	Now     func() time.Time
	// Asking is for what is asked before a dialog opens: one question at a time.
	Asking *background.Slot
	// DeviceName is what this PC is called.
	DeviceName string
}

// Copy puts a text on the clipboard and says so.
func (s *Shell) Copy(text string) {
	s.App.Clipboard().SetContent(text)
	s.Status.Say(tr.T("Copied."))
}

// Explain shows why something failed in a dialog of its own; nil shows nothing.
func (s *Shell) Explain(err error) {
	if err != nil {
		s.Dialogs.Error(explain.Error(err))
	}
}
