package main

import (
	"fmt"
	"slices"
	"strings"
)

// An entry is an entry of kept.txt.
type entry struct {
	name string // name of a function, or a prefix of names followed by *
}

// parseKept reads kept.txt. An entry is a line with a name and a reason; # begins a comment.
func parseKept(text string) ([]entry, error) {
	var kept []entry
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		switch {
		case strings.TrimSpace(reason) == "":
			return nil, fmt.Errorf("line %d: %s has no reason", i+1, name)
		case slices.Contains(kept, entry{name}):
			return nil, fmt.Errorf("line %d: %s is repeated", i+1, name)
		}
		kept = append(kept, entry{name})
	}
	return kept, nil
}

// covers reports whether e names f.
func (e entry) covers(f function) bool {
	if start, ok := strings.CutSuffix(e.name, "*"); ok {
		return strings.HasPrefix(f.name, start)
	}
	return f.name == e.name
}

// dead returns the functions that are dead in every build that includes their file, in the order of the files.
func dead(results []result) (functions []function) {
	seen := map[function]bool{}
	for _, r := range results {
		for f := range r.dead {
			if seen[f] {
				continue
			}
			seen[f] = true
			reached := slices.ContainsFunc(results, func(r result) bool { return r.files[f.file] && !r.dead[f] })
			if !reached {
				functions = append(functions, f)
			}
		}
	}
	slices.SortFunc(functions, func(a, b function) int {
		if c := strings.Compare(a.file, b.file); c != 0 {
			return c
		}
		return a.line - b.line
	})
	return functions
}

// compare returns the problems: dead functions that are not kept, and entries that name no dead function.
func compare(functions []function, kept []entry) (problems []string) {
	used := map[entry]bool{}
	for _, f := range functions {
		covered := false
		for _, e := range kept {
			if e.covers(f) {
				used[e], covered = true, true
			}
		}
		if !covered {
			problems = append(problems, fmt.Sprintf("%s:%d: no program reaches %s", f.file, f.line, f.name))
		}
	}
	for _, e := range kept {
		if !used[e] {
			problems = append(problems, e.name+": kept.txt keeps it, but it is not dead or does not exist: remove the entry")
		}
	}
	return problems
}
