package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// side is one of those that are measured in turns.
type side struct {
	name string
	do   func() error
}

// series is a figure of each round.
type series []float64

func (s series) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

func (s series) min() float64 { return slices.Min(s) }
func (s series) max() float64 { return slices.Max(s) }

// over divides round by round: what slows the machine down slows both sides of a round.
func (s series) over(other series) series {
	var ratios series
	for i := range min(len(s), len(other)) {
		ratios = append(ratios, s[i]/other[i])
	}
	return ratios
}

// turns measures sides in turns, A B A B …, and returns seconds a call of each side and round. In a round each side is called
// until it took a turn; the figure is that of the median call, which other programs on the machine disturb least. Calls
// that are too short for the clock are taken together.
func turns(ctx context.Context, rounds int, turn time.Duration, sides ...side) ([]series, error) {
	const short = 20 * time.Microsecond
	batch := make([]int, len(sides))
	for i, s := range sides { // warms up, and finds out how long a call takes
		started, calls := time.Now(), 0
		for calls == 0 || time.Since(started) < turn/4 {
			if err := s.do(); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			calls++
		}
		batch[i] = max(1, int(short*time.Duration(calls)/time.Since(started)))
	}
	all := make([]series, len(sides))
	for range rounds {
		for i, s := range sides {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var calls series
			for started := time.Now(); len(calls) == 0 || time.Since(started) < turn; {
				before := time.Now()
				for range batch[i] {
					if err := s.do(); err != nil {
						return nil, fmt.Errorf("%s: %w", s.name, err)
					}
				}
				calls = append(calls, time.Since(before).Seconds()/float64(batch[i]))
			}
			all[i] = append(all[i], calls.median())
		}
	}
	return all, nil
}

// span is a duration in seconds in words.
func span(seconds float64) string {
	switch {
	case math.IsNaN(seconds):
		return "–"
	case seconds < 1e-6:
		return fmt.Sprintf("%.0f ns", seconds*1e9)
	case seconds < 1e-3:
		return fmt.Sprintf("%.3g µs", seconds*1e6)
	case seconds < 1:
		return fmt.Sprintf("%.3g ms", seconds*1e3)
	}
	return fmt.Sprintf("%.3g s", seconds)
}
