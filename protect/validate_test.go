package protect_test

import (
	"context"
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

// asked is a server that answers as told, and what it was asked.
type asked struct {
	*httptest.Server
	paths  []string
	bodies []string
	status int
	kind   string
	answer string
}

func (d *desk) server() *asked {
	a := &asked{status: 200, kind: "application/json"}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.paths, a.bodies = append(a.paths, r.Method+" "+r.URL.Path), append(a.bodies, string(body))
		w.Header().Set("Content-Type", a.kind)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.answer)
	}))
	d.t.Cleanup(a.Close)
	d.program.Validation = protect.Validation{Server: a.URL, Grace: 7 * 24 * time.Hour}
	return a
}

func (a *asked) says(state string, at time.Time, file string) {
	content, err := json.Marshal(map[string]any{"state": state, "checked_at": at, "license_file": file, "features": 1, "new_in_future": true})
	if err != nil {
		panic(err)
	}
	a.answer = string(content)
}

func TestValidate(t *testing.T) {
	d := newDesk(t)
	_, err := d.open().Validate(t.Context())
	require.ErrorIs(t, err, protect.ErrNoServer)
	server := d.server()
	l := d.open()
	_, err = l.Validate(t.Context())
	require.ErrorIs(t, err, protect.ErrNotAsked)

	f := d.license()
	d.put(d.sign(signing, f))
	require.Equal(t, protect.ValidationDue, l.Check(t.Context()).Kind, "ten days old, seven are allowed")
	server.says("Active", noon, "")
	v, err := l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid())
	require.Equal(t, []string{"POST /api/v1/licenses/7/validation"}, server.paths)
	require.JSONEq(t, fmt.Sprintf(`{"site_code":%q,"machine_id":%q,"activation_code":%q}`, f.Codes.Site, f.Codes.Machine, f.ActivationCode), server.bodies[0])
	require.True(t, d.open().Verdict().Valid())
	d.now = noon.AddDate(0, 0, 8)
	require.Equal(t, protect.ValidationDue, d.open().Verdict().Kind)

	// No answer, or one that says nothing, changes nothing.
	server.says("Removed", d.now, "")
	good := server.answer
	for name, c := range map[string]struct {
		status       int
		kind, answer string
	}{
		"not found": {404, "application/problem+json", `{"code":"STATUS_NOT_FOUND"}`}, "failed": {500, "text/html", "<html>"}, "redirected": {307, "application/json", good},
		"a portal": {200, "text/html", good}, "no JSON": {200, "application/json", "{"}, "no state": {200, "application/json", "{}"}, "a list": {200, "application/json", "[]"},
		"too large": {200, "application/json", strings.TrimSuffix(good, "}") + `,"x":"` + strings.Repeat("x", 1<<20) + `"}`}, "no content": {204, "application/json", ""},
	} {
		server.status, server.kind, server.answer = c.status, c.kind, c.answer
		v, err := l.Validate(t.Context())
		require.Error(t, err, name)
		require.Equal(t, protect.ValidationDue, v.Kind, name)
	}
	server.status, server.kind = 200, "application/json"

	// The license has ended: at once, and at every later start without the server.
	for _, state := range []string{"Removed", "Released", "Transferred", "a word\x00 of the future"} {
		server.says(state, d.now, "")
		v, err = l.Validate(t.Context())
		require.NoError(t, err)
		require.Equal(t, protect.Ended, v.Kind, state)
		require.Equal(t, protect.Ended, d.open().Verdict().Kind, state)
	}
	// It was a mistake of the vendor's.
	server.says("Active", d.now, "")
	v, err = l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid())
	server.Close()
	v, err = l.Validate(t.Context())
	require.ErrorContains(t, err, "cannot be reached")
	require.True(t, v.Valid())
}

// The vendor has extended the license: the program gets the new license file, and only one that is this license's.
func TestRenewal(t *testing.T) {
	d := newDesk(t)
	server := d.server()
	f := d.license(ends(noon.Add(-time.Hour)))
	d.put(d.sign(signing, f))
	l := d.open()
	require.Equal(t, protect.Expired, l.Verdict().Kind)
	renew := func(change ...func(*license.File)) license.File {
		return d.license(append([]func(*license.File){ends(noon.AddDate(1, 0, 0)), func(f *license.File) { f.IssuedAt = noon }}, change...)...)
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

// The server's time puts the latest time right that a wrong clock has left, and shows a clock that is wrong.
func TestServerTime(t *testing.T) {
	d := newDesk(t)
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

// What the server said holds for the running program when it cannot be written down.
func TestFullDisk(t *testing.T) {
	d := newDesk(t)
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
	d := newDesk(t)
	server := d.server()
	f := d.license(ends(noon.AddDate(0, 0, 4)), func(f *license.File) { f.IssuedAt = noon })
	d.put(d.sign(signing, f))
	require.NoError(t, d.store.SetContact(t.Context(), signature, installed.Contact{LicenseID: f.ID, Site: f.Codes.Site, At: noon}))
	server.says("Active", noon, "")
	type told struct {
		after time.Duration
		kind  protect.Kind
		calls int
	}
	var story []told
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
	l.Watch(ctx, func(v protect.Verdict) { story = append(story, told{d.now.Sub(noon), v.Kind, len(server.paths)}) })

	require.Empty(t, goneBy(pauses, time.Hour), "it looks at the clock at least every hour")
	last := story[len(story)-1]
	require.Equal(t, protect.Expired, last.kind, "a license that ends while the program runs is told")
	require.GreaterOrEqual(t, last.after, 4*24*time.Hour)
	require.Less(t, last.after, 4*24*time.Hour+time.Hour)
	for _, s := range story[:len(story)-1] {
		require.Equal(t, protect.Valid, s.kind, "a server that is away ends nothing within the grace")
	}
	require.Zero(t, story[0].calls, "the server was asked a moment ago")
	require.Greater(t, len(server.paths), 20, "after a failure it is asked again soon")
	require.Less(t, len(server.paths), 60, "and not too often")
}

// goneBy are the pauses that are longer than limit.
func goneBy(pauses []time.Duration, limit time.Duration) (list []time.Duration) {
	for _, p := range pauses {
		if p > limit {
			list = append(list, p)
		}
	}
	return list
}

// A server that names a time is not asked before; the wait that it can ask for is bounded.
func TestWatchWaitsAsLongAsItIsTold(t *testing.T) {
	for seconds, want := range map[string]time.Duration{"7200": 2 * time.Hour, "999999999999": 24 * time.Hour, "-5": time.Minute} {
		d := newDesk(t)
		server := d.server()
		d.put(d.sign(signing, d.license()))
		server.status, server.answer = 429, `{"retry_after":`+seconds+`}`
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

// Watch does not hurry while there is nothing that the server could be asked about.
func TestWatchWithNothingToAsk(t *testing.T) {
	for name, prepare := range map[string]func(*desk){
		"no license":             func(*desk) {},
		"unknown key":            func(d *desk) { d.put(d.sign(strange, d.license())) },
		"state of newer version": func(d *desk) { d.write(d.store.StatePath(signature), `{"version":2}`) },
	} {
		d := newDesk(t)
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

// A clock that is set back does not put off what may set it right.
func TestWatchWithClockSetBack(t *testing.T) {
	d := newDesk(t)
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

// Without a server, too, a license that ends while the program runs is told, and the end of the context ends all.
func TestWatchWithoutServer(t *testing.T) {
	d := newDesk(t)
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

// A call that hangs ends with its context, and the program goes on checking meanwhile.
func TestHangingServer(t *testing.T) {
	d := newDesk(t)
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
