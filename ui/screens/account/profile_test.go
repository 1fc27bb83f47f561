package account

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

var anna = api.Account{Username: "anna", RegistrationName: "Lumen GmbH", Contact: api.Contact{
	FirstName: "Anna",
	LastName:  "Berg",
	Company:   "Lumen",
	Address:   "Seestraße 5",
	City:      "Friedrichshafen",
	Zip:       "88045",
	Country:   "Germany",
	Phone:     "+49 7541 1",
	Email:     "anna@lumen.example",
}}

// openProfile opens the dialog with the contact data of anna.
func openProfile(t *testing.T) *screen {
	t.Helper()
	s := newScreen(t)
	Profile(s.options)
	s.call("Account").give(anna, nil)
	s.waitIdle()
	return s
}

func TestSaveSendsOnlyChanges(t *testing.T) {
	s := openProfile(t)
	s.requireText("anna", "Lumen GmbH", "It cannot be changed, because licenses are issued to this name.",
		"Nothing has been changed yet.")
	require.Same(t, s.field("First name"), s.focused())
	s.key(fyne.KeyReturn)
	s.requireNoCall("ChangeAccount")

	s.fill("City", "  Lindau ")
	s.fill("Company", "")
	s.fill("Second email address", "it@lumen.example")
	s.fill("Zip code", "88045") // as it was
	s.key(fyne.KeyReturn)
	city, company, email2 := "Lindau", "", "it@lumen.example"
	c := s.call("ChangeAccount")
	require.Equal(t, api.AccountChange{City: &city, Company: &company, Email2: &email2}, c.args[0])
	changed := anna
	changed.City = city
	c.give(changed, nil)
	s.waitIdle()
	require.Equal(t, []api.Account{changed}, s.accounts)
	require.True(t, s.closed())
}

func TestEveryContactFieldIsSaved(t *testing.T) {
	s := openProfile(t)
	for _, f := range contactFields() {
		text := "new " + f.wire
		if f.wire == wireEmail || f.wire == wireEmail2 {
			text = f.wire + "@lumen.example"
		}
		s.fill(f.label.String(), text)
	}
	s.press(save.String())
	change := s.call("ChangeAccount").args[0].(api.AccountChange)
	for _, f := range contactFields() {
		text := *f.change(&change)
		require.NotNil(t, text, f.wire)
		require.Contains(t, *text, f.wire)
	}
}

func TestEmailValidation(t *testing.T) {
	for text, fault := range map[string]string{
		"anna":                     "This is not an email address: the @ is missing.",
		"anna@":                    "This is not an email address. An email address looks like this: name@example.com",
		"Anna <anna@lumen.org>":    "Enter only the address: anna@lumen.org.",
		"a@b.org, c@d.org":         "This is not an email address. An email address looks like this: name@example.com",
		"":                         "Enter the email address.",
		strings.Repeat("a", 201):   "Too long: 201 characters; the maximum is 200.",
		"anna.berg@büro.example":   "",
		"anna+codes@lumen.example": "",
	} {
		t.Run(text, func(t *testing.T) {
			s := openProfile(t)
			s.fill("Email address", text)
			s.key(fyne.KeyReturn)
			if fault == "" {
				require.Equal(t, text, *s.call("ChangeAccount").args[0].(api.AccountChange).Email)
				return
			}
			s.requireText(fault)
			s.requireNoCall("ChangeAccount")
			require.Same(t, s.field("Email address"), s.focused())
			require.Equal(t, text, s.content("Email address"), "what was typed stays")
			s.fill("Email address", "anna@lumen.org")
			s.requireText("Codes and links are sent here.")
		})
	}
	s := openProfile(t)
	s.fill("Second email address", "Anna@Lumen.example")
	s.press(save.String())
	s.requireText("This is the same as the first address. Enter another one, or leave it empty.")
}

func TestServerFieldErrors(t *testing.T) {
	s := openProfile(t)
	s.fill("City", "Lindau")
	s.fill("Fax number", "none")
	s.press(save.String())
	s.call("ChangeAccount").give(nil, refusal(api.ErrValidation, "", 0,
		api.FieldError{Location: "body.fax", Message: "this is no fax number"},
		api.FieldError{Location: "body.email", Message: "the address is blocked"},
		api.FieldError{Location: "body.shoe_size", Message: "the shoe size is missing"}))
	s.waitIdle()
	s.requireText("This is no fax number.", "The address is blocked.", "The server did not accept what was entered.",
		"The shoe size is missing.")
	require.Same(t, s.field("Email address"), s.focused(), "the first field with a fault")
	require.Equal(t, "Lindau", s.content("City"))

	s.fill("Fax number", "1")
	require.NotContains(t, s.allText(), "This is no fax number.")
	require.NotContains(t, s.allText(), "shoe size")
	s.requireText("The address is blocked.")
}

func TestLoadFails(t *testing.T) {
	s := newScreen(t)
	Profile(s.options)
	s.requireText("Loading the contact data…")
	s.call("Account").give(nil, &manager.NetworkError{Kind: manager.NetworkConnect, Host: "x"})
	s.waitIdle()
	s.requireText("There is no connection to the license server.", "The contact data have not been loaded yet.")
	s.press("Try again")
	s.call("Account").give(anna, nil)
	s.waitIdle()
	require.Equal(t, "Anna", s.content("First name"))
	s.key(fyne.KeyEscape)
	require.True(t, s.closed())

	Profile(s.options)
	s.call("Account")
	s.key(fyne.KeyEscape)
	require.True(t, s.closed(), "loading can be canceled")
}

func TestSaveOfflineKeepsInput(t *testing.T) {
	s := openProfile(t)
	s.fill("City", "Lindau")
	s.press(save.String())
	s.call("ChangeAccount").give(nil, &manager.NetworkError{Kind: manager.NetworkConnect, Host: "x"})
	s.waitIdle()
	require.Contains(t, s.allText(), "You can safely try again.")
	require.Equal(t, "Lindau", s.content("City"))
	require.Empty(t, s.accounts)
}

func TestFocusedFieldIsVisible(t *testing.T) {
	s := newScreen(t)
	s.window.Resize(fyne.NewSize(860, 560))
	Profile(s.options)
	s.call("Account").give(anna, nil)
	s.waitIdle()
	requireVisible := func(label string) {
		o := s.field(label).(fyne.CanvasObject)
		top := fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y
		require.Greater(t, top, float32(100), label)
		require.Less(t, top+o.Size().Height, float32(460), label)
	}
	c := s.window.Canvas()
	for _, label := range []string{"First name", "Fax number", "Street and number", "First name"} {
		c.Focus(s.field(label))
		requireVisible(label)
	}
	c.Focus(s.field("Fax number"))
	s.fill("Email address", "x")
	c.Focus(s.field("Fax number"))
	s.press(save.String())
	requireVisible("Email address")
}

func TestChangePassword(t *testing.T) {
	s := newScreen(t)
	ChangePassword(s.options)
	require.Contains(t, s.allText(), "Other sessions end")
	s.fill("Current password", " old secret ")
	s.fill("New password", "a new, long one")
	s.fill("New password, again", "a new, long one")
	s.key(fyne.KeyReturn)
	c := s.call("ChangePassword")
	require.Equal(t, []any{" old secret ", "a new, long one"}, c.args, "as it was typed")
	c.give(nil, nil)
	s.waitIdle()
	s.requireText("Password changed")
	require.Contains(t, s.allText(), "Other sessions have ended")
}

func TestPasswordValidation(t *testing.T) {
	for name, c := range map[string]struct{ current, next, repeat, says, focus string }{
		"nothing":    {"", "", "", "Enter the current password.", "Current password"},
		"no new one": {"x", "", "", "Enter the new password.", "New password"},
		"not again":  {"x", "0123456789", "", "Type the new password again.", "New password, again"},
		"too short":  {"x", "012345678", "012345678", "Too short: enter at least 10 characters.", "New password"},
		"too long": {"x", strings.Repeat("ü", 513), "x",
			"Too long: 1026 bytes; the maximum is 1024.", "New password"},
		"not the same": {"x", "0123456789", "0123456780", "It differs from the one above. Type it again.",
			"New password, again"},
		"10 bytes":        {"x", "üüüüü", "üüüüü", "", ""},
		"spaces count":    {"x", "          ", "          ", "", ""},
		"the longest one": {"x", strings.Repeat("x", 1024), strings.Repeat("x", 1024), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			ChangePassword(s.options)
			s.fill("Current password", c.current)
			s.fill("New password", c.next)
			s.fill("New password, again", c.repeat)
			s.press(changePassword.String())
			if c.says == "" {
				require.Equal(t, []any{c.current, c.next}, s.call("ChangePassword").args)
				return
			}
			s.requireNoCall("ChangePassword")
			s.requireText(c.says)
			require.Same(t, s.field(c.focus), s.focused())
		})
	}
}

func TestRefusedPassword(t *testing.T) {
	s := newScreen(t)
	ChangePassword(s.options)
	s.fill("Current password", "wrong")
	s.fill("New password", "0123456789")
	s.fill("New password, again", "0123456789")
	s.press(changePassword.String())
	s.call("ChangePassword").give(nil,
		refusal(api.ErrValidation, "", 0,
			api.FieldError{Location: "body.current_password", Message: "The current password is not right."}))
	s.waitIdle()
	s.requireText("The current password is not right.")
	require.Same(t, s.field("Current password"), s.focused())
	s.fill("Current password", "wrong too")
	s.press(changePassword.String())
	s.call("ChangePassword").give(nil, refusal(api.ErrHostBanned, "There were too many failed attempts.", 2))
	s.waitIdle()
	s.requireText("You can try again in 2 seconds.")
	s.advance(time.Second)
	s.until(func() bool { return s.shows("You can try again in 1 second.") })
	s.advance(time.Second)
	s.until(func() bool { return !strings.Contains(s.allText(), "You can try again in") })
	s.fill("Current password", "right")
	s.press(changePassword.String())
	require.Equal(t, []any{"right", "0123456789"}, s.call("ChangePassword").args, "nothing else had to be typed again")
}
