//go:build !linux

package installed

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// readFile reads a regular file of at most limit bytes, and fails with fs.ErrInvalid for any other.
func readFile(path string, limit int64) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe would block
		return "", fs.ErrInvalid
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	// With a larger buffer than the file, one read gets all of it and its end.
	content := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	_, err = content.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && int64(content.Len()) > limit {
		err = fs.ErrInvalid
	}
	return content.String(), err
}

// readNames calls each with the names in a folder, in batches, until each returns false.
func readNames(dir string, each func(names []string) (more bool)) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	for {
		names, err := folder.Readdirnames(256)
		if more := each(names); !more || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
