package installed

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// Windows' error codes for a file that cannot be opened.
const (
	errorAccessDenied     = syscall.Errno(5)  // ERROR_ACCESS_DENIED
	errorSharingViolation = syscall.Errno(32) // ERROR_SHARING_VIOLATION: another program has the file open
)

// Time limits for retries of files that other programs have open. The window is longer than a start of a program.
const (
	fileBudget   = 100 * time.Millisecond // of one file
	windowBudget = 500 * time.Millisecond // of all files in one window
	budgetWindow = 10 * time.Second
)

// readBudget limits how long the process retries reads of files that another program has open, so that planted files
// cannot delay a start. A file that stays open for fileBudget uses up the budget of the window.
type readBudget struct {
	now   func() time.Time
	sleep func(time.Duration)

	mu     sync.Mutex
	began  time.Time // of the window
	waited time.Duration
}

// read retries do while it fails with ERROR_SHARING_VIOLATION and the budget lasts, and returns the last error. Other
// errors are not retried: permissions do not change by waiting.
func (b *readBudget) read(do func() error) error {
	for waited := time.Duration(0); ; waited += lockPause {
		err := do()
		if !errors.Is(err, errorSharingViolation) || !b.wait(waited) {
			return err
		}
	}
}

// wait sleeps before the next attempt to read a file, for which the process has waited already. It returns false if
// the budget is used up.
func (b *readBudget) wait(waited time.Duration) bool {
	b.mu.Lock()
	if now := b.now(); b.began.IsZero() || now.Sub(b.began) >= budgetWindow {
		b.began, b.waited = now, 0
	}
	if waited >= fileBudget {
		b.waited = windowBudget
	}
	more := b.waited < windowBudget
	if more {
		b.waited += lockPause
	}
	b.mu.Unlock()
	if more {
		b.sleep(lockPause)
	}
	return more
}
