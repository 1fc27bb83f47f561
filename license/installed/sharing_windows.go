package installed

import (
	"errors"
	"os"
	"time"
)

// lockFlags are the flags for opening a lock file.
const lockFlags = os.O_CREATE | os.O_RDONLY

var systemBudget = readBudget{now: time.Now, sleep: time.Sleep}

// sharing retries read while another program replaces the file, because Windows refuses to open it meanwhile.
func sharing(read func() error) error { return systemBudget.read(read) }

// renameTries limits the number of attempts of a rename, at intervals of lockPause.
const renameTries = 100

// renaming retries rename while another program reads the file, because Windows refuses to replace it meanwhile, with
// ERROR_ACCESS_DENIED.
func renaming(rename func() error) error {
	for range renameTries {
		if err := rename(); !errors.Is(err, errorAccessDenied) && !errors.Is(err, errorSharingViolation) {
			return err
		}
		time.Sleep(lockPause)
	}
	return rename()
}
