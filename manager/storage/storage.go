// Package storage has the errors of the app's data on this PC: the data file and the license folder.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license/installed"
)

var (
	// ErrStorage is the error for local data that cannot be read or written; its text says why.
	ErrStorage = errors.New("the local data cannot be read or written")
	// ErrDamaged is the cause of an ErrStorage for damaged data. A damaged data file should be set aside.
	ErrDamaged = errors.New("the local data file is damaged")
)

// Error is an ErrStorage with a sentence about what is wrong with the disk.
type Error struct {
	text  client.Text
	cause error
}

// Error returns the text of ErrStorage and the sentence.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", ErrStorage, e.text) }

// Text returns the sentence.
func (e *Error) Text() client.Text { return e.text }

// Unwrap returns ErrStorage and the cause.
func (e *Error) Unwrap() []error { return []error{ErrStorage, e.cause} }

// Wrap turns an error of the data file into an ErrStorage whose text says what is wrong with the disk. It returns nil
// for nil, and the errors of a context as they are.
func Wrap(err error) error {
	if err == nil || errors.Is(err, ErrStorage) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, ErrDamaged) {
		return &Error{client.Textf("the data file is damaged"), ErrDamaged}
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
			return &Error{client.Textf("the data file is damaged"), ErrDamaged}
		case lib.SQLITE_FULL:
			return &Error{client.Textf("the disk is full"), err}
		case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
			return &Error{client.Textf("the folder cannot be written"), err}
		case lib.SQLITE_IOERR:
			return &Error{client.Textf("the disk is full or failing"), err}
		}
	}
	var path *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return &Error{client.Textf("the disk is full"), err}
	case errors.Is(err, fs.ErrPermission):
		return &Error{client.Textf("the folder cannot be written"), err}
	case errors.As(err, &path):
		return &Error{client.Textf("%s: %s", path.Path, path.Err), err}
	}
	return fmt.Errorf("%w: %w", ErrStorage, err)
}

// WrapInstalled turns an error of the license folder into an ErrStorage. It returns installed.ErrNoGeneration and
// installed.ErrNewer as they are.
func WrapInstalled(err error) error {
	var busy *installed.BusyError
	switch {
	case err == nil || errors.Is(err, installed.ErrNoGeneration) || errors.Is(err, installed.ErrNewer):
		return err
	case errors.As(err, &busy) && busy.Holder != "":
		return &Error{client.Textf("%s is locked by %s. End that program, or wait until it has finished, and try "+
			"again.", busy.Path,
			busy.Holder), err}
	case errors.As(err, &busy):
		return &Error{client.Textf("%s is locked by another program. End that program, or wait until it has "+
			"finished, and try again.", busy.Path), err}
	}
	return Wrap(err)
}
