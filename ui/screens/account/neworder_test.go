package account

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/field"
)

var studio = api.Program{ID: 1, Name: "Lumen Studio 7", AcceptsSerials: true}

// newOrder opens the dialog and fills it in, with the first picture.
func newOrder(t *testing.T) *screen {
	t.Helper()
	s := newScreen(t)
	require.NoError(t, NewOrder(s.options, []api.Program{studio, {ID: 2, Name: "Lumen Fonts"}}))
	s.picture()
	s.fill("Serial number", serial)
	s.fill("Verification number", "123456")
	return s
}

func TestNewOrder(t *testing.T) {
	s := newOrder(t)
	s.key(fyne.KeyReturn)
	c := s.call("NewOrder")
	require.Equal(t,
		api.NewOrder{
			ProgramID:    1,
			SerialNumber: serial,
			Verification: api.VerificationAnswer{ID: "picture 1", Number: "123456"},
		}, c.args[0])
	s.requireText("Adding the order…")
	order := api.Order{
		ID:                 1050,
		ProgramName:        "Lumen Studio 7",
		LicensesTotal:      1,
		RequiresActivation: true,
	}
	c.give(order, nil)
	s.waitIdle()
	require.Equal(t, []api.Order{order}, s.orders)
	s.requireText("Order added", "Order 1050 of Lumen Studio 7 was added: 1 license.")
	s.key(fyne.KeyReturn)
	require.True(t, s.closed())
}

func TestAddedText(t *testing.T) {
	require.Equal(t, "Order 7 of X was added: 5 licenses.", addedText(api.Order{
		ID:                 7,
		ProgramName:        "X",
		LicensesTotal:      5,
		RequiresActivation: true,
	}))
	require.Equal(t, "Order 7 of Fonts was added. The program needs no activation.",
		addedText(api.Order{ID: 7, ProgramName: "Fonts"}))
}

func TestProgramChoice(t *testing.T) {
	s := newScreen(t)
	require.NoError(t, NewOrder(s.options, []api.Program{{ID: 5, Name: "Fonts"}}))
	require.Contains(t, s.allText(), "None of the vendor's programs accepts serial numbers")
	s.key(fyne.KeyEscape)
	s.requireNoCall("Verification")

	require.NoError(t,
		NewOrder(s.options,
			[]api.Program{studio, {ID: 2, Name: "Fonts"}, {ID: 3, Name: "Lumen Studio 7", AcceptsSerials: true}}))
	choice := s.field("Program").(*field.Select)
	require.Equal(t, []string{"Lumen Studio 7", "Lumen Studio 7 (program 3)"}, choice.Options)
	require.Same(t, choice, s.focused(), "of several none is chosen beforehand")
	choice.SetSelectedIndex(1)
	s.picture()
	s.fill("Serial number", serial)
	s.fill("Verification number", "123456")
	s.press(addOrder.String())
	require.EqualValues(t, 3, s.call("NewOrder").args[0].(api.NewOrder).ProgramID)
}

func TestEnterShowsMissingFields(t *testing.T) {
	s := newScreen(t)
	require.NoError(t, NewOrder(s.options, []api.Program{studio, {ID: 3, Name: "Tide Survey", AcceptsSerials: true}}))
	s.picture()
	s.key(fyne.KeyReturn)
	s.requireNoCall("NewOrder")
	s.requireText("Choose the program that the serial number belongs to.",
		"Enter the serial number. It came with the program or in the email about your purchase.",
		"Type the number in the picture.")
	require.Same(t, s.field("Program"), s.focused())

	s.field("Program").(*field.Select).SetSelectedIndex(0)
	s.fill("Serial number", "SM4G-2FQZ-XF-7EGC-WT2V")
	s.requireText("The serial number does not fit its check letter: one of its letters is wrong.")
	s.press(addOrder.String())
	s.requireNoCall("NewOrder")
	require.Same(t, s.field("Serial number"), s.focused())
	s.fill("Serial number", serial)
	s.fill("Verification number", "12345")
	s.press(addOrder.String())
	s.requireText("The number has 6 digits; you typed 5.")
	require.Same(t, s.field("Verification number"), s.focused())
}

// clipboard is a fyne.Clipboard with fixed content.
type clipboard string

func (c clipboard) Content() string   { return string(c) }
func (c clipboard) SetContent(string) {}

func TestPasteSerialNumberFromEmail(t *testing.T) {
	s := newScreen(t)
	require.NoError(t, NewOrder(s.options, []api.Program{studio}))
	require.Same(t, s.field("Serial number"), s.focused())
	s.focused().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipboard(
		"Dear Anna,\nyour serial number is sm4g-2fqz-xf-7egc-wt2t.\nRegards")})
	require.Equal(t, serial, s.content("Serial number"))
}

func TestRefusedOrderKeepsInput(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		says  string
		focus string
	}{
		"unknown serial number": {
			refusal(api.ErrSerialInvalid, "This is no serial number of Lumen Studio 7.", 0,
				api.FieldError{Location: "body.serial_number", Message: "This is no serial number of Lumen Studio 7."}),
			"This is no serial number of Lumen Studio 7. Compare it with the original, or copy and paste it.",
			"Serial number",
		},
		"used serial number": {
			refusal(api.ErrSerialInUse, "", 0),
			"Each serial number adds one order. Look for that order in the table, or ask the vendor.", "Serial number",
		},
		"malformed": {
			refusal(api.ErrCodeMalformed, "", 0),
			"It has the wrong length or contains a wrong character. Compare it with the original, or copy and paste it.",
			"Serial number",
		},
		"wrong verification number": {
			refusal(api.ErrVerificationFailed, "", 0,
				api.FieldError{Location: "body.verification.number", Message: "The number is another one."}),
			"The number is another one. Read the new picture and try again.", "Verification number",
		},
		"field error of the server": {
			refusal(api.ErrValidation, "", 0, api.FieldError{Location: "body.program_id", Message: "this program is gone"}),
			"This program is gone.", "Program",
		},
		"switched off": {refusal(api.ErrTaskDisabled, "This program takes no serial numbers.", 0),
			"This program takes no serial numbers.", ""},
		"no connection": {
			&manager.NetworkError{Kind: manager.NetworkConnect, Host: "x"},
			"Nothing is lost: the request is saved and sent again when the connection is back. It adds the order " +
				"only once.", "",
		},
		"something else": {errors.New("boom"), "Boom.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newOrder(t)
			s.press(addOrder.String())
			s.call("NewOrder").give(nil, c.err)
			s.waitIdle()
			require.Contains(t, s.allText(), c.says)
			if c.focus != "" {
				require.Same(t, s.field(c.focus), s.focused())
			}
			require.Equal(t, serial, s.content("Serial number"))
			require.Equal(t, "Lumen Studio 7", s.field("Program").(*field.Select).Selected)
			s.picture()
			require.Contains(t, s.allText(), c.says, "the new picture leaves it alone")
			s.fill("Verification number", "654321")
			s.press(addOrder.String())
			require.Equal(t, api.VerificationAnswer{ID: "picture 2", Number: "654321"},
				s.call("NewOrder").args[0].(api.NewOrder).Verification)
		})
	}
}

func TestRetryAfterDisablesButton(t *testing.T) {
	s := newOrder(t)
	s.press(addOrder.String())
	s.call("NewOrder").give(nil, refusal(api.ErrSerialInvalid, "", 3))
	s.waitIdle()
	s.picture()
	s.fill("Verification number", "654321")
	for i, remaining := range []string{"3 seconds", "2 seconds", "1 second"} {
		label := fmt.Sprintf("Add order (%d s)", 3-i)
		s.until(func() bool { return s.shows(label) })
		reason := "You can try again in " + remaining + "."
		s.until(func() bool { return s.shows(reason) })
		s.key(fyne.KeyReturn)
		s.requireNoCall("NewOrder")
		s.advance(time.Second)
	}
	s.until(func() bool { return !s.shows("You can try again in 1 second.") })
	require.NotContains(t, s.allText(), "You can try again in")
	s.requireText(addOrder.String())
	s.key(fyne.KeyReturn)
	require.Equal(t, serial, s.call("NewOrder").args[0].(api.NewOrder).SerialNumber)
}

func TestHostBanCountdown(t *testing.T) {
	s := newOrder(t)
	s.press(addOrder.String())
	s.call("NewOrder").give(nil,
		refusal(api.ErrHostBanned, "After a serial number that was not accepted the server waits a little longer each time.",
			600))
	s.waitIdle()
	require.Contains(t, s.allText(), "the server waits a little longer each time. Wait a while")
	s.requireText("You can try again in 10 minutes.", "Add order (10:00)")
	s.press("Cancel")
	require.True(t, s.closed(), "it can be canceled while it waits")
}

func TestCancelRequest(t *testing.T) {
	s := newOrder(t)
	s.press(addOrder.String())
	s.call("NewOrder")
	s.key(fyne.KeyEscape)
	s.waitIdle()
	s.requireText("Canceled.")
	require.Contains(t, s.allText(), "If the server added the order, it appears in the table.")
	require.Equal(t, serial, s.content("Serial number"))
	s.key(fyne.KeyEscape)
	require.True(t, s.closed())
}

func TestLateOrderIsDropped(t *testing.T) {
	s := newOrder(t)
	dialog := s.options.Dialogs.Visible()
	s.press(addOrder.String())
	s.call("NewOrder").give(api.Order{ID: 1}, nil)
	late := <-s.ui
	dialog.Close()
	late()
	require.Empty(t, s.orders)
	require.True(t, s.closed())
}

func TestChangingProgramClearsFault(t *testing.T) {
	s := newScreen(t)
	require.NoError(t, NewOrder(s.options, []api.Program{studio, {ID: 3, Name: "Tide Survey", AcceptsSerials: true}}))
	s.picture()
	choice := s.field("Program").(*field.Select)
	choice.SetSelectedIndex(0)
	s.fill("Serial number", serial)
	s.fill("Verification number", "123456")
	s.press(addOrder.String())
	s.call("NewOrder").give(nil, refusal(api.ErrSerialInvalid, "This is no serial number of Lumen Studio 7.", 0))
	s.waitIdle()
	require.Contains(t, s.allText(), "This is no serial number of Lumen Studio 7.")
	choice.SetSelectedIndex(1)
	require.NotContains(t, s.allText(), "Lumen Studio 7.")
	s.requireText("The serial number is complete.")
}

func TestTabOrder(t *testing.T) {
	s := newScreen(t)
	require.NoError(t, NewOrder(s.options, []api.Program{studio}))
	s.picture()
	var order []string
	s.window.Canvas().Focus(s.field("Program"))
	for range 7 {
		name := "entry"
		if a, ok := s.focused().(fyne.Accessible); ok && a.AccessibilityLabel() != "" {
			name = a.AccessibilityLabel()
		}
		order = append(order, name)
		s.window.Canvas().FocusNext()
	}
	require.Equal(t, s.field("Program"), s.focused(), "and starts anew: %q", order)
	require.Equal(t, []string{"Another picture", "Listen", "Cancel", "Add order"}, order[3:])
}

func TestListen(t *testing.T) {
	played := make(chan []byte, 1)
	s := newScreen(t)
	s.options.Play = func(wav []byte) error { played <- wav; return nil }
	require.NoError(t, NewOrder(s.options, []api.Program{studio}))
	s.picture()
	s.press("Listen")
	c := s.call("Verification")
	require.Equal(t, []any{"", true}, c.args)
	c.give(api.Verification{ID: "spoken", Image: blank(t), Sound: []byte("WAV")}, nil)
	s.until(func() bool { return s.shows("Listen again") })
	require.Equal(t, []byte("WAV"), <-played)
}

// If the vendor waives the verification number, no picture is requested or shown until the server requires one.
func TestWaivedVerification(t *testing.T) {
	s := newScreen(t)
	waived := studio
	waived.VerificationWaived = true
	require.NoError(t, NewOrder(s.options, []api.Program{waived, {ID: 2, Name: "Fonts"}}))
	require.NotContains(t, s.allText(), "Verification number")
	require.NotContains(t, s.allText(), "Another picture")
	s.fill("Serial number", serial)
	s.key(fyne.KeyReturn)
	s.requireText("Adding the order…")
	c := s.call("NewOrder")
	require.Equal(t, api.NewOrder{ProgramID: 1, SerialNumber: serial}, c.args[0])
	require.Empty(t, s.unclaimed, "no picture was asked for")

	c.give(nil,
		refusal(api.ErrVerificationFailed, "The verification number is missing. Type the number in the picture.", 0))
	s.waitIdle()
	s.requireText("Verification number", "Another picture")
	s.picture()
	require.Contains(t, s.allText(), "Type the number in the picture.")
	require.Same(t, s.field("Verification number"), s.focused())
	s.key(fyne.KeyReturn)
	s.requireNoCall("NewOrder")
	s.fill("Verification number", "123456")
	s.key(fyne.KeyReturn)
	require.Equal(t, api.VerificationAnswer{ID: "picture 1", Number: "123456"},
		s.call("NewOrder").args[0].(api.NewOrder).Verification)
}

// The field is shown if at least one program requires a verification number.
func TestVerificationOfOneProgram(t *testing.T) {
	s := newScreen(t)
	waived := studio
	waived.VerificationWaived = true
	require.NoError(t, NewOrder(s.options, []api.Program{waived, {ID: 3, Name: "Tide Survey", AcceptsSerials: true}}))
	s.requireText("Verification number")
	s.picture()
}
