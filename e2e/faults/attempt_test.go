package faults

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/store"
)

// task is tt task of a person. begin prepares a world for it.
type task struct {
	name string
	// call matches the call that performs the task, to which the faults apply.
	call func(call) bool
	// job reports that the app stores the task as a job and resumes it. Otherwise the person repeats it.
	job bool
	// proved reports that the app needs a receipt, because a license leaves this PC.
	proved bool
	// reads reports that the task changes nothing at the server.
	reads bool
	begin func(t *testing.T) attempt
}

// attempt is a task that is ready to be performed.
type attempt struct {
	w  *world
	by *pc
	do func(ctx context.Context) error
	// done counts how often the task has taken effect at the server.
	done func() int
	// before and after are the expected states without and with the task.
	before, after want
	// skipBefore skips the check of before, which is not a consistent state.
	skipBefore bool
}

// manySeats is enough that a task that takes effect twice takes two seats.
const manySeats = 4

var tasks = []task{
	{
		name: "new license",
		call: to(http.MethodPost, "/licenses"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			return attempt{
				w:     w,
				by:    a,
				after: want{runs: []*pc{a}},
				do:    func(ctx context.Context) error { return a.newLicense(ctx) },
				done:  func() int { return len(w.licenses()) },
			}
		},
	},
	{
		name: "reactivation",
		call: to(http.MethodPost, "/reactivation"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			a.activate()
			a.restoreImage(image{}, everything) // as a newly installed system on the same PC
			a.signIn()
			a.refresh()
			return attempt{
				w:      w,
				by:     a,
				before: want{stranded: 1},
				after:  want{runs: []*pc{a}},
				do: func(ctx context.Context) error {
					offers, err := a.BringBacks(ctx)
					if err != nil || len(offers) == 0 {
						return fmt.Errorf("nothing to bring back: %w", err)
					}
					_, err = a.Reactivate(ctx, manager.Reactivate{License: offers[0].License, Codes: offers[0].Codes, ThisPC: true})
					return err
				},
				done: func() int { return w.ended(api.StatusReactivated) },
			}
		},
	},
	{
		name:   "move",
		call:   to(http.MethodPost, "/release"),
		job:    true,
		proved: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			l := a.activate()
			return attempt{
				w:      w,
				by:     a,
				before: want{runs: []*pc{a}},
				after:  want{waiting: 1},
				do: func(ctx context.Context) error {
					_, err := a.Move(ctx, a.row(l.ID))
					return err
				},
				done: func() int { return w.count(func(l store.License) bool { return l.ReleasedAt != nil }) },
			}
		},
	},
	{
		name: "pick up",
		call: to(http.MethodPost, "/transfer"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l, err := a.Move(t.Context(), a.activate())
			require.NoError(t, err)
			b.refresh()
			return attempt{
				w:      w,
				by:     b,
				before: want{waiting: 1},
				after:  want{runs: []*pc{b}},
				do: func(ctx context.Context) error {
					_, err := b.PickUp(ctx, b.row(l.ID))
					return err
				},
				done: func() int { return w.ended(api.StatusTransferred) },
			}
		},
	},
	{
		name:   "transfer from this PC",
		call:   to(http.MethodPost, "/transfer"),
		job:    true,
		proved: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l, codes := a.activate(), b.codes()
			return attempt{
				w:      w,
				by:     a,
				before: want{runs: []*pc{a}},
				after:  want{runs: []*pc{b}},
				do: func(ctx context.Context) error {
					_, err := a.Transfer(ctx, manager.Transfer{License: a.row(l.ID), Codes: codes})
					return err
				},
				done: func() int { return w.ended(api.StatusTransferred) },
			}
		},
	},
	{
		name: "transfer with a typed code",
		call: to(http.MethodPost, "/transfer"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			code := a.removeInProgram()
			b.refresh()
			return attempt{
				w:      w,
				by:     b,
				before: want{stranded: 1},
				after:  want{runs: []*pc{b}},
				do: func(ctx context.Context) error {
					_, err := b.Transfer(ctx, manager.Transfer{License: b.row(l.ID), Codes: b.codes(), RemovalCode: code})
					return err
				},
				done: func() int { return w.ended(api.StatusTransferred) },
			}
		},
	},
	{
		name:   "removal",
		call:   to(http.MethodPost, "/removal"),
		job:    true,
		proved: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			l := a.activate()
			return attempt{
				w:      w,
				by:     a,
				before: want{runs: []*pc{a}},
				do: func(ctx context.Context) error {
					_, err := a.Remove(ctx, manager.Remove{License: a.row(l.ID)})
					return err
				},
				done: func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
	{
		name: "removal with a typed code",
		call: to(http.MethodPost, "/removal"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			code := a.removeInProgram()
			b.refresh()
			return attempt{
				w:      w,
				by:     b,
				before: want{stranded: 1},
				do: func(ctx context.Context) error {
					_, err := b.Remove(ctx, manager.Remove{License: b.row(l.ID), RemovalCode: code})
					return err
				},
				done: func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
	{
		name:   "hand in a kept code",
		call:   to(http.MethodPost, "/removal"),
		job:    true,
		proved: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			a.activate()
			a.removeInProgram()
			return attempt{
				w:      w,
				by:     a,
				before: want{stranded: 1},
				do: func(ctx context.Context) error {
					kept, err := a.KeptCodes(ctx)
					if err != nil || len(kept) == 0 {
						return fmt.Errorf("no kept code: %w", err)
					}
					_, err = a.HandIn(ctx, kept[0])
					return err
				},
				done: func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
	{
		name: "new order",
		call: to(http.MethodPost, "/orders"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			serials, err := sample.FreeSerials(t.Context(), w.Data, sample.SerialProgram, 1)
			require.NoError(t, err)
			before, tried := w.orders(), 0
			return attempt{
				w:  w,
				by: a,
				do: func(ctx context.Context) error {
					tried++
					number := api.VerificationAnswer{ID: fmt.Sprintf("number %d", tried), Number: "123456"}
					w.AddVerification(number.ID, number.Number)
					_, err := a.NewOrder(ctx, api.NewOrder{ProgramID: w.program.ID, SerialNumber: serials[0], Verification: number})
					return err
				},
				done: func() int { return w.orders() - before },
			}
		},
	},
	{
		name: "email",
		call: to(http.MethodPost, "/email"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			l := a.activate()
			expected := want{runs: []*pc{a}}
			return attempt{
				w:      w,
				by:     a,
				before: expected,
				after:  expected,
				do: func(ctx context.Context) error {
					return a.SendEmail(ctx, manager.SendEmail{LicenseID: l.ID, To: []string{"it@lumen.example"}})
				},
				done: w.mails,
			}
		},
	},
	{
		name: "note",
		call: to(http.MethodPatch, ""),
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			l := a.activate()
			expected := want{runs: []*pc{a}}
			return attempt{
				w:      w,
				by:     a,
				before: expected,
				after:  expected,
				do: func(ctx context.Context) error {
					_, err := a.ChangeNote(ctx, l.ID, "another note")
					return err
				},
				done: func() int { return w.count(func(l store.License) bool { return l.Note == "another note" }) },
			}
		},
	},
	{
		name:  "refresh",
		call:  to(http.MethodGet, ""),
		reads: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			a.activate()
			expected := want{runs: []*pc{a}}
			return attempt{
				w:      w,
				by:     a,
				before: expected,
				after:  expected,
				do: func(ctx context.Context) error {
					if _, err := a.Orders(ctx); err != nil {
						return err
					}
					_, err := a.Licenses(ctx, w.order)
					return err
				},
				done: func() int { return 0 },
			}
		},
	},
	{
		name: "courier brings a license",
		call: to(http.MethodPost, "/licenses"),
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.activationRequest()
			return attempt{
				w:     w,
				by:    b,
				after: want{runs: []*pc{c}},
				do:    func(ctx context.Context) error { return carryRequest(ctx, b, c, request) },
				done:  func() int { return len(w.licenses()) },
			}
		},
	},
	{
		name: "courier hands in a removal code",
		call: to(http.MethodPost, "/removal"),
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.activationRequest()
			require.NoError(t, carryRequest(t.Context(), b, c, request))
			kept, err := c.LeaveOffline(t.Context(), signature)
			require.NoError(t, err)
			request = c.removalRequest(kept)
			b.refresh()
			return attempt{
				w:      w,
				by:     b,
				before: want{stranded: 1},
				do:     func(ctx context.Context) error { return carryRequest(ctx, b, c, request) },
				done:   func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
}

// complete repeats an interrupted task if it has not taken effect, or if the app does not resume it.
func (a attempt) complete(t *testing.T, tt task, before int) {
	t.Helper()
	undone := a.done() == before && !tt.reads
	if undone && !a.skipBefore {
		check(t, a.w, a.before)
	}
	if undone || !tt.job {
		require.NoError(t, a.do(t.Context()), "repeated")
		a.w.recover()
	}
}

// taskNamed returns the task with a name.
func taskNamed(name string) task {
	return tasks[slices.IndexFunc(tasks, func(tt task) bool { return tt.name == name })]
}

func (p *pc) newLicense(ctx context.Context) error {
	one, err := p.ThisPC(ctx, p.w.program.ID)
	if err != nil {
		return err
	}
	_, err = p.NewLicense(ctx, manager.NewLicense{
		OrderID: p.w.order,
		Codes:   one.Codes,
		Note:    p.name,
		ThisPC:  true,
	})
	return err
}

// removeInProgram removes the license in the program and returns the removal code that it shows.
func (p *pc) removeInProgram() license.RemovalCode {
	p.t.Helper()
	r, err := p.runProgram().Remove(p.t.Context())
	require.NoError(p.t, err)
	return r.Code
}

// offlinePC returns a PC without a network, on which the program has run and nobody has signed in.
func (w *world) offlinePC(name string) *pc {
	w.t.Helper()
	p := w.newPC(name)
	p.offline = true
	p.connect(false)
	require.False(w.t, p.verdict().Valid())
	return p
}

// activationRequest makes a request for a license.
func (p *pc) activationRequest() carry.Request {
	p.t.Helper()
	return p.request(manager.RequestItem{Task: carry.TaskActivate, Signature: signature, Note: p.name})
}

// removalRequest makes a request that hands in a removal code.
func (p *pc) removalRequest(k manager.KeptCode) carry.Request {
	p.t.Helper()
	return p.request(manager.RequestItem{Task: carry.TaskRemove, Signature: signature, Kept: k})
}

func (p *pc) request(wishes ...manager.RequestItem) carry.Request {
	p.t.Helper()
	r, err := p.MakeRequest(p.t.Context(), p.name, wishes)
	require.NoError(p.t, err)
	return r
}

// carryRequest carries a request to a PC with a network, and its answer back.
func carryRequest(ctx context.Context, by, from *pc, request carry.Request) error {
	plan, err := by.PlanCarry(ctx, viaFile(by.t, request))
	if err != nil {
		return err
	}
	answer, err := by.CarryOut(ctx, request, plan, make([]int, len(plan)), func(int) {})
	if err != nil {
		return err
	}
	taken, err := from.ReadAnswer(ctx, viaFile(by.t, answer))
	for _, one := range taken {
		if err == nil {
			err = one.Err
		}
		if err == nil && one.Result.Outcome == carry.OutcomeRefused {
			err = fmt.Errorf("refused: %s", one.Result.Sentence)
		}
	}
	return err
}

// viaFile encodes a document and reads it back, as when it travels as a file.
func viaFile[T carry.Document](t *testing.T, doc T) T {
	t.Helper()
	content, err := carry.Encode(doc)
	require.NoError(t, err)
	read, err := carry.Read(content)
	require.NoError(t, err)
	return read.(T)
}

// count counts the matching licenses of the order at the server.
func (w *world) count(which func(store.License) bool) (n int) {
	w.t.Helper()
	for _, l := range w.licenses() {
		if which(l) {
			n++
		}
	}
	return n
}

// ended counts the licenses with a status.
func (w *world) ended(status api.LicenseStatus) int {
	w.t.Helper()
	return w.count(func(l store.License) bool { return l.Status == status })
}

// orders counts the orders of all clients.
func (w *world) orders() int {
	w.t.Helper()
	list, err := w.admin.Orders(w.t.Context(), 0)
	require.NoError(w.t, err)
	return len(list)
}

// mails counts the requested emails.
func (w *world) mails() (n int) {
	w.t.Helper()
	ctx := w.t.Context()
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) error {
		list, err := tx.Mails.List(ctx, 0)
		n = len(list)
		return err
	}))
	return n
}
