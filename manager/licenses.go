package manager

import (
	"context"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/journal"
	"github.com/acen-desktop/acen/manager/thispc"
)

// ChangeNote changes the note of a license.
func (m *Manager) ChangeNote(ctx context.Context, licenseID int64, note string) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) {
		out, err := s.client.ChangeLicense(ctx, licenseID, api.LicenseChange{Note: &note})
		if err != nil {
			return License{}, s.fail(err)
		}
		s.cacheOutcome(ctx, journal.Job{OrderID: out.OrderID, LicenseID: out.ID}, outcome{license: out})
		m.publish(Event{Kind: LicensesChanged, Account: s.account.ID, OrderID: out.OrderID})
		return s.mark(ctx, out.OrderID, []api.License{out})[0], nil
	})
}

// LicenseFile returns name and content of a license file, verified with the program's public keys.
func (m *Manager) LicenseFile(ctx context.Context, licenseID int64) (name, content string, err error) {
	s, err := m.begin()
	if err != nil {
		return "", "", err
	}
	f, content, err := s.verifiedFile(ctx, licenseID)
	if err != nil {
		return "", "", err
	}
	return license.FileName(f.ProgramName, licenseID), content, nil
}

// verifiedFile fetches a license file and verifies it with the keys of the program.
func (s *acting) verifiedFile(ctx context.Context, licenseID int64) (f license.File, content string, err error) {
	_, content, err = s.client.LicenseFile(ctx, licenseID)
	if err != nil {
		return f, "", s.fail(err)
	}
	programs, err := s.fetchPrograms(ctx)
	if err != nil {
		return f, "", s.fail(err)
	}
	for _, p := range programs {
		f, err = thispc.Verify(p, content)
		if errors.Is(err, license.ErrFileSignature) {
			continue
		}
		if err != nil {
			return f, "", err
		}
		if f.ID != licenseID || f.ProgramID != p.ID {
			return f, "", fmt.Errorf("%w: it is the file of another license", license.ErrFileDamaged)
		}
		f.ProgramName = p.Name
		return f, content, nil
	}
	return f, "", license.ErrFileSignature
}

// ErrNotThisPC is returned for an action that is possible only on the PC of a license.
var ErrNotThisPC = errors.New("the license is on another PC; its removal code is made there")

// RemovalCode returns the removal code of a license of this PC or of a stranded one. It fails with ErrNotThisPC for
// another PC's license.
func (m *Manager) RemovalCode(ctx context.Context, l License) (license.RemovalCode, error) {
	if !l.MakesCode() {
		return 0, ErrNotThisPC
	}
	s, err := m.acting()
	if err != nil {
		return 0, err
	}
	leaves, err := s.newDeparture(ctx, l)
	if err != nil {
		return 0, err
	}
	return license.ParseRemovalCode(leaves.RemovalCode)
}

// EmailPreview returns the mail that the server would send for a license.
func (m *Manager) EmailPreview(ctx context.Context, licenseID int64) (api.EmailPreview, error) {
	return ask(m, func(c *client.Client) (api.EmailPreview, error) { return c.EmailPreview(ctx, licenseID) })
}

// OpenLicensesRefusal returns the reason why the licenses of an order cannot be opened; nil if they can.
func OpenLicensesRefusal(o api.Order) error {
	if !o.RequiresActivation {
		return refuse(api.ErrTaskDisabled, "%s needs no activation, so there are no licenses.", o.ProgramName)
	}
	return nil
}

// NewLicenseRefusal returns the reason why an order allows no new license, as shown at the button; nil if it does.
func NewLicenseRefusal(o api.Order) error {
	if err := OpenLicensesRefusal(o); err != nil {
		return err
	}
	return allowanceRefusal(o, o.Allowed.Add, Say("The licenses of this order have ended."))
}

// ReactivationRefusal returns the reason why a license cannot be reactivated now on any PC; nil if it can.
func ReactivationRefusal(o api.Order, l License) error {
	return licenseRefusal(o, l, func(a *api.LicenseAllowed) *api.Allowance { return a.Reactivate })
}

// Refusals of a license on its way to another PC.
var (
	// ErrLeftThisPC is the refusal of a license that left this PC and that an open job hands in.
	ErrLeftThisPC = errors.New("the license left this PC, and the server has to be told of that first")
	// ErrReleased is the refusal of a license that another PC has to pick up.
	ErrReleased = errors.New("the license was released already; another PC picks it up")
	// ErrNotReleased is the refusal of a license that is on a PC.
	ErrNotReleased = errors.New("the license was not released; move it on the PC that it is on first")
)

// MoveRefusal returns the reason why a license cannot be moved from this PC now; nil if it can.
func MoveRefusal(o api.Order, l License) error {
	switch {
	case l.Status != api.StatusActive:
	case l.ReleasedAt != nil:
		return ErrReleased
	case !l.MakesCode() && !l.JobOpen:
		return ErrNotThisPC
	}
	return TransferRefusal(o, l)
}

// PickUpRefusal returns the reason why this PC cannot pick up a license now; nil if it can. licensed is the order
// with a license of the same program for this PC, or 0.
func PickUpRefusal(o api.Order, l License, licensed int64) error {
	switch {
	case l.Status != api.StatusActive:
	case l.ReleasedAt == nil:
		return ErrNotReleased
	case licensed != 0:
		return refuse(api.ErrSiteCodeInUse, "This PC has a license of %s already, in order %d. It needs no second one.",
			o.ProgramName, licensed)
	}
	return TransferRefusal(o, l)
}

// TransferRefusal returns the reason why a license cannot be transferred now; nil if it can.
func TransferRefusal(o api.Order, l License) error {
	return licenseRefusal(o, l, func(a *api.LicenseAllowed) *api.Allowance { return a.Transfer })
}

// RemovalRefusal returns the reason why a license cannot be removed now; nil if it can.
func RemovalRefusal(o api.Order, l License) error {
	return licenseRefusal(o, l, func(a *api.LicenseAllowed) *api.Allowance { return a.Remove })
}

func licenseRefusal(o api.Order, l License, of func(*api.LicenseAllowed) *api.Allowance) error {
	if err := EmailRefusal(l); err != nil {
		return err
	}
	if l.JobOpen && l.ReleasedAt == nil {
		return ErrLeftThisPC
	}
	if l.Allowed == nil {
		return notOffered()
	}
	disabled := Say("The vendor does not offer it for this order.")
	if l.ExpiresAt != nil && of(l.Allowed) != nil && of(l.Allowed).Reason == api.ErrTaskDisabled {
		disabled = Say("The vendor does not offer it, or the license has ended.")
	}
	return allowanceRefusal(o, of(l.Allowed), disabled)
}

func notOffered() error { return refuse(api.ErrTaskDisabled, "This server does not offer it.") }

// allowanceRefusal turns an allowance into the reason shown at a button; nil if the task is allowed.
func allowanceRefusal(o api.Order, a *api.Allowance, disabled Text) error {
	switch {
	case a == nil:
		return notOffered()
	case a.OK:
		return nil
	}
	sentence := map[api.Code]Text{
		api.ErrLicensesInUse:       Say("All %d licenses are in use.", o.LicensesTotal),
		api.ErrOrderReadOnly:       Say("The vendor allows no changes to this order."),
		api.ErrSubscriptionExpired: Say("The subscription has ended."),
		api.ErrTaskDisabled:        disabled,
		api.ErrLimitReached:        Say("The limit is reached."),
	}[a.Reason]
	if a.Reason == api.ErrLicensesInUse && o.LicensesTotal == 1 {
		sentence = Say("The only license is in use.")
	}
	if sentence.IsZero() {
		sentence = Say("The server does not allow it now.")
	}
	p := refuse(a.Reason, sentence.Format, sentence.Args...)
	if a.Reason == api.ErrLimitReached && a.ResetsAt != nil {
		p.Limit = &api.LimitReached{ResetsAt: *a.ResetsAt}
	}
	return p
}

// EmailRefusal returns the reason why the activation code of a license cannot be mailed; nil if it can.
func EmailRefusal(l License) error {
	if l.Status != api.StatusActive {
		return refuse(api.ErrLicenseEnded, "This license has ended.")
	}
	return nil
}

// ChangeNoteRefusal returns the reason why the notes of an order's licenses cannot be changed; nil if they can.
func ChangeNoteRefusal(o api.Order) error {
	if !o.CanManage {
		return refuse(api.ErrOrderReadOnly, "The vendor allows no changes to this order.")
	}
	return nil
}
