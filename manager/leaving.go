package manager

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// leaving names a license that leaves this PC, with the promise that it is not used here any more; it is zero when the
// license is another PC's. A data file from before schema 2 knows only signature and generation.
type leaving struct {
	Signature   string `json:"signature,omitempty"`
	Generation  uint16 `json:"generation,omitempty"`
	SiteCode    string `json:"site_code,omitempty"`
	MachineID   string `json:"machine_id,omitempty"`
	RemovalCode string `json:"removal_code,omitempty"`
	LicenseID   int64  `json:"license_id,omitempty"`
	OrderID     int64  `json:"order_id,omitempty"`
	Program     string `json:"program,omitempty"`
	Note        string `json:"note,omitempty"`
}

// leaving says what leaves this PC with a license, and makes its removal code.
func (m *Manager) leaving(ctx context.Context, l License) (leaving, error) {
	if !l.ThisPC {
		return leaving{}, nil
	}
	p, err := m.programOfOrder(ctx, l.OrderID)
	if err != nil {
		return leaving{}, err
	}
	f, err := m.ownFile(ctx, p, l)
	if err != nil {
		return leaving{}, err
	}
	return leavingOf(p, l, f.Codes, f.Seed.RemovalCode(f.Codes)), nil
}

func leavingOf(p api.Program, l License, codes license.Codes, code license.RemovalCode) leaving {
	return leaving{
		Signature: p.ApplicationSignature, Generation: codes.Site.Generation(), SiteCode: codes.Site.String(), MachineID: codes.Machine.String(),
		RemovalCode: code.String(), LicenseID: l.ID, OrderID: l.OrderID, Program: p.Name, Note: l.Note,
	}
}

// ownFile is the license file of a license of this PC: the one that is here, else the vault's copy, else the server's.
func (m *Manager) ownFile(ctx context.Context, p api.Program, l License) (license.File, error) {
	if here, ok := m.fileHere(p); ok && here.ID == l.ID {
		return here.File, nil
	}
	if content, ok := m.copyOf(ctx, p, l.License); ok {
		return verify(p, content)
	}
	f, _, err := m.verifiedFile(ctx, l.ID)
	return f, err
}

// parseLeaving returns signature and codes of a license that leaves.
func (m *Manager) parseLeaving(ctx context.Context, l leaving) (license.Signature, license.Codes, error) {
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

// leave lets a license leave this PC, in an order in which no moment loses it: first the removal code is kept, sealed in the
// vault, or beside the Site code where the keyring keeps no key; then, in one step, the Site code is spent and renewed, so
// that the program runs no more; then the license file is erased. Done again it goes on where it stopped.
func (m *Manager) leave(ctx context.Context, a Account, l leaving, purpose Task) error {
	signature, codes, err := m.parseLeaving(ctx, l)
	if err != nil {
		return err
	}
	gone := installed.Spent{Codes: codes, LicenseID: l.LicenseID}
	if l.RemovalCode != "" {
		sealed, err := m.seal(ctx, []byte(l.RemovalCode))
		if err != nil {
			return err
		}
		if _, err := m.db.change(ctx, `INSERT INTO vault (kind, signature, site_code, machine_id, account, order_id, license_id, program, note, purpose, content, kept_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content, purpose = excluded.purpose`, keptRemovalCode, l.Signature, codes.Site.String(), codes.Machine.String(), a.ID,
			l.OrderID, l.LicenseID, l.Program, l.Note, purpose, sealed, m.options.Now().UnixMicro()); err != nil {
			return err
		}
		if !m.vaultLasts() {
			if gone.RemovalCode, err = license.ParseRemovalCode(l.RemovalCode); err != nil {
				return err
			}
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

// left closes what leave began, after the server has taken the removal code.
func (m *Manager) left(ctx context.Context, l leaving) error {
	signature, codes, err := m.parseLeaving(ctx, l)
	if err != nil {
		return err
	}
	m.forgetCopy(ctx, signature, codes.Site)
	if err := m.forgetRemovalCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	return installedError(m.options.Installed.Settle(ctx, signature, codes.Site))
}

// comeBack undoes leave: the server refused, or the person changed their mind before it was asked. The license file comes back
// from the vault, or with the next table from the server.
func (m *Manager) comeBack(ctx context.Context, l leaving) error {
	signature, codes, err := m.parseLeaving(ctx, l)
	if err != nil {
		return err
	}
	if err := m.options.Installed.Return(ctx, signature, codes.Site); err != nil {
		return installedError(err)
	}
	if err := m.forgetRemovalCode(ctx, signature, codes.Site); err != nil {
		return err
	}
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return err
	}
	if content, ok := m.copyOf(ctx, p, api.License{ID: l.LicenseID, SiteCode: l.SiteCode}); ok {
		return m.install(ctx, p, api.License{ID: l.LicenseID, OrderID: l.OrderID, SiteCode: l.SiteCode, MachineID: l.MachineID, Note: l.Note}, content)
	}
	return nil
}

// gone reports whether a refusal means that the license is no longer active, so that nothing is to come back.
func gone(err error) bool {
	return errors.Is(err, api.ErrLicenseEnded) || errors.Is(err, api.ErrNotFound)
}

// Move releases a license of this PC for another one, which picks it up. Its removal code is kept before it leaves, and it
// leaves before the server is asked; without a connection the promise is sent as soon as there is one. The job works like
// that of NewLicense. It fails with ErrNotThisPC for another PC's license.
func (m *Manager) Move(ctx context.Context, l License) (License, error) {
	if !l.ThisPC {
		return License{}, ErrNotThisPC
	}
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	leaves, err := m.leaving(ctx, l)
	if err != nil {
		return License{}, err
	}
	return m.release(ctx, l, leaves)
}

func (m *Manager) release(ctx context.Context, l License, leaves leaving) (License, error) {
	return m.licensed(ctx, Job{
		Task: TaskRelease, Title: beginnings[TaskRelease] + nameOf(l), OrderID: l.OrderID, LicenseID: l.ID, intent: fmt.Sprintf("license %d", l.ID),
	}, releaseRequest{LicenseID: l.ID, Leaves: leaves, Body: api.Release{RemovalCode: leaves.RemovalCode}})
}

func sendRelease(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (out outcome, err error) {
	r, err := readRequest[releaseRequest](request)
	if err == nil {
		var answer api.LicenseReceipt
		answer, err = c.Release(ctx, job.Key, r.LicenseID, r.Body)
		out.license = answer.License
	}
	return out, err
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
	return func(o api.Order, _ api.Program, rows []License) error {
		for _, l := range rows {
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
	// Purpose is the task that made the license leave; "" when the program itself let it go.
	Purpose Task
	// Sealed tells that the code lies sealed with a key of the keyring.
	Sealed bool
}

// KeptCodes lists the removal codes that this PC keeps: those of open tasks, and those of licenses that the programs
// themselves let go.
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
			if spent.RemovalCode == 0 {
				continue
			}
			kept := KeptCode{Signature: s.Signature, Program: s.Program.Name, Codes: spent.Codes, Code: spent.RemovalCode, LicenseID: spent.LicenseID}
			known := false
			for i := range list {
				if list[i].Signature == kept.Signature && list[i].Codes.Site == kept.Codes.Site {
					list[i].Code, known = kept.Code, true
				}
			}
			if !known {
				list = append(list, kept)
			}
		}
	}
	readable := list[:0]
	for _, kept := range list {
		if kept.Code != 0 {
			readable = append(readable, kept)
		}
	}
	return readable, nil
}

func (m *Manager) sealedCodes(ctx context.Context) (list []KeptCode, err error) {
	rows, err := m.db.QueryContext(ctx, `SELECT signature, site_code, machine_id, order_id, license_id, program, note, purpose, content FROM vault WHERE kind = ? ORDER BY kept_at, signature, site_code`, keptRemovalCode)
	if err != nil {
		return nil, storageError(err)
	}
	type sealedCode struct {
		KeptCode
		content []byte
	}
	var found []sealedCode
	defer rows.Close()
	for rows.Next() {
		var one sealedCode
		var signature, site, machine string
		if err := rows.Scan(&signature, &site, &machine, &one.OrderID, &one.LicenseID, &one.Program, &one.Note, &one.Purpose, &one.content); err != nil {
			return nil, storageError(err)
		}
		codes, err := license.ParseCodes(site, machine)
		if err != nil {
			continue
		}
		one.Signature, one.Codes = license.Signature(signature), codes
		found = append(found, one)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storageError(err)
	}
	for _, one := range found {
		plain, err := m.open(ctx, one.content)
		if err == nil {
			one.Code, err = license.ParseRemovalCode(string(plain))
		}
		if err != nil && !errors.Is(err, errRequestLost) {
			return nil, err
		}
		one.Sealed = err == nil && m.vaultLasts()
		list = append(list, one.KeptCode)
	}
	return list, nil
}

// HandIn removes a license that its program let go, with the removal code that was kept: the order gets one back. It fails
// with api.ErrNotFound when the license is none of the current account's.
func (m *Manager) HandIn(ctx context.Context, k KeptCode) (api.Order, error) {
	l, leaves, err := m.keptLicense(ctx, k)
	if err != nil {
		return api.Order{}, err
	}
	return m.remove(ctx, l, leaves.RemovalCode, leaves)
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
func (m *Manager) keptLicense(ctx context.Context, k KeptCode) (License, leaving, error) {
	l, _, p, err := m.licenseOf(ctx, k)
	if err != nil {
		return License{}, leaving{}, err
	}
	return l, leavingOf(p, l, k.Codes, k.Code), nil
}

// LicenseOf finds the license of a kept removal code, with its order, among the last known ones of the current account. It
// fails with api.ErrNotFound when the license is none of the account's.
func (m *Manager) LicenseOf(ctx context.Context, k KeptCode) (License, api.Order, error) {
	l, o, _, err := m.licenseOf(ctx, k)
	return l, o, err
}

func (m *Manager) licenseOf(ctx context.Context, k KeptCode) (found License, order api.Order, program api.Program, err error) {
	err = m.eachKnown(ctx, func(o api.Order, p api.Program, rows []License) error {
		for _, l := range rows {
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
