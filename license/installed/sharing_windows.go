package installed

import (
	"errors"
	"os"
	"time"
)

// lockFlags are the flags for opening a lock file.
const lockFlags = os.O_CREATE | os.O_RDONLY

var reading = patience{now: time.Now, sleep: time.Sleep}

// sharing reads a file that another program may be replacing, which Windows refuses for as long as that takes.
func sharing(read func() error) error { return reading.read(read) }

// renameTries limits how often a rename is tried, at intervals of lockPause.
const renameTries = 100

// renaming replaces a file that another program may be reading. Windows refuses that for as long as it takes, and
// denies access rather than to name the reason.
func renaming(rename func() error) error {
	for range renameTries {
		if err := rename(); !errors.Is(err, errorAccessDenied) && !errors.Is(err, errorSharingViolation) {
			return err
		}
		time.Sleep(lockPause)
	}
	return rename()
}
