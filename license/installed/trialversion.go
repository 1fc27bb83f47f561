package installed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/acen-desktop/acen/license"
)

// oldName is the name of the folder for files of a trial version, beside the files of this version.
const oldName = "old"

// errTrialVersion is returned for the state of a trial version, which is not decoded.
var errTrialVersion = errors.New("the file that keeps this PC's Site code was written by a trial version")

// current returns the state for a change. It moves the files of a trial version into the folder "old" first. The caller
// holds the lock.
func (s *Store) current(signature license.Signature) (State, error) {
	state, err := s.View(signature).state(decodeForChange)
	if errors.Is(err, errTrialVersion) {
		return State{Signature: signature}, s.setTrialVersionAside(ProgramFolder(s.dir, signature))
	}
	return state, err
}

// setTrialVersionAside moves the state of a trial version and related files into the folder "old". License files stay
// until one of this version replaces them (Put), so that their program can say what is wrong with them. The state is
// moved last, so that an interrupted move is continued. The caller holds the lock of the program's folder.
func (s *Store) setTrialVersionAside(dir string) error {
	for _, name := range []string{contactsName, clockName, stateName} {
		if err := s.moveToOld(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// moveToOld moves a file into the folder "old" beside it, under a free name. A missing file is not an error.
func (s *Store) moveToOld(path string) error {
	if !exists(path) {
		return nil
	}
	dir, name := filepath.Split(path)
	old := filepath.Join(dir, oldName)
	if err := os.MkdirAll(old, 0o700); err != nil {
		return folderError(dir, err)
	}
	to := filepath.Join(old, name)
	for n := 2; exists(to); n++ {
		to = filepath.Join(old, name+"-"+strconv.Itoa(n))
	}
	return folderError(dir, s.o.Disk.Rename(path, to))
}

// OfTrialVersion reports whether a license file is one of a trial version: it can be parsed, and its Site code and
// Machine ID do not belong together in this version's scheme, which the server uses for every license file. No
// program accepts such a file.
func (f File) OfTrialVersion() bool {
	claimed, err := license.UnverifiedFile(f.Content)
	if err != nil {
		return false
	}
	_, err = claimed.Signature.Key().Open(claimed.Codes)
	return err != nil
}

// SetTrialVersionAside moves the states of a trial version into the folders "old" of their programs, and returns the
// number of moved states. It moves as much as it can and joins the errors.
func (s *Store) SetTrialVersionAside(ctx context.Context) (programs int, err error) {
	if s.dir == "" {
		return 0, nil
	}
	folders, err := withinFolder(s, s.dir, s.o.DiskTimeout, s.programFolders)
	for _, dir := range folders {
		moved, failed := withinFolder(s, dir, s.changeTime(ctx), func() (bool, error) {
			return s.setProgramAside(ctx, dir)
		})
		if moved {
			programs++
		}
		err = errors.Join(err, failed)
	}
	return programs, err
}

func (s *Store) setProgramAside(ctx context.Context, dir string) (moved bool, err error) {
	older := func() bool {
		_, err := readState(filepath.Join(dir, stateName))
		return errors.Is(err, errTrialVersion)
	}
	if !older() {
		return false, nil
	}
	unlock, err := s.lockFolder(ctx, dir)
	if err != nil {
		return false, err
	}
	defer unlock()
	if !older() {
		return false, nil // another process moved it meanwhile
	}
	err = s.setTrialVersionAside(dir)
	return err == nil, err
}

// TrialVersionFolders lists the folders "old" that contain files of a trial version.
func (s *Store) TrialVersionFolders() ([]string, error) {
	if s.dir == "" {
		return nil, nil
	}
	return withinFolder(s, s.dir, s.o.DiskTimeout, func() (list []string, err error) {
		folders, err := s.programFolders()
		for _, dir := range folders {
			old := filepath.Join(dir, oldName)
			if kept, err := s.o.readDir(old); err == nil && len(kept) > 0 {
				list = append(list, old)
			}
		}
		return list, err
	})
}
