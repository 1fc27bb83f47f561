package installed

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

// holdLock locks a program's folder, as another program would, until release.
func holdLock(t *testing.T, s *Store) (path string, release func()) {
	t.Helper()
	dir := ProgramFolder(s.Dir(), notepad)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	lock := flock.New(filepath.Join(dir, lockName))
	locked, err := lock.TryLock()
	require.NoError(t, err)
	require.True(t, locked)
	release = func() { require.NoError(t, lock.Unlock()) }
	t.Cleanup(release)
	return lock.Path(), release
}

// timers is a clock whose timers of LockTimeout fire when expired is closed, and whose other timers fire immediately.
type timers struct {
	timeouts []time.Duration
	pauses   int
	expired  chan time.Time
	onPause  func()
}

func (c *timers) after(d time.Duration) <-chan time.Time {
	if d != lockPause {
		c.timeouts = append(c.timeouts, d)
		return c.expired
	}
	c.pauses++
	c.onPause()
	fired := make(chan time.Time)
	close(fired)
	return fired
}

func TestLockTimeout(t *testing.T) {
	changes := map[string]func(context.Context, *Store) error{
		"generation": func(ctx context.Context, s *Store) error { _, err := s.Generation(ctx, notepad); return err },
		"update": func(ctx context.Context, s *Store) error {
			_, err := s.Update(ctx, notepad, func(*State) error { panic("called") })
			return err
		},
		"leave":     func(ctx context.Context, s *Store) error { return s.Leave(ctx, notepad, Spent{Codes: codesOf(t, 1)}) },
		"return":    func(ctx context.Context, s *Store) error { return s.UndoLeave(ctx, notepad, 1) },
		"settle":    func(ctx context.Context, s *Store) error { return s.Settle(ctx, notepad, 1) },
		"set aside": func(ctx context.Context, s *Store) error { _, err := s.SetAside(ctx, notepad); return err },
		"put":       func(ctx context.Context, s *Store) error { return s.Put(ctx, notepad, "a.acen", "x") },
		"erase": func(ctx context.Context, s *Store) error {
			return s.Erase(ctx, notepad, func(File) bool { return true })
		},
		"clock":   func(ctx context.Context, s *Store) error { return s.SetClock(ctx, notepad, Clock{}) },
		"contact": func(ctx context.Context, s *Store) error { return s.SetContact(ctx, notepad, Contact{}) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			clock := &timers{expired: make(chan time.Time)}
			clock.onPause = func() {
				if clock.pauses == 10 {
					close(clock.expired)
				}
			}
			s := Open(t.TempDir(), Options{After: clock.after})
			path, _ := holdLock(t, s)
			err := change(t.Context(), s)
			require.ErrorIs(t, err, ErrBusy)
			var busy *BusyError
			require.ErrorAs(t, err, &busy)
			require.Equal(t, path, busy.Path)
			require.Equal(t, 20*time.Second, busy.Waited)
			require.Contains(t, err.Error(), "has been holding "+path+" for 20 seconds")
			require.Equal(t, []time.Duration{20 * time.Second}, clock.timeouts, "one time limit for all attempts")
			require.GreaterOrEqual(t, clock.pauses, 10)
		})
	}
}

func TestLockReleasedInTime(t *testing.T) {
	clock := &timers{expired: make(chan time.Time)}
	s := Open(t.TempDir(), Options{After: clock.after, LockTimeout: time.Minute})
	_, release := holdLock(t, s)
	clock.onPause = func() {
		if clock.pauses == 10 {
			release()
		}
	}
	_, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{time.Minute}, clock.timeouts)
	require.Equal(t, 10, clock.pauses)
}

// Locking a free lock starts no timer.
func TestFreeLock(t *testing.T) {
	s := Open(t.TempDir(), Options{After: func(time.Duration) <-chan time.Time { panic("called") }})
	_, err := s.Generation(t.Context(), notepad)
	require.NoError(t, err)
}

func TestBusyError(t *testing.T) {
	for text, e := range map[string]BusyError{
		"another program (notepad, process 4711) has been holding /x/lock for 20 seconds": {
			Path:   "/x/lock",
			Holder: "notepad, process 4711",
			Waited: 20 * time.Second,
		},
		"another program has been holding /x/lock for 0.5 seconds": {Path: "/x/lock", Waited: 500 * time.Millisecond},
	} {
		require.EqualError(t, &e, text)
	}
}

// A lock file that is not a regular file is reported and not changed.
func TestLockIsNotAFile(t *testing.T) {
	for name, create := range specialFiles(t) {
		t.Run(name, func(t *testing.T) {
			s := Open(t.TempDir(), fixed())
			dir := ProgramFolder(s.Dir(), notepad)
			require.NoError(t, os.MkdirAll(dir, 0o700))
			path := filepath.Join(dir, lockName)
			create(t, path)
			before, err := os.Lstat(path)
			require.NoError(t, err)
			_, err = s.Generation(t.Context(), notepad)
			require.ErrorContains(t, err, path+": not a regular file")
			require.ErrorContains(t, s.Put(t.Context(), notepad, "a.acen", "x"), path)
			after, err := os.Lstat(path)
			require.NoError(t, err)
			require.True(t, os.SameFile(before, after))
			require.NoFileExists(t, filepath.Join(dir, stateName))
		})
	}
}

// A pc.json that is too large or not a regular file is set aside like a damaged one.
func TestStateIsNotAFile(t *testing.T) {
	kinds := specialFiles(t)
	kinds["too large"] = func(t *testing.T, path string) {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Truncate(path, maxState+1))
	}
	kinds["a folder with something in it"] = func(t *testing.T, path string) {
		require.NoError(t, os.MkdirAll(filepath.Join(path, "pc.json"), 0o700))
	}
	for name, create := range kinds {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
			s := Open(t.TempDir(), Options{Rand: fixed().Rand, Now: func() time.Time { return now }})
			dir := ProgramFolder(s.Dir(), notepad)
			require.NoError(t, os.MkdirAll(dir, 0o700))
			for n := range 3 { // names do not collide
				create(t, filepath.Join(dir, stateName))
				_, err := s.State(notepad)
				require.ErrorIs(t, err, ErrDamaged)
				_, err = s.Generation(t.Context(), notepad)
				require.ErrorIs(t, err, ErrDamaged)
				list, err := s.States()
				require.NoError(t, err)
				require.Empty(t, list)
				want := "pc.json.damaged-20261125-120000"
				if n > 0 {
					want += "-" + strconv.Itoa(n+1)
				}
				aside, err := s.SetAside(t.Context(), notepad)
				require.NoError(t, err)
				require.Equal(t, want, aside)
				_, err = os.Lstat(filepath.Join(dir, aside))
				require.NoError(t, err)
			}
			_, err := s.Generation(t.Context(), notepad)
			require.NoError(t, err)
		})
	}
}
