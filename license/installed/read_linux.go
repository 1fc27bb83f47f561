package installed

import (
	"errors"
	"io"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// A program checks its license at its start: files are read with as few calls of the system as can be, and a folder's
// path is walked once. Package os would make each file known to the poller of the network first.

// folder is an open folder.
type folder struct {
	dir    string
	fd     int
	listed bool // its names were read
	denied bool // its names may not be read
}

// openFolder opens a folder, and only its files when its names may not be read.
func openFolder(dir string) (folder, error) {
	fd, err := openAt(unix.AT_FDCWD, dir, unix.O_DIRECTORY)
	denied := errors.Is(err, fs.ErrPermission)
	if denied {
		fd, err = openAt(unix.AT_FDCWD, dir, unix.O_DIRECTORY|unix.O_PATH)
	}
	return folder{dir: dir, fd: fd, denied: denied}, err
}

func (f *folder) close() { _ = syscall.Close(f.fd) }

// openAt opens a file in a folder for reading. It does not wait for somebody to write into a pipe.
func openAt(folder int, path string, flags int) (fd int, err error) {
	for {
		fd, err = syscall.Openat(folder, path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|flags, 0)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV) { // a socket, or a device
		err = fs.ErrInvalid
	}
	if err != nil {
		return 0, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// readNow reads a file of at most limit bytes.
func readNow(path string, limit int64) (string, error) { return readAt(unix.AT_FDCWD, path, limit) }

// readNow reads a file of the folder, as the function readNow does.
func (f *folder) readNow(name string, limit int64) (string, error) { return readAt(f.fd, name, limit) }

// readAt reads a regular file of at most limit bytes; it fails with fs.ErrInvalid for others. A short one, as most are,
// is read with one call: where that gets less than it could, the file ends. Reading at an offset fails for pipes and
// folders.
func readAt(folder int, path string, limit int64) (string, error) {
	fd, err := openAt(folder, path, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = syscall.Close(fd) }()
	var begin [2 << 10]byte
	n, err := readOnce(fd, path, begin[:], 0)
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
		n, err := readOnce(fd, path, content[len(content):cap(content)], int64(len(content)))
		if err != nil {
			return "", err
		}
		if n == 0 { // it was made shorter
			break
		}
		content = content[:len(content)+n]
	}
	return string(content), nil
}

func readOnce(fd int, path string, into []byte, offset int64) (int, error) {
	for {
		n, err := syscall.Pread(fd, into, offset)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		return n, nil
	}
}

// names gives the names in the folder to each, some at a time, until it wants no more.
func (f *folder) names(each func(some []string) (more bool)) error {
	if f.denied {
		return &fs.PathError{Op: "open", Path: f.dir, Err: fs.ErrPermission}
	}
	if f.listed {
		if _, err := syscall.Seek(f.fd, 0, io.SeekStart); err != nil {
			return &fs.PathError{Op: "read", Path: f.dir, Err: err}
		}
	}
	f.listed = true
	buffer := make([]byte, 4<<10)
	for {
		n, err := syscall.ReadDirent(f.fd, buffer)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return &fs.PathError{Op: "read", Path: f.dir, Err: err}
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
