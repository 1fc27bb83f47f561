package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
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

func loadPage(w *servertest.World, t *testing.T, method, link string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "no-referrer", response.Header.Get("Referrer-Policy"), "the token is not sent to other sites")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	return response.StatusCode, string(body)
}

var hidden = regexp.MustCompile(`name="(token|key)" value="([^"]*)"`)

// fill returns the filled form of the page.
func fill(page, password, again string) url.Values {
	form := url.Values{"password": {password}, "again": {again}}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], field[2])
	}
	return form
}

// A mailed link leads to a new password (spec: api 13).
func TestForgottenPassword(t *testing.T) {
	w := servertest.NewWorld(t)
	session := w.Clients["anna"]
	links := w.AskForLink("it@LUMEN.example")
	require.Len(t, links, 1)
	require.True(t, strings.HasPrefix(links[0], w.URL+"/password?token="), links[0])

	status, page := loadPage(w, t, "GET", links[0], nil)
	require.Equal(t, 200, status)
	require.Contains(t, page, "Choose a new password")
	require.NotContains(t, page, "<script")
	post := strings.Split(links[0], "?")[0]
	status, answer := loadPage(w, t, "POST", post, fill(page, "a new password", "another one"))
	require.Equal(t, 422, status)
	require.Contains(t, answer, "two passwords differ")
	status, answer = loadPage(w, t, "POST", post, fill(answer, "short", "short"))
	require.Equal(t, 422, status)
	require.Contains(t, answer, "10 to 1024")
	status, answer = loadPage(w, t, "POST", post, fill(answer, "a new password", "a new password"))
	require.Equal(t, 200, status)
	require.Contains(t, answer, "Your password is changed")

	for range 2 { // the link cannot be used twice
		status, answer = loadPage(w, t, "GET", links[0], nil)
		require.Equal(t, 422, status)
		require.Contains(t, answer, "too old or was already used")
		require.NotContains(t, answer, "<form")
	}
	status, _ = session.Call("GET", "/orders", nil)
	require.Equal(t, 401, status, "all sessions have ended")
	status, _ = servertest.Client{Server: w.Server, T: t}.Call("POST", "/sessions",
		api.SessionRequest{Username: "anna", Password: w.Login.Password})
	require.Equal(t, 401, status)
	status, _ = servertest.Client{Server: w.Server, T: t}.Call("POST", "/sessions",
		api.SessionRequest{Username: "anna", Password: "a new password"})
	require.Equal(t, 201, status)
	token := strings.SplitN(links[0], "token=", 2)[1]
	require.NotContains(t, w.Log.String(), token)
}

// A link is valid for one hour and one use (spec: api 13).
func TestLinksEnd(t *testing.T) {
	w := servertest.NewWorld(t)
	first := w.AskForLink("anna")[0]
	second := w.AskForLink("anna")[0]
	status, page := loadPage(w, t, "GET", second, nil)
	require.Equal(t, 200, status)
	w.Clock.Advance(59 * time.Minute)
	status, _ = loadPage(w, t, "GET", first, nil)
	require.Equal(t, 200, status)
	status, _ = loadPage(w, t, "POST", strings.Split(second, "?")[0], fill(page, "a new password", "a new password"))
	require.Equal(t, 200, status)
	status, _ = loadPage(w, t, "GET", first, nil)
	require.Equal(t, 422, status, "a new password ends every link")

	third := w.AskForLink("anna")[0]
	w.Clock.Advance(time.Hour)
	status, _ = loadPage(w, t, "GET", third, nil)
	require.Equal(t, 422, status, "a link is valid for one hour")
	token := strings.SplitN(third, "token=", 2)[1]
	status, body := servertest.Client{Server: w.Server, T: t}.Keyed().Call("POST", "/password-resets/confirm",
		api.NewPassword{Token: token, NewPassword: "a new password"})
	w.RequireProblem(status, body, api.ErrVerificationFailed, "too old")
}

// No mail is sent for an inactive account or one that does not exist (spec: api 13).
func TestResetsRevealNothing(t *testing.T) {
	w := servertest.NewWorld(t)
	require.Empty(t, w.AskForLink("nobody"))
	require.Empty(t, w.AskForLink("nobody@example.com"))
	w.Write(func(tx store.Tx) error {
		c, err := tx.Clients.ByUsername(t.Context(), "bruno")
		c.Active = false
		if err == nil {
			err = tx.Clients.Change(t.Context(), c)
		}
		return err
	})
	require.Empty(t, w.AskForLink("bruno"))

	w.Restart(func(o *server.Options) { o.QueuedMail = nil })
	for _, login := range []string{"anna", "nobody"} {
		status, body := servertest.Client{Server: w.Server, T: t}.Keyed().Call("POST", "/password-resets",
			api.PasswordReset{Login: login, Verification: w.Verification()})
		w.RequireProblem(status, body, api.ErrUnavailable, "no mail service")
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

// Failed sign-ins ban the account they name, whether it exists or not, and no other (spec: api 11).
func TestSignInBans(t *testing.T) {
	for _, name := range []string{"anna", "nobody"} {
		w := servertest.NewWorld(t)
		anonymous := servertest.Client{Server: w.Server, T: t}
		for range 10 {
			status, _ := anonymous.Call("POST", "/sessions", api.SessionRequest{Username: name, Password: "wrong password"})
			require.Equal(t, 401, status)
		}
		status, body := anonymous.Call("POST", "/sessions", api.SessionRequest{Username: name, Password: w.Login.Password})
		w.RequireProblem(status, body, api.ErrHostBanned, `"retry_after":900`)
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: "bruno", Password: w.Login.Password})
		require.Equal(t, 201, status)
		for i := range 20 {
			anonymous.Call("POST", "/sessions", api.SessionRequest{
				Username: "guess" + string(rune('a'+i)),
				Password: "wrong password",
			})
		}
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: "bruno", Password: w.Login.Password})
		require.Equal(t, 429, status, "30 failures ban the host")
		w.Clock.Advance(15 * time.Minute)
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: w.Login.Password})
		require.Equal(t, 201, status)
	}
}

// A temporary refusal is not stored under its key: the same key succeeds later (spec: api "Idempotency").
func TestTemporaryRefusalKeepsTheKey(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("refused order 1000")
	program, serial := w.Serial("500")
	request := api.NewOrder{ProgramID: program, SerialNumber: serial, Verification: w.Verification()}
	c := w.Clients["anna"].With(api.IdempotencyKey, uuid.NewString())
	status, _ := c.Call("POST", "/orders", request)
	require.Equal(t, 429, status)
	w.Clock.Advance(5 * time.Second)
	status, body := c.Call("POST", "/orders", request)
	require.Equal(t, 201, status, string(body))
}

func TestVerificationSound(t *testing.T) {
	w := servertest.NewWorld(t)
	status, body := servertest.Client{Server: w.Server, T: t}.Call("POST", "/verifications?sound=true", nil)
	require.Equal(t, 201, status)
	var v api.Verification
	require.NoError(t, json.Unmarshal(body, &v))
	require.Equal(t, "RIFF", string(v.Sound[:4]))
	require.Equal(t, w.Clock.Now().Add(5*time.Minute), v.ExpiresAt)
	_, body = servertest.Client{Server: w.Server, T: t}.Call("POST", "/verifications", nil)
	require.NotContains(t, string(body), "sound")
	number, err := solveVerification(t.Context(), w.Store, v.ID)
	require.NoError(t, err, "the server stores the hash of six digits")
	require.Len(t, number, api.VerificationDigits)
}

// A server without a mail service replays the stored answer of an earlier mail.
func TestReplayWithoutMailService(t *testing.T) {
	w := servertest.NewWorld(t)
	c := w.Clients["anna"].Keyed()
	request := api.EmailRequest{To: []string{"it@lumen.example"}}
	status, _ := c.Call("POST", "/licenses/20211/email", request)
	require.Equal(t, 202, status)
	w.Restart(func(o *server.Options) { o.QueuedMail = nil })
	status, _ = c.Call("POST", "/licenses/20211/email", request)
	require.Equal(t, 202, status)
}
