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

// Time limits for retries of files that other programs have open. A start of a program is shorter than a window.
const (
	patienceFile   = 100 * time.Millisecond // of one file
	patienceTotal  = 500 * time.Millisecond // of all files in one window
	patienceWindow = 10 * time.Second
)

// patience retries reads of files that another program has open, within a time budget of the process: planted files
// that stay open must not delay a start. A file that stays open for patienceFile uses up the budget of the window.
type patience struct {
	now   func() time.Time
	sleep func(time.Duration)

	mu     sync.Mutex
	began  time.Time // of the window
	waited time.Duration
}

// read retries do while it fails with ERROR_SHARING_VIOLATION and the budget lasts, and returns the last error. Other
// errors are not retried: permissions do not change by waiting.
func (p *patience) read(do func() error) error {
	for waited := time.Duration(0); ; waited += lockPause {
		err := do()
		if !errors.Is(err, errorSharingViolation) || !p.wait(waited) {
			return err
		}
	}
}

// wait sleeps before the next try of a file, for which the process has waited already. It returns false if the budget
// is used up.
func (p *patience) wait(waited time.Duration) bool {
	p.mu.Lock()
	if now := p.now(); p.began.IsZero() || now.Sub(p.began) >= patienceWindow {
		p.began, p.waited = now, 0
	}
	if waited >= patienceFile {
		p.waited = patienceTotal
	}
	more := p.waited < patienceTotal
	if more {
		p.waited += lockPause
	}
	p.mu.Unlock()
	if more {
		p.sleep(lockPause)
	}
	return more
}
