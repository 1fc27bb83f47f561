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

var whole = flag.Bool("whole", false, "attack in every way, not only in a representative part")

// meddling is a fault of the network between a PC and the server.
type meddling struct {
	name  string
	fault fault
	// refuses tells that the answer is one of a license server and refuses: a job may end with it.
	refuses bool
	// believed tells that the app may take it for the server's, until the next refresh, where nothing proves what the
	// server did.
	believed bool
	// seen is what a person sees of it.
	seen string
}

const (
	goesOn = "The task is stored, resumes when the connection is back, and takes effect one time."
	noACEN = "“What answers there is no license server.” The task is kept, nothing is changed or erased on the PC; " +
		"it is done once, later."
	once = "It takes effect one time."

	notEnded    = "Not found is not ended: the license returns, or its removal code stays."
	unproved    = "It proves nothing: the removal code stays, and the server is asked again."
	ofAnotherPC = " About another PC's license it may be believed until the next refresh."
	maintenance = `{"status":"maintenance"}`
)

// notFound is what a server answers about what is another client's, or does not exist.
var notFound = refused(api.ErrNotFound, "There is no such order or license in this account.")

var meddlings = []meddling{
	{name: "request dropped", fault: requestDropped, seen: goesOn},
	{name: "answer dropped, the server has acted", fault: answerDropped, seen: goesOn},
	{name: "request doubled", fault: doubled, seen: once},
	{name: "answer cut in the middle", fault: cut, seen: goesOn},
	{name: "502 before the server", fault: instead(http.StatusBadGateway, htmlType, portal), seen: noACEN},
	{name: "502 after the server has acted", fault: after(instead(http.StatusBadGateway, htmlType, portal)), seen: noACEN},
	{name: "500 problem", fault: refused(api.ErrInternal, "Something went wrong."), refuses: true, seen: goesOn},
	{name: "503 problem", fault: refused(api.ErrUnavailable, "Come again."), refuses: true, seen: goesOn},
	{name: "HTML 200", fault: instead(http.StatusOK, htmlType, portal), seen: noACEN},
	{name: "HTML 200 after the server has acted", fault: after(instead(http.StatusOK, htmlType, portal)), seen: noACEN},
	{name: "redirect to a portal", fault: redirected, seen: noACEN},
	{name: "JSON 200: maintenance", fault: instead(http.StatusOK, jsonType, maintenance), seen: noACEN},
	{name: "JSON 201: maintenance", fault: instead(http.StatusCreated, jsonType, maintenance), seen: noACEN},
	{
		name:  "JSON 200: maintenance, after the server has acted",
		fault: after(instead(http.StatusOK, jsonType, maintenance)),
		seen:  noACEN,
	},
	{name: "JSON 200: {}", fault: instead(http.StatusOK, jsonType, `{}`), seen: noACEN},
	{name: "JSON 200: []", fault: instead(http.StatusOK, jsonType, `[]`), seen: noACEN},
	{name: "JSON 200: null", fault: instead(http.StatusOK, jsonType, `null`), seen: noACEN},
	{name: "JSON 200 without a body", fault: instead(http.StatusOK, jsonType, ``), seen: noACEN},
	{name: "204 without a body", fault: instead(http.StatusNoContent, jsonType, ``), seen: noACEN},
	{name: "an answer about another license", fault: another, seen: noACEN},
	{
		name:  "empty lists",
		fault: emptyLists,
		seen:  "A license that is missing from a list is not erased; only one that the server reports as ended is.",
	},
	{name: "a receipt that is missing", fault: withoutReceipt, seen: unproved},
	{name: "a receipt that nobody signed", fault: forgedReceipt, seen: unproved},
	{
		name:     "a forged answer, whole and about the right license, with a receipt that nobody signed",
		fault:    forged,
		believed: true,
		seen:     unproved + ofAnotherPC,
	},
	{
		name:    "401 problem",
		fault:   refused(api.ErrAuthorization, "Sign in."),
		refuses: true,
		seen:    "The person signs in again; the task is stored and resumes.",
	},
	{name: "404 HTML", fault: instead(http.StatusNotFound, htmlType, portal), seen: noACEN},
	{name: "404 problem", fault: notFound, refuses: true, seen: notEnded},
	{name: "404 problem after the server has acted", fault: after(notFound), refuses: true, seen: notEnded},
	{
		name:    "503 problem after the server has acted",
		fault:   after(refused(api.ErrUnavailable, "Come again.")),
		refuses: true,
		seen:    goesOn,
	},
	{name: "403 HTML", fault: instead(http.StatusForbidden, htmlType, portal), seen: noACEN},
	{name: "429 HTML", fault: instead(http.StatusTooManyRequests, htmlType, portal), seen: noACEN},
}

// another answers with a license, or an order, that was not asked for; its fields are all there.
func another(w http.ResponseWriter, c call, forward func() answer) {
	const one = `{"id":1,"order_id":1,"original_license_id":1,"site_code":"A91039B5","machine_id":"7F80-3BDF-E8D3-1D55",` +
		`"activation_code":"F3945D8C-B0D71FFA-02A956E3-8D6DB947","note":"","features":0,` +
		`"activated_at":"2026-01-01T00:00:00Z","status":"Active","receipt":"v4.public.none"}`
	const order = `{"id":1,"program_id":1,"program_name":"x","ordered_at":"2026-01-01T00:00:00Z",` +
		`"licenses_total":1,"licenses_activated":0,"requires_activation":true,"can_manage":true,` +
		`"subscription":{"state":"none"},"allowed":{},"receipt":"v4.public.none"}`
	body := one
	switch {
	case to(http.MethodPost, "/orders")(c), to(http.MethodPost, "/removal")(c):
		body = order
	case to(http.MethodGet, "/orders")(c):
		body = `{"orders":[` + order + `],"can_add_order":true}`
	case to(http.MethodGet, "/licenses")(c):
		body = `{"licenses":[` + one + `]}`
	}
	status := http.StatusOK
	if c.method == http.MethodPost {
		status = http.StatusCreated
	}
	instead(status, jsonType, body)(w, c, forward)
}

// withoutReceipt lets the server act and takes the receipt out of its answer.
func withoutReceipt(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	a.body = receiptMember.ReplaceAll(a.body, nil)
	a.header.Del("Content-Length")
	a.write(w)
}

// forgedReceipt lets the server act and puts a token in the place of its receipt.
func forgedReceipt(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	a.body = receiptMember.ReplaceAll(a.body, []byte(`,"receipt":"v4.public.eyJqdGkiOiIxIn0"`))
	a.header.Del("Content-Length")
	a.write(w)
}

// forged answers what takes a license from a PC in the place of the server: nothing is wrong with it but the receipt,
// which only the vendor's key can sign. All else is passed on.
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
				LicensesTotal:      plenty,
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
	instead(status, jsonType, string(content))(w, c, forward)
}

// receiptMember is the receipt in an answer, which is its last member.
var receiptMember = regexp.MustCompile(`,\s*"receipt":\s*"[^"]*"`)

// emptyLists answers every list with one that holds nothing, and passes all else on.
func emptyLists(w http.ResponseWriter, c call, forward func() answer) {
	switch {
	case to(http.MethodGet, "/orders")(c):
		instead(http.StatusOK, jsonType, `{"orders":[],"can_add_order":true}`)(w, c, forward)
	case to(http.MethodGet, "/licenses")(c):
		instead(http.StatusOK, jsonType, `{"licenses":[]}`)(w, c, forward)
	case to(http.MethodGet, "/programs")(c):
		instead(http.StatusOK, jsonType, `{"programs":[]}`)(w, c, forward)
	default:
		forward().write(w)
	}
}

// always are pairs that the short form has, too.
var always = map[string]string{
	"JSON 200: maintenance": "removal",
	"JSON 201: maintenance": "new license",
	"JSON 200: {}":          "refresh",
	"empty lists":           "refresh",
	"404 problem":           "move",
	"a forged answer, whole and about the right license, with a receipt that nobody signed": "move",
	"answer dropped, the server has acted":                                                  "pick up",
}

// Every fault of the network during every task: on the call that does the task, and on all calls. Afterwards the task
// was done once, or it is done when the person asks again; exactly the right PCs run, and nothing is lost at any
// moment.
func TestNetwork(t *testing.T) {
	for i, m := range meddlings {
		for j, one := range tasks {
			for _, every := range []bool{false, true} {
				if !*whole && (every || (i+j)%16 != 0 && always[m.name] != one.name) {
					continue
				}
				match, what := one.call, "its call"
				if every {
					match, what = anyCall, "all calls"
				}
				t.Run(fmt.Sprintf("%s/%s/%s", m.name, one.name, what), func(t *testing.T) {
					t.Parallel()
					meddle(t, m, one, func(p *proxy) { p.on(match, m.fault) })
				})
			}
		}
	}
}

// Every fault of the network at each call of every task alone.
func TestNetworkOnce(t *testing.T) {
	for _, m := range meddlings {
		for _, one := range tasks {
			if !*whole && (m.name != "JSON 200: {}" || one.name != "removal" && one.name != "new license") {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", m.name, one.name), func(t *testing.T) {
				t.Parallel()
				for n, calls := 0, 1; n < calls; n++ {
					calls = max(calls, meddle(t, m, one, func(p *proxy) {
						p.times(n, anyCall, func(w http.ResponseWriter, _ call, forward func() answer) { forward().write(w) })
						p.times(1, anyCall, m.fault)
					}))
				}
			})
		}
	}
}

// meddle does a task under a fault, lets the apps recover, and does the task again if it was not done. It returns how
// many calls the task made.
func meddle(t *testing.T, m meddling, one task, start func(*proxy)) (calls int) {
	t.Helper()
	a := one.begin(t)
	before := a.done()
	a.by.proxy.calls()
	start(a.by.proxy)
	err := a.do(t.Context())
	calls = len(a.by.proxy.calls())
	if err == nil && !one.reads && (one.proved || !m.believed) {
		require.Equal(t, before+1, a.done(), "the app says that it is done")
	}
	// The app goes on trying, and refreshes, while the network is as it is.
	_, _ = a.by.ResumeJobs(t.Context())
	_ = a.by.learn()
	a.w.checkSafe(t)

	a.w.recover()
	if one.job && !m.refuses && errors.Is(err, manager.ErrUnreachable) {
		require.Equal(t, before+1, a.done(), "the app did not go on by itself; first it said: %v", err)
	}
	a.settle(t, one, before)
	if !one.reads {
		require.Equal(t, before+1, a.done(), "it happened once")
	}
	check(t, a.w, a.after)
	return calls
}
