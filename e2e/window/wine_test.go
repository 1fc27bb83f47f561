//go:build window && wine

package window

import (
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
)

// These tests run the programs for Windows under the Wine that scripts/with-wine.sh prepares. make test-windows sets
// PROGRAMS (folder with acen.exe and acen-demo.exe, built with the tag uimap), SETUP (the installer) and ARTIFACTS.

// windows is Wine with a display.
type windows struct{ display }

func startWindows(t *testing.T) windows {
	t.Helper()
	w := windows{startDisplay(t)}
	t.Cleanup(func() {
		_ = exec.Command(setting(t, "WINESERVER"), "-k").Run()
		_ = exec.Command(setting(t, "WINESERVER"), "-w").Run()
	})
	return w
}

// path returns the Windows path of a file of this system.
func (windows) path(file string) string { return "Z:" + strings.ReplaceAll(file, "/", `\`) }

// file returns the path on this system of a Windows file.
func (windows) file(t *testing.T, path string) string {
	t.Helper()
	require.Equal(t, `C:\`, path[:3])
	return filepath.Join(setting(t, "WINEPREFIX"), "drive_c", strings.ReplaceAll(path[3:], `\`, "/"))
}

// try runs a program to its end and returns its exit status and output.
func (w windows) try(t *testing.T, args ...string) (status int, output string) {
	t.Helper()
	p := start(t, []string{"DISPLAY=" + w.name}, "wine", args...)
	return p.exit(t), strings.TrimSpace(strings.ReplaceAll(p.stdout.String(), "\r", ""))
}

func (w windows) wine(t *testing.T, args ...string) string {
	t.Helper()
	status, output := w.try(t, args...)
	require.Zero(t, status, "%v: %s", args, output)
	return output
}

// registry returns a value of the registry, or "".
func (w windows) registry(t *testing.T, key, value string) string {
	t.Helper()
	args := []string{"reg", "query", key, "/v", value}
	if value == "" {
		args = []string{"reg", "query", key, "/ve"}
	}
	status, output := w.try(t, args...)
	if status != 0 {
		return ""
	}
	_, text, _ := strings.Cut(output, "REG_SZ")
	return strings.TrimSpace(text)
}

var geometry = regexp.MustCompile(`X=(-?\d+)\nY=(-?\d+)`)

// position waits for a window and returns its position on the screen.
func (w windows) position(t *testing.T) image.Point {
	t.Helper()
	ids := strings.Fields(w.run(t, "xdotool", "search", "--sync", "--onlyvisible", "--name", "^"+acen.About().Name))
	found := geometry.FindStringSubmatch(w.run(t, "xdotool", "getwindowgeometry", "--shell", ids[0]))
	require.NotNil(t, found)
	x, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	y, err := strconv.Atoi(found[2])
	require.NoError(t, err)
	return image.Pt(x, y)
}

func (w windows) startDemo(t *testing.T, p person, args ...string) *demo {
	t.Helper()
	uiMap := filepath.Join(t.TempDir(), "ui.json")
	args = append([]string{program(t, "acen-demo.exe"), "--ui-map", w.path(uiMap), "--data",
		w.path(filepath.Join(p.home, "demo"))}, args...)
	proc := start(t, p.env("DISPLAY="+w.name, "FYNE_THEME=light"), "wine", args...)
	d := awaitDemo(t, &window{display: w.display, uiMap: uiMap, proc: proc})
	d.at = w.position(t)
	return d
}

// TestWineMainJob checks that the window is drawn, signs in, opens a mail in the mail program and activates this PC,
// which is recognized by its locks. A second start resumes the session from Credential Manager.
func TestWineMainJob(t *testing.T) {
	w := startWindows(t)
	anna := newPerson(t)
	log := anna.mailProgram(t)
	d := w.startDemo(t, anna)
	d.find(t, "the sign-in screen", button("Sign in"))
	var picture image.Image
	eventually(t, "a drawn button", func() bool {
		picture = w.screenshot(t, "windows-1-sign-in")
		return drawn(picture, d.find(t, "the button", button("Sign in")))
	})

	checkMailProgram(t, d, log)
	w.screenshot(t, "windows-2-mail-program")
	eventually(t, "the end of the panel, which stays while the mail program opens", func() bool {
		if !strings.Contains(d.texts(), "Email activation code") {
			return true
		}
		d.key(t, "Escape")
		return false
	})

	d.click(t, "Activate this PC", button("Activate this PC"))
	d.find(t, "this PC's codes", containing("63 bits"))
	d.click(t, "Activate", button("Activate"))
	d.find(t, "the outcome", containing("is activated."))
	w.screenshot(t, "windows-3-activated")
	require.Equal(t, 4, order(t, onServer(t, d), studio).LicensesActivated)

	d.kill(t)
	d = w.startDemo(t, anna, "--listen", strings.TrimPrefix(d.URL, "http://"))
	d.find(t, "the orders, without signing in", exactly(fmt.Sprint(studio)))
	w.screenshot(t, "windows-4-second-start")
}

// TestWineInstaller checks that the installer works without elevation, registers files and links, upgrades, and refuses
// while the app runs. The uninstaller removes the app with or without the user's data.
func TestWineInstaller(t *testing.T) {
	w := startWindows(t)
	const (
		classes = `HKCU\Software\Classes\`
		listed  = `HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\ACEN Desktop`
	)
	local := w.wine(t, "cmd", "/c", "echo %LOCALAPPDATA%")
	folder := local + `\Programs\ACEN Desktop`
	app, uninstaller := w.file(t, folder+`\acen.exe`), w.file(t, folder+`\uninstall.exe`)
	data := w.file(t, local+`\acen-desktop`)
	setup := setting(t, "SETUP")

	w.wine(t, setup, "/S")
	require.Equal(t, acen.About().Version, w.registry(t, listed, "DisplayVersion"))
	require.Equal(t, `"`+folder+`\acen.exe" "%1"`, w.registry(t, classes+`acen\shell\open\command`, ""))
	kind := w.registry(t, classes+".acen", "")
	require.Equal(t, `"`+folder+`\acen.exe" "%1"`, w.registry(t, classes+kind+`\shell\open\command`, ""))
	require.Equal(t, "application/vnd.acen.license", w.registry(t, classes+".acen", "Content Type"))
	require.Equal(t, "acenctl version "+acen.About().Version, w.wine(t, w.file(t, folder+`\acenctl.exe`), "--version"))
	text, err := os.ReadFile(app)
	require.NoError(t, err)
	require.Contains(t, string(text), "PerMonitorV2", "the program is sharp on every monitor")

	anna := newPerson(t)
	p := start(t, anna.env("DISPLAY="+w.name, "FYNE_THEME=light"), "wine", app)
	at := w.position(t)
	eventually(t, "a drawn window", func() bool {
		require.False(t, p.ended(), "acen.exe ended: %s", p.stderr)
		return drawn(w.screenshot(t, "windows-installed"), widget{
			X: float64(at.X),
			Y: float64(at.Y),
			W: 1000,
			H: 700,
		})
	})
	require.FileExists(t, filepath.Join(data, "acen.db"))
	status, _ := w.try(t, setup, "/S")
	require.Equal(t, 3, status, "the installer refuses while the app runs")
	p.kill(t)

	// A session in Credential Manager.
	d := w.startDemo(t, anna)
	signIn(t, d)
	d.kill(t)
	require.NotEmpty(t, w.credentials(t))

	note := filepath.Join(data, "note")
	require.NoError(t, os.WriteFile(note, []byte("mine"), 0o600))
	remove := func(args ...string) {
		w.wine(t, append([]string{uninstaller, "/S"}, args...)...)
		eventually(t, "the end of the app's folder", func() bool { // the uninstaller continues in a copy of itself
			_, err := os.Stat(filepath.Dir(app))
			return errors.Is(err, os.ErrNotExist) && w.registry(t, listed, "DisplayVersion") == ""
		})
	}
	w.wine(t, setup, "/S") // upgrades
	require.FileExists(t, note)
	remove()
	for _, key := range []string{classes + ".acen", classes + kind, classes + `acen`} {
		require.Empty(t, w.registry(t, key, ""), key)
	}
	require.FileExists(t, note, "the data are preserved by default")
	require.NotEmpty(t, w.credentials(t))
	w.wine(t, setup, "/S")
	remove("/REMOVE-DATA")
	eventually(t, "the end of the data", func() bool { _, err := os.Stat(data); return errors.Is(err, os.ErrNotExist) })
	require.Empty(t, w.credentials(t), "the session is deleted from Credential Manager")
	settings := w.file(t, w.wine(t, "cmd", "/c", "echo %APPDATA%")+`\fyne\`+acen.About().ID)
	require.NoDirExists(t, settings)
}

// credentials lists the app's entries in Credential Manager, as Wine stores them.
func (w windows) credentials(t *testing.T) (names []string) {
	t.Helper()
	_, output := w.try(t, "reg", "query", `HKCU\Software\Wine\Credential Manager`)
	for line := range strings.Lines(output) {
		if strings.Contains(line, "Generic: "+paths.KeyringService+":") {
			names = append(names, strings.TrimSpace(line))
		}
	}
	return names
}

// TestWineOpened opens files and links through the installer's registry entries. The one window shows them and does
// nothing else.
func TestWineOpened(t *testing.T) {
	w := startWindows(t)
	folder := w.wine(t, "cmd", "/c", "echo %LOCALAPPDATA%") + `\Programs\ACEN Desktop`
	w.wine(t, setting(t, "SETUP"), "/S")
	mapped, err := os.ReadFile(program(t, "acen.exe"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(w.file(t, folder+`\acen.exe`), mapped, 0o755))

	// Wine before 10 finds only the classes of HKEY_LOCAL_MACHINE.
	for _, class := range []string{".acen", "acen.file", "acen"} {
		w.wine(t, "reg", "copy", `HKCU\Software\Classes\`+class, `HKLM\Software\Classes\`+class, "/s", "/f")
	}

	anna, uiMap := newPerson(t), filepath.Join(t.TempDir(), "ui.json")
	env := anna.env("DISPLAY="+w.name, "FYNE_THEME=light", "ACEN_UI_MAP="+w.path(uiMap))
	file := filepath.Join(anna.home, "Studio #1 100%.acen")
	signature, err := license.ParseSignature("NOTEPAD1")
	require.NoError(t, err)
	key := signature.Key()
	request, err := carry.Encode(carry.Request{
		ID:     "K7Q2MZXDAB",
		Device: "Cutting room",
		MadeAt: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
		Items: []carry.Item{{
			Task:      carry.TaskActivate,
			Signature: signature,
			Program:   "Notepad",
			Codes:     key.Codes(7, key.Block(license.RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"})),
		}},
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, request, 0o600))

	first := start(t, env, "wine", "start", "/wait", w.path(file))
	window := &window{display: w.display, uiMap: uiMap, proc: first}
	window.find(t, "the request", containing("Sign in to carry this request"))
	w.screenshot(t, "windows-opened")
	window.key(t, "Escape")
	window.gone(t, "the dialog", containing("Sign in to carry this request"))
	second := start(t, env, "wine", "start", "/wait", "acen:server?address=https%3A%2F%2Flicenses.example.com")
	window.find(t, "the server of the link", exactly("https://licenses.example.com"))
	second.exit(t)
	third := start(t, env, "wine", "start", "/wait", "acen:nothing")
	window.find(t, "why the link is not taken", containing("cannot be used"))
	require.False(t, first.ended() || third.ended())
}
