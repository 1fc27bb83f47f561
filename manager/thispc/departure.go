package thispc

import (
	"context"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/vault"
)

var (
	// ErrReceipt is returned for an answer without a valid receipt, which does not prove that the server took the
	// license.
	ErrReceipt = errors.New("no receipt of the license server for this license")
	// ErrTooLate is returned by Undo if the server has taken the license, as after the app's data were restored from a
	// backup.
	ErrTooLate = errors.New("the server has taken this license already, so it does not come back")
	// ErrNewerHere is returned by Undo if this PC has a newer license of the program. The newer license stays, and so does
	// the removal code of the old one.
	ErrNewerHere = errors.New("this PC has a newer license of the program; the old one does not come back, and " +
		"its removal code is kept")
	// ErrCodeShown is returned by Undo if a program has shown the removal code to a person, who may have used it. The code
	// is kept.
	ErrCodeShown = errors.New("the removal code of this license was shown, so it does not come back by " +
		"itself; the code is kept")
)

// Departure is a license that leaves this PC, with its removal code; zero for another PC's license. A data file from
// before schema 2 has only Signature and Generation.
type Departure struct {
	Signature  string `json:"signature,omitempty"`
	Generation uint16 `json:"generation,omitempty"`
	SiteCode   string `json:"site_code,omitempty"`
	MachineID  string `json:"machine_id,omitempty"`
	// RemovalCode is stored by older versions only. This version stores it in the license folder.
	RemovalCode string `json:"removal_code,omitempty"`
	LicenseID   int64  `json:"license_id,omitempty"`
	OrderID     int64  `json:"order_id,omitempty"`
	Program     string `json:"program,omitempty"`
	Note        string `json:"note,omitempty"`
	// Earlier reports that the license left before the job was created, for instance because its program let it go. It
	// does not return when the job is canceled or refused, since somebody else may have the code.
	Earlier bool `json:"earlier,omitempty"`
}

// DepartureKey identifies a license that leaves or has left this PC, by application signature and Site code.
type DepartureKey struct{ Signature, SiteCode string }

// Key returns the key of the departure.
func (l Departure) Key() DepartureKey { return DepartureKey{l.Signature, l.SiteCode} }

// NewDeparture returns the departure of a license of a program; a zero code is omitted.
func NewDeparture(p api.Program, l api.License, codes license.Codes, code license.RemovalCode) Departure {
	d := Departure{
		Signature:  p.ApplicationSignature,
		Generation: codes.Site.Generation(),
		SiteCode:   codes.Site.String(),
		MachineID:  codes.Machine.String(),
		LicenseID:  l.ID,
		OrderID:    l.OrderID,
		Program:    p.Name,
		Note:       l.Note,
	}
	if code != 0 {
		d.RemovalCode = code.String()
	}
	return d
}

// Parse returns the signature and the codes of a departure.
func (pc *PC) Parse(ctx context.Context, l Departure) (license.Signature, license.Codes, error) {
	signature, err := license.ParseSignature(l.Signature)
	if err != nil {
		return "", license.Codes{}, err
	}
	if l.SiteCode == "" {
		reading, err := pc.Locks(ctx)
		key := signature.Key()
		return signature, key.Codes(l.Generation&license.MaxGeneration, reading.Block(key)), err
	}
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	return signature, codes, err
}

// Leave removes a license from this PC so that a crash at any point loses nothing. In one step it spends and renews
// the Site code, so that the program stops running, and stores the removal code in the state file. Then it seals a
// copy of the code in the vault, in case either is lost, and erases the license file. Leave is idempotent: after a
// crash it resumes.
func (pc *PC) Leave(ctx context.Context, account int64, l Departure, purpose api.Task) error {
	signature, codes, err := pc.Parse(ctx, l)
	if err != nil {
		return err
	}
	spent := installed.Spent{Codes: codes, LicenseID: l.LicenseID}
	if l.RemovalCode != "" {
		if spent.RemovalCode, err = license.ParseRemovalCode(l.RemovalCode); err != nil {
			return err
		}
	}
	if err := pc.withRepair(ctx, signature, l.Program, func() error {
		return pc.options.Installed.Leave(ctx, signature, spent)
	}); err != nil {
		return err
	}
	if l.RemovalCode != "" {
		if err := pc.storeCode(ctx, account, l, codes, purpose); err != nil {
			return err
		}
	}
	// No program runs under the file any more, so a failure to erase it does no harm.
	if err := pc.erase(ctx, signature, codes.Site); err != nil {
		pc.options.Logger.Warn("the file of a license that left could not be erased", "license", l.LicenseID, "error", err)
	}
	return nil
}

// storeCode seals a copy of a removal code in the vault.
func (pc *PC) storeCode(ctx context.Context, account int64, l Departure, codes license.Codes, purpose api.Task) error {
	code, err := license.ParseRemovalCode(l.RemovalCode)
	if err != nil {
		return err
	}
	return pc.options.Vault.PutCode(ctx, vault.Code{
		Item: vault.Item{
			Signature: license.Signature(l.Signature),
			Codes:     codes,
			Account:   account,
			OrderID:   l.OrderID,
			LicenseID: l.LicenseID,
			Program:   l.Program,
			Note:      l.Note,
			Purpose:   string(purpose),
		},
		Code: code,
	})
}

// erase erases the license files of a Site code on this PC.
func (pc *PC) erase(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	p, err := pc.options.Program(ctx, signature)
	if err != nil {
		return err
	}
	return pc.options.Installed.Erase(ctx, signature, func(f installed.File) bool {
		file, err := Verify(p, f.Content)
		return err == nil && file.Codes.Site == site
	})
}

// CheckReceipt verifies that a receipt proves that the server took a license that left this PC, and fails with
// ErrReceipt otherwise. The error is a license.ErrReceiptKey as well if the receipt names an unknown key.
func (pc *PC) CheckReceipt(ctx context.Context, l Departure, token string) error {
	signature, codes, err := pc.Parse(ctx, l)
	if err != nil {
		return err
	}
	p, err := pc.options.Program(ctx, signature)
	if err != nil {
		return err
	}
	receipt, err := license.VerifyReceipt(token, func(id string) (license.PublicKey, bool) { return Signer(p, id) })
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrReceipt, err)
	case receipt.Site != codes.Site || l.LicenseID != 0 && receipt.LicenseID != l.LicenseID:
		return fmt.Errorf("%w: it is for license %d with the Site code %s", ErrReceipt, receipt.LicenseID, receipt.Site)
	}
	return nil
}

// Confirm completes Leave after the server has proved that it took the license, or lists it as ended: it deletes
// the removal code and the copy of the license file.
func (pc *PC) Confirm(ctx context.Context, l Departure) error {
	signature, codes, err := pc.Parse(ctx, l)
	if err != nil {
		return err
	}
	pc.deleteCopy(ctx, signature, codes.Site)
	if err := pc.options.Vault.DeleteCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	return pc.withRepair(ctx, signature, l.Program, func() error {
		return pc.options.Installed.Settle(ctx, signature, codes.Site)
	})
}

// Undo reverts Leave after the server refused the job, or the person canceled it before it was sent. It restores the
// license file from the vault; otherwise the next table restores it from the server. A license with Earlier set does
// not return. Undo fails with ErrTooLate if the server has taken the license, and with ErrNewerHere if this PC has a
// newer one, or anew reports that it has one whose file is not installed yet.
func (pc *PC) Undo(ctx context.Context, l Departure, anew func(p api.Program, left license.SiteCode) bool) error {
	if l.Earlier {
		return nil
	}
	signature, codes, err := pc.Parse(ctx, l)
	if err != nil {
		return err
	}
	p, err := pc.options.Program(ctx, signature)
	if err != nil {
		return err
	}
	if here, ok := pc.FileOf(p, l.OrderID); ok && here.Codes.Site != codes.Site || anew(p, codes.Site) {
		return ErrNewerHere
	}
	switch err := pc.withRepair(ctx, signature, l.Program, func() error {
		return pc.options.Installed.UndoLeave(ctx, signature, codes.Site)
	}); {
	case errors.Is(err, installed.ErrSettled):
		return errors.Join(ErrTooLate, pc.options.Vault.DeleteCode(ctx, signature, codes.Site))
	case errors.Is(err, installed.ErrReplaced):
		return ErrNewerHere
	case errors.Is(err, installed.ErrCodeShown):
		return ErrCodeShown
	case err != nil:
		return err
	}
	if err := pc.options.Vault.DeleteCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	if content, ok := pc.Copy(ctx, p, api.License{ID: l.LicenseID, SiteCode: l.SiteCode}); ok {
		return pc.Install(ctx, p, api.License{
			ID:        l.LicenseID,
			OrderID:   l.OrderID,
			SiteCode:  l.SiteCode,
			MachineID: l.MachineID,
			Note:      l.Note,
		}, content)
	}
	return nil
}

// RemovalCode returns the removal code of a license that leaves or has left this PC; "" if it is not known here. It
// reads the code from the license folder, else from the vault; else it derives the code from the license file: the
// installed one, or the vault's copy.
func (pc *PC) RemovalCode(ctx context.Context, l Departure) (string, error) {
	signature, codes, err := pc.Parse(ctx, l)
	if err != nil {
		return "", err
	}
	state, err := pc.options.Installed.State(signature)
	if errors.Is(err, installed.ErrNewer) { // a damaged state has no code
		return "", err
	}
	if spent, ok := state.FindSpent(codes.Site); ok && spent.RemovalCode != 0 {
		return spent.RemovalCode.String(), nil
	}
	if code, ok := pc.options.Vault.Code(ctx, signature, codes.Site); ok {
		return code.String(), nil
	}
	p, err := pc.options.Program(ctx, signature)
	if err != nil {
		return "", err
	}
	made := func(f license.File) string { return f.Seed.RemovalCode(f.Codes).String() }
	for _, here := range pc.Files(p) {
		if here.Codes == codes {
			return made(here.File), nil
		}
	}
	if content, ok := pc.Copy(ctx, p, api.License{ID: l.LicenseID, SiteCode: codes.Site.String()}); ok {
		if f, err := Verify(p, content); err == nil && f.Codes == codes {
			return made(f), nil
		}
	}
	return "", nil
}
