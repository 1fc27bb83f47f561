package manager

import (
	"context"
	"errors"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
)

type (
	// LockInfo reports whether a lock of this PC can be read.
	LockInfo = thispc.LockInfo
	// ThisPC is this PC from the view of a program.
	ThisPC = thispc.Info
)

// thisPC is ThisPC for the account of the session.
func (s *acting) thisPC(ctx context.Context, programID int64) (ThisPC, error) {
	p, err := s.program(ctx, programID)
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
	p, err := s.programOfOrder(ctx, order)
	if err != nil {
		return codes, err
	}
	return s.m.pc.Renew(ctx, p, codes)
}

// installedError turns an error of the license folder into an ErrStorage. ErrGenerations and ErrNewer stay as they are.
func installedError(err error) error {
	var busy *installed.BusyError
	switch {
	case err == nil || errors.Is(err, installed.ErrNoGeneration) || errors.Is(err, ErrNewer):
		return err
	case errors.As(err, &busy) && busy.Holder != "":
		return &StorageError{Say("%s is held by %s. End that program, or wait until it is done, and try again.", busy.Path,
			busy.Holder), err}
	case errors.As(err, &busy):
		return &StorageError{Say("%s is held by another program. End that program, or wait until it "+
			"is done, and try again.", busy.Path), err}
	}
	return storageError(err)
}

// compare is Compare for the account of the session.
func (s *acting) compare(ctx context.Context, l License, codes license.Codes) (license.Comparison, error) {
	program, err := s.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Comparison{}, err
	}
	return thispc.Compare(program, l.License, codes)
}

// ThisPCFor returns the codes of this PC for the reactivation of a license. It searches all adapters for the one that
// the license is bound to.
func (m *Manager) ThisPCFor(ctx context.Context, l License) (license.Codes, error) {
	s, err := m.acting()
	if err != nil {
		return license.Codes{}, err
	}
	program, err := s.programOfOrder(ctx, l.OrderID)
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
	program, err := s.fromCache().programOfOrder(ctx, l.OrderID)
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
