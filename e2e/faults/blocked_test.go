package faults

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
)

// lockPath returns the path of the file lock of the program's license folder.
func (p *pc) lockPath() string {
	return filepath.Join(installed.ProgramFolder(p.shared, signature), "lock")
}

// withoutLockWait restarts the app so that it does not wait for a file lock.
func (p *pc) withoutLockWait() {
	p.t.Helper()
	p.stopApp()
	over := func(time.Duration) <-chan time.Time {
		at := make(chan time.Time)
		close(at)
		return at
	}
	p.options.Installed = installed.Open(p.shared, installed.Options{Now: p.w.Clock.Now, After: over})
	p.startApp()
	p.resume()
}

var blockedScenarios = []scenario{
	{
		name: "Another program never releases the file lock of the license folder",
		outcome: "After 20 seconds a message names the file and the process that holds the lock. Nothing has " +
			"changed, and the task can be repeated when that program has ended.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.withoutLockWait()
			lock := flock.New(a.lockPath())
			locked, err := lock.TryLock()
			require.NoError(t, err)
			require.True(t, locked)
			_, err = a.Move(t.Context(), l)
			require.ErrorIs(t, err, installed.ErrBusy)
			require.ErrorContains(t, err, a.lockPath())
			require.True(t, a.verdict().Valid())
			require.NoError(t, lock.Unlock())
			w.recover()
			if len(a.openJobs()) == 0 && w.active()[0].ReleasedAt == nil {
				_, err = a.Move(t.Context(), a.row(l.ID))
				require.NoError(t, err)
			}
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "The lock file of the license folder is a named pipe",
		outcome: "A message names the file. Nothing blocks.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			require.NoError(t, os.Remove(a.lockPath()))
			require.NoError(t, makePipe(a.lockPath()))
			_, err := a.Move(t.Context(), l)
			require.ErrorContains(t, err, a.lockPath())
			require.True(t, a.verdict().Valid())
			_, err = a.runProgram().Remove(t.Context())
			require.ErrorContains(t, err, a.lockPath())
			require.NoError(t, os.Remove(a.lockPath()))
			w.recover()
			if w.active()[0].ReleasedAt == nil {
				_, err = a.Move(t.Context(), a.row(l.ID))
				require.NoError(t, err)
			}
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "A gateway answers one call with HTML every time",
		outcome: "The tasks after it complete. After a day the task can be given up. Its removal code stays " +
			"and can be handed in later.",
		run: func(t *testing.T) {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			l := a.activate()
			a.proxy.on(either(releaseCall, removalCall), respond(http.StatusOK, htmlType, portal))
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			job := a.openJobs()[0]
			require.ErrorIs(t, a.GiveUp(t.Context(), job.ID), manager.ErrTooEarly)

			a.unplug(func(string, string) bool { return true })
			require.Error(t, a.SendEmail(t.Context(), manager.SendEmail{LicenseID: l.ID, To: []string{"it@lumen.example"}}))
			require.Len(t, a.openJobs(), 2)
			a.unplug(nil)
			_, _ = a.ResumeJobs(t.Context())
			require.Equal(t, 1, w.mails(), "the task after it completes")
			require.Len(t, a.openJobs(), 1)

			w.Clock.Advance(25 * time.Hour)
			require.NoError(t, a.GiveUp(t.Context(), job.ID))
			require.NoError(t, a.fetchTables())
			check(t, w, want{stranded: 1})
			require.Len(t, a.keptCodes(), 1)
			_, err = a.tryNewLicense()
			require.NoError(t, err, "the PC may have another license")
			w.recover()
			check(t, w, want{runs: []*pc{a}, stranded: 1})
			_, err = a.HandIn(t.Context(), a.keptCodes()[0])
			require.NoError(t, err)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "A task whose answers are all lost is given up after it took effect",
		outcome: "“Whether the server did it is not known.” The next refresh shows that it did, and the " +
			"removal code is deleted.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.proxy.on(removalCall, answerDropped)
			_, err := a.Remove(t.Context(), manager.Remove{License: l})
			require.ErrorIs(t, err, manager.ErrUnreachable)
			w.Clock.Advance(25 * time.Hour)
			require.NoError(t, a.GiveUp(t.Context(), a.openJobs()[0].ID))
			w.recover()
			check(t, w, want{})
		},
	},
	{
		name:    "The disk is full when the server's refusal is stored",
		outcome: "The app reports it. The task stays pending, is sent again, and then ends.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			full := a.fullDisk("NEW.state = 'failed'")
			w.rule(allTasksOff())
			notices := len(a.Notices())
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrStorage)
			require.Greater(t, len(a.Notices()), notices)
			require.Len(t, a.openJobs(), 1)
			full.end()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The disk is full when the server's answer is stored",
		outcome: "The answer is valid. At the next start the app requests it again, and the task takes effect once.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				a := taskNamed(name).begin(t)
				before := a.done()
				full := a.by.fullDisk("NEW.state = 'done'")
				_ = a.do(t.Context())
				full.end()
				a.by.restart()
				a.w.recover()
				require.Equal(t, before+1, a.done())
				check(t, a.w, a.after)
			})
		},
	},
	{
		name:    "The disk is full when a task is stored",
		outcome: "Nothing is sent, and no license leaves its PC.",
		run: func(t *testing.T) {
			eachTask(t, jobTasks(), func(t *testing.T, name string) {
				a := taskNamed(name).begin(t)
				before := a.done()
				full := a.by.fullDisk("INSERT")
				require.ErrorIs(t, a.do(t.Context()), manager.ErrStorage)
				full.end()
				a.by.restart()
				a.w.recover()
				require.Equal(t, before, a.done())
				check(t, a.w, a.before)
			})
		},
	},
}

// fullDisk lets changes of the journal fail until end.
type fullDisk struct{ end func() }

// fullDisk lets changes of the journal fail: new rows for "INSERT", otherwise updates for which when is true.
func (p *pc) fullDisk(when string) fullDisk {
	p.t.Helper()
	run := func(statement string) {
		db, err := sql.Open("sqlite", filepath.Join(p.data, dataFile)+"?_pragma=busy_timeout(5000)")
		require.NoError(p.t, err)
		_, err = db.Exec(statement)
		require.NoError(p.t, err)
		require.NoError(p.t, db.Close())
	}
	on := "UPDATE ON jobs WHEN " + when
	if when == "INSERT" {
		on = "INSERT ON jobs"
	}
	run("CREATE TRIGGER full BEFORE " + on + " BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END")
	return fullDisk{func() { run("DROP TRIGGER full") }}
}

// TestBlocked runs the scenarios of file locks, calls without an answer, and full disks.
func TestBlocked(t *testing.T) { runScenarios(t, blockedScenarios) }
