package account

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const (
	continueLabel tr.Text = "Continue"
	createAccount tr.Text = "Create account"
)

// NewAccount shows the dialogs that create an account with a serial number: the first asks the server whether it
// accepts registrations, at once if server is not empty; the second is the form. UI thread.
func NewAccount(o Options, server string) {
	f := newForm(o, tr.T(continueLabel), "")
	address := newServerInput(server, f.changed)
	f.inputs = []input{address}
	ask := func() {
		if !f.valid() {
			return
		}
		to := address.text()
		send(f, tr.T("Asking the server…"), func(ctx context.Context) (api.Server, error) {
			return o.Manager.About(ctx, to)
		}, func(about api.Server) {
			if m := closed(about); m.What != "" {
				f.dialog.SetError(m)
				return
			}
			f.dialog.Close()
			if err := register(o, to, about); err != nil {
				o.Dialogs.Error(o.Explain(err))
			}
		})
	}
	f.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("New account"),
		Subtitle: tr.T("You need the serial number of a program that you bought, and the address of its license server."),
		Content:  address.object,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(continueLabel), Default: true, OnTapped: ask},
		},
		OnClosed: f.close,
	})
	if address.text() != "" {
		ask()
	}
}

// closed returns why a server accepts no registration, or the zero message.
func closed(about api.Server) dialogs.Message {
	switch {
	case !about.Registration:
		return dialogs.Message{
			What: tr.T("%s does not accept new accounts.", about.Name), Why: tr.T("The vendor has disabled that."),
			Next: tr.T("Ask the vendor for an account, or enter the address of another server."),
		}
	case len(about.SerialPrograms) == 0:
		return dialogs.Message{
			What: tr.T("%s does not open accounts with serial numbers.", about.Name),
			Why:  tr.T("None of its programs accepts one at the moment."),
			Next: tr.T("Ask the vendor for an account, or enter the address of another server."),
		}
	}
	return dialogs.Message{}
}

// register shows the form for a new account. An error means that a field is defined incorrectly, a bug.
func register(o Options, server string, about api.Server) error {
	f := newForm(o, tr.T(createAccount), tr.T("If the server has already created the account, you can sign in with "+
		"it."))
	serial, err := newSerialInput(required, f.changed)
	if err != nil {
		return err
	}
	program := newProgramInput(about.SerialPrograms, required, func() {
		serial.show("") // the fault referred to another program
		f.changed()
	})
	username := newTextInput("username", tr.T("User name"), required, field.NewEntry(),
		f.changed).withHint(tr.T("You sign in with it. It has no spaces."))
	username.validate = func(text string) string {
		if strings.ContainsFunc(text, unicode.IsSpace) {
			return tr.T("A user name has no spaces.")
		}
		return ""
	}
	password, repeat := newPasswords("password", tr.T("Password"), required, f.changed)
	name := newTextInput("registration_name", tr.T("Registration name"), required, field.NewEntry(), f.changed).
		withHint(tr.T("Your licenses are issued to this name, yours or your company's. It cannot be changed later."))
	contact := newContactInputs(func(c contactField) mark { return c.mark }, f.changed)
	picture := f.withPicture(required)
	f.picture.SetServer(server)

	texts := append([]*textInput{username, password, repeat, name}, contact.inputs...)
	f.inputs = []input{program, serial}
	for _, in := range texts {
		f.inputs = append(f.inputs, in)
	}
	f.inputs = append(f.inputs, picture)

	first := program.focusable()
	if program.id() != 0 {
		first = serial.focusable()
	}
	rows := column(
		heading(tr.T("Your purchase"), tr.T("The serial number becomes the first order of the account.")), program.object,
		serial.object,
		heading(tr.T("Signing in"), ""), username.object, password.object, repeat.object,
		heading(tr.T("You"), ""), name.object)
	rows.Objects = append(rows.Objects, contact.rows...)
	rows.Objects = append(rows.Objects,
		heading(tr.T("Verification"), tr.T("The number in the picture shows that you are not a robot.")),
		picture.object)
	f.scroller = newScrollForm(o.Canvas, rows)
	f.scroller.follow(&program.choice.Hooks, program.object)
	for _, in := range texts {
		f.scroller.follow(&in.entry.Hooks, in.object)
	}
	f.picture.OnFocus = func() { f.scroller.reveal(picture.object) }

	f.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("New account"),
		Subtitle: fmt.Sprintf("%s · %s", about.Name, host(server)),
		Content:  f.scroller.object,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(createAccount), Default: true, OnTapped: func() {
				if !f.valid() {
					return
				}
				request := api.NewAccount{
					ProgramID:        program.id(),
					SerialNumber:     serial.text(),
					Verification:     picture.answer(),
					Username:         username.text(),
					Password:         password.entry.Text,
					RegistrationName: name.text(),
					Contact:          contact.contact(),
				}
				send(f, tr.T("Creating the account…"), func(ctx context.Context) (api.Client, error) {
					return o.Manager.Register(ctx, server, request)
				}, func(created api.Client) {
					f.dialog.Close()
					o.OnRegistered(server, created.Username)
					o.Dialogs.Info(tr.T("Account created"),
						tr.T("Sign in as “%s” with the password that you chose. Your first order, of %s, is in the account.",
							created.Username, program.choice.Selected))
				})
			}},
		},
		FirstFocus: first,
		OnClosed:   f.close,
	})
	f.picture.Renew()
	return nil
}

// host returns the host of a server's address, or the address if it has none.
func host(server string) string {
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		return u.Host
	}
	return server
}
