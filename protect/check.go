package protect

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

const (
	// Tolerance is how far the clock may be set back, because time zones, and other systems on the same PC, change
	// clocks.
	Tolerance = 24 * time.Hour
	// clockEvery is how far the clock must advance before it is stored again.
	clockEvery = time.Hour
	// writeTimeout limits how long a check waits for the lock of the folder. Its writes do not affect the verdict.
	writeTimeout = 25 * time.Millisecond
	// verifyFirst is the number of files of a folder that are verified in order. Of further files the claims are read
	// first.
	verifyFirst = 8
)

// candidate is a license that may be this PC's: a license file, or a typed activation code as a file without an id.
type candidate struct {
	path    string
	content string // of the file
	file    license.File
	bound   license.Block // the block that it was made for
	typed   bool
	verdict Verdict
}

func (c candidate) timed(v Validation) bool {
	return !c.file.Expires.IsZero() || !c.typed && v.needsConfirmation()
}

// needsConfirmation reports whether a license file needs confirmation by the server at all.
func (v Validation) needsConfirmation() bool {
	return v.Server != "" && v.Grace != 0 && v.Grace != Forever
}

// due returns the time at which a license that was confirmed at a moment must be confirmed again, or zero for never.
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
	return confirmed.Add(every + checkEvery) // the interval of Watch
}

// Verdict returns the result of the latest check.
func (l *License) Verdict() Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.verdict
}

// Has reports whether the license is valid and grants a feature: bit 0 to 15.
func (l *License) Has(bit int) bool { return l.Verdict().Has(bit) }

// Check finds and checks the license again, without a network. If it is interrupted the verdict does not change.
func (l *License) Check(ctx context.Context) Verdict {
	l.checking.Lock()
	defer l.checking.Unlock()
	_, _ = l.check(ctx) // the verdict contains the error
	return l.Verdict()
}

// check judges all licenses, stores the verdict of the best one and returns that license. It fails if no decision can
// be made.
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

// undecided is the error of an incomplete check.
type undecided struct{ verdict Verdict }

func (u *undecided) Error() string { return u.verdict.Text("en") }

func (u *undecided) Unwrap() error { return u.verdict.Err }

// best finds and judges all licenses and returns the best one. It fails if no decision can be made.
func (l *License) best(ctx context.Context) (best candidate, err error) {
	if l.broken != nil {
		return best, misbuilt{l.broken}
	}
	l.toValidate = nil
	all, own := l.find()
	if errors.Is(own.stateErr, installed.ErrNewer) {
		return candidate{verdict: l.newerState()}, nil
	}
	if len(all.list) == 0 {
		best = candidate{verdict: all.other}
	} else {
		if best, err = l.judge(ctx, all.list, own); err != nil {
			return candidate{}, err
		}
		l.toValidate = toValidate(all.list)
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

var errTypedRefused = errors.New("this is not a license file, and this program accepts no typed activation codes: " +
	"get the license file with the ACEN Desktop app")

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

// judge judges licenses and returns the best one. It fails if the locks of the PC cannot be read now.
func (l *License) judge(ctx context.Context, list []candidate, own ownFolder) (best candidate, err error) {
	contacts := slices.Concat(own.contacts, l.pending)
	var reading *fingerprint.Reading
	for i := range list {
		c := &list[i]
		c.verdict = Verdict{Kind: Valid, Path: c.path, License: c.details()}
		if spent, ok := own.state.FindSpent(c.file.Codes.Site); ok {
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
		if preferred(c, best) {
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
	return best, nil
}

// maxAsked limits how many licenses of one program are validated at a time.
const maxAsked = 8

// toValidate returns the licenses to validate, best first: each grants its features until the server ends it. It
// reuses the list.
func toValidate(list []candidate) []candidate {
	list = slices.DeleteFunc(list, func(c candidate) bool {
		switch c.verdict.Kind {
		case Valid, ValidationDue, ClockSetBack, Expired, Ended:
			return c.typed
		}
		return true
	})
	slices.SortStableFunc(list, func(a, b candidate) int {
		switch {
		case preferred(a, b):
			return -1
		case preferred(b, a):
			return 1
		}
		return 0
	})
	return list[:min(len(list), maxAsked)]
}

// preferred reports whether c should be shown instead of than: a better kind wins; between two valid licenses the
// later end, then the later issue.
func preferred(c, than candidate) bool {
	if c.verdict.Kind != than.verdict.Kind || c.verdict.Kind != Valid {
		return c.verdict.Kind < than.verdict.Kind
	}
	a, b := c.file, than.file
	if !a.Expires.Equal(b.Expires) {
		return installed.Outlasts(a, b)
	}
	return a.IssuedAt.After(b.IssuedAt)
}

// judgeTime judges the time limits of this PC's licenses. If the clock was set back within the tolerance it uses the
// latest time seen. That time is reset by a license that was issued later than all before, to its issue, and by a
// typed activation code that this PC never had, to the present, because such a code has no time of issue (spec: codes
// "Activation code").
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
		if c.typed && !own.state.WasEntered(c.file.ActivationCode) && !c.file.Expired(now) {
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
		case !c.typed && l.program.Validation.needsConfirmation() && now.After(due):
			c.verdict.Kind, c.verdict.At = ValidationDue, due
		case !c.file.Expires.IsZero():
			c.verdict.DaysLeft = int(c.file.Expires.Sub(now)/(24*time.Hour)) + 1
		}
	}
	l.storeClock(ctx, own, clock, fresh)
}

// storeClock stores the clock if it has advanced, and the typed activation codes that this PC never had. After a
// failure the next check retries.
func (l *License) storeClock(
	ctx context.Context, own ownFolder, clock installed.Clock, fresh []license.ActivationCode,
) {
	still := clock.Issued.Equal(own.clock.Issued) && clock.Latest.Sub(own.clock.Latest) <= clockEvery
	if own.silent || still && len(fresh) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if len(fresh) == 0 {
		_ = l.store.SetClock(ctx, l.signature, clock)
		return
	}
	_, _ = l.store.Update(ctx, l.signature, func(s *installed.State) error {
		s.Clock = installed.Clock{Latest: clock.Latest.UTC(), Issued: clock.Issued.UTC()}
		for _, code := range fresh {
			s.RecordEntered(code)
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

// contactOf returns the contact of a license; zero if there is none.
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
		ID:       f.ID,
		Order:    f.Order,
		Issuer:   f.Issuer,
		Program:  f.ProgramName,
		Note:     f.Note,
		Features: f.Features,
		Expires:  f.Expires,
		Codes:    f.Codes,
		Typed:    c.typed,
	}
}

// register stores the program's name and keys for the desktop app, at the first start and after they have changed. It
// gives a PC without a Site code that of its valid license, so that the app recognizes the license.
func (l *License) register(ctx context.Context, state installed.State, best candidate) {
	self := installed.Program{
		Name:       l.program.Name,
		PublicKeys: l.program.PublicKeys,
		TypedCodes: l.program.ActivationKey != nil,
	}
	adopt := best.verdict.Valid() && !state.HasGeneration
	if equal(state.Program, self) && !adopt {
		return
	}
	codes := best.file.Codes
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	_, _ = l.store.Update(ctx, l.signature, func(s *installed.State) error { // the next start retries
		s.Program = self
		if adopt {
			s.Adopt(codes.Site)
		}
		return nil
	})
}
