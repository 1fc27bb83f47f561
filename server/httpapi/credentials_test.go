package httpapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// A fault of contact data becomes a refusal of its field; other errors stay.
func TestRefuseClient(t *testing.T) {
	requireProblem(t, refuseClient(&rules.ClientFault{Field: "email2", Sentence: "No."}), api.ErrValidation, "body.email2")
	other := errors.New("other")
	require.Equal(t, other, refuseClient(other))
	require.NoError(t, refuseClient(nil))
}

// A new password is hashed only if it is acceptable, the check passes and the key has no stored answer.
func TestHashForChange(t *testing.T) {
	s := newServer(t)
	answered := uuid.New()
	write(t, s, func(tx store.Tx) error {
		return tx.Answers.Add(t.Context(), store.Answer{
			Key:       answered.String(),
			Request:   []byte("a"),
			Body:      []byte("b"),
			CreatedAt: now,
		})
	})
	refusal := api.NewProblem(api.ErrHostBanned, "No.")
	for name, row := range map[string]struct {
		key, password string
		check         error
		checked       bool
		hashed        bool
		code          api.Code
		location      string
	}{
		"new":            {uuid.NewString(), "long enough", nil, true, true, "", ""},
		"refused":        {uuid.NewString(), "long enough", refusal, true, false, api.ErrHostBanned, ""},
		"too short":      {uuid.NewString(), "short", nil, true, false, api.ErrValidation, "body.password"},
		"too long":       {uuid.NewString(), strings.Repeat("x", 1025), nil, true, false, api.ErrValidation, "body.password"},
		"answered":       {answered.String(), "long enough", refusal, false, false, "", ""},
		"upper case key": {strings.ToUpper(answered.String()), "long enough", refusal, false, false, "", ""},
		"no key":         {"", "long enough", refusal, false, false, "", ""},
	} {
		checked := false
		hash, err := s.hashForChange(t.Context(), row.key, "body.password", row.password, func(store.Tx) error {
			checked = true
			return row.check
		})
		require.Equal(t, row.checked, checked, name)
		require.Equal(t, row.hashed, hash != "", name)
		if row.code != "" {
			requireProblem(t, err, row.code, row.location)
			continue
		}
		require.NoError(t, err, name)
		if row.hashed {
			ok, err := s.Passwords.Verify(t.Context(), hash, row.password)
			require.NoError(t, err)
			require.True(t, ok, name)
		}
	}
	s.Store = failing{err: store.ErrUnavailable}
	_, err := s.hashForChange(t.Context(), uuid.NewString(), "body.password", "long enough", nil)
	require.ErrorIs(t, err, store.ErrUnavailable)
}

// An access token identifies its client until it expires, its session ends or the client is made inactive.
func TestIdentify(t *testing.T) {
	for name, row := range map[string]struct {
		change func(t *testing.T, s *Server, who request.Caller)
		code   api.Code
	}{
		"valid": {func(*testing.T, *Server, request.Caller) {}, ""},
		"its last moment": {func(_ *testing.T, s *Server, _ request.Caller) {
			s.Now = func() time.Time { return now.Add(time.Hour - time.Nanosecond) }
		}, ""},
		"expired": {func(_ *testing.T, s *Server, _ request.Caller) {
			s.Now = func() time.Time { return now.Add(time.Hour) }
		}, api.ErrAuthorization},
		"session ended": {func(t *testing.T, s *Server, who request.Caller) {
			write(t, s, func(tx store.Tx) error { return tx.Sessions.End(t.Context(), who.Session.ID, now) })
		}, api.ErrAuthorization},
		"client inactive": {func(t *testing.T, s *Server, who request.Caller) {
			who.Client.Active = false
			write(t, s, func(tx store.Tx) error { return tx.Clients.Change(t.Context(), who.Client) })
		}, api.ErrAuthorization},
	} {
		s := newServer(t)
		who, token := addSession(t, s, addClient(t, s, store.Client{Username: "anna", Active: true}))
		row.change(t, s, who)
		got, err := s.identify(t.Context(), token)
		if row.code != "" {
			requireProblem(t, err, row.code, "")
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, who.Client.ID, got.Client.ID, name)
		require.Equal(t, who.Session.ID, got.Session.ID, name)
	}
	s := newServer(t)
	_, err := s.identify(t.Context(), "")
	requireProblem(t, err, api.ErrCredentialsMissing, "")
	_, err = s.identify(t.Context(), "unknown")
	requireProblem(t, err, api.ErrAuthorization, "")
	s.Store = failing{err: store.ErrUnavailable}
	_, err = s.identify(t.Context(), "unknown")
	require.ErrorIs(t, err, store.ErrUnavailable, "a database that fails signs nobody out")
}

// A call without a valid token is answered 401 with the scheme to use.
func TestAuthenticate(t *testing.T) {
	s := newServer(t)
	_, token := addSession(t, s, addClient(t, s, store.Client{Username: "anna", Active: true}))
	for header, row := range map[string]struct {
		status int
		code   api.Code
	}{
		"Bearer " + token:     {200, ""},
		"":                    {401, api.ErrCredentialsMissing},
		"Basic YTpi":          {401, api.ErrCredentialsMissing},
		"Bearer":              {401, api.ErrCredentialsMissing},
		"Bearer " + token[1:]: {401, api.ErrAuthorization},
		"Bearer x" + token:    {401, api.ErrAuthorization},
	} {
		r := httptest.NewRequest("GET", "/api/v1/account", nil)
		r.Header.Set("Authorization", header)
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		require.Equal(t, row.status, rec.Code, header)
		require.Contains(t, rec.Body.String(), string(row.code), header)
		if row.status == 401 {
			require.Equal(t, "Bearer", rec.Header().Get("WWW-Authenticate"), header)
			require.Equal(t, api.ProblemMediaType, rec.Header().Get("Content-Type"), header)
		}
	}
}

func TestPublicURL(t *testing.T) {
	s := &Server{}
	require.Empty(t, s.publicURL())
	for given, want := range map[string]string{
		"":                            "",
		"https://lumen.example":       "https://lumen.example",
		"https://lumen.example/":      "https://lumen.example",
		"https://lumen.example/acen/": "https://lumen.example/acen",
	} {
		s.PublicURL = func() string { return given }
		require.Equal(t, want, s.publicURL(), given)
	}
}

// A forgotten password is asked for with the user name or an address on file of an active account (spec: api 13).
func TestAccountsOf(t *testing.T) {
	s := newServer(t)
	for _, c := range []store.Client{
		{Username: "anna", Emails: []string{"anna@lumen.example", "it@lumen.example"}, Active: true},
		{Username: "bruno", Emails: []string{"IT@lumen.example"}, Active: true},
		{Username: "it@lumen.example", Emails: []string{"it@lumen.example"}, Active: true},
		{Username: "carla", Emails: []string{"carla@lumen.example"}},
		{Username: "mute", Active: true},
	} {
		addClient(t, s, c)
	}
	for login, want := range map[string][]string{
		"anna":                {"anna"},
		" ANNA\t":             {"anna"},
		"anna@lumen.example":  {"anna"},
		"it@LUMEN.example":    {"it@lumen.example", "anna", "bruno"}, // the name first, and each account only once
		"carla":               nil,                                   // inactive
		"carla@lumen.example": nil,
		"mute":                nil, // without an address
		"lumen.example":       nil,
		"":                    nil,
	} {
		var names []string
		read(t, s, func(tx store.Tx) error {
			found, err := accountsOf(t.Context(), tx, login)
			for _, c := range found {
				names = append(names, c.Username)
			}
			return err
		})
		require.Equal(t, want, names, login)
	}
}

// A link is valid for an hour, and the token of a client that does not exist is none (spec: api 13).
func TestReset(t *testing.T) {
	s := newServer(t)
	client := addClient(t, s, store.Client{Username: "anna", Emails: []string{"a@lumen.example"}, Active: true})
	add := func(client int64, expires time.Time) string {
		token, hash, err := request.NewToken(s.Random)
		require.NoError(t, err)
		write(t, s, func(tx store.Tx) error {
			return tx.Attempts.AddPasswordReset(t.Context(),
				store.PasswordReset{TokenHash: hash, ClientID: client, ExpiresAt: expires})
		})
		return token
	}
	for name, row := range map[string]struct {
		token string
		valid bool
	}{
		"valid":     {add(client.ID, now.Add(time.Nanosecond*1000)), true},
		"its end":   {add(client.ID, now), false},
		"of nobody": {add(0, now.Add(time.Hour)), false},
		"unknown":   {"x", false},
		"none":      {"", false},
	} {
		err := s.Store.Read(t.Context(), func(tx store.Tx) error {
			r, err := s.reset(t.Context(), tx, row.token)
			require.Equal(t, row.valid, err == nil, name)
			if row.valid {
				require.Equal(t, client.ID, r.ClientID, name)
			}
			return err
		})
		require.Equal(t, row.valid, err == nil, name)
		if !row.valid {
			require.Equal(t, error(errLink), err, name)
		}
	}
}

// The page for a new password shows a form only for a valid link, and repeats nothing unescaped (spec: api 13).
func TestPasswordForm(t *testing.T) {
	s := newServer(t)
	link := func() string { // of a client of its own, because a new password ends all links of its client
		client := addClient(t, s, store.Client{Username: uuid.NewString(), Active: true})
		token, hash, err := request.NewToken(s.Random)
		require.NoError(t, err)
		write(t, s, func(tx store.Tx) error {
			return tx.Attempts.AddPasswordReset(t.Context(),
				store.PasswordReset{TokenHash: hash, ClientID: client.ID, ExpiresAt: now.Add(time.Hour)})
		})
		return token
	}
	fill := func(token, key, password, again string) url.Values {
		return url.Values{"token": {token}, "key": {key}, "password": {password}, "again": {again}}
	}
	hostile := `"><script>alert(1)</script>`
	for name, row := range map[string]struct {
		method, query string
		form          url.Values
		raw           string // instead of form
		status        int
		hasForm, done bool
	}{
		"link":                 {"GET", "token=" + link(), nil, "", 200, true, false},
		"no token":             {"GET", "", nil, "", 422, false, false},
		"unknown token":        {"GET", "token=x", nil, "", 422, false, false},
		"hostile token":        {"GET", "token=" + url.QueryEscape(hostile), nil, "", 422, false, false},
		"broken query":         {"GET", "token=%zz", nil, "", 400, false, false},
		"broken form":          {"POST", "", nil, "token=%zz", 400, false, false},
		"two passwords differ": {"POST", "", fill(link(), uuid.NewString(), "long enough", "other"), "", 422, true, false},
		"hostile form":         {"POST", "", fill(hostile, hostile, "long enough", "other"), "", 422, true, false},
		"too short":            {"POST", "", fill(link(), uuid.NewString(), "x", "x"), "", 422, true, false},
		"no key":               {"POST", "", fill(link(), "", "long enough", "long enough"), "", 422, true, false},
		"token in the query": {
			"POST", "token=" + link(), nil, "key=" + uuid.NewString() + "&password=long+enough&again=long+enough",
			422, false, false,
		},
		"changed": {"POST", "", fill(link(), uuid.NewString(), "long enough", "long enough"), "", 200, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			text := row.raw
			if text == "" {
				text = row.form.Encode()
			}
			r := httptest.NewRequest(row.method, resetPath+"?"+row.query, strings.NewReader(text))
			if row.method == http.MethodPost {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			rec := httptest.NewRecorder()
			s.Handler().ServeHTTP(rec, r)
			page := rec.Body.String()
			require.Equal(t, row.status, rec.Code)
			require.Equal(t, row.hasForm, strings.Contains(page, "<form"))
			require.Equal(t, row.done, strings.Contains(page, `role="status"`))
			require.Equal(t, rec.Code >= 400, strings.Contains(page, `role="alert"`))
			require.NotContains(t, page, "<script")
			require.NotContains(t, page, "long enough")
			require.Equal(t, pagePolicy, rec.Header().Get("Content-Security-Policy"))
			require.Regexp(t, "^text/html", rec.Header().Get("Content-Type"))
			if row.hasForm {
				require.Regexp(t, `name="key" value="[0-9a-f-]{36}"`, page)
			}
		})
	}
}

// Any form is answered with a page and changes nothing without a valid token.
func FuzzPasswordForm(f *testing.F) {
	for _, form := range []string{
		"", "token=x&password=a&again=a", "token=%zz", "key=1&token=2;3", "password=%00&again=%00", "=&&=",
	} {
		f.Add(form, "")
		f.Add("", form)
	}
	s := newServer(f)
	f.Fuzz(func(t *testing.T, form, query string) {
		r := &http.Request{
			Method:     http.MethodPost,
			URL:        &url.URL{Path: resetPath, RawQuery: query},
			Header:     http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
			Body:       http.NoBody,
			RemoteAddr: "203.0.113.5:1",
		}
		if form != "" {
			r = httptest.NewRequest("POST", resetPath, strings.NewReader(form))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		rec := httptest.NewRecorder()
		s.passwordForm(rec, r)
		require.Contains(t, []int{400, 422, 429}, rec.Code)
		require.NotContains(t, rec.Body.String(), "<script")
	})
}
