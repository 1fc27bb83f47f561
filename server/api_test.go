package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
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

func TestMain(m *testing.M) { servertest.Main(m) }

// Each row is one call in the state of the sample data: what is answered, and how many licenses of order 1042 are
// active afterwards (3 before).
func TestScenarios(t *testing.T) {
	free, second := servertest.MadeUpCodes("LUMENST7", 1), servertest.MadeUpCodes("LUMENST7", 2)
	pair := func(c license.Codes, note string) api.NewLicense {
		return api.NewLicense{SiteCode: c.Site.String(), MachineID: c.Machine.String(), Note: note}
	}
	otherProgram := servertest.MadeUpCodes("LUMENRND", 1)
	long := strings.Repeat("ü", api.MaxNote)
	for _, c := range []struct {
		name         string
		method, path string
		body         any
		status       int
		code         api.Code
		contains     string
		active       int
		noKey        bool
		signedOut    bool
		before       func(*testing.T, *servertest.Server)
	}{
		// Orders (spec: api 1).
		{name: "rule 1: an order is listed", method: "GET", path: "/orders", status: 200, contains: `"id":1042`, active: 3},
		{
			name:     "rule 1: licenses of an order",
			method:   "GET",
			path:     "/orders/1020/licenses?limit=500",
			status:   200,
			contains: "Workstation 199",
			active:   3,
		},
		{
			name:   "rule 1: disabled",
			method: "GET",
			path:   "/orders/1024/licenses",
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		{
			name:   "rule 1: invisible",
			method: "GET",
			path:   "/orders/1025/licenses",
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		{
			name:   "rule 1: somebody else's",
			method: "GET",
			path:   "/orders/1046/licenses",
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		{
			name:   "rule 1: missing",
			method: "GET",
			path:   "/orders/999999/licenses",
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		{
			name:   "rule 1: needs no activation",
			method: "GET",
			path:   "/orders/1003/licenses",
			status: 403,
			code:   api.ErrTaskDisabled,
			active: 3,
		},
		{
			name:   "rule 1: needs no activation, new license",
			method: "POST",
			path:   "/orders/1003/licenses",
			body:   pair(free, ""),
			status: 403,
			code:   api.ErrTaskDisabled,
			active: 3,
		},
		{
			name:   "rule 1: read-only, new license",
			method: "POST",
			path:   "/orders/1022/licenses",
			body:   pair(free, ""),
			status: 403,
			code:   api.ErrOrderReadOnly,
			active: 3,
		},
		// A new license (spec: api 2, api "Codes in requests").
		{
			name:     "rule 2: new license",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     pair(free, long),
			status:   201,
			contains: free.Site.String(),
			active:   4,
		},
		{
			name:     "rule 2: merged codes",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     api.NewLicense{SiteMID: strings.ToLower(free.Merged())},
			status:   201,
			contains: free.Machine.String(),
			active:   4,
		},
		{
			name:   "rule 2: both forms",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   api.NewLicense{SiteMID: free.Merged(), SiteCode: "7183EC4D"},
			status: 422,
			code:   api.ErrValidation,
			active: 3,
		},
		{
			name:   "rule 2: all in use",
			method: "POST",
			path:   "/orders/1037/licenses",
			body:   pair(otherProgram, ""),
			status: 409,
			code:   api.ErrLicensesInUse,
			active: 3,
		},
		{
			name:   "rule 2: the licenses of the order have ended",
			method: "POST",
			path:   "/orders/1008/licenses",
			body:   pair(otherProgram, ""),
			status: 403,
			code:   api.ErrTaskDisabled,
			active: 3,
		},
		{
			name:   "rule 2: of another program",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   pair(otherProgram, ""),
			status: 422,
			code:   api.ErrSiteMIDMismatch,
			active: 3,
		},
		{
			name:   "rule 2: not a pair",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   pair(license.Codes{Site: free.Site, Machine: second.Machine}, ""),
			status: 422,
			code:   api.ErrSiteMIDMismatch,
			active: 3,
		},
		{
			name:     "rule 2: malformed",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     api.NewLicense{SiteCode: "7183EC4D", MachineID: "83A9-34X9-0090-B3F5"},
			status:   422,
			code:     api.ErrCodeMalformed,
			contains: "Group 2",
			active:   3,
		},
		{
			name:     "rule 2: codes missing",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     api.NewLicense{},
			status:   422,
			code:     api.ErrCodeMalformed,
			contains: "body.site_code",
			active:   3,
		},
		{
			name:   "rule 2: Site code of another client",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   pair(servertest.MadeUpCodes("LUMENST7", 77), ""),
			status: 409,
			code:   api.ErrSiteCodeInUse,
			active: 3,
			before: func(t *testing.T, s *servertest.Server) {
				servertest.Activate(t, s, 1046, servertest.MadeUpCodes("LUMENST7", 77))
			},
		},
		{
			name:   "rule 2: spent Site code",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   pair(servertest.MadeUpCodes("LUMENST7", 78), ""),
			status: 409,
			code:   api.ErrSiteCodeSpent,
			active: 3,
			before: func(t *testing.T, s *servertest.Server) {
				id := servertest.Activate(t, s, 1042, servertest.MadeUpCodes("LUMENST7", 78))
				require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
					return tx.Licenses.End(t.Context(), id, api.StatusRemoved, s.Clock.Now())
				}))
			},
		},
		{
			name:   "rule 7: subscription expired",
			method: "POST",
			path:   "/orders/1015/licenses",
			body:   pair(servertest.MadeUpCodes("TIDESRV2", 1), ""),
			status: 403,
			code:   api.ErrSubscriptionExpired,
			active: 3,
		},
		{
			name:     "rule 8: 30 characters of any language",
			method:   "PATCH",
			path:     "/licenses/20211",
			body:     map[string]string{"note": long},
			status:   200,
			contains: long,
			active:   3,
		},
		{
			name:     "rule 8: 31 characters",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     pair(free, long+"x"),
			status:   422,
			code:     api.ErrValidation,
			contains: "note",
			active:   3,
		},
		{
			name:     "rule 8: control characters",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     pair(free, "a\nb"),
			status:   422,
			code:     api.ErrValidation,
			contains: "body.note",
			active:   3,
		},
		{
			name:   "note: somebody else's",
			method: "PATCH",
			path:   "/licenses/20216",
			body:   map[string]string{"note": "x"},
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		{
			name:   "file: somebody else's",
			method: "GET",
			path:   "/licenses/20216/file",
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		{name: "file", method: "GET", path: "/licenses/20211/file", status: 200, contains: "v4.public.", active: 3},
		{
			name:     "email: preview",
			method:   "GET",
			path:     "/licenses/20211/email",
			status:   200,
			contains: "anna.berg@lumen.example",
			active:   3,
		},
		{
			name:   "email: somebody else's",
			method: "POST",
			path:   "/licenses/20216/email",
			body:   api.EmailRequest{To: []string{"bruno@keller.example"}},
			status: 404,
			code:   api.ErrNotFound,
			active: 3,
		},
		// Mails (spec: api 12).
		{
			name:   "rule 12: address on file",
			method: "POST",
			path:   "/licenses/20211/email",
			body:   api.EmailRequest{To: []string{"IT@lumen.example"}, Message: "hello"},
			status: 202,
			active: 3,
		},
		{
			name:     "rule 12: other address",
			method:   "POST",
			path:     "/licenses/20211/email",
			body:     api.EmailRequest{To: []string{"eve@evil.example"}},
			status:   422,
			code:     api.ErrValidation,
			contains: "on file",
			active:   3,
		},
		{
			name:   "rule 12: injected header",
			method: "POST",
			path:   "/licenses/20211/email",
			body:   api.EmailRequest{To: []string{"it@lumen.example\r\nBcc: eve@evil.example"}},
			status: 422,
			code:   api.ErrValidation,
			active: 3,
		},
		{
			name:   "rule 12: message too long",
			method: "POST",
			path:   "/licenses/20211/email",
			body:   api.EmailRequest{To: []string{"it@lumen.example"}, Message: strings.Repeat("x", 501)},
			status: 422,
			code:   api.ErrValidation,
			active: 3,
		},
		// What a request lacks, and what it has besides (spec: api "Idempotency", api "Representation").
		{
			name:     "key missing",
			method:   "POST",
			path:     "/orders/1042/licenses",
			body:     pair(free, ""),
			status:   422,
			code:     api.ErrValidation,
			contains: "Idempotency-Key",
			active:   3,
			noKey:    true,
		},
		{
			name:   "unknown fields are ignored",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   `{"site_mid":"` + free.Merged() + `","newer":{"x":1}}`,
			status: 201,
			active: 4,
		},
		{
			name:   "no JSON",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   `{"site`,
			status: 422,
			code:   api.ErrValidation,
			active: 3,
		},
		{
			name:   "too large",
			method: "POST",
			path:   "/orders/1042/licenses",
			body:   `{"note":"` + strings.Repeat("x", 70<<10) + `"}`,
			status: 422,
			code:   api.ErrValidation,
			active: 3,
		},
		{name: "bad cursor", method: "GET", path: "/orders?cursor=!!!", status: 422, code: api.ErrValidation, active: 3},
		{name: "page too large", method: "GET", path: "/orders?limit=501", status: 422, code: api.ErrValidation, active: 3},
		{name: "no such path", method: "GET", path: "/nothing", status: 404, code: api.ErrNotFound, active: 3},
		{
			name:   "path tricks",
			method: "GET",
			path:   "/orders/1%2f..%2f1042/licenses",
			status: 422,
			code:   api.ErrValidation,
			active: 3,
		},
		{
			name:      "not signed in",
			method:    "GET",
			path:      "/orders",
			status:    401,
			code:      api.ErrCredentialsMissing,
			active:    3,
			signedOut: true,
		},
		{
			name:      "server without login",
			method:    "GET",
			path:      "/server",
			status:    200,
			contains:  "key_fingerprints",
			active:    3,
			signedOut: true,
		},
		{
			name:     "programs",
			method:   "GET",
			path:     "/programs?accepts_serials=true",
			status:   200,
			contains: "Lumen Studio 7",
			active:   3,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := servertest.Start(t)
			if c.before != nil {
				c.before(t, s)
			}
			before := servertest.Order(t, s, 1042).LicensesActive
			caller, _ := servertest.SignIn(t, s)
			if c.signedOut {
				caller.Token = ""
			}
			if !c.noKey && c.method == "POST" {
				caller = caller.Keyed()
			}
			response := caller.Raw(c.method, c.path, c.body)
			defer response.Body.Close()
			data, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode, string(data))
			require.Contains(t, string(data), c.contains)
			if c.code != "" {
				require.Equal(t, api.ProblemMediaType, response.Header.Get("Content-Type"))
				var p api.Problem
				require.NoError(t, json.Unmarshal(data, &p))
				require.Equal(t, c.code, p.Code)
				require.Equal(t, c.code.HTTPStatus(), c.status)
				require.NotEmpty(t, p.Detail)
			}
			if before == 3 {
				require.Equal(t, c.active, servertest.Order(t, s, 1042).LicensesActive)
			}
		})
	}
}

// A row of another client and a missing row get the same bytes.
func TestForeignRowsLookMissing(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	for _, path := range []string{"/orders/%d/licenses", "/licenses/%d/file", "/licenses/%d/email"} {
		foreign := int64(20216)
		if strings.HasPrefix(path, "/orders") {
			foreign = 1046
		}
		status, existing := c.Call("GET", fmt.Sprintf(path, foreign), nil)
		require.Equal(t, 404, status)
		_, missing := c.Call("GET", fmt.Sprintf(path, 88888888), nil)
		require.Equal(t, missing, existing)
	}
}

// PCs that compete for the last seats never get more licenses than the order has (spec: api 15).
func TestLicensesNeverExceedTheTotal(t *testing.T) {
	for free := 1; free <= 3; free++ {
		s := servertest.Start(t)
		servertest.ChangeOrder(t, s, 1042, func(o *store.Order) { o.LicensesTotal = o.LicensesActive + free })
		c, _ := servertest.SignIn(t, s)
		var group sync.WaitGroup
		var mu sync.Mutex
		outcomes := map[int]int{}
		for n := range 24 {
			group.Go(func() {
				status, _ := c.Keyed().Call("POST", "/orders/1042/licenses",
					api.NewLicense{SiteMID: servertest.MadeUpCodes("LUMENST7", n).Merged()})
				mu.Lock()
				defer mu.Unlock()
				outcomes[status]++
			})
		}
		group.Wait()
		require.Equal(t, map[int]int{201: free, 409: 24 - free}, outcomes)
		o := servertest.Order(t, s, 1042)
		require.Equal(t, o.LicensesTotal, o.LicensesActive)
	}
}

// Changes and refusals are in the audit trail, without secrets (spec: api 14).
func TestAuditAndLogsContainNoSecret(t *testing.T) {
	s := servertest.Start(t)
	c, session := servertest.SignIn(t, s)
	codes := servertest.MadeUpCodes("LUMENST7", 1)
	_, body := c.Keyed().Call("POST", "/orders/1042/licenses", api.NewLicense{SiteMID: codes.Merged()})
	var l api.License
	require.NoError(t, json.Unmarshal(body, &l))
	c.Keyed().Call("POST", "/orders/1037/licenses",
		api.NewLicense{SiteMID: servertest.MadeUpCodes("LUMENRND", 2).Merged()})
	c.Keyed().Call("POST", fmt.Sprintf("/licenses/%d/email", l.ID), api.EmailRequest{To: []string{"it@lumen.example"}})
	servertest.Client{Server: s, T: t}.Call("POST", "/sessions",
		map[string]any{"username": "anna", "password": "a wrong password"})

	trail := servertest.AuditTrail(t, s)
	var text strings.Builder
	actions := map[string]string{}
	for _, line := range trail {
		fmt.Fprintln(&text, line)
		actions[line.Action+" "+line.Object] = line.Outcome
	}
	require.Equal(t, "ok", actions["license.create order 1042"])
	require.Equal(t, string(api.ErrLicensesInUse), actions["license.create order 1037"])
	require.Equal(t, "ok", actions[fmt.Sprintf("license.email license %d", l.ID)])
	require.Equal(t, string(api.ErrAuthorization), actions["session.create "])
	for _, secret := range []string{
		s.Login.Password, "a wrong password", session.AccessToken, session.RefreshToken, l.ActivationCode,
		codes.Machine.String(),
	} {
		require.NotContains(t, text.String(), secret)
		require.NotContains(t, s.Log.String(), secret)
	}
}

// A host with too many requests must wait; others need not.
func TestRequestsOfAHostAreLimited(t *testing.T) {
	s := servertest.Start(t, func(o *server.Options) {
		o.Requests = settings.RequestRate{PerSecond: 2, Burst: 3}
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	from := func(host string) servertest.Client {
		return servertest.Client{Server: s, T: t}.With("X-Forwarded-For", host)
	}
	for range 3 {
		status, _ := from("203.0.113.5").Call("GET", "/server", nil)
		require.Equal(t, 200, status)
	}
	response := from("203.0.113.5").Raw("GET", "/server", nil)
	_ = response.Body.Close()
	require.Equal(t, 429, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("Retry-After"))
	status, _ := from("203.0.113.6").Call("GET", "/server", nil)
	require.Equal(t, 200, status)
	for i := range 4 { // IPv6 addresses with the same /64 prefix are one host
		status, _ = from(fmt.Sprintf("2001:db8::%d", i)).Call("GET", "/server", nil)
	}
	require.Equal(t, 429, status)
	s.Clock.Advance(time.Second)
	status, body := from("203.0.113.5").Call("GET", "/server", nil)
	require.Equal(t, 200, status, string(body))
}

// full is a store with a full disk.
type full struct{ store.Store }

func (full) Write(context.Context, store.Lock, func(store.Tx) error, ...store.Hint) error {
	return fmt.Errorf("the disk is full: %w", store.ErrUnavailable)
}

// With a full disk the server answers reads, and refuses changes temporarily.
func TestFullDisk(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	s.Restart(func(o *server.Options) { o.Store = full{o.Store} })
	status, _ := c.Call("GET", "/orders", nil)
	require.Equal(t, 200, status)
	status, body := c.Keyed().Call("POST", "/orders/1042/licenses",
		api.NewLicense{SiteMID: servertest.MadeUpCodes("LUMENST7", 1).Merged()})
	require.Equal(t, 503, status)
	require.Contains(t, string(body), api.ErrUnavailable)
	require.NotContains(t, string(body), "disk", "nothing leaks")
	s.Restart()
	require.Equal(t, 3, servertest.Order(t, s, 1042).LicensesActive)
}
