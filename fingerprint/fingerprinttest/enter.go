package fingerprinttest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"
)

// EnterScript is a bash script that runs a command on a fake PC: given the folder that Write wrote, and a command, it
// mounts that hardware over the machine's and executes the command. It must run as root in its own mount namespace.
const EnterScript = `set -eu
tree=$1; shift
mount --make-rprivate /
mount -t tmpfs tmpfs /run
cp -a "$tree/run/." /run/
mount --bind "$tree/proc/cpuinfo" /proc/cpuinfo
for id in /etc/machine-id /var/lib/dbus/machine-id; do
  [ ! -e "$id" ] || mount --bind "$tree/etc/machine-id" "$id"
done
mount --rbind "$tree/sys" /sys
exec "$@"`

// Write writes the tree of a PC to a folder for EnterScript, with the real device number of the root file system, which
// the kernel reports.
func Write(dir string, tree fstest.MapFS) error {
	device, err := rootDevice()
	if err != nil {
		return err
	}
	for path, file := range tree {
		full := filepath.Join(dir, filepath.FromSlash(strings.ReplaceAll(path, "8:2", device)))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if file.Mode&fs.ModeSymlink != 0 {
			err = os.Symlink(string(file.Data), full)
		} else {
			err = os.WriteFile(full, []byte(strings.ReplaceAll(string(file.Data), "8:2", device)), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rootDevice returns major:minor of the root file system.
func rootDevice() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.SplitSeq(string(mounts), "\n") {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == "/" {
			return fields[2], nil
		}
	}
	return "", errors.New("the root file system is not mounted")
}
