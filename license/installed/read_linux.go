package installed

import (
	"errors"
	"io/fs"
	"syscall"
)

// A program checks its license when it starts, so this file reads with as few system calls as possible. Package os
// would need twice as many, because it registers each file with the network poller and reads until the end of the file.

// readFile reads a regular file of at most limit bytes, and fails with fs.ErrInvalid for any other.
func readFile(path string, limit int64) (string, error) {
	fd, err := openFile(path, syscall.O_NONBLOCK) // does not block on a pipe without a writer
	return readOpen(fd, path, limit, err)
}

// readOpen reads and closes a file that was opened, unless that failed. A short file, as most are, takes one read: a
// read that returns less than it could has reached the end. Reads at an offset fail for pipes and folders.
func readOpen(fd int, path string, limit int64, failed error) (string, error) {
	if errors.Is(failed, syscall.ENXIO) || errors.Is(failed, syscall.ENODEV) { // a socket, or a device without a driver
		failed = fs.ErrInvalid
	}
	if failed != nil {
		return "", &fs.PathError{Op: "open", Path: path, Err: failed}
	}
	defer func() { _ = syscall.Close(fd) }()
	var begin [2 << 10]byte
	n, err := readAt(fd, path, begin[:], 0)
	switch {
	case errors.Is(err, syscall.ESPIPE) || errors.Is(err, syscall.EISDIR):
		return "", &fs.PathError{Op: "read", Path: path, Err: fs.ErrInvalid}
	case err != nil:
		return "", err
	case int64(n) > limit:
		return "", fs.ErrInvalid
	case n < len(begin):
		return string(begin[:n]), nil
	}
	var info syscall.Stat_t
	if err := syscall.Fstat(fd, &info); err != nil {
		return "", &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if info.Mode&syscall.S_IFMT != syscall.S_IFREG || info.Size > limit {
		return "", fs.ErrInvalid
	}
	content := append(make([]byte, 0, max(info.Size, int64(n))), begin[:n]...)
	for len(content) < cap(content) {
		n, err := readAt(fd, path, content[len(content):cap(content)], int64(len(content)))
		if err != nil {
			return "", err
		}
		if n == 0 { // the file was truncated
			break
		}
		content = content[:len(content)+n]
	}
	return string(content), nil
}

// readNames calls each with the names in a folder, in batches, until each returns false.
func readNames(dir string, each func(names []string) (more bool)) error {
	fd, err := openFile(dir, syscall.O_DIRECTORY)
	if err != nil {
		return &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	defer func() { _ = syscall.Close(fd) }()
	return readEntries(fd, dir, each)
}

// readEntries is readNames for an open folder.
func readEntries(fd int, dir string, each func(names []string) (more bool)) error {
	buffer := make([]byte, 4<<10)
	for {
		n, err := retry(func() (int, error) { return syscall.ReadDirent(fd, buffer) })
		if err != nil {
			return &fs.PathError{Op: "read", Path: dir, Err: err}
		}
		if n <= 0 {
			return nil
		}
		_, _, names := syscall.ParseDirent(buffer[:n], -1, nil)
		if !each(names) {
			return nil
		}
	}
}

func openFile(path string, flags int) (fd int, err error) {
	return retry(func() (int, error) { return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|flags, 0) })
}

func readAt(fd int, path string, into []byte, offset int64) (int, error) {
	n, err := retry(func() (int, error) { return syscall.Pread(fd, into, offset) })
	if err != nil {
		return 0, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return n, nil
}

// retry repeats a system call that a signal interrupts.
func retry(call func() (int, error)) (n int, err error) {
	for {
		if n, err = call(); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
