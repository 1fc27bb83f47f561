//go:build !linux

package installed

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// readNow reads a file of at most limit bytes.
func readNow(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for somebody to write into it
		return nil, fs.ErrInvalid
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// One read gets all of a file that does not grow just now, and sees its end.
	content := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	_, err = content.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && int64(content.Len()) > limit {
		err = fs.ErrInvalid
	}
	return content.Bytes(), err
}

// readNames gives the names in a folder to each, some at a time, until it wants no more.
func readNames(dir string, each func(some []string) (more bool)) error {
	folder, err := os.Open(dir)
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
