package admincli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// output is a file (mode 0600) that is written atomically. The name is reserved at the beginning, so that a long or
// unrepeatable command does not fail at its end because of an existing file.
type output struct{ path string }

// newOutput creates the file, which must not exist. It returns nil for "".
func newOutput(path string) (*output, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be written: %w", path, cause(err))
	}
	return &output{path}, f.Close()
}

// cause returns err without its path, for a message that names the path itself.
func cause(err error) error {
	var fault *os.PathError
	if errors.As(err, &fault) {
		return fault.Err
	}
	return err
}

// isJSON reports whether the name of the file has the extension of JSON.
func (o *output) isJSON() bool { return strings.EqualFold(filepath.Ext(o.path), ".json") }

// write replaces the content of the file with data. If it fails, it removes the file.
func (o *output) write(data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(o.path), ".acen-*") // mode 0600
	if err == nil {
		_, err = f.Write(data)
		if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
			err = os.Rename(f.Name(), o.path)
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the file %s cannot be written: %w", o.path, cause(err)), o.drop())
	}
	return nil
}

// drop removes the file.
func (o *output) drop() error {
	if o == nil {
		return nil
	}
	return os.Remove(o.path)
}
