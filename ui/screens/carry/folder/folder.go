// Package folder reads the documents in a folder, such as that of a memory stick, and writes answers beside their
// requests. All functions may block. Symbolic links that lead out of the folder are not followed.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license/carry"
)

// Limits of Read.
const (
	// MaxFiles is the maximum number of files.
	MaxFiles = 200
	// MaxTotal is the maximum total size of the files, in bytes.
	MaxTotal = 256 << 20

	maxEntries = 5000 // directory entries
)

var (
	// ErrFolder is returned for a folder that cannot be read.
	ErrFolder = errors.New("the folder cannot be read")
	// ErrFile is the error of a file that cannot be read.
	ErrFile = errors.New("the file cannot be read")
)

// pictures are the file extensions of pictures.
var pictures = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}

// Extensions returns the file extensions of documents and pictures, with their dots.
func Extensions() []string { return append([]string{carry.Extension}, pictures...) }

// File is a file that Read has read.
type File struct {
	Name string
	// Docs are the documents in the file. A document in several pictures belongs to the last of them.
	Docs []carry.Document
	// Err is why the file has no document: ErrFile or an error of carry.Collector.AddData.
	Err error
}

// Contents is the result of Read.
type Contents struct {
	Dir   string
	Files []File // by name
	// Incomplete are the documents with missing parts.
	Incomplete []carry.Progress
	// Unread is the number of files that were not read because of a limit.
	Unread int
}

// Read reads the regular files of a folder that have one of Extensions, except hidden ones. It does not descend into
// subfolders. It calls progress before each file. The error is ErrFolder or that of ctx.
func Read(ctx context.Context, dir string, progress func(n, count int)) (c Contents, err error) {
	c.Dir = dir
	root, err := os.OpenRoot(dir)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrFolder, cause(err))
	}
	defer func() { _ = root.Close() }()
	names, more, err := candidates(root)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrFolder, cause(err))
	}
	if len(names) > MaxFiles {
		more += len(names) - MaxFiles
		names = names[:MaxFiles]
	}
	var parts carry.Collector
	total := 0
	for i, name := range names {
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		progress(i+1, len(names))
		content, err := read(root, name)
		if total += len(content); total > MaxTotal {
			more += len(names) - i
			break
		}
		f := File{Name: name, Err: err}
		if err == nil {
			f.Docs, f.Err = parts.AddData(ctx, content)
		}
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		c.Files = append(c.Files, f)
	}
	c.Incomplete, c.Unread = parts.Incomplete(), more
	return c, nil
}

// candidates returns the names of the files to read, sorted; more is 1 if there are more than maxEntries entries.
func candidates(root *os.Root) (names []string, more int, err error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = d.Close() }()
	entries, err := d.ReadDir(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if len(entries) == maxEntries {
		rest, _ := d.ReadDir(1)
		more = len(rest)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") &&
			slices.Contains(Extensions(), strings.ToLower(filepath.Ext(e.Name()))) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, more, nil
}

// read returns the content of a regular file of limited size.
func read(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, cause(err))
	}
	limit := int64(carry.MaxPictureFile)
	tooLarge := carry.ErrPictureSize
	if strings.EqualFold(filepath.Ext(name), carry.Extension) {
		limit, tooLarge = carry.MaxSize, carry.ErrTooLarge
	}
	if !info.Mode().IsRegular() { // opening a pipe would block until it has a writer
		return nil, fmt.Errorf("%w: it is no plain file", ErrFile)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, cause(err))
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFile, cause(err))
	case int64(len(content)) > limit:
		return nil, tooLarge
	}
	return content, nil
}

// cause returns the error of the system without operation and path.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
