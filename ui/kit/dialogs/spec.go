package dialogs

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Spec describes a dialog before it is shown.
type Spec struct {
	Title    string
	Subtitle string // one or two sentences below the title; optional
	Content  fyne.CanvasObject
	Buttons  []Button // left to right; the last ones stand at the right edge

	// Width is that of the dialog's card in device-independent pixels; 0 means DefaultWidth. It grows to what the
	// content needs and never exceeds the window; the height follows the content, which scrolls when the window is too
	// low.
	Width float32

	// FirstFocus gets the focus when the dialog appears; nil means the first field of the content, or else the
	// default button.
	FirstFocus fyne.Focusable

	OnShown  func(*Dialog) // called once, when the dialog has come up: within Show, or later
	OnClosed func()        // called once, whatever closed the dialog, also if it never came up
}

// Button is one button in the bottom line of a dialog.
type Button struct {
	Text       string
	Importance widget.Importance // zero: High for the default button, Medium for the others

	// OnTapped runs on a tap or its key. It does not close the dialog; nil means that the button does nothing but
	// close.
	OnTapped func()

	Default bool // pressed by Enter, also from inside a single-line field
	Cancel  bool // pressed by Escape
}

// Message tells a person about a fault: what happened, why, what to do next, and one button that does it.
type Message struct {
	What   string  // what happened, a sentence
	Why    string  // a sentence; optional
	Next   string  // what to do next, a sentence; optional
	Action *Action // optional
}

// Action is the one next step that a message offers.
type Action struct {
	Label string
	Do    func() // runs on the UI thread; it does not close the dialog
}

// Confirmation asks before something is done.
type Confirmation struct {
	Title     string
	Text      string // what will happen and what cannot be undone
	Label     string // of the button that does it: a verb, never just "OK"
	Cancel    string // of the button that does not; empty means "Cancel"
	Danger    bool   // the deed destroys something: red button, and Enter cancels
	OnConfirm func() // called after the dialog has closed
	OnCancel  func() // called after the dialog has closed; optional
}
