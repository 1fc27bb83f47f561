package installed

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/sys/unix"
)

// holder returns the name and ID of the process that holds a lock on a file, or "" if they are unknown.
func holder(path string) string {
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	file, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := file.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	device := fmt.Sprintf("%02x:%02x", unix.Major(stat.Dev), unix.Minor(stat.Dev))
	for _, l := range parseLocks(string(locks)) {
		if l.inode == stat.Ino && (l.device == device || opens(l.pid, file)) {
			if name := processName(l.pid); name != "" {
				return fmt.Sprintf("%s, process %d", name, l.pid)
			}
		}
	}
	return ""
}

type heldLock struct {
	pid    int
	device string
	inode  uint64
}

// parseLocks returns the held locks from the text of /proc/locks, whose lines look like
//
//	1: FLOCK  ADVISORY  WRITE 4711 fe:00:9978060 0 EOF
//	1: -> FLOCK  ADVISORY  WRITE 4712 fe:00:9978060 0 EOF
//
// The second line is a waiter and is skipped, and so are locks without a process ID in this namespace.
func parseLocks(text string) (list []heldLock) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 8 {
			continue
		}
		pid, err := strconv.Atoi(fields[4])
		i := strings.LastIndexByte(fields[5], ':')
		if err != nil || pid <= 0 || i < 0 {
			continue
		}
		inode, err := strconv.ParseUint(fields[5][i+1:], 10, 64)
		if err == nil {
			list = append(list, heldLock{pid: pid, device: fields[5][:i], inode: inode})
		}
	}
	return list
}

// opens reports whether a process has a file open. It identifies the file where /proc/locks names another device, as on
// btrfs.
func opens(pid int, file os.FileInfo) bool {
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return false
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && os.SameFile(info, file) {
			return true
		}
	}
	return false
}

// processName returns the name of a process in printable characters; "" if there is no such process.
func processName(pid int) string {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(content))
}
