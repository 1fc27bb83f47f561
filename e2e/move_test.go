package e2e_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// activateThisPC activates this PC with a license of the sample order.
func (p *pc) activateThisPC(t *testing.T) manager.License {
	t.Helper()
	thisPC, err := p.ThisPC(t.Context(), studioProgram(t, p))
	require.NoError(t, err)
	l, err := p.NewLicense(t.Context(), manager.NewLicense{
		OrderID: studioOrder,
		Codes:   thisPC.Codes,
		Note:    "Studio",
		ThisPC:  true,
	})
	require.NoError(t, err)
	require.True(t, l.ThisPC)
	return l
}

func (p *pc) files(t *testing.T) []installed.File {
	t.Helper()
	store := p.options.Installed
	if store == nil {
		store = installed.Open(p.options.DataDir+"/licenses", installed.Options{})
	}
	files, err := store.Files(studioSignature)
	require.NoError(t, err)
	return files
}

// storedCode returns the removal code that is stored next to the last spent Site code.
func (p *pc) storedCode(t *testing.T) license.RemovalCode {
	t.Helper()
	state, err := installed.Open(p.options.DataDir+"/licenses", installed.Options{}).State(studioSignature)
	require.NoError(t, err)
	require.NotEmpty(t, state.Spent)
	return state.Spent[len(state.Spent)-1].RemovalCode
}

// row returns an active license from a new table of the server, or nil.
func (p *pc) row(t *testing.T, id int64) *manager.License {
	t.Helper()
	_, err := p.Orders(t.Context())
	require.NoError(t, err)
	table, err := p.Licenses(t.Context(), studioOrder)
	require.NoError(t, err)
	for _, l := range table.Licenses {
		if l.ID == id {
			return &l
		}
	}
	return nil
}

// TestLicenseFileInstalled checks that an activation installs the license file in the license folder, and that a
// deleted file is restored with or without the server.
func TestLicenseFileInstalled(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	l := p.activateThisPC(t)
	files := p.files(t)
	require.Len(t, files, 1)
	_, content, err := p.LicenseFile(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, content, files[0].Content)
	require.Contains(t, files[0].Path, "lumen-studio-7-")
	require.True(t, p.row(t, l.ID).Installed)

	require.NoError(t, os.Remove(files[0].Path))
	require.True(t, p.row(t, l.ID).Installed)
	require.Len(t, p.files(t), 1, "from the server")

	require.NoError(t, os.Remove(files[0].Path))
	p.network.set(func(*http.Request) bool { return true }, nil)
	table, ok, err := p.CachedLicenses(t.Context(), studioOrder)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 3, activeLicenses(t, s, studioOrder)-1)
	require.Len(t, p.files(t), 1, "from the vault, without a connection")
	require.NotEmpty(t, table.Licenses)
}

// TestMove moves a license: the old PC releases it and the new PC picks it up.
func TestMove(t *testing.T) {
	s := servertest.Start(t)
	old, other := newPC(t, s), newPC(t, s, fingerprinttest.PC("other"))
	old.signIn(t, s)
	other.signIn(t, s)
	ctx := t.Context()
	l := old.activateThisPC(t)

	_, err := other.Move(ctx, *other.row(t, l.ID))
	require.ErrorIs(t, err, manager.ErrNotThisPC)

	released, err := old.Move(ctx, l)
	require.NoError(t, err)
	require.NotNil(t, released.ReleasedAt)
	require.False(t, released.ThisPC)
	require.True(t, released.LeftThisPC)
	require.Empty(t, old.files(t), "the program no longer runs here")
	kept, err := old.KeptCodes(ctx)
	require.NoError(t, err)
	require.Empty(t, kept, "the server has the removal code")
	require.Equal(t, 4, activeLicenses(t, s, studioOrder), "a released license keeps its seat")

	_, err = other.Orders(ctx)
	require.NoError(t, err)
	require.NotNil(t, other.row(t, l.ID).ReleasedAt)
	waiting, err := other.ReleasedLicenses(ctx)
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.NoError(t, waiting[0].Refusal)
	offers, err := old.BringBacks(ctx)
	require.NoError(t, err)
	require.Empty(t, offers, "a released license is not offered for reactivation")

	moved, err := other.PickUp(ctx, waiting[0].License)
	require.NoError(t, err)
	require.True(t, moved.ThisPC)
	require.Equal(t, "Studio", moved.Note)
	require.Len(t, other.files(t), 1)
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))
	require.Nil(t, old.row(t, l.ID))
	require.Equal(t, 1, history(t, old, api.TaskRelease))
	require.Equal(t, 1, history(t, old, api.TaskTransfer))
}

// TestMoveWithoutConnection moves a license without a connection. The license leaves, its removal code is stored, and
// the job is sent later. Until then the move can be canceled.
func TestMoveWithoutConnection(t *testing.T) {
	for name, ring := range map[string]keyring.Store{"with keyring": keyringtest.Memory(), "without keyring": locked{}} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			p := newPC(t, s)
			require.NoError(t, p.Close())
			p.options.Keyring = ring
			p.start(t)
			ctx := t.Context()
			signIn := func() {
				_, _, err := p.SignIn(ctx, manager.SignIn{
					Server:   s.URL,
					Username: s.Login.Username,
					Password: s.Login.Password,
					Remember: true,
				})
				require.NoError(t, err)
			}
			signIn()
			l := p.activateThisPC(t)
			code := removalCode(t, s, l.ID)
			p.network.set(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/release") }, nil)

			_, err := p.Move(ctx, l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			require.Empty(t, p.files(t))
			kept, err := p.KeptCodes(ctx)
			require.NoError(t, err)
			require.Len(t, kept, 1)
			require.Equal(t, code, p.storedCode(t))
			require.Zero(t, kept[0].Code, "the code is hidden while the move can be canceled")
			require.Equal(t, "Studio", kept[0].Note)

			jobs, err := p.Jobs(ctx)
			require.NoError(t, err)
			require.Len(t, jobs, 1)
			require.NoError(t, p.DropJob(ctx, jobs[0].ID))
			require.True(t, p.row(t, l.ID).ThisPC, "the license is back on this PC")
			require.Len(t, p.files(t), 1)
			kept, err = p.KeptCodes(ctx)
			require.NoError(t, err)
			require.Empty(t, kept)

			_, err = p.Move(ctx, l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			require.NoError(t, p.Close())
			p.network.set(nil, nil)
			p.start(t)
			kept, err = p.KeptCodes(ctx)
			require.NoError(t, err)
			require.Len(t, kept, 1, "the code is still stored after a crash")
			require.Equal(t, code, p.storedCode(t))
			signIn()
			_, err = p.Orders(ctx)
			require.NoError(t, err)
			done, err := p.ResumeJobs(ctx)
			require.NoError(t, err)
			require.Len(t, done, 1)
			require.NoError(t, done[0].Err)
			require.NotNil(t, p.row(t, l.ID).ReleasedAt)
			kept, err = p.KeptCodes(ctx)
			require.NoError(t, err)
			require.Empty(t, kept)
		})
	}
}

// TestRemovalAfterVaultKeyLost loses the vault's key after a license has left. The removal code is made from the
// license file that the server has.
func TestRemovalAfterVaultKeyLost(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	ctx := t.Context()
	l := p.activateThisPC(t)
	p.network.set(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/removal") }, nil)
	_, err := p.Remove(ctx, manager.Remove{License: l})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	p.network.set(nil, nil)
	require.NoError(t, p.Close())
	p.options.Keyring = keyringtest.Memory()
	p.start(t)
	p.signIn(t, s)
	_, err = p.Orders(ctx)
	require.NoError(t, err)
	done, err := p.ResumeJobs(ctx)
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.NoError(t, done[0].Err)
	require.Equal(t, 3, activeLicenses(t, s, studioOrder))
}

// setCanManage sets whether clients may change the licenses of the sample order.
func setCanManage(t *testing.T, s *servertest.Server, yes bool) {
	t.Helper()
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		o, err := tx.Orders.Lock(t.Context(), studioOrder)
		if err != nil {
			return err
		}
		o.CanManage = yes
		return tx.Orders.Change(t.Context(), o)
	}))
}

// TestRefusedRemovalUndone checks that a departure is undone if the server refuses the removal.
func TestRefusedRemovalUndone(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	ctx := t.Context()
	l := p.activateThisPC(t)
	thisPC, err := p.ThisPC(ctx, studioProgram(t, p))
	require.NoError(t, err)
	setCanManage(t, s, false)
	_, err = p.Remove(ctx, manager.Remove{License: l})
	require.ErrorIs(t, err, api.ErrOrderReadOnly)
	require.Len(t, p.files(t), 1)
	after, err := p.ThisPC(ctx, studioProgram(t, p))
	require.NoError(t, err)
	require.Equal(t, thisPC.Codes, after.Codes)
	require.True(t, p.row(t, l.ID).ThisPC)
	kept, err := p.KeptCodes(ctx)
	require.NoError(t, err)
	require.Empty(t, kept)
	setCanManage(t, s, true)
	_, err = p.Remove(ctx, manager.Remove{License: l})
	require.NoError(t, err)
	require.Empty(t, p.files(t))
}

// TestEndedElsewhere removes a license on another PC. Its file is deleted at the next refresh.
func TestEndedElsewhere(t *testing.T) {
	s := servertest.Start(t)
	p, web := newPC(t, s), newPC(t, s)
	p.signIn(t, s)
	web.signIn(t, s)
	l := p.activateThisPC(t)
	_, err := web.Remove(t.Context(), manager.Remove{License: *web.row(t, l.ID), RemovalCode: removalCode(t, s, l.ID)})
	require.NoError(t, err)
	require.Len(t, p.files(t), 1)
	require.Nil(t, p.row(t, l.ID))
	require.Empty(t, p.files(t))
}

// TestSpentSiteCodeIsRenewed activates a PC whose Site code is spent at the server but not in the state file, because
// the license was removed elsewhere or the state was restored from a backup. The PC chooses a new Site code.
func TestSpentSiteCodeIsRenewed(t *testing.T) {
	s := servertest.Start(t)
	p, web := newPC(t, s), newPC(t, s, fingerprinttest.PC("other"))
	p.signIn(t, s)
	web.signIn(t, s)
	allowEverything(t, s)
	ctx := t.Context()
	remove := func(l manager.License) {
		_, err := web.Remove(ctx, manager.Remove{License: *web.row(t, l.ID), RemovalCode: removalCode(t, s, l.ID)})
		require.NoError(t, err)
	}
	first := p.activateThisPC(t)
	remove(first)
	second := p.activateThisPC(t)
	require.NotEqual(t, first.SiteCode, second.SiteCode)

	// The transfer of a pick-up has a spent Site code, too.
	remove(second)
	there := web.activateThisPC(t)
	moved, err := web.Move(ctx, there)
	require.NoError(t, err)
	require.NotNil(t, p.row(t, moved.ID))
	here, err := p.PickUp(ctx, moved)
	require.NoError(t, err)
	require.True(t, here.ThisPC)

	// A spent Site code of another PC is refused, and the license stays here.
	codes, err := license.ParseCodes(first.SiteCode, first.MachineID)
	require.NoError(t, err)
	_, err = web.NewLicense(ctx, manager.NewLicense{OrderID: studioOrder, Codes: codes})
	require.ErrorIs(t, err, api.ErrSiteCodeSpent)
	_, err = p.Transfer(ctx, manager.Transfer{License: here, Codes: codes})
	require.ErrorIs(t, err, api.ErrSiteCodeSpent)
	require.NotNil(t, p.row(t, here.ID))
	require.True(t, p.row(t, here.ID).ThisPC)
	require.Len(t, p.files(t), 1)
}

// TestBringBack deletes the app's data. The app finds the license of this PC and brings it back.
func TestBringBack(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	ctx := t.Context()
	old := p.activateThisPC(t)
	offers, err := p.BringBacks(ctx)
	require.NoError(t, err)
	require.Empty(t, offers, "nothing is missing")

	reinstalled := newPC(t, s)
	reinstalled.signIn(t, s)
	require.NotNil(t, reinstalled.row(t, old.ID))
	offers, err = reinstalled.BringBacks(ctx)
	require.NoError(t, err)
	require.Len(t, offers, 1)
	offer := offers[0]
	require.Equal(t, old.ID, offer.License.ID)
	require.NoError(t, offer.Refusal)
	require.Zero(t, offer.Comparison.Differences())
	require.NotZero(t, offer.Comparison.Count(license.Same))
	l, err := reinstalled.Reactivate(ctx, manager.Reactivate{License: offer.License, Codes: offer.Codes, ThisPC: true})
	require.NoError(t, err)
	require.True(t, l.ThisPC)
	require.Len(t, reinstalled.files(t), 1)
	require.NotNil(t, reinstalled.row(t, l.ID))
	offers, err = reinstalled.BringBacks(ctx)
	require.NoError(t, err)
	require.Empty(t, offers)
}

// TestRemovedInProgram removes a license in the program. The app finds the removal code and hands it in, or offers the
// license to another PC.
func TestRemovedInProgram(t *testing.T) {
	for name, hand := range map[string]func(*pc, manager.KeptCode) error{
		"hand in": func(p *pc, k manager.KeptCode) error { _, err := p.HandIn(t.Context(), k); return err },
		"offer":   func(p *pc, k manager.KeptCode) error { _, err := p.Offer(t.Context(), k); return err },
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			p := newPC(t, s)
			p.signIn(t, s)
			ctx := t.Context()
			l := p.activateThisPC(t)
			codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
			require.NoError(t, err)
			program := installed.Open(p.options.DataDir+"/licenses", installed.Options{})
			code := removalCode(t, s, l.ID)
			require.NoError(t, program.Leave(ctx, studioSignature, installed.Spent{
				Codes:       codes,
				LicenseID:   l.ID,
				RemovalCode: code,
			}))

			left := p.row(t, l.ID)
			require.False(t, left.ThisPC)
			require.True(t, left.LeftThisPC)
			kept, err := p.KeptCodes(ctx)
			require.NoError(t, err)
			require.Len(t, kept, 1)
			require.Equal(t, code, kept[0].Code)
			require.Empty(t, kept[0].Purpose)
			require.NoError(t, hand(p, kept[0]))
			row := p.row(t, l.ID)
			require.Equal(t, name == "hand in", row == nil)
			require.True(t, row == nil || row.ReleasedAt != nil)
			kept, err = p.KeptCodes(ctx)
			require.NoError(t, err)
			require.Empty(t, kept)
		})
	}
}

// allowEverything removes the limits of the sample programs.
func allowEverything(t *testing.T, s *servertest.Server) {
	t.Helper()
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		programs, err := tx.Programs.List(t.Context())
		for _, p := range programs {
			p.Tasks = nil
			err = errors.Join(err, tx.Programs.Change(t.Context(), p))
		}
		return err
	}))
}
