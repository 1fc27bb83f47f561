package protect

import (
	"context"
	"errors"
	"hash/maphash"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

const (
	// Tolerance is how far the clock may be set back: time zones, and other systems on the same PC, change clocks.
	Tolerance = 24 * time.Hour
	// clockEvery is how far the clock must have moved to be written down.
	clockEvery = time.Hour
	// patience is how long a check waits for others that change the folder. What it would write is not needed for the verdict.
	patience = 25 * time.Millisecond
	// diskTimeout is the default of Options.DiskTimeout.
	diskTimeout = 3 * time.Second
	// quickly is how many signatures are checked in a folder before the claims of further files are read first.
	quickly = 8
)

// candidate is a license that may be this PC's. A typed activation code is one, too: a file without an id.
type candidate struct {
	path    string
	content string // of the file
	file    license.File
	bound   license.Block // the locks that it was made for
	typed   bool
	verdict Verdict
}

func (c candidate) timed(v Validation) bool {
	return !c.file.Expires.IsZero() || !c.typed && v.graced()
}

// graced reports whether a license file must be confirmed by the server at all.
func (v Validation) graced() bool { return v.Server != "" && v.Grace != 0 && v.Grace != Forever }

// due returns when a license must have been confirmed again that was confirmed at a moment, or never.
func (v Validation) due(confirmed, issued time.Time) time.Time {
	if v.Grace != NoGrace {
		return laterOf(confirmed, issued).Add(v.Grace)
	}
	if confirmed.IsZero() {
		return issued.Add(-time.Nanosecond)
	}
	every := v.Every
	if every <= 0 {
		every = usualEvery
	}
	return confirmed.Add(every + checkEvery) // the time that Watch needs to ask
}

// Verdict is what the latest check found.
func (l *License) Verdict() Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.verdict
}

// Has reports whether the license is valid and grants a feature: bit 0 to 15.
func (l *License) Has(bit int) bool { return l.Verdict().Has(bit) }

// Check finds and checks the license anew, without a network. When it is interrupted the verdict stays as it was.
func (l *License) Check(ctx context.Context) Verdict {
	l.checking.Lock()
	defer l.checking.Unlock()
	_, _ = l.check(ctx) // the verdict tells
	return l.Verdict()
}

// check decides about everything that is found and remembers the verdict about the best, which it returns. It fails when no
// decision can be made.
func (l *License) check(ctx context.Context) (best candidate, err error) {
	best, err = l.best(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.verdict = best.verdict
	case l.verdict.Kind == Undecided:
		l.verdict = Verdict{Err: err}
		l.explain(&l.verdict)
	}
	if err != nil {
		v := Verdict{Err: err}
		l.explain(&v)
		err = &undecided{v}
	}
	return best, err
}

// undecided is the error of a check that could not be made.
type undecided struct{ verdict Verdict }

func (u *undecided) Error() string { return u.verdict.Text("en") }

func (u *undecided) Unwrap() error { return u.verdict.Err }

func (l *License) best(ctx context.Context) (best candidate, err error) {
	if l.broken != nil {
		return best, misbuilt{l.broken}
	}
	l.asked = nil
	all, own := l.find()
	if errors.Is(own.stateErr, installed.ErrNewer) {
		return candidate{verdict: l.newerState()}, nil
	}
	if len(all.list) == 0 {
		best = candidate{verdict: all.other}
	} else if best, err = l.judge(ctx, all.list, own); err != nil {
		return candidate{}, err
	}
	if all.other.Kind < best.verdict.Kind {
		best = candidate{verdict: all.other}
	}
	l.explain(&best.verdict)
	if own.stateErr == nil && !own.silent {
		l.register(ctx, own.state, best)
	}
	return best, nil
}

// newerState returns the verdict for a state of a newer version. The state may say that a license has left the PC, so
// the program must not run under any.
func (l *License) newerState() Verdict {
	v := Verdict{Kind: NewerState, Path: l.store.StatePath(l.signature)}
	l.explain(&v)
	return v
}

// scan is the content of folders: licenses that the vendor made for this program, and the best verdict of other files.
type scan struct {
	list  []candidate
	other Verdict
}

// ownFolder is the program's folder in the person's folder.
type ownFolder struct {
	scan
	state    installed.State
	stateErr error // a damaged state spends nothing: a good license is not lost by it
	clock    installed.Clock
	contacts []installed.Contact
	silent   bool // the folder did not answer in time; nothing of it is known
}

// find reads all places where licenses may lie, and the typed activation codes.
func (l *License) find() (all scan, own ownFolder) {
	places := make([]place, 0, len(l.options.Paths)+1+len(l.options.Elsewhere))
	for _, path := range l.options.Paths {
		places = append(places, l.named(path))
	}
	places = append(places, l.own(&own))
	for _, dir := range l.options.Elsewhere {
		places = append(places, l.elsewhere(dir))
	}
	for _, found := range l.visit(places) {
		all.merge(found)
	}
	issues := map[uint16]bool{} // of each issue only the latest code counts
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
	own.scan = l.visit([]place{l.own(&own)})[0]
	return own
}

// place is a folder to read.
type place struct {
	dir string
	// read reads the folder. It runs in a goroutine that may be abandoned, so it must not write to shared variables.
	read func(known []string) visited
	// take stores the result of read, in the goroutine of the check, and returns its scan; nil only returns the scan.
	// The folder may not have answered; the result is then only a verdict.
	take func(v visited, answered bool) scan
}

// visited is the result of reading a place.
type visited struct {
	scan
	own ownFolder // without its scan; of the program's folder only
}

// silent returns the verdict for a folder that did not answer in time.
func silent(dir string) Verdict {
	return Verdict{
		Kind:   Unreadable,
		Path:   dir,
		Err:    installed.ErrSilent,
		folder: true,
	}
}

// named is a file that the program names.
func (l *License) named(path string) place {
	return place{dir: filepath.Dir(path), read: func(known []string) (v visited) {
		f := installed.ReadFile(path)
		if !slices.Contains(known, f.Content) && (f.Content != "" || f.Denied || exists(path)) {
			v.file(l, f, new(int))
		}
		return v
	}}
}

// own returns the place of the program's folder in the person's folder, which take stores in own.
func (l *License) own(own *ownFolder) place {
	dir := installed.Below(l.options.Folder, l.signature)
	read := func(known []string) (v visited) {
		view := l.store.View(l.signature)
		defer view.Close()
		v.own.state, v.own.stateErr = view.State()
		if err := v.files(l, view, known); err != nil && !errors.Is(err, syscall.ENOTDIR) {
			told := Verdict{
				Kind:   Unreadable,
				Path:   dir,
				Err:    err,
				folder: true,
			}
			if errors.Is(err, installed.ErrNoHome) {
				told.Path, told.folder = "", false
			}
			v.tell(told)
		}
		v.own.contacts, v.own.clock = view.Contacts(), view.Clock(v.own.state)
		return v
	}
	take := func(v visited, answered bool) scan {
		*own = v.own
		own.silent = !answered
		return v.scan
	}
	return place{dir, read, take}
}

// elsewhere returns the place of a folder in Options.Elsewhere.
func (l *License) elsewhere(dir string) place {
	return place{dir: dir, read: func(known []string) (v visited) {
		view := installed.OpenView(dir)
		defer view.Close()
		err := v.files(l, view, known)
		if errors.Is(err, fs.ErrPermission) && dir != l.beside && exists(dir) {
			v.tell(Verdict{
				Kind:   Unreadable,
				Path:   dir,
				Err:    err,
				folder: true,
			})
		}
		return v
	}}
}

// round collects the results of the goroutine that reads places.
type round struct {
	mu        sync.Mutex
	results   []visited
	abandoned bool // later results are dropped
}

// visit reads places one after the other, in a goroutine of its own. If a place does not answer in time, visit abandons
// it together with the goroutine, and reads the others in a new one: reading a folder on a dead network drive blocks
// and cannot be canceled.
func (l *License) visit(places []place) []scan {
	found := make([]scan, 0, len(places))
	for len(places) > 0 {
		results := l.visitSome(places)
		for i, v := range results {
			found = append(found, places[i].taken(v, true))
		}
		places = places[len(results):]
		if len(places) > 0 {
			var v visited
			v.tell(silent(places[0].dir))
			found = append(found, places[0].taken(v, false))
			places = places[1:]
		}
	}
	return found
}

func (p place) taken(v visited, answered bool) scan {
	if p.take == nil {
		return v.scan
	}
	return p.take(v, answered)
}

// visitSome reads places until one does not answer in time.
func (l *License) visitSome(places []place) []visited {
	timer := time.NewTimer(l.options.DiskTimeout)
	defer timer.Stop()
	expired, before := timer.C, func(string) {}
	if touch := l.options.touch; touch != nil {
		expired, before = touch.expired(), touch.before
	}
	r, done := &round{results: make([]visited, 0, len(places))}, make(chan struct{})
	go func() {
		defer close(done)
		var known []string // contents of files that were verified
		for _, p := range places {
			before(p.dir)
			v := p.read(known)
			for _, c := range v.list {
				known = append(known, c.content)
			}
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

// add adds a result. It returns false if the round was abandoned.
func (r *round) add(v visited) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.abandoned {
		return false
	}
	r.results = append(r.results, v)
	return true
}

// since returns the results, and whether there are more than before; otherwise it abandons the round.
func (r *round) since(before int) (results []visited, more bool) {
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

// tell replaces the verdict of other files by a better one.
func (s *scan) tell(v Verdict) {
	if s.other.Kind == Undecided || v.Kind < s.other.Kind {
		s.other = v
	}
}

// merge adds the content of another folder.
func (s *scan) merge(more scan) {
	for _, c := range more.list {
		s.list = add(s.list, c)
	}
	s.tell(Verdict{Kind: NoLicense})
	if more.other.Kind != Undecided {
		s.tell(more.other)
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
		s.tell(Verdict{Kind: Unreadable, Path: f.Path, Err: fs.ErrPermission})
		return
	}
	c, kind := l.read(f.Content, verified)
	if kind != Valid {
		s.tell(Verdict{Kind: kind, Path: f.Path})
		return
	}
	c.path, c.content = f.Path, f.Content
	s.list = add(s.list, c)
}

// add puts a license file among others. Of several files of one license only the newest counts: the vendor changed it.
func add(list []candidate, c candidate) []candidate {
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

// read verifies a license file and returns Valid, Damaged, UnknownKey, OlderVersion or OtherProgram. It does not verify
// files that name an unknown key. It counts the signatures that it verified. After quickly of them it reads the claims
// first, which takes far less time than verifying a signature.
func (l *License) read(content string, verified *int) (candidate, Kind) {
	if *verified >= quickly {
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

var errTypedRefused = errors.New("this is not a license file, and this program accepts no typed activation codes: get the license file with the ACEN Desktop app")

// typed returns a typed activation code as a license file without an id, and its issue.
func (l *License) typed(t installed.Typed) (c candidate, issue uint16, err error) {
	if l.program.ActivationKey == nil {
		return c, 0, errTypedRefused
	}
	grant, err := l.program.ActivationKey.Check(t.Codes, t.Code)
	if err != nil {
		return c, 0, err
	}
	bound, err := l.key.Open(t.Codes)
	if err != nil {
		return c, 0, err
	}
	return candidate{typed: true, bound: bound, file: license.File{
		Signature:      l.signature,
		ProgramName:    l.program.Name,
		Codes:          t.Codes,
		ActivationCode: t.Code,
		Features:       grant.Features,
		Expires:        grant.ValidThrough(),
		Policy:         l.program.policy(),
		Seed:           l.program.ActivationKey.RemovalSeed(t.Code),
	}}, grant.Issue, nil
}

// policy returns Policy, or the default policy for the zero value.
func (p Program) policy() license.Policy {
	if zero := p.Policy; !zero.Enabled && zero.MaxHardwareChanges == 0 && zero.Changeable == nil {
		return license.DefaultPolicy()
	}
	return p.Policy
}

// judge decides about licenses and returns the best. It fails if the locks of the PC cannot be read now.
func (l *License) judge(ctx context.Context, list []candidate, own ownFolder) (best candidate, err error) {
	contacts := slices.Concat(own.contacts, l.unkept)
	var reading *fingerprint.Reading
	for i := range list {
		c := &list[i]
		c.verdict = Verdict{Kind: Valid, Path: c.path, License: c.details()}
		if spent, ok := own.state.Find(c.file.Codes.Site); ok {
			c.verdict.Kind, c.verdict.At = Removed, spent.At
			continue
		}
		if reading == nil {
			now, err := l.options.Fingerprint.Read(ctx)
			if err != nil {
				return best, err
			}
			reading = &now
		}
		if compared := license.Compare(c.bound, reading.BlockFor(l.key, c.bound), c.file.Policy); !compared.Accepted {
			c.verdict.Kind, c.verdict.Comparison = WrongPC, &compared
		} else if contact := contactOf(contacts, c.file); contact.Ended != "" && !c.typed {
			c.verdict.Kind, c.verdict.At = Ended, contact.At
		}
	}
	l.judgeTime(ctx, list, own, contacts)
	best = list[0]
	for _, c := range list[1:] {
		if better(c, best) {
			best = c
		}
	}
	if best.verdict.Kind == Valid {
		for _, c := range list { // the union of all features (spec: codes "Several licenses")
			if c.verdict.Kind == Valid {
				best.verdict.License.Features |= c.file.Features
			}
		}
	}
	l.asked = asked(list)
	return best, nil
}

// maxAsked limits how many licenses of one program the server is asked about at a time.
const maxAsked = 8

// asked returns the licenses that the server is asked about, the best first: each grants its features until the server
// ends it. It reuses the list.
func asked(list []candidate) []candidate {
	list = slices.DeleteFunc(list, func(c candidate) bool {
		switch c.verdict.Kind {
		case Valid, ValidationDue, ClockSetBack, Expired, Ended:
			return c.typed
		}
		return true
	})
	slices.SortStableFunc(list, func(a, b candidate) int {
		switch {
		case better(a, b):
			return -1
		case better(b, a):
			return 1
		}
		return 0
	})
	return list[:min(len(list), maxAsked)]
}

// better reports whether c should be shown instead of than: a better kind wins; between two valid licenses the later
// end, then the later issue.
func better(c, than candidate) bool {
	if c.verdict.Kind != than.verdict.Kind || c.verdict.Kind != Valid {
		return c.verdict.Kind < than.verdict.Kind
	}
	a, b := c.file, than.file
	if !a.Expires.Equal(b.Expires) {
		return installed.Outlasts(a, b)
	}
	return a.IssuedAt.After(b.IssuedAt)
}

// judgeTime decides about the licenses of this PC that time ends. If the clock was set back within the tolerance it
// uses the latest time seen. That time is reset by a license that was issued later than all before, to its issue, and
// by a typed activation code that this PC never had, to the present, because such a code has no time of issue (spec:
// codes "Activation code").
func (l *License) judgeTime(ctx context.Context, list []candidate, own ownFolder, contacts []installed.Contact) {
	var timed []*candidate
	for i := range list {
		if c := &list[i]; c.verdict.Kind == Valid && c.timed(l.program.Validation) {
			timed = append(timed, c)
		}
	}
	if len(timed) == 0 {
		return
	}
	now := l.options.Now()
	clock := own.clock
	var fresh []license.ActivationCode
	for _, c := range timed {
		if c.file.IssuedAt.After(clock.Issued) {
			clock = installed.Clock{Latest: c.file.IssuedAt, Issued: c.file.IssuedAt}
		}
		if c.typed && !own.state.Had(c.file.ActivationCode) && !c.file.Expired(now) {
			fresh = append(fresh, c.file.ActivationCode)
		}
	}
	if len(fresh) > 0 && clock.Latest.Sub(now) > Tolerance {
		clock.Latest = laterOf(now, clock.Issued)
	}
	if clock.Latest.Sub(now) > Tolerance {
		for _, c := range timed {
			c.verdict.Kind, c.verdict.At = ClockSetBack, clock.Latest
		}
		return
	}
	if now.After(clock.Latest) {
		clock.Latest = now
	}
	now = clock.Latest
	for _, c := range timed {
		due := l.program.Validation.due(contactOf(contacts, c.file).At, c.file.IssuedAt)
		switch {
		case c.file.Expired(now):
			c.verdict.Kind, c.verdict.At = Expired, c.file.Expires
		case !c.typed && l.program.Validation.graced() && now.After(due):
			c.verdict.Kind, c.verdict.At = ValidationDue, due
		case !c.file.Expires.IsZero():
			c.verdict.DaysLeft = int(c.file.Expires.Sub(now)/(24*time.Hour)) + 1
		}
	}
	l.keepClock(ctx, own, clock, fresh)
}

// keepClock stores the clock if it has moved, and the typed activation codes that this PC never had. If that fails, the
// next check tries again.
func (l *License) keepClock(ctx context.Context, own ownFolder, clock installed.Clock, fresh []license.ActivationCode) {
	still := clock.Issued.Equal(own.clock.Issued) && clock.Latest.Sub(own.clock.Latest) <= clockEvery
	if own.silent || still && len(fresh) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if len(fresh) == 0 {
		_ = l.store.SetClock(ctx, l.signature, clock)
		return
	}
	_, _ = l.store.Update(ctx, l.signature, func(s *installed.State) error {
		s.Clock = installed.Clock{Latest: clock.Latest.UTC(), Issued: clock.Issued.UTC()}
		for _, code := range fresh {
			s.Remember(code)
		}
		return nil
	})
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// contactOf is what the server last said of a license; zero when nothing.
func contactOf(contacts []installed.Contact, f license.File) (last installed.Contact) {
	for _, c := range contacts {
		if c.LicenseID == f.ID && c.Site == f.Codes.Site {
			last = c
		}
	}
	return last
}

func (c candidate) details() *Details {
	f := c.file
	return &Details{
		ID: f.ID, Order: f.Order, Issuer: f.Issuer, Program: f.ProgramName, Note: f.Note, Features: f.Features, Expires: f.Expires, Codes: f.Codes, Typed: c.typed,
	}
}

// register tells the desktop app on this PC of the program, and gives a PC that has no Site code yet the one of its valid
// license, so that the app recognizes it. It is done at first start, and when the program has changed.
func (l *License) register(ctx context.Context, state installed.State, best candidate) {
	self := installed.Program{Name: l.program.Name, PublicKeys: l.program.PublicKeys, TypedCodes: l.program.ActivationKey != nil}
	adopt := best.verdict.Valid() && !state.HasGeneration
	if equal(state.Program, self) && !adopt {
		return
	}
	codes := best.file.Codes
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _ = l.store.Update(ctx, l.signature, func(s *installed.State) error { // the next start does it
		s.Program = self
		if adopt {
			adoptGeneration(s, codes)
		}
		return nil
	})
}
