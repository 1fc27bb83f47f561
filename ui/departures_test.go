package ui_test

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// ofThisPC returns a backend whose first license is on this PC.
func ofThisPC() *backend {
	b := newBackend()
	b.licenses[1042][0].ThisPC, b.licenses[1042][0].Installed = true, true
	return b
}

func code(t *testing.T) license.RemovalCode {
	t.Helper()
	c, err := license.ParseRemovalCode(removalCode)
	require.NoError(t, err)
	return c
}

// letGo lets a program remove the first license, whose removal code is kept.
func (b *backend) letGo(t *testing.T) {
	t.Helper()
	l := &b.licenses[1042][0]
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	require.NoError(t, err)
	l.LeftThisPC = true
	b.kept = []manager.KeptCode{{
		Signature: "LUMENST7",
		Program:   "Lumen Studio 7",
		Codes:     codes,
		Code:      code(t),
		LicenseID: l.ID,
	}}
}

func TestMoveToAnotherPC(t *testing.T) {
	d := drive(t, ofThisPC())
	d.signIn()
	d.sees("The license file is where Lumen Studio 7 finds it.")
	d.sees("2 left today")
	d.press("Move to another PC…")
	d.sees("Move “Studio PC” to another PC")
	d.sees("Lumen Studio 7 stops working here, and its license file is deleted.")
	d.sees("sign in as anna at licenses.lumen.example and choose Pick up on this PC")
	d.sees("it is sent automatically when the server can be reached")
	d.sees("2 transfers left today.")
	require.Empty(t, d.b.done, "nothing is done before the confirmation")
	d.press("Move")
	d.sees("“Studio PC” has left this PC. Pick it up on the other one.")
	d.sees(removalCode)
	require.Equal(t, []string{"Move 30420"}, d.b.done)
	d.press("QR code")
	d.sees("The QR code contains the removal code and nothing else.")
	d.press("Print…")
	d.sees("The page is open in your browser")
	require.Contains(t, d.mail.pages[0], removalCode)
	require.Contains(t, d.mail.pages[0], "Lumen Studio 7")
	d.press("Copy")
	require.Equal(t, removalCode, d.app.Clipboard().Content())
	d.press("Close")
	d.sees("Released: ready to be picked up")
	require.False(t, d.shows("is ready to be picked up: “Studio PC”"), "the releasing PC does not offer to pick it up")
	d.sees("Pick up on this PC…")
}

func TestMoveOffline(t *testing.T) {
	b := ofThisPC()
	b.cached = now
	d := drive(t, b)
	d.signIn()
	d.press("Move to another PC…")
	b.change(func() { b.offline = unreachable })
	d.press("Move")
	d.sees("“Studio PC” has left this PC. The app informs the server as soon as it can be reached.")
	d.sees("There is no connection to the license server.")
	require.False(t, d.shows(removalCode), "the code is hidden while the departure can be undone")
	d.sees("1 task waits for the server")
	d.press("Waiting tasks…")
	d.sees("Move of “Studio PC”")
	d.sees("Requested on 24 November 2026 at 09:00. There is no connection to the license server.")
	d.press("Cancel")
	d.sees("No tasks are waiting.")
	require.Equal(t, 1, b.called("DropJob"))
	require.False(t, d.enabled("Send now"))
	d.key(fyne.KeyEscape)
	d.sees("The license file is where Lumen Studio 7 finds it.")
	require.True(t, d.enabled("Transfer…"), "the departure is undone")
}

func TestSentTaskCannotBeCanceled(t *testing.T) {
	b := newBackend()
	b.remembered, b.offline, b.cached = true, unreachable, now
	b.open = []manager.Job{{
		ID:        1,
		Task:      api.TaskRemoval,
		Title:     "Removal of “Studio PC”",
		State:     manager.JobSent,
		CreatedAt: now.Add(-time.Hour),
	}}
	d := drive(t, b)
	d.follow("1 task waits for the server")
	d.sees("It cannot be canceled: the server may already have done it.")
	require.False(t, d.enabled("Cancel"))
	before := b.called("ResumeJobs")
	d.press("Send now")
	d.until("the first attempt", func() bool { return b.called("ResumeJobs") > before })
	d.sees("There is no connection to the license server.")
	b.change(func() { b.offline, b.sends = nil, true })
	d.press("Send now")
	d.sees("Connected to licenses.lumen.example")
	d.until("no task to wait", func() bool { return !d.shows("1 task waits") })
}

func TestMoveAtLimit(t *testing.T) {
	b := ofThisPC()
	none, resets := 0, now.AddDate(0, 0, 1)
	b.licenses[1042][0].Allowed.Transfer = &api.Allowance{
		Reason: api.ErrLimitReached, RemainingToday: &none, ResetsAt: &resets,
	}
	d := drive(t, b)
	d.signIn()
	d.sees("none left until 25 Nov 2026")
	require.False(t, d.enabled("Move to another PC…"))
	d.Shortcut(fyne.KeyM)
	d.sees("The limit is reached.")
	require.Zero(t, b.called("Move"))
}

func TestPickUp(t *testing.T) {
	b := newBackend()
	at := now.Add(-time.Hour)
	b.licenses[1042][0].ReleasedAt = &at
	d := drive(t, b)
	d.signIn()
	d.sees("A license of Lumen Studio 7 is ready to be picked up: “Studio PC”.")
	d.press("Pick up on this PC…")
	d.sees("Pick up “Studio PC” on this PC")
	d.sees(thisPC.Site.String())
	d.sees("They contain 63 bits about this PC")
	d.press("Pick up")
	d.sees("“Anna's PC” is activated.")
	require.Len(t, b.given, 1)
	require.Equal(t, thisPC, b.given[0].Codes)
	require.Zero(t, b.given[0].RemovalCode, "a released license needs none")
	d.key(fyne.KeyEscape)
	d.until("the banner to disappear", func() bool { return !d.shows("is ready to be picked up") })
}

func TestNoPickUpOnLicensedPC(t *testing.T) {
	b := newBackend()
	at := now.Add(-time.Hour)
	b.licenses[1042][1].ReleasedAt = &at
	b.licenses[1037][0].ThisPC = true
	d := drive(t, b)
	d.signIn()
	d.until("the index", func() bool { return b.called("Find") > 1 && d.shows("licensed in order 1037") })
	require.False(t, d.shows("is ready to be picked up: "))
}

func TestSeveralReleasedLicenses(t *testing.T) {
	b := newBackend()
	at := now.Add(-time.Hour)
	b.licenses[1042][0].ReleasedAt, b.licenses[1037][0].ReleasedAt = &at, &at
	d := drive(t, b)
	d.signIn()
	d.choose("1015")
	d.sees("2 licenses are ready to be picked up.")
	d.sees("“Studio PC”, “Büro Süd”.")
	d.press("Show the first")
	d.sees("Licenses of order 1042")
	d.sees("Released: ready to be picked up")
}

func TestBringBackNotice(t *testing.T) {
	b := newBackend()
	then := license.Block(12345)
	b.bringBacks = []manager.BringBack{{
		Order:      b.orders[1],
		License:    b.licenses[1037][0],
		Codes:      thisPC,
		Comparison: license.Compare(then, then, license.DefaultPolicy()),
	}}
	d := drive(t, b)
	d.signIn()
	d.sees("This PC had a license of Lumen Studio 7: “Büro Süd”.")
	d.sees("Recognized.")
	d.press("Bring back…")
	d.sees("Reactivate “Büro Süd”")
	d.sees("The PC is recognized. The server will accept this.")
	require.True(t, d.enabled("Reactivate"))
	d.key(fyne.KeyEscape)
	d.press("Dismiss")
	require.False(t, d.shows("This PC had a license"))
	d.tick(time.Second)
	require.False(t, d.shows("This PC had a license"))
	d.follow("1 notice")
	d.sees("This PC had a license")
	d.choose("1037")
	d.sees("This PC had it: the locks match, but the license file is missing.")
}

func TestRefusedBringBack(t *testing.T) {
	b := newBackend()
	b.bringBacks = []manager.BringBack{{
		Order:   b.orders[0],
		License: b.licenses[1042][0],
		Refusal: api.NewProblem(api.ErrSubscriptionExpired, "The subscription has ended."),
	}}
	d := drive(t, b)
	d.signIn()
	d.sees("It cannot be brought back now. The subscription has ended. Renew the subscription with the vendor.")
	require.True(t, d.enabled("Dismiss"))
}

func TestNoticeOfKeptCode(t *testing.T) {
	for button, done := range map[string]string{
		"Hand in":             "hand in " + removalCode,
		"Offer to another PC": "offer " + removalCode,
	} {
		t.Run(button, func(t *testing.T) {
			b := newBackend()
			b.letGo(t)
			d := drive(t, b)
			d.signIn()
			d.sees("A license of Lumen Studio 7 left this PC.")
			d.sees("The server has not been informed yet")
			d.press(button)
			d.until("the outcome", func() bool {
				return d.shows("The server has the removal code") || d.shows("Another PC can pick up the license")
			})
			require.Equal(t, []string{done}, b.done)
			d.press("Close")
			d.until("the banner to disappear", func() bool { return !d.shows("A license of Lumen Studio 7 left") })
		})
	}
}

func TestRemovalCodes(t *testing.T) {
	b := newBackend()
	b.letGo(t)
	boat := manager.KeptCode{
		Signature: "TIDESRV2",
		Program:   "Tide Survey",
		Note:      "Boat",
		Codes:     otherPC,
		Code:      code(t),
		Purpose:   api.TaskRelease,
	}
	b.kept = append(b.kept, boat, manager.KeptCode{Signature: "TIDESRV2", Codes: thisPC, Code: code(t)})
	d := drive(t, b)
	d.signIn()
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("Removal codes…")
	d.sees("Lumen Studio 7 · “Studio PC”")
	d.sees("It left this PC; the server has not been informed yet.")
	d.sees("Tide Survey · “Boat”")
	d.sees("in a file that only you can read, next to the license files.")
	d.sees("A program with the signature TIDESRV2")
	d.sees("This account has no active license with this Site code.")
	d.sees("•••••-•••••-•")
	require.False(t, d.shows(removalCode), "codes are masked at first")
	d.press("Show")
	d.sees(removalCode)
	d.press("Hide")
	require.False(t, d.shows(removalCode))
	d.press("Hand in")
	d.sees("The server has the removal code.")
	require.False(t, d.shows("Lumen Studio 7 · “Studio PC”"))
	b.change(func() { b.kept = nil })
	d.press("Close")
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("Removal codes…")
	d.sees("No removal codes are stored")
	d.sees("A removal code proves that a license has left this PC")
}

func TestRemovalFromThisPCNeedsNoCode(t *testing.T) {
	b := ofThisPC()
	d := drive(t, b)
	d.signIn()
	d.press("Remove…")
	d.sees("Lumen Studio 7 stops working here immediately. You need no code: " +
		"the removal code is stored on this PC until the server has it.")
	b.change(func() { b.offline = unreachable })
	d.press("Remove")
	d.sees("“Studio PC” has left this PC. The app informs the server as soon as it can be reached.")
	d.sees("Then order 1042 has one more license to activate.")
	require.False(t, d.shows(removalCode), "the code is hidden while the departure can be undone")
}

func TestTransferOfThisPCNeedsNoRemovalCode(t *testing.T) {
	b := ofThisPC()
	d := drive(t, b)
	d.signIn()
	d.press("Transfer…")
	d.sees("That is this PC, so you need no code.")
	d.sees("Enter the codes of the other PC.")
	d.paste("Site code " + otherPC.Site.String() + " Machine ID " + otherPC.Machine.String())
	d.press("Transfer")
	d.until("the transfer", func() bool { return len(b.given) == 1 })
	require.Zero(t, b.given[0].RemovalCode)
	require.Equal(t, otherPC, b.given[0].Codes)
}

func TestLongNotesAndPrograms(t *testing.T) {
	b := ofThisPC()
	at := now
	b.licenses[1042][0].Note = strings.Repeat("Ǝ🖥", 15)
	b.licenses[1042][1].Note, b.licenses[1042][1].ReleasedAt = strings.Repeat("日", 30), &at
	for i := range b.orders {
		b.orders[i].ProgramName = strings.Repeat("A very long program name ", 20)
	}
	b.remembered = true
	b.bringBacks = []manager.BringBack{{Order: b.orders[1], License: b.licenses[1037][0]}}
	d := drive(t, b)
	d.sees("This PC had a license of")
	require.LessOrEqual(t, d.canvas().Content().MinSize().Width, float32(960), "the texts do not widen the window")
}
