package opener

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// seErrNoAssoc is SE_ERR_NOASSOC, which ShellExecute returns if no program is configured.
const seErrNoAssoc = windows.Errno(31)

// start opens the address with ShellExecute. The buffered channel receives its error, or nil.
func start(address string) (<-chan error, error) {
	file, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return nil, ErrAddress
	}
	verb, err := windows.UTF16PtrFromString("open")
	if err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() {
		err := windows.ShellExecute(0, verb, file, nil, nil, windows.SW_SHOWNORMAL)
		switch {
		case errors.Is(err, windows.ERROR_NO_ASSOCIATION), errors.Is(err, seErrNoAssoc):
			err = ErrNoHandler
		case err != nil:
			err = fmt.Errorf("the program for this address could not be started: %w", err)
		}
		done <- err
	}()
	return done, nil
}

// hideConsole hides the console window of a helper.
func hideConsole(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true} }
