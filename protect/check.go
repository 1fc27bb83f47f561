package protect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

const (
	// Tolerance is how far the clock may be set back unnoticed: time zones, and other systems on the same PC, move clocks.
	Tolerance = 24 * time.Hour
	// clockEvery is how far the clock must have moved to be written down.
	clockEvery = time.Hour
	// patience is how long a check waits for others that change the folder. What it would write is not needed for the verdict.
	patience = 25 * time.Millisecond
	// maxVerified bounds how many license files are verified.
	maxVerified = 50
)

// candidate is a license that may be this PC's. A typed activation code is one, too: a file without an id.
type candidate struct {
	path    string
	file    license.File
	bound   license.Block // the locks that it was made for
	typed   bool
	verdict Verdict
}

func (c candidate) timed(v Validation) bool {
	return !c.file.Expires.IsZero() || !c.typed && v.grace() > 0
}

func (v Validation) grace() time.Duration {
	if v.Server == "" {
		return 0
	}
	return v.Grace
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
	case l.verdict.Text == "":
		l.verdict = Verdict{Text: err.Error()}
	}
	return best, err
}

func (l *License) best(ctx context.Context) (best candidate, err error) {
	if l.broken != nil {
		return best, fmt.Errorf("This program was built wrongly and cannot check its license; tell its vendor: %w.", l.broken)
	}
	view := l.store.View(l.signature)
	defer view.Close()
	state, damaged := view.State() // a damaged state spends nothing: a good license is not lost by it
	if errors.Is(damaged, installed.ErrNewer) {
		return candidate{verdict: l.newerState()}, nil
	}
	list, other := l.find(view, state)
	if len(list) == 0 {
		best = candidate{verdict: other}
	} else if best, err = l.judge(ctx, list, view, state); err != nil {
		return candidate{}, fmt.Errorf("The license of %s could not be checked, because the locks of this PC could not be read: %w. Start the program again.", l.program.Name, err)
	}
	if other.Kind < best.verdict.Kind {
		best = candidate{verdict: other}
	}
	l.explain(&best.verdict)
	if damaged == nil {
		l.register(ctx, state, best)
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

// find lists the licenses that were made by the vendor for this program, and tells the best verdict of all else.
func (l *License) find(view *installed.View, state installed.State) (list []candidate, other Verdict) {
	other.Kind = NoLicense
	verified, seen := 0, map[string]bool{}
	for _, f := range l.files(view) {
		if seen[f.Content] && f.Content != "" || verified >= maxVerified {
			continue
		}
		seen[f.Content] = true
		c, kind := l.read(f.Content, &verified)
		if kind == Valid {
			c.path = f.Path
			list = add(list, c)
		} else if kind < other.Kind {
			other = Verdict{Kind: kind, Path: f.Path}
		}
	}
	if state.Typed != nil {
		if c, err := l.typed(*state.Typed); err == nil {
			list = append(list, c)
		}
	}
	return list, other
}

// add puts a license file among others. Of several files of one license only the newest counts: the vendor changed it.
func add(list []candidate, c candidate) []candidate {
	for i, one := range list {
		if one.file.ID == c.file.ID && one.file.Codes == c.file.Codes {
			if c.file.IssuedAt.After(one.file.IssuedAt) {
				list[i] = c
			}
			return list
		}
	}
	return append(list, c)
}

// files lists everything that may be a license file.
func (l *License) files(view *installed.View) (list []installed.File) {
	for _, path := range l.options.Paths {
		if f := installed.ReadFile(path); f.Content != "" || exists(path) {
			list = append(list, f)
		}
	}
	own, _ := view.Files() // a folder that cannot be read holds nothing for this program
	list = append(list, own...)
	for _, dir := range l.options.Elsewhere {
		files, _ := installed.Files(dir)
		list = append(list, files...)
	}
	return list
}

// read verifies a license file and returns Valid, Damaged, UnknownKey, OlderVersion or OtherProgram. It does not verify files that
// name an unknown key.
func (l *License) read(content string, verified *int) (candidate, Kind) {
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

var errTypedRefused = errors.New("this program accepts license files only, no typed activation codes: get the license file with the ACEN Desktop app")

// typed makes a typed activation code a license file without an id.
func (l *License) typed(t installed.Typed) (c candidate, err error) {
	if l.program.ActivationKey == nil {
		return c, errTypedRefused
	}
	grant, err := l.program.ActivationKey.Check(t.Codes, t.Code)
	if err != nil {
		return c, err
	}
	bound, err := l.key.Open(t.Codes)
	if err != nil {
		return c, err
	}
	return candidate{typed: true, bound: bound, file: license.File{
		Signature: l.signature, ProgramName: l.program.Name, Codes: t.Codes, ActivationCode: t.Code, Features: grant.Features, Expires: grant.ValidThrough(),
		Policy: l.program.Policy, Seed: l.program.ActivationKey.RemovalSeed(t.Code),
	}}, nil
}

// judge decides about licenses, and tells the best. It fails when the locks of the PC cannot be read now.
func (l *License) judge(ctx context.Context, list []candidate, view *installed.View, state installed.State) (best candidate, err error) {
	contacts := append(view.Contacts(), l.unkept...)
	var reading *fingerprint.Reading
	for i := range list {
		c := &list[i]
		c.verdict = Verdict{Kind: Valid, Path: c.path, License: c.details()}
		if spent, ok := state.Find(c.file.Codes.Site); ok {
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
	l.judgeTime(ctx, list, view, state, contacts)
	best = list[0]
	for _, c := range list[1:] {
		if better(c, best) {
			best = c
		}
	}
	return best, nil
}

// better reports whether a verdict is to be told in the place of another: of two valid ones that of the license that lasts
// longer, then of the one that was issued later.
func better(c, than candidate) bool {
	if c.verdict.Kind != than.verdict.Kind || c.verdict.Kind != Valid {
		return c.verdict.Kind < than.verdict.Kind
	}
	a, b := c.file, than.file
	if !a.Expires.Equal(b.Expires) {
		return a.Expires.IsZero() || !b.Expires.IsZero() && a.Expires.After(b.Expires)
	}
	return a.IssuedAt.After(b.IssuedAt)
}

// judgeTime decides about the licenses of this PC that time ends. The latest time seen counts in the place of a clock that
// was set back within the tolerance. A license that was issued later than all before begins anew at its own issue.
func (l *License) judgeTime(ctx context.Context, list []candidate, view *installed.View, state installed.State, contacts []installed.Contact) {
	var timed []*candidate
	for i := range list {
		if c := &list[i]; c.verdict.Kind == Valid && c.timed(l.program.Validation) {
			timed = append(timed, c)
		}
	}
	if len(timed) == 0 {
		return
	}
	before, now := view.Clock(state), l.options.Now()
	clock := before
	for _, c := range timed {
		if c.file.IssuedAt.After(clock.Issued) {
			clock = installed.Clock{Latest: c.file.IssuedAt, Issued: c.file.IssuedAt}
		}
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
		due := laterOf(contactOf(contacts, c.file).At, c.file.IssuedAt).Add(l.program.Validation.grace())
		switch {
		case c.file.Expired(now):
			c.verdict.Kind, c.verdict.At = Expired, c.file.Expires
		case !c.typed && l.program.Validation.grace() > 0 && now.After(due):
			c.verdict.Kind, c.verdict.At = ValidationDue, due
		case !c.file.Expires.IsZero():
			c.verdict.DaysLeft = int(c.file.Expires.Sub(now)/(24*time.Hour)) + 1
		}
	}
	if clock.Issued.Equal(before.Issued) && clock.Latest.Sub(before.Latest) <= clockEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = l.store.SetClock(ctx, l.signature, clock) // the next check writes it
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
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _ = l.store.Update(ctx, l.signature, func(s *installed.State) error { // the next start does it
		s.Program = self
		if adopt {
			adoptGeneration(s, best.file.Codes)
		}
		return nil
	})
}
