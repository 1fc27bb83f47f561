package ui_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// strand makes the first license stranded. Its locks still match this PC.
func (b *backend) strand() {
	l := &b.licenses[1042][0]
	l.ThisPC, l.LeftThisPC = false, true
	b.stranded = []manager.Stranded{{Order: b.orders[0], License: *l}}
	b.bringBacks = []manager.BringBack{{
		Order:      b.orders[0],
		License:    *l,
		Codes:      thisPC,
		Comparison: license.Compare(license.Block(12345), license.Block(12345), license.DefaultPolicy()),
	}}
}

func stranded() *backend {
	b := newBackend()
	b.cached = now
	b.strand()
	return b
}

// For a stranded license the texts are correct, and every action works without a removal code.
func TestStrandedLicense(t *testing.T) {
	d := drive(t, stranded())
	d.signIn()
	d.sees("It left this PC, but the server has not been informed yet.")
	require.False(t, d.shows("informs the server"), "there is no job for it")
	d.sees("Left this PC")
	for _, button := range []string{"Bring back…", "Offer to another PC…", "Reactivate…", "Transfer…", "Remove…"} {
		require.True(t, d.enabled(button), button)
	}
	d.press("Bring back…")
	d.sees("Reactivate “Studio PC”")
	d.key(fyne.KeyEscape)
	d.press("Transfer…")
	d.sees("It has already left this PC, so you need no code")
	d.sees("Enter the codes of the other PC.")
	d.key(fyne.KeyEscape)
	d.press("Offer to another PC…")
	d.sees("The license has already left this PC, and Lumen Studio 7 does not use it here.")
	require.False(t, d.shows("Save your work in the program first."), "the program does not run under it any more")
	d.press("Move")
	d.sees("“Studio PC” has left this PC. Pick it up on the other one.")
	d.sees(removalCode)
	require.Equal(t, []string{"Move 30420"}, d.b.done)
}

func TestRemovalOfAStrandedLicenseNeedsNoCode(t *testing.T) {
	d := drive(t, stranded())
	d.signIn()
	d.press("Remove…")
	d.sees("The license has already left this PC. You need no code")
	d.b.change(func() { d.b.offline = unreachable })
	d.press("Remove")
	d.sees("“Studio PC” has left this PC. The app informs the server as soon as it can be reached.")
	require.False(t, d.shows(removalCode), "the code is hidden while the departure can be undone")
	d.press("Close")
	d.b.change(func() { d.b.stranded, d.b.bringBacks = nil, nil })
	d.key(fyne.KeyF5)
	d.sees("Waiting tasks…")
	require.False(t, d.enabled("Remove…"), "a job removes it now")
}

// A stranded license cannot be brought back to a PC that has another license of the program.
func TestStrandedLicenseBesideAnother(t *testing.T) {
	b := stranded()
	b.bringBacks = nil
	b.licenses[1037][0].ThisPC = true
	d := drive(t, b)
	d.signIn()
	d.until("the index", func() bool { return d.shows("this PC is licensed in order 1037") })
	require.False(t, d.enabled("Bring back…"))
	require.True(t, d.enabled("Offer to another PC…"))
	d.press("Fix…")
	d.sees("Bring back: this PC is licensed in order 1037.")
	require.False(t, d.enabled("Bring back…"))
	require.True(t, d.enabled("Hand in…"))
}

// One banner offers all actions for stranded licenses.
func TestBannerOfStrandedLicenses(t *testing.T) {
	for button, shown := range map[string]string{
		"Bring back…":          "Reactivate “Studio PC”",
		"Hand in…":             "You need no code",
		"Offer to another PC…": "Move “Studio PC” to another PC",
	} {
		t.Run(button, func(t *testing.T) {
			d := drive(t, stranded())
			d.signIn()
			d.sees("A license of Lumen Studio 7 left this PC, but the server has not been informed.")
			require.False(t, d.shows("This PC had a license of"), "one license, one banner")
			d.press("Fix…")
			d.sees("Lumen Studio 7 · “Studio PC” · order 1042")
			d.press(button)
			d.sees(shown)
			require.Empty(t, d.b.done, "nothing is done before the confirmation")
		})
	}
	b := stranded()
	b.licenses[1037][0].LeftThisPC = true
	b.stranded = append(b.stranded, manager.Stranded{Order: b.orders[1], License: b.licenses[1037][0]})
	d := drive(t, b)
	d.signIn()
	d.sees("2 licenses left this PC, but the server has not been informed.")
	d.sees("bring “Studio PC”, “Büro Süd” back")
	d.press("Fix…")
	d.press("Contact the vendor…")
	d.sees("The text for the vendor is copied")
	require.Contains(t, d.app.Clipboard().Content(),
		"Order 1037, license 30370, Lumen Studio 7, Site code "+b.licenses[1037][0].SiteCode)
}

func TestForgottenLicense(t *testing.T) {
	b := newBackend()
	b.forgotten = []manager.Forgotten{{Order: b.orders[0], ID: 7, Note: "Studio PC"}}
	d := drive(t, b)
	d.signIn()
	d.sees("The license server does not know the license of Lumen Studio 7 on this PC.")
	d.sees("The program still runs.")
	d.press("Activate this PC again…")
	d.sees("New license")
	b.change(func() { b.forgotten = nil })
	d.press("Activate")
	d.until("the license", func() bool { return len(b.made) == 1 })
	require.Equal(t, thisPC, b.made[0].Codes)
	require.Equal(t, int64(1042), b.made[0].OrderID)
	d.until("the banner to disappear", func() bool { return !d.shows("The license server does not know") })
}

func TestForgottenLicenseOfFullOrder(t *testing.T) {
	b := newBackend()
	b.contact = "support@lumen.example"
	full := b.orders[1]
	b.forgotten = []manager.Forgotten{{Order: full, ID: 7, Refusal: manager.NewLicenseRefusal(full)}}
	d := drive(t, b)
	d.signIn()
	d.sees("this PC cannot be activated again: all are in use. Ask the vendor: support@lumen.example.")
	d.press("Contact the vendor…")
	d.until("the mail", func() bool { d.mail.mu.Lock(); defer d.mail.mu.Unlock(); return len(d.mail.opened) == 1 })
	require.Contains(t, d.mail.opened[0], "mailto:support@lumen.example")
	require.Contains(t, d.mail.opened[0], "license%207")
}

func TestSeveralForgottenLicenses(t *testing.T) {
	b := newBackend()
	b.forgotten = []manager.Forgotten{{Order: b.orders[2], ID: 8}, {Order: b.orders[0], ID: 7}}
	d := drive(t, b)
	d.signIn()
	d.sees("The license server does not know 2 licenses of this PC.")
	d.sees("The programs still run: Tide Survey, Lumen Studio 7.")
	d.press("Show the first")
	d.sees("Licenses of order 1015")
}

// After a restore of the server a notice is shown and all tables are reloaded.
func TestServerRestored(t *testing.T) {
	b := newBackend()
	d := drive(t, b)
	d.signIn()
	d.until("the index", func() bool { return b.called("Licenses 1015") > 0 && !d.shows("Loading") })
	d.until("all requests", func() bool { return b.called("Jobs") > 0 })
	before := b.called("Licenses 1015")
	b.change(func() {
		b.notices = []manager.Notice{{
			Title:  manager.Say("The license server was restored from a backup."),
			Detail: manager.Say("It may have forgotten what was done since then."),
		}}
	})
	b.publish(manager.Event{Kind: manager.ServerRestored, Account: b.account.ID})
	d.sees("The license server was restored from a backup.")
	d.until("all tables", func() bool { return b.called("Licenses 1015") > before })
}

// openJob returns an open release of the first license, created some time ago.
func openJob(ago time.Duration, state manager.JobState) manager.Job {
	return manager.Job{
		ID:        1,
		Account:   1,
		Task:      api.TaskRelease,
		Title:     "Move of “Studio PC”",
		State:     state,
		CreatedAt: now.Add(-ago),
		OrderID:   1042,
		LicenseID: 30420,
	}
}

// withOpenJob returns a backend with an open job of the first license.
func withOpenJob(job manager.Job) *backend {
	b := newBackend()
	l := &b.licenses[1042][0]
	l.LeftThisPC, l.JobOpen, b.cached = true, true, now
	b.open = []manager.Job{job}
	return b
}

// The list of waiting tasks shows the outcome of the last attempt of each task.
func TestReasonsOfWaitingTasks(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not a license server": {
			&manager.NetworkError{Kind: manager.NetworkNotACEN, Host: "licenses.lumen.example"},
			"Requested on 24 November 2026 at 08:00. No license server answers at this address.",
		},
		"a disabled order": {
			api.NewProblem(api.ErrNotFound, "The order is not found."),
			"The server cannot find it. The order is not found.",
		},
		"the keyring": {
			manager.ErrKeyringUnavailable,
			"The keyring of this PC cannot be used. It contains the key for the removal code of this task.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			job := openJob(time.Hour, manager.JobPending)
			b := withOpenJob(job)
			job.Err = c.err
			b.resumed = []manager.Job{job}
			d := drive(t, b)
			d.signIn()
			d.follow("1 task waits for the server")
			d.sees(c.want)
			require.True(t, d.enabled("Cancel"))
		})
	}
}

// A sent task can be given up a day after its creation. The dialog explains the consequences.
func TestGiveUp(t *testing.T) {
	b := withOpenJob(openJob(24*time.Hour, manager.JobSent))
	d := drive(t, b)
	d.signIn()
	d.follow("1 task waits for the server")
	d.press("Give up…")
	d.sees("Give this task up?")
	d.sees("Move of “Studio PC”: it is not known whether the server did it. " +
		"The license is no longer on this PC, and its removal code is stored")
	d.press("Keep waiting")
	d.sees("Tasks waiting for the server")
	require.Zero(t, b.called("GiveUp"))
	d.press("Give up…")
	d.press("Give up")
	d.sees("No tasks are waiting.")
	require.Equal(t, 1, b.called("GiveUp"))
	require.Zero(t, b.called("DropJob"))
	d.key(fyne.KeyEscape)
	d.sees("It left this PC, but the server has not been informed yet.")
}

func TestGiveUpTextDependsOnDeparture(t *testing.T) {
	job := openJob(48*time.Hour, manager.JobSent)
	job.Task, job.Title = api.TaskRemoval, "Removal of “Studio PC”"
	for name, c := range map[string]struct {
		kept []manager.KeptCode
		want string
	}{
		"another PC's license": {nil, "Refresh the table and check before you try again."},
		"another license leaves": {
			[]manager.KeptCode{{Codes: otherPC, Code: code(t), LicenseID: 1, Purpose: api.TaskRemoval}},
			"Refresh the table and check",
		},
		"it leaves": {
			[]manager.KeptCode{{Codes: otherPC, Code: code(t), LicenseID: job.LicenseID, Purpose: api.TaskRemoval}},
			"The license is no longer on this PC",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBackend()
			b.open, b.kept = []manager.Job{job}, c.kept
			d := drive(t, b)
			d.signIn()
			d.follow("1 task waits for the server")
			d.press("Give up…")
			d.sees(c.want)
		})
	}
}

func TestGiveUpIsForOldSentTasksOnly(t *testing.T) {
	for name, c := range map[string]struct {
		job    manager.Job
		cancel bool
		giveUp bool
	}{
		"sent just now":      {openJob(23*time.Hour, manager.JobSent), false, false},
		"sent long ago":      {openJob(25*time.Hour, manager.JobSent), false, true},
		"never sent, though": {openJob(25*time.Hour, manager.JobPending), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, withOpenJob(c.job))
			d.signIn()
			d.follow("1 task waits for the server")
			d.sees("Move of “Studio PC”")
			require.Equal(t, c.cancel, d.enabled("Cancel"))
			require.Equal(t, c.giveUp, d.enabled("Give up…"))
			require.Equal(t, name == "sent just now", d.shows("You can give it up one day after it was requested."))
		})
	}
}

// A cancellation that is too late is explained, and the list is reloaded.
func TestLateCancel(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{manager.ErrTooLate, "The server has already processed it, or the license has ended."},
		{manager.ErrNewerHere, "This PC has a newer license of the program, which stays."},
	} {
		b := withOpenJob(openJob(time.Hour, manager.JobPending))
		b.endErr = c.err
		d := drive(t, b)
		d.signIn()
		d.follow("1 task waits for the server")
		d.press("Cancel")
		d.sees("The license cannot be brought back.")
		d.sees(c.want)
		d.sees("No tasks are waiting.")
	}
}

// Without a session waiting tasks can be listed and canceled, but not sent.
func TestWaitingTasksWithoutSession(t *testing.T) {
	b := withOpenJob(openJob(time.Hour, manager.JobPending))
	b.others = []manager.Account{
		b.account,
		{ID: 2, Server: "https://acen.tide.example", Username: "anna.berg", DisplayName: "Anna at Tide"},
	}
	other := openJob(48*time.Hour, manager.JobSent)
	other.ID, other.Account, other.Title = 2, 2, "Move of “Boat”"
	b.open = append(b.open, other)
	d := drive(t, b)
	d.follow("2 tasks wait for the server")
	d.sees("Tasks are sent automatically as soon as you sign in to their account.")
	d.sees("Anna Berg · licenses.lumen.example")
	d.sees("Anna at Tide · acen.tide.example")
	require.False(t, d.enabled("Send now"))
	d.sees("Sign in first.")
	d.press("Cancel")
	d.until("the canceled task to disappear", func() bool { return !d.shows("Move of “Studio PC”") })
	require.Equal(t, 1, b.called("DropJob"))
	d.press("Give up…")
	d.press("Give up")
	d.sees("No tasks are waiting.")
	require.Zero(t, b.called("Jobs"), "needs a session")
	require.Zero(t, b.called("ResumeJobs"))
	d.press("Close")
	d.until("the status line to disappear", func() bool { return !d.shows("wait for the server") })
}

// After the end of a session waiting tasks can still be listed.
func TestWaitingTasksAfterSessionEnds(t *testing.T) {
	b := withOpenJob(openJob(time.Hour, manager.JobPending))
	d := drive(t, b)
	d.signIn()
	d.sees("1 task waits for the server")
	b.publish(manager.Event{Kind: manager.SignedOut, Account: b.account.ID})
	d.sees("Sign in to manage")
	d.follow("1 task waits for the server")
	d.sees("Move of “Studio PC”")
	require.True(t, d.enabled("Cancel"))
}

// A kept code whose task was given up is shown like one that a program left behind.
func TestRemovalCodeWhoseTaskWasGivenUp(t *testing.T) {
	b := newBackend()
	b.letGo(t)
	b.kept[0].OrderID = 1042
	d := drive(t, b)
	d.signIn()
	d.sees("A license of Lumen Studio 7 left this PC.")
	d.sees("It left this PC, and its removal code is stored here. The server has not been informed yet.")
	require.True(t, d.enabled("Remove…"), "only an open job disables other tasks")
	d.press("Hand in or offer…")
	d.sees("It left this PC; the server has not been informed yet.")
	require.False(t, d.shows("let the license go by itself"))
}
