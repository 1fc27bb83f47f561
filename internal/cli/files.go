package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxText is the maximum size in bytes of a text that a command reads.
const maxText = 1 << 20

// text reads a file of at most maxText bytes, or standard input for "-".
func (cs *commandSet) text(file string) (string, error) {
	var from io.Reader = cs.in.reader
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usageError{err}
		}
		defer f.Close()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, maxText+1))
	if err == nil && len(data) > maxText {
		err = usageError{fmt.Errorf("%s has more than %d KiB", file, maxText>>10)}
	}
	return string(data), err
}

// writeText writes a new file that only its owner can access.
func writeText(name, text string) error {
	return writeNew(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// writeNew writes a new file that only its owner can access.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usageError{fmt.Errorf("the file cannot be written: %w", err)}
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("the file cannot be written: %w", err)
	}
	return nil
}
