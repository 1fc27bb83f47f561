package manager

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
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
func (m *Manager) newDeparture(ctx context.Context, l License) (departure, error) {
	if !l.MakesCode() {
		return departure{}, nil
	}
	p, err := m.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return departure{}, err
	}
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	if err != nil {
		return departure{}, err
	}
	leaves := departureOf(p, l, codes, 0)
	leaves.Earlier = !l.ThisPC
	leaves.RemovalCode, err = m.departureCode(ctx, leaves)
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
func (m *Manager) departureCode(ctx context.Context, leaves departure) (string, error) {
	signature, codes, err := m.parseDeparture(ctx, leaves)
	if err != nil {
		return "", err
	}
	state, err := m.options.Installed.State(signature)
	if errors.Is(err, ErrNewer) { // a damaged state has no code
		return "", err
	}
	if spent, ok := state.Find(codes.Site); ok && spent.RemovalCode != 0 {
		return spent.RemovalCode.String(), nil
	}
	if code, ok := m.vaultCode(ctx, signature, codes.Site); ok {
		return code.String(), nil
	}
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return "", err
	}
	made := func(f license.File) string { return f.Seed.RemovalCode(f.Codes).String() }
	for _, here := range m.filesHere(p) {
		if here.Codes == codes {
			return made(here.File), nil
		}
	}
	if content, ok := m.copyOf(ctx, p, api.License{ID: leaves.LicenseID, SiteCode: codes.Site.String()}); ok {
		if f, err := verify(p, content); err == nil && f.Codes == codes {
			return made(f), nil
		}
	}
	f, _, err := m.verifiedFile(ctx, leaves.LicenseID)
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
	sealed, err := m.seal(ctx, []byte(l.RemovalCode))
	if err != nil {
		return err
	}
	_, err = m.db.change(ctx, `INSERT INTO vault (kind, signature, site_code, machine_id, account, order_id, license_id, program, note, purpose, content, kept_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content, purpose = excluded.purpose`,
		keptRemovalCode, l.Signature, codes.Site.String(), codes.Machine.String(), a.ID,
		l.OrderID, l.LicenseID, l.Program, l.Note, purpose, sealed, m.options.Now().UnixMicro())
	return err
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
// errReceipt otherwise. If the receipt names an unknown key, checkReceipt fetches the program's keys and retries once.
func (m *Manager) checkReceipt(ctx context.Context, leaves departure, token string) error {
	signature, codes, err := m.parseDeparture(ctx, leaves)
	if err != nil {
		return err
	}
	receipt, err := m.readReceipt(ctx, signature, token)
	if errors.Is(err, license.ErrReceiptKey) {
		if ctx, a, c, sessionErr := m.as(ctx); sessionErr == nil {
			if _, fetchErr := m.fetchPrograms(ctx, a, c); fetchErr == nil {
				receipt, err = m.readReceipt(ctx, signature, token)
			}
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
	if err := m.forgetRemovalCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	return m.withRecord(ctx, signature, l.Program, func() error { return m.options.Installed.Settle(ctx, signature, codes.Site) })
}

// licensedAnew reports whether the cached tables list a license of a program for this PC's present codes other than the
// one that left with a Site code. Its file may not be on this PC yet.
func (m *Manager) licensedAnew(ctx context.Context, p api.Program, left license.SiteCode) (found bool) {
	err := m.eachKnown(ctx, func(_ api.Order, other api.Program, t Licenses) error {
		found = found || other.ApplicationSignature == p.ApplicationSignature &&
			slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC && !sameSite(l.License, left) })
		return nil
	})
	return found && err == nil // without a session there are no tables
}

// undoLeave reverts leave after the server refused the job, or the person canceled it before it was sent. It restores
// the license file from the vault; otherwise the next table restores it from the server. A license with Earlier set
// stays away. It fails with ErrTooLate if the server has taken the license, and with ErrNewerHere if this PC has a
// newer one.
func (m *Manager) undoLeave(ctx context.Context, l departure) error {
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
	if here, ok := m.fileOf(p, l.OrderID); ok && here.Codes.Site != codes.Site || m.licensedAnew(ctx, p, codes.Site) {
		return ErrNewerHere
	}
	switch err := m.withRecord(ctx, signature, l.Program, func() error { return m.options.Installed.Return(ctx, signature, codes.Site) }); {
	case errors.Is(err, installed.ErrSettled):
		return errors.Join(ErrTooLate, m.forgetRemovalCode(ctx, signature, codes.Site))
	case errors.Is(err, installed.ErrReplaced):
		return ErrNewerHere
	case errors.Is(err, installed.ErrShown):
		return ErrCodeShown
	case err != nil:
		return err
	}
	if err := m.forgetRemovalCode(ctx, signature, codes.Site); err != nil {
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
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	leaves, err := m.newDeparture(ctx, l)
	if err != nil {
		return License{}, err
	}
	return m.release(ctx, l, leaves)
}

func (m *Manager) release(ctx context.Context, l License, leaves departure) (License, error) {
	return m.licensed(ctx, Job{
		Task: api.TaskRelease, Title: beginnings[api.TaskRelease] + nameOf(l), OrderID: l.OrderID, LicenseID: l.ID, intent: fmt.Sprintf("license %d", l.ID),
	}, removalRequest(l, leaves, 0), nil)
}

// PickUp takes a license that was released for another PC onto this one. The job works like that of NewLicense.
func (m *Manager) PickUp(ctx context.Context, l License) (License, error) {
	p, err := m.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return License{}, err
	}
	pc, err := m.ThisPC(ctx, p.ID)
	if err != nil {
		return License{}, err
	}
	return m.Transfer(ctx, Transfer{License: l, Codes: pc.Codes})
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
	err = m.eachKnown(ctx, waitingInto(&list))
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
	open, err := m.openJobs(ctx, account)
	if err != nil {
		return nil, err
	}
	found := map[departureKey]api.Task{}
	for _, job := range open {
		leaves, err := m.jobDeparture(ctx, job)
		if err != nil && !sealedAway(err) {
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
	rows, err := m.db.QueryContext(ctx, `SELECT signature, site_code, machine_id, order_id, license_id, program, note, content FROM vault WHERE kind = ? ORDER BY kept_at, signature, site_code`, keptRemovalCode)
	if err != nil {
		return nil, storageError(err)
	}
	var contents [][]byte
	defer rows.Close()
	for rows.Next() {
		var one KeptCode
		var signature, site, machine string
		var content []byte
		if err := rows.Scan(&signature, &site, &machine, &one.OrderID, &one.LicenseID, &one.Program, &one.Note, &content); err != nil {
			return nil, storageError(err)
		}
		codes, err := license.ParseCodes(site, machine)
		if err != nil {
			continue
		}
		one.Signature, one.Codes = license.Signature(signature), codes
		list, contents = append(list, one), append(contents, content)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storageError(err)
	}
	for i, content := range contents {
		if list[i].Code, err = m.openCode(ctx, content); err != nil && !sealedAway(err) {
			return nil, err
		}
	}
	return list, nil
}

// openCode decrypts a removal code of the vault. It fails like open, and with errRequestLost if the plaintext is no
// code.
func (m *Manager) openCode(ctx context.Context, content []byte) (license.RemovalCode, error) {
	plain, err := m.open(ctx, content)
	if err != nil {
		return 0, err
	}
	code, err := license.ParseRemovalCode(string(plain))
	if err != nil {
		return 0, errRequestLost
	}
	return code, nil
}

// vaultCode returns the removal code of a Site code from the vault; false if there is none or it cannot be opened.
func (m *Manager) vaultCode(ctx context.Context, signature license.Signature, site license.SiteCode) (license.RemovalCode, bool) {
	var content []byte
	err := m.db.QueryRowContext(ctx, `SELECT content FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`, keptRemovalCode, string(signature), site.String()).Scan(&content)
	if err != nil {
		return 0, false
	}
	code, err := m.openCode(ctx, content)
	return code, err == nil
}

// HandIn removes a license that its program let go, with the removal code that was kept: the order gets one back. It
// fails with api.ErrNotFound when the license is none of the current account's.
func (m *Manager) HandIn(ctx context.Context, k KeptCode) (api.Order, error) {
	l, leaves, err := m.keptLicense(ctx, k)
	if err != nil {
		return api.Order{}, err
	}
	out, err := m.remove(ctx, l, removalRequest(l, leaves, 0))
	return out.order, err
}

// Offer releases a license that its program let go, so that another PC picks it up. It fails like HandIn.
func (m *Manager) Offer(ctx context.Context, k KeptCode) (License, error) {
	l, leaves, err := m.keptLicense(ctx, k)
	if err != nil {
		return License{}, err
	}
	return m.release(ctx, l, leaves)
}

// keptLicense returns the license of a stored removal code and its departure.
func (m *Manager) keptLicense(ctx context.Context, k KeptCode) (License, departure, error) {
	l, _, p, err := m.licenseOf(ctx, k)
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
	l, o, _, err := m.licenseOf(ctx, k)
	return l, o, err
}

func (m *Manager) licenseOf(ctx context.Context, k KeptCode) (found License, order api.Order, program api.Program, err error) {
	err = m.eachKnown(ctx, func(o api.Order, p api.Program, t Licenses) error {
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

const (
	keptRemovalCode = "removal-code"
	keptFile        = "license-file"
)

// keepCopy keeps a sealed copy of a license file, where the keyring keeps the key for it.
func (m *Manager) keepCopy(ctx context.Context, p api.Program, l api.License, content string) error {
	sealed, err := m.seal(ctx, []byte(content))
	if err != nil || !m.vaultLasts() {
		return err
	}
	f, err := verify(p, content)
	if err != nil {
		return err
	}
	_, err = m.db.change(ctx, `INSERT INTO vault (kind, signature, site_code, machine_id, account, order_id, license_id, program, note, purpose, content, kept_at)
 VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, '', ?, ?) ON CONFLICT DO UPDATE SET license_id = excluded.license_id, content = excluded.content, kept_at = excluded.kept_at`,
		keptFile, p.ApplicationSignature, f.Codes.Site.String(), f.Codes.Machine.String(), l.OrderID, f.ID, p.Name, l.Note, sealed, m.options.Now().UnixMicro())
	return err
}

// copyOf returns the vault's copy of a license file, if it is that of the license and as new as the row; a row without
// activation code takes any.
func (m *Manager) copyOf(ctx context.Context, p api.Program, l api.License) (content string, ok bool) {
	var sealed []byte
	err := m.db.QueryRowContext(ctx, `SELECT content FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`, keptFile, p.ApplicationSignature, l.SiteCode).Scan(&sealed)
	if err != nil {
		if !errors.Is(err, sql.ErrNoRows) && ctx.Err() == nil {
			m.options.Logger.Warn("the vault cannot be read", "error", err)
		}
		return "", false
	}
	plain, err := m.open(ctx, sealed)
	if err != nil {
		return "", false
	}
	f, err := verify(p, string(plain))
	if err != nil || f.ID != l.ID || l.ActivationCode != "" && f.ActivationCode.String() != l.ActivationCode {
		return "", false
	}
	return string(plain), true
}

func (m *Manager) forgetCopy(ctx context.Context, signature license.Signature, site license.SiteCode) {
	if _, err := m.db.change(ctx, `DELETE FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`, keptFile, string(signature), site.String()); err != nil {
		m.options.Logger.Warn("the copy of a license file could not be forgotten", "error", err)
	}
}

func (m *Manager) forgetRemovalCode(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	_, err := m.db.change(ctx, `DELETE FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`, keptRemovalCode, string(signature), site.String())
	return err
}
