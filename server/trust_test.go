package server_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/metrics"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// A program identifies its license without a session, by id, codes and current or former activation code.
func TestAliveAndValidation(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	id := w.Licenses["A"]
	anonymous := servertest.Client{Server: w.Server, T: t}
	stored := func() (l store.License) {
		w.Read(func(tx store.Tx) (err error) { l, err = tx.Licenses.Get(t.Context(), id); return err })
		return l
	}
	l := stored()
	good := api.LicenseCheck{
		SiteCode:       l.Codes.Site.String(),
		MachineID:      l.Codes.Machine.String(),
		ActivationCode: l.Activation.String(),
	}
	ask := func(call string, id int64, r api.LicenseCheck) (status int, v license.Validation, body []byte) {
		question := newQuestion(r)
		status, body = anonymous.Call("POST", fmt.Sprintf("/licenses/%d/%s", id, call), question.body(call))
		if status == 200 {
			v = question.verify(t, w.Program.PublicKey, body)
		}
		return status, v, body
	}

	require.Nil(t, l.LastAliveAt)
	status, _, body := ask("alive", id, good)
	require.Equal(t, 204, status, string(body))
	first := *stored().LastAliveAt
	require.True(t, first.Equal(w.Clock.Now()))
	w.Clock.Advance(30 * time.Second)
	_, _, _ = ask("alive", id, good)
	require.Equal(t, first, *stored().LastAliveAt, "a sign just after the last one is not written")
	w.Clock.Advance(time.Minute)
	_, v, _ := ask("validation", id, good)
	require.True(t, stored().LastAliveAt.Equal(w.Clock.Now()), "a validation is a sign of life")
	require.Equal(t, license.Validation{
		LicenseID: id,
		Site:      l.Codes.Site,
		Nonce:     v.Nonce,
		IssuedAt:  w.Clock.Now(),
		State:     license.StateActive,
		Features:  l.Features,
	}, v, "nothing new")

	// A request without a nonce is refused, whether or not the license exists.
	for name, nonce := range map[string]string{
		"none":           "",
		"short":          "zBMwJXmKSbV8pTjmIWxOw",
		"long":           "zBMwJXmKSbV8pTjmIWxOwQA",
		"padded":         "zBMwJXmKSbV8pTjmIWxO==",
		"other spelling": "zBMwJXmKSbV8pTjmIWxOwR",
	} {
		for _, of := range []int64{id, 88888888} {
			status, body := anonymous.Call("POST", fmt.Sprintf("/licenses/%d/validation", of),
				api.ValidationRequest{LicenseCheck: good, Nonce: nonce})
			require.Equal(t, 422, status, name)
			require.Contains(t, string(body), "body.nonce", name)
		}
	}
	status, body = anonymous.Call("POST", fmt.Sprintf("/licenses/%d/validation", id), good)
	require.Equal(t, 422, status)
	require.Contains(t, string(body), api.ErrValidation)

	// Every mismatch is answered like a missing license.
	other := servertest.CodesOf(w.Program.Signature, "B")
	for name, r := range map[string]api.LicenseCheck{
		"codes of another PC": {
			SiteCode:       other.Site.String(),
			MachineID:      other.Machine.String(),
			ActivationCode: good.ActivationCode,
		},
		"another activation code": {
			SiteCode:       good.SiteCode,
			MachineID:      good.MachineID,
			ActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
		},
	} {
		for _, call := range []string{"alive", "validation"} {
			status, header, body := withoutDates(t,
				anonymous.Raw("POST", fmt.Sprintf("/licenses/%d/%s", id, call), newQuestion(r).body(call)))
			require.Equal(t, 404, status, name)
			_, missingHeader, missing := withoutDates(t,
				anonymous.Raw("POST", fmt.Sprintf("/licenses/88888888/%s", call), newQuestion(good).body(call)))
			require.Equal(t, missing, body, name)
			require.Equal(t, missingHeader, header, name)
		}
	}
	status, _, body = ask("validation", id, api.LicenseCheck{
		SiteCode:       "7183EC4",
		MachineID:      good.MachineID,
		ActivationCode: good.ActivationCode,
	})
	require.Equal(t, 422, status)
	require.Contains(t, string(body), "body.site_code")

	// After the vendor changes features and end, the program gets a new license file for its former activation code.
	ends := time.Date(2031, 5, 6, 0, 0, 0, 0, time.UTC)
	changed, err := servertest.Vendor(w.Server).ChangeLicense(t.Context(), id, func(l *store.License) error {
		l.Features, l.ExpiresAt = 9, &ends
		return nil
	})
	require.NoError(t, err)
	_, v, _ = ask("validation", id, good)
	require.Equal(t, uint16(9), v.Features)
	require.Equal(t, "2031-05-06T23:59:59Z", v.Ends.UTC().Format(time.RFC3339))
	f, err := w.Program.PublicKey.Verify(v.File)
	require.NoError(t, err)
	require.Equal(t, changed.Activation, f.ActivationCode)
	require.Equal(t, v.Ends, f.Expires.UTC())
	good.ActivationCode = f.ActivationCode.String()
	_, v, _ = ask("validation", id, good)
	require.Empty(t, v.File, "the program has the current one")
	require.Equal(t, "2031-05-06T23:59:59Z", v.Ends.UTC().Format(time.RFC3339))

	// Only the signed answer reveals that a license has ended, and its sign of life is not stored.
	_, err = servertest.Vendor(w.Server).EndLicense(t.Context(), id)
	require.NoError(t, err)
	w.Clock.Advance(time.Hour)
	before := stored()
	status, _, body = ask("alive", id, good)
	require.Equal(t, 204, status, string(body))
	require.Empty(t, body)
	_, v, _ = ask("validation", id, good)
	require.Equal(t, license.StateRemoved, v.State)
	require.Equal(t, before, stored())
}

// A validation returns every state of a license. It contains a file only if the program does not have the current one
// (spec: codes "Validation answer").
func TestValidationStates(t *testing.T) {
	for name, row := range map[string]struct {
		steps []string
		asks  string // the PC whose license is asked for; the program knows of it what it was at "|"
		state license.ValidationState
		fresh bool
	}{
		"active":                {[]string{"new A", "|"}, "A", license.StateActive, false},
		"changed by the vendor": {[]string{"new A", "|", "regrant A"}, "A", license.StateActive, true},
		"changed by the vendor twice": {
			[]string{"new A", "|", "regrant A", "regrant A"},
			"A",
			license.StateActive,
			true,
		},
		"the note changed": {[]string{"new A", "|", "note A x"}, "A", license.StateActive, false},
		"reactivated": {
			[]string{"new A", "|", "reactivate A A@9"},
			"A",
			license.StateReactivated,
			false,
		},
		"changed, then reactivated": {
			[]string{"new A", "|", "regrant A", "reactivate A A@9"},
			"A",
			license.StateReactivated,
			false,
		},
		"the new one of a reactivation": {
			[]string{"new A", "reactivate A A@9", "|"},
			"A@9",
			license.StateActive,
			false,
		},
		"the new one, changed by the vendor": {
			[]string{"new A", "reactivate A A@9", "|", "regrant A@9"},
			"A@9",
			license.StateActive,
			true,
		},
		"the new one of a changed license": {
			[]string{"new A", "regrant A", "reactivate A A@9", "|"},
			"A@9",
			license.StateActive,
			false,
		},
		"released": {[]string{"new A", "|", "release A"}, "A", license.StateReleased, false},
		"released, then changed by the vendor": {
			[]string{"new A", "|", "release A", "regrant A"},
			"A",
			license.StateReleased,
			false,
		},
		"released and picked up": {
			[]string{"new A", "|", "release A", "transfer A B code=none"},
			"A",
			license.StateTransferred,
			false,
		},
		"the new one of a pick-up": {
			[]string{"new A", "release A", "transfer A B code=none", "|"},
			"B",
			license.StateActive,
			false,
		},
		"the new one of a pick-up, changed": {
			[]string{"new A", "release A", "transfer A B code=none", "|", "regrant B"},
			"B",
			license.StateActive,
			true,
		},
		"released and reactivated": {
			[]string{"new A", "|", "release A", "reactivate A A@9"},
			"A",
			license.StateReactivated,
			false,
		},
		"transferred":                  {[]string{"new A", "|", "transfer A B"}, "A", license.StateTransferred, false},
		"removed":                      {[]string{"new A", "|", "remove A"}, "A", license.StateRemoved, false},
		"replaced by the vendor":       {[]string{"new A", "|", "replace A B"}, "A", license.StateReplaced, false},
		"the new one of a replacement": {[]string{"new A", "replace A B", "|"}, "B", license.StateActive, false},
		"unknown":                      {[]string{"new A", "|", "end A Unknown"}, "A", license.StateUnknown, false},
		"a state of a newer version":   {[]string{"new A", "|", "end A Lost"}, "A", license.StateLost, false},
		"its end has come: the program sees to it": {
			[]string{"licenses end 2026-11-25", "new A", "|", "clock 48h"},
			"A",
			license.StateActive,
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := servertest.NewWorld(t)
			var known store.License
			for _, step := range row.steps {
				if step == "|" {
					w.Read(func(tx store.Tx) (err error) {
						known, err = tx.Licenses.Get(t.Context(), w.Licenses[row.asks])
						return err
					})
					continue
				}
				w.Prepare(step)
			}
			var now store.License
			stored := func() store.License {
				w.Read(func(tx store.Tx) (err error) { now, err = tx.Licenses.Get(t.Context(), known.ID); return err })
				return now
			}
			before := stored()
			question := newQuestion(api.LicenseCheck{
				SiteCode:       known.Codes.Site.String(),
				MachineID:      known.Codes.Machine.String(),
				ActivationCode: known.Activation.String(),
			})
			anonymous := servertest.Client{Server: w.Server, T: t}
			ask := func() license.Validation {
				status, body := anonymous.Call("POST", fmt.Sprintf("/licenses/%d/validation", known.ID),
					question.body("validation"))
				require.Equal(t, 200, status, string(body))
				return question.verify(t, w.Program.PublicKey, body)
			}
			v := ask()
			file := v.File
			v.File = ""
			want := license.Validation{
				LicenseID: known.ID,
				Site:      known.Codes.Site,
				Nonce:     question.nonce,
				IssuedAt:  w.Clock.Now().Truncate(time.Second),
				State:     row.state,
				Features:  before.Features,
			}
			if before.ExpiresAt != nil {
				want.Ends = *before.ExpiresAt
			}
			require.Equal(t, want, v)
			require.Equal(t, row.fresh, file != "")
			if row.fresh {
				f, err := w.Program.PublicKey.Verify(file)
				require.NoError(t, err)
				require.Equal(t, known.ID, f.ID)
				require.Equal(t, known.Codes, f.Codes)
				require.Equal(t, before.Features, f.Features)
				require.Equal(t, before.Activation, f.ActivationCode)
				question.check.ActivationCode = f.ActivationCode.String()
				require.Empty(t, ask().File, "the program has the current one")
			}

			w.Clock.Advance(2 * time.Minute)
			status, body := anonymous.Call("POST", fmt.Sprintf("/licenses/%d/alive", known.ID), question.body("alive"))
			require.Equal(t, 204, status, string(body))
			if row.state == license.StateActive {
				require.True(t, stored().LastAliveAt.Equal(w.Clock.Now()))
				return
			}
			require.Equal(t, before, stored(), "a license that is not on the PC is not alive")
		})
	}
}

// question is the request of a program about its license.
type question struct {
	check api.LicenseCheck
	nonce license.Nonce
}

func newQuestion(check api.LicenseCheck) *question {
	nonce, err := license.NewNonce(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &question{check, nonce}
}

// body returns the body of the call "alive" or "validation".
func (q *question) body(call string) any {
	if call == "alive" {
		return q.check
	}
	return api.ValidationRequest{LicenseCheck: q.check, Nonce: q.nonce.String()}
}

// verify returns the content of an answer, which has a token and nothing else.
func (q *question) verify(t *testing.T, key license.PublicKey, body []byte) license.Validation {
	t.Helper()
	var members map[string]string
	require.NoError(t, json.Unmarshal(body, &members))
	delete(members, "$schema")
	require.Len(t, members, 1, "everything in an answer is signed")
	v, err := license.VerifyValidation(members["token"], q.nonce, func(id string) (license.PublicKey, bool) {
		return key, id == key.KeyID()
	})
	require.NoError(t, err)
	return v
}

// Requests of programs count for their host, whether the license exists or not. Other hosts are not affected.
func TestValidationsAreLimited(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	var l store.License
	w.Read(func(tx store.Tx) (err error) { l, err = tx.Licenses.Get(t.Context(), w.Licenses["A"]); return err })
	w.Restart(servertest.Proxied, func(o *server.Options) { o.Requests = settings.RequestRate{PerSecond: 1, Burst: 3} })
	good := api.LicenseCheck{
		SiteCode:       l.Codes.Site.String(),
		MachineID:      l.Codes.Machine.String(),
		ActivationCode: l.Activation.String(),
	}
	hosts := 0
	host := func() servertest.Client {
		hosts++
		return servertest.Client{Server: w.Server, T: t}.With("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", hosts))
	}
	for _, call := range []string{"alive", "validation"} {
		for id, want := range map[int64]int{l.ID: map[string]int{"alive": 204, "validation": 200}[call], 88_888_888: 404} {
			from := host()
			for range 3 {
				status, _ := from.Call("POST", fmt.Sprintf("/licenses/%d/%s", id, call), newQuestion(good).body(call))
				require.Equal(t, want, status)
			}
			response := from.Raw("POST", fmt.Sprintf("/licenses/%d/%s", id, call), newQuestion(good).body(call))
			_ = response.Body.Close()
			require.Equal(t, 429, response.StatusCode)
			require.Equal(t, "1", response.Header.Get("Retry-After"))
			status, _ := host().Call("POST", fmt.Sprintf("/licenses/%d/validation", l.ID), newQuestion(good).body("validation"))
			require.Equal(t, 200, status)
		}
	}
}

// The issue time of a license file is the time of the download: a program uses the newer file (spec: files "License
// file").
func TestLicenseFileIsIssuedNow(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	for range 2 {
		w.Clock.Advance(time.Minute)
		response := w.Clients["anna"].Raw("GET", fmt.Sprintf("/licenses/%d/file", w.Licenses["A"]), nil)
		f, err := w.Program.PublicKey.Verify(readAll(t, response))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, w.Clock.Now(), f.IssuedAt)
	}
}

// License files signed with a former key stay valid, and the app gets both keys.
func TestSigningKeyChanges(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	file := func() string {
		response := w.Clients["anna"].Raw("GET", fmt.Sprintf("/licenses/%d/file", w.Licenses["A"]), nil)
		defer response.Body.Close()
		return readAll(t, response)
	}
	old := file()
	_, next, err := servertest.Vendor(w.Server).PrepareKey(t.Context(), w.Program.ID)
	require.NoError(t, err)
	require.Equal(t, old, file(), "a prepared key signs nothing")
	_, err = servertest.Vendor(w.Server).UseKey(t.Context(), w.Program.ID)
	require.NoError(t, err)
	fresh := file()
	_, err = next.Verify(fresh)
	require.NoError(t, err)
	_, err = w.Program.PublicKey.Verify(fresh)
	require.Error(t, err)
	_, body := w.Clients["anna"].Call("GET", "/programs", nil)
	var list api.ProgramList
	require.NoError(t, json.Unmarshal(body, &list))
	p := list.Programs[0]
	require.Equal(t, next.String(), p.PublicKey)
	require.Equal(t, []string{w.Program.PublicKey.String()}, p.FormerKeys)
	former, err := license.ParsePublicKey(p.FormerKeys[0])
	require.NoError(t, err)
	_, err = former.Verify(old)
	require.NoError(t, err)
}

// Bans and options are in force on all servers of a database within seconds, and affect nobody else.
func TestServersAgree(t *testing.T) {
	s := servertest.Start(t, servertest.Proxied)
	first, other := servertest.Client{Server: s, T: t}, servertest.Second(t, s)
	from := func(c servertest.Client, host string) int {
		status, _ := c.With("X-Forwarded-For", host).Call("GET", "/server", nil)
		return status
	}
	require.Equal(t, 200, from(first, "203.0.113.5"))
	require.Equal(t, 200, from(other, "203.0.113.5"))
	_, err := servertest.Vendor(s).AddBan(t.Context(), "203.0.113.5", "", "test", time.Hour)
	require.NoError(t, err)
	_, err = servertest.Vendor(s).AddBan(t.Context(), "2001:db8:1::7", "", "test", 0)
	require.NoError(t, err)
	s.Clock.Advance(3 * time.Second)
	for _, c := range []servertest.Client{first, other} {
		require.Equal(t, 429, from(c, "203.0.113.5"))
		require.Equal(t, 429, from(c, "2001:db8:1::8"), "the network of an IPv6 address is meant")
		require.Equal(t, 200, from(c, "203.0.113.6"))
	}
	response := other.With("X-Forwarded-For", "203.0.113.5").Raw("GET", "/server", nil)
	_ = response.Body.Close()
	require.Equal(t, "3597", response.Header.Get("Retry-After"))
	s.Clock.Advance(time.Hour)
	require.Equal(t, 200, from(other, "203.0.113.5"), "a ban ends")
	require.Equal(t, 429, from(other, "2001:db8:1::7"), "one for good does not")
	_, err = servertest.Vendor(s).LiftBan(t.Context(), "2001:db8:1::9", "")
	require.NoError(t, err)
	s.Clock.Advance(3 * time.Second)
	require.Equal(t, 200, from(first, "2001:db8:1::7"))

	// Failures at one server count at the other, and the vendor can lift the ban.
	require.NoError(t, servertest.Vendor(s).SetOption(t.Context(), "account-failures", "2"))
	s.Clock.Advance(3 * time.Second)
	try := func(c servertest.Client, host, password string) int {
		status, _ := c.With("X-Forwarded-For", host).Call("POST", "/sessions",
			api.SessionRequest{Username: s.Login.Username, Password: password})
		return status
	}
	require.Equal(t, 401, try(first, "203.0.113.7", "wrong password"))
	require.Equal(t, 401, try(other, "203.0.113.8", "wrong password"))
	require.Equal(t, 429, try(first, "203.0.113.9", s.Login.Password))
	bans, err := servertest.Vendor(s).Bans(t.Context())
	require.NoError(t, err)
	require.Len(t, bans, 1)
	require.Equal(t, "failed attempts", bans[0].Reason)
	_, err = servertest.Vendor(s).LiftBan(t.Context(), "", s.Login.Username)
	require.NoError(t, err)
	require.Equal(t, 201, try(other, "203.0.113.9", s.Login.Password))

	// The vendor can ban an account.
	_, err = servertest.Vendor(s).AddBan(t.Context(), "", strings.ToUpper(s.Login.Username), "test", 0)
	require.NoError(t, err)
	s.Clock.Advance(3 * time.Second)
	require.Equal(t, 429, try(first, "203.0.113.10", s.Login.Password))
}

// A host that continues in spite of refusals is banned on every server. Others are not affected (spec: api 11).
func TestFloods(t *testing.T) {
	s := servertest.Start(t, servertest.Proxied, func(o *server.Options) {
		o.Requests = settings.RequestRate{PerSecond: 1, Burst: 5}
	})
	other := servertest.Second(t, s)
	require.NoError(t, servertest.Vendor(s).SetOption(t.Context(), "flood-refusals", "10"))
	c := servertest.Client{Server: s, T: t}
	flood, quiet := c.With("X-Forwarded-For", "203.0.113.5"), c.With("X-Forwarded-For", "203.0.113.6")
	for range 20 {
		flood.Call("GET", "/server", nil)
	}
	status, _ := quiet.Call("GET", "/server", nil)
	require.Equal(t, 200, status)
	s.Clock.Advance(3 * time.Second)
	response := other.With("X-Forwarded-For", "203.0.113.5").Raw("GET", "/server", nil)
	_ = response.Body.Close()
	require.Equal(t, 429, response.StatusCode)
	require.Equal(t, "597", response.Header.Get("Retry-After"))
	bans, err := servertest.Vendor(s).Bans(t.Context())
	require.NoError(t, err)
	require.Len(t, bans, 1)
	require.Equal(t, "server", bans[0].MadeBy)
	s.Clock.Advance(10 * time.Minute)
	status, _ = flood.Call("GET", "/server", nil)
	require.Equal(t, 200, status)
}

// Concurrent guesses get no more answers than sequential ones (spec: api 11).
func TestConcurrentGuesses(t *testing.T) {
	s := servertest.Start(t, servertest.Proxied)
	other := servertest.Second(t, s)
	var mu sync.Mutex
	answers := map[int]int{}
	var group sync.WaitGroup
	for n := range 40 {
		c := servertest.Client{Server: s, T: t}
		if n%2 == 1 {
			c = other
		}
		group.Go(func() {
			status, _ := c.With("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n)).Call("POST", "/sessions", api.SessionRequest{
				Username: "anna",
				Password: fmt.Sprintf("guess number %d", n),
			})
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
		})
	}
	group.Wait()
	require.Equal(t, map[int]int{401: 10, 429: 30}, answers)
}

// A forwarded address counts only if a trusted proxy sends it (spec: api "Who may call").
func TestForwardedAddresses(t *testing.T) {
	s := servertest.Start(t, func(o *server.Options) { o.Requests = settings.RequestRate{PerSecond: 1, Burst: 2} })
	status := 0
	for n := range 3 {
		status, _ = servertest.Client{Server: s, T: t}.With("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n)).Call("GET",
			"/server", nil)
	}
	require.Equal(t, 429, status)
	require.NotContains(t, s.Log.String(), "203.0.113.")
}

// witness records every refusal.
type witness struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *witness) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		if rec.Code >= 400 {
			w.mu.Lock()
			fmt.Fprintln(&w.text, rec.Header(), rec.Body)
			w.mu.Unlock()
		}
		for name, values := range rec.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(rec.Code)
		_, _ = rw.Write(rec.Body.Bytes())
	})
}

// Logs, audit trail, refusals, metrics and a copy of the database contain no secret of the sample data (spec: codes
// "Keys of a program", api 14).
func TestSecretsDoNotLeak(t *testing.T) {
	var counted *metrics.Metrics
	w := servertest.NewWorld(t, counting(&counted))
	seen := &witness{}
	watched := httptest.NewServer(seen.watch(w.HTTP.Config.Handler))
	t.Cleanup(watched.Close)
	w.URL = watched.URL

	// Every call with a secret is made with a right and a wrong one.
	secrets := map[string]string{"password": w.Login.Password}
	anna := w.Clients["anna"]
	secrets["access token"] = anna.Token
	status, body := anna.Call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: w.Login.Password})
	require.Equal(t, 201, status)
	var session api.Session
	require.NoError(t, json.Unmarshal(body, &session))
	secrets["second access token"], secrets["refresh token"] = session.AccessToken, session.RefreshToken
	secrets["wrong password"] = "not the right password"
	anna.Call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: secrets["wrong password"]})
	secrets["password as a user name"] = "typed into the wrong field"
	anna.Call("POST", "/sessions", api.SessionRequest{Username: secrets["password as a user name"], Password: "x"})
	program, serial := w.Serial("701")
	secrets["serial"] = serial
	redeem := func(serial string) (int, []byte) {
		w.Clock.Advance(10 * time.Second)
		return anna.Keyed().Call("POST", "/orders", api.NewOrder{
			ProgramID:    program,
			SerialNumber: serial,
			Verification: w.Picture("anna"),
		})
	}
	status, body = redeem(serial)
	require.Equal(t, 201, status, string(body))
	_, secrets["unknown serial"] = w.Serial("unknown")
	redeem(secrets["unknown serial"])
	redeem(serial)
	var sold store.Order
	w.Read(func(tx store.Tx) (err error) { sold, err = tx.Orders.Get(t.Context(), sample.WithSerial); return err })
	var err error
	secrets["serial of the sample"], err = w.Secrets.Serial(w.Program, sold)
	require.NoError(t, err)
	link := w.AskForLink("anna")[0]
	secrets["reset token"] = link[strings.Index(link, "=")+1:]
	w.Prepare("new A")
	secrets["removal code"] = w.RemovalCode("A")
	anna.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/release", w.Licenses["A"]),
		api.Release{RemovalCode: "0" + secrets["removal code"][1:]})
	anna.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/release", w.Licenses["A"]),
		api.Release{RemovalCode: secrets["removal code"]})
	anna.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/removal", w.Licenses["A"]),
		api.Removal{RemovalCode: "0" + secrets["removal code"][1:]})
	anna.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/email", w.Licenses["A"]),
		api.EmailRequest{To: []string{"it@lumen.example"}})
	anna.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/removal", w.Licenses["A"]),
		api.Removal{RemovalCode: secrets["removal code"]})
	secrets["new password"] = "another good password"
	anna.Call("PUT", "/account/password", api.PasswordChange{
		CurrentPassword: "wrong once more",
		NewPassword:     secrets["new password"],
	})
	anna.Call("PUT", "/account/password", api.PasswordChange{
		CurrentPassword: w.Login.Password,
		NewPassword:     secrets["new password"],
	})
	secrets["not a token"] = strings.Repeat("t", 43)
	servertest.Client{Server: w.Server, T: t, Token: secrets["not a token"]}.Call("GET", "/orders", nil)

	raw := map[string][]byte{}
	w.Read(func(tx store.Tx) error {
		programs, err := tx.Programs.List(t.Context())
		for _, p := range programs {
			activation, err := w.Secrets.ActivationKey(p)
			require.NoError(t, err)
			seed, err := w.Secrets.SerialSeed(p)
			require.NoError(t, err)
			signing, err := w.Secrets.SigningKey(p)
			require.NoError(t, err)
			a, q, s := activation.Bytes(), seed.Bytes(), signing.Seed()
			raw[p.Name+" activation key"], raw[p.Name+" serial seed"], raw[p.Name+" signing key"] = a[:], q[:], s[:]
		}
		return err
	})
	master, err := os.ReadFile(filepath.Join(w.Folder(), "master.key"))
	require.NoError(t, err)
	raw["master key"], err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(master)))
	require.NoError(t, err)
	for name, key := range raw {
		secrets[name], secrets[name+" in hex"], secrets[name+" in base64"] = string(key), hex.EncodeToString(key),
			base64.StdEncoding.EncodeToString(key)
	}

	var trail strings.Builder
	for _, line := range servertest.AuditTrail(t, w.Server) {
		fmt.Fprintf(&trail, "%+v\n", line)
	}
	places := map[string]string{
		"log":                  w.Log.String(),
		"audit trail":          trail.String(),
		"refusals":             seen.text.String(),
		"metrics":              scrape(t, counted),
		"copy of the database": w.Dump(),
	}
	for name, text := range places {
		require.NotEmpty(t, text, name)
	}
	require.Contains(t, places["copy of the database"], "anna", "the copy is whole")
	require.Contains(t, places["refusals"], api.ErrSerialInUse)
	for name, secret := range secrets {
		require.GreaterOrEqual(t, len(secret), 10, name)
		for place, text := range places {
			for form, value := range map[string]string{
				"":               secret,
				"without dashes": strings.ReplaceAll(secret, "-", ""),
				"in lower case":  strings.ToLower(secret),
			} {
				require.False(t, strings.Contains(text, value), "the %s stands in the %s %s", name, place, form)
			}
		}
	}
}

// The vendor cannot use the Site code of another PC either. Only the same codes are "in use" (spec: api 21).
func TestReplacementWithTheSiteCodeOfAnotherPC(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	w.Prepare("new T")
	for _, row := range []struct {
		of, pc string
		want   api.Code
	}{
		{"A", "U", api.ErrSiteCodeSpent},
		{"T", "U", api.ErrSiteCodeSpent},
		{"A", "T", api.ErrSiteCodeInUse},
		{"T", "T", api.ErrSiteCodeInUse},
	} {
		before := w.Tables()
		request := api.Reactivation{SiteMID: servertest.CodesOf(w.Program.Signature, row.pc).Merged()}
		_, err := servertest.Vendor(w.Server).ReplaceLicense(t.Context(), w.Licenses[row.of], request)
		require.ErrorIs(t, err, row.want, "%s by %s", row.of, row.pc)
		require.Equal(t, before, w.Tables())
	}
}
