package installed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"github.com/acen-desktop/acen/license"
)

// DefaultDiskTimeout is the default of Options.DiskTimeout.
const DefaultDiskTimeout = 3 * time.Second

var (
	// ErrNoHome is returned by a store without a folder, because HOME is not set or is not an absolute path.
	ErrNoHome = errors.New("there is no home folder for the licenses: HOME is not set, or is not an absolute path")
	// ErrTimeout is returned for a folder that does not respond in time, such as one on a disconnected network drive.
	ErrTimeout = errors.New("the folder does not answer")
)

// FolderError is an unusable folder with the reason, in words that a person can act on.
type FolderError struct {
	// Dir is the folder.
	Dir string
	// Err is ErrTimeout or the system's error.
	Err error
}

// Error names the folder and the reason.
func (e *FolderError) Error() string {
	for _, one := range folderReasons {
		if errors.Is(e.Err, one.err) {
			return fmt.Sprintf(one.text, e.Dir)
		}
	}
	return fmt.Sprintf("the license folder %s cannot be used: %v", e.Dir, e.Err)
}

// Unwrap returns the reason.
func (e *FolderError) Unwrap() error { return e.Err }

var folderReasons = []struct {
	err  error
	text string // of the folder
}{
	{ErrTimeout, "the license folder %s does not answer; it may be on a network drive that cannot be reached"},
	{syscall.ESTALE, "the license folder %s does not answer; it may be on a network drive that cannot be reached"},
	{syscall.EROFS, "the license folder %s is on a disk that can only be read"},
	{syscall.ENOLCK, "the license folder %s is on a disk that cannot lock files, such as an old network drive"},
	{syscall.ENOTSUP, "the license folder %s is on a disk that cannot lock files, such as an old network drive"},
	{syscall.ENOSYS, "the license folder %s is on a disk that cannot lock files, such as an old network drive"},
	{syscall.ENOSPC, "the disk of the license folder %s is full"},
	{syscall.EDQUOT, "the disk of the license folder %s is full for this account"},
	{fs.ErrPermission, "this account may not use the license folder %s"},
}

// folderError wraps an error of a change in a folder; nil stays nil.
func folderError(dir string, err error) error {
	if err == nil {
		return nil
	}
	return &FolderError{Dir: filepath.Clean(dir), Err: err}
}

// RunUntil runs do in a goroutine and returns its result, or false if expired fires first, because access to a folder
// on a disconnected network drive may block forever. The goroutine is then abandoned. It may still complete, so do
// must not share memory with the caller.
func RunUntil[T any](expired <-chan time.Time, do func() T) (result T, ok bool) {
	done := make(chan T, 1)
	go func() { done <- do() }()
	select {
	case result = <-done:
		return result, true
	case <-expired:
		return result, false
	}
}

// within is RunUntil for the folder of a program. It fails with ErrNoHome or ErrTimeout.
func within[T any](s *Store, signature license.Signature, limit time.Duration, do func() (T, error)) (T, error) {
	return withinFolder(s, ProgramFolder(s.dir, signature), limit, do)
}

// withinFolder is within for a folder of the store, which the error names.
func withinFolder[T any](s *Store, dir string, limit time.Duration, do func() (T, error)) (T, error) {
	type both struct {
		value T
		err   error
	}
	if s.dir == "" {
		return both{}.value, ErrNoHome
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	result, ok := RunUntil(timer.C, func() both {
		value, err := do()
		return both{value, err}
	})
	if !ok {
		return result.value, folderError(dir, ErrTimeout)
	}
	return result.value, result.err
}

// change is within for a change that returns only an error.
func (s *Store) change(ctx context.Context, signature license.Signature, do func() error) error {
	_, err := within(s, signature, s.changeTime(ctx), func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// changeTime returns the time limit of a change. It is shorter if the context has a deadline, because the change can
// be made at a later start of the program.
func (s *Store) changeTime(ctx context.Context) time.Duration {
	if _, hurried := ctx.Deadline(); hurried {
		return s.o.DiskTimeout
	}
	return s.o.LockTimeout + 3*s.o.DiskTimeout
}
