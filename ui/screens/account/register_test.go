package account

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/field"
)

const linkSent = "If there is an account, an email with a link is on its way; the link works once, for one hour."

func TestForgotPassword(t *testing.T) {
	s := newScreen(t)
	ForgotPassword(s.options, " "+server+" ")
	require.Same(t, s.field("User name or email address"), s.focused())
	require.Equal(t, server, s.content("License server"))
	s.picture()
	s.fill("User name or email address", " anna@lumen.example ")
	s.fill("Verification number", "123456")
	s.key(fyne.KeyReturn)
	c := s.call("RequestPasswordReset")
	require.Equal(t, []any{server, "anna@lumen.example", api.VerificationAnswer{ID: "picture 1", Number: "123456"}},
		c.args)
	c.give(nil, nil)
	s.waitIdle()
	s.requireText(linkSent)
}

func TestPictureComesFromEnteredServer(t *testing.T) {
	s := newScreen(t)
	ForgotPassword(s.options, "")
	require.Same(t, s.field("License server"), s.focused())
	s.key(fyne.KeyReturn)
	s.requireText("Enter the license server.", "Enter the user name or email address.",
		"Enter the address of the license server first: it sends the picture.")
	s.fill("License server", "first.example")
	s.requireNoCall("Verification")
	s.window.Canvas().FocusNext()
	c := s.call("Verification")
	require.Equal(t, []any{"first.example", false}, c.args)
	c.give(nil, &manager.NetworkError{Kind: manager.NetworkDNS, Host: "first.example"})
	s.until(func() bool { return s.shows("Try again") })
	require.Contains(t, s.allText(), "The license server was not found.")

	s.fill("License server", "second.example")
	s.fill("User name or email address", "anna")
	c = s.call("Verification")
	require.Equal(t, []any{"second.example", false}, c.args)
	c.give(api.Verification{ID: "second", Image: blank(t)}, nil)
	s.until(func() bool { return s.shows("Another picture") })
	s.fill("Verification number", "123456")

	s.fill("License server", "third.example")
	s.key(fyne.KeyReturn)
	s.requireNoCall("RequestPasswordReset")
	require.Equal(t, "third.example", s.call("Verification").args[0], "the answer for another server counts nothing")
	require.Equal(t, "anna", s.content("User name or email address"))
}

func TestRefusedPasswordReset(t *testing.T) {
	s := newScreen(t)
	ForgotPassword(s.options, server)
	s.picture()
	s.fill("User name or email address", "anna")
	for i, c := range []struct {
		err   error
		says  string
		focus string
	}{
		{refusal(api.ErrVerificationFailed, "The number is another one.", 0),
			"The number is another one. Read the new picture and try again.", "Verification number"},
		{manager.ErrAddress, "This is not the address of a server.", "License server"},
		{refusal(api.ErrUnavailable, "This server has no mail service.", 0), "This server has no mail service.", ""},
		{&manager.NetworkError{Kind: manager.NetworkTimeout, Host: "x"}, "You can safely try again.", ""},
	} {
		s.fill("Verification number", "123456")
		s.press(sendLink.String())
		s.call("RequestPasswordReset").give(nil, c.err)
		s.waitIdle()
		require.Contains(t, s.allText(), c.says, i)
		require.NotContains(t, s.allText(), linkSent)
		if c.focus != "" {
			require.Same(t, s.field(c.focus), s.focused())
		}
		s.picture()
		require.Equal(t, "anna", s.content("User name or email address"))
	}
	s.press("Cancel")
	require.True(t, s.closed())
	s.requireNoCall("Verification")
}

var open = api.Server{
	Name:           "Lumen Software",
	Registration:   true,
	SerialPrograms: []api.SerialProgram{{ID: 1, Name: "Lumen Studio 7"}, {ID: 2, Name: "Tide Survey"}},
}

// newAccount opens the form and fills in the required fields.
func newAccount(t *testing.T) *screen {
	t.Helper()
	s := newScreen(t)
	NewAccount(s.options, server)
	c := s.call("About")
	require.Equal(t, []any{server}, c.args)
	c.give(open, nil)
	s.until(func() bool { return s.shows("User name") })
	s.requireText("Lumen Software · licenses.lumen.example")
	require.Equal(t, server, s.peek("Verification").args[0])
	s.picture()
	s.field("Program").(*field.Select).SetSelectedIndex(1)
	for label, text := range map[string]string{
		"Serial number": serial, "User name": "anna", "Password": "long enough", "Password, again": "long enough",
		"Registration name": "Lumen GmbH",
		"First name":        "Anna", "Last name": "Berg", "Street and number": "Seestraße 5", "City": "Friedrichshafen",
		"Zip code": "88045",
		"Country":  "Germany", "Phone number": "+49 7541 1", "Email address": "anna@lumen.example",
		"Verification number": "123456",
	} {
		s.fill(label, text)
	}
	return s
}

// peek returns the next call of a method and leaves it pending.
func (s *screen) peek(name string) call {
	c := s.call(name)
	s.unclaimed = append([]call{c}, s.unclaimed...)
	return c
}

func TestRegister(t *testing.T) {
	s := newAccount(t)
	s.key(fyne.KeyReturn)
	c := s.call("Register")
	contact := anna.Contact
	contact.Company = ""
	require.Equal(t, []any{server, api.NewAccount{
		ProgramID:        2,
		SerialNumber:     serial,
		Verification:     api.VerificationAnswer{ID: "picture 1", Number: "123456"},
		Username:         "anna",
		Password:         "long enough",
		RegistrationName: "Lumen GmbH",
		Contact:          contact,
	}}, c.args)
	c.give(api.Client{ID: 7, Username: "anna", DisplayName: "Anna Berg"}, nil)
	s.waitIdle()
	require.Equal(t, []string{server + " anna"}, s.registered)
	s.requireText("Account created",
		"Sign in as “anna” with the password that you chose. Your first order, of Tide Survey, is in the account.")
}

func TestRequiredFieldsAreMarked(t *testing.T) {
	s := newScreen(t)
	NewAccount(s.options, server)
	s.call("About").give(open, nil)
	s.until(func() bool { return s.shows("User name") })
	texts := s.texts()
	after := func(label string) string {
		for i, text := range texts {
			if text == label {
				return texts[i+1]
			}
		}
		return ""
	}
	for _, label := range []string{"Program", "Serial number", "User name", "Password", "Password, again",
		"Registration name", "First name", "Last name",
		"Email address", "Street and number", "Zip code", "City", "Country", "Phone number", "Verification number"} {
		require.Equal(t, "required", after(label), label)
	}
	for _, label := range []string{"Company", "Second email address", "State or region", "Fax number"} {
		require.Equal(t, "optional", after(label), label)
	}
	s.press(createAccount.String())
	s.requireNoCall("Register")
	for _, missing := range []string{"Choose the program that the serial number belongs to.", "Enter the user name.",
		"Enter the password.", "Type the password again.",
		"Enter the registration name.", "Enter the first name.", "Enter the email address.", "Enter the phone number."} {
		s.requireText(missing)
	}
	require.NotContains(t, s.allText(), "Enter the company")
	require.Same(t, s.field("Program"), s.focused())
}

func TestRefusedAccountKeepsInput(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		says, focus string
	}{
		"taken name": {refusal(api.ErrValidation, "", 0,
			api.FieldError{Location: "body.username", Message: "This user name is taken. Choose another one."}),
			"This user name is taken. Choose another one.", "User name"},
		"used serial number": {refusal(api.ErrSerialInUse, "An order was made with it.", 5),
			"An order was made with it. Look for that order", "Serial number"},
		"wrong number": {refusal(api.ErrVerificationFailed, "The number is another one.", 0), "The number is another one.",
			"Verification number"},
		"address": {refusal(api.ErrValidation, "", 0,
			api.FieldError{Location: "body.zip", Message: "the zip code is missing"}), "The zip code is missing.", "Zip code"},
		"no connection": {&manager.NetworkError{Kind: manager.NetworkConnect, Host: "x"},
			"If the server has already created the account, you can sign in with it.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAccount(t)
			s.press(createAccount.String())
			s.call("Register").give(nil, c.err)
			s.waitIdle()
			require.Contains(t, s.allText(), c.says)
			if c.focus != "" {
				require.Same(t, s.field(c.focus), s.focused())
			}
			require.Empty(t, s.registered)
			require.Equal(t, serial, s.content("Serial number"))
			require.Equal(t, "Seestraße 5", s.content("Street and number"))
			require.Equal(t, "long enough", s.content("Password, again"))
			s.picture()
			require.Empty(t, s.content("Verification number"))
		})
	}
}

func TestUserNameValidation(t *testing.T) {
	s := newAccount(t)
	s.fill("User name", "anna berg")
	s.press(createAccount.String())
	s.requireText("A user name has no spaces.")
	s.requireNoCall("Register")
}

func TestRegistrationClosed(t *testing.T) {
	s := newScreen(t)
	NewAccount(s.options, "")
	s.key(fyne.KeyReturn)
	s.requireText("Enter the license server.")
	s.fill("License server", "closed.example")
	s.key(fyne.KeyReturn)
	for _, c := range []struct {
		about api.Server
		err   error
		says  string
	}{
		{api.Server{Name: "Lumen Software", SerialPrograms: open.SerialPrograms}, nil,
			"Lumen Software does not accept new accounts."},
		{api.Server{Name: "Lumen Software", Registration: true}, nil,
			"Lumen Software does not open accounts with serial numbers."},
		{api.Server{}, manager.ErrAddress,
			"This is not the address of a server. Enter it as the vendor gave it to you, such as licenses.example.com."},
		{api.Server{}, &manager.NetworkError{Kind: manager.NetworkNotACEN, Host: "x"},
			"No license server answers at this address."},
	} {
		s.call("About").give(c.about, c.err)
		s.waitIdle()
		require.Contains(t, s.allText(), c.says)
		require.Equal(t, "closed.example", s.content("License server"))
		s.press(continueLabel.String())
	}
	s.call("About")
	s.key(fyne.KeyEscape)
	s.waitIdle()
	s.key(fyne.KeyEscape)
	require.True(t, s.closed())
	s.requireNoCall("Verification")
}

func TestOnlyProgramIsPreselected(t *testing.T) {
	s := newScreen(t)
	one := open
	one.SerialPrograms = open.SerialPrograms[:1]
	NewAccount(s.options, server)
	s.call("About").give(one, nil)
	s.until(func() bool { return s.shows("User name") })
	require.Equal(t, "Lumen Studio 7", s.field("Program").(*field.Select).Selected)
	require.Same(t, s.field("Serial number"), s.focused())
}

func TestLateAccountIsDropped(t *testing.T) {
	s := newAccount(t)
	dialog := s.options.Dialogs.Visible()
	s.press(createAccount.String())
	s.call("Register").give(api.Client{Username: "anna"}, nil)
	late := <-s.ui
	dialog.Close()
	late()
	require.Empty(t, s.registered)
}
