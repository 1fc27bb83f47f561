//go:build !windows

package installed

import (
	"os"
	"syscall"
)

// freshFlags are the flags for making a file that is not there yet. They do not follow a link that somebody has
// planted.
const freshFlags = os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW
