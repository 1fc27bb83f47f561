package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
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
	p, err := s.programOfOrder(ctx, l.OrderID)
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
	f, _, err := s.verifiedFile(ctx, leaves.LicenseID)
	if err != nil {
		return "", err
	}
	if f.Codes != codes {
		return "", fmt.Errorf("%w: it is the file of another license", license.ErrFileDamaged)
	}
	return f.Seed.RemovalCode(f.Codes).String(), nil
}

// checkReceipt verifies that a receipt proves that the server took a license that left this PC, and fails with
// thispc.ErrReceipt otherwise. If the receipt names an unknown key, checkReceipt fetches the program's keys and
// retries once. s is nil if nobody is signed in.
func (m *Manager) checkReceipt(ctx context.Context, s *acting, leaves departure, token string) error {
	err := m.pc.CheckReceipt(ctx, leaves, token)
	if errors.Is(err, license.ErrReceiptKey) && s != nil {
		if _, fetchErr := s.fetchPrograms(ctx); fetchErr == nil {
			err = m.pc.CheckReceipt(ctx, leaves, token)
		}
	}
	return err
}

// hasNewerLicense reports whether the cached tables list a license of a program for this PC's present codes, other
// than the one that left with a Site code. Its file may not be installed yet.
func (m *Manager) hasNewerLicense(ctx context.Context, s *acting, p api.Program, left license.SiteCode) (found bool) {
	if s == nil {
		return false // without a session there are no tables
	}
	err := s.eachCached(ctx, func(_ api.Order, other api.Program, t Licenses) error {
		found = found || other.ApplicationSignature == p.ApplicationSignature &&
			slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC && !thispc.SameSite(l.License, left) })
		return nil
	})
	return found && err == nil
}

// undoLeave reverts the departure of a license. It fails like thispc.Undo. s is nil if nobody is signed in.
func (m *Manager) undoLeave(ctx context.Context, s *acting, l departure) error {
	return m.pc.Undo(ctx, l, func(p api.Program, left license.SiteCode) bool { return m.hasNewerLicense(ctx, s, p, left) })
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
		Title:     tasks[api.TaskRelease].titleOf(jobName(l)),
		OrderID:   l.OrderID,
		LicenseID: l.ID,
		Intent:    fmt.Sprintf("license %d", l.ID),
	}, removalRequest(l, leaves, 0), nil)
}

// pickUp is PickUp for the account of the session.
func (s *acting) pickUp(ctx context.Context, l License) (License, error) {
	p, err := s.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return License{}, err
	}
	pc, err := s.thisPC(ctx, p.ID)
	if err != nil {
		return License{}, err
	}
	return s.transfer(ctx, Transfer{License: l, Codes: pc.Codes})
}

// Waiting is a released license that no PC has picked up.
type Waiting struct {
	Order   api.Order
	License License
	// Refusal is the reason why the server would refuse the transfer now; nil if it would not.
	Refusal error
}

// WaitingToMove lists the cached licenses that were released and not picked up.
func (m *Manager) WaitingToMove(ctx context.Context) (list []Waiting, err error) {
	s, err := m.acting()
	if err != nil {
		return nil, err
	}
	err = s.eachCached(ctx, waitingInto(&list))
	return list, err
}

func waitingInto(list *[]Waiting) visitor {
	return func(o api.Order, _ api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if l.Status == api.StatusActive && l.ReleasedAt != nil {
				*list = append(*list, Waiting{o, l, TransferRefusal(o, l)})
			}
		}
		return nil
	}
}

// KeptCode is a removal code that this PC stores until the server has taken it.
type KeptCode struct {
	Signature license.Signature
	// Program is the name of the program, possibly its own name for itself; it may be "".
	Program string
	Codes   license.Codes
	// Code is zero while an open job hands it in. The license returns if the job is canceled or refused, so nobody may
	// see the code.
	Code      license.RemovalCode
	Note      string
	OrderID   int64 // 0 if unknown
	LicenseID int64 // 0 if unknown
	// Purpose is the task of the open job that hands the code in; "" if there is none.
	Purpose api.Task
}

// KeptCodes lists the removal codes that this PC stores: those of open jobs, those whose job was given up or lost, and
// those of licenses that programs let go.
func (m *Manager) KeptCodes(ctx context.Context) (list []KeptCode, err error) {
	if list, err = m.sealedCodes(ctx); err != nil {
		return nil, err
	}
	states, err := m.options.Installed.States()
	if err != nil {
		return nil, installedError(err)
	}
	for _, s := range states {
		for _, spent := range s.Spent {
			i := slices.IndexFunc(list, func(k KeptCode) bool {
				return k.Signature == s.Signature && k.Codes.Site == spent.Codes.Site
			})
			switch {
			case i >= 0 && spent.Settled: // the app's data were restored from a backup
				list[i].Code = 0
			case spent.RemovalCode == 0:
			case i >= 0:
				list[i].Code = spent.RemovalCode
			default:
				list = append(list, KeptCode{
					Signature: s.Signature,
					Program:   s.Program.Name,
					Codes:     spent.Codes,
					Code:      spent.RemovalCode,
					LicenseID: spent.LicenseID,
				})
			}
		}
	}
	list = slices.DeleteFunc(list, func(k KeptCode) bool { return k.Code == 0 })
	open, err := m.openDepartures(ctx, 0)
	if err != nil {
		return nil, err
	}
	for i, k := range list {
		list[i].Purpose = open[departureKey{string(k.Signature), k.Codes.Site.String()}]
		if list[i].Purpose != "" {
			list[i].Code = 0
		}
	}
	return list, nil
}

// departureKey identifies a license that an open job hands in.
type departureKey struct{ signature, site string }

// openDepartures returns the licenses of this PC that open jobs of an account hand in, with their tasks; 0 means all
// accounts.
func (m *Manager) openDepartures(ctx context.Context, account int64) (map[departureKey]api.Task, error) {
	open, err := m.journal.Open(ctx, account)
	if err != nil {
		return nil, err
	}
	found := map[departureKey]api.Task{}
	for _, job := range open {
		leaves, err := m.jobDeparture(ctx, job)
		if err != nil && !vault.Sealed(err) {
			return nil, err
		}
		if leaves.Signature != "" {
			found[departureKey{leaves.Signature, leaves.SiteCode}] = job.Task
		}
	}
	return found, nil
}

// sealedCodes lists the removal codes in the vault. The code of one that cannot be opened is zero.
func (m *Manager) sealedCodes(ctx context.Context) (list []KeptCode, err error) {
	codes, err := m.vault.Codes(ctx)
	for _, c := range codes {
		list = append(list, KeptCode{
			Signature: c.Signature,
			Program:   c.Program,
			Codes:     c.Codes,
			Code:      c.Code,
			Note:      c.Note,
			OrderID:   c.OrderID,
			LicenseID: c.LicenseID,
		})
	}
	return list, err
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
	l, _, p, err := s.licenseOf(ctx, k)
	if err != nil {
		return License{}, departure{}, err
	}
	leaves := thispc.NewDeparture(p, l.License, k.Codes, k.Code)
	leaves.Earlier = true
	return l, leaves, nil
}

// LicenseOf returns the license of a kept removal code and its order, from the cached tables of the current account.
// It fails with api.ErrNotFound if the account does not have the license.
func (m *Manager) LicenseOf(ctx context.Context, k KeptCode) (License, api.Order, error) {
	s, err := m.acting()
	if err != nil {
		return License{}, api.Order{}, err
	}
	l, o, _, err := s.licenseOf(ctx, k)
	return l, o, err
}

func (s *acting) licenseOf(
	ctx context.Context, k KeptCode,
) (found License, order api.Order, program api.Program, err error) {
	err = s.eachCached(ctx, func(o api.Order, p api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if p.ApplicationSignature == string(k.Signature) && l.SiteCode == k.Codes.Site.String() &&
				l.Status == api.StatusActive {
				found, order, program = l, o, p
			}
		}
		return nil
	})
	if err == nil && found.ID == 0 {
		err = refuse(api.ErrNotFound,
			"This account has no active license with this Site code. Sign in to the account that the license belongs to, "+
				"or give the removal code to its owner.")
	}
	return found, order, program, err
}
