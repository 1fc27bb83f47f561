//go:build !linux

package installed

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is a folder, whose path is walked for each of its files.
type folder struct{ dir string }

func openFolder(dir string) (folder, error) { return folder{dir}, nil }

func (folder) close() {}

// readNow reads a file of the folder, as the function readNow does.
func (f folder) readNow(name string, limit int64) (string, error) {
	return readNow(filepath.Join(f.dir, name), limit)
}

// readNow reads a file of at most limit bytes.
func readNow(path string, limit int64) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for somebody to write into it
		return "", fs.ErrInvalid
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	// One read gets all of a file that does not grow just now, and sees its end.
	content := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	_, err = content.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && int64(content.Len()) > limit {
		err = fs.ErrInvalid
	}
	return content.String(), err
}

// names gives the names in the folder to each, some at a time, until it wants no more.
func (f folder) names(each func(some []string) (more bool)) error {
	folder, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	for {
		some, err := folder.Readdirnames(256)
		if more := each(some); !more || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
