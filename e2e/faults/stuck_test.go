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

// lockPath is the lock of the license folder of the program.
func (p *pc) lockPath() string { return filepath.Join(installed.Below(p.shared, signature), "lock") }

// impatient starts the app anew so that it waits for nobody.
func (p *pc) impatient() {
	p.t.Helper()
	p.shut()
	over := func(time.Duration) <-chan time.Time {
		at := make(chan time.Time)
		close(at)
		return at
	}
	p.options.Installed = installed.Open(p.shared, installed.Options{Now: p.w.Clock.Now, After: over})
	p.open()
	p.resume()
}

var stucks = []scenario{
	{
		name: "Another program holds the lock of the license folder for ever",
		seen: "After 20 seconds a sentence names the file and the process that holds the lock; nothing has " +
			"changed, and it works again when that program ends.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.impatient()
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
			if len(a.waits()) == 0 && w.active()[0].ReleasedAt == nil {
				_, err = a.Move(t.Context(), a.row(l.ID))
				require.NoError(t, err)
			}
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "A pipe lies where the lock of the license folder should",
		seen: "A sentence that names the file; nothing hangs.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
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
		name: "A gateway answers one call with HTML for ever",
		seen: "The tasks behind it complete. After a day the task can be given up; the removal code stays " +
			"and can be handed in later.",
		run: func(t *testing.T) {
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			l := a.activate()
			a.proxy.on(either(releaseCall, removalCall), instead(http.StatusOK, htmlType, portal))
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			job := a.waits()[0]
			require.ErrorIs(t, a.GiveUp(t.Context(), job.ID), manager.ErrTooEarly)

			a.unplug(func(string, string) bool { return true })
			require.Error(t, a.SendEmail(t.Context(), manager.SendEmail{LicenseID: l.ID, To: []string{"it@lumen.example"}}))
			require.Len(t, a.waits(), 2)
			a.unplug(nil)
			_, _ = a.ResumeJobs(t.Context())
			require.Equal(t, 1, w.mails(), "the task behind it is done")
			require.Len(t, a.waits(), 1)

			w.Clock.Advance(25 * time.Hour)
			require.NoError(t, a.GiveUp(t.Context(), job.ID))
			require.NoError(t, a.learn())
			check(t, w, want{stranded: 1})
			require.Len(t, a.kept(), 1)
			_, err = a.tryNewLicense()
			require.NoError(t, err, "the PC may have another license")
			w.recover()
			check(t, w, want{runs: []*pc{a}, stranded: 1})
			_, err = a.HandIn(t.Context(), a.kept()[0])
			require.NoError(t, err)
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "A task whose answers are all lost is given up, and the server had done it",
		seen: "“Whether the server did it is not known”; the next refresh shows it, and the code is deleted.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.proxy.on(removalCall, answerDropped)
			_, err := a.Remove(t.Context(), manager.Remove{License: l})
			require.ErrorIs(t, err, manager.ErrUnreachable)
			w.Clock.Advance(25 * time.Hour)
			require.NoError(t, a.GiveUp(t.Context(), a.waits()[0].ID))
			w.recover()
			check(t, w, want{})
		},
	},
	{
		name: "The disk is full when the server's refusal is to be written down",
		seen: "The app says so; the task is listed as waiting, is sent again, and ends then.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			full := a.fullDisk("NEW.state = 'failed'")
			w.rule(allOff())
			notices := len(a.Notices())
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrStorage)
			require.Greater(t, len(a.Notices()), notices)
			require.Len(t, a.waits(), 1)
			full.end()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The disk is full when the server's answer is to be written down",
		seen: "The answer counts; the next start requests it again, and the task takes effect one time.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
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
		name: "The disk is full when a task is to be written down",
		seen: "Nothing is sent, nothing has left.",
		run: func(t *testing.T) {
			each(t, jobs(), func(t *testing.T, name string) {
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

// fullDisk makes some changes of the app's journal of tasks fail.
type fullDisk struct{ end func() }

// fullDisk lets rows of tasks fail to be written: new ones for "INSERT", else those that an update makes so.
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

func TestStuck(t *testing.T) { attack(t, stucks) }
