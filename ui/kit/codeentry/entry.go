package codeentry

import (
	"errors"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Entry is a field for a code. While a person types, it folds characters, inserts separators, and shows below the field
// which group is incomplete or wrong. In a dialog Enter and Escape work as in dialogs.Entry. Its methods belong to the
// UI thread.
type Entry struct {
	widget.BaseWidget

	// OnChanged is called after every change, including SetText, with the results of Value and Err.
	OnChanged func(shown string, err error)

	// OnPaste is called with every pasted text before the field handles it, so that one pasted email can fill several
	// fields. It returns true if it has handled the text.
	OnPaste func(text string) (handled bool)

	// OnSubmitted is called on Enter. nil: Enter presses the default button of the dialog.
	OnSubmitted func()

	format Format
	field  *field
	groups *groups
	icon   *widget.Icon
	note   *widget.Label

	chars []rune
	shown string
	err   error // of chars
}

// New returns an empty field. Its error wraps ErrFormat. UI thread.
func New(format Format) (*Entry, error) {
	if err := format.check(); err != nil {
		return nil, err
	}
	e := &Entry{format: format}
	e.field = newField(e)
	e.groups = newGroups(e)
	e.icon = widget.NewIcon(nil)
	e.note = widget.NewLabel("")
	e.note.SizeName = fynetheme.SizeNameCaptionText
	e.note.Wrapping = fyne.TextWrapWord
	_, e.err = format.evaluate(nil)
	e.showState(e.err)
	e.ExtendBaseWidget(e)
	return e, nil
}

// Text returns the text of the field, in groups.
func (e *Entry) Text() string { return e.format.group(e.chars) }

// SetText replaces the content of the field by the code in text. If text contains no code, its characters are cleaned
// and grouped, for the person to correct.
func (e *Entry) SetText(text string) {
	if shown, ok := e.format.find(text); ok {
		text = shown
	}
	e.setChars(e.format.clean(text))
}

// Value returns the code in its shown form, and false if it is invalid.
func (e *Entry) Value() (shown string, ok bool) { return e.shown, e.err == nil }

// Err returns the error of the code: nil, that of Format.Parse, *EmptyError, *UnfinishedError or *LengthError.
func (e *Entry) Err() error { return e.err }

// ShowErr shows an error that the screen has found, such as a code of another program, until the next change. nil shows
// the state of the code again. It does not change Err.
func (e *Entry) ShowErr(err error) {
	if err == nil {
		err = e.err
	}
	e.showState(err)
}

// Focusable returns the object to focus, for dialogs.Spec.FirstFocus.
func (e *Entry) Focusable() fyne.Focusable { return e.field }

// changed handles an edit of the field.
func (e *Entry) changed(text string) {
	column := e.field.CursorColumn
	before := len(e.format.clean(firstRunes(text, column)))
	e.chars = e.format.clean(text)
	if grouped := e.Text(); grouped != text {
		// Column counts the separators, so that a character typed at the end leaves the cursor at the end.
		e.field.rewrite(grouped, e.format.column(before))
	}
	e.validate()
}

// setChars replaces all characters.
func (e *Entry) setChars(chars []rune) {
	if string(chars) == string(e.chars) {
		e.showState(e.err)
		return
	}
	e.chars = chars
	text := e.Text()
	e.field.rewrite(text, len([]rune(text)))
	e.validate()
}

// validate evaluates the characters, shows their state and reports the change.
func (e *Entry) validate() {
	e.shown, e.err = e.format.evaluate(e.chars)
	e.showState(e.err)
	if e.OnChanged != nil {
		e.OnChanged(e.shown, e.err)
	}
}

// paste handles a pasted text. It offers the text to OnPaste, then looks for a complete code in it, and then inserts it
// if it is a part of a code.
func (e *Entry) paste(text string, insert func(string)) {
	if e.OnPaste != nil && e.OnPaste(text) {
		return
	}
	if shown, ok := e.format.find(text); ok {
		e.setChars(e.format.clean(shown))
		return
	}
	if chars := e.format.clean(text); len(chars) > 0 && e.format.partial(text) {
		insert(string(chars))
		return
	}
	e.showNote(tr.T("The pasted text contains no %s.", e.format.Name), widget.DangerImportance)
}

// showState shows an error of the code, or that it is complete.
func (e *Entry) showState(err error) {
	var empty *EmptyError
	var unfinished *UnfinishedError
	switch {
	case err == nil:
		e.showNote(tr.T("The %s is complete.", e.format.Name), widget.SuccessImportance)
	case errors.As(err, &empty):
		e.showNote("", widget.LowImportance)
	case errors.As(err, &unfinished):
		e.showNote(err.Error(), widget.LowImportance)
	default:
		e.showNote(err.Error(), widget.DangerImportance)
	}
	e.groups.setState(err)
}

// showNote shows a sentence with an icon below the field.
func (e *Entry) showNote(sentence string, importance widget.Importance) {
	var icon fyne.Resource
	switch importance {
	case widget.SuccessImportance:
		icon = fynetheme.NewColoredResource(fynetheme.ConfirmIcon(), fynetheme.ColorNameSuccess)
	case widget.DangerImportance:
		icon = fynetheme.NewColoredResource(fynetheme.ErrorIcon(), fynetheme.ColorNameError)
	}
	if e.note.Text == sentence && e.note.Importance == importance {
		return
	}
	e.icon.SetResource(icon)
	e.note.Importance = importance
	e.note.SetText(sentence)
	e.Refresh()
}

// firstRunes returns the first n characters of text.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// CreateRenderer implements fyne.Widget.
func (e *Entry) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{entry: e, note: theme.Unpadded(e.note)}
}

type renderer struct {
	entry *Entry
	note  *fyne.Container
}

const (
	barGap   float32 = 3 // between field, groups and note
	iconSize float32 = 14
)

func (r *renderer) Layout(size fyne.Size) {
	e := r.entry
	height := e.field.MinSize().Height
	e.field.Resize(fyne.NewSize(size.Width, height))
	y := height + barGap
	e.groups.Move(fyne.NewPos(0, y))
	e.groups.Resize(fyne.NewSize(size.Width, barHeight))
	y += barHeight + barGap
	inset := theme.Size(fynetheme.SizeNameInnerPadding)
	text := inset
	if e.icon.Resource != nil {
		text += iconSize + 4
	}
	e.icon.Move(fyne.NewPos(inset, y))
	e.icon.Resize(fyne.NewSquareSize(iconSize))
	r.note.Move(fyne.NewPos(text, y))
	r.note.Resize(fyne.NewSize(max(0, size.Width-text), max(iconSize, size.Height-y)))
}

func (r *renderer) MinSize() fyne.Size {
	e := r.entry
	width := e.groups.MinSize().Width
	height := e.field.MinSize().Height + 2*barGap + barHeight + max(iconSize, r.note.MinSize().Height)
	return fyne.NewSize(max(width, e.field.MinSize().Width), height)
}

func (r *renderer) Refresh() {
	r.Layout(r.entry.Size())
	r.entry.groups.Refresh()
}

func (r *renderer) Objects() []fyne.CanvasObject {
	e := r.entry
	return []fyne.CanvasObject{e.field, e.groups, e.icon, r.note}
}

func (r *renderer) Destroy() {}

// field is the widget.Entry of an Entry.
type field struct {
	widget.Entry
	owner     *Entry
	rewriting bool
}

func newField(owner *Entry) *field {
	f := &field{owner: owner}
	f.TextStyle = theme.Monospace()
	f.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	f.PlaceHolder = owner.format.Placeholder
	f.OnChanged = func(text string) {
		if !f.rewriting {
			owner.changed(text)
		}
	}
	f.ExtendBaseWidget(f)
	return f
}

// rewrite replaces the text without calling OnChanged, and moves the cursor to column.
func (f *field) rewrite(text string, column int) {
	f.rewriting = true
	f.SetText(text)
	f.rewriting = false
	f.CursorRow, f.CursorColumn = 0, column
	f.Refresh()
}

// TypedRune implements fyne.Focusable. It accepts characters of the code's alphabet only.
func (f *field) TypedRune(r rune) {
	folded, ok := f.owner.format.Alphabet(r)
	switch {
	case f.Disabled():
	case ok && (len(f.owner.chars) < f.owner.format.length() || f.SelectedText() != ""):
		f.Entry.TypedRune(folded)
	case !ok && !isFiller(r):
		f.owner.showNote(tr.T("No %s contains “%c”.", f.owner.format.Name, r), widget.DangerImportance)
	}
}

// TypedKey implements fyne.Focusable. Backspace and Delete skip separators; Enter and Escape go to the dialog.
func (f *field) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if f.owner.OnSubmitted != nil {
			f.owner.OnSubmitted()
			return
		}
		dialogs.HandleKey(f, e)
		return
	case fyne.KeyEscape:
		dialogs.HandleKey(f, e)
		return
	case fyne.KeyBackspace:
		if f.SelectedText() == "" {
			f.skipSeparators(-1)
		}
	case fyne.KeyDelete:
		if f.SelectedText() == "" {
			f.skipSeparators(1)
		}
	}
	f.Entry.TypedKey(e)
}

// skipSeparators moves the cursor past adjacent separators in a direction, -1 or 1.
func (f *field) skipSeparators(direction int) {
	text := []rune(f.Text)
	for {
		at := f.CursorColumn
		if direction < 0 {
			at--
		}
		if at < 0 || at >= len(text) {
			return
		}
		if _, ok := f.owner.format.Alphabet(text[at]); ok {
			return
		}
		f.CursorColumn += direction
	}
}

// TypedShortcut implements fyne.Shortcutable. It cleans pasted text.
func (f *field) TypedShortcut(s fyne.Shortcut) {
	if f.Disabled() {
		switch s.(type) {
		case *fyne.ShortcutCopy, *fyne.ShortcutSelectAll:
			f.Entry.TypedShortcut(s)
		}
		return
	}
	paste, ok := s.(*fyne.ShortcutPaste)
	if !ok {
		f.Entry.TypedShortcut(s)
		return
	}
	text := paste.Clipboard.Content()
	if text == "" {
		return
	}
	f.owner.paste(text, func(cleaned string) {
		f.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: staticClipboard(cleaned), Secondary: paste.Secondary})
	})
}

// staticClipboard is a read-only clipboard.
type staticClipboard string

// Content implements fyne.Clipboard.
func (c staticClipboard) Content() string { return string(c) }

// SetContent implements fyne.Clipboard and does nothing.
func (c staticClipboard) SetContent(string) {}
