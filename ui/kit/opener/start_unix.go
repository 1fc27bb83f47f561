//go:build !windows

package opener

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
)

// start starts the system's helper. The buffered channel receives its error, or nil, when the helper has ended.
func start(address string) (<-chan error, error) {
	helper := "xdg-open"
	if runtime.GOOS == "darwin" {
		helper = "/usr/bin/open"
	}
	cmd := exec.Command(helper, address)
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, ErrNoOpener
		}
		return nil, fmt.Errorf("%s cannot be started: %w", helper, err)
	}
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit) && runtime.GOOS == "darwin":
			done <- ErrNoHandler
		case errors.As(err, &exit):
			done <- exitError(exit.ExitCode())
		default:
			done <- err
		}
	}()
	return done, nil
}

// hideConsole does nothing: helpers open no console on this system.
func hideConsole(*exec.Cmd) {}
