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

// task is one thing that a person does, in a world that was prepared for it.
type task struct {
	name string
	// call is the call that does it; the faults are about it.
	call func(call) bool
	// job tells that the app writes it down and goes on with it by itself; else the person does it again.
	job bool
	// proved tells that the app asks for proof that the server did it: a license of this PC leaves it.
	proved bool
	// reads tells that it changes nothing at the server.
	reads bool
	begin func(t *testing.T) attempt
}

// attempt is a task that is about to be done.
type attempt struct {
	w  *world
	by *pc
	do func(ctx context.Context) error
	// done counts how often the server did it.
	done func() int
	// before and after are what is to be seen without and with it.
	before, after want
	// skipBefore tells that before is no state of rest.
	skipBefore bool
}

// Seats are plenty, so that a task that is done twice takes two.
const plenty = 4

var tasks = []task{
	{
		name: "new license",
		call: to(http.MethodPost, "/licenses"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			return attempt{
				w: w, by: a, after: want{runs: []*pc{a}},
				do:   func(ctx context.Context) error { return a.newLicense(ctx) },
				done: func() int { return len(w.licenses()) },
			}
		},
	},
	{
		name: "reactivation",
		call: to(http.MethodPost, "/reactivation"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			a.activate()
			a.putBack(image{}, everything) // a new system on the same PC
			a.signIn()
			a.refresh()
			return attempt{
				w: w, by: a, before: want{stranded: 1}, after: want{runs: []*pc{a}},
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
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			l := a.activate()
			return attempt{
				w: w, by: a, before: want{runs: []*pc{a}}, after: want{waiting: 1},
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
			w := newWorld(t, plenty, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l, err := a.Move(t.Context(), a.activate())
			require.NoError(t, err)
			b.refresh()
			return attempt{
				w: w, by: b, before: want{waiting: 1}, after: want{runs: []*pc{b}},
				do: func(ctx context.Context) error {
					_, err := b.PickUp(ctx, b.row(l.ID))
					return err
				},
				done: func() int { return w.ended(api.StatusTransferred) },
			}
		},
	},
	{
		name:   "transfer of one's own",
		call:   to(http.MethodPost, "/transfer"),
		job:    true,
		proved: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l, codes := a.activate(), b.thisPC()
			return attempt{
				w: w, by: a, before: want{runs: []*pc{a}}, after: want{runs: []*pc{b}},
				do: func(ctx context.Context) error {
					_, err := a.Transfer(ctx, manager.Transfer{License: a.row(l.ID), Codes: codes})
					return err
				},
				done: func() int { return w.ended(api.StatusTransferred) },
			}
		},
	},
	{
		name: "transfer with a code",
		call: to(http.MethodPost, "/transfer"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			code := a.letGo()
			b.refresh()
			return attempt{
				w: w, by: b, before: want{stranded: 1}, after: want{runs: []*pc{b}},
				do: func(ctx context.Context) error {
					_, err := b.Transfer(ctx, manager.Transfer{License: b.row(l.ID), Codes: b.thisPC(), RemovalCode: code})
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
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			l := a.activate()
			return attempt{
				w: w, by: a, before: want{runs: []*pc{a}},
				do: func(ctx context.Context) error {
					_, err := a.Remove(ctx, manager.Remove{License: a.row(l.ID)})
					return err
				},
				done: func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
	{
		name: "removal with a code",
		call: to(http.MethodPost, "/removal"),
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			code := a.letGo()
			b.refresh()
			return attempt{
				w: w, by: b, before: want{stranded: 1},
				do: func(ctx context.Context) error {
					_, err := b.Remove(ctx, manager.Remove{License: b.row(l.ID), RemovalCode: code})
					return err
				},
				done: func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
	{
		name:   "handing in a kept code",
		call:   to(http.MethodPost, "/removal"),
		job:    true,
		proved: true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			a.activate()
			a.letGo()
			return attempt{
				w: w, by: a, before: want{stranded: 1},
				do: func(ctx context.Context) error {
					kept, err := a.KeptCodes(ctx)
					if err != nil || len(kept) == 0 {
						return fmt.Errorf("no code is kept: %w", err)
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
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			serials, err := sample.FreeSerials(t.Context(), w.Data, sample.SerialProgram, 1)
			require.NoError(t, err)
			before, tried := w.orders(), 0
			return attempt{
				w: w, by: a,
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
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			l := a.activate()
			is := want{runs: []*pc{a}}
			return attempt{
				w: w, by: a, before: is, after: is,
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
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			l := a.activate()
			is := want{runs: []*pc{a}}
			return attempt{
				w: w, by: a, before: is, after: is,
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
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			a.activate()
			is := want{runs: []*pc{a}}
			return attempt{
				w: w, by: a, before: is, after: is,
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
			w := newWorld(t, plenty, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.asks()
			return attempt{
				w: w, by: b, after: want{runs: []*pc{c}},
				do:   func(ctx context.Context) error { return carryOver(ctx, b, c, request) },
				done: func() int { return len(w.licenses()) },
			}
		},
	},
	{
		name: "courier takes a code",
		call: to(http.MethodPost, "/removal"),
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.asks()
			require.NoError(t, carryOver(t.Context(), b, c, request))
			kept, err := c.LetGo(t.Context(), signature)
			require.NoError(t, err)
			request = c.handsIn(kept)
			b.refresh()
			return attempt{
				w: w, by: b, before: want{stranded: 1},
				do:   func(ctx context.Context) error { return carryOver(ctx, b, c, request) },
				done: func() int { return w.ended(api.StatusRemoved) },
			}
		},
	},
}

// settle does a task that was interrupted again if it was not done, or if it is none that the app goes on with by
// itself.
func (a attempt) settle(t *testing.T, one task, before int) {
	t.Helper()
	undone := a.done() == before && !one.reads
	if undone && !a.skipBefore {
		check(t, a.w, a.before)
	}
	if undone || !one.job {
		require.NoError(t, a.do(t.Context()), "done again")
		a.w.recover()
	}
}

// taskNamed finds a task.
func taskNamed(name string) task {
	return tasks[slices.IndexFunc(tasks, func(one task) bool { return one.name == name })]
}

func (p *pc) newLicense(ctx context.Context) error {
	one, err := p.ThisPC(ctx, p.w.program.ID)
	if err != nil {
		return err
	}
	_, err = p.NewLicense(ctx, manager.NewLicense{OrderID: p.w.order, Codes: one.Codes, Note: p.name, ThisPC: true})
	return err
}

// letGo lets the program itself remove its license and returns the removal code that it shows.
func (p *pc) letGo() license.RemovalCode {
	p.t.Helper()
	r, err := p.runProgram().Remove(p.t.Context())
	require.NoError(p.t, err)
	return r.Code
}

// offlinePC is a PC without a network, on which the program has run and nobody has signed in.
func (w *world) offlinePC(name string) *pc {
	w.t.Helper()
	p := w.newPC(name)
	p.offline = true
	p.connect(false)
	require.False(w.t, p.verdict().Valid())
	return p
}

// asks makes a request for a license, for a courier.
func (p *pc) asks() carry.Request {
	p.t.Helper()
	return p.request(manager.Wish{Task: carry.TaskActivate, Signature: signature, Note: p.name})
}

// handsIn makes a request that hands in a removal code.
func (p *pc) handsIn(k manager.KeptCode) carry.Request {
	p.t.Helper()
	return p.request(manager.Wish{Task: carry.TaskRemove, Signature: signature, Kept: k})
}

func (p *pc) request(wishes ...manager.Wish) carry.Request {
	p.t.Helper()
	r, err := p.MakeRequest(p.t.Context(), p.name, wishes)
	require.NoError(p.t, err)
	return r
}

// carryOver takes a request to a PC with a network, and its answer back.
func carryOver(ctx context.Context, by, from *pc, request carry.Request) error {
	plan, err := by.PlanCourier(ctx, hand(by.t, request))
	if err != nil {
		return err
	}
	answer, err := by.CarryOut(ctx, request, plan, make([]int, len(plan)), func(int) {})
	if err != nil {
		return err
	}
	taken, err := from.TakeAnswer(ctx, hand(by.t, answer))
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

// hand carries a document from one PC to another as a file.
func hand[T carry.Document](t *testing.T, doc T) T {
	t.Helper()
	content, err := carry.Encode(doc)
	require.NoError(t, err)
	read, err := carry.Read(content)
	require.NoError(t, err)
	return read.(T)
}

// count counts licenses of the order at the server.
func (w *world) count(which func(store.License) bool) (n int) {
	w.t.Helper()
	for _, l := range w.licenses() {
		if which(l) {
			n++
		}
	}
	return n
}

// ended counts the licenses that ended in one way.
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

// mails counts the mails that were asked for.
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
