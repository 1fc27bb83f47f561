//go:build unix

package faults

import "syscall"

// makePipe creates a named pipe, which blocks whoever opens it.
func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }
