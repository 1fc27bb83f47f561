// Package attacktest attacks complete servers: with load, guesses, hostile calls, invalid HTTP, and slow clients.
package attacktest

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// While one host attacks over many connections, a person on another host works for a day without noticing, even with
// the account that the attacker uses.
func TestOthersStayUnaffected(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Restart(servertest.Proxied)
	w.Prepare("bruno new Z in 1046")
	program, serial := w.Serial("unknown")
	foreign := w.Licenses["Z"]
	bruno := w.Clients["bruno"].Token
	attacks := []func(servertest.Client){
		func(c servertest.Client) {
			c.Call("POST", "/sessions", api.SessionRequest{Username: uuid.NewString(), Password: "a guessed password"})
		},
		func(c servertest.Client) {
			c.Keyed().Call("POST", "/accounts", api.NewAccount{
				ProgramID:    program,
				SerialNumber: serial,
				Username:     "eve",
				Password:     "a long password",
			})
		},
		func(c servertest.Client) {
			c.Keyed().Call("POST", "/password-resets", api.PasswordReset{
				Login:        uuid.NewString(),
				Verification: api.VerificationAnswer{ID: "x", Number: "123456"},
			})
		},
		func(c servertest.Client) {
			c.Keyed().Call("POST", "/password-resets/confirm",
				api.NewPassword{Token: uuid.NewString(), NewPassword: "a long password"})
		},
		func(c servertest.Client) { c.Call("POST", "/verifications?sound=true", nil) },
		func(c servertest.Client) { c.Call("PATCH", "/account", strings.Repeat("[", 60_000)) },
		func(c servertest.Client) {
			c.Token = bruno
			c.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/removal", foreign), api.Removal{RemovalCode: "00000-00000-0"})
		},
		func(c servertest.Client) {
			c.Token = bruno
			c.Keyed().Call("POST", "/orders", api.NewOrder{
				ProgramID:    program,
				SerialNumber: serial,
				Verification: api.VerificationAnswer{ID: "x", Number: "123456"},
			})
		},
		func(c servertest.Client) {
			c.Token = bruno
			c.Call("GET", "/orders?limit=500", nil)
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var calls atomic.Int64
	ended := func() {
		stop()
		group.Wait()
	}
	defer ended()
	for _, attack := range attacks {
		group.Go(func() {
			c := servertest.Client{Server: w.Server, T: t}.With("X-Forwarded-For", "203.0.113.66")
			for ctx.Err() == nil {
				attack(c)
				calls.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return calls.Load() > 50 }, time.Minute, time.Millisecond)

	here := func(c servertest.Client) servertest.Client { return c.With("X-Forwarded-For", "198.51.100.7") }
	w.Clients["anna"] = here(w.Clients["anna"])
	before := calls.Load()
	for i := range 3 {
		status, body := here(servertest.Client{Server: w.Server, T: t}).Call("POST", "/sessions",
			api.SessionRequest{Username: "anna", Password: w.Login.Password})
		require.Equal(t, 201, status, string(body))
		pc := fmt.Sprintf("A@%d", 10*i)
		next, other := fmt.Sprintf("A@%d", 10*i+1), fmt.Sprintf("B@%d", i)
		for _, step := range []string{
			"new " + pc, "reactivate " + pc + " " + next, "transfer " + next + " " + other, "email " + other,
			"remove " + other, fmt.Sprintf("order %d", 600+i),
		} {
			status, body := w.Do(step)
			require.Less(t, status, 300, "%s: %s", step, body)
		}
	}
	require.Greater(t, calls.Load(), before, "the attack did not stop")
	ended()
	status, _ := servertest.Client{Server: w.Server, T: t}.With("X-Forwarded-For", "203.0.113.66").Call("POST",
		"/sessions", api.SessionRequest{Username: "bruno", Password: w.Login.Password})
	require.Equal(t, 429, status, "the attacker is banned")
	require.NotContains(t, w.Log.String(), `"level":"ERROR"`)
}

// Passwords are not hashed, which is expensive, for a banned host, a host that must wait, a request without a valid
// link, or a replayed answer.
func TestHashingIsLimited(t *testing.T) {
	w := servertest.NewWorld(t)
	const memory = 64 << 20 // of one hash: much more than other work of a call
	w.Restart(func(o *server.Options) { o.Passwords = password.Cost{Memory: memory >> 10, Time: 1, Threads: 1} })
	c := servertest.Client{Server: w.Server, T: t}
	hashed := func(fn func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fn()
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / memory
	}
	link := w.AskForLink("anna")[0]
	confirm := func(key, token string, want int) {
		status, body := c.With(api.IdempotencyKey, key).Call("POST", "/password-resets/confirm",
			api.NewPassword{Token: token, NewPassword: "a new password"})
		require.Equal(t, want, status, string(body))
	}
	key := uuid.NewString()
	require.Zero(t, hashed(func() { confirm(uuid.NewString(), "no token at all", 422) }))
	require.EqualValues(t, 1, hashed(func() { confirm(key, link[strings.Index(link, "=")+1:], 204) }))
	require.Zero(t, hashed(func() { confirm(key, link[strings.Index(link, "=")+1:], 204) }), "the answer is given again")

	register := func(key string, a api.NewAccount, want int) {
		status, body := c.With(api.IdempotencyKey, key).Call("POST", "/accounts", a)
		require.Equal(t, want, status, string(body))
	}
	good := w.NewAccount(nil)
	key = uuid.NewString()
	require.EqualValues(t, 1, hashed(func() { register(key, good, 201) }))
	require.Zero(t, hashed(func() { register(key, good, 201) }))
	_, unknown := w.Serial("unknown")
	bad := w.NewAccount(func(a *api.NewAccount) { a.SerialNumber, a.Username = unknown, "dora" })
	register(uuid.NewString(), bad, 422)
	require.Zero(t, hashed(func() { register(uuid.NewString(), bad, 429) }), "after a failure the next attempt waits")
	status, body := c.With(api.IdempotencyKey, "no key").Call("POST", "/accounts", bad)
	w.RequireProblem(status, body, api.ErrValidation, "Idempotency-Key")
}

// With one serial number, a host finds out only a limited number of taken user names.
func TestTakenNamesAreGuessing(t *testing.T) {
	w := servertest.NewWorld(t)
	require.NoError(t, servertest.AdminOf(w.Server).SetOption(t.Context(), "host-failures", "2"))
	w.Clock.Advance(3 * time.Second)
	c := servertest.Client{Server: w.Server, T: t}
	for range 2 {
		status, body := c.Keyed().Call("POST", "/accounts", w.NewAccount(func(a *api.NewAccount) { a.Username = "Anna" }))
		w.RequireProblem(status, body, api.ErrValidation, "body.username")
	}
	request := w.NewAccount(nil)
	status, body := c.Keyed().Call("POST", "/accounts", request)
	w.RequireProblem(status, body, api.ErrHostBanned, "retry_after")
	w.Clock.Advance(15 * time.Minute)
	request.Verification = w.Verification()
	status, body = c.Keyed().Call("POST", "/accounts", request)
	require.Equal(t, 201, status, string(body))
}

// All servers of a database share limits: mails of a host, and wrong removal codes of a license (spec: api 11, api 12).
func TestLimitsAreShared(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Restart(servertest.Proxied)
	w.Prepare("total 9")
	w.Prepare("new A")
	w.Prepare("bruno new B in 1046")
	other := servertest.StartSecond(t, w.Server)
	require.NoError(t, servertest.AdminOf(w.Server).SetOption(t.Context(), "mails-per-host", "3"))
	w.Clock.Advance(3 * time.Second)
	at := func(n int, who string) servertest.Client {
		c := w.Clients[who]
		if n%2 == 1 {
			c.Server = other.Server
		}
		return c.Keyed()
	}
	mail := func(n int, who, host, pc, to string) int {
		status, _ := at(n, who).With("X-Forwarded-For", host).Call("POST", fmt.Sprintf("/licenses/%d/email", w.Licenses[pc]),
			api.EmailRequest{To: []string{to}})
		return status
	}
	require.Equal(t, 202, mail(0, "anna", "203.0.113.5", "A", "it@lumen.example"))
	require.Equal(t, 202, mail(1, "anna", "203.0.113.5", "A", "it@lumen.example"))
	require.Equal(t, 202, mail(0, "bruno", "203.0.113.5", "B", "bruno@keller.example"))
	require.Equal(t, 429, mail(1, "bruno", "203.0.113.5", "B", "bruno@keller.example"), "the host's limit, whoever asks")
	require.Equal(t, 202, mail(1, "bruno", "203.0.113.6", "B", "bruno@keller.example"))

	remove := func(n int, host string) (int, string) {
		status, body := at(n, "anna").With("X-Forwarded-For", host).Call("POST",
			fmt.Sprintf("/licenses/%d/removal", w.Licenses["A"]), api.Removal{RemovalCode: "00000-00000-0"})
		return status, string(body)
	}
	for n := range 5 {
		status, body := remove(n, fmt.Sprintf("203.0.113.%d", 20+n))
		require.Equal(t, 422, status, body)
	}
	for n := range 2 {
		status, body := remove(n, fmt.Sprintf("203.0.113.%d", 30+n))
		require.Equal(t, 429, status, body)
		require.Contains(t, body, `"task":"removal-code"`)
	}
}

// The address of a client is that of the last machine before the trusted proxies. Addresses that the client sends are
// ignored.
func TestProxies(t *testing.T) {
	for name, c := range map[string]struct {
		proxies string
		header  http.Header
		host    string
	}{
		"no proxy is named":      {"", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "127.0.0.1"},
		"another proxy is named": {"192.0.2.0/24", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "127.0.0.1"},
		"the proxy":              {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "203.0.113.5"},
		"what the client itself says": {
			"127.0.0.1/32",
			http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.5"}},
			"203.0.113.5",
		},
		"in a header of its own": {
			"127.0.0.1/32",
			http.Header{"X-Forwarded-For": {"198.51.100.1", "203.0.113.5"}},
			"203.0.113.5",
		},
		"a proxy before the proxy": {
			"127.0.0.1/32,10.0.0.0/8",
			http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.5, 10.1.2.3"}},
			"203.0.113.5",
		},
		"one that is not named": {
			"127.0.0.1/32",
			http.Header{"X-Forwarded-For": {"203.0.113.5, 10.1.2.3"}},
			"10.1.2.3",
		},
		"proxies alone": {
			"127.0.0.1/32,10.0.0.0/8",
			http.Header{"X-Forwarded-For": {"10.9.9.9, 10.1.2.3"}},
			"10.9.9.9",
		},
		"IPv4 in IPv6": {
			"127.0.0.1/32",
			http.Header{"X-Forwarded-For": {"::ffff:203.0.113.5"}},
			"203.0.113.5",
		},
		"no address": {
			"127.0.0.1/32",
			http.Header{"X-Forwarded-For": {"203.0.113.5, unknown"}},
			"127.0.0.1",
		},
		"nothing": {"127.0.0.1/32", http.Header{}, "127.0.0.1"},
		"other headers that proxies have": {
			"127.0.0.1/32",
			http.Header{"X-Real-Ip": {"203.0.113.5"}, "Forwarded": {"for=203.0.113.5"}, "True-Client-Ip": {"203.0.113.5"}},
			"127.0.0.1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, func(o *server.Options) {
				for text := range strings.FieldsFuncSeq(c.proxies, func(r rune) bool { return r == ',' }) {
					o.Proxies = append(o.Proxies, netip.MustParsePrefix(text))
				}
			})
			status, _ := servertest.Client{Server: s, T: t, Header: c.header}.Call("POST", "/sessions",
				api.SessionRequest{Username: "anna", Password: "wrong password"})
			require.Equal(t, 401, status)
			require.Equal(t, c.host, servertest.AuditTrail(t, s)[0].Host)
			require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) error {
				n, _, err := tx.Attempts.CountFailures(t.Context(), store.FailureFilter{Host: c.host})
				require.Equal(t, 1, n)
				return err
			}))
		})
	}
}

// Names with line breaks, for example from an import, cannot redirect mails.
func TestMailHeaderInjection(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	const evil = "Anna\r\nBcc: eve@evil.example\r\n\r\nhello"
	w.Write(func(tx store.Tx) error {
		c, err := tx.Clients.ByUsername(t.Context(), "anna")
		if err != nil {
			return err
		}
		c.RegistrationName, c.FirstName, c.LastName, c.Company = evil, evil, evil, evil
		return tx.Clients.Change(t.Context(), c)
	})
	w.Prepare("email A")
	require.Len(t, w.AskForLink("anna"), 1)
	status, body := w.Clients["anna"].Call("PATCH", "/account", map[string]string{
		"first_name": "Anna",
		"last_name":  evil,
		"email":      "new@lumen.example",
	})
	w.RequireProblem(status, body, api.ErrValidation, "one line")
	list := servertest.Mails(t, w.Server)
	require.Len(t, list, 2)
	for _, m := range list {
		require.NotContains(t, m.Subject+m.AttachmentName+m.MessageID+strings.Join(m.To, ""), "\n")
		require.NotContains(t, m.Subject+m.AttachmentName+m.MessageID+strings.Join(m.To, ""), "\r")
		require.NotContains(t, m.Body, "\nBcc:")
		require.NotContains(t, m.To, "eve@evil.example")
	}
}
