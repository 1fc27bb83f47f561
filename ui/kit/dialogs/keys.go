package dialogs

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// HandleKey passes a key that a focused object does not handle to its dialog, which handles Enter and Escape. It
// reports whether the dialog handled the key. Fyne sends keys to the focused object only, so every field of a dialog
// must call HandleKey from TypedKey, as those of this package do. Without an open dialog the key goes to the handler of
// the canvas, and HandleKey returns false. UI thread.
func HandleKey(o fyne.CanvasObject, e *fyne.KeyEvent) bool {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c == nil {
		return false
	}
	switch top := c.Overlays().Top().(type) {
	case *overlay:
		return top.dialog.typedKey(e)
	case *curtain:
		return top.dialog.typedKey(e)
	case nil:
		if typed := c.OnTypedKey(); typed != nil {
			typed(e)
		}
	}
	return false
}

// typedKey presses the default button on Enter and cancels on Escape. It reports whether it handled the key.
func (d *Dialog) typedKey(e *fyne.KeyEvent) bool {
	if !d.isOpen() || !d.onTop() {
		return false
	}
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if !d.busy {
			d.press(d.firstButton(func(b Button) bool { return b.Default }))
		}
		return true
	case fyne.KeyEscape:
		switch {
		case d.busy:
			d.cancelWork()
		case len(d.buttons) == 1:
			d.press(d.buttons[0])
		default:
			d.press(d.firstButton(func(b Button) bool { return b.Cancel }))
		}
		return true
	}
	return false
}

// onTop reports whether no other overlay, such as a menu or a file dialog, covers the dialog.
func (d *Dialog) onTop() bool {
	switch top := d.queue.canvas.Overlays().Top().(type) {
	case *overlay:
		return top.dialog == d
	case *curtain:
		return top.dialog == d
	}
	return false
}

func (d *Dialog) press(b *button) {
	if b != nil && !b.Disabled() {
		b.OnTapped()
	}
}

// button is a button of a dialog. Enter presses it while it has the focus, and Escape cancels the dialog.
type button struct {
	widget.Button
	dialog *Dialog
}

func (d *Dialog) newButton(index int, spec Button) *button {
	b := &button{dialog: d}
	b.Text, b.Importance = spec.Text, spec.Importance
	if spec.Default && spec.Importance == widget.MediumImportance && !d.dangerous() {
		b.Importance = widget.HighImportance
	}
	b.OnTapped = func() {
		switch {
		case !d.isOpen() || d.busy:
		case spec.OnTapped == nil:
			d.Close()
		default:
			spec.OnTapped()
		}
	}
	b.ExtendBaseWidget(b)
	return b
}

// dangerous reports whether the dialog has a danger button. No other button is highlighted then.
func (d *Dialog) dangerous() bool {
	for _, b := range d.spec.Buttons {
		if b.Importance == widget.DangerImportance {
			return true
		}
	}
	return false
}

// TypedKey implements fyne.Focusable.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if !b.Disabled() {
			b.OnTapped()
		}
	case fyne.KeyEscape:
		b.dialog.typedKey(e)
	default:
		b.Button.TypedKey(e)
	}
}

// Entry is a widget.Entry for dialogs: Enter presses the dialog's default button, and Escape cancels the dialog.
type Entry struct{ widget.Entry }

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

// NewMultiLineEntry returns a multi-line field, in which Enter starts a new line. UI thread.
func NewMultiLineEntry() *Entry {
	e := &Entry{}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.ExtendBaseWidget(e)
	return e
}

// AcceptsTab implements fyne.Tabbable. It returns false, so that Tab leaves a multi-line field, too.
func (e *Entry) AcceptsTab() bool { return false }

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(key *fyne.KeyEvent) {
	submits := !e.MultiLine && e.OnSubmitted == nil && (key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter)
	if (submits || key.Name == fyne.KeyEscape) && HandleKey(e, key) {
		return
	}
	e.Entry.TypedKey(key)
}

// Check is a widget.Check for dialogs, with the keys of Entry.
type Check struct{ widget.Check }

// NewCheck returns a check box. UI thread.
func NewCheck(label string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *Check) TypedKey(key *fyne.KeyEvent) {
	if !HandleKey(c, key) {
		c.Check.TypedKey(key)
	}
}

// Select is a widget.Select for dialogs, with the keys of Entry.
type Select struct{ widget.Select }

// NewSelect returns a choice among options. UI thread.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(key *fyne.KeyEvent) {
	if !HandleKey(s, key) {
		s.Select.TypedKey(key)
	}
}

// NewButton returns a button for the content of a dialog or a window. UI thread.
func NewButton(text string, icon fyne.Resource, tapped func()) *ContentButton {
	b := &ContentButton{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// ContentButton is a button for the content of a dialog or a window. Enter presses it while it has the focus, as the
// space bar does. Other keys go to the dialog or the window.
type ContentButton struct{ widget.Button }

// TypedKey implements fyne.Focusable.
func (b *ContentButton) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if b.OnTapped != nil && !b.Disabled() {
			b.OnTapped()
		}
	case fyne.KeySpace:
		b.Button.TypedKey(key)
	default:
		HandleKey(b, key)
	}
}

// Hyperlink is a link for the content of a dialog or a window. Enter follows it, as the space bar does.
type Hyperlink struct{ widget.Hyperlink }

// NewHyperlink returns a link that calls follow. UI thread.
func NewHyperlink(text string, follow func()) *Hyperlink {
	h := &Hyperlink{}
	h.Text, h.OnTapped = text, follow
	h.ExtendBaseWidget(h)
	return h
}

// TypedKey implements fyne.Focusable.
func (h *Hyperlink) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		h.OnTapped()
	case fyne.KeySpace:
		h.Hyperlink.TypedKey(key)
	default:
		HandleKey(h, key)
	}
}

// submitOnEnter makes Enter press the default button in each plain single-line widget.Entry of o. Unlike Entry, such a
// field does not pass Escape to the dialog.
func (d *Dialog) submitOnEnter(o fyne.CanvasObject) {
	switch o := o.(type) {
	case *widget.Entry:
		if !o.MultiLine && o.OnSubmitted == nil {
			o.OnSubmitted = func(string) { d.typedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) }
		}
	case *fyne.Container:
		for _, child := range o.Objects {
			d.submitOnEnter(child)
		}
	case *container.Scroll:
		d.submitOnEnter(o.Content)
	case *widget.Form:
		for _, item := range o.Items {
			d.submitOnEnter(item.Widget)
		}
	}
}
