// Package field contains the controls of forms. They report when they gain the focus, so that a long form can scroll to
// them, and Note shows the error of a field below it. In a dialog Enter and Escape work as with the controls of package
// dialogs.
package field

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

// Hooks are the callbacks of a control. Both are optional. They are called on the UI thread.
type Hooks struct {
	OnFocus func() // the control has gained the focus
	OnBlur  func() // the control has lost the focus
}

func (h Hooks) gained() {
	if h.OnFocus != nil {
		h.OnFocus()
	}
}

func (h Hooks) lost() {
	if h.OnBlur != nil {
		h.OnBlur()
	}
}

// Entry is a single-line field. Its methods belong to the UI thread.
type Entry struct {
	widget.Entry
	Hooks
}

// NewEntry returns a single-line field. UI thread.
func NewEntry() *Entry {
	e := &Entry{}
	e.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	e.ExtendBaseWidget(e)
	return e
}

// NewPasswordEntry returns a field that hides its characters until the person reveals them. UI thread.
func NewPasswordEntry() *Entry {
	e := NewEntry()
	e.Password = true
	return e
}

// FocusGained implements fyne.Focusable.
func (e *Entry) FocusGained() {
	e.Entry.FocusGained()
	e.gained()
}

// FocusLost implements fyne.Focusable.
func (e *Entry) FocusLost() {
	e.Entry.FocusLost()
	e.lost()
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyEscape:
		dialogs.HandleKey(e, key)
	default:
		e.Entry.TypedKey(key)
	}
}

// Select is a choice among options. Its methods belong to the UI thread.
type Select struct {
	widget.Select
	Hooks
}

// NewSelect returns a choice among options. UI thread.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// FocusGained implements fyne.Focusable.
func (s *Select) FocusGained() {
	s.Select.FocusGained()
	s.gained()
}

// FocusLost implements fyne.Focusable.
func (s *Select) FocusLost() {
	s.Select.FocusLost()
	s.lost()
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyEscape:
		dialogs.HandleKey(s, key)
	default:
		s.Select.TypedKey(key)
	}
}

// Button is a button of a form. Enter presses it while it has the focus. Its methods belong to the UI thread.
type Button struct {
	widget.Button
	Hooks
}

// NewButton returns a button. UI thread.
func NewButton(text string, icon fyne.Resource, tapped func()) *Button {
	b := &Button{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() {
	b.Button.FocusGained()
	b.gained()
}

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() {
	b.Button.FocusLost()
	b.lost()
}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if b.OnTapped != nil && !b.Disabled() {
			b.OnTapped()
		}
	case fyne.KeyEscape:
		dialogs.HandleKey(b, key)
	default:
		b.Button.TypedKey(key)
	}
}

// Text returns the sentences of a message as one paragraph. Any goroutine.
func Text(m dialogs.Message) string {
	sentences := slices.DeleteFunc([]string{m.What, m.Why, m.Next}, func(s string) bool { return s == "" })
	return strings.Join(sentences, " ")
}

// Note is a sentence in small text below a field. A warning or error has an icon, too. An empty note takes no space.
// Its methods belong to the UI thread.
type Note struct {
	tone   theme.Tone
	icon   *widget.Icon
	mark   *fyne.Container // contains icon
	text   *widget.Label
	object *fyne.Container
}

const noteIcon float32 = 14 // width and height in device-independent pixels

// NewNote returns an empty note. UI thread.
func NewNote() *Note {
	n := &Note{icon: widget.NewIcon(nil), text: theme.NewCaption("")}
	n.text.Wrapping = fyne.TextWrapWord
	size := canvas.NewRectangle(color.Transparent)
	size.SetMinSize(fyne.NewSquareSize(noteIcon))
	n.mark = container.NewVBox(container.NewStack(size, n.icon))
	n.object = container.NewBorder(nil, nil, n.mark, nil, theme.Unpadded(n.text))
	n.object.Hide()
	return n
}

// Object returns the canvas object of the note.
func (n *Note) Object() fyne.CanvasObject { return n.object }

// Set shows a sentence in a tone, or hides the note if sentence is empty.
func (n *Note) Set(sentence string, tone theme.Tone) {
	n.tone = tone
	n.text.Importance = widget.LowImportance
	n.mark.Show()
	switch tone {
	case theme.Bad:
		n.text.Importance = widget.DangerImportance
		n.icon.SetResource(fynetheme.NewColoredResource(fynetheme.ErrorIcon(), tone.TextName()))
	case theme.Warning:
		n.text.Importance = widget.WarningImportance
		n.icon.SetResource(fynetheme.NewColoredResource(fynetheme.WarningIcon(), tone.TextName()))
	default:
		n.mark.Hide()
	}
	n.text.SetText(sentence)
	n.object.Hidden = sentence == ""
	n.object.Refresh()
}

// Text returns the sentence.
func (n *Note) Text() string { return n.text.Text }

// Tone returns the tone of the sentence.
func (n *Note) Tone() theme.Tone { return n.tone }
