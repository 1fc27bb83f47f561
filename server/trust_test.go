package server_test

import (
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

// License files signed with a former key stay valid, and the app gets both keys.
func TestSigningKeyChanges(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	file := func() string {
		return servertest.ReadBody(t,
			w.Clients["anna"].Raw("GET", fmt.Sprintf("/licenses/%d/file", w.Licenses["A"]), nil))
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
