package e2e_test

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

const studioSignature license.Signature = "LUMENST7"

// otherPC returns the codes of a simulated PC for the sample program. The changed locks have another value.
func otherPC(name string, generation uint16, changed ...license.Lock) license.Codes {
	var raw license.RawLocks
	for i := range raw {
		raw[i] = fmt.Sprintf("%s lock %d", name, i)
	}
	for _, l := range changed {
		raw[l-1] = name + " new"
	}
	key := studioSignature.Key()
	return key.Codes(generation, key.Block(raw))
}

// activated activates a simulated PC and returns its license and removal code.
func activated(t *testing.T, s *servertest.Server, p *pc, codes license.Codes) (manager.License, license.RemovalCode) {
	t.Helper()
	_, err := p.Orders(t.Context())
	require.NoError(t, err)
	l, err := p.NewLicense(t.Context(), manager.NewLicense{OrderID: studioOrder, Codes: codes, Note: "PC"})
	require.NoError(t, err)
	return l, removalCode(t, s, l.ID)
}

func removalCode(t *testing.T, s *servertest.Server, id int64) (code license.RemovalCode) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) error {
		l, err := tx.Licenses.Get(t.Context(), id)
		if err != nil {
			return err
		}
		program, err := tx.Programs.Get(t.Context(), l.ProgramID)
		if err != nil {
			return err
		}
		key, err := s.Secrets.ActivationKey(program)
		code = key.RemovalSeed(l.Activation).RemovalCode(l.Codes)
		return err
	}))
	return code
}

func storedLicense(t *testing.T, s *servertest.Server, id int64) (l store.License) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		l, err = tx.Licenses.Get(t.Context(), id)
		return err
	}))
	return l
}

// history counts the successful entries of a task in the history of the sample order.
func history(t *testing.T, p *pc, task api.Task) (count int) {
	t.Helper()
	entries, err := p.History(t.Context(), studioOrder)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Task == task.HistoryWord() && e.Outcome == api.OutcomeOK && e.DeviceName == "test" {
			count++
		}
	}
	return count
}

// TestTasksTakeEffectOnce loses a call or an answer of a reactivation, a transfer and a removal, and restarts the app.
// Each takes effect once.
func TestTasksTakeEffectOnce(t *testing.T) {
	a, b := otherPC("A", 1), otherPC("B", 2)
	for task, c := range map[api.Task]struct {
		do     func(*testing.T, *pc, manager.License, license.RemovalCode) error
		status api.LicenseStatus
		active int
	}{
		api.TaskReactivation: {func(t *testing.T, p *pc, l manager.License, _ license.RemovalCode) error {
			_, err := p.Reactivate(t.Context(), manager.Reactivate{License: l, Codes: otherPC("A", 3, license.NETID)})
			return err
		}, api.StatusReactivated, 4},
		api.TaskTransfer: {func(t *testing.T, p *pc, l manager.License, code license.RemovalCode) error {
			_, err := p.Transfer(t.Context(), manager.Transfer{License: l, Codes: b, RemovalCode: code})
			return err
		}, api.StatusTransferred, 4},
		api.TaskRemoval: {func(t *testing.T, p *pc, l manager.License, code license.RemovalCode) error {
			_, err := p.Remove(t.Context(), manager.Remove{License: l, RemovalCode: code})
			return err
		}, api.StatusRemoved, 3},
	} {
		for name, fail := range map[string]struct{ call, answer func(*http.Request) bool }{
			"the call is lost":   {call: isChange},
			"the answer is lost": {answer: isChange},
		} {
			t.Run(fmt.Sprintf("%s, %s", task, name), func(t *testing.T) {
				s := servertest.Start(t)
				p := newPC(t, s)
				p.signIn(t, s)
				l, code := activated(t, s, p, a)
				p.network.set(fail.call, fail.answer)
				require.ErrorIs(t, c.do(t, p, l, code), manager.ErrUnreachable)
				requireNotOnDisk(t, p, code.String())
				p.network.set(nil, nil)
				p.crash(t)
				done, err := p.ResumeJobs(t.Context())
				require.NoError(t, err)
				require.Len(t, done, 1)
				require.NoError(t, done[0].Err)
				require.Equal(t, c.active, activeLicenses(t, s, studioOrder))
				require.Equal(t, 1, history(t, p, task))
				all, err := p.AllLicenses(t.Context(), studioOrder)
				require.NoError(t, err)
				for _, one := range all.Licenses {
					if one.ID == l.ID {
						require.Equal(t, c.status, one.Status)
					}
				}
				open, err := p.Jobs(t.Context())
				require.NoError(t, err)
				require.Empty(t, open)
			})
		}
	}
}

// TestCachedRowsAfterTasks checks that the result of a task is in the cached rows before the next table is fetched.
func TestCachedRowsAfterTasks(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	_, err := p.Licenses(ctx, studioOrder)
	require.NoError(t, err)
	same := func(what string) {
		t.Helper()
		kept, ok, err := p.CachedLicenses(ctx, studioOrder)
		require.NoError(t, err)
		require.True(t, ok)
		now, err := p.Manager.Licenses(ctx, studioOrder)
		require.NoError(t, err)
		for _, rows := range [][]manager.License{kept.Licenses, now.Licenses} {
			for i := range rows {
				rows[i].Allowed = nil // a task of one license can use up the limit of another; only the server has it
			}
		}
		require.Equal(t, now.Licenses, kept.Licenses, what)
	}
	l, _ := activated(t, s, p, otherPC("A", 1))
	same("a new license")
	l, err = p.ChangeNote(ctx, l.ID, "Workshop")
	require.NoError(t, err)
	same("another note")
	l, err = p.Reactivate(ctx, manager.Reactivate{License: l, Codes: otherPC("A", 2, license.NETID)})
	require.NoError(t, err)
	same("reactivated")
	require.NoError(t, p.SendEmail(ctx, manager.SendEmail{LicenseID: l.ID, To: []string{"it@lumen.example"}}))
	same("emailed")
	l, err = p.Transfer(ctx, manager.Transfer{License: l, Codes: otherPC("B", 1), RemovalCode: removalCode(t, s, l.ID)})
	require.NoError(t, err)
	same("transferred")
	_, err = p.Remove(ctx, manager.Remove{License: l, RemovalCode: removalCode(t, s, l.ID)})
	require.NoError(t, err)
	same("removed")
	kept, _, err := p.CachedOrders(ctx)
	require.NoError(t, err)
	now, err := p.Orders(ctx)
	require.NoError(t, err)
	require.Equal(t, now.Orders, kept.Orders)
}

func requireNotOnDisk(t *testing.T, p *pc, secret string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(p.options.DataDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NotContains(t, string(data), secret, path)
		return err
	}))
}

// TestRemovalCodeWithoutKeyring checks that a removal code is stored nowhere without a keyring, and that the person
// must enter it again.
func TestRemovalCodeWithoutKeyring(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	require.NoError(t, p.Close())
	p.options.Keyring = locked{}
	p.start(t)
	_, _, err := p.SignIn(t.Context(), manager.SignIn{
		Server:   s.URL,
		Username: s.Login.Username,
		Password: s.Login.Password,
	})
	require.NoError(t, err)
	l, code := activated(t, s, p, otherPC("A", 1))
	p.network.set(isChange, nil)
	_, err = p.Remove(t.Context(), manager.Remove{License: l, RemovalCode: code})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	requireNotOnDisk(t, p, code.String())
	p.network.set(nil, nil)
	require.NoError(t, p.Close())
	p.start(t)
	_, _, err = p.SignIn(t.Context(), manager.SignIn{
		Server:   s.URL,
		Username: s.Login.Username,
		Password: s.Login.Password,
	})
	require.NoError(t, err)
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.ErrorContains(t, done[0].Err, "enter the code again")
	require.Equal(t, manager.JobFailed, done[0].State)
	_, err = p.Remove(t.Context(), manager.Remove{License: l, RemovalCode: code})
	require.NoError(t, err)
}

// TestCompareMatchesServer checks that the comparison in the app is the server's verdict, also after a reactivation and
// with the license's own policy (spec: codes "Comparing locks").
func TestCompareMatchesServer(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	p.signIn(t, s)
	l, _ := activated(t, s, p, otherPC("A", 1))
	first, err := p.Reactivate(t.Context(), manager.Reactivate{License: l, Codes: otherPC("A", 2, license.NETID)})
	require.NoError(t, err)
	require.NotNil(t, first.Recognition, "compared with the first license on the PC")
	for i, c := range []struct {
		codes    license.Codes
		accepted bool
		changes  int
	}{
		{otherPC("A", 3), true, 0}, // the network card is back
		{otherPC("A", 3, license.NETID), true, 1},
		{otherPC("A", 3, license.CPUID, license.OSID, license.HDID), true, 1},
		{otherPC("A", 3, license.NETID, license.CPUID), false, 2},
		{otherPC("B", 3), false, 5},
	} {
		preview, err := p.Compare(t.Context(), first, c.codes)
		require.NoError(t, err)
		require.Equal(t, c.accepted, preview.Accepted, "row %d", i)
		require.Equal(t, c.changes, preview.HardwareChanges, "row %d", i)
		if c.accepted {
			continue
		}
		_, err = p.Reactivate(t.Context(), manager.Reactivate{License: first, Codes: c.codes})
		var refusal *api.Problem
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, api.ErrFlexibleLicensing, refusal.Code)
		require.Equal(t, c.changes, refusal.Comparison.HardwareChanges)
		for j, lock := range refusal.Comparison.Locks {
			require.Equal(t, preview.Locks[j].State.String(), lock.State)
		}
	}
	_, err = p.Compare(t.Context(), first, license.Codes{Site: 1, Machine: 2})
	require.ErrorIs(t, err, license.ErrMismatch)
}

// TestNewSiteCodeAfterRemoval removes a license of this PC with the removal code that the app makes. Afterwards the PC
// has a new Site code.
func TestNewSiteCodeAfterRemoval(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	program := studioProgram(t, p)
	seen := map[license.SiteCode]bool{}
	for range 3 {
		thisPC, err := p.ThisPC(ctx, program)
		require.NoError(t, err)
		require.False(t, seen[thisPC.Codes.Site], "a Site code is used once")
		seen[thisPC.Codes.Site] = true
		l, err := p.NewLicense(ctx, manager.NewLicense{OrderID: studioOrder, Codes: thisPC.Codes, ThisPC: true})
		require.NoError(t, err)
		require.True(t, l.ThisPC)
		code, err := p.RemovalCode(ctx, l)
		require.NoError(t, err)
		require.Equal(t, removalCode(t, s, l.ID), code)
		order, err := p.Remove(ctx, manager.Remove{License: l, RemovalCode: code})
		require.NoError(t, err)
		require.Equal(t, 3, order.LicensesActivated)
	}
	other, _ := activated(t, s, p, otherPC("A", 1))
	_, err := p.RemovalCode(ctx, other)
	require.ErrorIs(t, err, manager.ErrNotThisPC)
}

// TestReactivateAfterDataLoss deletes the app's data, as a new operating system does. The PC has a new Site code, and
// its license is reactivated.
func TestReactivateAfterDataLoss(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	thisPC, err := p.ThisPC(ctx, studioProgram(t, p))
	require.NoError(t, err)
	old, err := p.NewLicense(ctx, manager.NewLicense{
		OrderID: studioOrder,
		Codes:   thisPC.Codes,
		Note:    "Studio",
		ThisPC:  true,
	})
	require.NoError(t, err)

	reinstalled := newPC(t, s)
	reinstalled.signIn(t, s)
	_, err = reinstalled.Orders(ctx)
	require.NoError(t, err)
	licenses, err := reinstalled.Licenses(ctx, studioOrder)
	require.NoError(t, err)
	for _, l := range licenses.Licenses {
		require.False(t, l.ThisPC, "the generation has changed")
		if l.ID == old.ID {
			old = l
		}
	}
	codes, err := reinstalled.ThisPCFor(ctx, old)
	require.NoError(t, err)
	l, err := reinstalled.Reactivate(ctx, manager.Reactivate{License: old, Codes: codes, ThisPC: true})
	require.NoError(t, err)
	require.True(t, l.ThisPC)
	require.Equal(t, "Studio", l.Note, "the note is preserved")
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))
}

// TestNewOrderOnce checks that a serial number makes one order even if the answer is lost, and that a wrong
// verification number can be corrected immediately.
func TestNewOrderOnce(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	p.signIn(t, s)
	programs, err := p.SerialPrograms(ctx)
	require.NoError(t, err)
	require.Len(t, programs, 2)
	serials, err := sample.FreeSerials(ctx, s.Data, sample.SerialProgram, 2)
	require.NoError(t, err)
	request := api.NewOrder{
		ProgramID:    programs[0].ID,
		SerialNumber: serials[0],
		Verification: api.VerificationAnswer{ID: "none", Number: "000000"},
	}
	_, err = p.NewOrder(ctx, request)
	require.ErrorIs(t, err, api.ErrVerificationFailed)
	open, err := p.Jobs(ctx)
	require.NoError(t, err)
	require.Empty(t, open, "a refused order is not retried")

	request.Verification = verificationAnswer(t, s)
	p.network.set(nil, isChange)
	_, err = p.NewOrder(ctx, request)
	require.ErrorIs(t, err, manager.ErrUnreachable)
	p.network.set(nil, nil)
	p.crash(t)
	done, err := p.ResumeJobs(ctx)
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.NoError(t, done[0].Err)
	orders, err := p.Orders(ctx)
	require.NoError(t, err)
	found := 0
	for _, o := range orders.Orders {
		if o.SerialNumber == serials[0] {
			found++
			require.Equal(t, o.ID, done[0].OrderID)
			require.Equal(t, api.SubscriptionValid, o.Subscription.State)
		}
	}
	require.Equal(t, 1, found)
}

// verificationAnswer stores a verification number in the database and returns its answer.
func verificationAnswer(t *testing.T, s *servertest.Server) api.VerificationAnswer {
	t.Helper()
	h := fnv.New64()
	_, _ = h.Write([]byte(t.Name()))
	id, number := fmt.Sprintf("known-%x", h.Sum64()), "123456"
	s.AddVerification(id, number)
	return api.VerificationAnswer{ID: id, Number: number}
}

func TestAccountWithoutSigningIn(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	ctx := t.Context()
	about, err := p.About(ctx, s.URL)
	require.NoError(t, err)
	require.True(t, about.Registration)
	require.Len(t, about.SerialPrograms, 2)
	_, err = p.About(ctx, "not an address")
	require.ErrorIs(t, err, manager.ErrAddress)
	v, err := p.Verification(ctx, s.URL, true)
	require.NoError(t, err)
	require.NotEmpty(t, v.Image)
	require.NotEmpty(t, v.Sound)
	serials, err := sample.FreeSerials(ctx, s.Data, sample.SerialProgram, 1)
	require.NoError(t, err)
	made, err := p.Register(ctx, s.URL, api.NewAccount{
		ProgramID: about.SerialPrograms[0].ID, SerialNumber: serials[0], Verification: verificationAnswer(t, s),
		Username: "carla", Password: "a long password",
		RegistrationName: "Carla", Contact: api.Contact{
			FirstName: "Carla",
			LastName:  "O",
			Address:   "x",
			City:      "y",
			Zip:       "z",
			Country:   "c",
			Phone:     "1",
			Email:     "carla@example.com",
		},
	})
	require.NoError(t, err)
	_, _, err = p.SignIn(ctx, manager.SignIn{Server: s.URL, Username: made.Username, Password: "a long password"})
	require.NoError(t, err)
	account, err := p.Account(ctx)
	require.NoError(t, err)
	require.Equal(t, "carla@example.com", account.Email)
	city := "Sevilla"
	account, err = p.ChangeAccount(ctx, api.AccountChange{City: &city})
	require.NoError(t, err)
	require.Equal(t, "Sevilla", account.City)
	require.ErrorIs(t, p.ChangePassword(ctx, "wrong password", "another password"), api.ErrValidation)
	require.NoError(t, p.ChangePassword(ctx, "a long password", "another password"))
	_, err = p.Orders(ctx)
	require.NoError(t, err, "the session stays valid")
	v2 := verificationAnswer(t, s)
	require.NoError(t, p.RequestPasswordReset(ctx, s.URL, "carla", v2))
	sent := mails(t, s)
	require.True(t, strings.HasPrefix(sent[0].Subject, "New password"))
}
