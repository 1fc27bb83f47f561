package manager

import (
	"context"
	"errors"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// LockInfo says whether a lock of this PC can be read.
type LockInfo struct {
	Lock     license.Lock
	Readable bool
	// Why says in words why a lock cannot be read.
	Why Text
	// Bits is the value of the lock in the Machine ID, which has Lock.Bits bits; 0 when it cannot be read.
	Bits uint16
}

// ThisPC is this PC as a program sees it.
type ThisPC struct {
	Codes license.Codes
	Locks [license.LockCount]LockInfo
}

// Distinct reports whether the codes distinguish this PC from others of its model: whether its network card or its disk
// can be read (spec: codes "Comparing locks" 5).
func (p ThisPC) Distinct() bool {
	return p.Locks[license.NETID-1].Readable || p.Locks[license.HDHWID-1].Readable
}

// thisPC is ThisPC for the account of the session.
func (s *acting) thisPC(ctx context.Context, programID int64) (ThisPC, error) {
	var out ThisPC
	p, err := s.program(ctx, programID)
	if err != nil {
		return out, err
	}
	key, err := keyOf(p)
	if err != nil {
		return out, err
	}
	reading, err := s.m.locks(ctx)
	if err != nil {
		return out, err
	}
	block := reading.Block(key)
	for i, l := range license.Locks() {
		info := LockInfo{Lock: l, Readable: reading.Readable(l), Bits: block.Value(l)}
		if problem := reading.Problem(l); problem != nil {
			info.Why = Say("%s", problem)
			if unreadable := new(fingerprint.UnreadableError); errors.As(problem, &unreadable) {
				info.Why = Say(client.Format(unreadable.Why))
			}
		}
		out.Locks[i] = info
	}
	generation, err := s.m.generation(ctx, p)
	if err != nil {
		return out, err
	}
	out.Codes = key.Codes(generation, block)
	return out, nil
}

// locks reads the locks of this PC once and remembers them until Refresh forgets them.
func (m *Manager) locks(ctx context.Context) (fingerprint.Reading, error) {
	m.mu.Lock()
	known := m.reading
	m.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	reading, err := m.options.Fingerprint.Read(ctx)
	if err != nil {
		return reading, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reading = &reading
	return reading, nil
}

// ForgetThisPC lets the locks be read anew, for hardware may have changed.
func (m *Manager) ForgetThisPC() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reading = nil
}

// generation returns the generation of this PC for a program; at first use it is random. A damaged record of it is set aside:
// the license file that is here tells the generation again.
func (m *Manager) generation(ctx context.Context, p api.Program) (uint16, error) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return 0, err
	}
	g, err := m.options.Installed.Generation(ctx, signature)
	if errors.Is(err, ErrNewer) {
		m.tellNewer(signature, p.Name)
	}
	if !errors.Is(err, installed.ErrDamaged) {
		return g, installedError(err)
	}
	if err := m.setAside(ctx, signature, p.Name); err != nil {
		return 0, err
	}
	if here, ok := m.fileHere(p); ok {
		if _, err := m.options.Installed.Update(ctx, signature, func(s *installed.State) error {
			if !s.HasGeneration {
				s.Generation, s.HasGeneration = here.Codes.Site.Generation(), true
				s.Used = append(s.Used, s.Generation)
			}
			return nil
		}); err != nil {
			return 0, installedError(err)
		}
	}
	g, err = m.options.Installed.Generation(ctx, signature)
	return g, installedError(err)
}

// setAside renames a damaged record of a program's Site code, so that a new one can begin, and adds a notice.
func (m *Manager) setAside(ctx context.Context, signature license.Signature, program string) error {
	name, err := m.options.Installed.SetAside(ctx, signature)
	if err == nil && name != "" {
		m.addNotice(Say("This PC's record of its Site code was damaged."), Say("It was set aside as %s. If a license of %s is not recognized here any more, bring it back with Reactivate.", name, program))
	}
	return installedError(err)
}

// withRecord runs change. If the record of the program's Site code is damaged it sets the record aside and retries;
// otherwise no later change could succeed.
func (m *Manager) withRecord(ctx context.Context, signature license.Signature, program string, change func() error) error {
	err := change()
	if !errors.Is(err, installed.ErrDamaged) {
		return installedError(err)
	}
	if err := m.setAside(ctx, signature, program); err != nil {
		return err
	}
	return installedError(change())
}

// tellNewer adds a notice, once for each program, that a newer version wrote its state on this PC.
func (m *Manager) tellNewer(signature license.Signature, program string) {
	m.hereMu.Lock()
	told := m.newerTold[signature]
	m.newerTold[signature] = true
	m.hereMu.Unlock()
	if !told {
		m.addNotice(Say("A newer version keeps this PC's record of %s.", program), Say("This version does not touch it, so it can do nothing for %s on this PC. Update ACEN Desktop.", program))
	}
}

// renewCodes takes a new Site code for this PC instead of the one in codes, which the server refused, and returns the
// new codes. It returns codes that are not this PC's unchanged.
func (s *acting) renewCodes(ctx context.Context, order int64, codes license.Codes) (license.Codes, error) {
	p, err := s.programOfOrder(ctx, order)
	if err != nil {
		return codes, err
	}
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return codes, err
	}
	reading, err := s.m.locks(ctx)
	if err != nil {
		return codes, err
	}
	key := signature.Key()
	block, err := key.Open(codes)
	if err != nil || reading.BlockFor(key, block) != block {
		return codes, nil
	}
	if err := s.m.options.Installed.Renew(ctx, signature, codes.Site); err != nil {
		return codes, installedError(err)
	}
	generation, err := s.m.generation(ctx, p)
	return key.Codes(generation, block), err
}

// installedError turns an error of the license folder into an ErrStorage. ErrGenerations and ErrNewer stay as they are.
func installedError(err error) error {
	var busy *installed.BusyError
	switch {
	case err == nil || errors.Is(err, installed.ErrGenerations) || errors.Is(err, ErrNewer):
		return err
	case errors.As(err, &busy) && busy.Holder != "":
		return &StorageError{Say("%s is held by %s. End that program, or wait until it is done, and try again.", busy.Path, busy.Holder), err}
	case errors.As(err, &busy):
		return &StorageError{Say("%s is held by another program. End that program, or wait until it is done, and try again.", busy.Path), err}
	}
	return storageError(err)
}

// recognizer returns a function that reports whether a license of a program is this PC's: its locks are this PC's,
// under the program's policy, and its Site code has this PC's generation or its license file is here. Only the latter
// is true after this PC took a new Site code for a task that then failed: the program still runs under the license. The
// adapter that the license is bound to may be any of this PC's, so a dock or a VPN changes nothing.
func (m *Manager) recognizer(ctx context.Context, p api.Program) (func(api.License) bool, error) {
	key, err := keyOf(p)
	if err != nil {
		return nil, err
	}
	reading, err := m.locks(ctx)
	if err != nil {
		return nil, err
	}
	generation, err := m.generation(ctx, p)
	if err != nil {
		return nil, err
	}
	own := key.Codes(generation, reading.Block(key))
	here := m.filesHere(p)
	return func(l api.License) bool {
		codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
		if err != nil || l.Status != api.StatusActive || l.ReleasedAt != nil {
			return false
		}
		if codes.Site.Generation() != generation && !slices.ContainsFunc(here, func(f hereFile) bool { return f.isOf(l) }) {
			return false
		}
		if codes == own {
			return true
		}
		then, err := key.Open(codes)
		return err == nil && license.Compare(then, reading.BlockFor(key, then), licensePolicy(l, p)).Accepted
	}, nil
}

// licensePolicy is the policy that a license is recognized by.
func licensePolicy(l api.License, p api.Program) license.Policy {
	if l.Recognition != nil {
		return policyOf(l.Recognition.FlexibleLocking)
	}
	return policyOf(p.FlexibleLocking)
}

// bound is what a PC is compared with to reactivate a license, opened with the key of its program.
type bound struct {
	then   license.Block // of the family's last new license or transfer
	newest license.Block // of the license itself
	policy license.Policy
}

// compare compares the PC with block now.
func (b bound) compare(now license.Block) license.Comparison {
	return license.Compare(b.then, now, b.policy, b.newest)
}

func boundOf(key license.Key, program api.Program, l License) (b bound, err error) {
	open := func(site, machine string) (license.Block, error) {
		codes, err := license.ParseCodes(site, machine)
		if err != nil {
			return 0, err
		}
		return key.Open(codes)
	}
	b.policy = licensePolicy(l.License, program)
	if b.newest, err = open(l.SiteCode, l.MachineID); err != nil {
		return bound{}, err
	}
	b.then = b.newest
	if l.Recognition != nil {
		b.then, err = open(l.Recognition.SiteCode, l.Recognition.MachineID)
	}
	return b, err
}

// compare is Compare for the account of the session.
func (s *acting) compare(ctx context.Context, l License, codes license.Codes) (license.Comparison, error) {
	program, err := s.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Comparison{}, err
	}
	key, err := keyOf(program)
	if err != nil {
		return license.Comparison{}, err
	}
	b, err := boundOf(key, program, l)
	if err != nil {
		return license.Comparison{}, err
	}
	now, err := key.Open(codes)
	if err != nil {
		return license.Comparison{}, err
	}
	return b.compare(now), nil
}

// ThisPCFor computes Site code and Machine ID of this PC for the reactivation of a license: the adapter that the license was
// bound to is looked for among all.
func (m *Manager) ThisPCFor(ctx context.Context, l License) (license.Codes, error) {
	s, err := m.acting()
	if err != nil {
		return license.Codes{}, err
	}
	program, err := s.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Codes{}, err
	}
	compare, err := m.comparer(ctx, program)
	if err != nil {
		return license.Codes{}, err
	}
	codes, _, err := compare(l)
	return codes, err
}

// comparer returns a function that computes the codes of this PC for the reactivation of a license of a program, as ThisPCFor
// does, and compares. Locks and Site code are read once for all licenses.
func (m *Manager) comparer(ctx context.Context, program api.Program) (func(License) (license.Codes, license.Comparison, error), error) {
	reading, err := m.locks(ctx)
	if err != nil {
		return nil, err
	}
	generation, err := m.generation(ctx, program)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(program)
	if err != nil {
		return nil, err
	}
	return func(l License) (license.Codes, license.Comparison, error) {
		b, err := boundOf(key, program, l)
		if err != nil {
			return license.Codes{}, license.Comparison{}, err
		}
		now := reading.BlockFor(key, b.then, b.newest)
		return key.Codes(generation, now), b.compare(now), nil
	}, nil
}

// RecheckThisPC compares this PC, read anew, with the one that a license was made for, by its program as it was last known.
func (m *Manager) RecheckThisPC(ctx context.Context, l License) (license.Comparison, error) {
	m.ForgetThisPC()
	s, err := m.acting()
	if err != nil {
		return license.Comparison{}, err
	}
	program, err := s.lastKnown().programOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Comparison{}, err
	}
	compare, err := m.comparer(ctx, program)
	if err != nil {
		return license.Comparison{}, err
	}
	_, comparison, err := compare(l)
	return comparison, err
}

func (s *acting) programOfOrder(ctx context.Context, order int64) (api.Program, error) {
	orders, _, err := s.cachedOrders(ctx)
	if err != nil {
		return api.Program{}, err
	}
	for _, o := range orders.Orders {
		if o.ID == order {
			return s.program(ctx, o.ProgramID)
		}
	}
	return api.Program{}, refuse(api.ErrNotFound, "The order of this license is not known.")
}

// CheckCodes reads typed codes and checks that they belong together and to a program. It fails with *license.CodeError or
// license.ErrMismatch.
func (m *Manager) CheckCodes(ctx context.Context, programID int64, site, machine string) (license.Codes, error) {
	codes, err := license.ParseCodes(site, machine)
	if err != nil {
		return codes, err
	}
	p, err := m.Program(ctx, programID)
	if err != nil {
		return codes, err
	}
	key, err := keyOf(p)
	if err != nil {
		return codes, err
	}
	_, err = key.Open(codes)
	return codes, err
}
