// Package installed is the license folder of one person, which the programs of a PC and the desktop app share: license
// files, the generation of the Site code, spent Site codes, and the latest time that was seen.
//
// Each application signature has a subfolder:
//
//	lumenst7-63b4a1f0/pc.json                  State, replaced as a whole
//	lumenst7-63b4a1f0/lumen-studio-20219.acen  license files
//	lumenst7-63b4a1f0/clock.json               Clock as older programs store it, and beside a damaged pc.json
//	lumenst7-63b4a1f0/contacts.json            Contacts
//	lumenst7-63b4a1f0/lock                     held while one of them is changed
//	lumenst7-63b4a1f0/old                      files of a trial version
//
// A license leaves the PC in one step, the replacement of pc.json, which spends its Site code, stores its removal code
// and gives the PC a new generation. A program does not run under a license file whose Site code is spent, so the file
// itself may be erased at any later time.
//
// The server accepts the removal code later. Settle records that. UndoLeave then refuses to bring the license back,
// even if app data that were restored from a backup ask for it.
//
// Files of a trial version, with codes of the scheme acen/v1, are never read and never erased: a change moves them into
// the folder "old" beside them.
//
// Programs of different versions share a folder. A newer version may add members to pc.json; older versions preserve
// them when they rewrite the file. If older versions must not use the file any more, the newer one raises the version
// number: State and every change then fail with ErrNewer.
//
// All functions may be called from any goroutine and any process. A change waits at most Options.LockTimeout for other
// changes of the folder.
package installed

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"

	"github.com/acen-desktop/acen/license"
)

var (
	// ErrDamaged is returned for a state file that cannot be decoded, is too large or is not a regular file. The file
	// is left unchanged.
	ErrDamaged = errors.New("the file with this PC's Site code is damaged")
	// ErrNewer is returned for a state file that a newer version of this package wrote, and for every change of its
	// folder.
	ErrNewer = errors.New("the file with this PC's Site code was written by a newer version")
	// ErrSettled is returned by UndoLeave for a settled license.
	ErrSettled = errors.New("the server has taken back the license with this Site code")
	// ErrCodeShown is returned by UndoLeave for a license whose removal code a person has seen: it may be in use
	// elsewhere.
	ErrCodeShown = errors.New("the removal code of the license was shown")
	// ErrReplaced is returned by UndoLeave if this PC has a newer license under its present Site code.
	ErrReplaced = errors.New("this PC has a newer license of this program")
	// ErrNoGeneration is returned when every generation of a program was used on this PC: after 4,096 removals.
	ErrNoGeneration = errors.New("this PC has used up its Site codes for this program; ask the vendor for help")
)

// Extension is the file name extension of a license file.
const Extension = ".acen"

const (
	stateName = "pc.json"
	clockName = "clock.json"
	lockName  = "lock"
	freshName = ".fresh-" // prefix of the names of incomplete files

	maxState   = 1 << 20 // bytes
	maxEntries = 20_000  // names that are read in one folder, because folders of programs may be large
)

// UserFolder returns the system's license folder of the person: acen/licenses in the folder for application data. It
// returns "" if there is none, because HOME is not set or not an absolute path; a Store without a folder fails with
// ErrNoHome.
func UserFolder() string {
	_, err := os.UserHomeDir()
	return userIn(xdg.DataHome, err == nil)
}

// homeless are the folders for application data that package xdg returns for a person without a home folder, for whom
// it uses "/".
var homeless = []string{"/.local/share", "/Library/Application Support"}

func userIn(data string, home bool) string {
	if !filepath.IsAbs(data) || !home && slices.Contains(homeless, data) {
		return ""
	}
	return filepath.Join(data, "acen", "licenses")
}

// MachineFolders lists the folders that all persons of this PC share, in which an administrator may put license files.
func MachineFolders() (list []string) {
	for _, dir := range xdg.DataDirs {
		list = append(list, filepath.Join(dir, "acen", "licenses"))
	}
	return list
}

// ProgramFolder returns the subfolder of a signature: its letters and digits, and eight hex digits of its SHA-256,
// because signatures may differ in case and punctuation only.
func ProgramFolder(dir string, s license.Signature) string {
	var plain strings.Builder
	for _, r := range strings.ToLower(string(s)) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			plain.WriteRune(r)
		}
	}
	sum := sha256.Sum256([]byte(s))
	return filepath.Join(dir, plain.String()+"-"+hex.EncodeToString(sum[:4]))
}

// Disk makes the changes in a folder. Implementations of tests may fail, or end the program, at any of them.
type Disk interface {
	// Write creates a file that only its owner can read, and returns when it is on the disk. It fails if there is
	// anything at the path, including a link.
	Write(path string, content []byte) error
	// Rename renames a file, replacing another one, and returns when that is on the disk.
	Rename(from, to string) error
	Remove(path string) error
}

// Store is the license folder of one person.
type Store struct {
	dir string
	o   Options
}

// Options configure a Store. The zero value means the system's disk, clock and randomness.
type Options struct {
	Disk Disk
	Rand io.Reader
	Now  func() time.Time
	// LockTimeout limits how long a change waits for the lock of the folder; 0 means 20 seconds.
	LockTimeout time.Duration
	// DiskTimeout limits how long reading the folder takes; 0 means 3 seconds. A change takes at most LockTimeout and
	// three times DiskTimeout. What takes longer fails with ErrTimeout and may still be done later.
	DiskTimeout time.Duration
	// After replaces time.After in the wait for a lock.
	After func(time.Duration) <-chan time.Time

	tryLock func(*flock.Flock) (bool, error)
	readDir func(string) ([]fs.DirEntry, error)
}

// Open returns the store in a folder, which is created when something is first stored.
func Open(dir string, o Options) *Store {
	if o.Disk == nil {
		o.Disk = systemDisk{}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LockTimeout <= 0 {
		o.LockTimeout = lockTimeout
	}
	if o.DiskTimeout <= 0 {
		o.DiskTimeout = DefaultDiskTimeout
	}
	if o.tryLock == nil {
		o.tryLock = (*flock.Flock).TryLock
	}
	if o.readDir == nil {
		o.readDir = os.ReadDir
	}
	if o.After == nil {
		o.After = time.After
	}
	return &Store{dir, o}
}

// Dir returns the store's folder.
func (s *Store) Dir() string { return s.dir }

// StatePath returns the path of the state file of a program.
func (s *Store) StatePath(signature license.Signature) string {
	return filepath.Join(ProgramFolder(s.dir, signature), stateName)
}

// Disk returns the disk of the store.
func (s *Store) Disk() Disk { return s.o.Disk }

// State is the state of one program on this PC.
type State struct {
	Signature license.Signature
	// Program is the program's statement about itself; zero until it has run here.
	Program Program
	// Generation is that of the PC's Site code. HasGeneration is true if one was chosen.
	Generation    uint16
	HasGeneration bool
	// Used are all generations that the PC has had.
	Used []uint16
	// Spent are the licenses that left this PC, the latest last.
	Spent []Spent
	// Typed is the typed activation code that was entered last; nil if there is none.
	Typed *Typed
	// Former are the typed activation codes that were entered before Typed, the latest last.
	Former []Typed
	// EnteredHashes are hashes of all typed activation codes that were ever entered (spec: codes "Activation code").
	EnteredHashes []string
	// Clock is the latest time that was seen; zero if there is none, or if it is in a separate file, which View.Clock
	// reads.
	Clock Clock

	unknown *unknown // members of the file that this version does not know; nil if there are none
}

// Program is what a program states about itself, for the app on a PC without a network.
type Program struct {
	Name       string   `json:"name,omitempty"`
	PublicKeys []string `json:"public_keys,omitempty"`
	// TypedCodes is true if the program accepts typed activation codes.
	TypedCodes bool `json:"typed_codes,omitempty"`
}

// Spent is a license that left this PC.
type Spent struct {
	Codes license.Codes
	// LicenseID is the license's; 0 for a typed activation code.
	LicenseID int64
	// RemovalCode proves that the license is not used on this PC any more; zero if the license is settled, or if only
	// the desktop app stores the code.
	RemovalCode license.RemovalCode
	// Settled is true if the server has accepted the removal code or ended the license: UndoLeave refuses it.
	Settled bool
	// Shown is true if a person has seen the removal code: UndoLeave refuses it.
	Shown bool
	At    time.Time
}

// Typed is a typed activation code and the codes that it was made for.
type Typed struct {
	Codes license.Codes
	Code  license.ActivationCode
}

// Adopt gives a PC without a generation that of a Site code, unless the PC has had it already: a license with a used
// generation may have left.
func (s *State) Adopt(site license.SiteCode) {
	if g := site.Generation(); !s.HasGeneration && !slices.Contains(s.Used, g) {
		s.Generation, s.HasGeneration = g, true
		s.Used = append(s.Used, g)
	}
}

// FindSpent returns the license that left this PC with a Site code; false if there is none.
func (s State) FindSpent(site license.SiteCode) (Spent, bool) {
	for _, one := range s.Spent {
		if one.Codes.Site == site {
			return one, true
		}
	}
	return Spent{}, false
}

// AddTyped adds a typed activation code under which the program may run. It replaces no other code: a trial never
// replaces a perpetual license (spec: codes "Several licenses").
func (s *State) AddTyped(t Typed) {
	if s.Typed != nil {
		s.Former = append(s.Former, *s.Typed)
	}
	s.Former = slices.DeleteFunc(s.Former, func(one Typed) bool { return one == t })
	s.Former = s.Former[max(0, len(s.Former)-maxFormer):]
	s.Typed = &t
}

// maxFormer limits State.Former; AddTyped drops the oldest.
const maxFormer = 200

// TypedCodes returns the typed activation codes that the program may run under, the latest first.
func (s *State) TypedCodes() (list []Typed) {
	if s.Typed != nil {
		list = append(list, *s.Typed)
	}
	for _, t := range slices.Backward(s.Former) {
		list = append(list, t)
	}
	return list
}

// WasEntered reports whether RecordEntered was called for a typed activation code.
func (s *State) WasEntered(c license.ActivationCode) bool {
	return slices.Contains(s.EnteredHashes, hashOf(c))
}

// RecordEntered records that a typed activation code was entered.
func (s *State) RecordEntered(c license.ActivationCode) {
	if !s.WasEntered(c) {
		s.EnteredHashes = append(s.EnteredHashes, hashOf(c))
	}
}

// hashOf returns 32 hex digits that identify an activation code without revealing it.
func hashOf(c license.ActivationCode) string {
	sum := sha256.Sum256([]byte("acen/v2 given " + c.String()))
	return hex.EncodeToString(sum[:16])
}

// State returns the state of a program; zero for an unknown program or one that only a trial version knew. It fails
// with ErrDamaged or ErrNewer.
func (s *Store) State(signature license.Signature) (State, error) {
	return within(s, signature, s.o.DiskTimeout, func() (State, error) { return s.state(signature) })
}

// state is State without a time limit.
func (s *Store) state(signature license.Signature) (State, error) {
	state, err := s.View(signature).State()
	if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) && !errors.Is(err, ErrNoHome) {
		err = folderError(ProgramFolder(s.dir, signature), err)
	}
	return state, err
}

// States lists the states of all programs. It omits state files that are unreadable, of a newer version, or of a
// trial version.
func (s *Store) States() ([]State, error) {
	return withinFolder(s, s.dir, s.o.DiskTimeout, func() (list []State, err error) {
		folders, err := s.programFolders()
		for _, dir := range folders {
			state, err := readState(filepath.Join(dir, stateName))
			if err == nil && ProgramFolder(s.dir, state.Signature) == dir {
				list = append(list, state)
			}
		}
		return list, err
	})
}

// programFolders lists the subfolders of the store. It has no time limit.
func (s *Store) programFolders() (list []string, err error) {
	entries, err := s.o.readDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		list = append(list, filepath.Join(s.dir, e.Name()))
	}
	return list, folderError(s.dir, err)
}

// Update changes the state of a program atomically: after a crash the state is the old or the new one. Nothing is
// written if change fails or changes nothing. Update fails with ErrDamaged or ErrNewer without calling change, and
// with ErrBusy. change runs in another goroutine and may still run after Update has failed with ErrTimeout, so it must
// not write the caller's variables.
func (s *Store) Update(ctx context.Context, signature license.Signature, change func(*State) error) (State, error) {
	return within(s, signature, s.changeTime(ctx), func() (State, error) { return s.update(ctx, signature, change) })
}

func (s *Store) update(ctx context.Context, signature license.Signature, change func(*State) error) (State, error) {
	unlock, err := s.lock(ctx, signature)
	if err != nil {
		return State{}, err
	}
	defer unlock()
	state, err := s.current(signature)
	if err != nil {
		return state, err
	}
	before, err := state.encode()
	if err != nil {
		return state, err
	}
	if err := change(&state); err != nil {
		return state, err
	}
	after, err := state.encode()
	if err != nil || bytes.Equal(after, before) {
		return state, err
	}
	if len(after) > maxState {
		return state, errors.New("the file with this PC's Site code would be too large")
	}
	return state, s.replace(s.StatePath(signature), after)
}

// Generation returns the generation of this PC's Site code for a program; at first use it is random.
func (s *Store) Generation(ctx context.Context, signature license.Signature) (uint16, error) {
	state, err := s.State(signature)
	if err != nil || state.HasGeneration {
		return state.Generation, err
	}
	state, err = s.Update(ctx, signature, func(state *State) error {
		if state.HasGeneration {
			return nil
		}
		return s.renew(state)
	})
	return state.Generation, err
}

// renew sets a random generation that the PC has not used.
func (s *Store) renew(state *State) error {
	if len(state.Used) > license.MaxGeneration {
		return ErrNoGeneration
	}
	var b [2]byte
	if _, err := io.ReadFull(s.o.Rand, b[:]); err != nil {
		return err
	}
	fresh := binary.BigEndian.Uint16(b[:]) & license.MaxGeneration
	for slices.Contains(state.Used, fresh) {
		fresh = (fresh + 1) & license.MaxGeneration
	}
	state.Generation, state.HasGeneration = fresh, true
	state.Used = append(state.Used, fresh)
	return nil
}

// Leave spends the Site code of a license, stores its removal code, and gives the PC a new generation if the license
// had the present one, all in one step. For a spent Site code it only stores the removal code, if any; the license is
// then no longer settled, since a restored server may need the code again. The license files remain until Erase.
func (s *Store) Leave(ctx context.Context, signature license.Signature, gone Spent) error {
	if gone.At.IsZero() {
		gone.At = s.o.Now()
	}
	gone.At = gone.At.UTC().Truncate(time.Second)
	_, err := s.Update(ctx, signature, func(state *State) error {
		for i, one := range state.Spent {
			if one.Codes.Site == gone.Codes.Site {
				if gone.RemovalCode != 0 {
					state.Spent[i].RemovalCode, state.Spent[i].Settled = gone.RemovalCode, false
				}
				state.Spent[i].Shown = one.Shown || gone.Shown
				return nil
			}
		}
		state.Spent = append(state.Spent, gone)
		state.Former = slices.DeleteFunc(state.Former, func(t Typed) bool { return t.Codes.Site == gone.Codes.Site })
		if state.Typed != nil && state.Typed.Codes.Site == gone.Codes.Site {
			state.Typed = nil
		}
		if g := gone.Codes.Site.Generation(); !slices.Contains(state.Used, g) {
			state.Used = append(state.Used, g)
		}
		if state.HasGeneration && state.Generation != gone.Codes.Site.Generation() {
			return nil
		}
		return s.renew(state)
	})
	return err
}

// RenewGeneration gives the PC a new generation instead of that of a Site code which the vendor's server refused as
// spent. It does nothing if the PC has another one already.
func (s *Store) RenewGeneration(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	_, err := s.Update(ctx, signature, func(state *State) error {
		if !state.HasGeneration || state.Generation != site.Generation() {
			return nil
		}
		return s.renew(state)
	})
	return err
}

// UndoLeave reverts Leave: the Site code is valid again and becomes this PC's present one. It does not change a Site
// code that is not spent. UndoLeave fails with ErrSettled for a settled license, with ErrCodeShown for one whose
// removal code a person has seen, and with ErrReplaced if this PC has a newer license: a license file or typed code
// that is not spent and has the present generation. It does not verify the files; a forged one can only make it fail.
func (s *Store) UndoLeave(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	_, err := s.Update(ctx, signature, func(state *State) error {
		i := slices.IndexFunc(state.Spent, func(one Spent) bool { return one.Codes.Site == site })
		switch {
		case i < 0:
			return nil
		case state.Spent[i].Settled:
			return ErrSettled
		case state.Spent[i].Shown:
			return ErrCodeShown
		}
		replaced, err := s.replaced(*state)
		if err != nil {
			return err
		}
		if replaced {
			return ErrReplaced
		}
		state.Spent = slices.Delete(state.Spent, i, i+1)
		state.Generation, state.HasGeneration = site.Generation(), true
		return nil
	})
	return err
}

// replaced reports whether this PC has a license of the present generation that is not spent.
func (s *Store) replaced(state State) (bool, error) {
	present := func(site license.SiteCode) bool {
		_, spent := state.FindSpent(site)
		return !spent && state.HasGeneration && site.Generation() == state.Generation
	}
	if slices.ContainsFunc(state.TypedCodes(), func(t Typed) bool { return present(t.Codes.Site) }) {
		return true, nil
	}
	files, err := s.files(state.Signature)
	return slices.ContainsFunc(files, func(f File) bool {
		claimed, err := license.UnverifiedFile(f.Content)
		return err == nil && claimed.Signature == state.Signature && present(claimed.Codes.Site) && !f.OfTrialVersion()
	}), err
}

// Settle marks a license that left as settled, after the server has accepted its removal code or ended it, and
// deletes the code. The Site code remains spent.
func (s *Store) Settle(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	_, err := s.Update(ctx, signature, func(state *State) error {
		for i := range state.Spent {
			if state.Spent[i].Codes.Site == site {
				state.Spent[i].RemovalCode, state.Spent[i].Settled = 0, true
			}
		}
		return nil
	})
	return err
}

// SetAside renames a damaged state file, so that a new one can be written, and returns its new name. It returns "" for
// a state that is not damaged, and fails with ErrNewer for one of a newer version.
func (s *Store) SetAside(ctx context.Context, signature license.Signature) (name string, err error) {
	return within(s, signature, s.changeTime(ctx), func() (string, error) {
		unlock, err := s.lock(ctx, signature)
		if err != nil {
			return "", err
		}
		defer unlock()
		if _, err := s.state(signature); !errors.Is(err, ErrDamaged) {
			return "", err
		}
		return s.setDamagedAside(ProgramFolder(s.dir, signature), stateName)
	})
}

// setDamagedAside renames a damaged file of a folder and returns its new name.
func (s *Store) setDamagedAside(dir, name string) (aside string, err error) {
	aside = name + ".damaged-" + s.o.Now().UTC().Format("20060102-150405")
	for base, n := aside, 2; exists(filepath.Join(dir, aside)); n++ {
		aside = base + "-" + strconv.Itoa(n)
	}
	return aside, folderError(dir, s.o.Disk.Rename(filepath.Join(dir, name), filepath.Join(dir, aside)))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// File is a license file in a folder. Its content is not verified.
type File struct {
	Path    string
	Content string
	// Denied is true if this account may not read the file, whose content is then empty.
	Denied bool
}

// Files lists the license files of a program in the store.
func (s *Store) Files(signature license.Signature) ([]File, error) {
	return within(s, signature, s.o.DiskTimeout, func() ([]File, error) { return s.files(signature) })
}

// files is Files without a time limit.
func (s *Store) files(signature license.Signature) ([]File, error) {
	return s.View(signature).Files()
}

// Files lists the files of a folder that are named as license files, among the first 20,000 names; a missing folder has
// none. Files that are too large or unreadable have no content.
func Files(dir string) (list []File, err error) { return ViewOf(dir).Files() }

// ReadFile reads one license file. A file that is too large or unreadable has no content.
func ReadFile(path string) File {
	content, err := readShared(path, license.MaxFile)
	return newFile(path, content, err)
}

func newFile(path, content string, err error) File {
	if err != nil {
		return File{Path: path, Denied: errors.Is(err, fs.ErrPermission)}
	}
	return File{Path: path, Content: content}
}

// Put stores a license file for a program and erases those that it supersedes. If another license has its name, Put
// chooses another name. Files of a trial version are moved into the folder "old". Put fails with ErrNewer.
func (s *Store) Put(ctx context.Context, signature license.Signature, name, content string) error {
	if filepath.Base(name) != name || !strings.EqualFold(filepath.Ext(name), Extension) {
		return fmt.Errorf("%q is not the name of a license file", name)
	}
	return s.change(ctx, signature, func() error {
		unlock, err := s.lockFiles(ctx, signature)
		if err != nil {
			return err
		}
		defer unlock()
		dir := ProgramFolder(s.dir, signature)
		files, err := Files(dir)
		if err != nil {
			return folderError(dir, err)
		}
		if err := s.erase(files, File.OfTrialVersion); err != nil { // they are moved to the folder "old"
			return err
		}
		files = slices.DeleteFunc(files, File.OfTrialVersion)
		name := freeName(files, name, content)
		if err := s.replace(filepath.Join(dir, name), []byte(content)); err != nil {
			return err
		}
		return s.erase(files, func(f File) bool {
			return filepath.Base(f.Path) != name && superseded(f.Content, content)
		})
	})
}

// freeName returns a name that no other license has: name itself, or name with a number.
func freeName(files []File, name, content string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(files, func(f File) bool {
			if !strings.EqualFold(filepath.Base(f.Path), name) {
				return false
			}
			_, err := license.UnverifiedFile(f.Content)
			return f.Denied || err == nil && f.Content != content && !superseded(f.Content, content)
		})
	}
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	for n := 2; taken(name); n++ {
		name = stem + "-" + strconv.Itoa(n) + Extension
	}
	return name
}

// superseded reports whether the license file former may be erased for a newer one, according to their unverified
// content.
func superseded(former, content string) bool {
	older, olderErr := license.UnverifiedFile(former)
	newer, newerErr := license.UnverifiedFile(content)
	return olderErr == nil && newerErr == nil && Supersedes(newer, older)
}

// Supersedes reports whether a license file replaces an older one (spec: codes "Several licenses"): one with the same
// id, or one of its family. A license file does not name its family. An older license of the same order is assumed to
// be of the family if it was made for the same PC with the same generation, as before a lock changed or before a
// restored server forgot it, and neither lasts longer nor grants more, so that a wrong assumption loses nothing.
func Supersedes(newer, older license.File) bool {
	if newer.Signature != older.Signature || newer.ProgramID != older.ProgramID || newer.Order != older.Order ||
		older.IssuedAt.After(newer.IssuedAt) {
		return false
	}
	if newer.ID == older.ID {
		return true
	}
	if older.Codes.Site.Generation() != newer.Codes.Site.Generation() || Outlasts(older, newer) ||
		older.Features&^newer.Features != 0 {
		return false
	}
	key := newer.Signature.Key()
	then, olderErr := key.Open(older.Codes)
	now, newerErr := key.Open(newer.Codes)
	return olderErr == nil && newerErr == nil && license.Compare(then, now, newer.Policy).Accepted
}

// Outlasts reports whether one license is valid longer than another.
func Outlasts(f, than license.File) bool {
	if f.Expires.IsZero() || than.Expires.IsZero() {
		return f.Expires.IsZero() && !than.Expires.IsZero()
	}
	return f.Expires.After(than.Expires)
}

// Erase erases the license files of a program for which which returns true. It fails with ErrNewer.
func (s *Store) Erase(ctx context.Context, signature license.Signature, which func(File) bool) error {
	return s.change(ctx, signature, func() error {
		unlock, err := s.lockFiles(ctx, signature)
		if err != nil {
			return err
		}
		defer unlock()
		dir := ProgramFolder(s.dir, signature)
		files, err := Files(dir)
		return errors.Join(folderError(dir, err), s.erase(files, which))
	})
}

func (s *Store) erase(files []File, which func(File) bool) (err error) {
	for _, f := range files {
		switch {
		case !which(f):
		case f.OfTrialVersion():
			err = errors.Join(err, s.moveToOld(f.Path))
		default:
			if e := s.o.Disk.Remove(f.Path); !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	return err
}

// Clock is the latest time that was seen while a license was checked. It shows a clock that was set back.
type Clock struct {
	Latest time.Time `json:"latest"`
	// Issued is the issue of the newest license that was checked: a newer one resets the clock.
	Issued time.Time `json:"issued"`
}

// Clock returns the clock of a program; zero if there is none, or it cannot be read.
func (s *Store) Clock(signature license.Signature) Clock {
	clock, _ := within(s, signature, s.o.DiskTimeout, func() (Clock, error) {
		v := s.View(signature)
		state, _ := v.State() // a damaged state has no clock
		return v.Clock(state), nil
	})
	return clock
}

// SetClock stores the clock of a program; beside a damaged state it uses a separate file. It fails with ErrNewer.
func (s *Store) SetClock(ctx context.Context, signature license.Signature, c Clock) error {
	c = Clock{c.Latest.UTC(), c.Issued.UTC()}
	_, err := s.Update(ctx, signature, func(state *State) error {
		state.Clock = c
		return nil
	})
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.change(ctx, signature, func() error {
		unlock, err := s.lock(ctx, signature)
		if err != nil {
			return err
		}
		defer unlock()
		return s.replace(filepath.Join(ProgramFolder(s.dir, signature), clockName), content)
	})
}

// replace atomically replaces a file. The caller holds the lock of its folder.
func (s *Store) replace(path string, content []byte) error {
	dir, name := filepath.Split(path)
	s.sweep(dir)
	fresh := filepath.Join(dir, freshName+name)
	if err := s.o.Disk.Write(fresh, content); err != nil {
		return folderError(dir, err)
	}
	return folderError(dir, s.o.Disk.Rename(fresh, path))
}

// sweep removes incomplete files that a crash left behind.
func (s *Store) sweep(dir string) {
	var left []string
	_ = readNames(dir, func(some []string) bool { // Write fails for a file that remains
		for _, name := range some {
			if strings.HasPrefix(name, freshName) {
				left = append(left, name)
			}
		}
		return true
	})
	for _, name := range left {
		_ = s.o.Disk.Remove(filepath.Join(dir, name))
	}
}

// readShared is readFile for a file that other programs may replace at the same time.
func readShared(path string, limit int64) (content string, err error) {
	err = sharing(func() error {
		content, err = readFile(path, limit)
		return err
	})
	return content, err
}
