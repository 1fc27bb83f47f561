package manager

import (
	"context"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// ChangeNote changes the note of a license.
func (m *Manager) ChangeNote(ctx context.Context, licenseID int64, note string) (License, error) {
	_, c, err := m.session()
	if err != nil {
		return License{}, m.fail(err)
	}
	out, err := c.ChangeLicense(ctx, licenseID, api.LicenseChange{Note: &note})
	if err != nil {
		return License{}, m.fail(err)
	}
	m.publish(Event{Kind: LicensesChanged, OrderID: out.OrderID})
	return m.mark(ctx, out.OrderID, []api.License{out})[0], nil
}

// LicenseFile returns name and text of a license file. It is checked against the program's public key first; a file that
// does not fit is not handed on.
func (m *Manager) LicenseFile(ctx context.Context, licenseID int64) (name, content string, err error) {
	_, c, err := m.session()
	if err != nil {
		return "", "", m.fail(err)
	}
	_, content, err = c.LicenseFile(ctx, licenseID)
	if err != nil {
		return "", "", m.fail(err)
	}
	keyID, err := license.FileKeyID(content)
	if err != nil {
		return "", "", err
	}
	programs, err := c.Programs(ctx)
	if err != nil {
		return "", "", m.fail(err)
	}
	for _, p := range programs {
		if p.KeyID != keyID {
			continue
		}
		public, err := license.ParsePublicKey(p.PublicKey)
		if err != nil {
			return "", "", err
		}
		f, err := public.Verify(content)
		if err != nil {
			return "", "", err
		}
		if f.ID != licenseID || f.ProgramID != p.ID {
			return "", "", fmt.Errorf("%w: it is the file of another license", license.ErrFileDamaged)
		}
		return license.FileName(p.Name, licenseID), content, nil
	}
	return "", "", license.ErrFileSignature
}

// EmailPreview returns the mail that the server would send for a license.
func (m *Manager) EmailPreview(ctx context.Context, licenseID int64) (api.EmailPreview, error) {
	_, c, err := m.session()
	if err != nil {
		return api.EmailPreview{}, m.fail(err)
	}
	out, err := c.EmailPreview(ctx, licenseID)
	return out, m.fail(err)
}

// OpenLicensesRefusal says why the licenses of an order cannot be opened; nil when they can.
func OpenLicensesRefusal(o api.Order) error {
	if !o.RequiresActivation {
		return api.NewProblem(api.ErrTaskDisabled, fmt.Sprintf("%s needs no activation, so there are no licenses.", o.ProgramName))
	}
	return nil
}

// NewLicenseRefusal says why an order takes no new license, in the words of the button's reason; nil when it does.
func NewLicenseRefusal(o api.Order) error {
	if err := OpenLicensesRefusal(o); err != nil {
		return err
	}
	if o.Allowed.Add == nil {
		return api.NewProblem(api.ErrTaskDisabled, "This server does not offer it.")
	}
	if o.Allowed.Add.OK {
		return nil
	}
	sentence := map[api.Code]string{
		api.ErrLicensesInUse:       fmt.Sprintf("All %d licenses are in use.", o.LicensesTotal),
		api.ErrOrderReadOnly:       "The vendor allows no changes to this order.",
		api.ErrSubscriptionExpired: "The subscription has ended.",
		api.ErrTaskDisabled:        "The licenses of this order have ended.",
		api.ErrLimitReached:        "The limit is reached.",
	}[o.Allowed.Add.Reason]
	if o.Allowed.Add.Reason == api.ErrLicensesInUse && o.LicensesTotal == 1 {
		sentence = "The only license is in use."
	}
	if sentence == "" {
		sentence = "The server does not allow it now."
	}
	return api.NewProblem(o.Allowed.Add.Reason, sentence)
}

// EmailRefusal says why the activation code of a license cannot be mailed; nil when it can.
func EmailRefusal(l License) error {
	if l.Status != api.StatusActive {
		return api.NewProblem(api.ErrLicenseEnded, "This license has ended.")
	}
	return nil
}

// ChangeNoteRefusal says why the note of an order's licenses cannot be changed; nil when it can.
func ChangeNoteRefusal(o api.Order) error {
	if !o.CanManage {
		return api.NewProblem(api.ErrOrderReadOnly, "The vendor allows no changes to this order.")
	}
	return nil
}
