package manager

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
)

// sent is a received request for a license.
type sent struct {
	key  string
	site string
}

// takenSites makes the server refuse the first count Site codes as those of other PCs, and records the requests.
func takenSites(f *fakeServer, count int) *[]sent {
	var list []sent
	taken := map[string]bool{}
	f.set(func() {
		f.before = func(r *http.Request) *http.Response {
			if r.Method != http.MethodPost {
				return nil
			}
			content, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(content))
			var body api.PCCodes
			if json.Unmarshal(content, &body) != nil || body.SiteCode == "" {
				return nil
			}
			list = append(list, sent{r.Header.Get(api.IdempotencyKey), body.SiteCode})
			if len(taken) < count {
				taken[body.SiteCode] = true
			}
			if taken[body.SiteCode] {
				return problemAnswer(api.ErrSiteCodeSpent)
			}
			return nil
		}
	})
	return &list
}

// siteTask is a task that requests a license for this PC.
type siteTask struct {
	// begin prepares the state and returns the task.
	begin func(t *testing.T, p *fakePC) (ask func() (License, error))
	// unchanged checks that the state is as after begin.
	unchanged func(t *testing.T, p *fakePC)
}

func siteTasks() map[string]siteTask {
	var here License
	released := func(t *testing.T, p *fakePC) License {
		other := newFakePC(t, p.server, "other")
		l, err := other.Move(t.Context(), other.activateHere(t))
		require.NoError(t, err)
		_, ok := p.row(t, l.ID)
		require.True(t, ok)
		return l
	}
	waits := func(t *testing.T, p *fakePC) {
		_, ok := p.row(t, here.ID)
		require.True(t, ok)
		waiting, err := p.ReleasedLicenses(t.Context())
		require.NoError(t, err)
		require.Len(t, waiting, 1)
	}
	return map[string]siteTask{
		"new license": {
			begin: func(t *testing.T, p *fakePC) func() (License, error) {
				return func() (License, error) {
					pc, err := p.ThisPC(t.Context(), 1)
					require.NoError(t, err)
					return p.NewLicense(t.Context(), NewLicense{OrderID: lumenOrder, Codes: pc.Codes, ThisPC: true})
				}
			},
			unchanged: func(t *testing.T, p *fakePC) {
				table, err := p.Licenses(t.Context(), lumenOrder)
				require.NoError(t, err)
				require.Empty(t, table.Licenses)
			},
		},
		"reactivation": {
			begin: func(t *testing.T, p *fakePC) func() (License, error) {
				here = p.activateHere(t)
				p.options.Fingerprint = fingerprinttest.PC("old", license.NETID)
				p.restart(t)
				return func() (License, error) {
					codes, err := p.ThisPCFor(t.Context(), here)
					require.NoError(t, err)
					require.NotEqual(t, here.SiteCode, codes.Site.String())
					return p.Reactivate(t.Context(), Reactivate{License: here, Codes: codes, ThisPC: true})
				}
			},
			unchanged: func(t *testing.T, p *fakePC) {
				require.True(t, p.runs(t, here), "its program runs on")
				row, ok := p.row(t, here.ID)
				require.True(t, ok)
				require.True(t, row.ThisPC, "and it is this PC's, whatever the Site code of this PC is now")
				require.True(t, row.Installed)
			},
		},
		"pick-up": {
			begin: func(t *testing.T, p *fakePC) func() (License, error) {
				here = released(t, p)
				return func() (License, error) { return p.PickUp(t.Context(), here) }
			},
			unchanged: waits,
		},
		"transfer with a typed removal code": {
			begin: func(t *testing.T, p *fakePC) func() (License, error) {
				other := newFakePC(t, p.server, "other")
				here = other.activateHere(t)
				code := p.server.code(here.License)
				return func() (License, error) {
					pc, err := p.ThisPC(t.Context(), 1)
					require.NoError(t, err)
					l := here
					l.ThisPC, l.Installed = false, false
					return p.Transfer(t.Context(), Transfer{License: l, Codes: pc.Codes, RemovalCode: code})
				}
			},
			unchanged: func(t *testing.T, p *fakePC) {
				row, ok := p.row(t, here.ID)
				require.True(t, ok)
				require.Equal(t, api.StatusActive, row.Status)
			},
		},
	}
}

// Another PC has the same Site code by chance. This PC takes a new one and retries, up to three times, each time as a
// new request. If all are refused, nothing is lost (spec: api 21).
func TestSiteCodesOfOtherPCs(t *testing.T) {
	for name, task := range siteTasks() {
		for taken := range 6 {
			t.Run(fmt.Sprintf("%s/%d taken", name, taken), func(t *testing.T) {
				f := newFakeServer()
				p := newFakePC(t, f, "old")
				ask := task.begin(t, p)
				requests := takenSites(f, taken)
				l, err := ask()
				distinct(t, *requests)
				require.Empty(t, p.jobs(t))
				if taken > 3 {
					require.ErrorIs(t, err, api.ErrSiteCodeSpent)
					require.Len(t, *requests, 4, "and not for ever")
					task.unchanged(t, p)
					f.set(func() { f.before = nil })
					l, err = ask()
				} else {
					require.Len(t, *requests, taken+1)
				}
				require.NoError(t, err)
				require.True(t, l.ThisPC)
				require.True(t, p.runs(t, l))
				row, ok := p.row(t, l.ID)
				require.True(t, ok)
				require.True(t, row.ThisPC && row.Installed)
			})
		}
	}
}

// distinct checks that all requests differ in idempotency key and Site code.
func distinct(t *testing.T, requests []sent) {
	t.Helper()
	keys, sites := map[string]bool{}, map[string]bool{}
	for _, r := range requests {
		keys[r.key], sites[r.site] = true, true
	}
	require.Len(t, keys, len(requests))
	require.Len(t, sites, len(requests))
}

// The app is killed between any two steps of taking a new Site code. The next start continues, with one license, and
// the old one until then.
func TestKilledWhileRenewingSiteCode(t *testing.T) {
	lost := func() *http.Response { return answer(http.StatusBadGateway, "text/html", "<html>") }
	kills := map[string]struct {
		// at is the index of the request whose answer is lost.
		at int
		// then is what else happened.
		then func(t *testing.T, p *fakePC)
		// requests are those of both runs.
		requests int
	}{
		"before the refusal arrives": {0, func(*testing.T, *fakePC) {}, 3},
		"after the new Site code, before it is in the job": {0, func(t *testing.T, p *fakePC) {
			state, err := p.options.Installed.State(lumenSignature)
			require.NoError(t, err)
			pc, err := p.ThisPC(t.Context(), 1)
			require.NoError(t, err)
			require.NoError(t, p.options.Installed.RenewGeneration(t.Context(), lumenSignature, pc.Codes.Site))
			after, err := p.options.Installed.State(lumenSignature)
			require.NoError(t, err)
			require.NotEqual(t, state.Generation, after.Generation)
		}, 3},
		"after the new Site code is in the job": {1, func(*testing.T, *fakePC) {}, 3},
	}
	for name, task := range siteTasks() {
		for when, kill := range kills {
			t.Run(name+"/"+when, func(t *testing.T) {
				f := newFakeServer()
				p := newFakePC(t, f, "old")
				ask := task.begin(t, p)
				requests := takenSites(f, 1)
				answers := f.before
				f.set(func() {
					f.before = func(r *http.Request) *http.Response {
						response := answers(r)
						if len(*requests) == kill.at+1 && r.Method == http.MethodPost {
							return lost()
						}
						return response
					}
				})
				_, err := ask()
				require.ErrorIs(t, err, ErrUnreachable)
				f.set(func() { f.before = answers })
				kill.then(t, p)
				task.unchanged(t, p)

				p.restart(t)
				done, err := p.ResumeJobs(t.Context())
				require.NoError(t, err)
				require.Len(t, done, 1)
				require.Equal(t, JobDone, done[0].State)
				require.Len(t, *requests, kill.requests)
				again := (*requests)[kill.at : kill.at+2]
				require.Equal(t, again[0], again[1], "the same question with the same key")
				distinct(t, slices.Compact(*requests))
				table, err := p.Licenses(t.Context(), lumenOrder)
				require.NoError(t, err)
				require.Len(t, table.Licenses, 1)
				require.True(t, table.Licenses[0].ThisPC)
				require.True(t, p.runs(t, table.Licenses[0]))
				require.Empty(t, p.jobs(t))
			})
		}
	}
}

// A license that leaves this PC for a spent Site code returns, and this PC's Site code does not change, because the
// other PC's must. The same applies to typed codes of another PC.
func TestSpentSiteCodeOfAnotherPC(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	pc, err := other.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	l := p.activateHere(t)
	before, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	requests := takenSites(f, 2)
	_, err = p.Transfer(t.Context(), Transfer{License: l, Codes: pc.Codes})
	require.ErrorIs(t, err, api.ErrSiteCodeSpent)
	_, err = p.NewLicense(t.Context(), NewLicense{OrderID: lumenOrder, Codes: pc.Codes})
	require.ErrorIs(t, err, api.ErrSiteCodeSpent)
	_, err = p.Transfer(t.Context(), Transfer{License: l, Codes: before.Codes})
	require.ErrorIs(t, err, api.ErrSiteCodeSpent)
	require.Len(t, *requests, 3)
	require.True(t, p.runs(t, l))
	after, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, before.Codes, after.Codes)
}

// A sealed request of an older version contains a removal code in its body, which must not be stored in plain text.
func TestSealedRequestIsNotRenewed(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	pc, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	body := api.Transfer{
		SiteCode:    pc.Codes.Site.String(),
		MachineID:   pc.Codes.Machine.String(),
		RemovalCode: "9D2BK-DD62M-C",
	}
	r, err := request{LicenseID: 1}.withBody(body)
	require.NoError(t, err)
	down(f)
	_, err = p.Transfer(t.Context(),
		Transfer{License: License{License: api.License{ID: 1, OrderID: lumenOrder}}, Codes: pc.Codes})
	require.ErrorIs(t, err, ErrUnreachable)
	_, err = p.db.ExecContext(t.Context(), `UPDATE jobs SET request = ?`, []byte("sealed"))
	require.NoError(t, err)
	open, err := p.journal.Open(t.Context(), 0)
	require.NoError(t, err)
	job := open[0]
	renewed, err := p.session(t).renewSite(t.Context(), tasks[job.Task], &job, &r)
	require.NoError(t, err)
	require.False(t, renewed)
	require.Equal(t, []byte("sealed"), job.Request())
}

// A courier's PC cannot take a new Site code for another PC. That PC takes one with the answer, and its next request
// succeeds. An answer to no request of this PC changes nothing.
func TestCourierAnswerWithRefusedSiteCode(t *testing.T) {
	f := newFakeServer()
	p, carrier := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	requests := takenSites(f, 1)
	ask := func() (carry.Request, carry.Answer) {
		r, err := p.MakeRequest(t.Context(), "old", []RequestItem{{Task: carry.TaskActivate, Signature: lumenSignature}})
		require.NoError(t, err)
		plan, err := carrier.PlanCarry(t.Context(), r)
		require.NoError(t, err)
		a, err := carrier.CarryOut(t.Context(), r, plan, []int{0}, func(int) {})
		require.NoError(t, err)
		return r, a
	}
	site := func() license.SiteCode {
		pc, err := p.ThisPC(t.Context(), 1)
		require.NoError(t, err)
		return pc.Codes.Site
	}
	first, a := ask()
	require.Equal(t, string(api.ErrSiteCodeSpent), a.Results[0].Code)
	require.Len(t, *requests, 1, "the codes are not the courier's PC's")

	// To another request, or about another item.
	lies := map[string]func(a *carry.Answer, r *carry.Result){
		"another request": func(a *carry.Answer, _ *carry.Result) { a.Request = "AAAAAAAAAAAAAAAAAAAAAA" },
		"another item":    func(_ *carry.Answer, r *carry.Result) { r.Item = 2 },
		"no item":         func(_ *carry.Answer, r *carry.Result) { r.Item = 0 },
		"another refusal": func(_ *carry.Answer, r *carry.Result) { r.Code = string(api.ErrLicensesInUse) },
	}
	for name, change := range lies {
		lie, result := a, a.Results[0]
		change(&lie, &result)
		lie.Results = []carry.Result{result}
		require.NotPanics(t, func() {
			_, err := p.ReadAnswer(t.Context(), lie)
			require.NoError(t, err)
		})
		require.Equal(t, first.Items[0].Codes.Site, site(), name)
		if name == "another refusal" { // it settles the request
			first, a = ask()
			require.Equal(t, string(api.ErrSiteCodeSpent), a.Results[0].Code)
		}
	}

	taken, err := p.ReadAnswer(t.Context(), a)
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
	renewed := site()
	require.NotEqual(t, first.Items[0].Codes.Site, renewed)
	_, err = p.ReadAnswer(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, renewed, site(), "once")
	_, a = ask()
	require.Equal(t, carry.OutcomeLicense, a.Results[0].Outcome)
	taken, err = p.ReadAnswer(t.Context(), a)
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
	row, ok := p.row(t, taken[0].License.ID)
	require.True(t, ok)
	require.True(t, row.ThisPC)
	require.True(t, p.runs(t, row))
}
