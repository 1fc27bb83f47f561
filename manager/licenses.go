package manager

import (
	"context"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/catalog"
)

// ChangeNote changes the note of a license.
func (m *Manager) ChangeNote(ctx context.Context, licenseID int64, note string) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) {
		out, err := s.client.ChangeLicense(ctx, licenseID, api.LicenseChange{Note: &note})
		if err != nil {
			return License{}, s.fail(err)
		}
		s.view.Apply(ctx, catalog.Change{OrderID: out.OrderID, LicenseID: out.ID, License: out})
		m.publish(Event{Kind: LicensesChanged, Account: s.account.ID, OrderID: out.OrderID})
		return s.view.Row(ctx, out.OrderID, out), nil
	})
}

// LicenseFile returns name and content of a license file, verified with the program's public keys.
func (m *Manager) LicenseFile(ctx context.Context, licenseID int64) (name, content string, err error) {
	s, err := m.begin()
	if err != nil {
		return "", "", err
	}
	f, content, err := s.view.LicenseFile(ctx, licenseID)
	if err != nil {
		return "", "", err
	}
	return license.FileName(f.ProgramName, licenseID), content, nil
}

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
