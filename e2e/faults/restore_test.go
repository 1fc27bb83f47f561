package faults

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/sample"
)

// backup copies the server's data and returns what restores them: with acen-server restore, or by hand without a word.
func (w *world) backup() (restore, byHand func()) {
	w.t.Helper()
	path := w.TakeBackup()
	return func() { w.Restore(path); w.moved() }, func() { w.PutBack(path); w.moved() }
}

// moveTo moves a license from one PC to another, whole.
func (w *world) moveTo(from, to *pc, l manager.License) manager.License {
	w.t.Helper()
	_, err := from.Move(w.t.Context(), l)
	require.NoError(w.t, err)
	to.refresh()
	l, err = to.PickUp(w.t.Context(), to.row(l.ID))
	require.NoError(w.t, err)
	from.refresh()
	to.refresh()
	return to.row(l.ID)
}

// way is how a license that left a PC, and that the server has as active, can be got back.
type way struct {
	name string
	get  func(w *world, p *pc, l manager.License) (want, error)
}

var ways = []way{
	{"bring back", func(_ *world, p *pc, l manager.License) (want, error) {
		return want{runs: []*pc{p}}, p.bringBack(l.ID)
	}},
	{"move", func(w *world, p *pc, l manager.License) (want, error) {
		_, err := p.Move(w.t.Context(), l)
		return want{waiting: 1}, err
	}},
	{"remove", func(w *world, p *pc, l manager.License) (want, error) {
		_, err := p.Remove(w.t.Context(), manager.Remove{License: l})
		return want{}, err
	}},
}

// bringBack brings a license back that the app offers.
func (p *pc) bringBack(id int64) error {
	offers, err := p.BringBacks(p.t.Context())
	for _, o := range offers {
		if o.License.ID == id {
			_, err = p.Reactivate(p.t.Context(), manager.Reactivate{License: o.License, Codes: o.Codes, ThisPC: true})
			return err
		}
	}
	return errors.Join(errors.New("it is not offered"), err)
}

// rescue gets a license back in every way, each in a world of its own. begin returns the PC that the license had left,
// the license, and the PCs that run under a license that the server has forgotten.
func rescue(t *testing.T, begin func(t *testing.T) (w *world, p *pc, id int64, forgotten []*pc)) {
	t.Helper()
	for i, way := range ways {
		if !*whole && (i+len(t.Name()))%len(ways) != 0 {
			continue
		}
		t.Run(way.name, func(t *testing.T) {
			w, p, id, forgotten := begin(t)
			check(t, w, want{stranded: 1, forgotten: forgotten})
			found, err := p.Find(t.Context())
			require.NoError(t, err)
			require.Len(t, found.Stranded, 1)
			require.Equal(t, id, found.Stranded[0].License.ID)
			is, err := way.get(w, p, p.row(id))
			require.NoError(t, err)
			w.recover()
			is.forgotten = forgotten
			check(t, w, is)
		})
	}
}

const (
	stranded = "The app lists the license as one that left and that the server does not know of: bring back, move " +
		"and remove work."
	tooLate   = "a program runs under a license that the server does not know until their next contact"
	untilSeen = "a restored copy of a PC's data works until the next contact of the app or the program with the server"
)

var serverRestores = []scenario{
	{
		name:  "The server is restored from before an activation",
		limit: tooLate,
		seen: "The program continues to run, the app says that the server forgot its license, and another " +
			"activation creates one.",
		run: func(t *testing.T) {
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			restore, _ := w.backup()
			old := a.activate()
			restore()
			w.recover()
			check(t, w, want{forgotten: []*pc{a}})
			again, err := a.tryActivate()
			require.NoError(t, err)
			require.Greater(t, again.ID, old.ID+1000, "ids never come back")
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:  "The server is restored from before an activation, and another PC takes the only seat",
		limit: tooLate,
		seen: "The other PC has the seat. The app on the first says that the server forgot its license and that none " +
			"is left.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			restore, _ := w.backup()
			a.activate()
			restore()
			b.activate()
			w.recover()
			check(t, w, want{runs: []*pc{b}, forgotten: []*pc{a}})
			found, err := a.Find(t.Context())
			require.NoError(t, err)
			require.ErrorIs(t, found.Forgotten[0].Refusal, api.ErrLicensesInUse)
		},
	},
	{
		name:  "A copy of the server's data is put back by hand, and another PC gets the same license id",
		limit: tooLate,
		seen: "The app compares Site codes: neither PC uses the other's license. Each gets its own by " +
			"activating.",
		run: func(t *testing.T) {
			w := newWorld(t, plenty, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			_, putBack := w.backup()
			old := a.activate()
			putBack()
			l := b.activate()
			require.Equal(t, old.ID, l.ID, "the attack is on")
			w.recover()
			check(t, w, want{runs: []*pc{b}, forgotten: []*pc{a}})
			require.False(t, a.row(l.ID).ThisPC)
			_, err := a.tryActivate()
			require.NoError(t, err)
			w.recover()
			check(t, w, want{runs: []*pc{a, b}})
		},
	},
	{
		name: "The server is restored from before a removal",
		seen: stranded,
		run: func(t *testing.T) {
			rescue(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w := newWorld(t, plenty, "a")
				a := w.pcs[0]
				l := a.activate()
				restore, _ := w.backup()
				_, err := a.Remove(t.Context(), manager.Remove{License: l})
				require.NoError(t, err)
				w.recover()
				restore()
				w.recover()
				return w, a, l.ID, nil
			})
		},
	},
	{
		name: "The server is restored from before a move that waits",
		seen: stranded,
		run: func(t *testing.T) {
			rescue(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w := newWorld(t, plenty, "a")
				a := w.pcs[0]
				l := a.activate()
				restore, _ := w.backup()
				_, err := a.Move(t.Context(), l)
				require.NoError(t, err)
				w.recover()
				restore()
				w.recover()
				return w, a, l.ID, nil
			})
		},
	},
	{
		name: "The server is restored from before a move that was picked up", seen: stranded,
		limit: tooLate,
		run: func(t *testing.T) {
			rescue(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w := newWorld(t, plenty, "a", "b")
				a, b := w.pcs[0], w.pcs[1]
				l := a.activate()
				restore, _ := w.backup()
				w.moveTo(a, b, l)
				restore()
				w.recover()
				return w, a, l.ID, []*pc{b}
			})
		},
	},
	{
		name: "The server is restored from before a move that was picked up, and the move is done again",
		seen: "After another move from the old PC and another pick-up on the new one, all agree.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l := a.activate()
			restore, _ := w.backup()
			w.moveTo(a, b, l)
			restore()
			w.recover()
			_, err := a.Move(t.Context(), a.row(l.ID))
			require.NoError(t, err)
			b.refresh()
			_, err = b.PickUp(t.Context(), b.row(l.ID))
			require.NoError(t, err)
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name: "The server is restored from between move and pick-up",
		seen: "The license waits again; after another pick-up, all agree.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			l, err := a.Move(t.Context(), a.activate())
			require.NoError(t, err)
			restore, _ := w.backup()
			b.refresh()
			_, err = b.PickUp(t.Context(), b.row(l.ID))
			require.NoError(t, err)
			w.recover()
			restore()
			w.recover()
			check(t, w, want{waiting: 1, forgotten: []*pc{b}})
			_, err = b.PickUp(t.Context(), b.row(l.ID))
			require.NoError(t, err)
			w.recover()
			check(t, w, want{runs: []*pc{b}})
		},
	},
	{
		name:  "The server is restored from between move and pick-up, and a third PC picks up",
		limit: tooLate,
		seen:  "The third PC has the seat; the app on the second says that the server forgot its license.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a", "b", "c")
			a, b, c := w.pcs[0], w.pcs[1], w.pcs[2]
			l, err := a.Move(t.Context(), a.activate())
			require.NoError(t, err)
			restore, _ := w.backup()
			b.refresh()
			_, err = b.PickUp(t.Context(), b.row(l.ID))
			require.NoError(t, err)
			w.recover()
			restore()
			c.refresh()
			_, err = c.PickUp(t.Context(), c.row(l.ID))
			require.NoError(t, err)
			w.recover()
			check(t, w, want{runs: []*pc{c}, forgotten: []*pc{b}})
		},
	},
	{
		name:  "The server is restored from before a reactivation",
		limit: tooLate,
		seen:  "The app offers to bring the license back that the server has.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			restore, _ := w.backup()
			a.putBack(image{}, everything)
			a.signIn()
			a.refresh()
			require.NoError(t, a.bringBack(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
			restore()
			a.signIn()
			w.recover()
			check(t, w, want{stranded: 1, forgotten: []*pc{a}})
			require.NoError(t, a.bringBack(l.ID))
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The server is restored while the answer to an activation is lost",
		seen: goesOn,
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			restore, _ := w.backup()
			a.proxy.on(to(http.MethodPost, "/licenses"), answerDropped)
			_, err := a.tryActivate()
			require.ErrorIs(t, err, manager.ErrUnreachable)
			restore()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The server is restored while the answer to a move is lost",
		seen: goesOn,
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			restore, _ := w.backup()
			a.proxy.on(to(http.MethodPost, "/release"), answerDropped)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			restore()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "The server is restored from before a sign-in",
		seen: "The person signs in again; waiting tasks resume.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			restore, _ := w.backup()
			w.Clock.Advance(time.Hour)
			a.restart() // with another refresh token, which the backup does not know
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			restore()
			w.Clock.Advance(time.Hour)
			a.connect(true)
			require.ErrorIs(t, a.learn(), manager.ErrSignedOut)
			a.signIn()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "The server is restored from before an order was made with a serial number",
		seen: "The serial number makes the order again.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			serials, err := sample.FreeSerials(t.Context(), w.Data, sample.SerialProgram, 1)
			require.NoError(t, err)
			before := w.orders()
			restore, _ := w.backup()
			order := func() api.Order {
				number := api.VerificationAnswer{ID: "number", Number: "123456"}
				w.AddVerification(number.ID, number.Number)
				o, err := a.NewOrder(t.Context(), api.NewOrder{
					ProgramID:    w.program.ID,
					SerialNumber: serials[0],
					Verification: number,
				})
				require.NoError(t, err)
				return o
			}
			first := order()
			restore()
			w.recover()
			require.Equal(t, before, w.orders())
			require.Greater(t, order().ID, first.ID+1000, "ids never come back")
			w.recover()
			require.Equal(t, before+1, w.orders())
			check(t, w, want{})
		},
	},
}

// A server comes back from a backup: licenses that the app and the server disagree on lose nothing (spec: api 20).
func TestServerIsRestored(t *testing.T) { attack(t, serverRestores) }
