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

// dataVolume returns the name of the volume with the system's data: the one beside the sealed system volume, or the
// root volume of a system without a sealed one.
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

// run runs a program and returns its output, because the I/O Kit cannot be called without cgo.
func (darwinSystem) run(path string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	return exec.CommandContext(ctx, path, arguments...).Output()
}
