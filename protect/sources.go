package protect

import (
	"errors"
	"hash/maphash"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// scan is the content of folders: licenses that the vendor made for this program, and the best verdict of other files.
type scan struct {
	list  []candidate
	other Verdict
}

// ownFolder is the program's folder in the person's folder.
type ownFolder struct {
	scan
	state    installed.State
	stateErr error // a damaged state has no spent Site codes, so that a valid license is not lost
	clock    installed.Clock
	contacts []installed.Contact
	silent   bool // the folder did not respond in time; its content is unknown
}

// find reads all sources of licenses and the typed activation codes.
func (l *License) find() (all scan, own ownFolder) {
	sources := make([]source, 0, len(l.options.Paths)+1+len(l.options.ExtraFolders))
	for _, path := range l.options.Paths {
		sources = append(sources, l.named(path))
	}
	sources = append(sources, l.own(&own))
	for _, dir := range l.options.ExtraFolders {
		sources = append(sources, l.elsewhere(dir))
	}
	for _, found := range l.visit(sources) {
		all.merge(found)
	}
	issues := map[uint16]bool{} // only the latest code of an issue counts
	for _, t := range own.state.TypedCodes() {
		c, issue, err := l.typed(t)
		if err != nil || issues[issue] {
			continue
		}
		issues[issue] = true
		all.list = append(all.list, c)
	}
	return all, own
}

// ownFolder reads only the program's folder in the person's folder.
func (l *License) ownFolder() (own ownFolder) {
	own.scan = l.visit([]source{l.own(&own)})[0]
	return own
}

// source is a folder that may contain licenses, or a file that the program names.
type source struct {
	dir  string
	view *installed.View // nil for a file that is read by its path
	// read reads the folder. It may run in a goroutine that may be abandoned, so it must not write to shared variables.
	read func(view *installed.View, known []string) visited
	// take stores the result of read, in the goroutine of the check, and returns its scan; nil only returns the scan. If
	// the folder did not respond, the result is only a verdict.
	take func(v visited, answered bool) scan
}

// visited is the result of reading a source.
type visited struct {
	scan
	own ownFolder // without its scan; of the program's folder only
}

// silent returns the verdict for a folder that did not respond in time.
func silent(dir string) Verdict {
	return Verdict{
		Kind:   Unreadable,
		Path:   dir,
		Err:    installed.ErrTimeout,
		folder: true,
	}
}

// named returns the source of a file that the program names.
func (l *License) named(path string) source {
	return source{dir: filepath.Dir(path), read: func(_ *installed.View, known []string) (v visited) {
		f := installed.ReadFile(path)
		if !slices.Contains(known, f.Content) && (f.Content != "" || f.Denied || exists(path)) {
			v.file(l, f, new(int))
		}
		return v
	}}
}

// own returns the source of the program's folder in the person's folder, which take stores in own.
func (l *License) own(own *ownFolder) source {
	view := l.store.View(l.signature)
	read := func(view *installed.View, known []string) (v visited) {
		v.own.state, v.own.stateErr = view.State()
		if err := v.files(l, view, known); err != nil && !errors.Is(err, syscall.ENOTDIR) {
			unreadable := Verdict{
				Kind:   Unreadable,
				Path:   view.Dir(),
				Err:    err,
				folder: true,
			}
			if errors.Is(err, installed.ErrNoHome) {
				unreadable.Path, unreadable.folder = "", false
			}
			v.setOther(unreadable)
		}
		v.own.contacts, v.own.clock = view.Contacts(), view.Clock(v.own.state)
		return v
	}
	take := func(v visited, answered bool) scan {
		*own = v.own
		own.silent = !answered
		return v.scan
	}
	return source{
		dir:  view.Dir(),
		view: view,
		read: read,
		take: take,
	}
}

// elsewhere returns the source of a folder in Options.ExtraFolders.
func (l *License) elsewhere(dir string) source {
	return source{dir: dir, view: installed.ViewOf(dir), read: func(view *installed.View, known []string) (v visited) {
		err := v.files(l, view, known)
		if errors.Is(err, fs.ErrPermission) && dir != l.beside && exists(dir) {
			v.setOther(Verdict{
				Kind:   Unreadable,
				Path:   dir,
				Err:    err,
				folder: true,
			})
		}
		return v
	}}
}

// progress collects the results of the goroutine that reads sources.
type progress struct {
	mu        sync.Mutex
	results   []visited
	abandoned bool // later results are dropped
}

// visit reads sources one after the other. If a source may be on a network drive, visit reads it and those after it
// in another goroutine. If a source does not respond in time, visit abandons it together with the goroutine, and
// continues with the others: reading a folder on a disconnected network drive blocks and cannot be canceled.
func (l *License) visit(sources []source) []scan {
	found := make([]scan, 0, len(sources))
	var known []string // contents of files that were verified
	for len(sources) > 0 {
		if v, ok := l.visitDirectly(sources[0], known); ok {
			known = v.addTo(known)
			found = append(found, sources[0].store(v, true))
			sources = sources[1:]
			continue
		}
		results := l.visitSome(sources, slices.Clip(known))
		for i, v := range results {
			known = v.addTo(known)
			found = append(found, sources[i].store(v, true))
		}
		sources = sources[len(results):]
		if len(sources) > 0 {
			var v visited
			v.setOther(silent(sources[0].dir))
			found = append(found, sources[0].store(v, false))
			sources = sources[1:]
		}
	}
	return found
}

// visitDirectly reads a source in the goroutine of the caller, which is faster, or returns false if that may block.
func (l *License) visitDirectly(s source, known []string) (v visited, ok bool) {
	if s.view == nil || l.options.touch != nil {
		return visited{}, false
	}
	view, ok := s.view.Direct()
	if !ok {
		return visited{}, false
	}
	v = s.read(view, known)
	return v, view.Close()
}

// addTo adds the contents of the verified files to the known ones.
func (v visited) addTo(known []string) []string {
	for _, c := range v.list {
		known = append(known, c.content)
	}
	return known
}

// store stores the result of read and returns its scan.
func (s source) store(v visited, answered bool) scan {
	if s.take == nil {
		return v.scan
	}
	return s.take(v, answered)
}

// visitSome reads sources until one does not respond in time.
func (l *License) visitSome(sources []source, known []string) []visited {
	timer := time.NewTimer(l.options.DiskTimeout)
	defer timer.Stop()
	expired, before := timer.C, func(string) {}
	if touch := l.options.touch; touch != nil {
		expired, before = touch.expired(), touch.before
	}
	r, done := &progress{results: make([]visited, 0, len(sources))}, make(chan struct{})
	go func() {
		defer close(done)
		growStack()
		for _, s := range sources {
			before(s.dir)
			v := s.read(s.view, known)
			known = v.addTo(known)
			if !r.add(v) {
				return
			}
		}
	}()
	for answered := 0; ; {
		select {
		case <-done:
			return r.results
		case <-expired:
			results, more := r.since(answered)
			if !more {
				return results
			}
			answered = len(results)
			timer.Reset(l.options.DiskTimeout)
		}
	}
}

// growStack grows the stack of a new goroutine. Decoding and verifying a license takes more stack than a goroutine
// starts with, and the runtime would double and copy the stack three times (docs/adr/0013).
//
//go:noinline
func growStack() {
	var room [12 << 10]byte
	runtime.KeepAlive(&room)
}

// add adds a result. It returns false if reading was abandoned.
func (r *progress) add(v visited) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.abandoned {
		return false
	}
	r.results = append(r.results, v)
	return true
}

// since returns the results, and whether there are more than before; otherwise it abandons reading.
func (r *progress) since(before int) (results []visited, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.abandoned = len(r.results) == before
	return r.results, !r.abandoned
}

// touch replaces the time limit of folders in tests.
type touch struct {
	expired func() <-chan time.Time
	before  func(dir string)
}

// setOther replaces the verdict of other files by a better one.
func (s *scan) setOther(v Verdict) {
	if s.other.Kind == Undecided || v.Kind < s.other.Kind {
		s.other = v
	}
}

// merge adds the content of another folder.
func (s *scan) merge(more scan) {
	for _, c := range more.list {
		s.list = addNewest(s.list, c)
	}
	s.setOther(Verdict{Kind: NoLicense})
	if more.other.Kind != Undecided {
		s.setOther(more.other)
	}
}

// files reads the license files of a folder, except those with known contents. It reads all of them, in any number, so
// that damaged files cannot hide a good one.
func (s *scan) files(l *License, view *installed.View, known []string) error {
	verified, seen := 0, map[uint64]bool{}
	return view.Each(func(f installed.File) {
		if slices.Contains(known, f.Content) {
			return
		}
		if f.Content != "" {
			sum := maphash.String(contentSeed, f.Content)
			if seen[sum] {
				return
			}
			seen[sum] = true
		}
		s.file(l, f, &verified)
	})
}

// contentSeed is the seed of the hashes of contents.
var contentSeed = maphash.MakeSeed()

// file reads one license file.
func (s *scan) file(l *License, f installed.File, verified *int) {
	if f.Denied {
		s.setOther(Verdict{Kind: Unreadable, Path: f.Path, Err: fs.ErrPermission})
		return
	}
	c, kind := l.verifyNext(f.Content, verified)
	if kind != Valid {
		s.setOther(Verdict{Kind: kind, Path: f.Path})
		return
	}
	c.path, c.content = f.Path, f.Content
	s.list = addNewest(s.list, c)
}

// addNewest adds a license file to others. Of several files of one license only the newest counts: the vendor changed
// it.
func addNewest(list []candidate, c candidate) []candidate {
	for i := range list {
		if one := &list[i]; one.file.ID == c.file.ID && one.file.Codes == c.file.Codes {
			if c.file.IssuedAt.After(one.file.IssuedAt) {
				*one = c
			}
			return list
		}
	}
	return append(list, c)
}

// verifyFile verifies a license file and returns Valid, Damaged, UnknownKey, OlderVersion or OtherProgram. It does not
// verify files that name an unknown key.
func (l *License) verifyFile(content string) (candidate, Kind) {
	return l.verifyNext(content, new(int))
}

// verifyNext is verifyFile for one of many files. It adds 1 to verified if it verifies the signature. After verifyFirst
// of them it reads the claims first, which takes far less time than verifying a signature.
func (l *License) verifyNext(content string, verified *int) (candidate, Kind) {
	if *verified >= verifyFirst {
		switch claimed, err := license.UnverifiedFile(content); {
		case err != nil:
			return candidate{}, Damaged
		case claimed.Signature != l.signature:
			return candidate{}, OtherProgram
		}
	}
	file, err := license.VerifyFile(content, func(id string) (license.PublicKey, bool) {
		key, known := l.keys[id]
		if known {
			*verified++
		}
		return key, known
	})
	switch {
	case errors.Is(err, license.ErrFileKey):
		if claimed, err := license.UnverifiedFile(content); err == nil && claimed.Signature == l.signature {
			return candidate{}, UnknownKey
		}
		return candidate{}, OtherProgram
	case errors.Is(err, license.ErrOlderVersion):
		return candidate{}, OlderVersion
	case err != nil:
		return candidate{}, Damaged
	case file.Signature != l.signature:
		return candidate{}, OtherProgram
	}
	bound, err := l.key.Open(file.Codes)
	if err != nil {
		return candidate{}, Damaged
	}
	return candidate{file: file, bound: bound}, Valid
}
