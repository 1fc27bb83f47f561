//go:build unix

package faults

import "syscall"

// makePipe makes what blocks whoever opens it.
func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }
