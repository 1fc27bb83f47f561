// Package folder reads what lies in a folder for the app, such as that of a memory stick, and writes answers beside
// their requests. It has no window. All its functions may block; none follows a link out of the folder.
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

// The bounds of one look at a folder.
const (
	// MaxFiles is how many files are opened.
	MaxFiles = 200
	// MaxTotal is how much is read of all of them, in bytes.
	MaxTotal = 256 << 20

	maxEntries = 5000 // names that are looked at
)

var (
	// ErrFolder is returned for a folder that cannot be read.
	ErrFolder = errors.New("the folder cannot be read")
	// ErrFile is the error of a file that cannot be read.
	ErrFile = errors.New("the file cannot be read")
)

// pictures are the ends of the names of files that may be pictures with QR codes.
var pictures = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}

// Extensions returns the ends of the names of files that are looked at.
func Extensions() []string { return append([]string{carry.Extension}, pictures...) }

// File is a file that was looked at.
type File struct {
	Name string
	// Docs are the documents in it; those of several pictures are in the last of them.
	Docs []carry.Document
	// Err says why there is nothing of use in it: ErrFile, or as carry.Collector.Take fails.
	Err error
}

// Contents is what lies in a folder.
type Contents struct {
	Dir   string
	Files []File // by name
	// Open are the documents of which pictures are missing.
	Open []carry.Progress
	// Left is how many files were not looked at because there are too many, or they are too large together.
	Left int
}

// Read looks at the files of a folder that may be documents or pictures with QR codes; not at those of the folders in
// it, at hidden ones, or at anything that is no plain file. progress hears of each file before it is read. It fails
// with ErrFolder, and with the error of the context.
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
			f.Docs, f.Err = parts.Take(ctx, content)
		}
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		c.Files = append(c.Files, f)
	}
	c.Open, c.Left = parts.Open(), more
	return c, nil
}

// candidates lists the files to look at, by name; more is how many entries were not even named.
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

// read returns the content of a plain file of a bounded size.
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
	if !info.Mode().IsRegular() { // opening a pipe would wait for somebody to write into it
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

// cause is what an error of the system says without the call and the path, which the person knows.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
