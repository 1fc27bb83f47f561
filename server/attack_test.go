package server_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// While one host attacks with all it can, from many connections at once, another person on another host works a whole
// day as if nothing were going on; also with the account that the attacker owns by rights (spec: api 11).
func TestOthersStayUnaffected(t *testing.T) {
	w := newWorld(t)
	w.Restart(proxied)
	w.prepare("bruno new Z in 1046")
	program, serial := w.serial("unknown")
	foreign := w.licenses["Z"]
	bruno := w.clients["bruno"].token
	attacks := []func(client){
		func(c client) {
			c.call("POST", "/sessions", api.SessionRequest{Username: uuid.NewString(), Password: "a guessed password"})
		},
		func(c client) {
			c.keyed().call("POST", "/accounts", api.NewAccount{ProgramID: program, SerialNumber: serial, Username: "eve", Password: "a long password"})
		},
		func(c client) {
			c.keyed().call("POST", "/password-resets", api.PasswordReset{Login: uuid.NewString(), Verification: api.VerificationAnswer{ID: "x", Number: "123456"}})
		},
		func(c client) {
			c.keyed().call("POST", "/password-resets/confirm", api.NewPassword{Token: uuid.NewString(), NewPassword: "a long password"})
		},
		func(c client) { c.call("POST", "/verifications?sound=true", nil) },
		func(c client) { c.call("PATCH", "/account", strings.Repeat("[", 60_000)) },
		func(c client) {
			c.token = bruno
			c.keyed().call("POST", fmt.Sprintf("/licenses/%d/removal", foreign), api.Removal{RemovalCode: "00000-00000-0"})
		},
		func(c client) {
			c.token = bruno
			c.keyed().call("POST", "/orders", api.NewOrder{ProgramID: program, SerialNumber: serial, Verification: api.VerificationAnswer{ID: "x", Number: "123456"}})
		},
		func(c client) {
			c.token = bruno
			c.call("GET", "/orders?limit=500", nil)
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
			c := client{Server: w.Server, t: t}.with("X-Forwarded-For", "203.0.113.66")
			for ctx.Err() == nil {
				attack(c)
				calls.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return calls.Load() > 50 }, time.Minute, time.Millisecond)

	here := func(c client) client { return c.with("X-Forwarded-For", "198.51.100.7") }
	w.clients["anna"] = here(w.clients["anna"])
	before := calls.Load()
	for i := range 3 {
		status, body := here(client{Server: w.Server, t: t}).call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: w.Login.Password})
		require.Equal(t, 201, status, string(body))
		pc := fmt.Sprintf("A@%d", 10*i)
		next, other := fmt.Sprintf("A@%d", 10*i+1), fmt.Sprintf("B@%d", i)
		for _, step := range []string{"new " + pc, "reactivate " + pc + " " + next, "transfer " + next + " " + other, "email " + other, "remove " + other, fmt.Sprintf("order %d", 600+i)} {
			status, body := w.do(step)
			require.Less(t, status, 300, "%s: %s", step, body)
		}
	}
	require.Greater(t, calls.Load(), before, "the attack went on all the time")
	ended()
	status, _ := client{Server: w.Server, t: t}.with("X-Forwarded-For", "203.0.113.66").call("POST", "/sessions", api.SessionRequest{Username: "bruno", Password: w.Login.Password})
	require.Equal(t, 429, status, "the attacker is banned")
	require.NotContains(t, w.Log.String(), `"level":"ERROR"`)
}

// Hashing a password costs more than all else, so nobody gets it for nothing: not a banned host, nor one that must wait, nor
// somebody without a link, nor by sending an answered key again.
func TestHashingIsNotForNothing(t *testing.T) {
	w := newWorld(t)
	hashes := &saltCounter{}
	w.Restart(func(o *server.Options) { o.Random = hashes })
	c := client{Server: w.Server, t: t}
	hashed := func(fn func()) int64 {
		before := hashes.salts.Load()
		fn()
		return hashes.salts.Load() - before
	}
	link := w.askForLink("anna")[0]
	confirm := func(key, token string, want int) {
		status, body := c.with(api.IdempotencyKey, key).call("POST", "/password-resets/confirm", api.NewPassword{Token: token, NewPassword: "a new password"})
		require.Equal(t, want, status, string(body))
	}
	key := uuid.NewString()
	require.Zero(t, hashed(func() { confirm(uuid.NewString(), "no token at all", 422) }))
	require.EqualValues(t, 1, hashed(func() { confirm(key, link[strings.Index(link, "=")+1:], 204) }))
	require.Zero(t, hashed(func() { confirm(key, link[strings.Index(link, "=")+1:], 204) }), "the answer is given again")

	register := func(key string, a api.NewAccount, want int) {
		status, body := c.with(api.IdempotencyKey, key).call("POST", "/accounts", a)
		require.Equal(t, want, status, string(body))
	}
	good := w.newAccount(nil)
	key = uuid.NewString()
	require.EqualValues(t, 1, hashed(func() { register(key, good, 201) }))
	require.Zero(t, hashed(func() { register(key, good, 201) }))
	_, unknown := w.serial("unknown")
	bad := w.newAccount(func(a *api.NewAccount) { a.SerialNumber, a.Username = unknown, "dora" })
	register(uuid.NewString(), bad, 422)
	require.Zero(t, hashed(func() { register(uuid.NewString(), bad, 429) }), "after a failure the next attempt waits")
	status, body := c.with(api.IdempotencyKey, "no key").call("POST", "/accounts", bad)
	w.status(status, body, api.ErrValidation, "Idempotency-Key")
}

// Whoever has one serial number finds out by it only so many of the names that are taken.
func TestTakenNamesAreGuessing(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, vendor(w.Server).SetOption(t.Context(), "host-failures", "2"))
	w.Clock.Advance(3 * time.Second)
	c := client{Server: w.Server, t: t}
	for range 2 {
		status, body := c.keyed().call("POST", "/accounts", w.newAccount(func(a *api.NewAccount) { a.Username = "Anna" }))
		w.status(status, body, api.ErrValidation, "body.username")
	}
	request := w.newAccount(nil)
	status, body := c.keyed().call("POST", "/accounts", request)
	w.status(status, body, api.ErrHostBanned, "retry_after")
	w.Clock.Advance(15 * time.Minute)
	request.Verification = w.answer()
	status, body = c.keyed().call("POST", "/accounts", request)
	require.Equal(t, 201, status, string(body))
}

// Limits count at every server of a database: mails of a host, and wrong removal codes of a license (spec: api 11, api
// 12).
func TestLimitsAreShared(t *testing.T) {
	w := newWorld(t)
	w.Restart(proxied)
	w.prepare("total 9")
	w.prepare("new A")
	w.prepare("bruno new B in 1046")
	other := second(t, w.Server)
	require.NoError(t, vendor(w.Server).SetOption(t.Context(), "mails-per-host", "3"))
	w.Clock.Advance(3 * time.Second)
	at := func(n int, who string) client {
		c := w.clients[who]
		if n%2 == 1 {
			c.Server = other.Server
		}
		return c.keyed()
	}
	mail := func(n int, who, host, pc, to string) int {
		status, _ := at(n, who).with("X-Forwarded-For", host).call("POST", fmt.Sprintf("/licenses/%d/email", w.licenses[pc]), api.EmailRequest{To: []string{to}})
		return status
	}
	require.Equal(t, 202, mail(0, "anna", "203.0.113.5", "A", "it@lumen.example"))
	require.Equal(t, 202, mail(1, "anna", "203.0.113.5", "A", "it@lumen.example"))
	require.Equal(t, 202, mail(0, "bruno", "203.0.113.5", "B", "bruno@keller.example"))
	require.Equal(t, 429, mail(1, "bruno", "203.0.113.5", "B", "bruno@keller.example"), "the host's limit, whoever asks")
	require.Equal(t, 202, mail(1, "bruno", "203.0.113.6", "B", "bruno@keller.example"))

	remove := func(n int, host string) (int, string) {
		status, body := at(n, "anna").with("X-Forwarded-For", host).call("POST", fmt.Sprintf("/licenses/%d/removal", w.licenses["A"]), api.Removal{RemovalCode: "00000-00000-0"})
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

// The address of a client is that which the last unnamed machine before the named proxies has; what it says itself counts for
// nothing.
func TestProxies(t *testing.T) {
	for name, c := range map[string]struct {
		proxies string
		header  http.Header
		host    string
	}{
		"no proxy is named":               {"", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "127.0.0.1"},
		"another proxy is named":          {"192.0.2.0/24", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "127.0.0.1"},
		"the proxy":                       {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "203.0.113.5"},
		"what the client itself says":     {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.5"}}, "203.0.113.5"},
		"in a header of its own":          {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"198.51.100.1", "203.0.113.5"}}, "203.0.113.5"},
		"a proxy before the proxy":        {"127.0.0.1/32,10.0.0.0/8", http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.5, 10.1.2.3"}}, "203.0.113.5"},
		"one that is not named":           {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"203.0.113.5, 10.1.2.3"}}, "10.1.2.3"},
		"proxies alone":                   {"127.0.0.1/32,10.0.0.0/8", http.Header{"X-Forwarded-For": {"10.9.9.9, 10.1.2.3"}}, "10.9.9.9"},
		"IPv4 in IPv6":                    {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"::ffff:203.0.113.5"}}, "203.0.113.5"},
		"no address":                      {"127.0.0.1/32", http.Header{"X-Forwarded-For": {"203.0.113.5, unknown"}}, "127.0.0.1"},
		"nothing":                         {"127.0.0.1/32", http.Header{}, "127.0.0.1"},
		"other headers that proxies have": {"127.0.0.1/32", http.Header{"X-Real-Ip": {"203.0.113.5"}, "Forwarded": {"for=203.0.113.5"}, "True-Client-Ip": {"203.0.113.5"}}, "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, func(o *server.Options) {
				for text := range strings.FieldsFuncSeq(c.proxies, func(r rune) bool { return r == ',' }) {
					o.Proxies = append(o.Proxies, netip.MustParsePrefix(text))
				}
			})
			status, _ := client{Server: s, t: t, header: c.header}.call("POST", "/sessions", api.SessionRequest{Username: "anna", Password: "wrong password"})
			require.Equal(t, 401, status)
			require.Equal(t, c.host, audit(t, s)[0].Host)
			require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) error {
				n, _, err := tx.Failures(t.Context(), store.FailureFilter{Host: c.host})
				require.Equal(t, 1, n)
				return err
			}))
		})
	}
}

// saltCounter is randomness that counts the salts of password hashes, which alone take 16 bytes.
type saltCounter struct{ salts atomic.Int64 }

func (c *saltCounter) Read(p []byte) (int, error) {
	if len(p) == 16 {
		c.salts.Add(1)
	}
	return rand.Read(p)
}

// Names that hold ends of lines, as data of an import or of another program may, lead no mail elsewhere.
func TestMailsHoldNoInjectedHeader(t *testing.T) {
	w := newWorld(t)
	w.prepare("new A")
	const evil = "Anna\r\nBcc: eve@evil.example\r\n\r\nhello"
	w.write(func(tx store.Tx) error {
		c, err := tx.ClientByUsername(t.Context(), "anna")
		if err != nil {
			return err
		}
		c.RegistrationName, c.FirstName, c.LastName, c.Company = evil, evil, evil, evil
		return tx.ChangeClient(t.Context(), c)
	})
	w.prepare("email A")
	require.Len(t, w.askForLink("anna"), 1)
	status, body := w.clients["anna"].call("PATCH", "/account", map[string]string{"first_name": "Anna", "last_name": evil, "email": "new@lumen.example"})
	w.status(status, body, api.ErrValidation, "one line")
	list := mails(t, w.Server)
	require.Len(t, list, 2)
	for _, m := range list {
		require.NotContains(t, m.Subject+m.AttachmentName+m.MessageID+strings.Join(m.To, ""), "\n")
		require.NotContains(t, m.Subject+m.AttachmentName+m.MessageID+strings.Join(m.To, ""), "\r")
		require.NotContains(t, m.Body, "\nBcc:")
		require.NotContains(t, m.To, "eve@evil.example")
	}
}
