package installed

import (
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeBudget is a readBudget whose clock advances only while it waits.
type fakeBudget struct {
	readBudget
	clock time.Time
	total time.Duration
}

func newFakeBudget() *fakeBudget {
	s := &fakeBudget{clock: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}
	s.now = func() time.Time { return s.clock }
	s.sleep = func(d time.Duration) { s.clock, s.total = s.clock.Add(d), s.total+d }
	return s
}

// open returns a read of a file that another program has open for a number of attempts.
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
	s, calls := newFakeBudget(), 0
	require.NoError(t, s.read(open(3, &calls)))
	require.Equal(t, 4, calls)
	require.Equal(t, 3*lockPause, s.total)
}

// A file that is missing or not permitted is read once.
func TestReadBudgetForOpenFilesOnly(t *testing.T) {
	s := newFakeBudget()
	for _, code := range []syscall.Errno{errorAccessDenied, 2, 3, 123} {
		calls := 0
		err := s.read(func() error { calls++; return &fs.PathError{Op: "open", Path: "x.acen", Err: code} })
		require.ErrorIs(t, err, code)
		require.Equal(t, 1, calls, "error %d", code)
	}
	require.Zero(t, s.total)
}

// A thousand files that remain open take as long as one.
func TestReadBudgetLimit(t *testing.T) {
	s := newFakeBudget()
	for range 1000 {
		calls := 0
		require.ErrorIs(t, s.read(open(1<<20, &calls)), errorSharingViolation)
	}
	require.Equal(t, fileBudget, s.total)

	// The budget is renewed at the next start.
	s.clock = s.clock.Add(budgetWindow)
	calls := 0
	require.NoError(t, s.read(open(3, &calls)))
	require.Equal(t, fileBudget+3*lockPause, s.total)
}

// Files that are open for less than the limit share the budget.
func TestReadBudgetIsShared(t *testing.T) {
	s, free := newFakeBudget(), 0
	for range 1000 {
		calls := 0
		if s.read(open(10, &calls)) == nil {
			free++
		}
	}
	require.Equal(t, windowBudget, s.total)
	require.Equal(t, int(windowBudget/(10*lockPause)), free)
}
