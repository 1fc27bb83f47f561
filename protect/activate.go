package protect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// Refusal is returned for a license that the program may not run under. Its verdict explains why.
type Refusal struct{ Verdict Verdict }

// Error returns the verdict's text.
func (r *Refusal) Error() string { return r.Verdict.String() }

// Codes returns Site code and Machine ID of this PC for the program. A vendor makes licenses for them.
func (l *License) Codes(ctx context.Context) (codes license.Codes, err error) {
	l.checking.Lock()
	defer l.checking.Unlock()
	return l.codes(ctx)
}

func (l *License) codes(ctx context.Context) (codes license.Codes, err error) {
	if l.broken != nil {
		return codes, l.broken
	}
	reading, err := l.options.Fingerprint.Read(ctx)
	if err != nil {
		return codes, err
	}
	err = l.withRepair(ctx, func() error {
		generation, err := l.store.Generation(ctx, l.signature)
		codes = l.key.Codes(generation, reading.Block(l.key))
		return err
	})
	return codes, err
}

// RenewCodes returns codes with a new Site code, for a PC whose former codes the vendor's server refused with
// STATUS_SITE_CODE_SPENT: another PC has the same Site code by chance (spec: api 21). It changes nothing if the
// refused codes are no longer this PC's. A license of this PC remains valid.
func (l *License) RenewCodes(ctx context.Context, refused license.Codes) (codes license.Codes, err error) {
	l.checking.Lock()
	defer l.checking.Unlock()
	if l.broken != nil {
		return codes, l.broken
	}
	err = l.withRepair(ctx, func() error { return l.store.RenewGeneration(ctx, l.signature, refused.Site) })
	if err != nil {
		return codes, err
	}
	return l.codes(ctx)
}

// ActivateFile activates this PC with a license file. It fails with a *Refusal if the file may not be read, and like
// Activate.
func (l *License) ActivateFile(ctx context.Context, path string) (Verdict, error) {
	f := installed.ReadFile(path)
	if f.Denied {
		v := Verdict{Kind: Unreadable, Path: path, Err: fs.ErrPermission}
		l.explain(&v)
		return l.Verdict(), &Refusal{v}
	}
	if f.Content == "" {
		return l.Verdict(), fmt.Errorf("%s cannot be read, or is too large for a license file", path)
	}
	return l.Activate(ctx, f.Content)
}

// Activate activates this PC with the text of a license file or with a typed activation code, alone or in a mail. It
// stores a license file in the license folder, where it replaces only an older one of the same license. It fails with
// a *Refusal for a license that the program may not run under; then no license changes.
func (l *License) Activate(ctx context.Context, text string) (Verdict, error) {
	l.checking.Lock()
	defer l.checking.Unlock()
	if l.broken != nil {
		return l.Verdict(), l.broken
	}
	_, fileErr := license.FileKeyID(text)
	var err error
	switch {
	case fileErr == nil:
		err = l.activateFile(ctx, text)
	case strings.HasPrefix(strings.TrimSpace(text), "v4.public."):
		err = fileErr
	default:
		err = l.activateCode(ctx, text)
	}
	if err != nil {
		return l.Verdict(), err
	}
	best, err := l.check(ctx)
	if err == nil && !best.verdict.accepted() { // this PC has a newer file of the same license
		err = &Refusal{best.verdict}
	}
	return best.verdict, err
}

// accepted reports whether Activate accepts a license with this verdict: validation can follow.
func (v Verdict) accepted() bool { return v.Kind == Valid || v.Kind == ValidationDue }

func (l *License) activateFile(ctx context.Context, text string) error {
	c, kind := l.verifyFile(text)
	if kind != Valid {
		v := Verdict{Kind: kind}
		l.explain(&v)
		return &Refusal{v}
	}
	if err := l.acceptable(ctx, c); err != nil {
		return err
	}
	return l.store.Put(ctx, l.signature, license.FileName(c.file.ProgramName, c.file.ID), strings.TrimSpace(text)+"\n")
}

// activateCode stores a typed activation code that was made for this PC.
func (l *License) activateCode(ctx context.Context, text string) error {
	if l.program.ActivationKey == nil {
		return errTypedRefused
	}
	code, err := findCode(text)
	if err != nil {
		return err
	}
	codes, err := l.codes(ctx)
	if err != nil {
		return err
	}
	typed := installed.Typed{Codes: codes, Code: code}
	c, _, err := l.typed(typed)
	if errors.Is(err, license.ErrActivationInvalid) {
		return fmt.Errorf("%w of this PC, which are %s and %s now: get a code for these", err, codes.Site, codes.Machine)
	}
	if err != nil {
		return err
	}
	if err := l.acceptable(ctx, c); err != nil {
		return err
	}
	_, err = l.store.Update(ctx, l.signature, func(s *installed.State) error {
		s.AddTyped(typed)
		if c.file.Expires.IsZero() { // storeClock stores codes that end
			s.RecordEntered(code)
		}
		return nil
	})
	return err
}

// findCode returns the activation code in a text.
func findCode(text string) (license.ActivationCode, error) {
	code, err := license.ParseActivationCode(text)
	if err == nil {
		return code, nil
	}
	for _, found := range license.Find(text) {
		if found.Kind == license.KindActivationCode {
			return license.ParseActivationCode(found.Text)
		}
	}
	return code, err
}

// acceptable fails with a *Refusal for a license under which the program may not run.
func (l *License) acceptable(ctx context.Context, c candidate) error {
	var judged candidate
	err := l.withRepair(ctx, func() error {
		own := l.ownFolder()
		if own.silent {
			return &installed.FolderError{Dir: installed.ProgramFolder(l.options.Folder, l.signature), Err: installed.ErrTimeout}
		}
		if own.stateErr != nil {
			return own.stateErr
		}
		var err error
		judged, err = l.judge(ctx, []candidate{c}, own)
		return err
	})
	if err == nil && !judged.verdict.accepted() {
		l.explain(&judged.verdict)
		err = &Refusal{judged.verdict}
	}
	return err
}
