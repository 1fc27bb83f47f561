package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/journal"
	"github.com/acen-desktop/acen/manager/vault"
)

// departure is a license that leaves this PC, with its removal code; zero for another PC's license. A data file from
// before schema 2 has only Signature and Generation.
type departure struct {
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
	leaves := departureOf(p, l, codes, 0)
	leaves.Earlier = !l.ThisPC
	leaves.RemovalCode, err = s.departureCode(ctx, leaves)
	return leaves, err
}

// departureOf returns the departure of a license of a program; a zero code is left out.
func departureOf(p api.Program, l License, codes license.Codes, code license.RemovalCode) departure {
	return departure{
		Signature: p.ApplicationSignature, Generation: codes.Site.Generation(), SiteCode: codes.Site.String(), MachineID: codes.Machine.String(),
		RemovalCode: codeText(code), LicenseID: l.ID, OrderID: l.OrderID, Program: p.Name, Note: l.Note,
	}
}

// departureCode returns the removal code of a license that leaves or has left this PC. It reads the code from the
// license folder, else from the vault; else it makes the code from the license file: the one on this PC, the vault's
// copy, or the server's.
func (s *acting) departureCode(ctx context.Context, leaves departure) (string, error) {
	signature, codes, err := s.m.parseDeparture(ctx, leaves)
	if err != nil {
		return "", err
	}
	state, err := s.m.options.Installed.State(signature)
	if errors.Is(err, ErrNewer) { // a damaged state has no code
		return "", err
	}
	if spent, ok := state.Find(codes.Site); ok && spent.RemovalCode != 0 {
		return spent.RemovalCode.String(), nil
	}
	if code, ok := s.m.vault.Code(ctx, signature, codes.Site); ok {
		return code.String(), nil
	}
	p, err := s.m.programBySignature(ctx, signature)
	if err != nil {
		return "", err
	}
	made := func(f license.File) string { return f.Seed.RemovalCode(f.Codes).String() }
	for _, here := range s.m.filesHere(p) {
		if here.Codes == codes {
			return made(here.File), nil
		}
	}
	if content, ok := s.m.copyOf(ctx, p, api.License{ID: leaves.LicenseID, SiteCode: codes.Site.String()}); ok {
		if f, err := verify(p, content); err == nil && f.Codes == codes {
			return made(f), nil
		}
	}
	f, _, err := s.verifiedFile(ctx, leaves.LicenseID)
	if err != nil {
		return "", err
	}
	if f.Codes != codes {
		return "", fmt.Errorf("%w: it is the file of another license", license.ErrFileDamaged)
	}
	return made(f), nil
}

// parseDeparture returns the signature and the codes of a departure.
func (m *Manager) parseDeparture(ctx context.Context, l departure) (license.Signature, license.Codes, error) {
	signature, err := license.ParseSignature(l.Signature)
	if err != nil {
		return "", license.Codes{}, err
	}
	if l.SiteCode == "" {
		reading, err := m.locks(ctx)
		key := signature.Key()
		return signature, key.Codes(l.Generation&license.MaxGeneration, reading.Block(key)), err
	}
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	return signature, codes, err
}

// leave removes a license from this PC so that a crash at any point loses nothing. In one step it spends and renews the
// Site code, so that the program stops running, and stores the removal code beside it. Then it seals a copy of the code
// in the vault, so that it survives the loss of either, and erases the license file. leave is idempotent: after a crash
// it resumes.
func (m *Manager) leave(ctx context.Context, a Account, l departure, purpose api.Task) error {
	signature, codes, err := m.parseDeparture(ctx, l)
	if err != nil {
		return err
	}
	gone := installed.Spent{Codes: codes, LicenseID: l.LicenseID}
	if l.RemovalCode != "" {
		if gone.RemovalCode, err = license.ParseRemovalCode(l.RemovalCode); err != nil {
			return err
		}
	}
	if err := m.withRecord(ctx, signature, l.Program, func() error { return m.options.Installed.Leave(ctx, signature, gone) }); err != nil {
		return err
	}
	if l.RemovalCode != "" {
		if err := m.keepRemovalCode(ctx, a, l, codes, purpose); err != nil {
			return err
		}
	}
	// No program runs under the file any more, so a failure to erase it does no harm.
	if err := m.erase(ctx, signature, codes.Site); err != nil {
		m.options.Logger.Warn("the file of a license that left could not be erased", "license", l.LicenseID, "error", err)
	}
	return nil
}

// keepRemovalCode seals a copy of a removal code in the vault.
func (m *Manager) keepRemovalCode(ctx context.Context, a Account, l departure, codes license.Codes, purpose api.Task) error {
	code, err := license.ParseRemovalCode(l.RemovalCode)
	if err != nil {
		return err
	}
	return m.vault.PutCode(ctx, vault.Code{
		Item: vault.Item{
			Signature: license.Signature(l.Signature),
			Codes:     codes,
			Account:   a.ID,
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
func (m *Manager) erase(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return err
	}
	return m.options.Installed.Erase(ctx, signature, func(f installed.File) bool {
		file, err := verify(p, f.Content)
		return err == nil && file.Codes.Site == site
	})
}

// errReceipt is returned for an answer without a valid receipt: nothing proves that the server took the license.
var errReceipt = errors.New("no receipt of the license server for this license")

// checkReceipt verifies that a receipt proves that the server took a license that left this PC, and fails with
// errReceipt otherwise. If the receipt names an unknown key, checkReceipt fetches the program's keys and retries once. s is
// nil where nobody is signed in.
func (m *Manager) checkReceipt(ctx context.Context, s *acting, leaves departure, token string) error {
	signature, codes, err := m.parseDeparture(ctx, leaves)
	if err != nil {
		return err
	}
	receipt, err := m.readReceipt(ctx, signature, token)
	if errors.Is(err, license.ErrReceiptKey) && s != nil {
		if _, fetchErr := s.fetchPrograms(ctx); fetchErr == nil {
			receipt, err = m.readReceipt(ctx, signature, token)
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errReceipt, err)
	case receipt.Site != codes.Site || leaves.LicenseID != 0 && receipt.LicenseID != leaves.LicenseID:
		return fmt.Errorf("%w: it is for license %d with the Site code %s", errReceipt, receipt.LicenseID, receipt.Site)
	}
	return nil
}

// readReceipt verifies a receipt with the known keys of a program.
func (m *Manager) readReceipt(ctx context.Context, signature license.Signature, token string) (license.Receipt, error) {
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return license.Receipt{}, err
	}
	return license.VerifyReceipt(token, func(id string) (license.PublicKey, bool) { return signer(p, id) })
}

// confirmLeave completes leave after the server has proved that it took the license, or lists it as ended: it deletes
// the removal code and the copy of the license file.
func (m *Manager) confirmLeave(ctx context.Context, l departure) error {
	signature, codes, err := m.parseDeparture(ctx, l)
	if err != nil {
		return err
	}
	m.forgetCopy(ctx, signature, codes.Site)
	if err := m.vault.DeleteCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	return m.withRecord(ctx, signature, l.Program, func() error { return m.options.Installed.Settle(ctx, signature, codes.Site) })
}

// licensedAnew reports whether the cached tables list a license of a program for this PC's present codes other than the
// one that left with a Site code. Its file may not be on this PC yet.
func (m *Manager) licensedAnew(ctx context.Context, s *acting, p api.Program, left license.SiteCode) (found bool) {
	if s == nil {
		return false // without a session there are no tables
	}
	err := s.eachKnown(ctx, func(_ api.Order, other api.Program, t Licenses) error {
		found = found || other.ApplicationSignature == p.ApplicationSignature &&
			slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC && !sameSite(l.License, left) })
		return nil
	})
	return found && err == nil
}

// undoLeave reverts leave after the server refused the job, or the person canceled it before it was sent. It restores
// the license file from the vault; otherwise the next table restores it from the server. A license with Earlier set
// stays away. It fails with ErrTooLate if the server has taken the license, and with ErrNewerHere if this PC has a
// newer one. s is nil where nobody is signed in.
func (m *Manager) undoLeave(ctx context.Context, s *acting, l departure) error {
	if l.Earlier {
		return nil
	}
	signature, codes, err := m.parseDeparture(ctx, l)
	if err != nil {
		return err
	}
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return err
	}
	if here, ok := m.fileOf(p, l.OrderID); ok && here.Codes.Site != codes.Site || m.licensedAnew(ctx, s, p, codes.Site) {
		return ErrNewerHere
	}
	switch err := m.withRecord(ctx, signature, l.Program, func() error { return m.options.Installed.Return(ctx, signature, codes.Site) }); {
	case errors.Is(err, installed.ErrSettled):
		return errors.Join(ErrTooLate, m.vault.DeleteCode(ctx, signature, codes.Site))
	case errors.Is(err, installed.ErrReplaced):
		return ErrNewerHere
	case errors.Is(err, installed.ErrShown):
		return ErrCodeShown
	case err != nil:
		return err
	}
	if err := m.vault.DeleteCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	if content, ok := m.copyOf(ctx, p, api.License{ID: l.LicenseID, SiteCode: l.SiteCode}); ok {
		return m.install(ctx, p, api.License{ID: l.LicenseID, OrderID: l.OrderID, SiteCode: l.SiteCode, MachineID: l.MachineID, Note: l.Note}, content)
	}
	return nil
}

// Move releases a license of this PC, or a stranded one, for another PC, which picks it up. The removal code is stored
// before the license leaves, and the license leaves before the server is asked; without a connection the job is sent as
// soon as there is one. The job works like that of NewLicense. It fails with ErrNotThisPC for another PC's license.
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
	return s.licensed(ctx, journal.Draft{
		Task: api.TaskRelease, Title: tasks[api.TaskRelease].title + nameOf(l), OrderID: l.OrderID, LicenseID: l.ID, Intent: fmt.Sprintf("license %d", l.ID),
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

// Waiting is a license that waits for a PC to pick it up.
type Waiting struct {
	Order   api.Order
	License License
	// Refusal says why the server would not allow it now; nil when it would.
	Refusal error
}

// WaitingToMove lists the last known licenses that were released and not picked up yet.
func (m *Manager) WaitingToMove(ctx context.Context) (list []Waiting, err error) {
	s, err := m.acting()
	if err != nil {
		return nil, err
	}
	err = s.eachKnown(ctx, waitingInto(&list))
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

// KeptCode is a removal code that this PC keeps until the server has taken it.
type KeptCode struct {
	Signature license.Signature
	// Program is the program's name, or what it says of itself; it may be "".
	Program string
	Codes   license.Codes
	// Code is zero while an open task hands it in: the license comes back if the task is canceled or refused, so nobody may
	// have seen the code.
	Code      license.RemovalCode
	Note      string
	OrderID   int64 // 0 when it is not known
	LicenseID int64 // 0 when it is not known
	// Purpose is the open task that hands the code in; "" when there is none, and a person has to.
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
			i := slices.IndexFunc(list, func(k KeptCode) bool { return k.Signature == s.Signature && k.Codes.Site == spent.Codes.Site })
			switch {
			case i >= 0 && spent.Settled: // the app's data were restored from a backup
				list[i].Code = 0
			case spent.RemovalCode == 0:
			case i >= 0:
				list[i].Code = spent.RemovalCode
			default:
				list = append(list, KeptCode{Signature: s.Signature, Program: s.Program.Name, Codes: spent.Codes, Code: spent.RemovalCode, LicenseID: spent.LicenseID})
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

// HandIn removes a license that its program let go, with the removal code that was kept: the order gets one back. It
// fails with api.ErrNotFound when the license is none of the current account's.
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

// Offer releases a license that its program let go, so that another PC picks it up. It fails like HandIn.
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
	leaves := departureOf(p, l, k.Codes, k.Code)
	leaves.Earlier = true
	return l, leaves, nil
}

// LicenseOf finds the license of a kept removal code, with its order, among the last known ones of the current account.
// It fails with api.ErrNotFound when the license is none of the account's.
func (m *Manager) LicenseOf(ctx context.Context, k KeptCode) (License, api.Order, error) {
	s, err := m.acting()
	if err != nil {
		return License{}, api.Order{}, err
	}
	l, o, _, err := s.licenseOf(ctx, k)
	return l, o, err
}

func (s *acting) licenseOf(ctx context.Context, k KeptCode) (found License, order api.Order, program api.Program, err error) {
	err = s.eachKnown(ctx, func(o api.Order, p api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if p.ApplicationSignature == string(k.Signature) && l.SiteCode == k.Codes.Site.String() && l.Status == api.StatusActive {
				found, order, program = l, o, p
			}
		}
		return nil
	})
	if err == nil && found.ID == 0 {
		err = refuse(api.ErrNotFound, "This account has no active license with this Site code. Sign in to the account that the license belongs to, or give the removal code to its owner.")
	}
	return found, order, program, err
}

// keepCopy stores a sealed copy of a license file in the vault.
func (m *Manager) keepCopy(ctx context.Context, p api.Program, l api.License, content string) error {
	f, err := verify(p, content)
	if err != nil {
		return err
	}
	return m.vault.PutFile(ctx, vault.Item{
		Signature: license.Signature(p.ApplicationSignature),
		Codes:     f.Codes,
		OrderID:   l.OrderID,
		LicenseID: f.ID,
		Program:   p.Name,
		Note:      l.Note,
	}, content)
}

// copyOf returns the vault's copy of a license file, if it is that of the license and as new as the row; a row without
// activation code takes any.
func (m *Manager) copyOf(ctx context.Context, p api.Program, l api.License) (content string, ok bool) {
	site, err := license.ParseSiteCode(l.SiteCode)
	if err != nil {
		return "", false
	}
	if content, ok = m.vault.File(ctx, license.Signature(p.ApplicationSignature), site); !ok {
		return "", false
	}
	f, err := verify(p, content)
	if err != nil || f.ID != l.ID || l.ActivationCode != "" && f.ActivationCode.String() != l.ActivationCode {
		return "", false
	}
	return content, true
}

// forgetCopy deletes the vault's copy of a license file.
func (m *Manager) forgetCopy(ctx context.Context, signature license.Signature, site license.SiteCode) {
	if err := m.vault.DeleteFile(ctx, signature, site); err != nil {
		m.options.Logger.Warn("the copy of a license file could not be forgotten", "error", err)
	}
}
