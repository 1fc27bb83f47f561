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

// backup copies the server's data. It returns two functions: restore restores them as acen-server restore does, byHand
// replaces the files only.
func (w *world) backup() (restore, byHand func()) {
	w.t.Helper()
	path := w.TakeBackup()
	return func() { w.Restore(path); w.repointProxies() }, func() { w.ReplaceFiles(path); w.repointProxies() }
}

// moveTo moves a license from one PC to another and picks it up there.
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

// recovery is a way to recover a license that left a PC and is active at the server.
type recovery struct {
	name string
	get  func(w *world, p *pc, l manager.License) (want, error)
}

var recoveries = []recovery{
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

// bringBack brings back a license that the app offers.
func (p *pc) bringBack(id int64) error {
	offers, err := p.BringBacks(p.t.Context())
	for _, o := range offers {
		if o.License.ID == id {
			_, err = p.Reactivate(p.t.Context(), manager.Reactivate{License: o.License, Codes: o.Codes, ThisPC: true})
			return err
		}
	}
	return errors.Join(errors.New("not offered"), err)
}

// testRecovery recovers a license in every way, each in a world of its own. begin returns the world, the PC that the
// license left, the license, and the PCs that run under a license that the server has forgotten.
func testRecovery(t *testing.T, begin func(t *testing.T) (w *world, p *pc, id int64, forgotten []*pc)) {
	t.Helper()
	for i, recovery := range recoveries {
		if !*exhaustive && (i+len(t.Name()))%len(recoveries) != 0 {
			continue
		}
		t.Run(recovery.name, func(t *testing.T) {
			w, p, id, forgotten := begin(t)
			check(t, w, want{stranded: 1, forgotten: forgotten})
			found, err := p.Find(t.Context())
			require.NoError(t, err)
			require.Len(t, found.Stranded, 1)
			require.Equal(t, id, found.Stranded[0].License.ID)
			expected, err := recovery.get(w, p, p.row(id))
			require.NoError(t, err)
			w.recover()
			expected.forgotten = forgotten
			check(t, w, expected)
		})
	}
}

const (
	listedAsStranded = "The app lists the license as stranded: it left this PC, and the server has it as active. " +
		"“Bring back”, “Move” and “Remove” work."
	limitUnknownLicense = "a program runs under a license that the server does not know until its next contact"
	limitRestoredCopy   = "a restored copy of a PC's data works until the next contact of the app or the program with " +
		"the server"
)

var serverRestoreScenarios = []scenario{
	{
		name:  "The server is restored from before an activation",
		limit: limitUnknownLicense,
		outcome: "The program continues to run. The app reports that the server has forgotten its license; another " +
			"activation creates one.",
		run: func(t *testing.T) {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			restore, _ := w.backup()
			old := a.activate()
			restore()
			w.recover()
			check(t, w, want{forgotten: []*pc{a}})
			again, err := a.tryActivate()
			require.NoError(t, err)
			require.Greater(t, again.ID, old.ID+1000, "IDs are not reused")
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:  "The server is restored from before an activation, and another PC takes the only seat",
		limit: limitUnknownLicense,
		outcome: "The other PC has the seat. The app on the first PC reports that the server has forgotten its license and " +
			"that none is left.",
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
		name:    "The server's files are replaced without acen-server restore, and another PC gets the same license ID",
		limit:   limitUnknownLicense,
		outcome: "The app compares Site codes, so neither PC uses the license of the other. Each gets its own by activation.",
		run: func(t *testing.T) {
			w := newWorld(t, manySeats, "a", "b")
			a, b := w.pcs[0], w.pcs[1]
			_, restoreByHand := w.backup()
			old := a.activate()
			restoreByHand()
			l := b.activate()
			require.Equal(t, old.ID, l.ID, "both licenses have the same ID")
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
		name:    "The server is restored from before a removal",
		outcome: listedAsStranded,
		run: func(t *testing.T) {
			testRecovery(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w := newWorld(t, manySeats, "a")
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
		name:    "The server is restored from before a move",
		outcome: listedAsStranded,
		run: func(t *testing.T) {
			testRecovery(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w := newWorld(t, manySeats, "a")
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
		name: "The server is restored from before a move and its pick-up", outcome: listedAsStranded,
		limit: limitUnknownLicense,
		run: func(t *testing.T) {
			testRecovery(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w := newWorld(t, manySeats, "a", "b")
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
		name:    "The server is restored from before a move and its pick-up, and the move is repeated",
		outcome: "After another move and another pick-up the PCs, the apps and the server agree.",
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
		name:    "The server is restored from between move and pick-up",
		outcome: "The license is released again. After another pick-up the PCs, the apps and the server agree.",
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
		name:    "The server is restored from between move and pick-up, and a third PC picks up",
		limit:   limitUnknownLicense,
		outcome: "The third PC has the seat. The app on the second PC reports that the server has forgotten its license.",
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
		name:    "The server is restored from before a reactivation",
		limit:   limitUnknownLicense,
		outcome: "The app offers to bring back the license that the server has.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			restore, _ := w.backup()
			a.restoreImage(image{}, everything)
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
		name:    "The server is restored after the answer to an activation was lost",
		outcome: taskResumes,
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
		name:    "The server is restored after the answer to a move was lost",
		outcome: taskResumes,
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
		name:    "The server is restored from before a sign-in",
		outcome: "The person signs in again. Pending tasks resume.",
		run: func(t *testing.T) {
			w := newWorld(t, 1, "a")
			a := w.pcs[0]
			l := a.activate()
			restore, _ := w.backup()
			w.Clock.Advance(time.Hour)
			a.restart() // with another refresh token, which is not in the backup
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			restore()
			w.Clock.Advance(time.Hour)
			a.connect(true)
			require.ErrorIs(t, a.fetchTables(), manager.ErrSignedOut)
			a.signIn()
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "The server is restored from before a serial number was redeemed",
		outcome: "The serial number can be redeemed again.",
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
			require.Greater(t, order().ID, first.ID+1000, "IDs are not reused")
			w.recover()
			require.Equal(t, before+1, w.orders())
			check(t, w, want{})
		},
	},
}

// TestServerRestored restores the server from a backup. Licenses on which the app and the server disagree are not lost
// (spec: api 20).
func TestServerRestored(t *testing.T) { runScenarios(t, serverRestoreScenarios) }
