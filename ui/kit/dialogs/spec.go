package dialogs

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Spec describes a dialog.
type Spec struct {
	Title    string
	Subtitle string // one or two sentences below the title; optional
	Content  fyne.CanvasObject
	Buttons  []Button // left to right, aligned to the right edge

	// Width is the width of the card in device-independent pixels; 0 means DefaultWidth. The card grows with its
	// content up to the size of the window. Content that is too high scrolls.
	Width float32

	// FirstFocus gets the focus when the dialog is shown. nil means the first field of the content, or the default
	// button if there is none.
	FirstFocus fyne.Focusable

	OnShown  func(*Dialog) // called when the dialog is shown, within Show or later; optional
	OnClosed func()        // called when the dialog is closed, also if it was never shown; optional
}

// Button is a button of a dialog.
type Button struct {
	Text       string
	Importance widget.Importance // zero: High for the default button, Medium for the others

	// OnTapped runs on a tap or by the key of the button. It does not close the dialog. nil: the button closes it.
	OnTapped func()

	Default bool // pressed by Enter, also inside a single-line field
	Cancel  bool // pressed by Escape
}

// Message is a message for a person: what happened, why, what to do next, and an action that does it.
type Message struct {
	What   string  // what happened, a sentence
	Why    string  // a sentence; optional
	Next   string  // what to do next, a sentence; optional
	Action *Action // optional
}

// Action is the button of a message.
type Action struct {
	Label string
	Do    func() // runs on the UI thread; it does not close the dialog
}

// Confirmation describes a question of Queue.Confirm.
type Confirmation struct {
	Title     string
	Text      string // the consequences, and what cannot be undone
	Label     string // of the button that confirms: a verb, never just "OK"
	Cancel    string // label of the button that cancels; empty means "Cancel"
	Danger    bool   // the action destroys something: red button, and Enter cancels
	OnConfirm func() // called after the dialog has closed
	OnCancel  func() // called after the dialog has closed; optional
}
