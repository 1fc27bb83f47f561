package installed

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// resolveCached is RESOLVE_CACHED of linux/openat2.h: the path is resolved without a wait or not at all (Linux 5.12).
const resolveCached = 0x20

// Direct returns a view of the same folder that the caller may read without a time limit, or false. Its folder is on
// the root file system: if that does not respond, this process cannot continue either. The path is resolved without
// symbolic links or mount points that lead to another file system, and without blocking, for instance on an
// automount. The caller must call Close, and discard what it has read if Close returns false.
func (v *View) Direct() (*View, bool) {
	if v.err != nil || !filepath.IsAbs(v.dir) {
		return nil, false
	}
	return v.directAt(unix.AT_FDCWD, v.dir, resolveCached)
}

// directAt is Direct for a path below an open folder, which replaces the root file system, and with flags for
// resolving it.
func (v *View) directAt(root int, path string, resolve uint64) (*View, bool) {
	fd, err := openInside(root, path, unix.O_DIRECTORY, resolve)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &View{dir: v.dir, signature: v.signature, err: fs.ErrNotExist}, true
	case err != nil:
		return nil, false
	}
	return &View{dir: v.dir, signature: v.signature, direct: &directFolder{fd: fd}}, true
}

// Close closes a view that Direct returned. It returns false if a file of the folder is a symbolic link or on another
// file system. Such a file was not read.
func (v *View) Close() (complete bool) {
	if v.direct == nil {
		return true
	}
	return v.direct.close()
}

// directFolder is an open folder whose files are read only if they are on its file system.
type directFolder struct {
	fd     int
	listed bool // readNames was called
	left   bool // a file is on another file system
}

func (d *directFolder) readFile(name string, limit int64) (string, error) {
	fd, err := openInside(d.fd, name, unix.O_NONBLOCK, unix.RESOLVE_NO_SYMLINKS)
	if errors.Is(err, unix.EXDEV) || errors.Is(err, unix.ELOOP) {
		d.left = true
	}
	return readOpen(fd, name, limit, err)
}

func (d *directFolder) readNames(each func(names []string) (more bool)) error {
	if d.listed {
		if _, err := syscall.Seek(d.fd, 0, io.SeekStart); err != nil {
			return os.NewSyscallError("seek", err)
		}
	}
	d.listed = true
	return readEntries(d.fd, ".", each)
}

func (d *directFolder) close() (complete bool) {
	_ = syscall.Close(d.fd)
	return !d.left
}

// openInside opens a file below a folder for reading unless it is on another file system.
func openInside(folder int, path string, flags int, resolve uint64) (fd int, err error) {
	how := unix.OpenHow{
		Flags:   uint64(unix.O_RDONLY | unix.O_CLOEXEC | flags),
		Resolve: unix.RESOLVE_NO_XDEV | resolve,
	}
	return retry(func() (int, error) { return unix.Openat2(folder, path, &how) })
}
