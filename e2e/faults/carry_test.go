package faults

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// removedOffline returns a PC without a network that gave its license back, and the request with its removal code.
func removedOffline(t *testing.T) (w *world, by, offline *pc, request carry.Request) {
	t.Helper()
	w, by, offline = activatedOffline(t)
	kept, err := offline.LeaveOffline(t.Context(), signature)
	require.NoError(t, err)
	request = offline.removalRequest(kept)
	by.refresh()
	return w, by, offline, request
}

// forgedDone returns an answer that says that the license was removed, with this receipt.
func forgedDone(w *world, r carry.Request, receipt string) carry.Answer {
	return carry.Answer{Request: r.ID, MadeAt: w.Clock.Now(), Results: []carry.Result{{
		Item:      1,
		Task:      carry.TaskRemove,
		Signature: signature,
		Codes:     r.Items[0].Codes,
		Outcome:   carry.OutcomeDone,
		Receipt:   receipt,
	}}}
}

// receipt signs the receipt of a removal with the program's present key.
func (w *world) receipt(id int64, site license.SiteCode) string {
	w.t.Helper()
	p, err := w.admin.Program(w.t.Context(), w.program.ID)
	require.NoError(w.t, err)
	key, err := w.Secrets.SigningKey(p)
	require.NoError(w.t, err)
	token, err := key.SignReceipt(license.Receipt{
		LicenseID: id,
		Site:      site,
		Task:      license.ReceiptRemoval,
		IssuedAt:  w.Clock.Now(),
		Epoch:     "AAAAAAAAAAAAAAAAAAAAAA",
	})
	require.NoError(w.t, err)
	return token
}

var carryScenarios = []scenario{
	{
		name:    "A courier's answer reports a removal that the server did not make",
		outcome: "“The answer does not prove that the server took the license; its removal code stays here.”",
		run: func(t *testing.T) {
			for name, receipt := range map[string]func(w *world, r carry.Request) string{
				"without a receipt": func(*world, carry.Request) string { return "" },
				"with a license file as receipt": func(w *world, _ carry.Request) string {
					_, content, err := w.pcs[0].LicenseFile(w.t.Context(), w.active()[0].ID)
					require.NoError(w.t, err)
					return content
				},
				"with the receipt of another license": func(w *world, r carry.Request) string {
					return w.receipt(w.active()[0].ID, r.Items[0].Codes.Site+1)
				},
				"with the receipt of the same Site code under another id": func(w *world, r carry.Request) string {
					return w.receipt(w.active()[0].ID+1, r.Items[0].Codes.Site)
				},
			} {
				t.Run(name, func(t *testing.T) {
					w, by, offline, request := removedOffline(t)
					answer := forgedDone(w, request, receipt(w, request))
					if content, err := carry.Encode(answer); err == nil {
						doc, err := carry.Read(content)
						require.NoError(t, err)
						taken, err := offline.ReadAnswer(t.Context(), doc.(carry.Answer))
						require.NoError(t, err)
						require.ErrorIs(t, taken[0].Err, manager.ErrNoReceipt)
					}
					check(t, w, want{stranded: 1})
					require.NoError(t, carryRequest(t.Context(), by, offline, request))
					w.recover()
					check(t, w, want{})
				})
			}
		},
	},
	{
		name:    "Two couriers carry one request",
		outcome: oneEffect,
		run: func(t *testing.T) {
			w := newWorld(t, manySeats, "a", "b")
			a, b, c := w.pcs[0], w.pcs[1], w.offlinePC("c")
			request := c.activationRequest()
			first, second := answerTo(t, a, request), answerTo(t, b, request)
			for _, answer := range []carry.Answer{second, first} {
				taken, err := c.ReadAnswer(t.Context(), answer)
				require.NoError(t, err)
				require.NoError(t, taken[0].Err)
			}
			w.recover()
			check(t, w, want{runs: []*pc{c}})
		},
	},
	{
		name:    "Two couriers carry one removal",
		outcome: "Both bring a receipt. The license is removed once.",
		run: func(t *testing.T) {
			w, by, offline, request := removedOffline(t)
			first := answerTo(t, by, request)
			second := answerTo(t, by, request)
			require.NotEmpty(t, second.Results[0].Receipt)
			for _, answer := range []carry.Answer{second, first} {
				taken, err := offline.ReadAnswer(t.Context(), answer)
				require.NoError(t, err)
				require.NoError(t, taken[0].Err)
			}
			w.recover()
			check(t, w, want{})
		},
	},
	{
		name:    "An old answer is read after the PC gave its license back",
		outcome: "Its license has left the PC. The program does not run, and the removal code stays.",
		run: func(t *testing.T) {
			w := newWorld(t, manySeats, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.activationRequest()
			answer := answerTo(t, b, request)
			_, err := c.ReadAnswer(t.Context(), answer)
			require.NoError(t, err)
			_, err = c.LeaveOffline(t.Context(), signature)
			require.NoError(t, err)
			taken, err := c.ReadAnswer(t.Context(), answer)
			require.NoError(t, err)
			require.ErrorIs(t, taken[0].Err, manager.ErrOtherPC)
			w.recover()
			check(t, w, want{stranded: 1})
		},
	},
	{
		name:    "The answer to a removal is lost, and its request is carried again",
		outcome: "The server repeats the receipt.",
		run: func(t *testing.T) {
			w, by, offline, request := removedOffline(t)
			answerTo(t, by, request) // the answer is lost
			require.Len(t, offline.keptCodes(), 1)
			require.NoError(t, carryRequest(t.Context(), by, offline, request))
			w.recover()
			check(t, w, want{})
		},
	},
	{
		name:    "A courier's connection fails after the first of two items",
		outcome: "The answer has the result of the first item. The same request brings the rest.",
		run: func(t *testing.T) {
			w, by, offline, _ := removedOffline(t)
			again, err := offline.MakeRequest(t.Context(), "c", []manager.RequestItem{
				{Task: carry.TaskRemove, Signature: signature, Kept: offline.keptCodes()[0]},
				{Task: carry.TaskActivate, Signature: signature},
			})
			require.NoError(t, err)
			plan, err := by.PlanCarry(t.Context(), again)
			require.NoError(t, err)
			by.proxy.on(to("POST", "/licenses"), answerDropped)
			answer, err := by.CarryOut(t.Context(), again, plan, []int{0, 0}, func(int) {})
			require.ErrorIs(t, err, manager.ErrUnreachable)
			require.Len(t, answer.Results, 1)
			_, err = offline.ReadAnswer(t.Context(), viaFile(t, answer))
			require.NoError(t, err)
			by.proxy.reset()
			require.NoError(t, carryRequest(t.Context(), by, offline, again))
			w.recover()
			check(t, w, want{runs: []*pc{offline}})
		},
	},
}

// TestCarry runs the scenarios of PCs without a network.
func TestCarry(t *testing.T) { runScenarios(t, carryScenarios) }
