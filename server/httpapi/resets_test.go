package httpapi_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

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
