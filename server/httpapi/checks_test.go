package httpapi_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
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
			status, header, body := servertest.ReadStable(t,
				anonymous.Raw("POST", fmt.Sprintf("/licenses/%d/%s", id, call), newQuestion(r).body(call)))
			require.Equal(t, 404, status, name)
			_, missingHeader, missing := servertest.ReadStable(t,
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
