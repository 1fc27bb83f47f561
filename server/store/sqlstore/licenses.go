package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

const licenseColumns = `id, order_id, program_id, original_id, site, machine, activation, note, features, policy,
 activated_at, expires_at, last_alive_at, status, ended_at, released_at, scheme`

func scanLicense(row Row) (l store.License, err error) {
	err = row.Scan(&l.ID, &l.OrderID, &l.ProgramID, &l.OriginalID, integer[license.SiteCode]{&l.Codes.Site},
		machineColumn{&l.Codes.Machine}, activationColumn{&l.Activation}, &l.Note, integer[uint16]{&l.Features},
		policyColumn{&l.Policy}, (*instant)(&l.ActivatedAt), optionalTime{&l.ExpiresAt}, optionalTime{&l.LastAliveAt},
		&l.Status, optionalTime{&l.EndedAt}, optionalTime{&l.ReleasedAt}, schemeColumn{&l.Older})
	return l, err
}

func (t licenses) List(
	ctx context.Context, orderID int64, ended bool, after int64, limit int,
) ([]store.License, error) {
	query := `SELECT ` + licenseColumns + ` FROM licenses WHERE order_id = ? AND id > ?`
	if !ended {
		query += ` AND status = 'Active'`
	}
	return allSized(ctx, t.Tx, limit, scanLicense, query+` ORDER BY id LIMIT ?`, orderID, after, rowLimit(limit))
}

func (t licenses) Get(ctx context.Context, id int64) (store.License, error) {
	return one(ctx, t.Tx, scanLicense, `SELECT `+licenseColumns+` FROM licenses WHERE id = ?`, id)
}

func (t *Tx) bySite(orderID int64, site license.SiteCode) Query {
	return t.query(`SELECT `+licenseColumns+` FROM licenses
 WHERE program_id = (SELECT program_id FROM orders WHERE id = ?) AND site = ?
 AND (status IN ('Active', 'Removed', 'Transferred') OR released_at IS NOT NULL)`, orderID, int64(site))
}

func (t licenses) BySite(ctx context.Context, orderID int64, site license.SiteCode) (store.License, error) {
	return scanRow(t.Tx, scanLicense, t.Conn.Row(ctx, t.bySite(orderID, site))[0])
}

// Prefetch announces Lock or orders.LockOf, followed by the reads of a new license. It does not change their results.
func (t *Tx) Prefetch(r store.LicenseReads) {
	queries := append(t.orderOf(r.ClientID, r.OrderID), t.answer(r.ClientID, r.Key), t.bySite(r.OrderID, r.Site))
	t.Conn.Prefetch(append(queries, t.query(t.Dialect.NextLicense))...)
}

func (t licenses) NextID(ctx context.Context) (id int64, err error) {
	err = t.value(ctx, &id, t.Dialect.NextLicense)
	return id, err
}

func (t licenses) Add(ctx context.Context, l store.License) error {
	const seat = `UPDATE orders SET licenses_active = licenses_active + 1 WHERE id = ?`
	row := []any{
		l.ID, l.OrderID, l.ProgramID, l.OriginalID, int64(l.Codes.Site), machineColumn{&l.Codes.Machine},
		activationColumn{&l.Activation}, l.Note, l.Features, policyColumn{&l.Policy}, at(l.ActivatedAt),
		atOptional(l.ExpiresAt), atOptional(l.LastAliveAt), api.StatusActive, nil, atOptional(l.ReleasedAt),
		schemeColumn{&l.Older},
	}
	insert := `INSERT INTO licenses (` + licenseColumns + `) VALUES (?` + params(len(row)-1) + `)`
	if t.Dialect.Nested {
		// Constraints fail the statement if the order has no free seat or does not exist.
		return t.queue(ctx, `WITH seat AS (`+seat+`) `+insert, append([]any{l.OrderID}, row...)...)
	}
	err := t.change(ctx, seat+` AND licenses_active < licenses_total`, l.OrderID)
	if errors.Is(err, store.ErrNotFound) {
		return store.ErrNoSeat
	}
	if err != nil {
		return err
	}
	return t.queue(ctx, insert, row...)
}

func (t licenses) Change(ctx context.Context, l store.License) error {
	if _, err := t.exec(ctx, `INSERT INTO former_activations (license_id, activation)
 SELECT id, activation FROM licenses WHERE id = ? AND activation <> ? ON CONFLICT DO NOTHING`,
		l.ID, activationColumn{&l.Activation}); err != nil {
		return err
	}
	return t.change(ctx, `UPDATE licenses SET note = ?, features = ?, expires_at = ?, activation = ? WHERE id = ?`,
		l.Note, l.Features, atOptional(l.ExpiresAt), activationColumn{&l.Activation}, l.ID)
}

func (t licenses) Release(ctx context.Context, id int64, when time.Time) error {
	return t.change(ctx,
		`UPDATE licenses SET released_at = ? WHERE id = ? AND status = 'Active' AND released_at IS NULL`, at(when), id)
}

func (t licenses) Touch(ctx context.Context, id int64, when time.Time) error {
	return t.change(ctx, `UPDATE licenses SET last_alive_at = ? WHERE id = ?`, at(when), id)
}

func (t maintenance) OlderLicenses(ctx context.Context, limit int) ([]store.License, error) {
	return all(ctx, t.Tx, scanLicense,
		`SELECT `+licenseColumns+` FROM licenses WHERE scheme < 2 AND status = 'Active' ORDER BY id LIMIT ?`, rowLimit(limit))
}

func (t licenses) End(ctx context.Context, id int64, status api.LicenseStatus, when time.Time) error {
	err := t.change(ctx, `UPDATE licenses SET status = ?, ended_at = ? WHERE id = ? AND status = 'Active'`,
		status, at(when), id)
	if err != nil {
		return err
	}
	return t.change(ctx, `UPDATE orders SET licenses_active = licenses_active - 1
 WHERE id = (SELECT order_id FROM licenses WHERE id = ?)`, id)
}

func (t licenses) FormerActivations(ctx context.Context, id int64) ([]license.ActivationCode, error) {
	return all(ctx, t.Tx, func(row Row) (code license.ActivationCode, err error) {
		err = row.Scan(activationColumn{&code})
		return code, err
	}, `SELECT activation FROM former_activations WHERE license_id = ?`, id)
}

func (t licenses) Family(ctx context.Context, originalID int64) ([]store.License, error) {
	return all(ctx, t.Tx, scanLicense, `SELECT `+licenseColumns+` FROM licenses
 WHERE id = ? OR original_id = ? AND id <> original_id ORDER BY id`, originalID, originalID)
}

func (t uses) Endings(ctx context.Context, orderID int64, since time.Time) ([]store.LicenseEnd, error) {
	return all(ctx, t.Tx, func(row Row) (e store.LicenseEnd, err error) {
		err = row.Scan(&e.OriginalID, &e.Status, (*instant)(&e.At))
		return e, err
	}, `SELECT original_id, status, ended_at FROM licenses WHERE order_id = ? AND ended_at >= ?`, orderID, at(since))
}

func (t uses) Activations(ctx context.Context, orderID int64, since time.Time) ([]time.Time, error) {
	return all(ctx, t.Tx, func(row Row) (when time.Time, err error) {
		err = row.Scan((*instant)(&when))
		return when, err
	}, `SELECT activated_at FROM licenses WHERE order_id = ? AND activated_at >= ? AND id = original_id`,
		orderID, at(since))
}
