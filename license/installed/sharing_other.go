//go:build !windows

package installed

import (
	"os"
	"syscall"
)

// lockFlags are the flags for opening a lock file. With O_NONBLOCK a pipe in its place does not block.
const lockFlags = os.O_CREATE | os.O_RDONLY | syscall.O_NONBLOCK

// freshFlags are the flags for making a file that is not there yet. They do not follow a link that somebody has
// planted.
const freshFlags = os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW

// sharing reads a file; here, one that is replaced meanwhile stays readable.
func sharing(read func() error) error { return read() }

// renaming replaces a file; here, one that is being read can be replaced.
func renaming(rename func() error) error { return rename() }
