package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/manager"
)

const (
	windowRounds = 9
	// timeout limits the time until a window is complete; a window is complete when it has not changed for stableTime.
	timeout, stableTime = 60 * time.Second, 1500 * time.Millisecond
	shownLicenses       = 1000
	shownTexts          = 130 // about as many as the app shows
	// windowHeight is the height of all windows; statusLine is the height of the app's status line at the bottom.
	windowHeight, statusLine = 760, 36
	// stopTimeout limits the time between SIGTERM and the end of a program, maxStarts the starts with different pictures.
	stopTimeout, maxStarts = 10 * time.Second, 6
)

func init() { children["window"] = windowChild }

func measureWindow(r *run, s *section) error {
	var programs []string // normal builds, then those with startprofile
	for _, tags := range []string{"x11", "x11 startprofile"} {
		for _, from := range []struct{ module, program string }{{"", "./cmd/acen"}, {"bench", "./smallest"}} {
			to := filepath.Join(r.temp, strings.ReplaceAll(tags, " ", "-"), filepath.Base(from.program))
			if _, err := command(r, filepath.Join(r.root, from.module), nil, "go", "build", "-tags", tags, "-o", to,
				from.program); err != nil {
				return err
			}
			programs = append(programs, to)
		}
	}
	var sizes [2]float64
	for i, path := range programs[:2] {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		sizes[i] = float64(info.Size())
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// The script starts a private keyring, which remembers the session, for a command: this program.
	out, err := command(r, r.root, nil, "scripts/with-secret-service.sh", append([]string{self, "window"}, programs...)...)
	if err != nil {
		return err
	}
	if err := s.join(out); err != nil {
		return err
	}
	s.row("size of the program", "the smallest window", series{sizes[0] / sizes[1]}, goal{atMost: 1.5},
		fmt.Sprintf("%.1f MB to %.1f MB", sizes[0]/1e6, sizes[1]/1e6))
	s.say("All are built with `-tags x11` and show a window of 1180 × 760 on a private Xvfb, drawn by Mesa's software "+
		"OpenGL. Measured from outside, alike for all: from the start of the process until "+
		"98 %% of the edges (pixels unlike their left neighbor) of the complete picture stand on the screen; its lowest "+
		"%d rows, where the app says whether its server has answered, are not looked at. "+
		"The complete picture is that of an earlier start, when nothing had changed for %s. "+
		"The app shows an order with %d licenses from its cache; what its server answers later is the same. Memory is the "+
		"resident set two seconds after the picture is complete.", statusLine, stableTime, shownLicenses)
	s.say("The smallest window has one text in one font. The app has about %d in three: plain, bold and monospaced. "+
		"The toolkit reads each font with its emoji, its symbols and "+
		"the system's font for the language, takes 8 MB for each, and makes a texture of every text; the second peer does "+
		"just that. The app's codes take their font alone.", shownTexts)
	return nil
}

// windowChild measures the app and the smallest window, profiles the starts of their other builds, and prints its
// section.
func windowChild(args []string) (err error) {
	r := &run{Context: context.Background()}
	if r.temp, err = os.MkdirTemp("", "acen-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.temp)
	data := filepath.Join(r.temp, "data")
	server, err := startServer(r, "", r.temp, fixture{Clients: 1, Orders: 1, Licenses: shownLicenses})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := fillCache(r, server, data); err != nil {
		return err
	}
	d, err := startDisplay(r)
	if err != nil {
		return err
	}
	defer d.stop()
	build := func(app, smallest string) [][]string {
		return [][]string{{app, "--data", data}, {smallest}, {smallest, "-texts", strconv.Itoa(shownTexts)}}
	}
	programs := build(args[0], args[1])
	complete := make([]picture, len(programs))
	for i, p := range programs {
		if complete[i], err = d.complete(r, p); err != nil {
			return err
		}
	}
	times, memory := make([]series, len(programs)), make([]series, len(programs))
	for range windowRounds {
		for i, p := range programs {
			seconds, bytes, err := d.timed(r, p, complete[i])
			if err != nil {
				return err
			}
			times[i], memory[i] = append(times[i], seconds), append(memory[i], bytes)
		}
	}
	starts := make([][]startProfile, len(programs))
	for range startRounds {
		for i, p := range build(args[2], args[3]) {
			t, err := d.profileStart(r, p, complete[i])
			if err != nil {
				return err
			}
			starts[i] = append(starts[i], t)
		}
	}
	s := &section{}
	s.row("start to the first frame with the tables", "the smallest window", times[0].over(times[1]), goal{atMost: 1.25},
		span(times[0].median())+" to "+span(times[1].median()))
	full := fmt.Sprintf("a window of the toolkit with %d texts", shownTexts)
	s.row("start to the first frame with the tables", full, times[0].over(times[2]), goal{},
		span(times[0].median())+" to "+span(times[2].median()))
	s.row(fmt.Sprintf("resident memory with %d licenses shown", shownLicenses), "the smallest window",
		memory[0].over(memory[1]), goal{atMost: 1.3},
		fmt.Sprintf("%.0f MB to %.0f MB", memory[0].median()/1e6, memory[1].median()/1e6))
	s.row(fmt.Sprintf("resident memory with %d licenses shown", shownLicenses), full, memory[0].over(memory[2]), goal{},
		fmt.Sprintf("%.0f MB to %.0f MB", memory[0].median()/1e6, memory[2].median()/1e6))
	s.reportStarts([]string{"the smallest window", fmt.Sprintf("%d texts", shownTexts), "the app"},
		[][]startProfile{starts[1], starts[2], starts[0]})
	return s.print(os.Stdout)
}

// fillCache signs in, remembers the session, and reads the tables into the cache.
func fillCache(r *run, server *started, data string) (err error) {
	m, err := manager.Open(r, manager.Options{
		DataDir:     data,
		Keyring:     keyring.System(paths.KeyringService),
		Fingerprint: fingerprint.System(),
		DeviceName:  "bench",
		Version:     paths.Version(),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	_, warning, err := m.SignIn(r, manager.SignIn{
		Server:   server.URL,
		Username: client(0),
		Password: passphrase,
		Remember: true,
	})
	if err := errors.Join(warning, err); err != nil {
		return err
	}
	orders, err := m.Orders(r)
	if err != nil {
		return err
	}
	for _, o := range orders.Orders {
		if _, err := m.Program(r, o.ProgramID); err != nil {
			return err
		}
		if _, err := m.Licenses(r, o.ID); err != nil {
			return err
		}
	}
	return nil
}

// running starts a program on the display after applying change. end stops it and waits until the screen is empty.
func (d *display) running(r *run, program []string, change ...func(*exec.Cmd)) (cmd *exec.Cmd, end func() error,
	err error) {
	cmd = exec.CommandContext(r, program[0], program[1:]...)
	cmd.Env = append(os.Environ(), "DISPLAY="+d.name, "LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1", "LANG=en_US.UTF-8",
		"TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	for _, f := range change {
		f(cmd)
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return cmd, func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(stopTimeout, func() { _ = cmd.Process.Kill() }) // the toolkit sometimes misses SIGTERM
		_ = cmd.Wait()
		kill.Stop()
		for started := time.Now(); !d.empty(); time.Sleep(10 * time.Millisecond) {
			if time.Since(started) > timeout {
				return errors.New("screen did not become empty")
			}
		}
		return nil
	}, nil
}

// complete starts a program until it shows the same picture twice, and returns that picture. A first start may show
// more than later ones, and on a busy machine a window may be stable before it is complete.
func (d *display) complete(r *run, program []string) (p picture, err error) {
	for range maxStarts {
		screen, err := d.settled(r, program)
		if err != nil || p.shown(screen) {
			return p, err
		}
		p = d.edges(screen)
	}
	return p, fmt.Errorf("%s shows a different picture at every start", filepath.Base(program[0]))
}

// settled starts a program and returns the screen when it no longer changes.
func (d *display) settled(r *run, program []string) (screen []byte, err error) {
	_, end, err := d.running(r, program)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	before, since, started := d.copy(), time.Now(), time.Now()
	for time.Since(since) < stableTime || d.empty() {
		if time.Since(started) > timeout {
			return nil, fmt.Errorf("%s shows no stable picture", filepath.Base(program[0]))
		}
		time.Sleep(20 * time.Millisecond)
		if now := d.copy(); string(now) != string(before) {
			before, since = now, time.Now()
		}
	}
	if path := os.Getenv("BENCH_PICTURES"); path != "" {
		if err := d.save(filepath.Join(path, filepath.Base(program[0])+".png")); err != nil {
			return nil, err
		}
	}
	return before, nil
}

// until waits until a started program shows its picture.
func (d *display) until(program []string, complete picture) error {
	for started := time.Now(); !complete.shown(d.pixels); time.Sleep(2 * time.Millisecond) {
		if time.Since(started) > timeout {
			return fmt.Errorf("%s does not show its picture", filepath.Base(program[0]))
		}
	}
	return nil
}

// timed starts a program and returns the seconds until its picture is complete, and its resident set in bytes two
// seconds later.
func (d *display) timed(r *run, program []string, complete picture) (seconds, resident float64, err error) {
	started := time.Now()
	cmd, end, err := d.running(r, program)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := d.until(program, complete); err != nil {
		return 0, 0, err
	}
	seconds = time.Since(started).Seconds()
	time.Sleep(2 * time.Second)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return seconds, kilobytes * 1024, err
		}
	}
	return 0, 0, errors.New("no resident set in /proc")
}
