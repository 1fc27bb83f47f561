package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/exp/trace"
)

// A start is analyzed with an execution trace of programs that are built with internal/startprofile: what the main
// goroutine did at each moment from main until the picture was complete. Calls into C and waits are in the trace with
// their stacks; Go code is sampled.

// startRounds is the number of profiles of each program.
const startRounds = 7

// startPhase is one kind of work of the main goroutine, identified by the functions on its stack.
type startPhase struct {
	name string
	of   []string // parts of a stack, innermost function first; the first phase with a match gets the time
	ours bool     // work of the app, not of the toolkit or Mesa
}

const called = " < " // separates a function from its caller

var startPhases = []startPhase{
	{
		name: "waiting for the loop's next tick",
		of:   []string{"runtime.selectgo" + called + "fyne.io/fyne/v2/internal/driver/glfw.(*gLDriver).runGL"},
	},
	{
		name: "waiting for keyring and cache",
		of:   []string{"runtime.selectgo" + called + "github.com/acen-desktop/acen/ui/kit/background.(*Gate).Run"},
		ours: true,
	},
	{name: "swapping: Mesa draws the pixels, X takes them", of: []string{"glfwSwapBuffers"}},
	{name: "shaders of the toolkit", of: []string{"gl.(*painter).Init"}},
	{
		name: "window and OpenGL context",
		of: []string{"glfw.Init", "glfw.CreateWindow", "glfw.(*gLDriver).init", "glfw.(*window).create" + called,
			"_Cfunc_glfw"},
	},
	{name: "reading fonts", of: []string{"painter.lookupFaces", "painter.loadMeasureFont", "painter.lookupRuneFont"}},
	{
		name: "icons, parsed and drawn into pictures",
		of:   []string{"internal/svg.", "canvas.(*Image).Refresh", "painter.PaintImage"},
	},
	{name: "texts, drawn into pictures", of: []string{"painter.DrawString"}},
	{name: "pictures, given to OpenGL", of: []string{"gl.(*painter).imgToTexture", "gl.(*painter).getTexture"}},
	{name: "calls of OpenGL that draw", of: []string{"painter/gl.(*"}},
	{name: "texts, measured", of: []string{"painter.RenderedTextSize"}},
	{name: "opening the data file", of: []string{"github.com/acen-desktop/acen/manager."}, ours: true},
	{name: "layout of the first frame", of: []string{".EnsureMinSize"}},
	{name: "making and filling widgets", of: []string{"github.com/acen-desktop/acen/ui.", "main.content"}, ours: true},
}

// The first two phases are before main; the last one has everything else.
const beforeMain, packages, otherwise = "process and libraries, until Go runs", "initialization of packages",
	"anything else"

// startProfile is a start in seconds by phase.
type startProfile map[string]float64

// profileStart starts a program and returns the time of each phase until its picture was complete.
func (d *display) profileStart(r *run, program []string, complete picture) (t startProfile, err error) {
	path := filepath.Join(r.temp, "start.trace")
	var output bytes.Buffer
	began := time.Now()
	cmd, end, err := d.running(r, program, func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "ACEN_STARTPROFILE="+path, "GODEBUG=inittrace=1")
		cmd.Stderr = &output
	})
	if err != nil {
		return nil, err
	}
	err = d.until(program, complete)
	ended := time.Now()
	if err == nil {
		err = finishRecord(cmd.Process, path)
	}
	if err := errors.Join(err, end()); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := stretches(f)
	if err == nil && len(list) == 0 {
		err = errors.New("empty trace of a start")
	}
	if err != nil {
		return nil, err
	}
	t = startProfile{packages: initialization(output.String())}
	t[beforeMain] = list[0].from.Sub(began).Seconds() - t[packages]
	for _, s := range list {
		if s.to.After(ended) {
			s.to = ended
		}
		if took := s.to.Sub(s.from).Seconds(); took > 0 {
			t[s.part()] += took
		}
	}
	return t, os.Remove(path)
}

// finishRecord ends the trace and waits until it is complete.
func finishRecord(p *os.Process, path string) error {
	time.Sleep(100 * time.Millisecond) // a call is in the trace after it has ended
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	for started := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if time.Since(started) > timeout {
			return errors.New("no trace of a start")
		}
	}
}

// initialization adds up the times that GODEBUG=inittrace=1 prints: "init net/http @2.9 ms, 0.35 ms clock, 9000 bytes,
// 90 allocs".
func initialization(output string) (seconds float64) {
	for line := range strings.Lines(output) {
		if f := strings.Fields(line); len(f) > 6 && f[0] == "init" && f[6] == "clock," {
			ms, _ := strconv.ParseFloat(f[4], 64)
			seconds += ms / 1e3
		}
	}
	return seconds
}

// part returns the phase of a stretch.
func (s stretch) part() string {
	stack := strings.Join(s.stack, called)
	for _, p := range startPhases {
		for _, of := range p.of {
			if strings.Contains(stack, of) {
				return p.name
			}
		}
	}
	return otherwise
}

// reportStarts adds a table of the starts of programs, in milliseconds. The last program is the app, the first one the
// smallest window.
func (s *section) reportStarts(names []string, starts [][]startProfile) {
	var b strings.Builder
	b.WriteString("| where a start goes, in ms | " + strings.Join(names, " | ") + " |\n|---|" + strings.Repeat("---:|",
		len(names)) + "\n")
	sums, own := make([]float64, len(names)), 0.0
	row := func(name string, ours bool) {
		line := "| " + name
		if ours {
			line += " (the app's own)"
		}
		for i := range names {
			var rounds series
			for _, t := range starts[i] {
				rounds = append(rounds, t[name])
			}
			sums[i] += rounds.median()
			if ours && i == len(names)-1 {
				own += rounds.median()
			}
			line += fmt.Sprintf(" | %.1f", 1e3*rounds.median())
		}
		b.WriteString(line + " |\n")
	}
	row(beforeMain, false)
	row(packages, false)
	for _, p := range startPhases {
		row(p.name, p.ours)
	}
	row(otherwise, false)
	b.WriteString("| together")
	for _, sum := range sums {
		fmt.Fprintf(&b, " | %.1f", 1e3*sum)
	}
	b.WriteString(" |\n")
	all := sums[len(sums)-1]
	s.say("%s", strings.TrimRight(b.String(), "\n"))
	s.say("Each row is the median of %d starts that were recorded, which slows them: what the main goroutine did or "+
		"waited for, by its stack. If all that is the app's own took "+
		"no time at all, its start would take %.2f of the smallest window's: the rest is what the window shows, in the "+
		"hands of the toolkit, which reads each font of each style with its emoji and symbols, parses icons, and makes a "+
		"picture "+
		"of every text, and Mesa's software OpenGL, which compiles a shader for each kind of shape and computes it for "+
		"each pixel.", startRounds, (all-own)/sums[0])
}

// stretch is an interval in which the main goroutine did one thing.
type stretch struct {
	from, to time.Time
	stack    []string // innermost first
	waits    bool
}

// mainGoroutine is the ID of the goroutine that runs main.main.
const mainGoroutine = 1

// stretches reads an execution trace.
func stretches(in io.Reader) (list []stretch, err error) {
	r, err := trace.NewReader(bufio.NewReader(in))
	if err != nil {
		return nil, err
	}
	var wall func(trace.Time) time.Time
	var samples []stretch // samples of the current interval
	var since trace.Time
	var state trace.GoState
	var stack []string // stack of the current call or wait
	for {
		e, err := r.ReadEvent()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		switch e.Kind() {
		case trace.EventSync:
			if c := e.Sync().ClockSnapshot; c != nil && wall == nil {
				began := *c
				wall = func(t trace.Time) time.Time { return began.Wall.Add(time.Duration(t - began.Trace)) }
			}
		case trace.EventStackSample:
			if e.Goroutine() == mainGoroutine && state == trace.GoRunning {
				samples = append(samples, stretch{from: wall(e.Time()), stack: names(e.Stack())})
			}
		case trace.EventStateTransition:
			t := e.StateTransition()
			if t.Resource.Kind != trace.ResourceGoroutine || t.Resource.Goroutine() != mainGoroutine {
				continue
			}
			_, to := t.Goroutine()
			now := names(t.Stack)
			if wall != nil && since != 0 {
				from, until := wall(since), wall(e.Time())
				switch {
				case state == trace.GoRunning && len(samples) > 0: // split the time between two samples in half
					for i, s := range samples {
						end := until
						if i+1 < len(samples) {
							end = s.from.Add(samples[i+1].from.Sub(s.from) / 2)
						}
						list = append(list, stretch{from: from, to: end, stack: s.stack})
						from = end
					}
				case state == trace.GoRunning:
					list = append(list, stretch{from: from, to: until, stack: now})
				default:
					list = append(list, stretch{
						from:  from,
						to:    until,
						stack: stack,
						waits: state != trace.GoSyscall,
					})
				}
			}
			if to != trace.GoRunning && len(now) > 0 {
				stack = now
			}
			since, state, samples = e.Time(), to, nil
		}
	}
}

func names(s trace.Stack) (list []string) {
	for f := range s.Frames() {
		list = append(list, f.Func)
	}
	return list
}
