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

// maxCopies is how many files for one answer there may be.
const maxCopies = 99

// ErrCopies is returned when there are too many other answers to the same request in the folder.
var ErrCopies = errors.New("there are too many answers to this request in the folder; delete the old ones")

// Written is the file of an answer.
type Written struct {
	Name string
	// Kept tells that the file was there before, with the same results, and was left as it is.
	Kept bool
	// Other is the latest file that was there before with other results, and was left as it is; "" when there was none.
	Other string
}

// Write puts an answer into a folder, under its own name or with a number, never over another file. The latest one that
// says the same stays instead. The file appears whole, and only this person may read it: license files hold a secret of
// their PC.
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
		name := numbered(carry.FileName(a), n)
		if _, err := root.Lstat(name); err == nil {
			w.Other = name
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return w, err
		}
		if w.Other != "" && same(root, w.Other, a) {
			return Written{Name: w.Other, Kept: true}, nil
		}
		w.Name = name
		err := create(root, name, content)
		if errors.Is(err, errTaken) { // somebody else was quicker
			w.Other = name
			continue
		}
		return w, err
	}
	return w, ErrCopies
}

// numbered is the nth name for a file: "a.acen", "a-2.acen", "a-3.acen".
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, carry.Extension), n, carry.Extension)
}

// same reports whether a file holds an answer that differs at most in the times at which it and its license files were
// made: the server signs a license file anew whenever it is asked for it.
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

// sameLicense reports whether a result that was found holds the license file of another one, at most signed at another
// time. It has to be signed with a key that the other one names, for anybody may have had the folder in between.
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

// create makes a file that is whole or not there. An empty file holds its name meanwhile, for memory sticks know no
// other way to rename without writing over what somebody else put there.
func create(root *os.Root, name string, content []byte) (err error) {
	fresh := "." + name + ".new"
	if err := root.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a crash
		return err
	}
	f, err := root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = reserve(root, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	if err := root.Rename(fresh, name); err != nil {
		return errors.Join(err, root.Remove(fresh), root.Remove(name))
	}
	if runtime.GOOS == "windows" { // keeps the order of renames itself, and cannot sync folders
		return nil
	}
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// errTaken is returned by reserve for a name that something has.
var errTaken = errors.New("there is a file with this name")

// reserve makes an empty file. It fails with errTaken.
func reserve(root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errTaken
	}
	if err != nil {
		return err
	}
	return f.Close()
}
