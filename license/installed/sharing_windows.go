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

// freshFlags are the flags for making a file that is not there yet.
const freshFlags = os.O_CREATE | os.O_EXCL

// deniedTries is how often all files of a folder together are tried again that Windows refuses to read: for a moment while
// they are replaced, or for good because this account may not read them.
const deniedTries = 10

// readSharing reads a file that another program may be replacing at this moment. All files that are read with the same
// left share its tries, so that a folder full of files that may not be read costs no more than one of them.
func readSharing(left *int, read func() error) error {
	for {
		err := read()
		if !errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, errorSharingViolation) || *left <= 0 {
			return err
		}
		*left--
		time.Sleep(lockPause)
	}
}

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
