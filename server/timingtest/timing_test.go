// Package timingtest tests that neither the answers nor their times reveal whether an account, a serial number or
// another client's license exists.
package timingtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// timing compares the times of two kinds of requests that were measured alternately, so that other load on the machine
// affects both.
type timing struct {
	pairs int
	// ratio is the ratio of the lower quartiles, which other load affects least; it is at least 1.
	ratio float64
	// sooner is the share of pairs in which the first kind is faster, as in the rank sum test: 0.5 means no difference.
	sooner float64
}

// reveals reports whether time reveals the kind of a request. Both order and size must differ: on an idle machine, a
// tiny difference such as reading one row may always have the same order. Smaller differences are found by the list of
// lookups.
func (t timing) reveals() bool { return t.ratio > 1.3 && (t.sooner < 0.4 || t.sooner > 0.6) }

// conclusive reports whether more pairs would not change the result.
func (t timing) conclusive() bool { return t.sooner < 0.15 || t.sooner > 0.85 }

func newTiming(a, b []time.Duration) timing {
	quartile := func(list []time.Duration) float64 { return float64(slices.Sorted(slices.Values(list))[len(list)/4]) }
	out := timing{pairs: len(a), ratio: quartile(a) / quartile(b)}
	out.ratio = max(out.ratio, 1/out.ratio)
	for _, x := range a {
		for _, y := range b {
			switch {
			case x < y:
				out.sooner++
			case x == y:
				out.sooner += 0.5
			}
		}
	}
	out.sooner /= float64(len(a) * len(b))
	return out
}

// makeRequest returns the next request of one kind. Its preparation is not measured.
type makeRequest func() *http.Request

// compare measures two kinds of requests until no difference is left, or until there are enough pairs to be sure of
// one. It calls see with each pair of answers.
func compare(h http.Handler, a, b makeRequest, see func(a, b *httptest.ResponseRecorder)) (out timing) {
	const warm, step, most = 2, 30, 240
	var times [2][]time.Duration
	for n := range warm + most {
		var answers [2]*httptest.ResponseRecorder
		for turn := range 2 {
			which := (n + turn) % 2
			r := [2]makeRequest{a, b}[which]()
			answers[which] = httptest.NewRecorder()
			began := time.Now()
			h.ServeHTTP(answers[which], r)
			if took := time.Since(began); n >= warm {
				times[which] = append(times[which], took)
			}
		}
		see(answers[0], answers[1])
		if pairs := len(times[0]); pairs > 0 && pairs%step == 0 {
			if out = newTiming(times[0], times[1]); !out.reveals() || out.conclusive() {
				break
			}
		}
	}
	return out
}

// timedWorld is a world in which attempts are too far apart for bans, anna's session does not expire, bruno's account
// is inactive, and the lookups of every call are recorded.
type timedWorld struct {
	*servertest.World
	t       *testing.T
	token   string
	numbers int
	mu      sync.Mutex
	lookups []string
}

// newTimedWorld returns a timedWorld. real is the cost of hashing for accounts, dummy for names that do not exist.
func newTimedWorld(t *testing.T, real, dummy password.Cost) *timedWorld {
	t.Helper()
	d := &timedWorld{World: servertest.NewWorld(t), t: t, token: "a session that lasts"}
	d.Restart(servertest.Unlimited, func(o *server.Options) { o.Passwords, o.Store = dummy, recordingStore{o.Store, d} })
	d.Write(func(tx store.Tx) error {
		for _, name := range []string{"anna", "bruno"} {
			c, err := tx.Clients.ByUsername(t.Context(), name)
			if err != nil {
				return err
			}
			if c.PasswordHash, err = real.Hash(d.Login.Password); err != nil {
				return err
			}
			c.Active = name == "anna"
			if err := tx.Clients.Change(t.Context(), c); err != nil {
				return err
			}
			if c.Active {
				hash := sha256.Sum256([]byte(d.token))
				_, err = tx.Sessions.Add(t.Context(), store.Session{
					ClientID:        c.ID,
					AccessHash:      hash[:],
					AccessExpiresAt: d.Clock.Now().AddDate(10, 0, 0),
					CreatedAt:       d.Clock.Now(),
				})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	_, err := servertest.AdminOf(d.Server).BlockSerials(t.Context(), 1, []string{"77"}, "")
	require.NoError(t, err)
	return d
}

func (d *timedWorld) request(method, path string, body any) *http.Request {
	d.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(d.t, err)
	r := httptest.NewRequestWithContext(d.t.Context(), method, api.Base+path, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set(api.IdempotencyKey, uuid.NewString())
	return r
}

func (d *timedWorld) verification() api.VerificationAnswer {
	d.numbers++
	id := fmt.Sprintf("picture %d", d.numbers)
	d.AddVerification(id, "123456")
	return api.VerificationAnswer{ID: id, Number: "123456"}
}

func (d *timedWorld) signIn(name string) makeRequest {
	return func() *http.Request {
		d.Clock.Advance(time.Hour)
		return d.request("POST", "/sessions", api.SessionRequest{Username: name, Password: "not the right password"})
	}
}

func (d *timedWorld) reset(login string) makeRequest {
	return func() *http.Request {
		d.Clock.Advance(2 * time.Hour)
		return d.request("POST", "/password-resets", api.PasswordReset{Login: login, Verification: d.verification()})
	}
}

func (d *timedWorld) order(kind string) makeRequest {
	program, serial := d.Serial(kind)
	return func() *http.Request {
		d.Clock.Advance(time.Hour)
		return d.request("POST", "/orders", api.NewOrder{
			ProgramID:    program,
			SerialNumber: serial,
			Verification: d.verification(),
		})
	}
}

func (d *timedWorld) ask(method, path string, body any) makeRequest {
	return func() *http.Request { return d.request(method, path, body) }
}

// lookupsOf makes a request and returns the lookups that it caused.
func (d *timedWorld) lookupsOf(a makeRequest) []string {
	r := a()
	d.mu.Lock()
	d.lookups = nil
	d.mu.Unlock()
	d.HTTP.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lookups
}

// twins are two calls whose answers must be indistinguishable. If sameTime is set, only lookups and times must be.
type twins struct {
	name     string
	one, two makeRequest
	status   int
	sameTime bool
}

func (d *timedWorld) twins() []twins {
	list := []twins{
		{
			name:   "sign-in: a wrong password and a name that nobody has",
			one:    d.signIn("anna"),
			two:    d.signIn("nobody"),
			status: 401,
		},
		{
			name:   "sign-in: a closed account and a name that nobody has",
			one:    d.signIn("bruno"),
			two:    d.signIn("nobody"),
			status: 401,
		},
		{name: "reset: a user name and one that nobody has", one: d.reset("anna"), two: d.reset("nobody"), status: 202},
		{name: "reset: a closed account and none", one: d.reset("bruno"), two: d.reset("nobody"), status: 202},
		{
			name:   "reset: an address on file and another one",
			one:    d.reset("it@lumen.example"),
			two:    d.reset("nobody@lumen.example"),
			status: 202,
		},
		{name: "serial number: out of range and unknown", one: d.order("1000"), two: d.order("unknown"), status: 422},
		{name: "serial number: blocked and unknown", one: d.order("77"), two: d.order("unknown"), status: 422},
		{name: "serial number: used and unknown", one: d.order("42"), two: d.order("unknown"), sameTime: true},
	}
	var foreign store.License
	d.Read(func(tx store.Tx) error {
		licenses, err := tx.Licenses.List(d.t.Context(), sample.OfOtherClient, true, 0, 1)
		foreign = licenses[0]
		return err
	})
	nonce, err := license.NewNonce(rand.Reader)
	require.NoError(d.t, err)
	codes := servertest.CodesOf(d.Program.Signature, "B")
	check := api.LicenseCheck{
		SiteCode:       foreign.Codes.Site.String(),
		MachineID:      foreign.Codes.Machine.String(),
		ActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
	}
	for operation, body := range map[string]any{
		"GET /orders/{id}/licenses":        nil,
		"POST /orders/{id}/licenses":       api.NewLicense{SiteMID: codes.Merged()},
		"GET /orders/{id}/history":         nil,
		"GET /licenses/{id}/file":          nil,
		"GET /licenses/{id}/email":         nil,
		"POST /licenses/{id}/email":        api.EmailRequest{To: []string{"bruno@keller.example"}},
		"PATCH /licenses/{id}":             map[string]string{"note": "mine"},
		"POST /licenses/{id}/reactivation": api.Reactivation{SiteMID: codes.Merged()},
		"POST /licenses/{id}/transfer":     api.Transfer{SiteMID: codes.Merged(), RemovalCode: "00000-00000-0"},
		"POST /licenses/{id}/removal":      api.Removal{RemovalCode: "00000-00000-0"},
		"POST /licenses/{id}/release":      api.Release{RemovalCode: "00000-00000-0"},
		"POST /licenses/{id}/comparison":   api.PCCodes{SiteMID: codes.Merged()},
		"POST /licenses/{id}/alive":        check,
		"POST /licenses/{id}/validation":   api.ValidationRequest{LicenseCheck: check, Nonce: nonce.String()},
	} {
		method, path, _ := strings.Cut(operation, " ")
		id := foreign.ID
		if strings.HasPrefix(path, "/orders") {
			id = sample.OfOtherClient
		}
		at := func(id int64) makeRequest {
			return d.ask(method, strings.Replace(path, "{id}", fmt.Sprint(id), 1), body)
		}
		list = append(list, twins{
			name:   operation + ": somebody else's and none",
			one:    at(id),
			two:    at(88_888_888),
			status: 404,
		})
	}
	return list
}

// Calls for existing and missing objects get the same bytes, after the same lookups and in the same time (spec: api
// "Who may call", api 9, api 13).
func TestAnswersRevealNothing(t *testing.T) {
	cost := password.Cost{Memory: 1 << 10, Time: 2, Threads: 1} // small, but much more than other work of a call
	d := newTimedWorld(t, cost, cost)
	for _, c := range d.twins() {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, d.lookupsOf(c.one), d.lookupsOf(c.two))
			require.NotEmpty(t, d.lookups)
			out := compare(d.HTTP.Config.Handler, c.one, c.two, func(a, b *httptest.ResponseRecorder) {
				if c.sameTime {
					return
				}
				require.Equal(t, c.status, a.Code, a.Body.String())
				require.Equal(t, a.Code, b.Code)
				require.Equal(t, a.Body.String(), b.Body.String())
				a.Header().Del("X-Request-Id")
				b.Header().Del("X-Request-Id")
				require.Equal(t, a.Header(), b.Header())
			})
			require.False(t, out.reveals(), "%+v", out)
		})
	}
}

// The measurement detects a password that is not hashed, and an answer that is given too early.
func TestTimingSeesDifferences(t *testing.T) {
	see := func(*httptest.ResponseRecorder, *httptest.ResponseRecorder) {}
	d := newTimedWorld(t, password.Cost{Memory: 8 << 10, Time: 2, Threads: 1},
		password.Cost{Memory: 8, Time: 1, Threads: 1})
	out := compare(d.HTTP.Config.Handler, d.signIn("anna"), d.signIn("nobody"), see)
	require.True(t, out.reveals(), "%+v", out)
	out = compare(d.HTTP.Config.Handler, d.reset("nobody"),
		d.ask("POST", "/password-resets", api.PasswordReset{Login: "nobody"}), see)
	require.True(t, out.reveals(), "%+v", out)
	require.NotEqual(t, d.lookupsOf(d.ask("GET", "/licenses/20211/file", nil)),
		d.lookupsOf(d.ask("GET", "/licenses/88888888/file", nil)))
}

// recordingStore is a store that records lookups, counts and insertions, without values.
type recordingStore struct {
	store.Store
	d *timedWorld
}

func (l recordingStore) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	return l.Store.Read(ctx, func(tx store.Tx) error { return fn(l.d.watch(tx)) }, hints...)
}

func (l recordingStore) Write(
	ctx context.Context, lock store.Lock, fn func(store.Tx) error, hints ...store.Hint,
) error {
	return l.Store.Write(ctx, lock, func(tx store.Tx) error { return fn(l.d.watch(tx)) }, hints...)
}

// watch returns stores that record the calls that depend on existing rows. Mails.Queue is not among them: only existing
// clients get a mail, and the measurement judges the time for that row.
func (d *timedWorld) watch(tx store.Tx) store.Tx {
	tx.Programs = recordedPrograms{tx.Programs, d}
	tx.Clients = recordedClients{tx.Clients, d}
	tx.Orders = recordedOrders{tx.Orders, d}
	tx.Serials = recordedSerials{tx.Serials, d}
	tx.Licenses = recordedLicenses{tx.Licenses, d}
	tx.Answers = recordedAnswers{tx.Answers, d}
	tx.Mails = recordedMails{tx.Mails, d}
	tx.Events = recordedEvents{tx.Events, d}
	tx.Audits = recordedAudits{tx.Audits, d}
	tx.Attempts = recordedAttempts{tx.Attempts, d}
	tx.Templates = recordedTemplates{tx.Templates, d}
	return tx
}

func (d *timedWorld) record(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lookups = append(d.lookups, what)
}

type (
	recordedPrograms struct {
		store.Programs
		d *timedWorld
	}
	recordedClients struct {
		store.Clients
		d *timedWorld
	}
	recordedOrders struct {
		store.Orders
		d *timedWorld
	}
	recordedSerials struct {
		store.Serials
		d *timedWorld
	}
	recordedLicenses struct {
		store.Licenses
		d *timedWorld
	}
	recordedAnswers struct {
		store.Answers
		d *timedWorld
	}
	recordedMails struct {
		store.Mails
		d *timedWorld
	}
	recordedEvents struct {
		store.Events
		d *timedWorld
	}
	recordedAudits struct {
		store.Audits
		d *timedWorld
	}
	recordedAttempts struct {
		store.Attempts
		d *timedWorld
	}
	recordedTemplates struct {
		store.Templates
		d *timedWorld
	}
)

func (l recordedPrograms) Get(ctx context.Context, id int64) (store.Program, error) {
	l.d.record("program")
	return l.Programs.Get(ctx, id)
}

func (l recordedClients) Get(ctx context.Context, id int64) (store.Client, error) {
	l.d.record("client")
	return l.Clients.Get(ctx, id)
}

func (l recordedClients) ByUsername(ctx context.Context, name string) (store.Client, error) {
	l.d.record("client by name")
	return l.Clients.ByUsername(ctx, name)
}

func (l recordedClients) ByEmail(ctx context.Context, address string) ([]store.Client, error) {
	l.d.record("clients by address")
	return l.Clients.ByEmail(ctx, address)
}

func (l recordedOrders) Get(ctx context.Context, id int64) (store.Order, error) {
	l.d.record("order")
	return l.Orders.Get(ctx, id)
}

func (l recordedOrders) Lock(ctx context.Context, id int64) (store.Order, error) {
	l.d.record("lock order")
	return l.Orders.Lock(ctx, id)
}

func (l recordedOrders) LockOf(ctx context.Context, client, id int64) (store.Order, store.Program, error) {
	l.d.record("lock order of a client")
	o, p, err := l.Orders.LockOf(ctx, client, id)
	if err == nil {
		l.d.record("its program")
	}
	return o, p, err
}

func (l recordedSerials) Order(ctx context.Context, program int64, serial uint32) (store.Order, error) {
	l.d.record("order by serial")
	return l.Serials.Order(ctx, program, serial)
}

func (l recordedSerials) Blocked(ctx context.Context, program int64, serial uint32) (store.BlockedSerial, error) {
	l.d.record("blocked serial")
	return l.Serials.Blocked(ctx, program, serial)
}

func (l recordedLicenses) Get(ctx context.Context, id int64) (store.License, error) {
	l.d.record("license")
	return l.Licenses.Get(ctx, id)
}

func (l recordedLicenses) FormerActivations(ctx context.Context, id int64) ([]license.ActivationCode, error) {
	l.d.record("former activations")
	return l.Licenses.FormerActivations(ctx, id)
}

func (l recordedAnswers) Add(ctx context.Context, a store.Answer) error {
	l.d.record("answer")
	return l.Answers.Add(ctx, a)
}

func (l recordedMails) Count(
	ctx context.Context, since time.Time, client int64, host, address string,
) (a, b, c int, err error) {
	l.d.record("count mails")
	return l.Mails.Count(ctx, since, client, host, address)
}

func (l recordedEvents) Add(ctx context.Context, e store.Event) error {
	l.d.record("event")
	return l.Events.Add(ctx, e)
}

func (l recordedAudits) Add(ctx context.Context, a store.Audit) error {
	l.d.record("audit")
	return l.Audits.Add(ctx, a)
}

func (l recordedAttempts) CountFailures(ctx context.Context, f store.FailureFilter) (int, time.Time, error) {
	l.d.record("failures")
	return l.Attempts.CountFailures(ctx, f)
}

func (l recordedAttempts) AddFailure(ctx context.Context, f store.Failure) error {
	l.d.record("add failure")
	return l.Attempts.AddFailure(ctx, f)
}

func (l recordedAttempts) AddPasswordReset(ctx context.Context, r store.PasswordReset) error {
	l.d.record("add reset")
	return l.Attempts.AddPasswordReset(ctx, r)
}

func (l recordedTemplates) List(ctx context.Context) ([]store.Template, error) {
	l.d.record("templates")
	return l.Templates.List(ctx)
}
