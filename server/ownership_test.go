package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
)

// operations returns the calls of the contract in the OpenAPI document.
func operations(t *testing.T, c servertest.Client) (list []string) {
	t.Helper()
	_, body := c.Call("GET", "/openapi.json", nil)
	var doc struct {
		Paths map[string]map[string]struct {
			Security []any `json:"security"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	for path, methods := range doc.Paths {
		for method := range methods {
			list = append(list, strings.ToUpper(method)+" "+strings.TrimPrefix(path, api.Base))
		}
	}
	sort.Strings(list)
	return list
}

// forPrograms are the calls of programs, which prove the license by its activation code (TestAliveAndValidation).
var forPrograms = map[string]bool{"POST /licenses/{id}/alive": true, "POST /licenses/{id}/validation": true}

// Every call with the id of an order or license of another client gets the same bytes as one that does not exist, and
// changes nothing (spec: api "Who may call").
func TestNobodyReachesRowsOfOthers(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	codes := servertest.CodesOf(w.Program.Signature, "B")
	bodies := map[string]any{
		"POST /orders/{id}/licenses": api.NewLicense{SiteMID: codes.Merged()},
		"POST /licenses/{id}/reactivation": api.Reactivation{SiteMID: servertest.CodesOf(w.Program.Signature,
			"A+NET").Merged()},
		"POST /licenses/{id}/release":    api.Release{RemovalCode: w.RemovalCode("A")},
		"POST /licenses/{id}/transfer":   api.Transfer{SiteMID: codes.Merged(), RemovalCode: w.RemovalCode("A")},
		"POST /licenses/{id}/removal":    api.Removal{RemovalCode: w.RemovalCode("A")},
		"POST /licenses/{id}/comparison": api.PCCodes{SiteMID: codes.Merged()},
		"POST /licenses/{id}/email":      api.EmailRequest{To: []string{"bruno@keller.example"}},
		"PATCH /licenses/{id}":           map[string]string{"note": "mine"},
	}
	named := 0
	for _, operation := range operations(t, w.Clients["anna"]) {
		if !strings.Contains(operation, "{id}") || forPrograms[operation] {
			continue
		}
		named++
		t.Run(operation, func(t *testing.T) {
			method, path, _ := strings.Cut(operation, " ")
			body := bodies[operation]
			require.Equal(t, method == "GET", body == nil, "every change has a good body")
			foreign := w.Licenses["A"]
			if strings.HasPrefix(path, "/orders") {
				foreign = sample.WithSerial
			}
			before := w.Tables()
			ask := func(id int64) (int, http.Header, string) {
				c := w.Clients["bruno"].With(api.IdempotencyKey, uuid.NewString())
				c.T = t
				return servertest.ReadStable(t, c.Raw(method, strings.Replace(path, "{id}", fmt.Sprint(id), 1), body))
			}
			status, header, existing := ask(foreign)
			require.Equal(t, http.StatusNotFound, status, existing)
			_, missingHeader, missing := ask(88_888_888)
			require.Equal(t, missing, existing)
			require.Equal(t, missingHeader, header)
			require.Equal(t, before, w.Tables())
		})
	}
	require.Equal(t, 12, named, "a new call must be added to this test")
}

// Every call except the public ones needs a session (spec: api "Who may call").
func TestCallsNeedASession(t *testing.T) {
	w := servertest.NewWorld(t)
	open := map[string]bool{
		"GET /server":                   true,
		"POST /sessions":                true,
		"POST /sessions/refresh":        true,
		"POST /verifications":           true,
		"POST /accounts":                true,
		"POST /password-resets":         true,
		"POST /password-resets/confirm": true,
	}
	anonymous := servertest.Client{Server: w.Server, T: t}
	for _, operation := range operations(t, anonymous) {
		method, path, _ := strings.Cut(operation, " ")
		if open[operation] || forPrograms[operation] {
			continue
		}
		status, body := anonymous.Call(method, strings.Replace(path, "{id}", "1042", 1), nil)
		require.Equal(t, 401, status, "%s: %s", operation, body)
		require.Contains(t, string(body), api.ErrCredentialsMissing)
	}
}

// The same idempotency key of two clients makes two changes (spec: api "Idempotency").
func TestKeysBelongToTheirClient(t *testing.T) {
	w := servertest.NewWorld(t)
	key := uuid.NewString()
	a := api.NewLicense{SiteMID: servertest.CodesOf(w.Program.Signature, "A").Merged()}
	b := api.NewLicense{SiteMID: servertest.CodesOf(w.Program.Signature, "B").Merged()}
	status, first := w.Clients["anna"].With(api.IdempotencyKey, key).Call("POST", "/orders/1042/licenses", a)
	require.Equal(t, 201, status)
	status, second := w.Clients["bruno"].With(api.IdempotencyKey, key).Call("POST", "/orders/1046/licenses", b)
	require.Equal(t, 201, status, string(second))
	require.NotEqual(t, string(first), string(second))
	status, _ = w.Clients["bruno"].With(api.IdempotencyKey, key).Call("POST", "/orders/1042/licenses", a)
	require.Equal(t, 409, status, "bruno's key was used for another request")
}

// The answer to a release is replayed, whatever has happened to the license. The audit trail contains the release.
func TestReleaseIsReplayed(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	anna, path, code := w.Clients["anna"].Keyed(), fmt.Sprintf("/licenses/%d/release", w.Licenses["A"]), w.RemovalCode("A")
	status, first := anna.Call("POST", path, api.Release{RemovalCode: code})
	require.Equal(t, 200, status, string(first))
	w.Prepare("transfer A B code=none")
	w.Restart()
	before := w.Tables()
	status, again := anna.Call("POST", path, api.Release{RemovalCode: code})
	require.Equal(t, 200, status)
	require.Equal(t, string(first), string(again))
	status, _ = anna.Call("POST", path, api.Release{RemovalCode: "00000-00000-0"})
	require.Equal(t, 409, status, "one key, one request")
	require.Equal(t, before, w.Tables())
	status, body := w.Clients["anna"].Call("POST", path, api.Release{RemovalCode: code})
	require.Equal(t, 422, status)
	require.Contains(t, string(body), api.IdempotencyKey)
	var lines []string
	for _, line := range servertest.AuditTrail(t, w.Server) {
		if line.Action == "license.release" {
			lines = append(lines, line.Actor+" "+line.Object+" "+line.Outcome)
		}
	}
	require.Equal(t, []string{fmt.Sprintf("client license %d ok", w.Licenses["A"])}, lines)
}

// Other clients cannot pick up a released license.
func TestReleasedLicensesStayTheirOwners(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	w.Prepare("release A")
	before := w.Tables()
	pickUp := api.Transfer{SiteMID: servertest.CodesOf(w.Program.Signature, "B").Merged()}
	ask := func(id int64) string {
		status, body := w.Clients["bruno"].Keyed().Call("POST", fmt.Sprintf("/licenses/%d/transfer", id), pickUp)
		require.Equal(t, http.StatusNotFound, status)
		return string(body)
	}
	require.Equal(t, ask(88_888_888), ask(w.Licenses["A"]))
	require.Equal(t, before, w.Tables())
}

// Of several PCs that pick up a released license at the same time, one gets it.
func TestConcurrentPickUps(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	w.Prepare("release A")
	var group sync.WaitGroup
	var mu sync.Mutex
	answers := map[int]int{}
	for _, pc := range []string{"B", "C", "D", "E", "F", "G"} {
		one := *w
		one.Licenses = map[string]int64{"A": w.Licenses["A"]}
		group.Go(func() {
			status, _ := one.Do("transfer A " + pc + " code=none")
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
		})
	}
	group.Wait()
	require.Equal(t, map[int]int{201: 1, 409: 5}, answers)
	w.Check("seats 4")
	w.Check("A Transferred")
}

// Of each pair of concurrent tasks on one license, only one succeeds unless both are possible in sequence. The family
// has at most one active license, and the count of active licenses is right (spec: api 15).
func TestConcurrentTasks(t *testing.T) {
	tasks := []string{
		"reactivate A A+NET", "reactivate A A@9", "transfer A B", "transfer A C", "remove A", "release A", "new A",
		"note A x", "email A",
	}
	for i, one := range tasks {
		for _, other := range tasks[i:] {
			t.Run(one+" and "+other, func(t *testing.T) {
				t.Parallel()
				w := servertest.NewWorld(t)
				w.Prepare("new A")
				original := w.Licenses["A"]
				calls := []string{one, other}
				worlds := make([]*servertest.World, len(calls))
				for n := range calls { // each caller has its own names
					copied := *w
					copied.Licenses = map[string]int64{"A": original}
					worlds[n] = &copied
				}
				code := w.RemovalCode("A")
				statuses := make([]int, len(calls))
				var group sync.WaitGroup
				start := make(chan struct{})
				for n, call := range calls {
					worlds[n].Remembered = code
					if strings.HasPrefix(call, "remove") || strings.HasPrefix(call, "transfer") || strings.HasPrefix(call, "release") {
						call += " code=remembered"
					}
					group.Go(func() {
						<-start
						statuses[n], _ = worlds[n].Do(call)
					})
				}
				close(start)
				group.Wait()

				ends := func(call string) bool {
					return strings.HasPrefix(call, "reactivate") || strings.HasPrefix(call, "transfer") ||
						strings.HasPrefix(call, "remove")
				}
				done, released := 0, 0
				for n, status := range statuses {
					require.Less(t, status, 500)
					if ends(calls[n]) && status < 300 {
						done++
					}
					if calls[n] == "release A" && status == 200 {
						released++
					}
				}
				if ends(one) && ends(other) {
					require.Equal(t, 1, done, "%v", statuses)
				}
				events := 0
				if released > 0 { // a second release changes nothing
					events = 1
				}
				require.Equal(t, events, w.Events("release", api.OutcomeOK))
				family, all := 0, 0
				for _, line := range strings.Split(w.Tables(), "\n") {
					if !strings.Contains(line, "OrderID:1042 ") || !strings.Contains(line, "Status:Active") {
						continue
					}
					all++
					if strings.Contains(line, fmt.Sprintf("OriginalID:%d ", original)) {
						family++
					}
				}
				require.LessOrEqual(t, family, 1)
				if other != "new A" { // former codes after a reactivation can be activated, which takes another seat
					require.Equal(t, 3+family, all)
				}
				w.Check(fmt.Sprintf("seats %d", all))
			})
		}
	}
}
