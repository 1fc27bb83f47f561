//go:build !windows

package installed

import (
	"os"
	"syscall"
)

// lockFlags are the flags for opening a lock file. O_NONBLOCK keeps a pipe in its place from blocking.
const lockFlags = os.O_CREATE | os.O_RDONLY | syscall.O_NONBLOCK

// sharing calls read. On this system a file is readable while it is replaced.
func sharing(read func() error) error { return read() }

// renaming calls rename. On this system a file can be replaced while it is read.
func renaming(rename func() error) error { return rename() }
