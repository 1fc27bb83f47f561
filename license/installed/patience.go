package installed

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// Windows' error codes for a file that cannot be opened.
const (
	errorAccessDenied     = syscall.Errno(5)  // ERROR_ACCESS_DENIED: this person may not
	errorSharingViolation = syscall.Errno(32) // ERROR_SHARING_VIOLATION: another program has it open
)

// Limits of waiting for files that other programs have open. A start of a program falls into one window.
const (
	patienceFile   = 100 * time.Millisecond // for one file
	patienceTotal  = 500 * time.Millisecond // for all files in one window
	patienceWindow = 10 * time.Second
)

// patience retries reads of files that another program has open, and limits the time that this process waits for them:
// planted files that stay open must not delay a start. A file that stays open for patienceFile uses up the window.
type patience struct {
	now   func() time.Time
	sleep func(time.Duration)

	mu     sync.Mutex
	began  time.Time // of the window
	waited time.Duration
}

// read calls do until the file is not open elsewhere or patience ends, and returns the last error. It retries nothing
// else: a file that this person may not read stays so.
func (p *patience) read(do func() error) error {
	for waited := time.Duration(0); ; waited += lockPause {
		err := do()
		if !errors.Is(err, errorSharingViolation) || !p.wait(waited) {
			return err
		}
	}
}

// wait sleeps before the next try of a file that was waited for already. It returns false if patience ends.
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
