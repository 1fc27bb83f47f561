package protect_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

// fakeServer is a server with configurable answers that records its questions.
type fakeServer struct {
	*httptest.Server
	paths  []string
	bodies []string
	status int
	kind   string
	answer func(question) string // the body
}

// question is a question of a program.
type question struct {
	id    int64
	site  license.SiteCode
	nonce license.Nonce
}

// active returns the content of a genuine answer.
func (q question) active() license.Validation {
	return license.Validation{
		LicenseID: q.id,
		Site:      q.site,
		Nonce:     q.nonce,
		IssuedAt:  noon,
		State:     license.StateActive,
		Features:  1,
	}
}

// tokenOf returns the body of an answer with a token signed with a key.
func tokenOf(k license.SigningKey, v license.Validation) string {
	token, err := k.SignValidation(v)
	if err != nil {
		panic(err)
	}
	return bodyOf(token)
}

func bodyOf(token string) string {
	body, err := json.Marshal(map[string]any{"token": token, "new_in_future": true})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func (d *fixture) server() *fakeServer {
	a := &fakeServer{status: 200, kind: "application/json"}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.paths, a.bodies = append(a.paths, r.Method+" "+r.URL.Path), append(a.bodies, string(body))
		w.Header().Set("Content-Type", a.kind)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.answer(readQuestion(r.URL.Path, body)))
	}))
	d.t.Cleanup(a.Close)
	d.program.Validation = protect.Validation{Server: a.URL, Grace: 7 * 24 * time.Hour}
	return a
}

// readQuestion parses a question; an invalid part is zero, so that an answer with it is refused.
func readQuestion(path string, body []byte) (q question) {
	_, _ = fmt.Sscanf(path, "/api/v1/licenses/%d/validation", &q.id)
	var members map[string]string
	_ = json.Unmarshal(body, &members)
	q.site, _ = license.ParseSiteCode(members["site_code"])
	q.nonce, _ = license.ParseNonce(members["nonce"])
	return q
}

// says makes the server give genuine answers.
func (a *fakeServer) says(state license.ValidationState, at time.Time, file string) {
	a.answer = func(q question) string {
		v := q.active()
		v.State, v.IssuedAt, v.File = state, at, file
		return tokenOf(signing, v)
	}
}

func (a *fakeServer) saysText(body string) { a.answer = func(question) string { return body } }

func TestValidate(t *testing.T) {
	d := newFixture(t)
	_, err := d.open().Validate(t.Context())
	require.ErrorIs(t, err, protect.ErrNoServer)
	server := d.server()
	l := d.open()
	_, err = l.Validate(t.Context())
	require.ErrorIs(t, err, protect.ErrNothingToValidate)

	f := d.license()
	d.put(d.sign(signing, f))
	require.Equal(t, protect.ValidationDue, l.Check(t.Context()).Kind, "ten days old, seven are allowed")
	server.says("Active", noon, "")
	v, err := l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid())
	require.Equal(t, []string{"POST /api/v1/licenses/7/validation"}, server.paths)
	nonce := readQuestion("", []byte(server.bodies[0])).nonce
	require.JSONEq(t, fmt.Sprintf(`{"site_code":%q,"machine_id":%q,"activation_code":%q,"nonce":%q}`,
		f.Codes.Site, f.Codes.Machine, f.ActivationCode, nonce), server.bodies[0])
	require.True(t, d.open().Verdict().Valid())
	d.now = noon.AddDate(0, 0, 8)
	require.Equal(t, protect.ValidationDue, d.open().Verdict().Kind)

	// No answer, and an answer without meaning, change nothing.
	removed := func(q question) string {
		v := q.active()
		v.State = license.StateRemoved
		return tokenOf(signing, v)
	}
	good := `{"state":"Active","features":1,"checked_at":"2026-12-03T12:00:00Z"}`
	for name, c := range map[string]struct {
		status       int
		kind, answer string // "" is the genuine answer
	}{
		"not found":      {404, "application/problem+json", `{"code":"STATUS_NOT_FOUND"}`},
		"license ended":  {409, "application/problem+json", `{"code":"STATUS_LICENSE_ENDED"}`},
		"failed":         {500, "text/html", "<html>"},
		"redirected":     {307, "application/json", ""},
		"another status": {201, "application/json", ""},
		"no content":     {204, "application/json", ""},
		"a portal":       {200, "text/html", ""},
		"no JSON":        {200, "application/json", "{"},
		"no token":       {200, "application/json", "{}"},
		"a list":         {200, "application/json", "[]"},
		"a plain answer": {200, "application/json", good},
		"too large":      {200, "application/json", `{"x":"` + strings.Repeat("x", 1<<20) + `"}`},
	} {
		server.status, server.kind, server.answer = c.status, c.kind, removed
		if c.answer != "" {
			server.saysText(c.answer)
		}
		v, err := l.Validate(t.Context())
		require.Error(t, err, name)
		require.Equal(t, protect.ValidationDue, v.Kind, name)
	}
	server.status, server.kind = 200, "application/json"

	// The license has ended: immediately, and at every later start without the server.
	for _, state := range []license.ValidationState{
		license.StateReleased, license.StateRemoved, license.StateReactivated, license.StateTransferred,
		license.StateReplaced,
		license.StateLost, license.StateUnknown, "active", "a word\x00 of the future",
	} {
		server.says(state, d.now, "")
		v, err = l.Validate(t.Context())
		require.NoError(t, err)
		require.Equal(t, protect.Ended, v.Kind, state)
		require.Equal(t, protect.Ended, d.open().Verdict().Kind, state)
		server.says(license.StateActive, d.now, "")
		_, err = l.Validate(t.Context())
		require.NoError(t, err)
		require.True(t, d.open().Verdict().Valid(), state)
	}
	server.says(license.StateRemoved, d.now, "")
	_, err = l.Validate(t.Context())
	require.NoError(t, err)
	// The vendor reverts a mistake.
	server.says("Active", d.now, "")
	v, err = l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid())
	server.Close()
	v, err = l.Validate(t.Context())
	require.ErrorContains(t, err, "cannot be reached")
	require.True(t, v.Valid())
}

// An attacker with a certificate and a proxy can forge any answer, and replay genuine answers to other questions.
// None of these has an effect: a license that is due stays due, one that has ended stays ended, and one that is valid
// stays valid (spec: codes "Validation answer").
func TestForgedAnswers(t *testing.T) {
	change := func(fn func(*license.Validation)) func(question) string {
		return func(q question) string {
			v := q.active()
			fn(&v)
			return tokenOf(signing, v)
		}
	}
	other, err := license.NewNonce(strings.NewReader("0123456789abcdef"))
	require.NoError(t, err)
	var first license.Nonce // of the first question
	rows := map[string]struct {
		answer func(question) string
		says   error // in addition to ErrNotSigned; may be nil
	}{
		"a plain answer":        {func(question) string { return `{"state":"Active","features":65535}` }, nil},
		"a plain answer beside": {func(question) string { return `{"state":"Active","token":""}` }, nil},
		"a token that is none":  {func(question) string { return bodyOf("Active") }, license.ErrValidationDamaged},
		"a key of their own":    {func(q question) string { return tokenOf(strange, q.active()) }, license.ErrValidationKey},
		"a replayed answer":     {change(func(v *license.Validation) { v.Nonce = first }), license.ErrValidationNonce},
		"another nonce":         {change(func(v *license.Validation) { v.Nonce = other }), license.ErrValidationNonce},
		"no nonce": {change(func(v *license.Validation) {
			v.Nonce = license.Nonce{}
		}), license.ErrValidationNonce},
		"another license":   {change(func(v *license.Validation) { v.LicenseID++ }), nil},
		"another Site code": {change(func(v *license.Validation) { v.Site++ }), nil},
		"the program's own name": {func(q question) string {
			return forgedKeyID(t, tokenOf(strange, q.active()))
		}, license.ErrValidationSignature},
		"a changed answer": {func(q question) string {
			body := tokenOf(signing, q.active())
			return strings.Replace(body, "v4.public.ey", "v4.public.fy", 1)
		}, license.ErrValidationSignature},
		"a receipt": {func(q question) string {
			token, err := signing.SignReceipt(license.Receipt{
				LicenseID: q.id,
				Site:      q.site,
				Task:      license.ReceiptRemoval,
				IssuedAt:  noon,
				Epoch:     "zBMwJXmKSbV8pTjmIWxOwQ",
			})
			require.NoError(t, err)
			return bodyOf(token)
		}, license.ErrValidationSignature},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			d := newFixture(t)
			server := d.server()
			d.put(d.sign(signing, d.license(func(f *license.File) { f.IssuedAt = noon })))
			l := d.open()
			forged := func(want protect.Kind) {
				t.Helper()
				server.answer = row.answer
				before := d.kept()
				v, err := l.Validate(t.Context())
				require.ErrorIs(t, err, protect.ErrNotSigned)
				if row.says != nil {
					require.ErrorIs(t, err, row.says)
				}
				require.Equal(t, want, v.Kind)
				require.Equal(t, want, d.open().Verdict().Kind)
				require.Equal(t, before, d.kept(), "nothing is written")
			}
			server.says(license.StateActive, noon, "")
			_, err := l.Validate(t.Context())
			require.NoError(t, err)
			first = readQuestion("", []byte(server.bodies[0])).nonce

			forged(protect.Valid)
			d.now = noon.AddDate(0, 0, 8)
			l.Check(t.Context())
			forged(protect.ValidationDue)
			server.says(license.StateRemoved, d.now, "")
			_, err = l.Validate(t.Context())
			require.NoError(t, err)
			forged(protect.Ended)
		})
	}
}

// kept returns what is stored about the program's license, except for the latest time.
func (d *fixture) kept() (contacts []installed.Contact) { return d.store.Contacts(signature) }

// forgedKeyID replaces the footer of the token in a body with that of the program's key.
func forgedKeyID(t *testing.T, body string) string {
	t.Helper()
	var reply map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &reply))
	parts := strings.Split(reply["token"].(string), ".")
	parts[3] = base64.RawURLEncoding.EncodeToString([]byte(`{"kid":"` + signing.Public().KeyID() + `"}`))
	return bodyOf(strings.Join(parts, "."))
}

// Every question has a new nonce, also after an invalid answer and in another run.
func TestNonces(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	d.put(d.sign(signing, d.license()))
	server.says(license.StateActive, noon, "")
	for range 3 {
		l := d.open()
		for _, status := range []int{200, 503, 200} {
			server.status = status
			_, _ = l.Validate(t.Context())
		}
	}
	seen := map[license.Nonce]bool{}
	for _, body := range server.bodies {
		seen[readQuestion("", []byte(body)).nonce] = true
	}
	require.Len(t, seen, 9)
	require.NotContains(t, seen, license.Nonce{})

	d.options.Rand = strings.NewReader("short")
	_, err := d.open().Validate(t.Context())
	require.ErrorContains(t, err, "nonce")
	require.Len(t, server.bodies, 9, "without a nonce nothing is asked")
}

// An answer may be signed with any key of the program, like a license file, and its time is not checked (spec: codes
// "Validation answer").
func TestAnswersOfFormerKeys(t *testing.T) {
	for _, at := range []time.Time{noon, noon.AddDate(-30, 0, 0), noon.AddDate(30, 0, 0)} {
		d := newFixture(t)
		server := d.server()
		d.put(d.sign(signing, d.license()))
		l := d.open()
		require.Equal(t, protect.ValidationDue, l.Verdict().Kind)
		server.answer = func(q question) string {
			v := q.active()
			v.State, v.IssuedAt, v.Ends = license.StateRemoved, at, at.AddDate(-1, 0, 0)
			return tokenOf(former, v)
		}
		v, err := l.Validate(t.Context())
		require.NoError(t, err)
		require.Equal(t, protect.Ended, v.Kind)
	}
}

// The vendor extended the license: the program receives the new license file, and only one of this license.
func TestRenewal(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	f := d.license(ends(noon.Add(-time.Hour)))
	d.put(d.sign(signing, f))
	l := d.open()
	require.Equal(t, protect.Expired, l.Verdict().Kind)
	renew := func(change ...func(*license.File)) license.File {
		return d.license(append([]func(*license.File){ends(noon.AddDate(1, 0, 0)), func(f *license.File) {
			f.IssuedAt = noon
		}}, change...)...)
	}
	for name, file := range map[string]string{
		"damaged": "v4.public.x", "forged": d.sign(strange, renew()), "another license": d.sign(signing, renew(id(8))),
		"another PC": d.sign(signing, renew(func(f *license.File) { f.Codes = signature.Key().Codes(1, 1) })),
	} {
		server.says("Active", noon, file)
		v, err := l.Validate(t.Context())
		require.ErrorContains(t, err, "not this license's", name)
		require.Equal(t, protect.Expired, v.Kind, name)
	}
	server.says("Active", noon, d.sign(signing, renew(func(f *license.File) { f.Features = 0xFF })))
	v, err := l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid() && v.Has(7))
	require.Equal(t, v, d.open().Verdict())
	files, err := d.store.Files(signature)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

// The server's time corrects a latest time that a wrong clock left, and reveals a wrong clock.
func TestServerTime(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	d.put(d.sign(signing, d.license(ends(noon.AddDate(1, 0, 0)))))
	d.now = noon.AddDate(50, 0, 0)
	require.Equal(t, protect.Expired, d.open().Verdict().Kind)
	d.now = noon
	l := d.open()
	require.Equal(t, protect.ClockSetBack, l.Verdict().Kind)
	server.says("Active", noon, "")
	v, err := l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid(), v.Text)
	server.says("Active", noon.AddDate(0, 0, 20), "")
	v, err = l.Validate(t.Context())
	require.NoError(t, err)
	require.Equal(t, protect.ClockSetBack, v.Kind)
}

// An answer that cannot be stored is valid for the running program.
func TestFullDisk(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	f := d.license(func(f *license.File) { f.IssuedAt = noon })
	d.put(d.sign(signing, f))
	d.open()
	d.options.Disk = refusing{}
	l := d.open()
	require.True(t, l.Verdict().Valid())
	server.says("Removed", noon, "")
	v, err := l.Validate(t.Context())
	require.NoError(t, err)
	require.Equal(t, protect.Ended, v.Kind)
	require.Equal(t, protect.Ended, l.Check(t.Context()).Kind)
}

func TestWatch(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	f := d.license(ends(noon.AddDate(0, 0, 4)), func(f *license.File) { f.IssuedAt = noon })
	d.put(d.sign(signing, f))
	require.NoError(t, d.store.SetContact(t.Context(), signature, installed.Contact{
		LicenseID: f.ID,
		Site:      f.Codes.Site,
		At:        noon,
	}))
	server.says("Active", noon, "")
	type unreadable struct {
		after time.Duration
		kind  protect.Kind
		calls int
	}
	var story []unreadable
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var pauses []time.Duration
	d.options.Pause = func(_ context.Context, wait time.Duration) error {
		pauses = append(pauses, wait)
		d.now = d.now.Add(wait)
		switch since := d.now.Sub(noon); {
		case since >= 5*24*time.Hour:
			cancel()
		case since >= 3*24*time.Hour:
			server.says("Active", d.now, "")
			server.status = 200
		case since >= 36*time.Hour:
			server.status = 503
		}
		return ctx.Err()
	}
	l := d.open()
	l.Watch(ctx, func(v protect.Verdict) { story = append(story, unreadable{d.now.Sub(noon), v.Kind, len(server.paths)}) })

	require.Empty(t, longPauses(pauses, time.Hour), "it looks at the clock at least every hour")
	last := story[len(story)-1]
	require.Equal(t, protect.Expired, last.kind, "the end of a license while the program runs is reported")
	require.GreaterOrEqual(t, last.after, 4*24*time.Hour)
	require.Less(t, last.after, 4*24*time.Hour+time.Hour)
	for _, s := range story[:len(story)-1] {
		require.Equal(t, protect.Valid, s.kind, "a server that is away ends nothing within the grace")
	}
	require.Zero(t, story[0].calls, "the server was asked a moment ago")
	require.Greater(t, len(server.paths), 20, "after a failure it is asked again soon")
	require.Less(t, len(server.paths), 60, "and not too often")
}

// longPauses returns the pauses that are longer than limit.
func longPauses(pauses []time.Duration, limit time.Duration) (list []time.Duration) {
	for _, p := range pauses {
		if p > limit {
			list = append(list, p)
		}
	}
	return list
}

// Retry-After is respected, up to a limit.
func TestWatchRetryAfter(t *testing.T) {
	for seconds, want := range map[string]time.Duration{"7200": 2 * time.Hour, "999999999999": 24 * time.Hour,
		"-5": time.Minute} {
		d := newFixture(t)
		server := d.server()
		d.put(d.sign(signing, d.license()))
		server.status = 429
		server.saysText(`{"retry_after":` + seconds + `}`)
		var second time.Duration
		d.options.Pause = func(_ context.Context, wait time.Duration) error {
			if len(server.paths) == 2 {
				second = d.now.Sub(noon)
				return errors.New("enough")
			}
			d.now = d.now.Add(wait)
			return nil
		}
		d.open().Watch(t.Context(), func(protect.Verdict) {})
		require.GreaterOrEqual(t, second, want, seconds)
		require.LessOrEqual(t, second, want*5/4, seconds)
	}
}

// Watch does not poll fast while there is no license to validate.
func TestWatchWithoutLicense(t *testing.T) {
	for name, prepare := range map[string]func(*fixture){
		"no license":             func(*fixture) {},
		"unknown key":            func(d *fixture) { d.put(d.sign(strange, d.license())) },
		"state of newer version": func(d *fixture) { d.write(d.store.StatePath(signature), `{"version":2}`) },
	} {
		d := newFixture(t)
		server := d.server()
		prepare(d)
		var pauses []time.Duration
		d.options.Pause = func(_ context.Context, wait time.Duration) error {
			pauses = append(pauses, wait)
			d.now = d.now.Add(wait)
			if len(pauses) == 3 {
				return errors.New("enough")
			}
			return nil
		}
		d.open().Watch(t.Context(), func(protect.Verdict) {})
		require.Equal(t, []time.Duration{time.Hour, time.Hour, time.Hour}, pauses, name)
		require.Empty(t, server.paths, name)
	}
}

// A clock that is set back does not delay a validation that may correct it.
func TestWatchWithClockSetBack(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	d.put(d.sign(signing, d.license(ends(noon.AddDate(1, 0, 0)), func(f *license.File) { f.IssuedAt = noon })))
	server.says("Active", noon, "")
	var kinds []protect.Kind
	d.options.Pause = func(context.Context, time.Duration) error {
		if len(server.paths) == 2 {
			return errors.New("enough")
		}
		d.now = noon.AddDate(0, 0, -5)
		return nil
	}
	l := d.open()
	l.Watch(t.Context(), func(v protect.Verdict) { kinds = append(kinds, v.Kind) })
	require.Len(t, server.paths, 2)
	require.Equal(t, []protect.Kind{protect.ClockSetBack}, kinds)
}

// Without a server, too, Watch reports a license that ends while the program runs, and it ends with its context.
func TestWatchWithoutServer(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license(ends(noon.Add(90*time.Minute)))))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.options.Pause = func(ctx context.Context, wait time.Duration) error {
		if ctx.Err() == nil {
			d.now = d.now.Add(wait)
		}
		return ctx.Err()
	}
	d.open().Watch(ctx, func(v protect.Verdict) {
		require.Equal(t, protect.Expired, v.Kind)
		cancel()
	})
	require.Equal(t, noon.Add(2*time.Hour), d.now)
}

// A call that blocks ends with its context, and meanwhile the program continues its checks.
func TestHangingServer(t *testing.T) {
	d := newFixture(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(arrived); <-release }))
	defer h.Close()
	defer close(release)
	d.program.Validation = protect.Validation{Server: h.URL}
	d.put(d.sign(signing, d.license()))
	l := d.open()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { _, err := l.Validate(ctx); done <- err }()
	<-arrived
	require.True(t, l.Check(t.Context()).Valid())
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}
