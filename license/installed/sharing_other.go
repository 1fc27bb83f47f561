//go:build !windows

package installed

import (
	"os"
	"syscall"
)

// lockFlags are the flags for opening a lock file. With O_NONBLOCK a pipe in its place does not block.
const lockFlags = os.O_CREATE | os.O_RDONLY | syscall.O_NONBLOCK

// freshFlags are the flags for making a file that is not there yet. They do not follow a link that somebody has planted.
const freshFlags = os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW

// deniedTries is how often a file is read that may not be read.
const deniedTries = 1

// readSharing reads a file; here, one that is replaced while it is read stays readable.
func readSharing(_ *int, read func() error) error { return read() }

// sharing does something with a file; here, one that is replaced while it is read stays readable.
func sharing(do func() error) error { return do() }
