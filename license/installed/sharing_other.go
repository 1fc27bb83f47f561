//go:build !windows

package installed

import (
	"os"
	"syscall"
)

// lockFlags are the flags for opening a lock file. With O_NONBLOCK a pipe in its place does not block.
const lockFlags = os.O_CREATE | os.O_RDONLY | syscall.O_NONBLOCK

// sharing does something with a file; here, one that is replaced while it is read stays readable.
func sharing(do func() error) error { return do() }
