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

// Entry is a field for one code. While a person types it folds characters, inserts the separators, and says below the
// field which group is unfinished or wrong. In a dialog Enter and Escape work as in dialogs.Entry. All its methods
// belong to the UI thread.
type Entry struct {
	widget.BaseWidget

	// OnChanged is called after every change, also one by SetText, with what Value and Err return.
	OnChanged func(shown string, err error)

	// OnPaste is offered every pasted text whole, before the field takes it, so that one paste of an email can fill
	// several fields; it returns true if it has dealt with the text.
	OnPaste func(text string) (handled bool)

	// OnSubmitted is called on Enter; nil: Enter presses the default button of the dialog.
	OnSubmitted func()

	format Format
	field  *field
	groups *groups
	icon   *widget.Icon
	note   *widget.Label

	chars []rune
	shown string
	err   error // of the code as it stands
}

// New returns an empty field. An error wraps ErrFormat: the format is wrong. UI thread.
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
	_, e.err = format.read(nil)
	e.explain(e.err)
	e.ExtendBaseWidget(e)
	return e, nil
}

// Text returns what is in the field, in groups.
func (e *Entry) Text() string { return e.format.group(e.chars) }

// SetText puts a text into the field as a paste into an empty field would; a text that holds no code is cleaned and
// grouped for the person to mend.
func (e *Entry) SetText(text string) {
	if shown, ok := e.format.find(text); ok {
		text = shown
	}
	e.take(e.format.clean(text))
}

// Value returns the code in its shown form, and false if it is not a good one.
func (e *Entry) Value() (shown string, ok bool) { return e.shown, e.err == nil }

// Err returns what is wrong with the code as it stands, or nil: one of Parse, or *EmptyError, *UnfinishedError,
// *LengthError.
func (e *Entry) Err() error { return e.err }

// ShowErr shows a sentence about the code that only the screen can know, such as that it belongs to another program,
// until the next change; nil shows the state of the code again. It does not change Err.
func (e *Entry) ShowErr(err error) {
	if err == nil {
		err = e.err
	}
	e.explain(err)
}

// Focusable returns what gets the focus, for dialogs.Spec.FirstFocus.
func (e *Entry) Focusable() fyne.Focusable { return e.field }

// changed is called by the field with its text after every edit.
func (e *Entry) changed(text string) {
	column := e.field.CursorColumn
	before := len(e.format.clean(firstRunes(text, column)))
	e.chars = e.format.clean(text)
	if grouped := e.Text(); grouped != text {
		// An extra character typed at the end of a text leaves the cursor at the end: column counts the separators.
		e.field.rewrite(grouped, e.format.column(before))
	}
	e.judge()
}

// take replaces all characters.
func (e *Entry) take(chars []rune) {
	if string(chars) == string(e.chars) {
		e.explain(e.err)
		return
	}
	e.chars = chars
	text := e.Text()
	e.field.rewrite(text, len([]rune(text)))
	e.judge()
}

func (e *Entry) judge() {
	e.shown, e.err = e.format.read(e.chars)
	e.explain(e.err)
	if e.OnChanged != nil {
		e.OnChanged(e.shown, e.err)
	}
}

// paste takes a pasted text: to the screen first, then as a whole code, and then as a part of one.
func (e *Entry) paste(text string, insert func(string)) {
	if e.OnPaste != nil && e.OnPaste(text) {
		return
	}
	if shown, ok := e.format.find(text); ok {
		e.take(e.format.clean(shown))
		return
	}
	if chars := e.format.clean(text); len(chars) > 0 && e.format.partial(text) {
		insert(string(chars))
		return
	}
	e.say(tr.T("The pasted text holds no %s.", e.format.Name), widget.DangerImportance)
}

// explain shows what is wrong with the code, or that nothing is.
func (e *Entry) explain(err error) {
	var empty *EmptyError
	var unfinished *UnfinishedError
	switch {
	case err == nil:
		e.say(tr.T("The %s is complete.", e.format.Name), widget.SuccessImportance)
	case errors.As(err, &empty):
		e.say("", widget.LowImportance)
	case errors.As(err, &unfinished):
		e.say(err.Error(), widget.LowImportance)
	default:
		e.say(err.Error(), widget.DangerImportance)
	}
	e.groups.mark(err)
}

// say shows a sentence below the field; an icon says its weight too.
func (e *Entry) say(sentence string, importance widget.Importance) {
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
	return &renderer{entry: e, note: theme.Tight(e.note)}
}

type renderer struct {
	entry *Entry
	note  *fyne.Container
}

const (
	barGap   float32 = 3 // between field, groups and sentence
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

// field is the entry in which the code is typed.
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

// rewrite replaces the text without reporting a change, and puts the cursor at a character.
func (f *field) rewrite(text string, column int) {
	f.rewriting = true
	f.SetText(text)
	f.rewriting = false
	f.CursorRow, f.CursorColumn = 0, column
	f.Refresh()
}

// TypedRune takes characters of a code only.
func (f *field) TypedRune(r rune) {
	folded, ok := f.owner.format.Alphabet(r)
	switch {
	case f.Disabled():
	case ok && (len(f.owner.chars) < f.owner.format.length() || f.SelectedText() != ""):
		f.Entry.TypedRune(folded)
	case !ok && !isFiller(r):
		f.owner.say(tr.T("No %s contains “%c”.", f.owner.format.Name, r), widget.DangerImportance)
	}
}

// TypedKey steps over separators when it deletes, and leaves Enter and Escape to the dialog.
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
			f.stepOver(-1)
		}
	case fyne.KeyDelete:
		if f.SelectedText() == "" {
			f.stepOver(1)
		}
	}
	f.Entry.TypedKey(e)
}

// stepOver moves the cursor over the separator that lies next to it in a direction, -1 or 1.
func (f *field) stepOver(direction int) {
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

// TypedShortcut cleans what is pasted.
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
		f.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: fixed(cleaned), Secondary: paste.Secondary})
	})
}

// fixed is a clipboard that always holds the same text.
type fixed string

// Content returns the text.
func (c fixed) Content() string { return string(c) }

// SetContent does nothing.
func (c fixed) SetContent(string) {}
