package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An acceptance is an entry of accepted.txt.
type acceptance struct {
	until  string // the last day, as 2006-01-02
	reason string
}

var idPattern = regexp.MustCompile(`^GO-\d{4}-\d{4,}$`)

// parseAccepted reads accepted.txt. An entry is a line with ID, last day and reason; # begins a comment.
func parseAccepted(text string) (map[string]acceptance, error) {
	accepted := map[string]acceptance{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, rest, _ := strings.Cut(line, " ")
		until, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
		reason = strings.TrimSpace(reason)
		_, repeated := accepted[id]
		_, err := time.Parse(time.DateOnly, until)
		switch {
		case !idPattern.MatchString(id):
			return nil, fmt.Errorf("line %d: %q is not an ID such as GO-2026-0001", i+1, id)
		case repeated:
			return nil, fmt.Errorf("line %d: %s is repeated", i+1, id)
		case err != nil:
			return nil, fmt.Errorf("line %d: %q is not a day such as 2026-12-31", i+1, until)
		case reason == "":
			return nil, fmt.Errorf("line %d: %s has no reason", i+1, id)
		}
		accepted[id] = acceptance{until: until, reason: reason}
	}
	return accepted, nil
}

// compare returns the problems on a day: vulnerabilities that are reached and not accepted, or whose acceptance has
// expired, and entries for vulnerabilities that are not reached.
func compare(reached map[string]*vulnerability, accepted map[string]acceptance, now time.Time) (problems []string) {
	today := now.Format(time.DateOnly)
	for _, id := range slices.Sorted(maps.Keys(reached)) {
		a, ok := accepted[id]
		if ok && today <= a.until {
			continue
		}
		problem := reached[id].String()
		if ok {
			problem += fmt.Sprintf("\n  was accepted until %s: %s", a.until, a.reason)
		}
		problems = append(problems, problem)
	}
	for _, id := range slices.Sorted(maps.Keys(accepted)) {
		if reached[id] == nil {
			problems = append(problems, id+": accepted.txt accepts it, but no program reaches it: remove the entry")
		}
	}
	return problems
}

// String describes v in several lines.
func (v *vulnerability) String() string {
	fixed := "not fixed yet"
	if v.fixed != "" {
		fixed = "fixed in " + v.fixed
	}
	return fmt.Sprintf("%s: %s\n  %s, %s\n  %s\n  on %s",
		v.id, v.summary, v.found, fixed, v.call, strings.Join(v.builds, ", "))
}
