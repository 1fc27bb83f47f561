package protect

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// ErrNoLicense is returned by Remove if there is no license to remove.
var ErrNoLicense = errors.New("there is no license of this program on this PC to remove")

// Removal is a license that left this PC.
type Removal struct {
	// Code is the removal code, with which the vendor frees the license or transfers it to another PC.
	Code license.RemovalCode
	// LicenseID is the license's; 0 for a typed activation code.
	LicenseID int64
	// Codes are those of the license.
	Codes license.Codes
	// At is when the license left.
	At time.Time
	// RemainingFiles are the license files that could not be erased, such as those of an administrator. The program
	// does not run under them for this person.
	RemainingFiles []string
}

// Remove removes the license of the verdict from this PC and returns its removal code. In one step it spends the Site
// code and stores the removal code; then it erases the license files. It is idempotent: after a crash, or at any
// later time, it returns the same code.
//
// It fails with ErrNoLicense if there is no license and no stored removal code, with a *Refusal for the verdicts
// NewerState and UnknownKey, and with installed.ErrBusy if another program holds the lock of the folder for longer
// than Options.LockTimeout. In each case nothing has changed.
func (l *License) Remove(ctx context.Context) (r Removal, err error) {
	l.checking.Lock()
	defer l.checking.Unlock()
	best, err := l.check(ctx)
	if err != nil {
		return r, err
	}
	switch best.verdict.Kind {
	case Valid, ValidationDue, ClockSetBack, Expired:
		spent := installed.Spent{
			Codes:       best.file.Codes,
			LicenseID:   best.file.ID,
			RemovalCode: best.file.Seed.RemovalCode(best.file.Codes),
			Shown:       true,
			At:          l.options.Now(),
		}
		if err := l.withRepair(ctx, func() error { return l.store.Leave(ctx, l.signature, spent) }); err != nil {
			return r, err
		}
		r = removal(spent)
	case Removed:
		if err := l.show(ctx, best.file.Codes, best.file.ID); err != nil {
			return r, err
		}
		r = Removal{
			Code:      best.file.Seed.RemovalCode(best.file.Codes),
			LicenseID: best.file.ID,
			Codes:     best.file.Codes,
			At:        best.verdict.At,
		}
	case NewerState:
		return r, &Refusal{best.verdict}
	default:
		kept, err := l.RemovalCodes()
		if err != nil {
			return r, err
		}
		if len(kept) > 0 {
			return kept[len(kept)-1], nil
		}
		if best.verdict.Kind == UnknownKey {
			return r, &Refusal{best.verdict}
		}
		return r, ErrNoLicense
	}
	r.RemainingFiles = l.erase(ctx, r.Codes.Site)
	_, err = l.check(ctx)
	return r, err
}

// show records that a person sees the removal code of a license that has left: it cannot return then, whatever
// program began its departure.
func (l *License) show(ctx context.Context, codes license.Codes, id int64) error {
	spent := installed.Spent{
		Codes:     codes,
		LicenseID: id,
		Shown:     true,
		At:        l.options.Now(),
	}
	return l.withRepair(ctx, func() error { return l.store.Leave(ctx, l.signature, spent) })
}

// RemovalCodes lists the removal codes of Remove that the server has not accepted yet, the latest last, for a person
// who did not write down a code. It omits codes of licenses that the desktop app moves or removes, because such a
// license returns if the app's task is canceled.
func (l *License) RemovalCodes() (list []Removal, err error) {
	state, err := l.store.State(l.signature)
	for _, one := range state.Spent {
		if one.RemovalCode != 0 && one.Shown && !one.Settled {
			list = append(list, removal(one))
		}
	}
	return list, err
}

func removal(s installed.Spent) Removal {
	return Removal{
		Code:      s.RemovalCode,
		LicenseID: s.LicenseID,
		Codes:     s.Codes,
		At:        s.At,
	}
}

// erase erases the license files of a Site code in all folders, and returns those that it cannot erase.
func (l *License) erase(ctx context.Context, site license.SiteCode) (left []string) {
	departed := func(f installed.File) bool {
		c, kind := l.verifyFile(f.Content)
		return kind == Valid && c.file.Codes.Site == site
	}
	_ = l.store.Erase(ctx, l.signature, departed) // the rest is retried below
	for _, f := range l.allFiles() {
		if !departed(f) {
			continue
		}
		if err := l.store.Disk().Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			left = append(left, f.Path)
		}
	}
	return left
}

// allFiles lists all license files, including the store's.
func (l *License) allFiles() (list []installed.File) {
	in := func(read func() []installed.File) {
		timer := time.NewTimer(l.options.DiskTimeout)
		defer timer.Stop()
		files, _ := installed.RunUntil(timer.C, read) // unreadable files cannot be erased
		list = append(list, files...)
	}
	for _, path := range l.options.Paths {
		in(func() []installed.File { return []installed.File{installed.ReadFile(path)} })
	}
	own, _ := l.store.Files(l.signature)
	list = append(list, own...)
	for _, dir := range l.options.ExtraFolders {
		in(func() []installed.File {
			files, _ := installed.Files(dir)
			return files
		})
	}
	return list
}
