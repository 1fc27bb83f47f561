// Package verification implements the field for a verification number: six digits in a picture, or in a sound, that a
// person types to show that no program asks (spec: api 10). The server draws the picture and checks the number.
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
	// lifetime is how long a picture is shown. The server accepts its number for five minutes (spec: api 10), minus a
	// margin for the request. It is measured here, because the clocks of PC and server may differ.
	lifetime = 5*time.Minute - 15*time.Second

	// maxUnattended limits the expired pictures that are replaced without input, about one hour, so that an abandoned
	// dialog does not send requests forever.
	maxUnattended = 12
)

// Source returns verification numbers; *manager.Manager implements it.
type Source interface {
	// Verification requests a picture, and a sound if wanted, from a server; "" is that of the current account.
	Verification(ctx context.Context, server string, sound bool) (api.Verification, error)
}

// Options configures a Field. Unless noted otherwise, functions are called on the UI thread.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Work    *background.Group
	Source  Source // called off the UI thread
	Explain func(error) dialogs.Message
	// Play plays a WAV file. It is called off the UI thread and may block until the sound has ended. If nil, the field has
	// no button "Listen".
	Play func(wav []byte) error
	// After is time.After.
	After func(time.Duration) <-chan time.Time
}

// Field is a widget with the picture, the buttons "Another picture" and "Listen", and the entry of the number. It
// replaces an expired picture and says so. Its methods run on the UI thread.
type Field struct {
	widget.BaseWidget

	// OnChanged is called after every change of the picture or of the result of Answer.
	OnChanged func()

	// OnFocus is called when a control of the field gets the focus, so that a form can scroll to it.
	OnFocus func()

	options  Options
	server   string // "": that of the current account
	noServer bool   // the server is not known yet

	id            string // of the picture, or "" without one
	sound         []byte // of the same number, or nil
	unattended    int    // expired pictures replaced since the last input
	settingNumber bool

	loading, expiring, playing *background.Slot

	area            *fyne.Container // the picture, or a text instead
	activity        *widget.Activity
	number          *field.Entry
	another, listen *field.Button
	note            *field.Note
}

// New returns a field for the server of the current account, without a picture: call Renew. UI thread.
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
	f.another = f.button(tr.T(getPicture), fynetheme.ViewRefreshIcon(), f.requestAnother)
	f.listen = f.button(tr.T("Listen"), fynetheme.VolumeUpIcon(), f.listenTapped)
	f.listen.Hidden = o.Play == nil
	f.showText(tr.T("There is no picture yet."))
	f.ExtendBaseWidget(f)
	return f
}

func (f *Field) button(text string, icon fyne.Resource, tapped func()) *field.Button {
	b := field.NewButton(text, icon, tapped)
	b.Alignment, b.OnFocus = widget.ButtonAlignLeading, f.focused
	return b
}

// CreateRenderer implements fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	controls := container.New(layout.NewCustomPaddedVBoxLayout(6), f.number, f.another, f.listen)
	return widget.NewSimpleRenderer(container.New(layout.NewCustomPaddedVBoxLayout(4),
		container.NewBorder(nil, nil, f.area, nil, container.New(layout.NewCustomPaddedLayout(0, 0, theme.Gap, 0), controls)),
		f.note.Object()))
}

// Answer returns the typed number; false while there is no picture or the number is incomplete.
func (f *Field) Answer() (api.VerificationAnswer, bool) {
	if f.id == "" || len(f.number.Text) != api.VerificationDigits {
		return api.VerificationAnswer{}, false
	}
	return api.VerificationAnswer{ID: f.id, Number: f.number.Text}, true
}

// Missing returns the sentence about what to do next, or "" if Answer returns true.
func (f *Field) Missing() string {
	switch typed := len(f.number.Text); {
	case f.noServer:
		return tr.T("Enter the address of the license server first: it sends the picture.")
	case f.id == "" && f.loading.Busy():
		return tr.T("The picture is being loaded: wait a moment, then type its number.")
	case f.id == "":
		return tr.T("There is no picture yet: get one, then type its number.")
	case typed == 0:
		return tr.T("Type the number in the picture.")
	case typed < api.VerificationDigits:
		return tr.T("The number has %d digits; you typed %d.", api.VerificationDigits, typed)
	}
	return ""
}

// Empty reports whether there is no picture and none is loading.
func (f *Field) Empty() bool { return f.id == "" && !f.loading.Busy() }

// Renew requests another picture and discards the number, which is valid only once. The fault of ShowFault remains.
func (f *Field) Renew() {
	if f.noServer {
		return
	}
	f.unattended = 0
	f.load(false, nil)
}

// SetServer sets the server; "" means that it is not known yet, and nothing is requested. A different server discards
// the picture; call Renew for the new one.
func (f *Field) SetServer(server string) {
	if server == f.server && f.noServer == (server == "") {
		return
	}
	f.Stop()
	f.server, f.noServer = server, server == ""
	f.note.Set("", theme.Muted)
	f.showText(tr.T("The license server sends a picture once its address is entered."))
	f.discard()
}

// ShowFault shows a fault below the number until the person types; "" removes it.
func (f *Field) ShowFault(sentence string) { f.note.Set(sentence, theme.Bad) }

// Focusable returns the control that gets the focus.
func (f *Field) Focusable() fyne.Focusable { return f.number }

// Stop cancels the background work of the field, such as when its dialog closes.
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

// typed reduces the input to its digits.
func (f *Field) typed(text string) {
	if f.settingNumber {
		return
	}
	f.unattended = 0
	clean := digits(text)
	if clean != text {
		f.setNumber(clean)
	}
	f.note.Set("", theme.Muted)
	if clean != text &&
		strings.ContainsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != ' ' && r != '-' }) {
		f.note.Set(tr.T("The number consists of digits only."), theme.Muted)
	}
	f.changed()
}

// setNumber sets the number without calling OnChanged.
func (f *Field) setNumber(text string) {
	f.settingNumber = true
	f.number.SetText(text)
	f.settingNumber = false
	f.number.CursorColumn = len(text)
}

// digits returns the digits of a text, at most api.VerificationDigits.
func digits(text string) string {
	out := make([]byte, 0, api.VerificationDigits)
	for _, r := range text {
		if r >= '0' && r <= '9' && len(out) < api.VerificationDigits {
			out = append(out, byte(r))
		}
	}
	return string(out)
}

// requestAnother handles the button "Another picture".
func (f *Field) requestAnother() {
	f.options.Canvas.Focus(f.number)
	switch {
	case f.loading.Busy():
	case f.noServer:
		f.ShowFault(f.Missing())
	default:
		f.note.Set("", theme.Muted)
		f.Renew()
	}
}

// listenTapped handles the button "Listen": it plays the number, or requests a new one with a sound.
func (f *Field) listenTapped() {
	f.options.Canvas.Focus(f.number)
	f.unattended = 0
	switch {
	case f.loading.Busy():
	case f.noServer:
		f.ShowFault(f.Missing())
	case f.id != "" && len(f.sound) > 0:
		f.play()
	default:
		f.note.Set("", theme.Muted)
		f.load(true, f.play)
	}
}

// load requests a picture; then, if not nil, is called after it is shown.
func (f *Field) load(sound bool, then func()) {
	f.discard()
	f.showLoading()
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
			f.showError(err)
			f.changed()
			return
		}
		f.id, f.sound = l.verification.ID, l.verification.Sound
		f.show(newPictureWidget(l.picture), tr.T(anotherPicture))
		f.scheduleExpiry()
		f.changed()
		if then != nil {
			then()
		}
	})
}

// discard removes the picture and the number.
func (f *Field) discard() {
	f.expiring.Cancel()
	f.playing.Cancel()
	f.id, f.sound = "", nil
	f.setNumber("")
	f.changed()
}

// scheduleExpiry replaces the picture after its lifetime.
func (f *Field) scheduleExpiry() {
	background.Run(f.expiring, func(ctx context.Context) (struct{}, error) {
		select {
		case <-f.options.After(lifetime):
			return struct{}{}, nil
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}, func(_ struct{}, err error) {
		if err != nil {
			return
		}
		if f.unattended++; f.unattended > maxUnattended {
			f.showText(tr.T("The picture has expired."))
			f.discard()
			return
		}
		if f.note.Tone() != theme.Bad {
			f.note.Set(tr.T("The picture expired after five minutes. This is a new one, with another number."),
				theme.Warning)
		}
		f.load(false, nil)
	})
}

// play plays the sound of the number.
func (f *Field) play() {
	sound := f.sound
	if len(sound) == 0 {
		f.note.Set(tr.T("The server has no sound for this number. Read the picture, or get another one."),
			theme.Warning)
		return
	}
	f.note.Set(tr.T("The number is being read out."), theme.Muted)
	f.listen.SetText(tr.T("Listen again"))
	background.Run(f.playing, func(context.Context) (struct{}, error) {
		return struct{}{}, f.options.Play(sound)
	}, func(_ struct{}, err error) {
		if err != nil {
			m := f.options.Explain(err)
			f.note.Set(field.Text(dialogs.Message{
				What: tr.T("The sound could not be played."),
				Why:  m.Why,
				Next: tr.T("Read the picture, or get another one."),
			}), theme.Warning)
		}
	})
}
