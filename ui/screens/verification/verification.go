// Package verification is the field for a verification number: a picture with six digits that a person types to show
// that no robot is asking, or hears if the picture does not help (spec: api 10). The server draws the picture and
// checks the number.
package verification

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const (
	// life is how long a picture is shown. The server takes its number for five minutes (spec: api 10); what is typed
	// at the last moment has to get there, too. The clock of this PC may be wrong, so it is not compared with the
	// server's.
	life = 5*time.Minute - 15*time.Second

	// maxUnattended is how many expired pictures in a row are replaced while nobody does anything: about an hour. A
	// dialog that was left open does not ask the server for ever.
	maxUnattended = 12
)

// Source makes verification numbers. *manager.Manager is one.
type Source interface {
	// Verification asks a server, or with "" the one that is signed in to, for a picture and on request a sound.
	Verification(ctx context.Context, server string, sound bool) (api.Verification, error)
}

// Options of a Field.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Work    *background.Group
	Source  Source // called off the UI thread
	Explain func(error) dialogs.Message
	// Play hands a WAV to the loudspeaker. It is called off the UI thread and may block until it has been heard. Nil:
	// there is no sound to listen to.
	Play func(wav []byte) error
	// After sends when a time has passed: time.After.
	After func(time.Duration) <-chan time.Time
}

// Field shows the picture with the buttons "Another picture" and "Listen", and takes the number. It replaces a picture
// that has expired by itself and says so. Its methods belong to the UI thread.
type Field struct {
	widget.BaseWidget

	// OnChanged is called after every change of what the field shows or Answer returns. UI thread.
	OnChanged func()

	// OnFocus is called when a control of the field gets the keyboard, so that a long form can scroll to it. UI thread.
	OnFocus func()

	options Options
	server  string // "": the one that is signed in to
	unnamed bool   // it is not known yet which server to ask

	id         string // of the picture that is shown; "" while there is none
	sound      []byte // of the same number
	unattended int    // expired pictures replaced since somebody last did something
	cleaning   bool

	loading, expiring, playing *background.Slot

	area            *fyne.Container // the picture, or what is said in its place
	activity        *widget.Activity
	number          *field.Entry
	another, listen *field.Button
	note            *field.Note
}

// New returns a field that asks the server that is signed in to. It gets its first picture by Renew. UI thread.
func New(o Options) *Field {
	f := &Field{
		options:  o,
		area:     container.NewStack(),
		activity: widget.NewActivity(),
		note:     field.NewNote(),
	}
	f.loading, f.expiring, f.playing = o.Work.NewSlot(), o.Work.NewSlot(), o.Work.NewSlot()
	f.number = field.NewEntry()
	f.number.TextStyle, f.number.PlaceHolder = theme.Monospace(), tr.T("Six digits")
	f.number.OnChanged, f.number.OnFocus = f.typed, f.focused
	f.another = f.button(tr.T(getPicture), fynetheme.ViewRefreshIcon(), f.takeAnother)
	f.listen = f.button(tr.T("Listen"), fynetheme.VolumeUpIcon(), f.hear)
	f.listen.Hidden = o.Play == nil
	f.say(tr.T("There is no picture yet."))
	f.ExtendBaseWidget(f)
	return f
}

func (f *Field) button(text string, icon fyne.Resource, tapped func()) *field.Button {
	b := field.NewButton(text, icon, tapped)
	b.Alignment, b.OnFocus = widget.ButtonAlignLeading, f.focused
	return b
}

// CreateRenderer is called by Fyne.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	controls := container.New(layout.NewCustomPaddedVBoxLayout(6), f.number, f.another, f.listen)
	return widget.NewSimpleRenderer(container.New(layout.NewCustomPaddedVBoxLayout(4),
		container.NewBorder(nil, nil, f.area, nil, container.New(layout.NewCustomPaddedLayout(0, 0, theme.Gap, 0), controls)),
		f.note.Object()))
}

// Answer returns what was read in the picture; false while there is no picture or the number is not complete.
func (f *Field) Answer() (api.VerificationAnswer, bool) {
	if f.id == "" || len(f.number.Text) != api.VerificationDigits {
		return api.VerificationAnswer{}, false
	}
	return api.VerificationAnswer{ID: f.id, Number: f.number.Text}, true
}

// Missing says what is to be done yet, a sentence; "" when Answer is true.
func (f *Field) Missing() string {
	switch typed := len(f.number.Text); {
	case f.unnamed:
		return tr.T("Enter the address of the license server first: it sends the picture.")
	case f.id == "" && f.loading.Busy():
		return tr.T("The picture is on its way: wait a moment, then type its number.")
	case f.id == "":
		return tr.T("There is no picture yet: get one, then type its number.")
	case typed == 0:
		return tr.T("Type the number in the picture.")
	case typed < api.VerificationDigits:
		return tr.T("The number has %d digits; %d are typed.", api.VerificationDigits, typed)
	}
	return ""
}

// Empty reports whether there is no picture and none on its way.
func (f *Field) Empty() bool { return f.id == "" && !f.loading.Busy() }

// Renew gets another picture and drops the number of the one before: a number serves once. What ShowFault says stays.
func (f *Field) Renew() {
	if f.unnamed {
		return
	}
	f.unattended = 0
	f.load(false, nil)
}

// SetServer names the server to ask from now on; "": it is not known yet, and nothing is asked. The picture of another
// server is dropped; Renew gets the new one.
func (f *Field) SetServer(server string) {
	if server == f.server && f.unnamed == (server == "") {
		return
	}
	f.Stop()
	f.server, f.unnamed = server, server == ""
	f.note.Say("", theme.Muted)
	f.say(tr.T("The license server sends a picture once its address is entered."))
	f.drop()
}

// ShowFault shows a sentence about the number below it until somebody types; "" takes it away.
func (f *Field) ShowFault(sentence string) { f.note.Say(sentence, theme.Bad) }

// Focusable returns what gets the focus.
func (f *Field) Focusable() fyne.Focusable { return f.number }

// Stop ends all work of the field, such as when its dialog closes.
func (f *Field) Stop() {
	f.loading.Cancel()
	f.expiring.Cancel()
	f.playing.Cancel()
	f.activity.Stop()
}

func (f *Field) changed() {
	if f.OnChanged != nil {
		f.OnChanged()
	}
}

func (f *Field) focused() {
	if f.OnFocus != nil {
		f.OnFocus()
	}
}

// typed keeps the digits of what was typed or pasted.
func (f *Field) typed(text string) {
	if f.cleaning {
		return
	}
	f.unattended = 0
	clean := digits(text)
	if clean != text {
		f.setNumber(clean)
	}
	f.note.Say("", theme.Muted)
	if clean != text &&
		strings.ContainsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != ' ' && r != '-' }) {
		f.note.Say(tr.T("The number consists of digits only."), theme.Muted)
	}
	f.changed()
}

// setNumber replaces what is typed without a report.
func (f *Field) setNumber(text string) {
	f.cleaning = true
	f.number.SetText(text)
	f.cleaning = false
	f.number.CursorColumn = len(text)
}

// digits returns the digits of a text, at most as many as a number has.
func digits(text string) string {
	out := make([]byte, 0, api.VerificationDigits)
	for _, r := range text {
		if r >= '0' && r <= '9' && len(out) < api.VerificationDigits {
			out = append(out, byte(r))
		}
	}
	return string(out)
}

// takeAnother is the button "Another picture".
func (f *Field) takeAnother() {
	f.options.Canvas.Focus(f.number)
	switch {
	case f.loading.Busy():
	case f.unnamed:
		f.ShowFault(f.Missing())
	default:
		f.note.Say("", theme.Muted)
		f.Renew()
	}
}

// hear is the button "Listen": it plays the number, again if it was heard before, or a new one that has a sound.
func (f *Field) hear() {
	f.options.Canvas.Focus(f.number)
	f.unattended = 0
	switch {
	case f.loading.Busy():
	case f.unnamed:
		f.ShowFault(f.Missing())
	case f.id != "" && len(f.sound) > 0:
		f.play()
	default:
		f.note.Say("", theme.Muted)
		f.load(true, f.play)
	}
}

// load gets a picture; then is called when it is shown.
func (f *Field) load(sound bool, then func()) {
	f.drop()
	f.wait()
	server := f.server
	background.Run(f.loading, func(ctx context.Context) (loaded, error) {
		v, err := f.options.Source.Verification(ctx, server, sound)
		if err != nil {
			return loaded{}, err
		}
		picture, err := decode(v.Image)
		return loaded{v, picture}, err
	}, func(l loaded, err error) {
		f.activity.Stop()
		if err != nil {
			f.fail(err)
			f.changed()
			return
		}
		f.id, f.sound = l.verification.ID, l.verification.Sound
		f.show(newPaper(l.picture), tr.T(anotherPicture))
		f.await()
		f.changed()
		if then != nil {
			then()
		}
	})
}

// drop forgets the picture and its number.
func (f *Field) drop() {
	f.expiring.Cancel()
	f.playing.Cancel()
	f.id, f.sound = "", nil
	f.setNumber("")
	f.changed()
}

// await replaces the picture when it has expired.
func (f *Field) await() {
	background.Run(f.expiring, func(ctx context.Context) (struct{}, error) {
		select {
		case <-f.options.After(life):
			return struct{}{}, nil
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}, func(_ struct{}, err error) {
		if err != nil {
			return
		}
		if f.unattended++; f.unattended > maxUnattended {
			f.say(tr.T("The picture has expired."))
			f.drop()
			return
		}
		if f.note.Tone() != theme.Bad {
			f.note.Say(tr.T("The picture had expired after five minutes. This is a new one, with another number."),
				theme.Warning)
		}
		f.load(false, nil)
	})
}

// play says the number aloud.
func (f *Field) play() {
	sound := f.sound
	if len(sound) == 0 {
		f.note.Say(tr.T("The server has no sound for this number. Read the picture, or take another one."), theme.Warning)
		return
	}
	f.note.Say(tr.T("The number is being read out."), theme.Muted)
	f.listen.SetText(tr.T("Listen again"))
	background.Run(f.playing, func(context.Context) (struct{}, error) {
		return struct{}{}, f.options.Play(sound)
	}, func(_ struct{}, err error) {
		if err != nil {
			m := f.options.Explain(err)
			f.note.Say(field.Text(dialogs.Message{
				What: tr.T("The sound could not be played."), Why: m.Why, Next: tr.T("Read the picture, or take another one."),
			}), theme.Warning)
		}
	})
}
