package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// candidate is one of the functions that are measured alternately.
type candidate struct {
	name string
	do   func() error
}

// series has a value for each round.
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

// over divides round by round, because what slows the machine down affects both candidates of a round.
func (s series) over(other series) series {
	var ratios series
	for i := range min(len(s), len(other)) {
		ratios = append(ratios, s[i]/other[i])
	}
	return ratios
}

// alternate measures candidates alternately, A B A B …, and returns the seconds per call of each candidate and round.
// In a round each candidate is called until turn has passed. The result is that of the median call, which other
// programs on the machine disturb least. Calls that are too short for the clock are measured in batches.
func alternate(ctx context.Context, rounds int, turn time.Duration, candidates ...candidate) ([]series, error) {
	const short = 20 * time.Microsecond
	batch := make([]int, len(candidates))
	for i, s := range candidates { // warm up and measure the time of a call
		started, calls := time.Now(), 0
		for calls == 0 || time.Since(started) < turn/4 {
			if err := s.do(); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			calls++
		}
		batch[i] = max(1, int(short*time.Duration(calls)/time.Since(started)))
	}
	all := make([]series, len(candidates))
	for range rounds {
		for i, s := range candidates {
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

// span formats a duration in seconds.
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
