package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/servertest"
)

func TestNewAccount(t *testing.T) {
	w := servertest.NewWorld(t)
	anonymous := servertest.Client{Server: w.Server, T: t}.Keyed()
	request := w.NewAccount(nil)
	status, first := anonymous.Call("POST", "/accounts", request)
	require.Equal(t, 201, status, string(first))
	_, again := anonymous.Call("POST", "/accounts", request)
	require.JSONEq(t, string(first), string(again), "the stored answer is replayed")

	list := servertest.Mails(t, w.Server)
	require.Len(t, list, 1)
	require.Equal(t, []string{"carla@example.com"}, list[0].To)
	require.Contains(t, list[0].Body, "User name: carla")
	require.Contains(t, list[0].Body, w.URL)
	require.NotContains(t, list[0].Body, request.Password)

	c := servertest.Client{Server: w.Server, T: t}
	status, body := c.Call("POST", "/sessions", api.SessionRequest{Username: "CARLA", Password: request.Password})
	require.Equal(t, 201, status)
	var session api.Session
	require.NoError(t, json.Unmarshal(body, &session))
	c.Token = session.AccessToken
	_, body = c.Call("GET", "/orders", nil)
	require.Contains(t, string(body), request.SerialNumber)
	_, body = c.Call("GET", "/account", nil)
	var account api.Account
	require.NoError(t, json.Unmarshal(body, &account))
	require.Equal(t, api.Account{Username: "carla", RegistrationName: "Carla Ortiz", Contact: request.Contact}, account)
	for _, secret := range []string{request.Password, request.SerialNumber} {
		require.NotContains(t, w.Log.String(), secret)
		for _, line := range servertest.AuditTrail(t, w.Server) {
			require.NotContains(t, line.Action+line.Object+line.Detail, secret)
		}
	}
}

func TestNewAccountRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*servertest.World, *api.NewAccount)
		code     api.Code
		contains string
	}{
		"short password": {
			func(_ *servertest.World, a *api.NewAccount) { a.Password = "short" },
			api.ErrValidation,
			"body.password",
		},
		"user name is taken": {
			func(_ *servertest.World, a *api.NewAccount) { a.Username = "Anna" },
			api.ErrValidation,
			"body.username",
		},
		"user name of spaces": {
			func(_ *servertest.World, a *api.NewAccount) { a.Username = "a b" },
			api.ErrValidation,
			"body.username",
		},
		"no email": {
			func(_ *servertest.World, a *api.NewAccount) { a.Email = " " },
			api.ErrValidation,
			"body.email",
		},
		"no address of email": {
			func(_ *servertest.World, a *api.NewAccount) { a.Email = "Carla <c@example.com>" },
			api.ErrValidation,
			"body.email",
		},
		"header in the email": {
			func(_ *servertest.World, a *api.NewAccount) { a.Email = "c@example.com\r\nBcc: eve@evil.example" },
			api.ErrValidation,
			"body.email",
		},
		"the same address": {
			func(_ *servertest.World, a *api.NewAccount) { a.Email2 = "CARLA@example.com" },
			api.ErrValidation,
			"body.email2",
		},
		"no city": {
			func(_ *servertest.World, a *api.NewAccount) { a.City = "" },
			api.ErrValidation,
			"body.city",
		},
		"control characters": {
			func(_ *servertest.World, a *api.NewAccount) { a.Phone = "1\x012" },
			api.ErrValidation,
			"body.phone",
		},
		"no registration name": {
			func(_ *servertest.World, a *api.NewAccount) { a.RegistrationName = " " },
			api.ErrValidation,
			"body.registration_name",
		},
		"used serial": {
			func(w *servertest.World, a *api.NewAccount) { _, a.SerialNumber = w.Serial("42") },
			api.ErrSerialInUse,
			"serial",
		},
		"unknown serial": {
			func(w *servertest.World, a *api.NewAccount) { _, a.SerialNumber = w.Serial("unknown") },
			api.ErrSerialInvalid,
			"retry_after",
		},
		"wrong number": {
			func(_ *servertest.World, a *api.NewAccount) { a.Verification.Number = "x" },
			api.ErrVerificationFailed,
			"body.verification.number",
		},
		"no such program": {
			func(_ *servertest.World, a *api.NewAccount) { a.ProgramID = 99 },
			api.ErrTaskDisabled,
			"",
		},
		"verification of nobody": {
			func(_ *servertest.World, a *api.NewAccount) { a.Verification.ID = "nothing" },
			api.ErrVerificationFailed,
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := servertest.NewWorld(t)
			status, body := servertest.Client{Server: w.Server, T: t}.Keyed().Call("POST", "/accounts",
				w.NewAccount(func(a *api.NewAccount) {
					c.change(w, a)
				}))
			w.RequireProblem(status, body, c.code, c.contains)
			w.Check("orders 0")
			require.Empty(t, servertest.Mails(t, w.Server))
		})
	}
}

// A change needs the current password and a valid new one, and ends other sessions (spec: api 13).
func TestChangePassword(t *testing.T) {
	w := servertest.NewWorld(t)
	elsewhere := servertest.NewSessions(w)["anna"]
	here := w.Clients["anna"]
	status, body := here.Call("PUT", "/account/password", api.PasswordChange{
		CurrentPassword: "wrong password",
		NewPassword:     "a new password",
	})
	w.RequireProblem(status, body, api.ErrValidation, "body.current_password")
	status, body = here.Call("PUT", "/account/password",
		api.PasswordChange{CurrentPassword: w.Login.Password, NewPassword: "short"})
	w.RequireProblem(status, body, api.ErrValidation, "body.new_password")
	status, _ = here.Call("PUT", "/account/password", api.PasswordChange{
		CurrentPassword: w.Login.Password,
		NewPassword:     "a new password",
	})
	require.Equal(t, 204, status)
	status, _ = here.Call("GET", "/orders", nil)
	require.Equal(t, 200, status, "this session has not ended")
	status, _ = elsewhere.Call("GET", "/orders", nil)
	require.Equal(t, 401, status, "other sessions end")
	for range 10 {
		status, body = here.Call("PUT", "/account/password", api.PasswordChange{
			CurrentPassword: "wrong password",
			NewPassword:     "a new password",
		})
	}
	w.RequireProblem(status, body, api.ErrHostBanned, "retry_after")
}

func TestChangeAccount(t *testing.T) {
	w := servertest.NewWorld(t)
	anna := w.Clients["anna"]
	status, body := anna.Call("PATCH", "/account",
		map[string]string{"city": " Bern ", "registration_name": "Somebody else"})
	require.Equal(t, 200, status, string(body))
	var account api.Account
	require.NoError(t, json.Unmarshal(body, &account))
	require.Equal(t, "Bern", account.City)
	require.Equal(t, "Lindenweg 4", account.Address, "absent fields do not change")
	require.Equal(t, "Anna Berg", account.RegistrationName, "the registration name cannot change")
	for field, value := range map[string]string{
		"email":  "",
		"email2": "nonsense",
		"phone":  "1\n2",
		"state":  strings.Repeat("ü", 201),
	} {
		status, body = anna.Call("PATCH", "/account", map[string]string{field: value})
		w.RequireProblem(status, body, api.ErrValidation, "body."+field)
	}
	require.Empty(t, servertest.Mails(t, w.Server))
	status, _ = anna.Call("PATCH", "/account", map[string]string{"email": "anna@new.example", "email2": ""})
	require.Equal(t, 200, status)
	list := servertest.Mails(t, w.Server)
	require.Len(t, list, 1, "former addresses are notified")
	require.Equal(t, []string{"anna.berg@lumen.example", "it@lumen.example"}, list[0].To)
}
