package manager

import (
	"context"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/journal"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

// departure is a license that leaves this PC; zero for another PC's license.
type departure = thispc.Departure

// newDeparture returns the departure of a license with its removal code; zero for another PC's license.
func (s *acting) newDeparture(ctx context.Context, l License) (departure, error) {
	if !l.MakesCode() {
		return departure{}, nil
	}
	p, err := s.view.ProgramOfOrder(ctx, l.OrderID)
	if err != nil {
		return departure{}, err
	}
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	if err != nil {
		return departure{}, err
	}
	leaves := thispc.NewDeparture(p, l.License, codes, 0)
	leaves.Earlier = !l.ThisPC
	leaves.RemovalCode, err = s.departureCode(ctx, leaves)
	return leaves, err
}

// departureCode returns the removal code of a license that leaves or has left this PC. If this PC does not know it,
// departureCode derives it from the server's copy of the license file.
func (s *acting) departureCode(ctx context.Context, leaves departure) (string, error) {
	code, err := s.m.pc.RemovalCode(ctx, leaves)
	if err != nil || code != "" {
		return code, err
	}
	_, codes, err := s.m.pc.Parse(ctx, leaves)
	if err != nil {
		return "", err
	}
	f, _, err := s.view.LicenseFile(ctx, leaves.LicenseID)
	if err != nil {
		return "", err
	}
	if f.Codes != codes {
		return "", fmt.Errorf("%w: it is the file of another license", license.ErrFileDamaged)
	}
	return f.Seed.RemovalCode(f.Codes).String(), nil
}

// undoLeave reverts the departure of a license. It fails like thispc.Undo. v is nil if nobody is signed in.
func (m *Manager) undoLeave(ctx context.Context, v *catalog.View, l departure) error {
	return m.pc.Undo(ctx, l, func(p api.Program, left license.SiteCode) bool {
		return v != nil && v.HasOther(ctx, p, left) // without a session there are no tables
	})
}

// Move releases a license of this PC, or a stranded one, for another PC to pick up. The removal code is stored before
// the license leaves, and the license leaves before the request is sent; without a connection the job is sent later.
// The job works like that of NewLicense. Move fails with ErrNotThisPC for another PC's license.
func (m *Manager) Move(ctx context.Context, l License) (License, error) {
	if !l.MakesCode() {
		return License{}, ErrNotThisPC
	}
	return asCurrent(m, func(s *acting) (License, error) {
		leaves, err := s.newDeparture(ctx, l)
		if err != nil {
			return License{}, err
		}
		return s.release(ctx, l, leaves)
	})
}

func (s *acting) release(ctx context.Context, l License, leaves departure) (License, error) {
	return s.runForLicense(ctx, journal.Draft{
		Task:      api.TaskRelease,
		Title:     tasks[api.TaskRelease].titleOf(l.Name()),
		OrderID:   l.OrderID,
		LicenseID: l.ID,
		Intent:    fmt.Sprintf("license %d", l.ID),
	}, removalRequest(l, leaves, 0), nil)
}

// PickUp transfers a released license to this PC. The job works like that of NewLicense.
func (m *Manager) PickUp(ctx context.Context, l License) (License, error) {
	s, err := m.acting()
	if err != nil {
		return License{}, err
	}
	return s.pickUp(ctx, l)
}

// pickUp is PickUp for the account of the session.
func (s *acting) pickUp(ctx context.Context, l License) (License, error) {
	p, err := s.view.ProgramOfOrder(ctx, l.OrderID)
	if err != nil {
		return License{}, err
	}
	pc, err := s.thisPC(ctx, p.ID)
	if err != nil {
		return License{}, err
	}
	return s.transfer(ctx, Transfer{License: l, Codes: pc.Codes})
}

// KeptCode is a removal code that this PC stores until the server has taken it.
type KeptCode = thispc.KeptCode

// KeptCodes lists the removal codes that this PC stores: those of open jobs, those whose job was given up or lost, and
// those of licenses that programs let go.
func (m *Manager) KeptCodes(ctx context.Context) ([]KeptCode, error) {
	list, err := m.pc.KeptCodes(ctx)
	if err != nil {
		return nil, err
	}
	open, err := m.openDepartures(ctx, 0)
	if err != nil {
		return nil, err
	}
	for i, k := range list {
		list[i].Purpose = open[thispc.DepartureKey{Signature: string(k.Signature), SiteCode: k.Codes.Site.String()}]
		if list[i].Purpose != "" {
			list[i].Code = 0
		}
	}
	return list, nil
}

// openDepartures returns the licenses of this PC that open jobs of an account hand in, with their tasks; 0 means all
// accounts.
func (m *Manager) openDepartures(ctx context.Context, account int64) (map[thispc.DepartureKey]api.Task, error) {
	open, err := m.journal.Open(ctx, account)
	if err != nil {
		return nil, err
	}
	found := map[thispc.DepartureKey]api.Task{}
	for _, job := range open {
		leaves, err := m.jobDeparture(ctx, job)
		if err != nil && !vault.Sealed(err) {
			return nil, err
		}
		if leaves.Signature != "" {
			found[leaves.Key()] = job.Task
		}
	}
	return found, nil
}

// HandIn removes a license that its program let go, with the kept removal code; its seat is free again. It fails with
// api.ErrNotFound if the current account does not have the license.
func (m *Manager) HandIn(ctx context.Context, k KeptCode) (api.Order, error) {
	s, err := m.acting()
	if err != nil {
		return api.Order{}, err
	}
	l, leaves, err := s.keptLicense(ctx, k)
	if err != nil {
		return api.Order{}, err
	}
	out, err := s.remove(ctx, l, removalRequest(l, leaves, 0))
	return out.order, err
}

// Offer releases a license that its program let go, for another PC to pick up. It fails like HandIn.
func (m *Manager) Offer(ctx context.Context, k KeptCode) (License, error) {
	s, err := m.acting()
	if err != nil {
		return License{}, err
	}
	l, leaves, err := s.keptLicense(ctx, k)
	if err != nil {
		return License{}, err
	}
	return s.release(ctx, l, leaves)
}

// keptLicense returns the license of a stored removal code and its departure.
func (s *acting) keptLicense(ctx context.Context, k KeptCode) (License, departure, error) {
	found, err := s.view.LicenseOf(ctx, k)
	if err != nil {
		return License{}, departure{}, err
	}
	leaves := thispc.NewDeparture(found.Program, found.License.License, k.Codes, k.Code)
	leaves.Earlier = true
	return found.License, leaves, nil
}

// LicenseOf returns the license of a kept removal code and its order, from the cached tables of the current account.
// It fails with api.ErrNotFound if the account does not have the license.
func (m *Manager) LicenseOf(ctx context.Context, k KeptCode) (License, api.Order, error) {
	found, err := fromView(m, func(v *catalog.View) (catalog.Owned, error) { return v.LicenseOf(ctx, k) })
	return found.License, found.Order, err
}
