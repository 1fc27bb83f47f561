//go:build packages

package packages

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
)

// session is a desktop session of the user anna in a root. It runs commands in a shell.
type session struct {
	root   root
	screen string
	shell  io.Writer
	output *os.File
}

// startSession starts a session. It puts a script before the installed program in PATH that runs a build with a map of
// its window.
func (r root) startSession(t *testing.T) *session {
	t.Helper()
	mapped := r.copyIn(t, setting(t, "UIMAP"))
	script := "#!/bin/sh\nfolder=$(mktemp -d \"$HOME/maps/XXXXXX\")\n" +
		mapped + ` --ui-map "$folder/map" "$@"` + "\nrm -rf \"$folder\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, "usr/local/bin/acen"), []byte(script), 0o755))
	r.sh(t, "install -d -o anna /home/anna/maps")
	s := &session{root: r, screen: display(t)}
	c := r.command(`exec runuser -u anna -- env HOME=/home/anna PATH=/usr/local/bin:/usr/bin:/bin DISPLAY=` + s.screen +
		` LIBGL_ALWAYS_SOFTWARE=1 FYNE_THEME=light FYNE_SCALE=1 LANG=C.UTF-8 sh`)
	cmd := exec.Command(c[0], c[1:]...)
	var err error
	s.shell, err = cmd.StdinPipe()
	require.NoError(t, err)
	s.output, err = os.CreateTemp(t.TempDir(), "output")
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the session printed:\n%s\nthe windows show:\n%s", s.printed(), strings.Join(s.texts(), "\n"))
		}
	})
	return s
}

func (s *session) printed() string {
	data, err := os.ReadFile(s.output.Name())
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// start runs a command in the session without waiting for its end.
func (s *session) start(t *testing.T, command string, args ...any) {
	t.Helper()
	_, err := fmt.Fprintf(s.shell, command+" &\n", args...)
	require.NoError(t, err)
}

// texts returns the texts of all widgets in all windows.
func (s *session) texts() (list []string) {
	maps, err := filepath.Glob(filepath.Join(s.root.folder, "home/anna/maps/*/map"))
	if err != nil {
		return nil
	}
	for _, file := range maps {
		var all []struct{ Text string }
		data, err := os.ReadFile(file)
		if err == nil && json.Unmarshal(data, &all) == nil {
			for _, w := range all {
				list = append(list, w.Text)
			}
		}
	}
	return list
}

// until polls until so returns true. The test fails after the timeout.
func (s *session) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	end := time.NewTimer(timeout)
	defer end.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-end.C:
			t.Fatalf("timeout: %s", what)
		}
	}
}

func (s *session) shows(text string) bool {
	return strings.Contains(strings.Join(s.texts(), "\n"), text)
}

func (s *session) waitFor(t *testing.T, text string) {
	t.Helper()
	s.until(t, text, func() bool { return s.shows(text) })
}

// dismiss closes the topmost dialog until it no longer shows a text.
func (s *session) dismiss(t *testing.T, text string) {
	t.Helper()
	t.Setenv("DISPLAY", s.screen)
	s.until(t, "the end of "+text, func() bool {
		if !s.shows(text) {
			return true
		}
		run(t, "xdotool", "key", "Escape")
		return false
	})
}

// apps returns the process IDs of the app in the root.
func (s *session) apps(t *testing.T) (list []int) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	require.NoError(t, err)
	for _, link := range links {
		path, err := os.Readlink(link)
		if err != nil || path != filepath.Join(s.root.folder, "packages", filepath.Base(setting(t, "UIMAP"))) {
			continue
		}
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		require.NoError(t, err)
		list = append(list, id)
	}
	return list
}

// waitForOne waits until one process of the app is left.
func (s *session) waitForOne(t *testing.T) {
	t.Helper()
	s.until(t, "the end of all but one", func() bool { return len(s.apps(t)) == 1 })
}

// stop stops the app.
func (s *session) stop(t *testing.T) {
	t.Helper()
	for _, id := range s.apps(t) {
		require.NoError(t, syscall.Kill(id, syscall.SIGTERM))
	}
	s.until(t, "the end of the app", func() bool { return len(s.apps(t)) == 0 && len(s.texts()) == 0 })
}

func request(t *testing.T, id, device string) carry.Request {
	t.Helper()
	signature, err := license.ParseSignature("NOTEPAD1")
	require.NoError(t, err)
	key := signature.Key()
	return carry.Request{
		ID:     id,
		Device: device,
		MadeAt: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
		Items: []carry.Item{{
			Task:      carry.TaskActivate,
			Signature: signature,
			Program:   "Notepad",
			Codes:     key.Codes(7, key.Block(license.RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"})),
		}},
	}
}

// TestOpenedOnTheDesktop opens files and links on the desktop. They reach the one window, which shows them and does
// nothing else. What cannot be opened is explained in a dialog.
func TestOpenedOnTheDesktop(t *testing.T) {
	r := newRoot(t)
	r.sh(t, "apt-get -q update; useradd -m anna")
	deb := r.copyIn(t, packageFile(t, "acen_"+acen.About().Version+"-*.deb"))
	r.sh(t, "apt-get -q install -y --no-install-recommends "+deb+" desktop-file-utils shared-mime-info libglib2.0-bin")
	home := filepath.Join(r.folder, "home/anna")
	put := func(name string, content []byte) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(home, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(home, name), content, 0o644))
	}
	encoded, err := carry.Encode(request(t, "K7Q2MZXDAB", "Cutting room"))
	require.NoError(t, err)
	put("Büro #1 100%.acen", encoded)
	stick, err := carry.Encode(request(t, "DDDDDDDDDD", "Depot"))
	require.NoError(t, err)
	put("stick/request.acen", stick)
	put("hostile.acen", []byte("ACEN:REQUEST/\x00\xff../../etc/passwd"))
	entry := "/usr/share/applications/" + acen.About().ID + ".desktop"

	s := r.startSession(t)
	// The app is not running: the desktop starts it with a link, which fills in the sign-in screen.
	s.start(t, `xdg-open 'acen:server?address=https%%3A%%2F%%2Flicenses.example.com'`)
	s.waitFor(t, "https://licenses.example.com")
	require.True(t, s.shows("Sign in to manage your licenses."))
	s.waitForOne(t)
	// The app is running: the same window opens the link.
	s.start(t, `gio open 'acen:server?address=https%%3A%%2F%%2Fkeys.example.net'`)
	s.waitFor(t, "https://keys.example.net")
	require.False(t, s.shows("https://licenses.example.com"))
	// A file, opened as a file manager and xdg-open do.
	for _, command := range []string{"gio open", "XDG_CURRENT_DESKTOP=GNOME xdg-open", "gio launch " + entry} {
		s.start(t, `%s "$HOME/Büro #1 100%%.acen"`, command)
		s.waitFor(t, "Sign in to carry this request")
		s.dismiss(t, "Sign in to carry this request")
	}
	s.start(t, `acen "$HOME/stick"`)
	s.waitFor(t, "Sign in to carry this request")
	s.dismiss(t, "Sign in to carry this request")
	s.start(t, `gio open "$HOME/hostile.acen"`)
	s.waitFor(t, "cannot be used")
	s.dismiss(t, "cannot be used")
	s.waitForOne(t)

	// A window of its own explains what cannot be opened.
	for command, sentence := range map[string]string{
		`gio open 'acen:request/../../etc/passwd'`: "The request cannot be used: " +
			"one of its links or pictures is cut off or damaged.",
		`gio open 'acen:server?address=http://licenses.example.com'`: "The link has no server address that begins " +
			"with https://.",
		`gio launch ` + entry + ` "$HOME/missing.acen"`: "/home/anna/missing.acen cannot be read.",
		`truncate -s 1G "$HOME/huge.acen"; gio open "$HOME/huge.acen"`: "This is too large to be " +
			"a request, an answer or a license file.",
		`mkfifo "$HOME/pipe.acen"; gio launch ` + entry + ` "$HOME/pipe.acen"`:     "It is neither a file nor a folder.",
		`install -m 000 /dev/null "$HOME/closed"; gio launch ` + entry + ` closed`: "/home/anna/closed cannot be read.",
	} {
		s.start(t, "(cd; "+strings.ReplaceAll(command, "%", "%%")+")")
		s.waitFor(t, sentence)
		s.dismiss(t, sentence)
		s.waitForOne(t)
	}
	s.stop(t)

	// The app is not running: valid, invalid and folder arguments have the same result.
	for command, sentence := range map[string]string{
		`gio open "$HOME/Büro #1 100%.acen"`: "Sign in to carry this request",
		`acen "$HOME/stick"`:                 "Sign in to carry this request",
		`gio open "$HOME/hostile.acen"`:      "cannot be used",
	} {
		s.start(t, "%s", command)
		s.waitFor(t, sentence)
		s.stop(t)
	}
	require.NoDirExists(t, filepath.Join(home, ".local/share/acen"), "nothing was installed as a license")
}
