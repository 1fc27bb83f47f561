package dialogs

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// HandleKey gives a key that a focused object has no use for to the dialog it stands in, which acts on Enter and
// Escape; it reports whether the dialog did. Fyne gives keys to the focused object alone, so every field that can stand
// in a dialog calls it from TypedKey: those of this package do. With no dialog up the key goes on to the window, as one
// does when nothing has the focus. UI thread.
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

// typedKey presses the default button on Enter and cancels on Escape; it reports whether it had a use for the key.
func (d *Dialog) typedKey(e *fyne.KeyEvent) bool {
	if !d.up() || !d.onTop() {
		return false
	}
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if !d.busy {
			d.press(d.marked(func(b Button) bool { return b.Default }))
		}
		return true
	case fyne.KeyEscape:
		switch {
		case d.busy:
			d.cancelWork()
		case len(d.buttons) == 1:
			d.press(d.buttons[0])
		default:
			d.press(d.marked(func(b Button) bool { return b.Cancel }))
		}
		return true
	}
	return false
}

// onTop reports whether nothing, such as a menu or a file dialog, lies over the dialog.
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

// button is a button of a dialog: Enter presses it while it has the focus, Escape cancels the dialog.
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
		case !d.up() || d.busy:
		case spec.OnTapped == nil:
			d.Close()
		default:
			spec.OnTapped()
		}
	}
	b.ExtendBaseWidget(b)
	return b
}

// dangerous reports whether a button destroys something; then no other stands out.
func (d *Dialog) dangerous() bool {
	for _, b := range d.spec.Buttons {
		if b.Importance == widget.DangerImportance {
			return true
		}
	}
	return false
}

// TypedKey is called by Fyne.
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

// Entry is a field for a dialog: Enter presses the dialog's default button, and Escape cancels the dialog. Outside a
// dialog it is a plain widget.Entry.
type Entry struct{ widget.Entry }

// NewEntry returns a field of one line. UI thread.
func NewEntry() *Entry {
	e := &Entry{}
	e.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	e.ExtendBaseWidget(e)
	return e
}

// NewPasswordEntry returns a field whose characters are not shown unless the person asks for it. UI thread.
func NewPasswordEntry() *Entry {
	e := NewEntry()
	e.Password = true
	return e
}

// NewMultiLineEntry returns a field of several lines, in which Enter begins a new line. UI thread.
func NewMultiLineEntry() *Entry {
	e := &Entry{}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.ExtendBaseWidget(e)
	return e
}

// AcceptsTab leaves the Tab key to moving between fields, in a field of several lines too.
func (e *Entry) AcceptsTab() bool { return false }

// TypedKey is called by Fyne.
func (e *Entry) TypedKey(key *fyne.KeyEvent) {
	submits := !e.MultiLine && e.OnSubmitted == nil && (key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter)
	if (submits || key.Name == fyne.KeyEscape) && HandleKey(e, key) {
		return
	}
	e.Entry.TypedKey(key)
}

// Check is a check box for a dialog, with the keys of Entry.
type Check struct{ widget.Check }

// NewCheck returns a check box. UI thread.
func NewCheck(label string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey is called by Fyne.
func (c *Check) TypedKey(key *fyne.KeyEvent) {
	if !HandleKey(c, key) {
		c.Check.TypedKey(key)
	}
}

// Select is a choice among texts for a dialog, with the keys of Entry.
type Select struct{ widget.Select }

// NewSelect returns a choice. UI thread.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey is called by Fyne.
func (s *Select) TypedKey(key *fyne.KeyEvent) {
	if !HandleKey(s, key) {
		s.Select.TypedKey(key)
	}
}

// NewButton returns a button for the content of a dialog, such as one that copies a code, or for the window: Enter
// presses it while it has the focus, as the space bar does, and other keys go on to the dialog or the window. UI
// thread.
func NewButton(text string, icon fyne.Resource, tapped func()) *ContentButton {
	b := &ContentButton{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// ContentButton is a button for the content of a dialog or the window.
type ContentButton struct{ widget.Button }

// TypedKey is called by Fyne.
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

// Hyperlink is a link that Enter follows as well as the space bar, in a dialog or in the window.
type Hyperlink struct{ widget.Hyperlink }

// NewHyperlink returns a link that does something. UI thread.
func NewHyperlink(text string, follow func()) *Hyperlink {
	h := &Hyperlink{}
	h.Text, h.OnTapped = text, follow
	h.ExtendBaseWidget(h)
	return h
}

// TypedKey is called by Fyne.
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

// submitOnEnter lets Enter press the default button from plain single-line fields too, as far as they lie in
// containers; Escape does not reach the dialog from those, which is why Entry exists.
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
