package installed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/acen-desktop/acen/license"
)

const (
	// lockTimeout is the default of Options.LockTimeout.
	lockTimeout = 20 * time.Second
	// lockPause is the time between two attempts to get a lock.
	lockPause = 5 * time.Millisecond
)

// ErrBusy is returned if another program holds the lock of a folder for longer than Options.LockTimeout. The error is a
// *BusyError.
var ErrBusy = errors.New("another program holds the lock of this program's license folder")

// BusyError describes a lock that could not be acquired.
type BusyError struct {
	// Path is the lock file.
	Path string
	// Holder is the name and ID of the process that holds the lock, such as "notepad, process 4711"; "" if unknown.
	Holder string
	// Waited is how long the caller waited for the lock.
	Waited time.Duration
}

// Error names the holder and the lock file.
func (e *BusyError) Error() string {
	who := "another program"
	if e.Holder != "" {
		who += " (" + e.Holder + ")"
	}
	return fmt.Sprintf("%s has been holding %s for %g seconds", who, e.Path, e.Waited.Seconds())
}

// Unwrap returns ErrBusy.
func (e *BusyError) Unwrap() error { return ErrBusy }

// lock creates the folder of a signature and locks it against changes until unlock. It fails with a *BusyError if it
// cannot acquire the lock within Options.LockTimeout.
func (s *Store) lock(ctx context.Context, signature license.Signature) (unlock func(), err error) {
	return s.lockFolder(ctx, ProgramFolder(s.dir, signature))
}

// lockFolder is lock for a folder.
func (s *Store) lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, folderError(dir, err)
	}
	path := filepath.Join(dir, lockName)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: errors.New("not a regular file")}
	}
	lock := flock.New(path, flock.SetFlag(lockFlags), flock.SetPermissions(0o600))
	var expired <-chan time.Time
	for {
		if err := ctx.Err(); errors.Is(err, context.Canceled) { // a free lock is acquired even after a deadline
			return nil, err
		}
		switch locked, err := s.o.tryLock(lock); {
		case err != nil:
			return nil, folderError(dir, err)
		case locked:
			return func() { _ = lock.Unlock() }, nil
		}
		if expired == nil {
			expired = s.o.After(s.o.LockTimeout)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-expired:
			return nil, &BusyError{Path: path, Holder: holder(path), Waited: s.o.LockTimeout}
		case <-s.o.After(lockPause):
		}
	}
}

// lockFiles is lock for changes that do not use the state. It moves the state of a trial version into the folder "old".
// It fails with ErrNewer if a newer version wrote the state.
func (s *Store) lockFiles(ctx context.Context, signature license.Signature) (unlock func(), err error) {
	unlock, err = s.lock(ctx, signature)
	if err != nil {
		return nil, err
	}
	if _, err := s.current(signature); errors.Is(err, ErrNewer) {
		unlock()
		return nil, err
	}
	return unlock, nil
}
