// Package handover passes the argument of a second start of a program to the first, which raises its window. It uses a
// folder in the person's data that only the person can access, and opens no port.
package handover

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license/carry"
)

// MaxSize is the longest content that is handed over, in bytes.
const MaxSize = carry.MaxPictureFile

var (
	// ErrNoReceiver is returned if the first start does not take the content in time.
	ErrNoReceiver = errors.New("the app that is running does not answer")
	// ErrTooLarge is returned for a content over MaxSize.
	ErrTooLarge = carry.ErrTooLarge
)

const (
	folderName = "handed"
	pathsName  = "handed-folders"
	extension  = ".in"
	partial    = ".new" // suffix of files that are being written
	maxTaken   = 20     // contents that Receive returns at once

	// timeout limits the time until the first start takes the content. Send polls at every pollInterval.
	timeout      = 6 * time.Second
	pollInterval = 100 * time.Millisecond
	// maxAge is the age from which Receive discards a content, whose app has ended.
	maxAge = time.Minute
)

// Box is the folder through which starts with the same data folder exchange contents.
type Box struct {
	dir   string
	after func(time.Duration) <-chan time.Time
	now   func() time.Time
}

// NewBox returns the box of a data folder.
func NewBox(data string) *Box {
	return &Box{dir: filepath.Join(data, folderName), after: time.After, now: time.Now}
}

// NewFolderBox returns the box of a data folder for paths of folders. It is separate, so that the content of a file
// cannot be taken for a path.
func NewFolderBox(data string) *Box {
	b := NewBox(data)
	b.dir = filepath.Join(data, pathsName)
	return b
}

// Send hands content over and returns after it was taken. Empty content raises the window. If nobody takes the content,
// Send removes it and returns ErrNoReceiver.
func (b *Box) Send(ctx context.Context, content []byte) error {
	if len(content) > MaxSize {
		return ErrTooLarge
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("this cannot be handed to the app that is running: %w", err)
	}
	var id [8]byte
	if _, err := io.ReadFull(rand.Reader, id[:]); err != nil {
		return err
	}
	path := filepath.Join(b.dir, fmt.Sprintf("%016x-%s%s", b.now().UnixNano(), hex.EncodeToString(id[:]), extension))
	err := os.WriteFile(path+partial, content, 0o600)
	if err == nil {
		err = os.Rename(path+partial, path)
	}
	if err != nil {
		_ = os.Remove(path + partial)
		return fmt.Errorf("this cannot be handed to the app that is running: %w", err)
	}
	for range timeout / pollInterval {
		select {
		case <-ctx.Done():
			_ = os.Remove(path)
			return ctx.Err()
		case <-b.after(pollInterval):
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil // taken after the last poll
	}
	return ErrNoReceiver
}

// Remove removes the box and its files.
func (b *Box) Remove() (err error) {
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	for _, path := range append(files, b.dir) {
		if fault := os.Remove(path); !errors.Is(fault, fs.ErrNotExist) {
			err = errors.Join(err, fault)
		}
	}
	return err
}

// Receive removes and returns the contents that were handed over since the last call, in order. It removes files unread
// that are not regular, larger than MaxSize or older than maxAge.
func (b *Box) Receive() (list [][]byte, err error) {
	entries, err := os.ReadDir(b.dir) // sorted by name, which begins with the time
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // removed meanwhile
		}
		old := b.now().Sub(info.ModTime()) > maxAge
		if !strings.HasSuffix(e.Name(), extension) && !old || len(list) == maxTaken {
			continue
		}
		path := filepath.Join(b.dir, e.Name())
		var content []byte
		valid := strings.HasSuffix(e.Name(), extension) && info.Mode().IsRegular() && info.Size() <= MaxSize && !old
		if valid {
			content, err = os.ReadFile(path)
			valid = err == nil && len(content) <= MaxSize
		}
		if err := os.Remove(path); err != nil || !valid { // a file that stays would be returned by every call
			continue
		}
		list = append(list, content)
	}
	return list, nil
}
