// Command mutants breaks the code on purpose, one line at a time, and checks that the test for the line fails:
//
//	go run ./scripts/mutants [WORD [LIST]]
//
// It runs in the module's root and reads scripts/mutants/list.txt, or LIST. With WORD it takes only the mutants whose
// file, package, test or rule contains it. It passes changes to the go command as overlays and changes no file of the
// tree. Each named test first runs without a change and must pass. The command fails if a mutant survives, does not
// apply or compile, or fails for another reason than its test.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	listFile = "scripts/mutants/list.txt"
	// workers is the number of concurrent go commands.
	workers = 2
	// testTimeout is the -timeout of go test. A test that exceeds it does not count as failed.
	testTimeout = "60s"
	// stopDelay is the time that an interrupted go command may take to exit.
	stopDelay = 10 * time.Second
	// maxTail is the number of lines of a run's output that are printed.
	maxTail = 20
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	word, list := "", filepath.FromSlash(listFile)
	switch len(os.Args) {
	case 1:
	case 2:
		word = os.Args[1]
	case 3:
		word, list = os.Args[1], os.Args[2]
	default:
		fmt.Fprintln(os.Stderr, "usage: mutants [WORD [LIST]]")
		os.Exit(2)
	}
	if err := run(ctx, ".", list, word, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "mutants: %v\n", err)
		os.Exit(1)
	}
}

// run tries the mutants of a list that contain word on the module in root and writes the report to w. Its error has the
// number of mutants that are not killed.
func run(ctx context.Context, root, list, word string, w io.Writer) error {
	started := time.Now()
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	mutants, err := parseList(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	mutants = choose(mutants, word)
	if len(mutants) == 0 {
		return fmt.Errorf("%s has no mutant with %q", list, word)
	}
	temp, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	r := runner{
		root: root,
		list: list,
		temp: temp,
		out:  w,
	}
	r.tryAll(ctx, mutants)
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.summarize(time.Since(started))
}

// runner runs go test for mutants and collects the results.
type runner struct {
	root, list, temp string

	mu      sync.Mutex
	out     io.Writer
	results []result
}

// result is the outcome of one mutant.
type result struct {
	mutant
	verdict verdict
	// detail is an error or the end of the test's output.
	detail string
}

// tryAll runs the unmutated tests of each package, then the mutants, workers at a time.
func (r *runner) tryAll(ctx context.Context, mutants []mutant) {
	type target struct{ tags, pkg string }
	groups := map[target][]mutant{}
	var targets []target
	for _, m := range mutants {
		t := target{m.tags, m.pkg}
		if groups[t] == nil {
			targets = append(targets, t)
		}
		groups[t] = append(groups[t], m)
	}
	baselines := make([]string, len(targets))
	inParallel(ctx, len(targets), func(i int) { baselines[i] = r.baseline(ctx, groups[targets[i]]) })
	var ready []mutant
	for i, t := range targets {
		for _, m := range groups[t] {
			if proves(m.test, baselines[i]) {
				ready = append(ready, m)
			} else {
				r.record(result{m, unproven, why(m.test, baselines[i])})
			}
		}
	}
	inParallel(ctx, len(ready), func(i int) { r.record(r.try(ctx, ready[i])) })
}

// inParallel calls f for 0 to n-1, workers at a time, until ctx is done.
func inParallel(ctx context.Context, n int, f func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range workers {
		group.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	group.Wait()
}

// baseline runs the tests of one package's mutants without a change and returns the output.
func (r *runner) baseline(ctx context.Context, mutants []mutant) string {
	var tests []string
	for _, m := range mutants {
		top, _, _ := strings.Cut(m.test, "/")
		tests = append(tests, top)
	}
	slices.Sort(tests)
	pattern := "^(" + strings.Join(slices.Compact(tests), "|") + ")$"
	output, _ := r.goTest(ctx, mutants[0], "-v", "-run", pattern)
	return output
}

// try runs a mutant's test with the change.
func (r *runner) try(ctx context.Context, m mutant) result {
	overlay, err := r.overlay(m)
	if err != nil {
		return result{m, notApplied, err.Error()}
	}
	levels := strings.Split(m.test, "/")
	for i, level := range levels {
		levels[i] = "^" + regexp.QuoteMeta(level) + "$"
	}
	output, passed := r.goTest(ctx, m, "-overlay", overlay, "-run", strings.Join(levels, "/"))
	return result{m, judge(m.test, output, passed), tail(output)}
}

// overlay writes the changed file and the go command's description of it, and returns the latter's path.
func (r *runner) overlay(m mutant) (string, error) {
	original, err := filepath.Abs(filepath.Join(r.root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	changed, err := m.apply(string(source))
	if err != nil {
		return "", err
	}
	name := filepath.Join(r.temp, strconv.Itoa(m.line))
	description, err := json.Marshal(map[string]map[string]string{"Replace": {original: name + ".go"}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(name+".go", []byte(changed), 0o600); err != nil {
		return "", err
	}
	return name + ".json", os.WriteFile(name+".json", description, 0o600)
}

// goTest runs go test on a mutant's package and returns its output and whether it succeeded. Vet is off, because the
// test must find the change. The package is not optimized, which halves the time to compile it.
func (r *runner) goTest(ctx context.Context, m mutant, options ...string) (output string, passed bool) {
	args := []string{"test", "-count=1", "-vet=off", "-gcflags=-N -l", "-timeout", testTimeout, "-tags", m.tags}
	args = append(args, options...)
	cmd := exec.CommandContext(ctx, "go", append(args, m.pkg)...)
	cmd.Dir = r.root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopDelay
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		return err.Error(), false
	}
	return string(out), err == nil
}

// record stores a result and prints its line.
func (r *runner) record(res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, res)
	fmt.Fprintf(r.out, "%-8s %s\n", res.verdict, res.mutant)
}

// summarize prints the mutants that are not killed, with their changes, and the total.
func (r *runner) summarize(took time.Duration) error {
	failed := 0
	for _, res := range r.results {
		if res.verdict == killed {
			continue
		}
		failed++
		fmt.Fprintf(r.out, "\n%s:%d: %s\n  %s\n  - %s\n  + %s\n", r.list, res.line, res.verdict, res.mutant, res.old, res.new)
		for line := range strings.Lines(res.detail) {
			fmt.Fprintf(r.out, "    | %s", line)
		}
		fmt.Fprintln(r.out)
	}
	fmt.Fprintf(r.out, "%d of %d mutants killed in %s\n", len(r.results)-failed, len(r.results), took.Round(time.Second))
	if failed > 0 {
		return fmt.Errorf("%d of %d mutants are not killed by their tests", failed, len(r.results))
	}
	return nil
}

// why returns the reason why a test does not prove anything, from the output of its run without the change.
func why(test, output string) string {
	switch {
	case reports("SKIP", test, output):
		return "without the change it is skipped"
	case reports("FAIL", test, output):
		return "without the change it fails"
	case !buildFailed.MatchString(output) && !strings.Contains(output, "panic: "):
		return "there is no such test"
	}
	return tail(output)
}

// tail returns the last lines of an output.
func tail(output string) string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-maxTail):], "\n")
}
