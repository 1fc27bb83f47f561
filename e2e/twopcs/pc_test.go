//go:build twopcs && linux

package twopcs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
)

// pc is a simulated PC in its own namespaces.
type pc struct {
	name string // network namespace
	tree string // folder with the files that describe its hardware
	env  []string
	home string
	t    *testing.T
}

// namespace creates a network namespace with a loopback interface.
func namespace(t *testing.T, name string) string {
	t.Helper()
	full := fmt.Sprintf("acen-%d-%s", os.Getpid(), name)
	run(t, "ip", "netns", "add", full)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", full).Run() })
	run(t, "ip", "-n", full, "link", "set", "lo", "up")
	return full
}

// connectTo connects a PC and the server with the link of a number. The server's address is 10.77.number.1.
func connectTo(t *testing.T, server, pc string, number int) {
	t.Helper()
	end := fmt.Sprintf("pc%d", number)
	run(t, "ip", "link", "add", end, "netns", server, "type", "veth", "peer", "name", "eth0", "netns", pc)
	run(t, "ip", "-n", server, "address", "add", fmt.Sprintf("10.77.%d.1/30", number), "dev", end)
	run(t, "ip", "-n", pc, "address", "add", fmt.Sprintf("10.77.%d.2/30", number), "dev", "eth0")
	run(t, "ip", "-n", server, "link", "set", end, "up")
	run(t, "ip", "-n", pc, "link", "set", "eth0", "up")
}

// newPC creates a PC with the hardware of its name, a home folder and an unlocked keyring. It trusts the certificates
// in that file.
func newPC(t *testing.T, name, certificates string) *pc {
	t.Helper()
	p := &pc{name: namespace(t, name), tree: t.TempDir(), t: t}
	require.NoError(t, fingerprinttest.Write(p.tree, fingerprinttest.Tree(name)))
	// The keyring runs until the end of the test, in the PC's network namespace, where its D-Bus address is reachable.
	keyring := exec.Command("ip", "netns", "exec", p.name, filepath.Join(root, "scripts", "with-secret-service.sh"),
		"sh", "-c", `printf '%s\n' "$HOME" "$XDG_RUNTIME_DIR" "$DBUS_SESSION_BUS_ADDRESS"; exec cat`)
	stdin, err := keyring.StdinPipe()
	require.NoError(t, err)
	stdout, err := keyring.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, keyring.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		_ = keyring.Wait()
	})
	lines := bufio.NewScanner(stdout)
	var said []string
	for len(said) < 3 && lines.Scan() {
		said = append(said, lines.Text())
	}
	require.Len(t, said, 3, "the keyring did not start")
	p.home = said[0]
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "XDG_RUNTIME_DIR=" + said[1],
		"DBUS_SESSION_BUS_ADDRESS=" + said[2],
		"XDG_DATA_HOME=" + filepath.Join(p.home, ".local", "share"), "SSL_CERT_FILE=" + certificates}
	return p
}

func (p *pc) command(program string, arguments ...string) *exec.Cmd {
	cmd := exec.Command("ip", append([]string{"netns", "exec", p.name, "unshare", "-m", "bash", "-c",
		fingerprinttest.EnterScript, "enter", p.tree, program}, arguments...)...)
	cmd.Env, cmd.Dir = p.env, p.home
	return cmd
}

// try runs a program on the PC and returns what it printed and its exit status.
func (p *pc) try(stdin, program string, arguments ...string) (output string, status int) {
	p.t.Helper()
	cmd := p.command(program, arguments...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	p.t.Logf("%s: %s %s → %d\n%s", p.name, filepath.Base(program), strings.Join(arguments, " "),
		cmd.ProcessState.ExitCode(), out.String())
	return out.String(), cmd.ProcessState.ExitCode()
}

// do runs a program and requires that it succeeds.
func (p *pc) do(program string, arguments ...string) string {
	p.t.Helper()
	output, status := p.try("", program, arguments...)
	require.Zero(p.t, status, output)
	return output
}

// connect restores or blocks the route to the server.
func (p *pc) connect(number int, yes bool) {
	p.t.Helper()
	if yes {
		run(p.t, "ip", "-n", p.name, "route", "delete", "unreachable", fmt.Sprintf("10.77.%d.1/32", number))
		return
	}
	run(p.t, "ip", "-n", p.name, "route", "add", "unreachable", fmt.Sprintf("10.77.%d.1/32", number))
}

func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	output, err := exec.Command(name, arguments...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, arguments, output)
	return string(output)
}
