package installed

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// A View reads what lies in the folder of one program, whose path is walked once for all of it. State and Files read
// the disk anew each time. A View is for one goroutine, and closed at the end.
type View struct {
	signature  license.Signature
	folder     folder
	missing    error // why there is no folder
	noContacts bool  // all names were read, and that of the contacts was not among them
}

// View opens the folder of a program, or sees that there is none.
func (s *Store) View(signature license.Signature) *View {
	if s.dir == "" {
		return &View{missing: ErrNoHome}
	}
	v := OpenView(Below(s.dir, signature))
	v.signature = signature
	return v
}

// OpenView opens a folder that holds license files of any program.
func OpenView(dir string) *View {
	f, err := openFolder(dir)
	return &View{folder: f, missing: err}
}

// Close closes the folder.
func (v *View) Close() {
	if v.missing == nil {
		v.folder.close()
	}
}

// read reads a file of at most limit bytes.
func (v *View) read(name string, limit int64) (content string, err error) {
	if v.missing != nil {
		return "", v.missing
	}
	err = sharing(func() error {
		content, err = v.folder.readNow(name, limit)
		return err
	})
	return content, err
}

func (v *View) names(each func(some []string) (more bool)) error {
	if v.missing != nil {
		return v.missing
	}
	return v.folder.names(each)
}

// State is that of Store.
func (v *View) State() (State, error) {
	state, err := v.state()
	if errors.Is(err, errOlder) {
		return State{Signature: v.signature}, nil
	}
	return state, err
}

// state is State, but it fails with errOlder for the state of a trial version.
func (v *View) state() (State, error) {
	content, err := v.read(stateName, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return State{Signature: v.signature}, nil
	}
	if err != nil {
		return State{}, stateError(err)
	}
	state, err := decodeState(content)
	if err == nil && state.Signature != v.signature {
		err = ErrDamaged
	}
	return state, err
}

// stateError replaces fs.ErrInvalid, the error of a file that is too large or not regular, by ErrDamaged.
func stateError(err error) error {
	if errors.Is(err, fs.ErrInvalid) {
		return ErrDamaged
	}
	return err
}

// Files is that of Store.
func (v *View) Files() (list []File, err error) {
	err = v.Each(func(f File) { list = append(list, f) })
	return list, err
}

// Each calls visit for each file of Files, by name. A folder that is not there holds none.
func (v *View) Each(visit func(File)) error {
	var names []string
	looked, contacts := 0, false
	err := v.names(func(some []string) (more bool) {
		looked += len(some)
		for _, name := range some {
			contacts = contacts || name == contactsName
			if strings.EqualFold(filepath.Ext(name), Extension) && !strings.HasPrefix(name, freshName) {
				names = append(names, name)
			}
		}
		return looked < maxEntries
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	v.noContacts = !contacts && looked < maxEntries
	slices.Sort(names)
	for _, name := range names {
		content, err := v.read(name, license.MaxFile)
		visit(newFile(filepath.Join(v.folder.dir, name), content, err))
	}
	return nil
}

// Clock is that of Store, for a state that was read.
func (v *View) Clock(state State) (c Clock) {
	if !state.Clock.Latest.IsZero() {
		return state.Clock
	}
	content, err := v.read(clockName, maxState)
	if err != nil || json.Unmarshal([]byte(content), &c) != nil {
		return Clock{}
	}
	return c
}

// Contacts is that of Store, as it is after Files or was then.
func (v *View) Contacts() (list []Contact) {
	if v.noContacts {
		return nil
	}
	content, err := v.read(contactsName, maxState)
	if err != nil {
		return nil
	}
	if list, quick := quickContacts(content); quick {
		return list
	}
	if json.Unmarshal([]byte(content), &list) != nil {
		return nil
	}
	return list
}
