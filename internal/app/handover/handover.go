// Package handover passes the argument of a second start of a program to the first, which raises its window. It uses a
// folder next to the person's data that nobody else can write to, and opens no port.
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
	// ErrNobody is returned when the first start does not take what was handed over.
	ErrNobody = errors.New("the app that is running does not answer")
	// ErrSize is returned for a content over MaxSize.
	ErrSize = carry.ErrTooLarge
)

const (
	folderName = "handed"
	pathsName  = "handed-folders"
	extension  = ".in"
	fresh      = ".new" // ends the names of files that are being written
	mostAtOnce = 20

	// patience is how long the first start may take, beat how often it is looked whether it has.
	patience = 6 * time.Second
	beat     = 100 * time.Millisecond
	// keeps is how long something waits for an app that ended just then.
	keeps = time.Minute
)

// Box is the folder of one person's data.
type Box struct {
	dir   string
	after func(time.Duration) <-chan time.Time
	now   func() time.Time
}

// In returns the box of a data folder.
func In(data string) *Box {
	return &Box{dir: filepath.Join(data, folderName), after: time.After, now: time.Now}
}

// FoldersIn returns the box of a data folder for paths of folders. They have one of their own, so that nothing that a file says can
// pass for a path.
func FoldersIn(data string) *Box {
	b := In(data)
	b.dir = filepath.Join(data, pathsName)
	return b
}

// Give hands a content over and returns when it was taken; an empty one just raises the window. It fails with ErrNobody, and
// then leaves nothing behind.
func (b *Box) Give(ctx context.Context, content []byte) error {
	if len(content) > MaxSize {
		return ErrSize
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("this cannot be handed to the app that is running: %w", err)
	}
	var id [8]byte
	if _, err := io.ReadFull(rand.Reader, id[:]); err != nil {
		return err
	}
	path := filepath.Join(b.dir, fmt.Sprintf("%016x-%s%s", b.now().UnixNano(), hex.EncodeToString(id[:]), extension))
	err := os.WriteFile(path+fresh, content, 0o600)
	if err == nil {
		err = os.Rename(path+fresh, path)
	}
	if err != nil {
		_ = os.Remove(path + fresh)
		return fmt.Errorf("this cannot be handed to the app that is running: %w", err)
	}
	for range patience / beat {
		select {
		case <-ctx.Done():
			_ = os.Remove(path)
			return ctx.Err()
		case <-b.after(beat):
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil // taken at the last moment
	}
	return ErrNobody
}

// Remove removes the box with what lies in it.
func (b *Box) Remove() (err error) {
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	for _, path := range append(files, b.dir) {
		if fault := os.Remove(path); !errors.Is(fault, fs.ErrNotExist) {
			err = errors.Join(err, fault)
		}
	}
	return err
}

// Taken takes out what was handed over since the last call, in its order. What is no plain file of a bounded size, and what
// nobody took in time, is removed unread.
func (b *Box) Taken() (list [][]byte, err error) {
	entries, err := os.ReadDir(b.dir) // by name, and so by time
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it has gone in between
		}
		old := b.now().Sub(info.ModTime()) > keeps
		if !strings.HasSuffix(e.Name(), extension) && !old || len(list) == mostAtOnce {
			continue
		}
		path := filepath.Join(b.dir, e.Name())
		var content []byte
		good := strings.HasSuffix(e.Name(), extension) && info.Mode().IsRegular() && info.Size() <= MaxSize && !old
		if good {
			content, err = os.ReadFile(path)
			good = err == nil && len(content) <= MaxSize
		}
		if err := os.Remove(path); err != nil || !good { // what cannot be removed would come again with every look
			continue
		}
		list = append(list, content)
	}
	return list, nil
}
