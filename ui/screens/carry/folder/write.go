package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"runtime"
	"strings"

	"github.com/acen-desktop/acen/license/carry"
)

// maxCopies limits the files of answers to one request.
const maxCopies = 99

// ErrCopies is returned if the folder has too many answers to the same request.
var ErrCopies = errors.New("there are too many answers to this request in the folder; delete the old ones")

// Written is the file of an answer.
type Written struct {
	Name string
	// Unchanged reports that the file existed, with the same results, and was not written.
	Unchanged bool
	// Other is the latest existing file with other results, or "".
	Other string
}

// Write writes an answer into a folder. It adds a number to the name rather than overwrite a file, and writes nothing
// if the latest file has the same results. The file is created atomically and with mode 0600, because license files
// hold the removal seed of their PC.
func Write(dir string, a carry.Answer) (w Written, err error) {
	content, err := carry.Encode(a)
	if err != nil {
		return w, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return w, fmt.Errorf("%w: %w", ErrFolder, cause(err))
	}
	defer func() { _ = root.Close() }()
	for n := 1; n <= maxCopies; n++ {
		name := nthName(carry.FileName(a), n)
		if _, err := root.Lstat(name); err == nil {
			w.Other = name
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return w, err
		}
		if w.Other != "" && same(root, w.Other, a) {
			return Written{Name: w.Other, Unchanged: true}, nil
		}
		w.Name = name
		err := create(root, name, content)
		if errors.Is(err, errExists) { // created by another process in the meantime
			w.Other = name
			continue
		}
		return w, err
	}
	return w, ErrCopies
}

// nthName returns the nth name of a file: "a.acen", "a-2.acen", "a-3.acen".
func nthName(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, carry.Extension), n, carry.Extension)
}

// same reports whether a file holds the answer a, ignoring the times at which it was made and its license files were
// signed: the server signs a license file anew on every request.
func same(root *os.Root, name string, a carry.Answer) bool {
	content, err := read(root, name)
	if err != nil {
		return false
	}
	doc, err := carry.Read(content)
	known, ok := doc.(carry.Answer)
	if err != nil || !ok {
		return false
	}
	known.MadeAt = a.MadeAt
	for i, r := range known.Results {
		if i < len(a.Results) && sameLicense(r, a.Results[i]) {
			known.Results[i].License = a.Results[i].License
		}
	}
	one, oneErr := carry.Encode(known)
	other, otherErr := carry.Encode(a)
	return oneErr == nil && otherErr == nil && string(one) == string(other)
}

// sameLicense reports whether found has the license file of known, ignoring the time of the signature. The file in
// found must be signed with a key of known, because the folder is not trusted.
func sameLicense(found, known carry.Result) bool {
	if found.License == "" || known.License == "" {
		return false
	}
	f, err := known.File()
	if err != nil {
		return false
	}
	for _, key := range known.PublicKeys {
		if proven, err := key.Verify(found.License); err == nil {
			proven.IssuedAt = f.IssuedAt
			return reflect.DeepEqual(proven, f)
		}
	}
	return false
}

// create creates a file atomically: it writes a temporary file, reserves the name with an empty file and renames. File
// systems of memory sticks have no other way to rename without overwriting a file of another process.
func create(root *os.Root, name string, content []byte) (err error) {
	temporary := "." + name + ".new"
	if err := root.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a crash
		return err
	}
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = reserve(root, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	if err := root.Rename(temporary, name); err != nil {
		return errors.Join(err, root.Remove(temporary), root.Remove(name))
	}
	if runtime.GOOS == "windows" { // journals renames, and cannot sync directories
		return nil
	}
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// errExists is returned by reserve for a name that is in use.
var errExists = errors.New("file exists")

// reserve creates an empty file. It returns errExists if the name is in use.
func reserve(root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errExists
	}
	if err != nil {
		return err
	}
	return f.Close()
}
