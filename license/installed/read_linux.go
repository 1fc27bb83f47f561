package installed

import (
	"errors"
	"io/fs"
	"syscall"
)

// A program checks its license at its start: files are read with as few calls of the system as can be. Package os would make
// each known to the poller of the network first.

// open opens a file for reading. It does not wait for somebody to write into a pipe.
func open(path string, flags int) (fd int, err error) {
	for {
		fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|flags, 0)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return 0, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// readNow reads a file of at most limit bytes, as long as it was when it was opened.
func readNow(path string, limit int64) ([]byte, error) {
	fd, err := open(path, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	var info syscall.Stat_t
	if err := syscall.Fstat(fd, &info); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if info.Mode&syscall.S_IFMT != syscall.S_IFREG || info.Size > limit {
		return nil, fs.ErrInvalid
	}
	content := make([]byte, info.Size)
	for read := 0; read < len(content); {
		n, err := syscall.Read(fd, content[read:])
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 { // it was made shorter
			return content[:read], nil
		}
		read += n
	}
	return content, nil
}

// readNames gives the names in a folder to each, some at a time, until it wants no more.
func readNames(dir string, each func(some []string) (more bool)) error {
	fd, err := open(dir, syscall.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(fd) }()
	buffer := make([]byte, 8<<10)
	for {
		n, err := syscall.ReadDirent(fd, buffer)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
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
