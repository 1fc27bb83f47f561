package fingerprint

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/denisbrodbeck/machineid"
	"golang.org/x/sys/unix"
)

// System returns a Reader of the PC that the program runs on.
func System() *Reader {
	root := os.DirFS("/")
	return &Reader{linuxSource{
		root:             root,
		machineID:        systemMachineID,
		permanentAddress: permanentAddress,
		fileSystemID: func(point string) string {
			var s unix.Statfs_t
			if unix.Statfs(point, &s) != nil {
				return ""
			}
			return statfsID(s.Fsid.Val[0], s.Fsid.Val[1])
		},
	}}
}

// systemMachineID returns the machine ID. It skips an empty file, which package machineid returns as an empty ID.
func systemMachineID() (string, error) {
	if id, err := machineid.ID(); err == nil && id != "" {
		return id, nil
	}
	return treeMachineID(os.DirFS("/"))()
}

// permAddr is struct ethtool_perm_addr of linux/ethtool.h with space for the longest address.
type permAddr struct {
	cmd, size uint32
	data      [32]byte
}

// ifreq is struct ifreq of linux/if.h with a pointer in its union.
type ifreq struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte
}

// permanentAddress asks the kernel for a permanent address (ETHTOOL_GPERMADDR), which every user may.
func permanentAddress(name string) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	address := permAddr{cmd: unix.ETHTOOL_GPERMADDR, size: 32}
	request := ifreq{data: unsafe.Pointer(&address)}
	if len(name) >= len(request.name) {
		return ""
	}
	copy(request.name[:], name)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 || address.size != 6 {
		return ""
	}
	return fmt.Sprintf("%x", address.data[:6])
}

// statfsID formats a file-system id.
func statfsID(a, b int32) string {
	if a == 0 && b == 0 {
		return ""
	}
	return fmt.Sprintf("%08x%08x", uint32(a), uint32(b))
}
