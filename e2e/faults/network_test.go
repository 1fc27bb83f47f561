package faults

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

var exhaustive = flag.Bool("exhaustive", false, "run every scenario, not only a representative part")

// networkFault is a fault between a PC and the server.
type networkFault struct {
	name  string
	fault fault
	// refuses reports that the answer is a refusal of a license server, with which a job may end.
	refuses bool
	// trusted reports that the app may accept the answer until the next refresh, because the task has no receipt.
	trusted bool
	// outcome is what a person sees.
	outcome string
}

const (
	taskResumes = "The task is stored, resumes when the connection is back, and takes effect once."
	notAServer  = "“The server there is not a license server.” The task is stored, and nothing is changed or erased " +
		"on the PC; it takes effect once, later."
	oneEffect = "It takes effect once."

	notEnded       = "“Not found” does not mean “ended”: the license returns to its PC, or its removal code stays."
	unproved       = "It proves nothing: the removal code stays, and the app asks the server again."
	otherPCTrusted = " For a license of another PC the app may accept it until the next refresh."
	maintenance    = `{"status":"maintenance"}`
)

// notFound is the answer to a request for an object that does not exist or belongs to another client.
var notFound = problem(api.ErrNotFound, "There is no such order or license in this account.")

var networkFaults = []networkFault{
	{name: "request dropped", fault: requestDropped, outcome: taskResumes},
	{name: "answer dropped after the server has acted", fault: answerDropped, outcome: taskResumes},
	{name: "request duplicated", fault: duplicated, outcome: oneEffect},
	{name: "answer truncated", fault: truncated, outcome: taskResumes},
	{name: "502 from a gateway", fault: respond(http.StatusBadGateway, htmlType, portal), outcome: notAServer},
	{
		name:    "502 after the server has acted",
		fault:   after(respond(http.StatusBadGateway, htmlType, portal)),
		outcome: notAServer,
	},
	{name: "500 problem", fault: problem(api.ErrInternal, "Internal error."), refuses: true, outcome: taskResumes},
	{name: "503 problem", fault: problem(api.ErrUnavailable, "Try again later."), refuses: true, outcome: taskResumes},
	{name: "HTML 200", fault: respond(http.StatusOK, htmlType, portal), outcome: notAServer},
	{
		name:    "HTML 200 after the server has acted",
		fault:   after(respond(http.StatusOK, htmlType, portal)),
		outcome: notAServer,
	},
	{name: "redirect to a captive portal", fault: redirected, outcome: notAServer},
	{name: "JSON 200: maintenance", fault: respond(http.StatusOK, jsonType, maintenance), outcome: notAServer},
	{name: "JSON 201: maintenance", fault: respond(http.StatusCreated, jsonType, maintenance), outcome: notAServer},
	{
		name:    "JSON 200: maintenance after the server has acted",
		fault:   after(respond(http.StatusOK, jsonType, maintenance)),
		outcome: notAServer,
	},
	{name: "JSON 200: {}", fault: respond(http.StatusOK, jsonType, `{}`), outcome: notAServer},
	{name: "JSON 200: []", fault: respond(http.StatusOK, jsonType, `[]`), outcome: notAServer},
	{name: "JSON 200: null", fault: respond(http.StatusOK, jsonType, `null`), outcome: notAServer},
	{name: "JSON 200 without a body", fault: respond(http.StatusOK, jsonType, ``), outcome: notAServer},
	{name: "204 without a body", fault: respond(http.StatusNoContent, jsonType, ``), outcome: notAServer},
	{name: "the answer to a call for another license", fault: wrongLicense, outcome: notAServer},
	{
		name:    "empty lists",
		fault:   emptyLists,
		outcome: "A license that is missing from a list is not erased. Only a license that the server reports as ended is.",
	},
	{name: "an answer without its receipt", fault: withoutReceipt, outcome: unproved},
	{name: "an answer whose receipt has an invalid signature", fault: forgedReceipt, outcome: unproved},
	{
		name:    "a forged answer, valid except for the signature of its receipt",
		fault:   forged,
		trusted: true,
		outcome: unproved + otherPCTrusted,
	},
	{
		name:    "401 problem",
		fault:   problem(api.ErrAuthorization, "Sign in."),
		refuses: true,
		outcome: "The task is stored and resumes after the person has signed in again.",
	},
	{name: "404 HTML", fault: respond(http.StatusNotFound, htmlType, portal), outcome: notAServer},
	{name: "404 problem", fault: notFound, refuses: true, outcome: notEnded},
	{name: "404 problem after the server has acted", fault: after(notFound), refuses: true, outcome: notEnded},
	{
		name:    "503 problem after the server has acted",
		fault:   after(problem(api.ErrUnavailable, "Try again later.")),
		refuses: true,
		outcome: taskResumes,
	},
	{name: "403 HTML", fault: respond(http.StatusForbidden, htmlType, portal), outcome: notAServer},
	{name: "429 HTML", fault: respond(http.StatusTooManyRequests, htmlType, portal), outcome: notAServer},
}

// wrongLicense answers with a complete license or order that was not asked for.
func wrongLicense(w http.ResponseWriter, c call, forward func() answer) {
	const licenseJSON = `{"id":1,` +
		`"order_id":1,"original_license_id":1,"site_code":"A91039B5","machine_id":"7F80-3BDF-E8D3-1D55",` +
		`"activation_code":"F3945D8C-B0D71FFA-02A956E3-8D6DB947","note":"","features":0,` +
		`"activated_at":"2026-01-01T00:00:00Z","status":"Active","receipt":"v4.public.none"}`
	const orderJSON = `{"id":1,"program_id":1,"program_name":"x","ordered_at":"2026-01-01T00:00:00Z",` +
		`"licenses_total":1,"licenses_activated":0,"requires_activation":true,"can_manage":true,` +
		`"subscription":{"state":"none"},"allowed":{},"receipt":"v4.public.none"}`
	body := licenseJSON
	switch {
	case to(http.MethodPost, "/orders")(c), to(http.MethodPost, "/removal")(c):
		body = orderJSON
	case to(http.MethodGet, "/orders")(c):
		body = `{"orders":[` + orderJSON + `],"can_add_order":true}`
	case to(http.MethodGet, "/licenses")(c):
		body = `{"licenses":[` + licenseJSON + `]}`
	}
	status := http.StatusOK
	if c.method == http.MethodPost {
		status = http.StatusCreated
	}
	respond(status, jsonType, body)(w, c, forward)
}

// withoutReceipt forwards the call and removes the receipt from the answer.
func withoutReceipt(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	a.body = receiptMember.ReplaceAll(a.body, nil)
	a.header.Del("Content-Length")
	a.write(w)
}

// forgedReceipt forwards the call and replaces the receipt by a token with an invalid signature.
func forgedReceipt(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	a.body = receiptMember.ReplaceAll(a.body, []byte(`,"receipt":"v4.public.eyJqdGkiOiIxIn0"`))
	a.header.Del("Content-Length")
	a.write(w)
}

// forged answers a release, removal or transfer itself. Only the receipt, which needs the vendor's key, is invalid. It
// forwards every other call.
func forged(w http.ResponseWriter, c call, forward func() answer) {
	var id int64
	var task string
	_, err := fmt.Sscanf(strings.ReplaceAll(c.path, "/", " "), " licenses %d %s", &id, &task)
	if err != nil || c.method != http.MethodPost {
		forward().write(w)
		return
	}
	const receipt = "v4.public.eyJqdGkiOiIxIn0"
	l := c.world.stored(id)
	now := c.world.Clock.Now().UTC()
	out := api.License{
		ID:                id,
		OrderID:           l.OrderID,
		OriginalLicenseID: l.OriginalID,
		SiteCode:          l.Codes.Site.String(),
		MachineID:         l.Codes.Machine.String(),
		ActivationCode:    l.Activation.String(),
		Note:              l.Note,
		ActivatedAt:       now,
		Status:            api.StatusActive,
		ReleasedAt:        &now,
	}
	status, body := http.StatusOK, any(nil)
	switch task {
	case "release":
		body = api.LicenseReceipt{License: out, Receipt: receipt}
	case "removal":
		body = api.OrderReceipt{
			Order: api.Order{
				ID:                 l.OrderID,
				ProgramID:          l.ProgramID,
				ProgramName:        c.world.program.Name,
				OrderedAt:          now,
				LicensesTotal:      manySeats,
				RequiresActivation: true,
				CanManage:          true,
				Subscription:       api.Subscription{State: api.SubscriptionNone},
			},
			Receipt: receipt,
		}
	case "transfer":
		var request api.Transfer
		if err := json.Unmarshal(c.body, &request); err != nil {
			hangUp()
		}
		out.ID, out.ReleasedAt, out.SiteCode, out.MachineID = id+1, nil, request.SiteCode, request.MachineID
		status, body = http.StatusCreated, api.LicenseReceipt{License: out, Receipt: receipt}
	default:
		forward().write(w)
		return
	}
	content, err := json.Marshal(body)
	if err != nil {
		hangUp()
	}
	respond(status, jsonType, string(content))(w, c, forward)
}

// receiptMember matches the receipt in an answer, where it is the last member.
var receiptMember = regexp.MustCompile(`,\s*"receipt":\s*"[^"]*"`)

// emptyLists answers every list with an empty one and forwards every other call.
func emptyLists(w http.ResponseWriter, c call, forward func() answer) {
	switch {
	case to(http.MethodGet, "/orders")(c):
		respond(http.StatusOK, jsonType, `{"orders":[],"can_add_order":true}`)(w, c, forward)
	case to(http.MethodGet, "/licenses")(c):
		respond(http.StatusOK, jsonType, `{"licenses":[]}`)(w, c, forward)
	case to(http.MethodGet, "/programs")(c):
		respond(http.StatusOK, jsonType, `{"programs":[]}`)(w, c, forward)
	default:
		forward().write(w)
	}
}

// inShortForm has the pairs of fault and task that the short form runs, too.
var inShortForm = map[string]string{
	"JSON 200: maintenance": "removal",
	"JSON 201: maintenance": "new license",
	"JSON 200: {}":          "refresh",
	"empty lists":           "refresh",
	"404 problem":           "move",
	"a forged answer, valid except for the signature of its receipt": "move",
	"answer dropped after the server has acted":                      "pick up",
}

// TestNetwork applies every network fault to every task: to the call that performs it, and to all calls. Afterwards the
// task has taken effect once, or does so when the person repeats it. Exactly the right PCs run, and no license is lost
// at any moment.
func TestNetwork(t *testing.T) {
	for i, m := range networkFaults {
		for j, tt := range tasks {
			for _, every := range []bool{false, true} {
				if !*exhaustive && (every || (i+j)%16 != 0 && inShortForm[m.name] != tt.name) {
					continue
				}
				match, what := tt.call, "its call"
				if every {
					match, what = anyCall, "all calls"
				}
				t.Run(fmt.Sprintf("%s/%s/%s", m.name, tt.name, what), func(t *testing.T) {
					t.Parallel()
					runUnderFault(t, m, tt, func(p *proxy) { p.on(match, m.fault) })
				})
			}
		}
	}
}

// TestNetworkEachCall applies every network fault to each single call of every task.
func TestNetworkEachCall(t *testing.T) {
	for _, m := range networkFaults {
		for _, tt := range tasks {
			if !*exhaustive && (m.name != "JSON 200: {}" || tt.name != "removal" && tt.name != "new license") {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", m.name, tt.name), func(t *testing.T) {
				t.Parallel()
				for n, calls := 0, 1; n < calls; n++ {
					calls = max(calls, runUnderFault(t, m, tt, func(p *proxy) {
						p.times(n, anyCall, func(w http.ResponseWriter, _ call, forward func() answer) { forward().write(w) })
						p.times(1, anyCall, m.fault)
					}))
				}
			})
		}
	}
}

// runUnderFault performs a task under a fault, recovers the apps, and repeats the task if it has not taken effect. It
// returns the number of calls that the task made.
func runUnderFault(t *testing.T, m networkFault, tt task, start func(*proxy)) (calls int) {
	t.Helper()
	a := tt.begin(t)
	before := a.done()
	a.by.proxy.calls()
	start(a.by.proxy)
	err := a.do(t.Context())
	calls = len(a.by.proxy.calls())
	if err == nil && !tt.reads && (tt.proved || !m.trusted) {
		require.Equal(t, before+1, a.done(), "the app reports the task as done")
	}
	// The app retries and refreshes while the fault lasts.
	_, _ = a.by.ResumeJobs(t.Context())
	_ = a.by.fetchTables()
	a.w.checkInvariants(t)

	a.w.recover()
	if tt.job && !m.refuses && errors.Is(err, manager.ErrUnreachable) {
		require.Equal(t, before+1, a.done(), "the app did not resume the task; its first error was: %v", err)
	}
	a.complete(t, tt, before)
	if !tt.reads {
		require.Equal(t, before+1, a.done(), "the task took effect once")
	}
	check(t, a.w, a.after)
	return calls
}
