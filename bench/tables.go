package main

import (
	"bufio"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// frame is the duration of a frame at 60 Hz, in seconds.
const frame = 1.0 / 60

// benchmarks runs benchmarks of a product package and returns seconds per call of each round.
func benchmarks(r *run, pkg, pattern string, rounds int, extra ...string) (map[string]series, error) {
	args := append([]string{"test", "-tags", "x11", "-run", "^$", "-bench", pattern, "-benchtime", "0.3s", "-count",
		strconv.Itoa(rounds)}, extra...)
	out, err := command(r, r.root, nil, "go", append(args, pkg)...)
	if err != nil {
		return nil, err
	}
	line := regexp.MustCompile(`^Benchmark(\w+?)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op`)
	all := map[string]series{}
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		if m := line.FindStringSubmatch(lines.Text()); m != nil {
			ns, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				return nil, err
			}
			all[m[1]] = append(all[m[1]], ns/1e9)
		}
	}
	return all, nil
}

func measureTables(r *run, s *section) error {
	const rounds = 5
	all, err := benchmarks(r, "./ui/kit/table",
		"UIThreadSetRows|UIThreadShowOtherView|UIThreadSort$|UIThreadFilterLetter|UIThreadScrollPage|"+
			"FrameScrollPage|FrameUnchanged|WorkPrepare|WorkSortByText|WorkFilter", rounds)
	if err != nil {
		return err
	}
	one := func(times series) series {
		limit := make(series, len(times))
		for i := range limit {
			limit[i] = frame
		}
		return times.over(limit)
	}
	bound := goal{atMost: 1}
	for _, row := range []struct{ what, name, work string }{
		{"open: the UI thread takes over 100,000 licenses", "UIThreadSetRows", "WorkPrepare"},
		{"sort by a column: the UI thread", "UIThreadSort", "WorkSortByText"},
		{"filter by a typed letter: the UI thread", "UIThreadFilterLetter", "WorkFilter"},
		{"scroll by a page: the UI thread", "UIThreadScrollPage", ""},
		{"scroll by a page and draw the picture in software", "FrameScrollPage", ""},
	} {
		note := span(all[row.name].median())
		if row.work != "" {
			note += "; off the UI thread until it shows: " + span(all[row.work].median())
		}
		s.row(row.what, "a frame at 60 Hz, 16.7 ms", one(all[row.name]), bound, note)
	}
	s.row("scroll by a page and draw the picture in software", "draw the same picture again",
		all["FrameScrollPage"].over(all["FrameUnchanged"]), goal{},
		span(all["FrameScrollPage"].median())+" to "+span(all["FrameUnchanged"].median()))
	s.say("In the toolkit's test driver, a window of 1280 × 900, drawn by its software painter; the app itself draws " +
		"with OpenGL. Sorting and filtering are done off the UI thread: the window goes on meanwhile.")
	if one(all["FrameScrollPage"]).median() <= 1 {
		return nil
	}
	path := filepath.Join(r.temp, "tables.prof")
	if _, err := command(r, r.root, nil, "go", "test", "-tags", "x11", "-run", "^$", "-bench", "FrameScrollPage",
		"-benchtime", "3s", "-cpuprofile", path, "-o", filepath.Join(r.temp, "datatable.test"),
		"./ui/kit/table"); err != nil {
		return err
	}
	text, err := top(r, path)
	if err != nil {
		return err
	}
	s.say("Where the time of a drawn picture goes (one profile, cumulative): the limit is the toolkit's software painter.")
	s.code(text)
	return nil
}
