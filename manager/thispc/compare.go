package thispc

import (
	"context"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// Recognizer returns a function that reports whether a license of a program is this PC's: its locks are this PC's,
// under the program's policy, and its Site code has this PC's generation or its license file is installed. Only the
// latter is true after this PC took a new Site code for a task that then failed: the program still runs under the
// license. Any adapter of this PC may be the one that the license is bound to, so a dock or a VPN changes nothing.
func (pc *PC) Recognizer(ctx context.Context, p api.Program) (func(api.License) bool, error) {
	key, err := KeyOf(p)
	if err != nil {
		return nil, err
	}
	reading, err := pc.Locks(ctx)
	if err != nil {
		return nil, err
	}
	generation, err := pc.Generation(ctx, p)
	if err != nil {
		return nil, err
	}
	own := key.Codes(generation, reading.Block(key))
	here := pc.Files(p)
	return func(l api.License) bool {
		codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
		if err != nil || l.Status != api.StatusActive || l.ReleasedAt != nil {
			return false
		}
		if codes.Site.Generation() != generation && !slices.ContainsFunc(here, func(f File) bool { return f.IsOf(l) }) {
			return false
		}
		if codes == own {
			return true
		}
		then, err := key.Open(codes)
		return err == nil && license.Compare(then, reading.BlockFor(key, then), licensePolicy(l, p)).Accepted
	}, nil
}

// licensePolicy returns the policy for recognizing a license.
func licensePolicy(l api.License, p api.Program) license.Policy {
	if l.Recognition != nil {
		return policyOf(l.Recognition.FlexibleLocking)
	}
	return policyOf(p.FlexibleLocking)
}

// bound is what a PC is compared with to reactivate a license, decrypted with the key of its program.
type bound struct {
	then   license.Block // of the family's last new license or transfer
	newest license.Block // of the license itself
	policy license.Policy
}

// compare compares the PC with block now.
func (b bound) compare(now license.Block) license.Comparison {
	return license.Compare(b.then, now, b.policy, b.newest)
}

func boundOf(key license.Key, program api.Program, l api.License) (b bound, err error) {
	open := func(site, machine string) (license.Block, error) {
		codes, err := license.ParseCodes(site, machine)
		if err != nil {
			return 0, err
		}
		return key.Open(codes)
	}
	b.policy = licensePolicy(l, program)
	if b.newest, err = open(l.SiteCode, l.MachineID); err != nil {
		return bound{}, err
	}
	b.then = b.newest
	if l.Recognition != nil {
		b.then, err = open(l.Recognition.SiteCode, l.Recognition.MachineID)
	}
	return b, err
}

// Comparer returns a function that computes the codes of this PC for the reactivation of a license of a program, and
// compares them. It searches all adapters for the one that the license is bound to. It reads locks and Site code once
// for all calls.
func (pc *PC) Comparer(
	ctx context.Context, program api.Program,
) (func(api.License) (license.Codes, license.Comparison, error), error) {
	reading, err := pc.Locks(ctx)
	if err != nil {
		return nil, err
	}
	generation, err := pc.Generation(ctx, program)
	if err != nil {
		return nil, err
	}
	key, err := KeyOf(program)
	if err != nil {
		return nil, err
	}
	return func(l api.License) (license.Codes, license.Comparison, error) {
		b, err := boundOf(key, program, l)
		if err != nil {
			return license.Codes{}, license.Comparison{}, err
		}
		now := reading.BlockFor(key, b.then, b.newest)
		return key.Codes(generation, now), b.compare(now), nil
	}, nil
}

// policyOf parses a locking policy; locks that this version does not support are not changeable.
func policyOf(w api.FlexibleLocking) license.Policy {
	policy := license.Policy{Enabled: w.Enabled, MaxHardwareChanges: w.MaxHardwareChanges}
	for _, name := range w.Changeable {
		if l, err := license.ParseLock(name); err == nil {
			policy.Changeable = append(policy.Changeable, l)
		}
	}
	return policy
}

// KeyOf returns the fingerprint key of a program.
func KeyOf(p api.Program) (license.Key, error) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	return signature.Key(), err
}

// Compare compares the PC of codes with the one that a license was made for. It fails with license.ErrMismatch for
// codes of another program.
func Compare(p api.Program, l api.License, codes license.Codes) (license.Comparison, error) {
	key, err := KeyOf(p)
	if err != nil {
		return license.Comparison{}, err
	}
	b, err := boundOf(key, p, l)
	if err != nil {
		return license.Comparison{}, err
	}
	now, err := key.Open(codes)
	if err != nil {
		return license.Comparison{}, err
	}
	return b.compare(now), nil
}
