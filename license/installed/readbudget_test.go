package installed

import (
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slept is a readBudget whose time passes only while it waits.
type slept struct {
	readBudget
	clock time.Time
	total time.Duration
}

func newSlept() *slept {
	s := &slept{clock: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}
	s.now = func() time.Time { return s.clock }
	s.sleep = func(d time.Duration) { s.clock, s.total = s.clock.Add(d), s.total+d }
	return s
}

// open returns a read of a file that another program has open for some tries.
func open(tries int, calls *int) func() error {
	return func() error {
		*calls++
		if *calls <= tries {
			return &fs.PathError{Op: "open", Path: "x.acen", Err: errorSharingViolation}
		}
		return nil
	}
}

func TestReadBudget(t *testing.T) {
	s, calls := newSlept(), 0
	require.NoError(t, s.read(open(3, &calls)))
	require.Equal(t, 4, calls)
	require.Equal(t, 3*lockPause, s.total)
}

// A file that may not be read, or is not there, is tried once.
func TestReadBudgetIsForOpenFilesOnly(t *testing.T) {
	s := newSlept()
	for _, code := range []syscall.Errno{errorAccessDenied, 2, 3, 123} {
		calls := 0
		err := s.read(func() error { calls++; return &fs.PathError{Op: "open", Path: "x.acen", Err: code} })
		require.ErrorIs(t, err, code)
		require.Equal(t, 1, calls, "error %d", code)
	}
	require.Zero(t, s.total)
}

// A thousand files that stay open cost as much as one.
func TestReadBudgetEnds(t *testing.T) {
	s := newSlept()
	for range 1000 {
		calls := 0
		require.ErrorIs(t, s.read(open(1<<20, &calls)), errorSharingViolation)
	}
	require.Equal(t, fileBudget, s.total)

	// The next start finds it renewed.
	s.clock = s.clock.Add(budgetWindow)
	calls := 0
	require.NoError(t, s.read(open(3, &calls)))
	require.Equal(t, fileBudget+3*lockPause, s.total)
}

// Files that are open for less than the limit of each share one limit.
func TestReadBudgetIsShared(t *testing.T) {
	s, free := newSlept(), 0
	for range 1000 {
		calls := 0
		if s.read(open(10, &calls)) == nil {
			free++
		}
	}
	require.Equal(t, windowBudget, s.total)
	require.Equal(t, int(windowBudget/(10*lockPause)), free)
}
