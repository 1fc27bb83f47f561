package manager

import (
	"context"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/thispc"
)

type (
	// LockInfo reports whether a lock of this PC can be read.
	LockInfo = thispc.LockInfo
	// ThisPC is this PC from the view of a program.
	ThisPC = thispc.Info
)

// ThisPC computes Site code and Machine ID of this PC for a program.
func (m *Manager) ThisPC(ctx context.Context, programID int64) (ThisPC, error) {
	return asCurrent(m, func(s *acting) (ThisPC, error) { return s.thisPC(ctx, programID) })
}

// thisPC is ThisPC for the account of the session.
func (s *acting) thisPC(ctx context.Context, programID int64) (ThisPC, error) {
	p, err := s.view.Program(ctx, programID)
	if err != nil {
		return ThisPC{}, err
	}
	return s.m.pc.Info(ctx, p)
}

// ForgetThisPC discards the cached locks, because hardware may have changed.
func (m *Manager) ForgetThisPC() { m.pc.Forget() }

// renewCodes takes a new Site code for this PC instead of the one in codes, which the server refused, and returns the
// new codes. It returns codes that are not this PC's unchanged.
func (s *acting) renewCodes(ctx context.Context, order int64, codes license.Codes) (license.Codes, error) {
	p, err := s.view.ProgramOfOrder(ctx, order)
	if err != nil {
		return codes, err
	}
	return s.m.pc.Renew(ctx, p, codes)
}

// Compare compares the PC of codes with the one that a license was made for. The server decides about a reactivation
// by the same function. Compare needs no network, and fails with license.ErrMismatch for codes of another program.
func (m *Manager) Compare(ctx context.Context, l License, codes license.Codes) (license.Comparison, error) {
	return fromView(m, func(v *catalog.View) (license.Comparison, error) { return v.Compare(ctx, l, codes) })
}

// ThisPCFor returns the codes of this PC for the reactivation of a license. It searches all adapters for the one that
// the license is bound to.
func (m *Manager) ThisPCFor(ctx context.Context, l License) (license.Codes, error) {
	s, err := m.acting()
	if err != nil {
		return license.Codes{}, err
	}
	program, err := s.view.ProgramOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Codes{}, err
	}
	compare, err := m.pc.Comparer(ctx, program)
	if err != nil {
		return license.Codes{}, err
	}
	codes, _, err := compare(l.License)
	return codes, err
}

// RecheckThisPC reads the locks again and compares this PC with the one that a license was made for. It uses the
// cached program.
func (m *Manager) RecheckThisPC(ctx context.Context, l License) (license.Comparison, error) {
	m.ForgetThisPC()
	s, err := m.acting()
	if err != nil {
		return license.Comparison{}, err
	}
	program, err := s.view.FromCache().ProgramOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Comparison{}, err
	}
	compare, err := m.pc.Comparer(ctx, program)
	if err != nil {
		return license.Comparison{}, err
	}
	_, comparison, err := compare(l.License)
	return comparison, err
}

// CheckCodes parses typed codes and checks that they belong together and to a program. It fails with a
// *license.CodeError or license.ErrMismatch.
func (m *Manager) CheckCodes(ctx context.Context, programID int64, site, machine string) (license.Codes, error) {
	codes, err := license.ParseCodes(site, machine)
	if err != nil {
		return codes, err
	}
	p, err := m.Program(ctx, programID)
	if err != nil {
		return codes, err
	}
	key, err := thispc.KeyOf(p)
	if err != nil {
		return codes, err
	}
	_, err = key.Open(codes)
	return codes, err
}
