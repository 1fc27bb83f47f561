package account

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/screens/verification"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// input is one field of a form.
type input interface {
	// wire is the name of the field in the request, such as "email"; "" for one that is not sent.
	wire() string
	// check says what is wrong with what is in the field, a sentence; "" when nothing is.
	check() string
	// show shows what is wrong until the field is changed; "" takes it away.
	show(fault string)
	// focusable gets the keyboard when something is wrong.
	focusable() fyne.Focusable
	// area is what is shown of the field, with its label.
	area() fyne.CanvasObject
}

// form is what the dialogs have in common: fields that show what is wrong with them, and a button that sends them. The
// button can always be pressed, and then tells at the fields what is missing; it rests while the server wants a wait.
type form struct {
	options Options
	dialog  *dialogs.Dialog
	button  string              // that sends
	inputs  []input             // from top to bottom
	long    *longForm           // what they stand in; nil: it needs no scrolling
	picture *verification.Field // nil: without
	waived  *pictureInput       // hidden, because the server asks for no verification number; nil if none is
	sending *background.Slot
	wait    *countdown
	// unsure says what to think of a request whose answer did not come.
	unsure string
	// kept says what becomes of a request that could not be sent, where it is not simply lost.
	kept string
	// rests says why there is nothing to send; nil or "": there is.
	rests func() string
}

func newForm(o Options, button, unsure string) *form {
	f := &form{
		options: o,
		button:  button,
		unsure:  unsure,
		sending: o.Work.NewSlot(),
	}
	f.wait = newCountdown(o, f.refresh)
	return f
}

// withPicture gives the form the field for a verification number, of the server that is signed in to.
func (f *form) withPicture(m mark) *pictureInput {
	o := f.options
	f.picture = verification.New(verification.Options{
		Canvas:  o.Canvas,
		Work:    o.Work,
		Source:  o.Manager,
		Explain: o.Explain,
		Play:    o.Play,
		After:   o.After,
	})
	f.picture.OnChanged = func() {
		if _, typed := f.picture.Answer(); typed {
			f.changed()
		} else if f.dialog != nil {
			f.refresh() // a picture that comes leaves alone what is said of the attempt before
		}
	}
	return newPictureInput(f.picture, m)
}

// waive hides the field for a verification number until the server asks for one.
func (f *form) waive(in *pictureInput) {
	in.object.Hide()
	f.waived = in
}

// renew requests another picture if one is shown.
func (f *form) renew() {
	if f.picture != nil && f.waived == nil {
		f.picture.Renew()
	}
}

// close ends all work of the form; it is the OnClosed of its dialog.
func (f *form) close() {
	f.sending.Cancel()
	f.wait.stop()
	if f.picture != nil {
		f.picture.Stop()
	}
}

// refresh enables the button, or says why it rests.
func (f *form) refresh() {
	reason := f.wait.reason()
	if reason == "" && f.rests != nil {
		reason = f.rests()
	}
	f.dialog.SetButtonLabel(f.button, f.wait.label(f.button))
	f.dialog.SetButton(f.button, reason == "", reason)
}

// changed follows a change in a field.
func (f *form) changed() {
	if f.dialog == nil {
		return // the form is being made
	}
	f.dialog.ClearError()
	f.refresh()
}

// checked checks all fields; where something is wrong it says so there and reports false.
func (f *form) checked() bool {
	faults := map[input]string{}
	for _, in := range f.inputs {
		if fault := in.check(); fault != "" {
			faults[in] = fault
		}
	}
	f.show(faults)
	return len(faults) == 0
}

// show shows what is wrong with the fields, takes away what was said of the others, and gives the first wrong one the
// keyboard.
func (f *form) show(faults map[input]string) {
	var first input
	for _, in := range f.inputs {
		in.show(faults[in])
		if first == nil && faults[in] != "" {
			first = in
		}
	}
	f.refresh()
	if first != nil {
		f.options.Canvas.Focus(first.focusable())
		if f.long != nil {
			f.long.reveal(first.area())
		}
	}
}

// send sends a form with its dialog busy. A refusal is shown at its field, and nothing that was typed is lost but the
// verification number, which serves once.
func send[T any](f *form, doing string, work func(context.Context) (T, error), done func(T)) {
	f.dialog.SetBusy(doing, f.sending.Interrupt)
	background.Run(f.sending, work, func(result T, err error) {
		f.dialog.SetIdle()
		if err != nil {
			f.refused(err)
			return
		}
		done(result)
	})
}

// refused shows why a request was not done.
func (f *form) refused(err error) {
	if f.waived != nil && errors.Is(err, api.ErrVerificationFailed) { // the vendor switched it on meanwhile
		f.waived.object.Show()
		f.waived = nil
	}
	f.renew()
	switch {
	case errors.Is(err, context.Canceled):
		f.dialog.SetError(dialogs.Message{
			What: tr.T("Canceled."),
			Why:  f.unsure,
			Next: tr.T("What you entered is still here."),
		})
		return
	case errors.Is(err, manager.ErrUnreachable):
		m := f.options.Explain(err)
		if m.Next = strings.TrimSpace(m.Next + " " + f.unsure); f.kept != "" {
			m.Next = f.kept
		}
		f.dialog.SetError(m)
		return
	}
	var problem *api.Problem
	if errors.As(err, &problem) {
		f.wait.start(problem.RetryAfter)
		told := *problem
		told.RetryAfter = 0 // the button counts it down
		err = &told
	}
	faults, rest := f.locate(err)
	f.show(faults)
	if rest != nil {
		f.dialog.SetError(f.options.Explain(rest))
	}
}

// fieldOf names the field that some refusals are about, whether the server says so or not.
var fieldOf = []struct {
	err  error
	wire string
}{
	{api.ErrSerialInvalid, wireSerial}, {api.ErrSerialInUse, wireSerial}, {api.ErrCodeMalformed, wireSerial},
	{api.ErrVerificationFailed, wireVerification}, {manager.ErrAddress, wireServer},
}

// locate finds the fields that an error is about; rest is what no field can show, or nil.
func (f *form) locate(err error) (faults map[input]string, rest error) {
	faults = map[input]string{}
	for _, known := range fieldOf {
		if in := f.input(known.wire); in != nil && errors.Is(err, known.err) {
			m := f.options.Explain(err)
			if m.Why != "" {
				m.What = "" // the place says it
			}
			faults[in] = field.Text(m)
			return faults, nil
		}
	}
	var problem *api.Problem
	if !errors.As(err, &problem) || len(problem.Errors) == 0 {
		return faults, err
	}
	homeless := *problem
	homeless.Errors = nil
	for _, e := range problem.Errors {
		in := f.input(strings.TrimPrefix(e.Location, "body."))
		if in == nil {
			homeless.Errors = append(homeless.Errors, e)
			continue
		}
		one := api.Problem{Code: problem.Code, Errors: []api.FieldError{e}}
		faults[in] = strings.TrimSpace(faults[in] + " " + f.options.Explain(&one).Why)
	}
	if len(homeless.Errors) > 0 {
		return faults, &homeless
	}
	return faults, nil
}

// input returns the field with a name in the request, such as "email" or "verification.number", or nil.
func (f *form) input(name string) input {
	for _, in := range f.inputs {
		if w := in.wire(); w != "" && (name == w || strings.HasPrefix(name, w+".")) {
			return in
		}
	}
	return nil
}
