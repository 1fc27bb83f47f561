package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const budgetHead = `# How many lines over 120 columns each file still has; any other file has none. The list can only shrink: after lines
# were shortened or files renamed, ` + "`make longlines`" + ` writes it anew.
`

// parseBudget reads longlines.txt: lines with count and path; # begins a comment.
func parseBudget(text string) (map[string]int, error) {
	budget := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		count, path, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(count)
		_, repeated := budget[path]
		switch {
		case err != nil || n <= 0 || path == "":
			return nil, fmt.Errorf("line %d: %q is not a count and a path", i+1, line)
		case repeated:
			return nil, fmt.Errorf("line %d: %s is repeated", i+1, path)
		}
		budget[path] = n
	}
	return budget, nil
}

// compare returns the problems of files whose number of long lines is not the one of the budget.
func compare(budget, long map[string]int) (problems []string) {
	paths := maps.Clone(budget)
	maps.Copy(paths, long)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		switch {
		case long[path] > budget[path]:
			problems = append(problems, fmt.Sprintf("%s: %d lines over 120 columns, %d more than longlines.txt allows (lll)",
				path, long[path], long[path]-budget[path]))
		case long[path] < budget[path]:
			problems = append(problems, fmt.Sprintf("%s: %d lines over 120 columns, and longlines.txt allows %d: "+
				"run `make longlines`, which lowers the budget", path, long[path], budget[path]))
		}
	}
	return problems
}

// shrink returns the text of longlines.txt for the long lines that there are. It fails if there are more of them than
// the budget allows altogether.
func shrink(budget, long map[string]int) (text string, err error) {
	allowed, total := sum(budget), sum(long)
	if total > allowed {
		return "", fmt.Errorf("%d lines over 120 columns, and the budget is %d: shorten the new ones\n%s",
			total, allowed, strings.Join(compare(budget, long), "\n"))
	}
	var b strings.Builder
	b.WriteString(budgetHead)
	for _, path := range slices.Sorted(maps.Keys(long)) {
		fmt.Fprintf(&b, "%d %s\n", long[path], path)
	}
	return b.String(), nil
}

func sum(counts map[string]int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}
