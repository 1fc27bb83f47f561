//go:build startprofile && linux

// Package startprofile records a profile of a program's start from its main function on, for make bench. It does so
// only in programs that are built with the tag startprofile.
package startprofile

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/trace"
	"syscall"
)

// sampleRate is the rate of CPU samples, in hertz.
const sampleRate = 2000

// Begin records an execution trace with CPU samples until the process receives SIGUSR1, and then renames the complete
// file to path. If path is "", it does nothing.
func Begin(path string) {
	if path == "" {
		return
	}
	f, err := os.Create(path + ".part")
	if err != nil {
		fmt.Fprintf(os.Stderr, "The start cannot be recorded: %v.\n", err)
		return
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGUSR1)
	runtime.SetCPUProfileRate(sampleRate)
	if err := trace.Start(f); err != nil {
		fmt.Fprintf(os.Stderr, "The start cannot be recorded: %v.\n", err)
		return
	}
	go func() {
		<-end
		trace.Stop()
		runtime.SetCPUProfileRate(0)
		if err := errors.Join(f.Close(), os.Rename(f.Name(), path)); err != nil {
			fmt.Fprintf(os.Stderr, "The start cannot be recorded: %v.\n", err)
		}
	}()
}
