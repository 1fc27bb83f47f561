// Package timingtest tests that neither the answers nor their times tell what a server has: whether an account, a serial
// number or somebody else's license exists.
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

// timing is how two kinds of requests compare that were measured turn by turn, so that whatever else the machine does weighs on
// both alike.
type timing struct {
	pairs int
	// ratio is that of the lower quartiles, which a busy machine changes least; it is above 1.
	ratio float64
	// sooner is the share of all pairs of one of each kind in which the first kind is the faster one, as in the rank sum test: a half
	// says that time tells nothing.
	sooner float64
}

// tells reports whether the time of an answer gives its kind away, by order and by size: of two kinds that differ by next to nothing,
// such as reading one row, a quiet machine may always see the same one first. Smaller steps are left to the list of lookups.
func (t timing) tells() bool { return t.ratio > 1.3 && (t.sooner < 0.4 || t.sooner > 0.6) }

// beyondDoubt says that more pairs would change nothing.
func (t timing) beyondDoubt() bool { return t.sooner < 0.15 || t.sooner > 0.85 }

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

// asked makes the next request of one kind; what it prepares is not measured.
type asked func() *http.Request

// compare measures two kinds of requests until they look alike, or until there are enough pairs to be sure that they do not. see
// gets each pair of answers.
func compare(h http.Handler, a, b asked, see func(a, b *httptest.ResponseRecorder)) (out timing) {
	const warm, step, most = 2, 30, 240
	var times [2][]time.Duration
	for n := range warm + most {
		var answers [2]*httptest.ResponseRecorder
		for turn := range 2 {
			which := (n + turn) % 2
			r := [2]asked{a, b}[which]()
			answers[which] = httptest.NewRecorder()
			began := time.Now()
			h.ServeHTTP(answers[which], r)
			if took := time.Since(began); n >= warm {
				times[which] = append(times[which], took)
			}
		}
		see(answers[0], answers[1])
		if pairs := len(times[0]); pairs > 0 && pairs%step == 0 {
			if out = newTiming(times[0], times[1]); !out.tells() || out.beyondDoubt() {
				break
			}
		}
	}
	return out
}

// discreet is a world for what must not tell whether something exists: attempts are far enough apart to count for no ban, anna's
// session does not end in between, bruno's account is closed, and the lookups of every call are written down.
type discreet struct {
	*servertest.World
	t       *testing.T
	token   string
	numbers int
	mu      sync.Mutex
	lookups []string
}

// newDiscreet makes one: real is what hashing the password of an account costs, dummy what it costs for a name that nobody has.
func newDiscreet(t *testing.T, real, dummy password.Cost) *discreet {
	t.Helper()
	d := &discreet{World: servertest.NewWorld(t), t: t, token: "a session that lasts"}
	d.Restart(servertest.Unlimited, func(o *server.Options) { o.Passwords, o.Store = dummy, lookingUp{o.Store, d} })
	d.Write(func(tx store.Tx) error {
		for _, name := range []string{"anna", "bruno"} {
			c, err := tx.ClientByUsername(t.Context(), name)
			if err != nil {
				return err
			}
			if c.PasswordHash, err = real.Hash(d.Login.Password); err != nil {
				return err
			}
			c.Active = name == "anna"
			if err := tx.ChangeClient(t.Context(), c); err != nil {
				return err
			}
			if c.Active {
				hash := sha256.Sum256([]byte(d.token))
				_, err = tx.AddSession(t.Context(), store.Session{ClientID: c.ID, AccessHash: hash[:], AccessExpiresAt: d.Clock.Now().AddDate(10, 0, 0), CreatedAt: d.Clock.Now()})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	_, err := servertest.Vendor(d.Server).BlockSerials(t.Context(), 1, []string{"77"}, "")
	require.NoError(t, err)
	return d
}

func (d *discreet) request(method, path string, body any) *http.Request {
	d.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(d.t, err)
	r := httptest.NewRequestWithContext(d.t.Context(), method, api.Base+path, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set(api.IdempotencyKey, uuid.NewString())
	return r
}

func (d *discreet) verification() api.VerificationAnswer {
	d.numbers++
	id := fmt.Sprintf("picture %d", d.numbers)
	d.AddVerification(id, "123456")
	return api.VerificationAnswer{ID: id, Number: "123456"}
}

func (d *discreet) signIn(name string) asked {
	return func() *http.Request {
		d.Clock.Advance(time.Hour)
		return d.request("POST", "/sessions", api.SessionRequest{Username: name, Password: "not the right password"})
	}
}

func (d *discreet) reset(login string) asked {
	return func() *http.Request {
		d.Clock.Advance(2 * time.Hour)
		return d.request("POST", "/password-resets", api.PasswordReset{Login: login, Verification: d.verification()})
	}
}

func (d *discreet) order(kind string) asked {
	program, serial := d.Serial(kind)
	return func() *http.Request {
		d.Clock.Advance(time.Hour)
		return d.request("POST", "/orders", api.NewOrder{ProgramID: program, SerialNumber: serial, Verification: d.verification()})
	}
}

func (d *discreet) ask(method, path string, body any) asked {
	return func() *http.Request { return d.request(method, path, body) }
}

// look makes a request and returns the lookups that answered it.
func (d *discreet) look(a asked) []string {
	r := a()
	d.mu.Lock()
	d.lookups = nil
	d.mu.Unlock()
	d.HTTP.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lookups
}

// twins are two calls that nobody may tell apart, but for what same says: sameTime leaves out the bytes.
type twins struct {
	name     string
	one, two asked
	status   int
	sameTime bool
}

func (d *discreet) twins() []twins {
	list := []twins{
		{name: "sign-in: a wrong password and a name that nobody has", one: d.signIn("anna"), two: d.signIn("nobody"), status: 401},
		{name: "sign-in: a closed account and a name that nobody has", one: d.signIn("bruno"), two: d.signIn("nobody"), status: 401},
		{name: "reset: a user name and one that nobody has", one: d.reset("anna"), two: d.reset("nobody"), status: 202},
		{name: "reset: a closed account and none", one: d.reset("bruno"), two: d.reset("nobody"), status: 202},
		{name: "reset: an address on file and another one", one: d.reset("it@lumen.example"), two: d.reset("nobody@lumen.example"), status: 202},
		{name: "serial number: out of range and unknown", one: d.order("1000"), two: d.order("unknown"), status: 422},
		{name: "serial number: blocked and unknown", one: d.order("77"), two: d.order("unknown"), status: 422},
		{name: "serial number: used and unknown", one: d.order("42"), two: d.order("unknown"), sameTime: true},
	}
	var foreign store.License
	d.Read(func(tx store.Tx) error {
		licenses, err := tx.Licenses(d.t.Context(), sample.OfSomebody, true, 0, 1)
		foreign = licenses[0]
		return err
	})
	nonce, err := license.NewNonce(rand.Reader)
	require.NoError(d.t, err)
	codes := servertest.CodesOf(d.Program.Signature, "B")
	check := api.LicenseCheck{SiteCode: foreign.Codes.Site.String(), MachineID: foreign.Codes.Machine.String(), ActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947"}
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
			id = sample.OfSomebody
		}
		at := func(id int64) asked { return d.ask(method, strings.Replace(path, "{id}", fmt.Sprint(id), 1), body) }
		list = append(list, twins{name: operation + ": somebody else's and none", one: at(id), two: at(88_888_888), status: 404})
	}
	return list
}

// What exists and what does not is answered with the same bytes, after the same lookups and in the same time (spec: api
// "Who may call", api 9, api 13).
func TestAnswersTellNothing(t *testing.T) {
	cost := password.Cost{Memory: 1 << 10, Time: 2, Threads: 1} // little, and much beside what else a call does
	d := newDiscreet(t, cost, cost)
	for _, c := range d.twins() {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, d.look(c.one), d.look(c.two))
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
			require.False(t, out.tells(), "%+v", out)
		})
	}
}

// The measurement sees what it is there for: a password that is not hashed, and an answer that is given too early.
func TestTimingSeesDifferences(t *testing.T) {
	see := func(*httptest.ResponseRecorder, *httptest.ResponseRecorder) {}
	d := newDiscreet(t, password.Cost{Memory: 8 << 10, Time: 2, Threads: 1}, password.Cost{Memory: 8, Time: 1, Threads: 1})
	out := compare(d.HTTP.Config.Handler, d.signIn("anna"), d.signIn("nobody"), see)
	require.True(t, out.tells(), "%+v", out)
	out = compare(d.HTTP.Config.Handler, d.reset("nobody"), d.ask("POST", "/password-resets", api.PasswordReset{Login: "nobody"}), see)
	require.True(t, out.tells(), "%+v", out)
	require.NotEqual(t, d.look(d.ask("GET", "/licenses/20211/file", nil)), d.look(d.ask("GET", "/licenses/88888888/file", nil)))
}

// lookingUp is a store that writes down what is looked for, counted and kept, without the values.
type lookingUp struct {
	store.Store
	d *discreet
}

func (l lookingUp) Read(ctx context.Context, fn func(store.Tx) error) error {
	return l.Store.Read(ctx, func(tx store.Tx) error { return fn(lookup{tx, l.d}) })
}

func (l lookingUp) Write(ctx context.Context, fn func(store.Tx) error) error {
	return l.Store.Write(ctx, func(tx store.Tx) error { return fn(lookup{tx, l.d}) })
}

func (l lookingUp) WriteOnce(ctx context.Context, fn func(store.Tx) error) error {
	return l.Store.WriteOnce(ctx, func(tx store.Tx) error { return fn(lookup{tx, l.d}) })
}

func (l lookingUp) WriteHolding(ctx context.Context, fn func(store.Tx) error) error {
	return l.Store.WriteHolding(ctx, func(tx store.Tx) error { return fn(lookup{tx, l.d}) })
}

// lookup writes down the calls that depend on what exists. QueueMail is not among them: only who exists gets a mail, and the time
// for one row more is what the measurement has to judge.
type lookup struct {
	store.Tx
	d *discreet
}

func (l lookup) saw(what string) {
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	l.d.lookups = append(l.d.lookups, what)
}

func (l lookup) Program(ctx context.Context, id int64) (store.Program, error) {
	l.saw("program")
	return l.Tx.Program(ctx, id)
}

func (l lookup) Client(ctx context.Context, id int64) (store.Client, error) {
	l.saw("client")
	return l.Tx.Client(ctx, id)
}

func (l lookup) ClientByUsername(ctx context.Context, name string) (store.Client, error) {
	l.saw("client by name")
	return l.Tx.ClientByUsername(ctx, name)
}

func (l lookup) ClientsByEmail(ctx context.Context, address string) ([]store.Client, error) {
	l.saw("clients by address")
	return l.Tx.ClientsByEmail(ctx, address)
}

func (l lookup) Order(ctx context.Context, id int64) (store.Order, error) {
	l.saw("order")
	return l.Tx.Order(ctx, id)
}

func (l lookup) LockOrder(ctx context.Context, id int64) (store.Order, error) {
	l.saw("lock order")
	return l.Tx.LockOrder(ctx, id)
}

func (l lookup) LockOrderOf(ctx context.Context, client, id int64) (store.Order, store.Program, error) {
	l.saw("lock order of a client")
	o, p, err := l.Tx.LockOrderOf(ctx, client, id)
	if err == nil {
		l.saw("its program")
	}
	return o, p, err
}

func (l lookup) OrderBySerial(ctx context.Context, program int64, serial uint32) (store.Order, error) {
	l.saw("order by serial")
	return l.Tx.OrderBySerial(ctx, program, serial)
}

func (l lookup) BlockedSerial(ctx context.Context, program int64, serial uint32) (store.BlockedSerial, error) {
	l.saw("blocked serial")
	return l.Tx.BlockedSerial(ctx, program, serial)
}

func (l lookup) License(ctx context.Context, id int64) (store.License, error) {
	l.saw("license")
	return l.Tx.License(ctx, id)
}

func (l lookup) FormerActivations(ctx context.Context, id int64) ([]license.ActivationCode, error) {
	l.saw("former activations")
	return l.Tx.FormerActivations(ctx, id)
}

func (l lookup) Failures(ctx context.Context, f store.FailureFilter) (int, time.Time, error) {
	l.saw("failures")
	return l.Tx.Failures(ctx, f)
}

func (l lookup) AddFailure(ctx context.Context, f store.Failure) error {
	l.saw("add failure")
	return l.Tx.AddFailure(ctx, f)
}

func (l lookup) CountMails(ctx context.Context, since time.Time, client int64, host, address string) (a, b, c int, err error) {
	l.saw("count mails")
	return l.Tx.CountMails(ctx, since, client, host, address)
}

func (l lookup) Templates(ctx context.Context) ([]store.Template, error) {
	l.saw("templates")
	return l.Tx.Templates(ctx)
}

func (l lookup) AddPasswordReset(ctx context.Context, r store.PasswordReset) error {
	l.saw("add reset")
	return l.Tx.AddPasswordReset(ctx, r)
}

func (l lookup) AddAudit(ctx context.Context, a store.Audit) error {
	l.saw("audit")
	return l.Tx.AddAudit(ctx, a)
}

func (l lookup) AddEvent(ctx context.Context, e store.Event) error {
	l.saw("event")
	return l.Tx.AddEvent(ctx, e)
}

func (l lookup) AddAnswer(ctx context.Context, a store.Answer) error {
	l.saw("answer")
	return l.Tx.AddAnswer(ctx, a)
}
