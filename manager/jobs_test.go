package manager

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/vault"
)

func jsonAnswer(body any) *http.Response {
	content, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return answer(http.StatusOK, "application/json", string(content))
}

// A job that was canceled before its turn is not sent.
func TestCanceledJobIsNotSent(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	down(f)
	_, err := p.ChangeNote(t.Context(), l.ID, "x")
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorIs(t, p.SendEmail(t.Context(), SendEmail{LicenseID: l.ID, To: []string{"a@example.com"}}), ErrUnreachable)
	_, err = p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	open := p.jobs(t)
	require.Len(t, open, 2)
	tried := f.count("POST /licenses/20219/release")
	// The person cancels the move while the mail is being sent.
	reachable(f)
	canceled := make(chan error, 1)
	f.set(func() {
		f.after = func(r *http.Request, response *http.Response) (*http.Response, error) {
			if r.Method == http.MethodPost && r.URL.Path == api.Base+"/licenses/20219/email" {
				canceled <- p.DropJob(context.WithoutCancel(r.Context()), open[1].ID)
			}
			return response, nil
		}
	})
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.NoError(t, <-canceled)
	require.Len(t, done, 1)
	require.Equal(t, tried, f.count("POST /licenses/20219/release"), "the move was not sent")
	require.True(t, p.runs(t, l))
	row, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.Nil(t, row.ReleasedAt)
}

// down makes the server unreachable.
func down(f *fakeServer) { f.set(func() { f.down = true }) }

// A job that was sent cannot be canceled, even after another attempt could not be sent.
func TestSentJobCannotBeCanceled(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	unreachable(f, "/release") // sent, and not answered by the server
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	job := p.jobs(t)[0]
	require.Equal(t, JobSent, job.State)
	f.set(func() { f.before, f.hidden = nil, true }) // refused temporarily
	_, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Equal(t, JobSent, p.jobs(t)[0].State)
	require.ErrorIs(t, p.DropJob(t.Context(), job.ID), ErrJobSent)
	require.False(t, p.runs(t, l))
}

// A job that never gets a valid answer does not block later jobs, and can be given up after a day.
func TestStuckJobDoesNotBlock(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	stuck := func() {
		f.set(func() {
			f.before = on("/release", func() *http.Response { return answer(200, "text/html", "<html>") })
		})
	}
	stuck()
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	unreachable(f, "/email")
	require.ErrorIs(t, p.SendEmail(t.Context(), SendEmail{LicenseID: l.ID, To: []string{"a@example.com"}}), ErrUnreachable)
	stuck()
	done, err := p.ResumeJobs(t.Context())
	require.ErrorIs(t, err, ErrUnreachable)
	require.Len(t, done, 2)
	require.Equal(t, JobDone, done[1].State)
	open := p.jobs(t)
	require.Len(t, open, 1)

	require.ErrorIs(t, p.GiveUp(t.Context(), open[0].ID), ErrTooEarly)
	advance(f, 24*time.Hour)
	require.NoError(t, p.GiveUp(t.Context(), open[0].ID))
	require.Empty(t, p.jobs(t))
	require.False(t, p.runs(t, l), "the server may have done it")
	kept := p.kept(t)
	require.Len(t, kept, 1)
	require.Empty(t, kept[0].Purpose)
	reachable(f)
	_, ok := p.row(t, l.ID)
	require.True(t, ok)
	_, err = p.Offer(t.Context(), kept[0])
	require.NoError(t, err)
	require.Empty(t, p.kept(t))
}

// If nothing can be sent, Resume stops.
func TestUnsentStopsResume(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	unreachable(f, "/email")
	for _, to := range []string{"a@example.com", "b@example.com"} {
		require.ErrorIs(t, p.SendEmail(t.Context(), SendEmail{LicenseID: l.ID, To: []string{to}}), ErrUnreachable)
	}
	down(f)
	done, err := p.ResumeJobs(t.Context())
	require.ErrorIs(t, err, ErrUnreachable)
	require.Len(t, done, 1)
}

// A second, correct removal code is sent, whatever the first one was.
func TestTypedCodeIsPartOfTheRequest(t *testing.T) {
	wrong := license.RemovalCode(12345)
	for name, first := range map[string]func(f *fakeServer){
		"never sent":        down,
		"sent, answer lost": func(f *fakeServer) { unreachable(f, "/removal") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer()
			p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
			l := p.activateHere(t)
			row, ok := other.row(t, l.ID)
			require.True(t, ok)
			first(f)
			_, err := other.Remove(t.Context(), Remove{License: row, RemovalCode: wrong})
			require.ErrorIs(t, err, ErrUnreachable)
			reachable(f)
			_, err = other.Remove(t.Context(), Remove{License: row, RemovalCode: f.code(l.License)})
			require.NoError(t, err)
			require.Empty(t, other.jobs(t))
		})
	}
}

// The same task twice is one job; corrected input replaces a job that was never sent.
func TestSameTaskIsOneJob(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	pc, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	down(f)
	ask := func(note string) {
		_, err := p.NewLicense(t.Context(), NewLicense{OrderID: lumenOrder, Codes: pc.Codes, Note: note})
		require.ErrorIs(t, err, ErrUnreachable)
	}
	ask("first")
	key := p.jobs(t)[0].Key
	ask("first")
	require.Len(t, p.jobs(t), 1)
	require.Equal(t, key, p.jobs(t)[0].Key)
	ask("second")
	require.Len(t, p.jobs(t), 1)
	require.NotEqual(t, key, p.jobs(t)[0].Key)
	reachable(f)
	_, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, f.rows, 1)
	require.Equal(t, "second", f.rows[0].Note)
}

// The last verification number that was typed is sent.
func TestLastVerificationNumberIsSent(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	order := func(number string) error {
		_, err := p.NewOrder(t.Context(), api.NewOrder{
			ProgramID:    1,
			SerialNumber: "06QQ-7K41-NS-YBVB-WAR3",
			Verification: api.VerificationAnswer{ID: "v", Number: number},
		})
		return err
	}
	down(f)
	require.ErrorIs(t, order("111111"), ErrUnreachable)
	reachable(f)
	require.NoError(t, order("123456"))
	require.Empty(t, p.jobs(t))
}

// Canceling a move after this PC was activated again keeps the newer license, and the removal code of the old one.
func TestCancelKeepsTheNewerLicense(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() { f.hidden = true })
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, api.ErrNotFound)
	f.set(func() { f.hidden = false })
	newer := p.activateHere(t)
	require.NotEqual(t, l.SiteCode, newer.SiteCode)
	require.ErrorIs(t, p.DropJob(t.Context(), p.jobs(t)[0].ID), ErrNewerHere)
	require.Empty(t, p.jobs(t))
	require.True(t, p.runs(t, newer))
	require.False(t, p.runs(t, l))
	kept := p.kept(t)
	require.Len(t, kept, 1)
	require.Empty(t, kept[0].Purpose)
	row, ok := p.row(t, newer.ID)
	require.True(t, ok)
	require.True(t, row.ThisPC)
	_, err = p.HandIn(t.Context(), kept[0])
	require.NoError(t, err)
}

// The newer license counts even if its file is not installed.
func TestCancelKeepsTheNewerLicenseWithoutItsFile(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() { f.hidden = true })
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, api.ErrNotFound)
	f.set(func() { f.hidden = false })
	_, _ = p.row(t, l.ID)
	newer := p.activateHere(t)
	require.NoError(t, p.options.Installed.Erase(t.Context(), lumenSignature, func(installed.File) bool { return true }))
	_, err = p.db.ExecContext(t.Context(), `DELETE FROM vault WHERE kind = 'license-file'`)
	require.NoError(t, err)
	down(f)
	require.ErrorIs(t, p.DropJob(t.Context(), p.jobs(t)[0].ID), ErrNewerHere)
	reachable(f)
	row, ok := p.row(t, newer.ID)
	require.True(t, ok)
	require.True(t, row.ThisPC)
	require.True(t, p.runs(t, newer))
}

// An open move is canceled without a connection and without a session.
func TestCancelWithoutSession(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	down(f)
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	require.NoError(t, p.SignOut(t.Context()))
	o := p.options
	o.Installed = nil
	require.NoError(t, p.Close())
	p.open(t, o)
	_, err = p.Resume(t.Context())
	require.ErrorIs(t, err, ErrSignedOut)
	open := p.jobs(t)
	require.Len(t, open, 1)
	require.NoError(t, p.DropJob(t.Context(), open[0].ID))
	require.Empty(t, p.jobs(t))
	require.Empty(t, p.kept(t))
	_, spent := p.spent(t, l)
	require.False(t, spent)
	reachable(f)
	p.signIn(t)
	_, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.True(t, p.runs(t, l))
}

// Only the app's folder was restored, to when a move was open. Canceling the move does not bring back a license that
// another PC may have.
func TestCancelAfterRestoreIsTooLate(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	down(f)
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrUnreachable)
	o := p.options
	require.NoError(t, p.Close())
	backup, err := os.ReadFile(filepath.Join(o.DataDir, databaseName))
	require.NoError(t, err)
	o.Installed = nil
	p.open(t, o)
	reachable(f)
	_, err = p.Resume(t.Context())
	require.NoError(t, err)
	_, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.Close())

	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(filepath.Join(o.DataDir, databaseName+suffix))
	}
	require.NoError(t, os.WriteFile(filepath.Join(o.DataDir, databaseName), backup, 0o600))
	p.open(t, o)
	require.Len(t, p.jobs(t), 1)
	require.Empty(t, p.kept(t), "the server has the code")
	require.ErrorIs(t, p.DropJob(t.Context(), p.jobs(t)[0].ID), ErrTooLate)
	require.Empty(t, p.jobs(t))
	require.False(t, p.runs(t, l))
}

// A state file of a newer version is not changed, and a notice says so.
func TestNewerState(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	path := filepath.Join(installed.ProgramFolder(p.options.Installed.Dir(), lumenSignature), "pc.json")
	content := []byte(`{"version":99,"signature":"LUMENST7"}`)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	_, err := p.ThisPC(t.Context(), 1)
	require.ErrorIs(t, err, ErrNewer)
	require.Len(t, p.Notices(), 1)
	_, err = p.Move(t.Context(), l)
	require.ErrorIs(t, err, ErrNewer)
	require.Zero(t, f.count("POST /licenses/20219/release"))
	require.Empty(t, p.jobs(t))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, after)
}

// A refusal that cannot be stored is reported, and the job stays open.
func TestRefusalCannotBeStored(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	other := newFakePC(t, f, "other")
	row, ok := other.row(t, l.ID)
	require.True(t, ok)
	f.set(func() {
		f.before = on("/removal", func() *http.Response {
			_, _ = other.db.Exec(`CREATE TRIGGER full BEFORE UPDATE ON jobs WHEN new.state = 'failed'
 BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
			return nil
		})
	})
	_, err := other.Remove(t.Context(), Remove{License: row, RemovalCode: 1})
	require.ErrorIs(t, err, api.ErrRemovalCodeInvalid)
	require.ErrorIs(t, err, ErrStorage)
	require.Len(t, other.Notices(), 1)
	require.Len(t, other.jobs(t), 1)
}

// A ban is temporary. It does not close a job that a license left for, but it closes one with a typed code.
func TestBanDoesNotCloseDeparture(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	row, ok := other.row(t, l.ID)
	require.True(t, ok)
	f.set(func() { f.before = on("/removal", func() *http.Response { return problemAnswer(api.ErrHostBanned) }) })
	_, err := p.Remove(t.Context(), Remove{License: l})
	require.ErrorIs(t, err, api.ErrHostBanned)
	require.Len(t, p.jobs(t), 1)
	require.Len(t, p.kept(t), 1)
	_, err = other.Remove(t.Context(), Remove{License: row, RemovalCode: 1})
	require.ErrorIs(t, err, api.ErrHostBanned)
	require.Empty(t, other.jobs(t))
	reachable(f)
	_, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Empty(t, p.jobs(t))
}

// A typed code that was sealed with the key of an earlier run is lost, and the job fails with that error.
func TestTypedCodeWithoutKeyringIsLost(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	other.ring.unavailable = true
	row, ok := other.row(t, l.ID)
	require.True(t, ok)
	down(f)
	_, err := other.Remove(t.Context(), Remove{License: row, RemovalCode: f.code(l.License)})
	require.ErrorIs(t, err, ErrUnreachable)
	reachable(f)
	other.restart(t)
	_, _, err = other.SignIn(t.Context(), SignIn{Server: fakeAddress, Username: "anna", Password: "correct horse"})
	require.NoError(t, err)
	done, err := other.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.ErrorIs(t, done[0].Err, vault.ErrLost)
	require.Empty(t, other.jobs(t))
}

// A license returns to this PC after a final refusal.
func TestLicenseReturnsAfterRefusal(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	f.set(func() { f.readOnly = true })
	_, err := p.Move(t.Context(), l)
	require.ErrorIs(t, err, api.ErrOrderReadOnly)
	require.True(t, p.runs(t, l))
	require.Empty(t, p.jobs(t))
	require.Empty(t, p.kept(t))
}

// An answer to a removal is about the order of the job.
func TestAnswerAboutAnotherOrder(t *testing.T) {
	f := newFakeServer()
	p, other := newFakePC(t, f, "old"), newFakePC(t, f, "other")
	l := p.activateHere(t)
	row, ok := other.row(t, l.ID)
	require.True(t, ok)
	f.set(func() {
		f.before = on("/removal", func() *http.Response {
			o := f.order()
			o.ID++
			return jsonAnswer(api.OrderReceipt{Order: o, Receipt: f.receipt(l.License, license.ReceiptRemoval)})
		})
	})
	_, err := other.Remove(t.Context(), Remove{License: row, RemovalCode: f.code(l.License)})
	require.ErrorIs(t, err, ErrUnreachable)
	require.Len(t, other.jobs(t), 1)
}

// Canceling a job whose license could not leave keeps the license.
func TestCancelBeforeDeparture(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	_, _ = p.row(t, l.ID)
	leaves, err := p.session(t).newDeparture(t.Context(), l)
	require.NoError(t, err)
	content, err := removalRequest(l, leaves, 0).encode()
	require.NoError(t, err)
	_, err = p.db.ExecContext(t.Context(), `INSERT INTO jobs
 (account, key, task, title, intent, request, state, error, order_id, license_id, created_at, updated_at)
 VALUES (?, 'key', 'release', '', '', ?, 'pending', '', ?, ?, 0, 0)`, p.session(t).account.ID, content, l.OrderID, l.ID)
	require.NoError(t, err)
	require.NoError(t, p.DropJob(t.Context(), p.jobs(t)[0].ID))
	require.True(t, p.runs(t, l))
	require.Empty(t, p.jobs(t))
}

// The state file is damaged during an open move. It is set aside, and the move can be sent or canceled.
func TestDamagedStateDuringMove(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, f *fakeServer, p *fakePC){
		"sent": func(t *testing.T, f *fakeServer, p *fakePC) {
			done, err := p.ResumeJobs(t.Context())
			require.NoError(t, err)
			require.NoError(t, done[0].Err)
		},
		"canceled": func(t *testing.T, f *fakeServer, p *fakePC) {
			require.NoError(t, p.DropJob(t.Context(), p.jobs(t)[0].ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer()
			p := newFakePC(t, f, "old")
			l := p.activateHere(t)
			down(f)
			_, err := p.Move(t.Context(), l)
			require.ErrorIs(t, err, ErrUnreachable)
			path := filepath.Join(installed.ProgramFolder(p.options.Installed.Dir(), lumenSignature), "pc.json")
			require.NoError(t, os.WriteFile(path, []byte(`{"vers`), 0o600))
			reachable(f)
			end(t, f, p)
			require.Empty(t, p.jobs(t))
			require.Empty(t, p.kept(t))
			require.Len(t, p.Notices(), 1)
		})
	}
}

// A lock of the data folder that is not a file does not block.
func TestFolderLockIsNotAFile(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, lockName), 0o700))
	_, err := Open(t.Context(), options(folder))
	require.ErrorIs(t, err, ErrStorage)
	require.ErrorContains(t, err, "not a regular file")
}

// If a receipt cannot be stored, the job stays open and is sent again; then the code is deleted.
func TestReceiptCannotBeStored(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	disk := &fullDisk{Disk: p.options.Installed.Disk()}
	o := p.options
	o.Installed = installed.Open(o.Installed.Dir(), installed.Options{Disk: disk, Now: o.Now})
	require.NoError(t, p.Close())
	p.open(t, o)
	_, err := p.Resume(t.Context())
	require.NoError(t, err)
	f.set(func() {
		f.after = func(r *http.Request, response *http.Response) (*http.Response, error) {
			disk.full = strings.HasSuffix(r.URL.Path, "/release")
			return response, nil
		}
	})
	_, err = p.Move(t.Context(), l)
	require.NoError(t, err, "the server has it")
	require.Len(t, p.jobs(t), 1)
	reachable(f)
	disk.full = false
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	require.Empty(t, p.jobs(t))
	require.Empty(t, p.kept(t))
}

// fullDisk is a disk that fails writes while it is full.
type fullDisk struct {
	installed.Disk
	full bool
}

func (d *fullDisk) Write(path string, content []byte) error {
	if d.full {
		return syscall.ENOSPC
	}
	return d.Disk.Write(path, content)
}
