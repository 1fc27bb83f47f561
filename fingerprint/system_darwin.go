package fingerprint

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// System returns a Reader of the PC that the program runs on.
func System() *Reader { return &Reader{darwinSource{darwinSystem{}}} }

type darwinSystem struct{}

// sysctl returns a kernel variable, text or a number. A value of up to four bytes is a number.
func (darwinSystem) sysctl(name string) string {
	if text, err := unix.Sysctl(name); err == nil && len(text) > 4 {
		return text
	}
	if number, err := unix.SysctlUint32(name); err == nil {
		return fmt.Sprint(number)
	}
	return ""
}

// dataVolume returns the BSD name of the data volume, or of the root volume if the system has no separate data volume.
func (darwinSystem) dataVolume() string {
	for _, path := range []string{"/System/Volumes/Data", "/"} {
		var s unix.Statfs_t
		if unix.Statfs(path, &s) != nil {
			continue
		}
		if name, ok := strings.CutPrefix(unix.ByteSliceToString(s.Mntfromname[:]), "/dev/"); ok {
			return name
		}
	}
	return ""
}

// runTime limits one run of a program.
const runTime = 5 * time.Second

// run runs a program and returns its output, because the I/O Kit cannot be called without cgo.
func (darwinSystem) run(path string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	return exec.CommandContext(ctx, path, arguments...).Output()
}
