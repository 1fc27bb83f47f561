//go:build twopcs && linux

package twopcs

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

const (
	order                        = "1042"
	signature  license.Signature = "LUMENST7"
	unlicensed                   = 3 // exit status of the example program
)

var root = func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// testbed is a server and three PCs, one of them without a network.
type testbed struct {
	ctl, notepad        string // programs
	old, other, offline *pc
	oldURL, otherURL    string
	username, password  string
}

func TestTwoPCs(t *testing.T) {
	require.Zero(t, os.Geteuid(), "namespaces need root")
	h := build(t)
	for p, url := range map[*pc]string{h.old: h.oldURL, h.other: h.otherURL} {
		output, status := p.try(h.password, h.ctl, "sign-in", url, h.username, "--password-stdin")
		require.Zero(t, status, output)
	}
	oldCodes, otherCodes := h.old.do(h.ctl, "this-pc", order), h.other.do(h.ctl, "this-pc", order)
	require.NotEqual(t, oldCodes, otherCodes, "the PCs have different codes")

	t.Run("move", h.move)
	t.Run("killed during a move", h.killedMove)
	t.Run("courier", h.courier)
}

// licensed checks that the program runs on one PC and not on the others.
func (h *testbed) licensed(t *testing.T, on *pc, others ...*pc) {
	t.Helper()
	require.Contains(t, on.do(h.notepad, "--license"), "licensed on this PC")
	for _, p := range others {
		output, status := p.try("", h.notepad, "--license")
		require.Equal(t, unlicensed, status, output)
	}
}

func number(t *testing.T, output, field string) string {
	t.Helper()
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(output), &answer), output)
	n, ok := answer[field].(float64)
	require.True(t, ok, output)
	return fmt.Sprintf("%d", int64(n))
}

// move activates the old PC, releases its license and picks it up on the other PC. The program runs only where the
// license is.
func (h *testbed) move(t *testing.T) {
	id := number(t, h.old.do(h.ctl, "new", order, "--this-pc", "--note", "Studio", "--json"), "id")
	h.licensed(t, h.old, h.other)
	h.old.do(h.ctl, "move", id)
	_, status := h.old.try("", h.notepad, "--license")
	require.Equal(t, unlicensed, status, "the program runs on no PC while the license is released")
	require.Contains(t, h.other.do(h.ctl, "pick-up"), id)
	h.other.do(h.ctl, "pick-up", id)
	h.licensed(t, h.other, h.old)
}

// killedMove moves a license without a connection and kills the app as soon as the license has left. The removal code
// is stored and is sent when there is a connection, and the first PC picks the license up.
func (h *testbed) killedMove(t *testing.T) {
	id := h.licenseOf(t, h.other)
	h.other.connect(2, false)
	move := h.other.command(h.ctl, "move", id)
	require.NoError(t, move.Start())
	store := installed.Open(filepath.Join(h.other.home, ".local", "share", "acen", "licenses"), installed.Options{})
	ended := make(chan struct{})
	go func() { _ = move.Wait(); close(ended) }() // the error of the killed process is expected
	for left := false; !left; {
		state, err := store.State(signature)
		require.NoError(t, err)
		left = len(state.Spent) > 0
		select {
		case <-ended:
			state, err := store.State(signature)
			require.NoError(t, err)
			require.NotEmpty(t, state.Spent)
			left = true
		default:
		}
	}
	_ = move.Process.Signal(syscall.SIGKILL)
	<-ended
	_, status := h.other.try("", h.notepad, "--license")
	require.Equal(t, unlicensed, status)
	require.Contains(t, h.other.do(h.ctl, "removal-codes", "--json"), id, "the removal code is stored")
	require.NotContains(t, h.old.do(h.ctl, "pick-up"), id, "the server does not have the removal code yet")

	h.other.connect(2, true)
	h.other.do(h.ctl, "jobs", "--resume")
	require.NotContains(t, h.other.do(h.ctl, "removal-codes", "--json"), id)
	h.old.do(h.ctl, "pick-up", id)
	h.licensed(t, h.old, h.other)
}

// licenseOf returns the ID of a PC's license of the sample order.
func (h *testbed) licenseOf(t *testing.T, p *pc) string {
	t.Helper()
	var answer struct {
		Licenses []struct {
			ID     int64 `json:"id"`
			ThisPC bool  `json:"this_pc"`
		} `json:"licenses"`
	}
	output := p.do(h.ctl, "licenses", order, "--json")
	require.NoError(t, json.Unmarshal([]byte(output), &answer), output)
	for _, l := range answer.Licenses {
		if l.ThisPC {
			return fmt.Sprintf("%d", l.ID)
		}
	}
	t.Fatal("this PC has no license")
	return ""
}

// courier activates a PC without a network with a request in a file, carried out on another PC, and an answer in QR
// codes. Then the PC gives the license back the same way.
func (h *testbed) courier(t *testing.T) {
	carried := t.TempDir()
	at := func(name string) string { return filepath.Join(carried, name) }
	_, status := h.offline.try("", h.notepad, "--license")
	require.Equal(t, unlicensed, status)
	require.Contains(t, h.offline.do(h.ctl, "offline-programs"), string(signature), "the program registers when it runs")
	h.offline.do(h.ctl, "request", "--program", string(signature), "--note", "Cutting room", "--output",
		at("request.acen"))
	h.other.do(h.ctl, "carry", at("request.acen"), "--output", at("answer.acen"), "--qr", at("pictures"))
	pictures, err := filepath.Glob(at("pictures") + "/*.png")
	require.NoError(t, err)
	require.NotEmpty(t, pictures)
	h.offline.do(h.ctl, append([]string{"take"}, pictures...)...)
	h.licensed(t, h.offline, h.other)

	h.offline.do(h.ctl, "let-go", string(signature))
	_, status = h.offline.try("", h.notepad, "--license")
	require.Equal(t, unlicensed, status)
	h.offline.do(h.ctl, "request", "--hand-in", "--output", at("back.acen"))
	require.Contains(t, h.other.do(h.ctl, "licenses", order), "Cutting room")
	h.other.do(h.ctl, "carry", at("back.acen"), "--output", at("done.acen"))
	h.offline.do(h.ctl, "take", at("done.acen"))
	require.NotContains(t, h.other.do(h.ctl, "licenses", order), "Cutting room")
}

// build builds the programs and starts the server and the PCs.
func build(t *testing.T) *testbed {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	h := &testbed{ctl: filepath.Join(dir, "acenctl"), notepad: filepath.Join(dir, "notepad")}
	server := filepath.Join(dir, "acen-server")
	goBuild(t, server, "./cmd/acen-server")
	goBuild(t, h.ctl, "./cmd/acenctl")

	certificate, key := filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, certificate, key, "10.77.1.1", "10.77.2.1")
	space := namespace(t, "server")
	h.old, h.other, h.offline = newPC(t, "old", certificate), newPC(t, "new", certificate), newPC(t, "alone", certificate)
	connectTo(t, space, h.old.name, 1)
	connectTo(t, space, h.other.name, 2)
	h.oldURL, h.otherURL = "https://10.77.1.1:8443", "https://10.77.2.1:8443"

	data := filepath.Join(dir, "data")
	serve := exec.Command("ip", "netns", "exec", space, server, "demo", "--listen", "0.0.0.0:8443", "--tls-cert",
		certificate, "--tls-key", key, "--data", data)
	log, err := os.Create(filepath.Join(dir, "server.log"))
	require.NoError(t, err)
	serve.Stderr = log
	stdout, err := serve.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, serve.Start())
	t.Cleanup(func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		_ = serve.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		require.NoError(t, err, "%s", text)
	}
	var login struct{ Username, Password string }
	require.NoError(t, json.Unmarshal([]byte(line), &login))
	h.username, h.password = login.Username, login.Password

	var program struct {
		PublicKey string `json:"public_key"`
	}
	shown, err := exec.Command(server, "program", "show", "1", "--json", "--data", data).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(shown, &program))
	require.NotEmpty(t, program.PublicKey)
	goBuild(t, h.notepad, "-ldflags=-X main.publicKeys="+program.PublicKey, "./examples/notepad")
	return h
}

func goBuild(t *testing.T, output string, arguments ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-o", output}, arguments...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, strings.TrimSpace(string(text)))
}

// selfSigned writes a self-signed certificate for addresses, and its key.
func selfSigned(t *testing.T, certificate, key string, addresses ...string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{Organization: []string{"Test"}},
		IsCA:                  true,
		BasicConstraintsValid: true,
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
	}
	for _, a := range addresses {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(a))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
}
