package fingerprint

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/denisbrodbeck/machineid"
	"golang.org/x/sys/unix"
)

// System reads the PC that the program runs on.
func System() *Reader { return &Reader{darwinSource{darwinSystem{}}} }

type darwinSystem struct{}

func (darwinSystem) machineID() (string, error) { return machineid.ID() }

func (darwinSystem) sysctl(name string) string {
	if text, err := unix.Sysctl(name); err == nil && len(text) > 4 {
		return text
	}
	if number, err := unix.SysctlUint32(name); err == nil {
		return fmt.Sprint(number)
	}
	return ""
}

// ioregTime bounds one run of ioreg, which reads from the kernel only.
const ioregTime = 5 * time.Second

// registry runs ioreg: the I/O Kit has no call that is open to programs without cgo.
func (darwinSystem) registry(arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ioregTime)
	defer cancel()
	return exec.CommandContext(ctx, "/usr/sbin/ioreg", append([]string{"-a", "-r"}, arguments...)...).Output()
}
