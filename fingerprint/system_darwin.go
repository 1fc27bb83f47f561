package fingerprint

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// System reads the PC that the program runs on.
func System() *Reader { return &Reader{darwinSource{darwinSystem{}}} }

type darwinSystem struct{}

func (darwinSystem) sysctl(name string) string {
	if text, err := unix.Sysctl(name); err == nil && len(text) > 4 {
		return text
	}
	if number, err := unix.SysctlUint32(name); err == nil {
		return fmt.Sprint(number)
	}
	return ""
}

// dataVolume asks where the data of the system are mounted: beside the sealed system volume, or on the root volume of a
// system that has no such volume.
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

// runTime bounds one run of a program, which reads from the kernel only.
const runTime = 5 * time.Second

// run runs a program: the I/O Kit has no call that is open to programs without cgo.
func (darwinSystem) run(path string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	return exec.CommandContext(ctx, path, arguments...).Output()
}
