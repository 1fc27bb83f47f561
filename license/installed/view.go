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

// View reads the folder of one program. It has no time limit (see RunUntil and Direct) and must not be used
// concurrently.
type View struct {
	dir       string
	signature license.Signature
	err       error         // why there is no folder
	direct    *directFolder // of a view that Direct returned

	// noClock and noContacts are set once Each has listed the folder and these files were not in it.
	noClock, noContacts bool
}

// View returns a view of the folder of a program. Its methods fail with ErrNoHome if the store has no folder.
func (s *Store) View(signature license.Signature) *View {
	if s.dir == "" {
		return &View{err: ErrNoHome}
	}
	return &View{dir: ProgramFolder(s.dir, signature), signature: signature}
}

// ViewOf returns a view of a folder that contains license files of any program.
func ViewOf(dir string) *View { return &View{dir: dir} }

// Dir returns the folder, or "" if there is none.
func (v *View) Dir() string { return v.dir }

// read reads a file of at most limit bytes.
func (v *View) read(name string, limit int64) (string, error) {
	if v.err != nil {
		return "", v.err
	}
	if v.direct != nil {
		return v.direct.readFile(name, limit)
	}
	return readShared(filepath.Join(v.dir, name), limit)
}

func (v *View) readNames(each func(names []string) (more bool)) error {
	switch {
	case v.err != nil:
		return v.err
	case v.direct != nil:
		return v.direct.readNames(each)
	}
	return readNames(v.dir, each)
}

// State is like Store.State.
func (v *View) State() (State, error) {
	state, err := v.state(decodeState)
	if errors.Is(err, errTrialVersion) {
		return State{Signature: v.signature}, nil
	}
	return state, err
}

// state is State with decodeState or decodeForChange. It fails with errTrialVersion for the state of a trial version.
func (v *View) state(decode func(content string) (State, error)) (State, error) {
	content, err := v.read(stateName, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return State{Signature: v.signature}, nil
	}
	if err != nil {
		return State{}, stateError(err)
	}
	state, err := decode(content)
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

// Files is like Store.Files.
func (v *View) Files() (list []File, err error) {
	err = v.Each(func(f File) { list = append(list, f) })
	return list, err
}

// Each calls visit for each file of Files, sorted by name. It stops listing the folder after 20,000 names. A missing
// folder has no files.
func (v *View) Each(visit func(File)) error {
	var names []string
	count, clock, contacts := 0, false, false
	err := v.readNames(func(some []string) (more bool) {
		count += len(some)
		for _, name := range some {
			clock = clock || name == clockName
			contacts = contacts || name == contactsName
			if strings.EqualFold(filepath.Ext(name), Extension) && !strings.HasPrefix(name, freshName) {
				names = append(names, name)
			}
		}
		return count < maxEntries
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if count < maxEntries {
		v.noClock, v.noContacts = !clock, !contacts
	}
	slices.Sort(names)
	for _, name := range names {
		content, err := v.read(name, license.MaxFile)
		visit(newFile(filepath.Join(v.dir, name), content, err))
	}
	return nil
}

// Clock is like Store.Clock, for a state that was read. After Each or Files it may miss a clock that was stored
// since.
func (v *View) Clock(state State) (c Clock) {
	if !state.Clock.Latest.IsZero() {
		return state.Clock
	}
	if v.noClock {
		return Clock{}
	}
	content, err := v.read(clockName, maxState)
	if err != nil || json.Unmarshal([]byte(content), &c) != nil {
		return Clock{}
	}
	return c
}

// Contacts is like Store.Contacts. After Each or Files it may miss a contact that was stored since.
func (v *View) Contacts() []Contact {
	if v.noContacts {
		return nil
	}
	list, _ := v.contacts()
	return list
}

// contacts lists the contacts. It fails with fs.ErrInvalid for a damaged file.
func (v *View) contacts() (list []Contact, err error) {
	content, err := v.read(contactsName, maxState)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case json.Unmarshal([]byte(content), &list) != nil:
		return nil, fs.ErrInvalid
	}
	return list, nil
}
