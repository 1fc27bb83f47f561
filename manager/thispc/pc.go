// Package thispc is the state of this PC: its codes, its license files, and licenses that leave it and return. It
// works on the license folder, which programs use as well, and asks no server.
package thispc

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/vault"
)

// Fingerprint reads the locks of a PC.
type Fingerprint interface {
	Read(ctx context.Context) (fingerprint.Reading, error)
}

// Options configure a PC. All of them are required.
type Options struct {
	Installed   *installed.Store
	Fingerprint Fingerprint
	Vault       *vault.Vault
	// Program returns a known program; an unknown one has only its signature.
	Program func(ctx context.Context, signature license.Signature) (api.Program, error)
	Now     func() time.Time
	Logger  *slog.Logger
	// Notice shows a message to the person.
	Notice func(title, detail client.Text)
	// Wrap is applied to every error of the license folder; it returns nil for nil.
	Wrap func(error) error
}

// PC is this PC. Its methods may be called from any goroutine.
type PC struct {
	options Options

	mu       sync.Mutex
	reading  *fingerprint.Reading
	installs int // number of installed license files
	// installTimes are the times of the last installation of a license file, by application signature.
	installTimes map[license.Signature]time.Time
	newerNoticed map[license.Signature]bool // programs with a notice about installed.ErrNewer
}

// New returns this PC.
func New(o Options) *PC {
	return &PC{options: o, installTimes: map[license.Signature]time.Time{}, newerNoticed: map[license.Signature]bool{}}
}

// LockInfo reports whether a lock of this PC can be read.
type LockInfo struct {
	Lock     license.Lock
	Readable bool
	// Why is the reason why a lock cannot be read.
	Why client.Text
	// Bits is the value of the lock in the Machine ID, which has Lock.Bits bits; 0 if it cannot be read.
	Bits uint16
}

// Info is this PC from the view of a program.
type Info struct {
	Codes license.Codes
	Locks [license.LockCount]LockInfo
}

// Distinct reports whether the codes distinguish this PC from others of its model: whether its network card or its disk
// can be read (spec: codes "Comparing locks" 5).
func (i Info) Distinct() bool {
	return i.Locks[license.NETID-1].Readable || i.Locks[license.HDHWID-1].Readable
}

// Info returns this PC from the view of a program.
func (pc *PC) Info(ctx context.Context, p api.Program) (out Info, err error) {
	key, err := KeyOf(p)
	if err != nil {
		return out, err
	}
	reading, err := pc.Locks(ctx)
	if err != nil {
		return out, err
	}
	block := reading.Block(key)
	for i, l := range license.Locks() {
		info := LockInfo{Lock: l, Readable: reading.Readable(l), Bits: block.Value(l)}
		if problem := reading.Err(l); problem != nil {
			info.Why = client.Say("%s", problem)
			if unreadable := new(fingerprint.UnreadableError); errors.As(problem, &unreadable) {
				info.Why = client.Say(client.Format(unreadable.Reason))
			}
		}
		out.Locks[i] = info
	}
	generation, err := pc.Generation(ctx, p)
	if err != nil {
		return out, err
	}
	out.Codes = key.Codes(generation, block)
	return out, nil
}

// Locks returns the locks of this PC and caches them until Forget.
func (pc *PC) Locks(ctx context.Context) (fingerprint.Reading, error) {
	pc.mu.Lock()
	known := pc.reading
	pc.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	reading, err := pc.options.Fingerprint.Read(ctx)
	if err != nil {
		return reading, err
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	pc.reading = &reading
	return reading, nil
}

// Generation returns the generation of this PC for a program; at first use it is random. A damaged state file is set
// aside; the generation is then that of the installed license file, if any.
func (pc *PC) Generation(ctx context.Context, p api.Program) (uint16, error) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return 0, err
	}
	g, err := pc.options.Installed.Generation(ctx, signature)
	if errors.Is(err, installed.ErrNewer) {
		pc.noticeNewer(signature, p.Name)
	}
	if !errors.Is(err, installed.ErrDamaged) {
		return g, pc.options.Wrap(err)
	}
	if err := pc.setAside(ctx, signature, p.Name); err != nil {
		return 0, err
	}
	if here, ok := pc.File(p); ok {
		if _, err := pc.options.Installed.Update(ctx, signature, func(s *installed.State) error {
			if !s.HasGeneration {
				s.Generation, s.HasGeneration = here.Codes.Site.Generation(), true
				s.Used = append(s.Used, s.Generation)
			}
			return nil
		}); err != nil {
			return 0, pc.options.Wrap(err)
		}
	}
	g, err = pc.options.Installed.Generation(ctx, signature)
	return g, pc.options.Wrap(err)
}

// setAside renames a damaged state file of a program, so that a new one can be created, and adds a notice.
func (pc *PC) setAside(ctx context.Context, signature license.Signature, program string) error {
	name, err := pc.options.Installed.SetAside(ctx, signature)
	if err == nil && name != "" {
		pc.options.Notice(client.Say("This PC's record of its Site code was damaged."),
			client.Say("It was set aside as %s. If a license of %s is not recognized here any more, bring "+
				"it back with Reactivate.", name, program))
	}
	return pc.options.Wrap(err)
}

// withRepair runs change. If the state file of the program is damaged it sets the file aside and retries; otherwise
// no later change could succeed.
func (pc *PC) withRepair(ctx context.Context, signature license.Signature, program string, change func() error) error {
	err := change()
	if !errors.Is(err, installed.ErrDamaged) {
		return pc.options.Wrap(err)
	}
	if err := pc.setAside(ctx, signature, program); err != nil {
		return err
	}
	return pc.options.Wrap(change())
}

// noticeNewer adds a notice, once per program, that a newer version wrote its state on this PC.
func (pc *PC) noticeNewer(signature license.Signature, program string) {
	pc.mu.Lock()
	noticed := pc.newerNoticed[signature]
	pc.newerNoticed[signature] = true
	pc.mu.Unlock()
	if !noticed {
		pc.options.Notice(client.Say("A newer version keeps this PC's record of %s.", program),
			client.Say("This version does not touch it, so it can do nothing for %s on this PC. Update ACEN Desktop.", program))
	}
}

// Codes returns Site code and Machine ID of this PC for a program.
func (pc *PC) Codes(ctx context.Context, p api.Program) (license.Codes, error) {
	key, err := KeyOf(p)
	if err != nil {
		return license.Codes{}, err
	}
	reading, err := pc.Locks(ctx)
	if err != nil {
		return license.Codes{}, err
	}
	generation, err := pc.Generation(ctx, p)
	if err != nil {
		return license.Codes{}, err
	}
	return key.Codes(generation, reading.Block(key)), nil
}

// Forget discards the cached locks, because hardware may have changed.
func (pc *PC) Forget() {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	pc.reading = nil
}

// Renew takes a new Site code for this PC instead of the one in codes, which the server refused, and returns the new
// codes. It returns codes that are not this PC's unchanged.
func (pc *PC) Renew(ctx context.Context, p api.Program, codes license.Codes) (license.Codes, error) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return codes, err
	}
	reading, err := pc.Locks(ctx)
	if err != nil {
		return codes, err
	}
	key := signature.Key()
	block, err := key.Open(codes)
	if err != nil || reading.BlockFor(key, block) != block {
		return codes, nil
	}
	if err := pc.options.Installed.RenewGeneration(ctx, signature, codes.Site); err != nil {
		return codes, pc.options.Wrap(err)
	}
	generation, err := pc.Generation(ctx, p)
	return key.Codes(generation, block), err
}

// RenewSite takes a new Site code for this PC instead of one that a server refused. program is the name to show.
func (pc *PC) RenewSite(ctx context.Context, signature license.Signature, program string, site license.SiteCode) error {
	return pc.withRepair(ctx, signature, program, func() error {
		return pc.options.Installed.RenewGeneration(ctx, signature, site)
	})
}
