//go:build window && pictures

package window

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"image"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
)

// pixels is the scale of the pictures. Pages show them smaller, and sharp.
const pixels = 2

// vendor is the name of a license server. In the pictures /etc/hosts maps it to the same machine.
const vendor = "licenses.lumen.example"

// photographer takes pictures of the real window for the README, in one theme.
type photographer struct {
	display
	theme  string // light or dark
	person person
}

// newPhotographer starts a large display, and disables the animations of the window.
func newPhotographer(t *testing.T, theme string) *photographer {
	t.Helper()
	p := &photographer{display: startDisplay(t, "-screen", "0", "2600x2000x24"), theme: theme, person: newPerson(t)}
	settings := filepath.Join(p.person.home, ".config", "fyne", "settings.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(settings), 0o700))
	require.NoError(t, os.WriteFile(settings, []byte(`{"no_animations": true}`), 0o600))
	return p
}

// start starts a program on a simulated PC, so that its hardware is the same wherever the pictures are taken. The
// changed locks have another value.
func (p *photographer) start(t *testing.T, name string, changed []license.Lock, args ...string) *window {
	t.Helper()
	tree, uiMap := t.TempDir(), filepath.Join(t.TempDir(), "ui.json")
	hosts := filepath.Join(t.TempDir(), "hosts")
	require.NoError(t, os.WriteFile(hosts, []byte("127.0.0.1 localhost "+vendor+"\n"), 0o644))
	require.NoError(t, fingerprinttest.Write(tree, fingerprinttest.Tree("studio", changed...)))
	env := p.person.env("DISPLAY="+p.name, "FYNE_THEME="+p.theme, fmt.Sprintf("FYNE_SCALE=%d", pixels))
	args = append([]string{"--map-root-user", "--mount", "--uts", "sh", "-euc",
		`hostname studio-pc; mount --bind "$1" /etc/hosts; shift; exec "$@"`, "sh", hosts,
		"bash", "-c", fingerprinttest.EnterScript, "enter", tree, program(t, name), "--ui-map", uiMap}, args...)
	return &window{display: p.display, uiMap: uiMap, proc: start(t, env, "unshare", args...)}
}

// take saves a picture of the window, or of the open dialog, when two screenshots in sequence are the same. The pointer
// is outside the window.
func (p *photographer) take(t *testing.T, w *window, name string) {
	t.Helper()
	p.run(t, "xdotool", "mousemove", "2599", "1999")
	var before image.Image
	eventually(t, "a picture that stays", func() bool {
		shot := p.screenshot(t, p.theme+"-"+name)
		same := before != nil && slices.Equal(shot.(*image.RGBA).Pix, before.(*image.RGBA).Pix)
		before = shot
		return same
	})
	area := w.area(t)
	size := fmt.Sprintf("%dx%d", area.Dx(), area.Dy())
	args := []string{filepath.Join(setting(t, "ARTIFACTS"), p.theme+"-"+name+".png"), "-crop",
		fmt.Sprintf("%s+%d+%d", size, area.Min.X, area.Min.Y), "+repage"}
	if area.Min != (image.Point{}) { // a card has rounded corners
		round := fmt.Sprintf("roundrectangle 0,0 %d,%d %d,%d", area.Dx()-1, area.Dy()-1, 8*pixels, 8*pixels)
		args = append(args, "-alpha", "set", "(", "-size", size, "xc:none", "-fill", "white", "-draw", round, ")",
			"-compose", "DstIn", "-composite")
	}
	// Few colors make a small file; without a date the file is reproducible.
	args = append(args, "-dither", "None", "-colors", "256", "-strip", "-define", "png:exclude-chunks=date,time",
		"-define", "png:compression-level=9",
		"PNG8:"+filepath.Join(setting(t, "PICTURES"), name+"-"+p.theme+".png"))
	p.run(t, "convert", args...)
}

// area returns the area of the window, or of the card of the open dialog.
func (w *window) area(t *testing.T) image.Rectangle {
	t.Helper()
	var area, card image.Rectangle
	for _, one := range w.widgets() {
		box := image.Rect(int(one.X), int(one.Y), int(one.X+one.W), int(one.Y+one.H))
		if one.Type == "Card" {
			card = box // of the topmost dialog
		}
		area = area.Union(box)
	}
	require.False(t, area.Empty())
	if card.Empty() {
		return area
	}
	return card
}

// clickAtRest clicks a widget after nothing in the window has moved for several polls: on a busy machine a large window
// is drawn late.
func (w *window) clickAtRest(t *testing.T, what string, m match) {
	t.Helper()
	w.find(t, what, m)
	before, polls := "", 0
	eventually(t, what+" in a window at rest", func() bool {
		now := w.texts()
		if now != before {
			before, polls = now, 0
		}
		polls++
		return polls > 6
	})
	w.click(t, what, m)
}

// resize enlarges the window so that it shows the whole panel of a license.
func (w *window) resize(t *testing.T, width, height int) {
	t.Helper()
	w.find(t, "the window", button("Sign in"))
	id := strings.TrimSpace(w.display.run(t, "xdotool", "search", "--onlyvisible", "--name", "ACEN"))
	retryUntil(t, "the window in its new size",
		func() {
			w.display.run(t, "xdotool", "windowsize", id, fmt.Sprint(width*pixels), fmt.Sprint(height*pixels))
		},
		func() bool {
			return w.shows(func(one widget) bool { return one.W == float64(width*pixels) && one.H == float64(height*pixels) })
		})
}

// chooseInMenu chooses an item from the menu of the account.
func (w *window) chooseInMenu(t *testing.T, item string) {
	t.Helper()
	w.clickAtRest(t, "the account", func(one widget) bool {
		return strings.Contains(one.Text, "Anna Berg ·") && one.Enabled
	})
	w.clickAtRest(t, item, func(one widget) bool { return one.Text == item && one.Enabled })
}

// TestPictures takes the pictures of the README (make pictures) and saves them in the folder PICTURES.
func TestPictures(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			p := newPhotographer(t, theme)
			d := awaitDemo(t, p.start(t, "acen-demo", nil, "--listen", "127.0.0.1:8042"))
			d.resize(t, 1180, 960)
			signIn(t, d)
			d.clickAtRest(t, "the notice of licenses that end", button("Dismiss"))
			d.gone(t, "the notice", button("Dismiss"))
			d.clickAtRest(t, "the order", exactly(fmt.Sprint(studio)))
			d.find(t, "its licenses", exactly("Büro Süd"))
			d.find(t, "the details of one", exactly("Activated"))
			d.clickAtRest(t, "Activate this PC", button("Activate this PC"))
			d.find(t, "this PC's codes", containing("63 bits"))
			d.fill(t, "the note", entry("Your name for that PC"), "Editing desk")
			d.clickAtRest(t, "Activate", button("Activate"))
			d.find(t, "the outcome", exactly("“Editing desk” is activated."))
			d.key(t, "Escape")
			d.find(t, "that this PC is recognized", containing("Recognized."))
			p.take(t, d.window, "window")

			d.chooseInMenu(t, "Data sent about this PC…")
			d.find(t, "the codes, decoded", exactly("Generation"))
			p.take(t, d.window, "privacy")
			d.key(t, "Escape")

			d.clickAtRest(t, "Move", button("Move to another PC…"))
			d.find(t, "what will happen", containing("Picking up counts as a transfer."))
			p.take(t, d.window, "move")
			d.key(t, "Escape")
			d.stop(t)

			d = awaitDemo(t, p.start(t, "acen-demo", []license.Lock{license.HDID, license.OSID, license.NETID}, "--listen",
				"127.0.0.1:8042"))
			d.clickAtRest(t, "the order", exactly(fmt.Sprint(studio)))
			d.find(t, "its licenses", exactly("Editing desk"))
			d.clickAtRest(t, "the license", exactly("Editing desk"))
			d.find(t, "the lock that changed", containing("network card"))
			d.clickAtRest(t, "Reactivate", button("Reactivate…"))
			d.find(t, "the verdict", containing("The server will accept this."))
			p.take(t, d.window, "reactivation")
			d.stop(t)

			w := p.start(t, "acen", nil, "--server", interceptor(t))
			w.fill(t, "the user name", entry("Name the vendor gave you"), "anna")
			w.fill(t, "the password", entry("Password"), "whatever it is")
			w.key(t, "Return")
			w.clickAtRest(t, "Find the cause", button("Find the cause…"))
			w.find(t, "the conclusion", containing("fails at this step"))
			p.take(t, w, "doctor")
			w.key(t, "Escape")

			w.clickAtRest(t, "PCs without a network", exactly("This PC has no network…"))
			w.clickAtRest(t, "New request", button("New request…"))
			w.fill(t, "the program", entry("Name of the program"), "Lumen Studio 7")
			w.fill(t, "its signature", entry("Application signature"), "LUMENST7")
			w.clickAtRest(t, "Make the request", button("Make the request"))
			w.find(t, "what is in the picture", containing("The complete content of the QR code"))
			p.take(t, w, "request")
		})
	}
}

// interceptor starts a server that intercepts connections to the vendor's server, as a virus scanner does, with a
// certificate that the PC does not trust. It returns the server's address.
func interceptor(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Example Antivirus Web Shield"},
		DNSNames:     []string{vendor},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	return "https://" + net.JoinHostPort(vendor, port)
}
