//go:build window

package window

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
)

// studio is the sample order with free licenses that the tests use; render has none left.
const (
	studio = 1042
	render = 1037
)

// onServer returns a client of the demo's server, signed in as the sample client.
func onServer(t *testing.T, d *demo) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{Server: d.URL, UserAgent: "test"})
	require.NoError(t, err)
	_, err = c.SignIn(t.Context(), api.SessionRequest{Username: d.Username, Password: d.Password})
	require.NoError(t, err)
	return c
}

// signIn signs in for the first time. It waits for the notice of licenses that end soon, which moves the tables down.
func signIn(t *testing.T, d *demo) {
	t.Helper()
	d.fill(t, "the password field", entry("Password"), d.Password)
	d.key(t, "Return")
	d.find(t, "the orders table", exactly(fmt.Sprint(studio)))
	d.find(t, "the notice of licenses that end", containing("licenses of Lumen Render Node end in"))
}

// chooseStudio selects the order and waits for its licenses; until then the buttons apply to the previous order. It
// retries, because a late notice can move another order under the pointer.
func chooseStudio(t *testing.T, w *window) {
	t.Helper()
	retryUntil(t, "the title of its licenses",
		func() { w.click(t, "the order", exactly(fmt.Sprint(studio))) },
		func() bool { return w.shows(containing(fmt.Sprintf("Licenses of order %d", studio))) })
	w.find(t, "its licenses", exactly("Büro Süd"))
}

func order(t *testing.T, c *client.Client, id int64) api.Order {
	t.Helper()
	orders, _, err := c.Orders(t.Context())
	require.NoError(t, err)
	for _, o := range orders {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("order %d is not listed", id)
	return api.Order{}
}

// TestMainJob starts the app, signs in, shows orders and licenses, activates this PC and emails the code. It checks
// every step at the server and in a picture of the window.
func TestMainJob(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			post := startMailServer(t)
			screen := startDisplay(t)
			anna := newPerson(t)
			d := startDemo(t, screen, anna, []string{"FYNE_THEME=" + theme}, "--smtp", post.smtp)
			picture := func(name string, widgets ...widget) {
				t.Helper()
				eventually(t, "a picture of "+name, func() bool {
					shot := screen.screenshot(t, theme+"-"+name)
					return !slices.ContainsFunc(widgets, func(w widget) bool { return !drawn(shot, w) })
				})
			}
			picture("1-sign-in", d.find(t, "the sign-in button", button("Sign in")))

			d.fill(t, "the password field", entry("Password"), "not the password")
			d.key(t, "Return")
			picture("2-wrong-password", d.find(t, "the refusal", containing("The user name or the password is incorrect.")))

			signIn(t, d)
			server := onServer(t, d)
			require.Equal(t, 3, order(t, server, studio).LicensesActivated)
			for _, text := range []string{"1044", "1037", "all in use", "read-only", "subscription ended"} {
				picture("3-orders", d.find(t, text, exactly(text)))
			}
			for _, text := range []string{"1024", "1025", "1046"} {
				for _, w := range d.widgets() {
					require.NotEqual(t, text, w.Text, "disabled, invisible and foreign orders are not listed")
				}
			}

			d.click(t, "the order without free licenses", exactly(fmt.Sprint(render)))
			d.find(t, "the reason why there is no new license", containing("in use"))
			picture("4-all-in-use")

			chooseStudio(t, d.window)
			d.click(t, "Activate this PC", button("Activate this PC"))
			d.find(t, "this PC's codes", containing("63 bits"))
			picture("5-new-license", d.find(t, "Activate", button("Activate")))
			d.fill(t, "the note", entry("Your name for that PC"), "Test PC")
			d.click(t, "Activate", button("Activate"))
			picture("6-activated", d.find(t, "the outcome", exactly("“Test PC” is activated.")))

			require.Equal(t, 4, order(t, server, studio).LicensesActivated)
			licenses, err := server.Licenses(t.Context(), studio, false)
			require.NoError(t, err)
			mine := licenses[len(licenses)-1]
			require.Equal(t, "Test PC", mine.Note)
			require.Len(t, licenses, 4)
			d.find(t, "the new activation code", containing(mine.ActivationCode))

			d.key(t, "Escape")
			d.gone(t, "the dialog", exactly("“Test PC” is activated."))
			picture("7-this-pc", d.find(t, "the badge", exactly("This PC")))

			d.click(t, "Email code", button("Email code…"))
			picture("8-email", d.find(t, "the addresses on file", containing("anna.berg@lumen.example")))
			d.fill(t, "the message", entry("Add a few words"), "Hello from the test")
			d.click(t, "Send", button("Send"))
			eventually(t, "the mail", func() bool { return len(post.mails(t)) > 0 })
			mails := post.mails(t)
			require.Len(t, mails, 1)
			require.Equal(t, "Activation code for Lumen Studio 7", mails[0].Subject)
			body := post.open(t, mails[0].ID)
			require.Contains(t, body.Text, mine.ActivationCode)
			require.Contains(t, body.Text, "Hello from the test")
			require.Len(t, body.Attachments, 1)
			require.Equal(t, api.LicenseFileMediaType, body.Attachments[0].ContentType)
			_, file, err := server.LicenseFile(t.Context(), mine.ID)
			require.NoError(t, err)
			public, err := license.ParsePublicKey(programOf(t, server).PublicKey)
			require.NoError(t, err)
			saved, err := public.Verify(file)
			require.NoError(t, err)
			attached, err := public.Verify(strings.TrimSpace(post.attachment(t, mails[0].ID, body.Attachments[0].PartID)))
			require.NoError(t, err)
			attached.IssuedAt = saved.IssuedAt // the file has its time of issue
			require.Equal(t, saved, attached)
			picture("9-sent", d.find(t, "the outcome", containing("sends the code")))

			// The second start resumes the session from the keyring and shows this PC.
			d.stop(t)
			d = startDemo(t, screen, anna, []string{"FYNE_THEME=" + theme}, "--smtp", post.smtp, "--listen",
				strings.TrimPrefix(d.URL, "http://"))
			row := d.find(t, "the orders, without signing in", exactly(fmt.Sprint(studio)))
			require.True(t, d.shows(containing("licenses of Lumen Render Node end in")), "the notice comes with the tables")
			picture("10-second-start")
			d.find(t, "the answer of the server", containing("Updated just now"))
			require.Equal(t, row.Y, d.find(t, "the orders", exactly(fmt.Sprint(studio))).Y,
				"an answer without changes moves nothing")
			require.Len(t, post.mails(t), 1, "nothing is sent twice")
		})
	}
}

// TestAnotherPC activates another PC by keyboard. The codes pasted from an email fill both fields.
func TestAnotherPC(t *testing.T) {
	screen := startDisplay(t)
	d := startDemo(t, screen, newPerson(t), nil)
	signIn(t, d)
	server := onServer(t, d)
	chooseStudio(t, d.window)
	d.click(t, "New license", button("New license…"))
	d.click(t, "another PC", exactly("Another PC"))
	screen.screenshot(t, "another-pc-1-empty")
	program := programOf(t, server)
	codes := simulatedCodes(t, program)
	text := "Hello,\nplease activate my PC. Site code: " + codes.Site.String() +
		"\nMachine ID " + codes.Machine.String() + "\nThanks"
	d.paste(t, "the Site code field", func(w widget) bool {
		return strings.Contains(w.Type, "ntry") && w.Enabled && w.Placeholder == ""
	}, text)
	screen.screenshot(t, "another-pc-2-pasted")
	d.click(t, "Activate", button("Activate"))
	d.find(t, "the outcome", containing("is activated."))
	licenses, err := server.Licenses(t.Context(), studio, false)
	require.NoError(t, err)
	require.Equal(t, codes.Machine.String(), licenses[len(licenses)-1].MachineID)
}

// TestNoServer checks that without a server the app reports it and shows the cached tables with their age.
func TestNoServer(t *testing.T) {
	screen := startDisplay(t)
	anna := newPerson(t)
	d := startDemo(t, screen, anna, nil)
	signIn(t, d)
	chooseStudio(t, d.window)
	d.stop(t)
	// The app on the same data, without a server.
	uiMap := filepath.Join(t.TempDir(), "ui.json")
	data := filepath.Join(anna.home, ".cache", "acen-demo", "app")
	p := start(t, anna.env("DISPLAY="+screen.name), program(t, "acen"), "--data", data, "--ui-map", uiMap)
	w := &window{display: screen, uiMap: uiMap, proc: p}
	w.find(t, "the last known orders", exactly(fmt.Sprint(studio)))
	w.find(t, "that there is no connection", containing("No connection"))
	screen.screenshot(t, "no-server")
}

func TestServerUnreachable(t *testing.T) {
	screen := startDisplay(t)
	uiMap := filepath.Join(t.TempDir(), "ui.json")
	p := start(t, newPerson(t).env("DISPLAY="+screen.name), program(t, "acen"), "--server", "http://"+freeAddress(t),
		"--ui-map", uiMap)
	w := &window{display: screen, uiMap: uiMap, proc: p}
	w.fill(t, "the user name", entry("Name the vendor gave you"), "anna")
	w.fill(t, "the password", entry("Password"), "whatever it is")
	w.key(t, "Return")
	w.find(t, "that the server cannot be reached", containing("127.0.0.1"))
	screen.screenshot(t, "nobody-listens")
}

func TestNoKeyring(t *testing.T) {
	screen := startDisplay(t)
	d := startDemo(t, screen, newPerson(t), []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus"})
	signIn(t, d)
	d.find(t, "that the session is not remembered", containing("keyring"))
	screen.screenshot(t, "no-keyring")
}

func TestDamagedFile(t *testing.T) {
	screen := startDisplay(t)
	anna := newPerson(t)
	data := filepath.Join(anna.home, ".cache", "acen-demo", "app")
	require.NoError(t, os.MkdirAll(data, 0o700))
	damaged := strings.Repeat("this is not a database ", 500)
	require.NoError(t, os.WriteFile(filepath.Join(data, "acen.db"), []byte(damaged), 0o600))
	d := startDemo(t, screen, anna, nil)
	d.find(t, "that the file was damaged", containing("damaged"))
	screen.screenshot(t, "damaged-file")
	aside, err := filepath.Glob(filepath.Join(data, "acen.db.damaged-*"))
	require.NoError(t, err)
	require.Len(t, aside, 1)
	kept, err := os.ReadFile(aside[0])
	require.NoError(t, err)
	require.Equal(t, damaged, string(kept), "the damaged file is preserved")
	signIn(t, d)
}

// TestFullDisk checks that on a full disk the app reports it in a window and ends without a change of its data.
func TestFullDisk(t *testing.T) {
	screen := startDisplay(t)
	folder, uiMap := t.TempDir(), filepath.Join(t.TempDir(), "ui.json")
	anna := newPerson(t)
	// A full file system of 64 KiB, in its own mount namespace.
	p := start(t, anna.env("DISPLAY="+screen.name), "unshare", "--map-root-user", "--mount", "sh", "-euc",
		`mount -t tmpfs -o size=64k tmpfs "$1"; head -c 60k /dev/zero >"$1/other"; shift; exec "$@"`, "sh", folder,
		program(t, "acen"), "--ui-map", uiMap, "--data", filepath.Join(folder, "data"))
	w := &window{display: screen, uiMap: uiMap, proc: p}
	w.find(t, "that the disk is full", containing("disk is full"))
	screen.screenshot(t, "full-disk")
	p.stop(t)
	require.Equal(t, 1, p.cmd.ProcessState.ExitCode())
	require.Contains(t, p.stderr.String(), "disk is full")
	require.NotContains(t, p.stderr.String(), "goroutine")
}

func TestNoDisplay(t *testing.T) {
	p := start(t, newPerson(t).env("DISPLAY=", "WAYLAND_DISPLAY="), program(t, "acen"))
	require.Equal(t, 1, p.exit(t))
	require.Contains(t, p.stderr.String(), "display")
	require.NotContains(t, p.stderr.String(), "goroutine")
}

func TestNoOpenGL(t *testing.T) {
	screen := startDisplay(t, "-extension", "GLX")
	p := start(t, newPerson(t).env("DISPLAY="+screen.name), program(t, "acen"))
	require.Equal(t, 1, p.exit(t))
	require.Contains(t, p.stderr.String(), "OpenGL")
	require.NotContains(t, p.stderr.String(), "goroutine")
}

func TestSecondStart(t *testing.T) {
	screen := startDisplay(t)
	anna := newPerson(t)
	d := startDemo(t, screen, anna, nil)
	d.find(t, "the window", button("Sign in"))
	data := filepath.Join(anna.home, ".cache", "acen-demo", "app")
	p := start(t, anna.env("DISPLAY="+screen.name), program(t, "acen"), "--data", data)
	require.Equal(t, 0, p.exit(t), p.stderr.String())

	// The first window shows the arguments of the second start, and does nothing with them.
	given := filepath.Join(anna.home, "given.acen")
	require.NoError(t, os.WriteFile(given, []byte("Hello"), 0o600))
	p = start(t, anna.env("DISPLAY="+screen.name), program(t, "acen"), "--data", data, given)
	require.Equal(t, 0, p.exit(t), p.stderr.String())
	d.find(t, "the message about the file", containing("This contains nothing that the app can use."))
	uiMap := filepath.Join(t.TempDir(), "ui.json")
	p = start(t, anna.env("DISPLAY="+screen.name), program(t, "acen"), "--data", data, "--ui-map", uiMap, given+".missing")
	refused := &window{display: screen, uiMap: uiMap, proc: p}
	refused.find(t, "why it cannot be opened", containing("given.acen.missing cannot be read."))
	screen.screenshot(t, "refused")
	eventually(t, "the end of the window", func() bool { refused.key(t, "Escape"); return p.ended() })
	require.Equal(t, 1, p.exit(t))
	require.Contains(t, p.stderr.String(), "missing cannot be read")
}

// TestKilledAfterActivation kills the app during an activation, as a power failure does. After a restart the license
// exists once.
func TestKilledAfterActivation(t *testing.T) {
	screen := startDisplay(t)
	anna := newPerson(t)
	d := startDemo(t, screen, anna, nil)
	signIn(t, d)
	chooseStudio(t, d.window)
	d.click(t, "Activate this PC", button("Activate this PC"))
	d.find(t, "this PC's codes", containing("63 bits"))
	d.click(t, "Activate", button("Activate"))
	d.kill(t)
	d = startDemo(t, screen, anna, nil, "--listen", strings.TrimPrefix(d.URL, "http://"))
	d.find(t, "the orders, without signing in", exactly(fmt.Sprint(studio)))
	server := onServer(t, d)
	active := order(t, server, studio).LicensesActivated
	require.Contains(t, []int{3, 4}, active)
	if active == 3 { // killed before the job was stored
		chooseStudio(t, d.window)
		d.click(t, "Activate this PC", button("Activate this PC"))
		d.find(t, "this PC's codes", containing("63 bits"))
		d.click(t, "Activate", button("Activate"))
		d.find(t, "the outcome", containing("is activated."))
	}
	require.Equal(t, 4, order(t, server, studio).LicensesActivated)
}

func programOf(t *testing.T, c *client.Client) api.Program {
	t.Helper()
	programs, err := c.Programs(t.Context())
	require.NoError(t, err)
	id := order(t, c, studio).ProgramID
	for _, p := range programs {
		if p.ID == id {
			return p
		}
	}
	t.Fatal("the program of the order is not listed")
	return api.Program{}
}

// simulatedCodes returns the codes of a simulated PC.
func simulatedCodes(t *testing.T, p api.Program) license.Codes {
	t.Helper()
	signature, err := license.ParseSignature(p.ApplicationSignature)
	require.NoError(t, err)
	key := signature.Key()
	return key.Codes(7, key.Block(license.RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"}))
}
