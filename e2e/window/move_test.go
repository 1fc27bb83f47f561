//go:build window

package window

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// activateThisPC activates this PC with a license of the sample order.
func activateThisPC(t *testing.T, d *demo) {
	t.Helper()
	chooseStudio(t, d.window)
	d.click(t, "Activate this PC", button("Activate this PC"))
	d.find(t, "this PC's codes", containing("63 bits"))
	d.fill(t, "the note", entry("Your name for that PC"), "My PC")
	d.click(t, "Activate", button("Activate"))
	d.find(t, "the outcome", exactly("“My PC” is activated."))
	d.key(t, "Escape")
}

func licenseFiles(t *testing.T, p person) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.home, ".cache", "acen-demo", "app", "licenses", "*", "*.acen"))
	require.NoError(t, err)
	return files
}

// TestMoveAndBringBack moves a license of this PC, picks it up again, and brings it back after all data on the PC were
// lost. It checks every step at the server and on the disk.
func TestMoveAndBringBack(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			screen := startDisplay(t)
			anna := newPerson(t)
			env := []string{"FYNE_THEME=" + theme}
			d := startDemo(t, screen, anna, env)
			picture := func(name string, widgets ...widget) {
				t.Helper()
				eventually(t, "a picture of "+name, func() bool {
					shot := screen.screenshot(t, theme+"-"+name)
					return !slices.ContainsFunc(widgets, func(w widget) bool { return !drawn(shot, w) })
				})
			}
			signIn(t, d)
			server := onServer(t, d)
			active := func() (list []api.License) {
				list, err := server.Licenses(t.Context(), studio, false)
				require.NoError(t, err)
				return list
			}
			activateThisPC(t, d)
			picture("move-1-this-pc", d.find(t, "Move", button("Move to another PC…")),
				d.find(t, "the file is in place", containing("The license file is where")))
			require.Len(t, licenseFiles(t, anna), 1)

			d.click(t, "Move", button("Move to another PC…"))
			picture("move-2-before", d.find(t, "what will happen", containing("Picking up counts as a transfer.")))
			d.click(t, "Move", button("Move"))
			picture("move-3-moved", d.find(t, "the outcome", containing("has left this PC. Pick it up on the other one.")))
			require.Empty(t, licenseFiles(t, anna), "the program no longer runs here")
			rows := active()
			require.Len(t, rows, 4)
			require.NotNil(t, rows[3].ReleasedAt)
			d.click(t, "QR code", button("QR code"))
			picture("move-4-qr", d.find(t, "the picture's text", containing("The QR code contains the removal code")))
			d.key(t, "Escape")
			d.gone(t, "the dialog", containing("has left this PC. Pick it up"))
			picture("move-5-released", d.find(t, "the badge", exactly("Released: ready to be picked up")))

			d.click(t, "Pick up", button("Pick up on this PC…"))
			picture("move-6-pick-up", d.find(t, "this PC's codes", containing("63 bits")))
			d.click(t, "Pick up", button("Pick up"))
			picture("move-7-picked-up", d.find(t, "the outcome", containing("is activated.")))
			require.Len(t, licenseFiles(t, anna), 1)
			require.Len(t, active(), 4, "the number of licenses is unchanged")
			mine := active()[3]
			d.key(t, "Escape")
			d.find(t, "it is this PC's", button("Move to another PC…"))

			// The PC's data are lost; the server keeps running.
			d.stop(t)
			require.NoError(t, os.RemoveAll(filepath.Join(anna.home, ".cache", "acen-demo", "app")))
			d = startDemo(t, screen, anna, env, "--listen", strings.TrimPrefix(d.URL, "http://"))
			signIn(t, d)
			picture("move-8-found", d.find(t, "the offer", containing("This PC had a license of")))
			d.click(t, "Bring back", button("Bring back…"))
			picture("move-9-bring-back", d.find(t, "the verdict", containing("The server will accept this.")))
			d.click(t, "Reactivate", button("Reactivate"))
			picture("move-10-back", d.find(t, "the outcome", exactly("Reactivated")))
			require.Len(t, licenseFiles(t, anna), 1)
			rows = active()
			require.Len(t, rows, 4)
			require.Equal(t, mine.OriginalLicenseID, rows[3].OriginalLicenseID)
			back := rows[3]
			d.key(t, "Escape")
			d.gone(t, "the offer", containing("This PC had a license of"))

			// The license is removed in the program: the app finds the removal code and hands it in.
			codes, err := license.ParseCodes(back.SiteCode, back.MachineID)
			require.NoError(t, err)
			removal, err := license.ParseRemovalCode(removalCode(t, anna, back.ID))
			require.NoError(t, err)
			pc := installed.Open(filepath.Join(anna.home, ".cache", "acen-demo", "app", "licenses"), installed.Options{})
			require.NoError(t, pc.Leave(t.Context(), license.Signature(programOf(t, server).ApplicationSignature),
				installed.Spent{
					Codes:       codes,
					LicenseID:   back.ID,
					RemovalCode: removal,
				}))
			d.key(t, "F5")
			picture("move-11-let-go", d.find(t, "what the program did", containing("left this PC.")))
			chooseStudio(t, d.window)
			d.find(t, "the license, selected", containing("The server has not been informed yet."))
			d.click(t, "the removal codes", button("Hand in or offer…"))
			picture("move-12-removal-codes", d.find(t, "the masked code", exactly("•••••-•••••-•")))
			d.click(t, "Show", button("Show"))
			d.find(t, "the code", exactly(removal.String()))
			d.click(t, "Hand in", button("Hand in"))
			picture("move-13-handed-in", d.find(t, "the outcome", containing("The server has the removal code.")))
			require.Len(t, active(), 3)
		})
	}
}

// TestMoveWithoutServer moves a license without the server. The license leaves, the app shows the pending task, and the
// next start with the server completes it.
func TestMoveWithoutServer(t *testing.T) {
	screen := startDisplay(t)
	anna := newPerson(t)
	d := startDemo(t, screen, anna, nil)
	signIn(t, d)
	activateThisPC(t, d)
	d.find(t, "the license of this PC", button("Move to another PC…"))
	d.stop(t)

	uiMap := filepath.Join(t.TempDir(), "ui.json")
	p := start(t, anna.env("DISPLAY="+screen.name), program(t, "acen"), "--data",
		filepath.Join(anna.home, ".cache", "acen-demo", "app"), "--ui-map", uiMap)
	w := &window{display: screen, uiMap: uiMap, proc: p}
	w.find(t, "that there is no connection", containing("No connection"))
	chooseStudio(t, w)
	w.click(t, "Move", button("Move to another PC…"))
	w.click(t, "Move", button("Move"))
	w.find(t, "that it is kept", containing("The app informs the server as soon as it can be reached."))
	screen.screenshot(t, "move-kept")
	require.Empty(t, licenseFiles(t, anna), "the program no longer runs here")
	w.click(t, "what waits", button("Waiting tasks…"))
	w.find(t, "the task", exactly("Move of “My PC”"))
	screen.screenshot(t, "move-waits")
	w.key(t, "Escape")
	w.find(t, "the badge", exactly("Left this PC"))
	w.find(t, "the status line", exactly("1 task waits for the server"))
	screen.screenshot(t, "move-left")
	p.stop(t)

	d = startDemo(t, screen, anna, nil, "--listen", strings.TrimPrefix(d.URL, "http://"))
	chooseStudio(t, d.window)
	d.find(t, "that it goes on", exactly("Released: ready to be picked up"))
	require.Len(t, func() []api.License {
		list, err := onServer(t, d).Licenses(t.Context(), studio, false)
		require.NoError(t, err)
		return slices.DeleteFunc(list, func(l api.License) bool { return l.ReleasedAt == nil })
	}(), 1)
}
