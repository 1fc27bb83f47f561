package installed

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// errorSharingViolation is Windows' ERROR_SHARING_VIOLATION.
const errorSharingViolation = syscall.Errno(32)

// lockFlags are the flags for opening a lock file.
const lockFlags = os.O_CREATE | os.O_RDONLY

// sharingTries bounds the wait for another program, at lockPause a try.
const sharingTries = 100

// sharing does something with a file that another program may be opening or replacing at this moment, which Windows refuses
// for as long as that takes.
func sharing(do func() error) error {
	for range sharingTries {
		if err := do(); !errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, errorSharingViolation) {
			return err
		}
		time.Sleep(lockPause)
	}
	return do()
}
