//go:build window

package window

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// timeout limits each wait. It does not measure speed.
const timeout = 90 * time.Second

// pollInterval is the time between two checks of the state of another process.
const pollInterval = 50 * time.Millisecond

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	require.NotEmpty(t, value, "%s is not set: run `make test-window`", name)
	return value
}

// eventually polls until ready returns true. The test fails after the timeout and names what it waited for.
func eventually(t *testing.T, what string, ready func() bool) {
	t.Helper()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	end := time.NewTimer(timeout)
	defer end.Stop()
	for !ready() {
		select {
		case <-ticker.C:
		case <-end.C:
			t.Fatalf("timeout: %s", what)
		}
	}
}

// retryUntil calls do, and again at intervals, until there returns true. A person also repeats a click or a change of
// size that came too early.
func retryUntil(t *testing.T, what string, do func(), there func() bool) {
	t.Helper()
	const interval = 40 // polls
	polls := 0
	eventually(t, what, func() bool {
		if polls%interval == 0 {
			do()
		}
		polls++
		return there()
	})
}

// display is a private X server.
type display struct{ name string }

// startDisplay starts Xvfb on a free display with additional arguments.
func startDisplay(t *testing.T, extra ...string) display {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	args := append([]string{"-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset", "+render"},
		extra...)
	cmd := exec.Command("Xvfb", args...)
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	number, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err, "Xvfb did not start")
	d := display{name: ":" + strings.TrimSpace(number)}
	d.run(t, "setxkbmap", "us")
	return d
}

func (d display) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+d.name)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

// screenshot saves a picture of the display as an artifact and returns it.
func (d display) screenshot(t *testing.T, name string) image.Image {
	t.Helper()
	path := filepath.Join(setting(t, "ARTIFACTS"), name+".png")
	d.run(t, "import", "-window", "root", path)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	picture, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return picture
}

// process is a started program with its recorded output.
type process struct {
	cmd    *exec.Cmd
	stdout *lines
	stderr *lines
	done   chan struct{}
	err    error
}

// lines records what a program prints.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{
		cmd:    exec.Command(name, args...),
		stdout: &lines{},
		stderr: &lines{},
		done:   make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = pollInterval // child processes may keep the output open
	require.NoError(t, p.cmd.Start())
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("%s printed on standard error:\n%s", filepath.Base(name), p.stderr)
		}
	})
	return p
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// exit waits for the end of the program and returns its exit status.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	eventually(t, "the end of "+p.cmd.Path, p.ended)
	return p.cmd.ProcessState.ExitCode()
}

// stop sends SIGTERM and waits for the end of the program.
func (p *process) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.exit(t)
}

// kill kills the program, as a power failure does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	p.exit(t)
}

// demo is a running acen-demo: server and window in one process.
type demo struct {
	*process
	*window
	URL, Username, Password string
}

// person is a new home folder, with the app's data, preferences and cache of one person.
type person struct{ home string }

func newPerson(t *testing.T) person {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".cache"), 0o700))
	return person{home: home}
}

func (p person) env(extra ...string) []string {
	return append([]string{
		"HOME=" + p.home,
		"XDG_DATA_HOME=" + filepath.Join(p.home, ".local", "share"),
		"XDG_CONFIG_HOME=" + filepath.Join(p.home, ".config"),
		"XDG_CACHE_HOME=" + filepath.Join(p.home, ".cache"),
		"XDG_STATE_HOME=" + filepath.Join(p.home, ".local", "state"),
		"LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1", "LANG=en_US.UTF-8", "TZ=UTC",
	}, extra...)
}

func program(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(setting(t, "PROGRAMS"), name)
}

// startDemo starts acen-demo and waits until its server listens and its window is drawn.
func startDemo(t *testing.T, d display, p person, env []string, args ...string) *demo {
	t.Helper()
	uiMap := filepath.Join(t.TempDir(), "ui.json")
	args = append([]string{"--ui-map", uiMap}, args...)
	proc := start(t, p.env(append([]string{"DISPLAY=" + d.name}, env...)...), program(t, "acen-demo"), args...)
	return awaitDemo(t, &window{display: d, uiMap: uiMap, proc: proc})
}

// awaitDemo waits until the server of acen-demo listens, and reads the line that acen-demo prints.
func awaitDemo(t *testing.T, w *window) *demo {
	t.Helper()
	app := &demo{process: w.proc, window: w}
	eventually(t, "the line that acen-demo prints", func() bool {
		require.False(t, w.proc.ended(), "acen-demo ended: %s", w.proc.stderr)
		return strings.Contains(w.proc.stdout.String(), "\n")
	})
	line, _, _ := strings.Cut(w.proc.stdout.String(), "\n")
	require.NoError(t, json.Unmarshal([]byte(line), app), "acen-demo printed %q", line)
	return app
}

// widget is one visible widget in the map of the window. Positions are in pixels of the screen.
type widget struct {
	Type        string  `json:"type"`
	Text        string  `json:"text"`
	Placeholder string  `json:"placeholder"`
	X           float64 `json:"x"`
	Y           float64 `json:"y"`
	W           float64 `json:"w"`
	H           float64 `json:"h"`
	Enabled     bool    `json:"enabled"`
	Focused     bool    `json:"focused"`
}

// window drives the window of a program by mouse and keyboard.
type window struct {
	display display
	uiMap   string
	proc    *process
	// at is the position of the window on the screen.
	at image.Point
}

// widgets returns the visible widgets, or nil before the window is drawn.
func (w *window) widgets() []widget {
	data, err := os.ReadFile(w.uiMap)
	if err != nil {
		return nil
	}
	var all []widget
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	for i := range all {
		all[i].X += float64(w.at.X)
		all[i].Y += float64(w.at.Y)
	}
	return all
}

// texts returns the texts and properties of all widgets, one widget a line.
func (w *window) texts() string {
	var b strings.Builder
	for _, v := range w.widgets() {
		fmt.Fprintf(&b, "%s %q %q %v,%v %vx%v enabled=%v focused=%v\n",
			v.Type, v.Text, v.Placeholder, v.X, v.Y, v.W, v.H, v.Enabled, v.Focused)
	}
	return b.String()
}

type match func(widget) bool

func button(text string) match {
	return func(w widget) bool { return strings.Contains(w.Type, "Button") && w.Text == text && w.Enabled }
}

func entry(placeholder string) match {
	return func(w widget) bool {
		return strings.Contains(w.Type, "Entry") && strings.Contains(w.Placeholder, placeholder)
	}
}

func containing(text string) match {
	return func(w widget) bool { return strings.Contains(w.Text, text) }
}

func exactly(text string) match {
	return func(w widget) bool { return w.Text == text }
}

// find waits until a widget matches and returns it.
func (w *window) find(t *testing.T, what string, m match) widget {
	t.Helper()
	var found widget
	defer func() {
		if t.Failed() {
			w.display.screenshot(t, "failed-"+strings.ReplaceAll(t.Name(), "/", "-"))
			t.Logf("the window shows:\n%s", w.texts())
		}
	}()
	eventually(t, what, func() bool {
		require.False(t, w.proc.ended(), "the program ended: %s", w.proc.stderr)
		for _, one := range w.widgets() {
			if m(one) && one.W > 0 && one.H > 0 {
				found = one
				return true
			}
		}
		return false
	})
	return found
}

// gone waits until no widget matches.
func (w *window) gone(t *testing.T, what string, m match) {
	t.Helper()
	eventually(t, "the end of "+what, func() bool {
		all := w.widgets()
		for _, one := range all {
			if m(one) {
				return false
			}
		}
		return len(all) > 0
	})
}

// shows reports whether a widget matches now.
func (w *window) shows(m match) bool { return slices.ContainsFunc(w.widgets(), m) }

// click clicks the middle of a widget that no longer moves. A late notice or line of help moves the widgets below it.
func (w *window) click(t *testing.T, what string, m match) widget {
	t.Helper()
	var found widget
	polls := 0
	eventually(t, what+" at rest", func() bool {
		before := found
		found = w.find(t, what, m)
		if polls++; found != before {
			polls = 0
		}
		return polls > 4 // the map is updated less often than it is polled
	})
	w.display.run(t, "xdotool", "mousemove", fmt.Sprint(int(found.X+found.W/2)), fmt.Sprint(int(found.Y+found.H/2)),
		"click", "1")
	return found
}

// fill replaces the text of an entry by typing.
func (w *window) fill(t *testing.T, what string, m match, text string) {
	t.Helper()
	w.click(t, what, m)
	w.display.run(t, "xdotool", "key", "ctrl+a", "key", "BackSpace")
	w.display.run(t, "xdotool", "type", "--delay", "15", text)
}

// paste puts a text on the clipboard and pastes it into an entry.
func (w *window) paste(t *testing.T, what string, m match, text string) {
	t.Helper()
	w.click(t, what, m)
	w.pasteHere(t, text)
}

// pasteHere puts a text on the clipboard and pastes it into the focused widget.
func (w *window) pasteHere(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xclip", "-i", "-selection", "clipboard")
	cmd.Env = append(os.Environ(), "DISPLAY="+w.display.name)
	cmd.Stdin = strings.NewReader(text)
	require.NoError(t, cmd.Run())
	w.key(t, "ctrl+v")
}

func (w *window) key(t *testing.T, keys ...string) {
	t.Helper()
	w.display.run(t, "xdotool", append([]string{"key"}, keys...)...)
}

// drawn reports whether the picture shows something at the position of the widget.
func drawn(picture image.Image, w widget) bool {
	area := image.Rect(int(w.X), int(w.Y), int(w.X+w.W), int(w.Y+w.H)).Intersect(picture.Bounds())
	colors := map[[3]uint32]bool{}
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			colors[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
		}
	}
	return len(colors) > 3 // a plain surface has fewer
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(data)
}
