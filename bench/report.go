package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// goal is a bound for a ratio.
type goal struct {
	atMost, atLeast, below float64 // 0 = none
}

func (g goal) String() string {
	switch {
	case g.atMost != 0:
		return fmt.Sprintf("≤ %g", g.atMost)
	case g.atLeast != 0:
		return fmt.Sprintf("≥ %g", g.atLeast)
	case g.below != 0:
		return fmt.Sprintf("< %g", g.below)
	}
	return "–"
}

func (g goal) reached(ratio float64) string {
	ok := true
	switch {
	case g.atMost != 0:
		ok = ratio <= g.atMost
	case g.atLeast != 0:
		ok = ratio >= g.atLeast
	case g.below != 0:
		ok = ratio < g.below
	default:
		return "–"
	}
	if ok {
		return "yes"
	}
	return "**no**"
}

// result is one row of the table.
type result struct {
	what, against, ratio, rounds, goal, reached, note string
}

// section is the result of a topic.
type section struct {
	title string
	rows  []result
	text  []string // paragraphs, tables and profiles after the rows
}

// row adds a ratio of ours to the other's.
func (s *section) row(what, against string, ratios series, g goal, note string) {
	m := ratios.median()
	if math.IsNaN(m) {
		s.miss(what, against, g.String(), "not measured")
		return
	}
	s.rows = append(s.rows, result{
		what, against, fmt.Sprintf("%s (%s–%s)", figure(m), figure(ratios.min()), figure(ratios.max())),
		fmt.Sprint(len(ratios)), g.String(), g.reached(m), note,
	})
}

// figure formats a ratio with three digits.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// miss adds a row that was not measured.
func (s *section) miss(what, against, goal, why string) {
	s.rows = append(s.rows, result{
		what:    what,
		against: against,
		ratio:   "–",
		rounds:  "–",
		goal:    goal,
		reached: "–",
		note:    why,
	})
}

func (s *section) say(format string, args ...any) {
	s.text = append(s.text, fmt.Sprintf(format, args...))
}

// code adds a preformatted block.
func (s *section) code(text string) {
	s.text = append(s.text, "```\n"+strings.TrimRight(text, "\n")+"\n```")
}

type report struct {
	machine  string
	sections []*section
	complete bool
}

func (r report) markdown() string {
	var b strings.Builder
	b.WriteString("# Numbers, side by side\n\n`make bench` wrote this page: everything in one run on one machine. ")
	b.WriteString("A ratio is ours over the other's, in the same round; sides take turns (A B A B). It is shown as the " +
		"median, with the smallest and the largest in brackets, of N rounds. ")
	b.WriteString("Absolute figures are notes: they are this machine's.\n\n" + r.machine + "\n")
	for _, s := range r.sections {
		b.WriteString("\n## " + s.title + "\n")
		if len(s.rows) > 0 {
			b.WriteString("\n| what | against | ratio | N | to reach | reached | note |\n|---|---|---|---|---|---|---|\n")
		}
		for _, row := range s.rows {
			cells := []string{row.what, row.against, row.ratio, row.rounds, row.goal, row.reached, row.note}
			for i, c := range cells {
				cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "|", `\|`), "\n", " ")
			}
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
		for _, t := range s.text {
			b.WriteString("\n" + t + "\n")
		}
	}
	return b.String()
}

// describeMachine describes the machine, without its name.
func describeMachine(r *run) string {
	cpu := "an unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	memory := uint64(0)
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) == nil {
		memory = uint64(info.Totalram) * uint64(info.Unit) >> 30
	}
	load := "unknown"
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(data), " ")
	}
	commit := "unknown"
	if out, err := exec.CommandContext(r, "git", "-C", r.root, "rev-parse", "--short=12", "HEAD").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("Machine: %s, %d processors for this run, %d GiB of memory, %s/%s, %s; the load was %s when the "+
		"run began. Commit %s, %s.",
		cpu, runtime.NumCPU(), memory, runtime.GOOS, runtime.GOARCH, runtime.Version(), load, commit,
		time.Now().UTC().Format("2 January 2006"))
}

// parts is a section as JSON, from a child process.
type parts struct {
	Rows [][]string
	Text []string
}

func (s *section) print(w io.Writer) error {
	p := parts{Text: s.text}
	for _, r := range s.rows {
		p.Rows = append(p.Rows, []string{r.what, r.against, r.ratio, r.rounds, r.goal, r.reached, r.note})
	}
	return json.NewEncoder(w).Encode(p)
}

// join adds a section that print printed.
func (s *section) join(text string) error {
	var p parts
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	for _, r := range p.Rows {
		s.rows = append(s.rows, result{r[0], r[1], r[2], r[3], r[4], r[5], r[6]})
	}
	s.text = append(s.text, p.Text...)
	return nil
}
