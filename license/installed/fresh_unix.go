//go:build !windows

package installed

import (
	"os"
	"syscall"
)

// freshFlags are the flags for creating a file exclusively. They do not follow a planted link.
const freshFlags = os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW
