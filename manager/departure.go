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

// departure names a license that leaves this PC, with the promise that it is not used here any more; it is zero when the
// license is another PC's. A data file from before schema 2 knows only signature and generation.
type departure struct {
	Signature  string `json:"signature,omitempty"`
	Generation uint16 `json:"generation,omitempty"`
	SiteCode   string `json:"site_code,omitempty"`
	MachineID  string `json:"machine_id,omitempty"`
	// RemovalCode is written down by older versions only: it lies where the license files lie.
	RemovalCode string `json:"removal_code,omitempty"`
	LicenseID   int64  `json:"license_id,omitempty"`
	OrderID     int64  `json:"order_id,omitempty"`
	Program     string `json:"program,omitempty"`
	Note        string `json:"note,omitempty"`
	// Earlier tells that the license had left before the job was written down, as when its program let it go: it does not come
	// back when the job is canceled or refused, for the code may be in other hands.
	Earlier bool `json:"earlier,omitempty"`
}

// departure returns what leaves this PC with a license, and its removal code; zero for another PC's license.
func (m *Manager) departure(ctx context.Context, l License) (departure, error) {
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

func departureOf(p api.Program, l License, codes license.Codes, code license.RemovalCode) departure {
	return departure{
		Signature: p.ApplicationSignature, Generation: codes.Site.Generation(), SiteCode: codes.Site.String(), MachineID: codes.Machine.String(),
		RemovalCode: codeText(code), LicenseID: l.ID, OrderID: l.OrderID, Program: p.Name, Note: l.Note,
	}
}

// departureCode finds the removal code of a license that leaves or has left this PC: where the license files lie, in the vault,
// or made from the license file: the one that is here, the vault's copy, or the server's.
func (m *Manager) departureCode(ctx context.Context, leaves departure) (string, error) {
	signature, codes, err := m.parseDeparture(ctx, leaves)
	if err != nil {
		return "", err
	}
	state, err := m.options.Installed.State(signature)
	if errors.Is(err, ErrNewer) { // a damaged one keeps no code
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
	if here, ok := m.fileHere(p); ok && here.Codes == codes {
		return made(here.File), nil
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

// parseDeparture returns signature and codes of a license that leaves.
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

// leave lets a license leave this PC, in an order in which no moment loses it: first the removal code is sealed in the vault;
// then, in one step, the Site code is spent and renewed, so that the program runs no more, and the removal code kept beside
// it; then the license file is erased. The code lies in both places, so that it survives the loss of either. Called again it
// goes on where it stopped.
func (m *Manager) leave(ctx context.Context, a Account, l departure, purpose Task) error {
	signature, codes, err := m.parseDeparture(ctx, l)
	if err != nil {
		return err
	}
	gone := installed.Spent{Codes: codes, LicenseID: l.LicenseID}
	if l.RemovalCode != "" {
		if gone.RemovalCode, err = license.ParseRemovalCode(l.RemovalCode); err != nil {
			return err
		}
		sealed, err := m.seal(ctx, []byte(l.RemovalCode))
		if err != nil {
			return err
		}
		if _, err := m.db.change(ctx, `INSERT INTO vault (kind, signature, site_code, machine_id, account, order_id, license_id, program, note, purpose, content, kept_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content, purpose = excluded.purpose`, keptRemovalCode, l.Signature, codes.Site.String(), codes.Machine.String(), a.ID,
			l.OrderID, l.LicenseID, l.Program, l.Note, purpose, sealed, m.options.Now().UnixMicro()); err != nil {
			return err
		}
	}
	if err := m.options.Installed.Leave(ctx, signature, gone); err != nil {
		return installedError(err)
	}
	// From here on no program runs under the file; that it cannot be erased does no harm.
	if err := m.erase(ctx, signature, codes.Site); err != nil {
		m.options.Logger.Warn("the file of a license that left could not be erased", "license", l.LicenseID, "error", err)
	}
	return nil
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

// errReceipt is an answer without a good receipt: nothing proves that the server took the license.
var errReceipt = errors.New("no receipt of the license server for this license")

// checkReceipt reports, with errReceipt, a receipt that does not prove that the server took the license that left this PC. When
// it names a key that this PC does not know, the server is asked for the program's keys once.
func (m *Manager) checkReceipt(ctx context.Context, leaves departure, token string) error {
	signature, codes, err := m.parseDeparture(ctx, leaves)
	if err != nil {
		return err
	}
	receipt, err := m.readReceipt(ctx, signature, token)
	if errors.Is(err, license.ErrReceiptKey) {
		if ctx, a, c, sessionErr := m.as(ctx); sessionErr == nil {
			if programs, fetchErr := c.Programs(ctx); fetchErr == nil {
				m.keep(ctx, a, programsName, programs, m.options.Now())
				receipt, err = m.readReceipt(ctx, signature, token)
			}
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errReceipt, err)
	case receipt.Site != codes.Site || leaves.LicenseID != 0 && receipt.LicenseID != leaves.LicenseID:
		return fmt.Errorf("%w: it is about license %d with the Site code %s", errReceipt, receipt.LicenseID, receipt.Site)
	}
	return nil
}

// readReceipt verifies a receipt with the keys of a program that are known here.
func (m *Manager) readReceipt(ctx context.Context, signature license.Signature, token string) (license.Receipt, error) {
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return license.Receipt{}, err
	}
	return license.VerifyReceipt(token, func(id string) (license.PublicKey, bool) { return signer(p, id) })
}

// left closes what leave began, after the server has proved that it took the license, or names it ended.
func (m *Manager) left(ctx context.Context, l departure) error {
	signature, codes, err := m.parseDeparture(ctx, l)
	if err != nil {
		return err
	}
	m.forgetCopy(ctx, signature, codes.Site)
	if err := m.forgetRemovalCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	return installedError(m.options.Installed.Settle(ctx, signature, codes.Site))
}

// licensedAnew reports whether the last known tables have a license of a program for this PC as it is now, besides the one that
// left with a Site code. Its file may not be here yet.
func (m *Manager) licensedAnew(ctx context.Context, p api.Program, left license.SiteCode) (found bool) {
	err := m.eachKnown(ctx, func(_ api.Order, other api.Program, t Licenses) error {
		found = found || other.ApplicationSignature == p.ApplicationSignature &&
			slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC && !sameSite(l.License, left) })
		return nil
	})
	return found && err == nil // without a session nothing is known
}

// comeBack undoes what leave did for a job: the server refused, or the person changed their mind before it was asked. The
// license file comes back from the vault, or with the next table from the server. A license that had left earlier stays away. It fails with ErrTooLate when the server has taken the license, and
// with ErrNewerHere when this PC has a newer one, which stays.
func (m *Manager) comeBack(ctx context.Context, l departure) error {
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
	if here, ok := m.fileHere(p); ok && here.Codes.Site != codes.Site || m.licensedAnew(ctx, p, codes.Site) {
		return ErrNewerHere
	}
	switch err := m.options.Installed.Return(ctx, signature, codes.Site); {
	case errors.Is(err, installed.ErrSettled):
		return errors.Join(ErrTooLate, m.forgetRemovalCode(ctx, signature, codes.Site))
	case errors.Is(err, installed.ErrReplaced):
		return ErrNewerHere
	case err != nil:
		return installedError(err)
	}
	if err := m.forgetRemovalCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	if content, ok := m.copyOf(ctx, p, api.License{ID: l.LicenseID, SiteCode: l.SiteCode}); ok {
		return m.install(ctx, p, api.License{ID: l.LicenseID, OrderID: l.OrderID, SiteCode: l.SiteCode, MachineID: l.MachineID, Note: l.Note}, content)
	}
	return nil
}

// Move releases a license of this PC for another one, which picks it up. Its removal code is kept before it leaves, and it
// leaves before the server is asked; without a connection the promise is sent as soon as there is one. A license that left
// this PC without the server's knowledge is released as well. The job works like that of NewLicense. It fails with
// ErrNotThisPC for another PC's license.
func (m *Manager) Move(ctx context.Context, l License) (License, error) {
	if !l.MakesCode() {
		return License{}, ErrNotThisPC
	}
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	leaves, err := m.departure(ctx, l)
	if err != nil {
		return License{}, err
	}
	return m.release(ctx, l, leaves)
}

func (m *Manager) release(ctx context.Context, l License, leaves departure) (License, error) {
	return m.licensed(ctx, Job{
		Task: TaskRelease, Title: beginnings[TaskRelease] + nameOf(l), OrderID: l.OrderID, LicenseID: l.ID, intent: fmt.Sprintf("license %d", l.ID),
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
	return m.withCodes(ctx, l.OrderID, pc.Codes, func(codes license.Codes) (License, error) {
		return m.Transfer(ctx, Transfer{License: l, Codes: codes})
	})
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
	Program   string
	Codes     license.Codes
	Code      license.RemovalCode
	Note      string
	OrderID   int64 // 0 when it is not known
	LicenseID int64 // 0 when it is not known
	// Purpose is the open task that hands the code in; "" when there is none, and a person has to.
	Purpose Task
}

// KeptCodes lists the removal codes that this PC keeps: those of open tasks, those whose task was given up or lost, and those of
// licenses that the programs themselves let go.
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
			case i >= 0 && spent.Settled: // the app's data came back from before
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
	open, err := m.departing(ctx, 0)
	if err != nil {
		return nil, err
	}
	for i, k := range list {
		list[i].Purpose = open[departing{string(k.Signature), k.Codes.Site.String()}]
	}
	return list, nil
}

// departing names a license that an open job hands in.
type departing struct{ signature, site string }

// departing finds the licenses of this PC that open jobs of an account hand in, with their tasks; 0 means all accounts.
func (m *Manager) departing(ctx context.Context, account int64) (map[departing]Task, error) {
	open, err := m.openJobs(ctx, account)
	if err != nil {
		return nil, err
	}
	found := map[departing]Task{}
	for _, job := range open {
		if leaves := m.departureOf(ctx, job); leaves.Signature != "" {
			found[departing{leaves.Signature, leaves.SiteCode}] = job.Task
		}
	}
	return found, nil
}

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

// openCode opens a removal code of the vault; a code that cannot be read is zero.
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

// vaultCode finds the removal code of a Site code in the vault.
func (m *Manager) vaultCode(ctx context.Context, signature license.Signature, site license.SiteCode) (license.RemovalCode, bool) {
	var content []byte
	err := m.db.QueryRowContext(ctx, `SELECT content FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`, keptRemovalCode, string(signature), site.String()).Scan(&content)
	if err != nil {
		return 0, false
	}
	code, err := m.openCode(ctx, content)
	return code, err == nil
}

// HandIn removes a license that its program let go, with the removal code that was kept: the order gets one back. It fails
// with api.ErrNotFound when the license is none of the current account's.
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

// keptLicense finds the license of a kept removal code, and what leaves with it.
func (m *Manager) keptLicense(ctx context.Context, k KeptCode) (License, departure, error) {
	l, _, p, err := m.licenseOf(ctx, k)
	if err != nil {
		return License{}, departure{}, err
	}
	leaves := departureOf(p, l, k.Codes, k.Code)
	leaves.Earlier = true
	return l, leaves, nil
}

// LicenseOf finds the license of a kept removal code, with its order, among the last known ones of the current account. It
// fails with api.ErrNotFound when the license is none of the account's.
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
