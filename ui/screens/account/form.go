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
	// wire returns the name of the field in the request, such as "email", or "" if it is not sent.
	wire() string
	// check returns a sentence that says what is wrong with the value, or "".
	check() string
	// show displays a fault until the value changes; "" removes it.
	show(fault string)
	// focusable returns the control that gets the focus if the field has a fault.
	focusable() fyne.Focusable
	// area returns the field with its label.
	area() fyne.CanvasObject
}

// form is the common part of the dialogs: fields with validation, and a button that sends them. Missing input does not
// disable the button: pressing it shows the faults at the fields. A countdown does disable it.
type form struct {
	options  Options
	dialog   *dialogs.Dialog
	button   string              // label of the button that sends
	inputs   []input             // from top to bottom
	scroller *scrollForm         // contains the inputs; nil if the form does not scroll
	picture  *verification.Field // may be nil
	waived   *pictureInput       // hidden because the vendor waives the verification number; otherwise nil
	sending  *background.Slot
	wait     *countdown
	// uncertain is the advice for a request whose answer was not received.
	uncertain string
	// queued is the advice for a request that will be sent later, or "" if it is not queued.
	queued string
	// disabledReason, if not nil, returns why there is nothing to send, or "".
	disabledReason func() string
}

func newForm(o Options, button, uncertain string) *form {
	f := &form{
		options:   o,
		button:    button,
		uncertain: uncertain,
		sending:   o.Work.NewSlot(),
	}
	f.wait = newCountdown(o, f.refresh)
	return f
}

// withPicture adds the field for a verification number of the current account's server.
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
			f.refresh() // a new picture does not clear the error of the last attempt
		}
	}
	return newPictureInput(f.picture, m)
}

// waive hides the field for a verification number until the server requires one.
func (f *form) waive(in *pictureInput) {
	in.object.Hide()
	f.waived = in
}

// renew requests another picture if the field is visible.
func (f *form) renew() {
	if f.picture != nil && f.waived == nil {
		f.picture.Renew()
	}
}

// close cancels the background work of the form when its dialog closes.
func (f *form) close() {
	f.sending.Cancel()
	f.wait.stop()
	if f.picture != nil {
		f.picture.Stop()
	}
}

// refresh enables the button, or disables it and shows why.
func (f *form) refresh() {
	reason := f.wait.reason()
	if reason == "" && f.disabledReason != nil {
		reason = f.disabledReason()
	}
	f.dialog.SetButtonLabel(f.button, f.wait.label(f.button))
	f.dialog.SetButton(f.button, reason == "", reason)
}

// changed updates the form after a field changed.
func (f *form) changed() {
	if f.dialog == nil {
		return // the form is under construction
	}
	f.dialog.ClearError()
	f.refresh()
}

// valid shows the faults of all fields and reports whether there are none.
func (f *form) valid() bool {
	faults := map[input]string{}
	for _, in := range f.inputs {
		if fault := in.check(); fault != "" {
			faults[in] = fault
		}
	}
	f.show(faults)
	return len(faults) == 0
}

// show shows the faults, clears those of the other fields and focuses the first field that has one.
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
		if f.scroller != nil {
			f.scroller.reveal(first.area())
		}
	}
}

// send runs work off the UI thread while the dialog is busy, then done or refused. A failure leaves the input as it is,
// except the verification number, which is valid only once.
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

// refused shows why a request failed.
func (f *form) refused(err error) {
	if f.waived != nil && errors.Is(err, api.ErrVerificationFailed) { // the vendor has stopped waiving it
		f.waived.object.Show()
		f.waived = nil
	}
	f.renew()
	switch {
	case errors.Is(err, context.Canceled):
		f.dialog.SetError(dialogs.Message{
			What: tr.T("Canceled."),
			Why:  f.uncertain,
			Next: tr.T("What you entered is still here."),
		})
		return
	case errors.Is(err, manager.ErrUnreachable):
		m := f.options.Explain(err)
		if m.Next = strings.TrimSpace(m.Next + " " + f.uncertain); f.queued != "" {
			m.Next = f.queued
		}
		f.dialog.SetError(m)
		return
	}
	var problem *api.Problem
	if errors.As(err, &problem) {
		f.wait.start(problem.RetryAfter)
		withoutWait := *problem
		withoutWait.RetryAfter = 0 // shown by the countdown
		err = &withoutWait
	}
	faults, rest := f.locate(err)
	f.show(faults)
	if rest != nil {
		f.dialog.SetError(f.options.Explain(rest))
	}
}

// fieldOf maps refusals to the field that causes them, for answers that do not name one.
var fieldOf = []struct {
	err  error
	wire string
}{
	{api.ErrSerialInvalid, wireSerial}, {api.ErrSerialInUse, wireSerial}, {api.ErrCodeMalformed, wireSerial},
	{api.ErrVerificationFailed, wireVerification}, {manager.ErrAddress, wireServer},
}

// locate assigns the faults in err to their fields; rest is the error that no field shows, or nil.
func (f *form) locate(err error) (faults map[input]string, rest error) {
	faults = map[input]string{}
	for _, known := range fieldOf {
		if in := f.input(known.wire); in != nil && errors.Is(err, known.err) {
			m := f.options.Explain(err)
			if m.Why != "" {
				m.What = "" // the label of the field says it
			}
			faults[in] = field.Text(m)
			return faults, nil
		}
	}
	var problem *api.Problem
	if !errors.As(err, &problem) || len(problem.Errors) == 0 {
		return faults, err
	}
	unassigned := *problem
	unassigned.Errors = nil
	for _, e := range problem.Errors {
		in := f.input(strings.TrimPrefix(e.Location, "body."))
		if in == nil {
			unassigned.Errors = append(unassigned.Errors, e)
			continue
		}
		one := api.Problem{Code: problem.Code, Errors: []api.FieldError{e}}
		faults[in] = strings.TrimSpace(faults[in] + " " + f.options.Explain(&one).Why)
	}
	if len(unassigned.Errors) > 0 {
		return faults, &unassigned
	}
	return faults, nil
}

// input returns the field for a name in the request, such as "email" or "verification.number", or nil.
func (f *form) input(name string) input {
	for _, in := range f.inputs {
		if w := in.wire(); w != "" && (name == w || strings.HasPrefix(name, w+".")) {
			return in
		}
	}
	return nil
}
