package manager

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
)

// unreachable makes calls whose path has a suffix fail with a connection error.
func unreachable(f *fakeServer, suffix string) {
	f.set(func() {
		f.before = on(suffix, func() *http.Response { return answer(http.StatusBadGateway, "text/html", "<html>") })
	})
}

func reachable(f *fakeServer) { f.set(func() { f.before, f.after, f.down = nil, nil, false }) }

// A license that left this PC can always be handed in again or brought back, however its removal code was lost.
func TestStrandedLicense(t *testing.T) {
	ways := map[string]func(t *testing.T, p *fakePC, l License){
		"move": func(t *testing.T, p *fakePC, l License) {
			moved, err := p.Move(t.Context(), l)
			require.NoError(t, err)
			require.NotNil(t, moved.ReleasedAt)
		},
		"remove": func(t *testing.T, p *fakePC, l License) {
			_, err := p.Remove(t.Context(), Remove{License: l})
			require.NoError(t, err)
		},
		"bring back": func(t *testing.T, p *fakePC, l License) {
			offers, err := p.BringBacks(t.Context())
			require.NoError(t, err)
			require.Len(t, offers, 1)
			require.NoError(t, offers[0].Refusal)
			back, err := p.Reactivate(t.Context(), Reactivate{License: offers[0].License, Codes: offers[0].Codes, ThisPC: true})
			require.NoError(t, err)
			require.True(t, p.runs(t, back))
		},
	}
	for name, do := range ways {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer()
			p := newFakePC(t, f, "old")
			l := p.activateHere(t)
			unreachable(f, "/release")
			_, err := p.Move(t.Context(), l)
			require.ErrorIs(t, err, ErrUnreachable)
			reachable(f)
			// Vault, key, job and the code in the state are lost.
			for _, statement := range []string{`DELETE FROM vault`, `DELETE FROM jobs`} {
				_, err := p.db.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
			_, err = p.options.Installed.Update(t.Context(), lumenSignature, func(s *installed.State) error {
				s.Spent[0].RemovalCode = 0
				return nil
			})
			require.NoError(t, err)

			row, ok := p.row(t, l.ID)
			require.True(t, ok)
			require.True(t, row.Stranded())
			o := f.order()
			require.NoError(t, ReactivationRefusal(o, row))
			require.NoError(t, MoveRefusal(o, row))
			require.NoError(t, RemovalRefusal(o, row))
			found, err := p.Find(t.Context())
			require.NoError(t, err)
			require.Len(t, found.Stranded, 1)
			do(t, p, row)
			found, err = p.Find(t.Context())
			require.NoError(t, err)
			require.Empty(t, found.Stranded)
			require.Empty(t, p.jobs(t))
			_, _ = p.row(t, l.ID) // the next table settles the ended license
			require.Empty(t, p.kept(t))
		})
	}
}

// While an open job hands the license in, the refusals say that the server will learn of it.
func TestDepartureWithOpenJob(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	unreachable(f, "/release")
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	row, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.True(t, row.LeftThisPC && row.JobOpen && !row.Stranded())
	require.ErrorIs(t, ReactivationRefusal(f.order(), row), ErrLeftThisPC)
	require.ErrorIs(t, MoveRefusal(f.order(), row), ErrLeftThisPC)
	kept := p.kept(t)
	require.Len(t, kept, 1)
	require.Equal(t, api.TaskRelease, kept[0].Purpose)
	offers, err := p.BringBacks(t.Context())
	require.NoError(t, err)
	require.Empty(t, offers)
}

// A disabled order ends no license: the code remains, and the move continues after the order is enabled again (spec:
// api 1).
func TestNotFoundIsTemporary(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() { f.hidden = true })
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, api.ErrNotFound)
	require.Len(t, p.jobs(t), 1, "it waits")
	require.Len(t, p.kept(t), 1)
	_, err = p.Orders(t.Context())
	require.NoError(t, err)
	_, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, p.kept(t), 1)

	f.set(func() { f.hidden = false })
	_, err = p.Orders(t.Context())
	require.NoError(t, err)
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.NoError(t, done[0].Err)
	require.Empty(t, p.kept(t))
	require.Empty(t, p.jobs(t))
}

// A job that was refused and never carried out may be canceled; the license returns.
func TestCancelAfterTemporaryRefusal(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() { f.hidden = true })
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, api.ErrNotFound)
	require.NoError(t, p.DropJob(t.Context(), p.jobs(t)[0].ID))
	require.True(t, p.runs(t, l))
}

// A removal code is deleted for a receipt that proves the task, and for nothing else (spec: api "Receipts").
func TestCodeIsKeptWithoutReceipt(t *testing.T) {
	other := license.SigningKeyFromSeed([32]byte{9})
	for name, forge := range map[string]func(f *fakeServer, l api.License) string{
		"no receipt": func(*fakeServer, api.License) string { return "v4.public.none.none" },
		"another key": func(f *fakeServer, l api.License) string {
			key := f.key
			f.key = other
			defer func() { f.key = key }()
			return f.receipt(l, license.ReceiptRelease)
		},
		"another license": func(f *fakeServer, l api.License) string { l.ID++; return f.receipt(l, license.ReceiptRelease) },
		"another Site code": func(f *fakeServer, l api.License) string {
			l.SiteCode = "00000000"
			return f.receipt(l, license.ReceiptRelease)
		},
		"a license file": func(f *fakeServer, l api.License) string { return f.file(l) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer()
			p := newFakePC(t, f, "old")
			l := p.activateHere(t)
			f.set(func() {
				f.before = on("/release", func() *http.Response {
					row := *f.find(l.ID)
					at := f.now
					forged := forge(f, row)
					row.ReleasedAt = &at
					return jsonAnswer(api.LicenseReceipt{License: row, Receipt: forged})
				})
			})
			_, err := p.Move(t.Context(), l)
			require.ErrorIs(t, err, ErrUnreachable)
			require.Len(t, p.jobs(t), 1)
			require.Len(t, p.kept(t), 1)
			reachable(f)
			_, err = p.ResumeJobs(t.Context())
			require.NoError(t, err)
			require.Empty(t, p.jobs(t))
			require.Empty(t, p.kept(t))
		})
	}
}

// The vendor changes the signing key during a move; the receipt is verified with the new key.
func TestReceiptWithNewKey(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() { f.former, f.key = []string{f.key.Public().String()}, license.SigningKeyFromSeed([32]byte{7}) })
	_, err := p.Move(t.Context(), l)
	require.NoError(t, err)
	require.Empty(t, p.kept(t))
	require.Empty(t, p.jobs(t))
}

// The server was restored to before a release that it had confirmed. The app reports that, and the release can be
// repeated.
func TestReleaseAfterServerRestore(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	before := append([]api.License(nil), f.rows...)
	_, err := p.Move(t.Context(), l)
	require.NoError(t, err)
	spent, ok := p.spent(t, l)
	require.True(t, ok)
	require.True(t, spent.Settled)

	var restored []Event
	p.Subscribe(func(e Event) {
		if e.Kind == ServerRestored {
			restored = append(restored, e)
		}
	})
	f.set(func() { f.rows, f.answers, f.epoch = before, map[string]string{}, "BBBBBBBBBBBBBBBBBBBBBA" })
	row, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.True(t, row.Stranded())
	require.Len(t, restored, 1)
	require.Len(t, p.Notices(), 1)
	found, err := p.Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Stranded, 1)
	// Another server of the same database does not have the new epoch yet.
	f.set(func() { f.epoch = "AAAAAAAAAAAAAAAAAAAAAA" })
	_, _ = p.row(t, l.ID)
	f.set(func() { f.epoch = "BBBBBBBBBBBBBBBBBBBBBA" })
	_, _ = p.row(t, l.ID)
	require.Len(t, restored, 1)
	moved, err := p.Move(t.Context(), row)
	require.NoError(t, err)
	require.NotNil(t, moved.ReleasedAt)
	p.restart(t)
	_, _ = p.row(t, l.ID)
	require.Empty(t, p.Notices(), "there is one notice")
}

// The server lost the license of a program on this PC. The program continues to run, and the app offers a new
// license.
func TestForgottenLicense(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() {
		f.rows, f.answers, f.epoch, f.nextID = nil, map[string]string{}, "BBBBBBBBBBBBBBBBBBBBBA", 1_020_219
	})
	_, ok := p.row(t, l.ID)
	require.False(t, ok)
	require.True(t, p.runs(t, l), "missing in a list is not ended")
	found, err := p.Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Forgotten, 1)
	require.Equal(t, l.ID, found.Forgotten[0].ID)
	require.NoError(t, found.Forgotten[0].Refusal)
	pc, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	again, err := p.NewLicense(t.Context(), NewLicense{OrderID: lumenOrder, Codes: pc.Codes, ThisPC: true})
	require.NoError(t, err)
	require.Equal(t, l.SiteCode, again.SiteCode)
	require.True(t, p.runs(t, again))
	_, _ = p.row(t, again.ID)
	found, err = p.Find(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Forgotten)
}

// A license with a reassigned id is not this PC's license.
func TestReassignedLicenseID(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	f.set(func() { f.rows, f.nextID = nil, l.ID })
	theirs := other.activateHere(t)
	require.Equal(t, l.ID, theirs.ID)
	row, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.False(t, row.ThisPC)
	found, err := p.Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Forgotten, 1)
	f.set(func() { f.end(f.find(l.ID), api.StatusRemoved) })
	_, _ = p.row(t, l.ID)
	require.True(t, p.runs(t, l), "the ended license is the other PC's")
	_, _ = other.row(t, l.ID)
	require.False(t, other.runs(t, theirs))
}

// Only licenses that the server lists as ended lose their files.
func TestOnlyEndedLicensesAreErased(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	for _, body := range []string{`{"licenses":[]}`, `{}`, `{"status":"maintenance"}`, `[]`, `null`} {
		f.set(func() {
			f.before = on("/licenses", func() *http.Response { return answer(200, "application/json", body) })
		})
		_, _ = p.Licenses(t.Context(), lumenOrder)
		_, _ = p.AllLicenses(t.Context(), lumenOrder)
		require.True(t, p.runs(t, l), body)
	}
	reachable(f)
	f.set(func() { f.end(f.find(l.ID), api.StatusReplaced) })
	_, ok := p.row(t, l.ID)
	require.False(t, ok)
	require.False(t, p.runs(t, l))
}

// The license folder was restored from a backup from before a release: the license leaves again.
func TestRestoredFolderWithReleasedLicense(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	folder := installed.ProgramFolder(p.options.Installed.Dir(), lumenSignature)
	backup := t.TempDir()
	require.NoError(t, os.CopyFS(backup, os.DirFS(folder)))
	_, err := p.Move(t.Context(), l)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.CopyFS(folder, os.DirFS(backup)))
	require.True(t, p.runs(t, l), "until the server is heard")
	_, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.False(t, p.runs(t, l))
	spent, ok := p.spent(t, l)
	require.True(t, ok)
	require.True(t, spent.Settled)
}

// The data file is damaged during an open move. The code is in the state file, a notice says so, and the code can be
// handed in.
func TestCodeSurvivesDamagedDataFile(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	unreachable(f, "/release")
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	reachable(f)
	o := p.options
	o.Installed = nil
	require.NoError(t, p.Close())
	require.NoError(t, os.WriteFile(filepath.Join(o.DataDir, databaseName), []byte(strings.Repeat("x", 5000)), 0o600))
	p.open(t, o)
	require.Len(t, p.Notices(), 2)
	require.Contains(t, p.Notices()[1].Detail.String(), "1 removal codes are kept")
	p.signIn(t)
	_, ok := p.row(t, l.ID)
	require.True(t, ok)
	kept := p.kept(t)
	require.Len(t, kept, 1)
	require.Empty(t, kept[0].Purpose, "no job hands it in")
	_, err = p.HandIn(t.Context(), kept[0])
	require.NoError(t, err)
	require.Empty(t, p.kept(t))
}

// The keyring is replaced during an open transfer to another PC; the transfer is sent all the same.
func TestTransferSurvivesNewKeyring(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	pc, err := other.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	unreachable(f, "/transfer")
	_, err = p.Transfer(t.Context(), Transfer{License: l, Codes: pc.Codes})
	require.ErrorIs(t, err, ErrUnreachable)
	reachable(f)
	p.ring.Store = keyringtest.Memory()
	p.restart(t)
	p.signIn(t)
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.NoError(t, done[0].Err)
	require.Empty(t, p.jobs(t))
	require.Empty(t, p.kept(t))
}

// A job with a typed code waits for the keyring and then continues. If the key is lost, the job fails.
func TestJobWaitsForKeyring(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	row, ok := other.row(t, l.ID)
	require.True(t, ok)
	unreachable(f, "/removal")
	_, err := other.Remove(t.Context(), Remove{License: row, RemovalCode: f.code(l.License)})
	require.ErrorIs(t, err, ErrUnreachable)
	reachable(f)
	other.ring.unavailable = true
	other.restart(t)
	_, _, err = other.SignIn(t.Context(), SignIn{Server: fakeAddress, Username: "anna", Password: "correct horse"})
	require.NoError(t, err)
	done, err := other.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.ErrorIs(t, done[0].Err, ErrKeyringUnavailable)
	require.Len(t, other.jobs(t), 1, "it waits")

	other.ring.unavailable = false
	other.restart(t)
	other.signIn(t)
	done, err = other.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	require.Empty(t, other.jobs(t))
}

// A courier's answer about a removal needs the server's receipt.
func TestCourierAnswerNeedsReceipt(t *testing.T) {
	f := newFakeServer()
	p, carrier := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	kept, err := p.LeaveOffline(t.Context(), lumenSignature)
	require.NoError(t, err)
	require.False(t, p.runs(t, l))
	item := RequestItem{Task: carry.TaskRemove, Signature: lumenSignature, Kept: kept}
	r, err := p.MakeRequest(t.Context(), "old", []RequestItem{item})
	require.NoError(t, err)
	result := carry.Result{
		Item:      1,
		Task:      carry.TaskRemove,
		Signature: lumenSignature,
		Codes:     kept.Codes,
		Outcome:   carry.OutcomeDone,
	}
	foreign := result
	foreign.Receipt = f.receipt(api.License{ID: l.ID + 1, SiteCode: l.SiteCode}, license.ReceiptRemoval)
	for _, lie := range []carry.Result{result, foreign} {
		taken, err := p.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{lie}})
		require.NoError(t, err)
		require.ErrorIs(t, taken[0].Err, ErrNoReceipt)
		require.Len(t, p.kept(t), 1)
		open, err := p.Requests(t.Context())
		require.NoError(t, err)
		require.Len(t, open, 1)
	}
	plan, err := carrier.PlanCarry(t.Context(), r)
	require.NoError(t, err)
	var a carry.Answer
	for range 2 { // carrying it again is idempotent
		if a, err = carrier.CarryOut(t.Context(), r, plan, []int{0}, func(int) {}); err == nil && len(a.Results) > 0 {
			require.Equal(t, carry.OutcomeDone, a.Results[0].Outcome)
		}
		require.NoError(t, err)
		plan, err = carrier.PlanCarry(t.Context(), r)
		require.NoError(t, err)
	}
	taken, err := p.ReadAnswer(t.Context(), a)
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
	require.Empty(t, p.kept(t))
}

// A code that another PC handed in is no longer listed.
func TestCodeHandedInElsewhere(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	_, err := p.LeaveOffline(t.Context(), lumenSignature)
	require.NoError(t, err)
	_, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.Len(t, p.kept(t), 1)
	f.set(func() { f.end(f.find(l.ID), api.StatusRemoved) })
	_, ok = p.row(t, l.ID)
	require.False(t, ok)
	require.Empty(t, p.kept(t))
}

// If a license ended during an open move of it, its departure is settled and it does not return.
func TestRefusedBecauseEnded(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	unreachable(f, "/release")
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	reachable(f)
	f.set(func() { f.end(f.find(l.ID), api.StatusReplaced) })
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, done[0].Err, api.ErrLicenseEnded)
	require.False(t, p.runs(t, l))
	require.Empty(t, p.jobs(t))
	require.Empty(t, p.kept(t))
	spent, _ := p.spent(t, l)
	require.True(t, spent.Settled)
}

// A license file with a spent Site code is not this PC's.
func TestSpentFile(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	program := f.program()
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	require.NoError(t, err)
	_, ok := p.pc.File(program)
	require.True(t, ok)
	require.NoError(t,
		p.options.Installed.Leave(t.Context(), lumenSignature, installed.Spent{Codes: codes, LicenseID: l.ID}))
	_, ok = p.pc.File(program)
	require.False(t, ok)
}

// advance moves the clock of the server and of the PCs.
func advance(f *fakeServer, d time.Duration) {
	f.set(func() {
		f.clock.Lock()
		defer f.clock.Unlock()
		f.now = f.now.Add(d)
	})
}

// The journal contains no removal code in plain text.
func TestJournalHasNoPlainCode(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	row, ok := other.row(t, l.ID)
	require.True(t, ok)
	down(f)
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	_, err = other.Remove(t.Context(), Remove{License: row, RemovalCode: f.code(l.License)})
	require.ErrorIs(t, err, ErrUnreachable)
	for _, pc := range []*fakePC{p, other} {
		var request string
		require.NoError(t,
			pc.db.QueryRowContext(t.Context(), `SELECT CAST(request AS TEXT) FROM jobs WHERE state = 'pending'`).Scan(&request))
		require.NotEmpty(t, request)
		require.NotContains(t, request, f.code(l.License).String())
	}
}

// A license that its program let go does not return when handing in its code is canceled or refused, because somebody
// else may have the code.
func TestLicenseLetGoDoesNotReturn(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, f *fakeServer, p *fakePC, k KeptCode){
		"canceled": func(t *testing.T, f *fakeServer, p *fakePC, k KeptCode) {
			down(f)
			_, err := p.HandIn(t.Context(), k)
			require.ErrorIs(t, err, ErrUnreachable)
			require.NoError(t, p.DropJob(t.Context(), p.jobs(t)[0].ID))
		},
		"refused": func(t *testing.T, f *fakeServer, p *fakePC, k KeptCode) {
			f.set(func() { f.readOnly = true })
			_, err := p.HandIn(t.Context(), k)
			require.ErrorIs(t, err, api.ErrOrderReadOnly)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer()
			p := newFakePC(t, f, "old")
			l := p.activateHere(t)
			k, err := p.LeaveOffline(t.Context(), lumenSignature)
			require.NoError(t, err)
			_, ok := p.row(t, l.ID)
			require.True(t, ok)
			end(t, f, p, k)
			require.Empty(t, p.jobs(t))
			require.False(t, p.runs(t, l))
			kept := p.kept(t)
			require.Len(t, kept, 1)
			require.Empty(t, kept[0].Purpose)
		})
	}
}

// No removal code is shown while its license can return. If its program has shown it, a canceled or refused task does
// not bring the license back.
func TestShownCodeDoesNotReturn(t *testing.T) {
	show := func(t *testing.T, p *fakePC, l License) {
		codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
		require.NoError(t, err)
		require.NoError(t, p.options.Installed.Leave(t.Context(), lumenSignature, installed.Spent{Codes: codes, Shown: true}))
	}
	for name, end := range map[string]func(t *testing.T, f *fakeServer, p *fakePC){
		"canceled": func(t *testing.T, f *fakeServer, p *fakePC) {
			require.ErrorIs(t, p.DropJob(t.Context(), p.jobs(t)[0].ID), ErrCodeShown)
		},
		"refused": func(t *testing.T, f *fakeServer, p *fakePC) {
			reachable(f)
			f.set(func() { f.readOnly = true })
			done, err := p.ResumeJobs(t.Context())
			require.NoError(t, err)
			require.ErrorIs(t, done[0].Err, api.ErrOrderReadOnly)
			require.Len(t, p.Notices(), 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer()
			p := newFakePC(t, f, "old")
			l := p.activateHere(t)
			down(f)
			_, err := p.Move(t.Context(), l)
			require.ErrorIs(t, err, ErrUnreachable)
			require.Zero(t, p.kept(t)[0].Code, "the license can come back")
			show(t, p, l)
			end(t, f, p)
			require.Empty(t, p.jobs(t))
			require.False(t, p.runs(t, l))
			kept := p.kept(t)
			require.Len(t, kept, 1)
			require.Equal(t, f.code(l.License), kept[0].Code)
		})
	}
}

// A job whose answer was lost succeeds even if a table listed the license as ended meanwhile.
func TestJobSucceedsAfterTable(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() {
		f.after = func(r *http.Request, response *http.Response) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/removal") {
				return answer(http.StatusBadGateway, "text/html", "<html>"), nil
			}
			return response, nil
		}
	})
	_, err := p.Remove(t.Context(), Remove{License: l})
	require.ErrorIs(t, err, ErrUnreachable)
	reachable(f)
	_, ok := p.row(t, l.ID)
	require.False(t, ok)
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.NoError(t, done[0].Err)
	require.Equal(t, JobDone, done[0].State)
	require.Empty(t, p.kept(t))
}

// The server was restored to before a reactivation and lists the earlier license. Bringing that one back is the only
// offer.
func TestForgottenReactivation(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	first := p.activateHere(t)
	before := append([]api.License(nil), f.rows...)
	_, err := p.options.Installed.Update(t.Context(), lumenSignature, func(s *installed.State) error {
		s.Generation = (s.Generation + 1) & license.MaxGeneration // the PC's data were lost
		return nil
	})
	require.NoError(t, err)
	row, ok := p.row(t, first.ID)
	require.True(t, ok)
	codes, err := p.ThisPCFor(t.Context(), row)
	require.NoError(t, err)
	_, err = p.Reactivate(t.Context(), Reactivate{License: row, Codes: codes, ThisPC: true})
	require.NoError(t, err)
	f.set(func() {
		f.rows, f.answers, f.epoch, f.nextID = before, map[string]string{}, "BBBBBBBBBBBBBBBBBBBBBA", 1_020_219
	})
	_, ok = p.row(t, first.ID)
	require.True(t, ok)
	found, err := p.Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found.BringBacks, 1)
	require.Equal(t, first.ID, found.BringBacks[0].License.ID)
	require.Empty(t, found.Forgotten)
}

// A courier's answer has the key that signed its license file, even if the vendor changed it after the courier's
// start.
func TestCourierAnswerHasNewKey(t *testing.T) {
	f := newFakeServer()
	p, carrier := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	_, err := carrier.Program(t.Context(), 1)
	require.NoError(t, err)
	r, err := p.MakeRequest(t.Context(), "old", []RequestItem{{Task: carry.TaskActivate, Signature: lumenSignature}})
	require.NoError(t, err)
	plan, err := carrier.PlanCarry(t.Context(), r)
	require.NoError(t, err)
	f.set(func() { f.former, f.key = []string{f.key.Public().String()}, license.SigningKeyFromSeed([32]byte{7}) })
	a, err := carrier.CarryOut(t.Context(), r, plan, []int{0}, func(int) {})
	require.NoError(t, err)
	require.Contains(t, a.Results[0].PublicKeys, f.key.Public())
}
