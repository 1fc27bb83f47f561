package account

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/kit/codeentry"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/verification"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Names of fields in the requests.
const (
	wireProgram      = "program_id"
	wireSerial       = "serial_number"
	wireVerification = "verification"
	wireServer       = "server" // not sent: the address of the request
	wireEmail        = "email"
	wireEmail2       = "email2"
)

// mark is the text beside a label that says whether the field is required.
type mark = tr.Text

const (
	unmarked mark = ""
	required mark = "required"
	optional mark = "optional"
)

// labeled returns control between its label with mark and its note.
func labeled(label string, m mark, control fyne.CanvasObject, note *field.Note) fyne.CanvasObject {
	head := fyne.CanvasObject(theme.Unpadded(widget.NewLabel(label)))
	if m != unmarked {
		head = container.New(layout.NewCustomPaddedHBoxLayout(6), head,
			container.New(layout.NewCustomPaddedLayout(2, 0, 0, 0), theme.Unpadded(theme.NewCaption(tr.T(m)))))
	}
	return container.New(layout.NewCustomPaddedVBoxLayout(3), head, control, note.Object())
}

// textInput is a single-line field.
type textInput struct {
	name     string
	needed   bool   // must not be empty; always true for a password
	missing  string // fault of an empty field
	hint     string // shown in the note while there is no fault
	entry    *field.Entry
	note     *field.Note
	validate func(text string) string // returns a fault or ""; nil accepts every text
	object   fyne.CanvasObject
}

// newTextInput returns an empty field; changed is called after every change.
func newTextInput(name, label string, m mark, entry *field.Entry, changed func()) *textInput {
	t := &textInput{
		name:   name,
		needed: m == required,
		entry:  entry,
		note:   field.NewNote(),
	}
	t.missing = tr.T("Enter the %s.", words.LowerFirst(label))
	t.object = labeled(label, m, entry, t.note)
	entry.OnChanged = func(string) {
		t.show("")
		changed()
	}
	return t
}

// newPassword returns a field for a password, which is sent without trimming.
func newPassword(name, label string, m mark, changed func()) *textInput {
	return newTextInput(name, label, m, field.NewPasswordEntry(), changed)
}

// withHint adds a hint below the field.
func (t *textInput) withHint(hint string) *textInput {
	t.hint = hint
	t.show("")
	return t
}

func (t *textInput) wire() string              { return t.name }
func (t *textInput) focusable() fyne.Focusable { return t.entry }
func (t *textInput) area() fyne.CanvasObject   { return t.object }

func (t *textInput) show(fault string) {
	if fault == "" {
		t.note.Set(t.hint, theme.Muted)
		return
	}
	t.note.Set(fault, theme.Bad)
}

// text returns the trimmed value, with control characters replaced by spaces.
func (t *textInput) text() string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, t.entry.Text))
}

func (t *textInput) check() string {
	if t.entry.Password {
		if t.entry.Text == "" {
			return t.missing
		}
		return t.faults(t.entry.Text)
	}
	text := t.text()
	switch n := utf8.RuneCountInString(text); {
	case text == "" && t.needed:
		return t.missing
	case text == "":
		return ""
	case n > api.MaxField:
		return tr.T("Too long: %d characters; the maximum is %d.", n, api.MaxField)
	}
	return t.faults(text)
}

func (t *textInput) faults(text string) string {
	if t.validate == nil {
		return ""
	}
	return t.validate(text)
}

// emailFault returns what is wrong with an email address, or "".
func emailFault(address string) string {
	parsed, err := mail.ParseAddress(address)
	switch {
	case err == nil && parsed.Address == address:
		return ""
	case err == nil:
		return tr.T("Enter only the address: %s.", parsed.Address)
	case !strings.Contains(address, "@"):
		return tr.T("This is not an email address: the @ is missing.")
	}
	return tr.T("This is not an email address. An email address looks like this: name@example.com")
}

// passwordFault returns what is wrong with the length of a new password, or "" (spec: api 13).
func passwordFault(password string) string {
	switch n := len(password); {
	case n < api.MinPassword:
		return tr.T("Too short: enter at least %d characters.", api.MinPassword)
	case n > api.MaxPassword:
		return tr.T("Too long: %d bytes; the maximum is %d.", n, api.MaxPassword)
	}
	return ""
}

// newPasswords returns the field for a new password and the one for its repetition.
func newPasswords(name, label string, m mark, changed func()) (next, repeat *textInput) {
	next = newPassword(name, label, m,
		changed).withHint(tr.T("At least %d characters, of any kind. Several words are easy to remember.",
		api.MinPassword))
	next.validate = passwordFault
	repeat = newPassword("", tr.T("%s, again", label), m, changed)
	repeat.missing = tr.T("Type the %s again.", words.LowerFirst(label))
	repeat.validate = func(text string) string {
		if text != next.entry.Text {
			return tr.T("It differs from the one above. Type it again.")
		}
		return ""
	}
	return next, repeat
}

// serialInput is the field for a serial number.
type serialInput struct {
	entry  *codeentry.Entry
	object fyne.CanvasObject
}

// newSerialInput returns an empty field. An error means that the format of serial numbers is invalid, a bug.
func newSerialInput(m mark, changed func()) (*serialInput, error) {
	kind := license.KindSerialNumber
	entry, err := codeentry.New(codeentry.Format{
		Groups:    kind.Groups(),
		Separator: "-",
		Alphabet:  kind.FoldLetter,
		Parse:     words.Parse(kind),
		ErrorGroup: func(err error) int {
			var typed *license.CodeError
			if errors.As(err, &typed) {
				return typed.Group
			}
			return 0
		},
		Name:        words.Code(kind),
		Placeholder: "SM4G-2FQZ-XF-7EGC-WT2T",
	})
	if err != nil {
		return nil, err
	}
	s := &serialInput{entry: entry}
	entry.OnChanged = func(string, error) { changed() }
	entry.OnPaste = s.paste
	s.object = labeled(tr.T("Serial number"), m, entry, field.NewNote())
	return s, nil
}

// paste extracts the serial number from a pasted text, such as an email. It reports false if there is none.
func (s *serialInput) paste(text string) bool {
	for _, found := range license.Find(text) {
		if found.Kind == license.KindSerialNumber {
			s.entry.SetText(found.Text)
			return true
		}
	}
	return false
}

func (s *serialInput) wire() string              { return wireSerial }
func (s *serialInput) focusable() fyne.Focusable { return s.entry.Focusable() }
func (s *serialInput) area() fyne.CanvasObject   { return s.object }

// text returns the serial number in its shown form.
func (s *serialInput) text() string {
	shown, _ := s.entry.Value()
	return shown
}

func (s *serialInput) check() string {
	var empty *codeentry.EmptyError
	switch err := s.entry.Err(); {
	case errors.As(err, &empty):
		return tr.T("Enter the serial number. It came with the program or in the email about your purchase.")
	case err != nil:
		return err.Error()
	}
	return ""
}

func (s *serialInput) show(fault string) {
	if fault == "" {
		s.entry.ShowErr(nil)
		return
	}
	s.entry.ShowErr(errors.New(fault))
}

// programInput is the selection of a program that accepts serial numbers.
type programInput struct {
	ids    []int64
	choice *field.Select
	note   *field.Note
	object fyne.CanvasObject
}

// newProgramInput returns a selection. A single program is preselected.
func newProgramInput(programs []api.SerialProgram, m mark, changed func()) *programInput {
	p := &programInput{note: field.NewNote()}
	names := make([]string, len(programs))
	seen := map[string]bool{}
	for i, program := range programs {
		p.ids = append(p.ids, program.ID)
		names[i] = shorten(program.Name)
		if seen[names[i]] {
			names[i] = tr.T("%s (program %d)", names[i], program.ID)
		}
		seen[names[i]] = true
	}
	p.choice = field.NewSelect(names, nil)
	p.choice.PlaceHolder = tr.T("Choose the program")
	if len(names) == 1 {
		p.choice.SetSelectedIndex(0)
	}
	p.choice.OnChanged = func(string) {
		p.show("")
		changed()
	}
	p.object = labeled(tr.T("Program"), m, p.choice, p.note)
	return p
}

// shorten truncates a name to one line of a menu.
func shorten(name string) string {
	const maxRunes = 60
	if runes := []rune(name); len(runes) > maxRunes {
		return string(runes[:maxRunes-1]) + "…"
	}
	return name
}

func (p *programInput) wire() string              { return wireProgram }
func (p *programInput) focusable() fyne.Focusable { return p.choice }
func (p *programInput) area() fyne.CanvasObject   { return p.object }
func (p *programInput) show(fault string)         { p.note.Set(fault, theme.Bad) }

func (p *programInput) check() string {
	if p.id() == 0 {
		return tr.T("Choose the program that the serial number belongs to.")
	}
	return ""
}

// id returns the id of the selected program, or 0.
func (p *programInput) id() int64 {
	if i := p.choice.SelectedIndex(); i >= 0 && i < len(p.ids) {
		return p.ids[i]
	}
	return 0
}

// pictureInput adapts a verification.Field to input.
type pictureInput struct {
	*verification.Field
	object fyne.CanvasObject
}

func newPictureInput(f *verification.Field, m mark) *pictureInput {
	return &pictureInput{f, labeled(tr.T("Verification number"), m, f, field.NewNote())}
}

func (p *pictureInput) wire() string              { return wireVerification }
func (p *pictureInput) focusable() fyne.Focusable { return p.Focusable() }
func (p *pictureInput) area() fyne.CanvasObject   { return p.object }
func (p *pictureInput) show(fault string)         { p.ShowFault(fault) }

func (p *pictureInput) check() string {
	if !p.object.Visible() {
		return ""
	}
	return p.Missing()
}

// answer returns the typed verification number, or the zero value without a picture.
func (p *pictureInput) answer() api.VerificationAnswer {
	answer, _ := p.Answer()
	return answer
}
