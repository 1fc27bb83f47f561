package sqlite

import (
	"context"
	"strings"

	"github.com/acen-desktop/acen/server/store"
)

const programColumns = `id, name, signature, requires_activation, merged_codes, accepts_serials, policy, features,
 license_days, public_key, sealed_activation, sealed_serial, sealed_signing, created_at, tasks, first_serial, last_serial,
 order_licenses, subscription_days`

func scanProgram(row scanner) (p store.Program, err error) {
	err = row.Scan(&p.ID, &p.Name, &p.Signature, &p.RequiresActivation, &p.MergedCodes, &p.AcceptsSerials, policyColumn{&p.Policy}, &p.Features,
		&p.LicenseDays, publicKeyColumn{&p.PublicKey}, &p.SealedActivation, &p.SealedSerial, &p.SealedSigning, (*instant)(&p.CreatedAt),
		document{&p.Tasks}, &p.FirstSerial, &p.LastSerial, &p.OrderLicenses, &p.SubscriptionDays)
	return p, err
}

func (t tx) Programs(ctx context.Context) ([]store.Program, error) {
	rows, err := t.QueryContext(ctx, `SELECT `+programColumns+` FROM programs ORDER BY id`)
	return all(scanProgram, rows, err)
}

func (t tx) Program(ctx context.Context, id int64) (store.Program, error) {
	return one(scanProgram, t.QueryRowContext(ctx, `SELECT `+programColumns+` FROM programs WHERE id = ?`, id))
}

func (t tx) AddProgram(ctx context.Context, p store.Program) (int64, error) {
	return t.insert(ctx, `INSERT INTO programs (`+programColumns+`) VALUES (NULLIF(?, 0)`+params(18)+`)`,
		p.ID, p.Name, p.Signature, p.RequiresActivation, p.MergedCodes, p.AcceptsSerials, policyColumn{&p.Policy}, p.Features,
		p.LicenseDays, publicKeyColumn{&p.PublicKey}, p.SealedActivation, p.SealedSerial, p.SealedSigning, at(p.CreatedAt),
		document{&p.Tasks}, p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays)
}

func (t tx) ChangeProgram(ctx context.Context, p store.Program) error {
	return t.change(ctx, `UPDATE programs SET name = ?, requires_activation = ?, merged_codes = ?, accepts_serials = ?, policy = ?,
 features = ?, license_days = ?, sealed_activation = ?, sealed_serial = ?, sealed_signing = ?, tasks = ?, first_serial = ?, last_serial = ?,
 order_licenses = ?, subscription_days = ? WHERE id = ?`,
		p.Name, p.RequiresActivation, p.MergedCodes, p.AcceptsSerials, policyColumn{&p.Policy}, p.Features, p.LicenseDays,
		p.SealedActivation, p.SealedSerial, p.SealedSigning, document{&p.Tasks}, p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays, p.ID)
}

const clientColumns = `id, username, password_hash, registration_name, first_name, last_name, company, emails, active, created_at, contact`

func scanClient(row scanner) (c store.Client, err error) {
	err = row.Scan(&c.ID, &c.Username, &c.PasswordHash, &c.RegistrationName, &c.FirstName, &c.LastName, &c.Company, document{&c.Emails}, &c.Active,
		(*instant)(&c.CreatedAt), document{&c.Contact})
	return c, err
}

func (t tx) Clients(ctx context.Context) ([]store.Client, error) {
	rows, err := t.QueryContext(ctx, `SELECT `+clientColumns+` FROM clients ORDER BY id`)
	return all(scanClient, rows, err)
}

func (t tx) Client(ctx context.Context, id int64) (store.Client, error) {
	return one(scanClient, t.QueryRowContext(ctx, `SELECT `+clientColumns+` FROM clients WHERE id = ?`, id))
}

func (t tx) ClientByUsername(ctx context.Context, username string) (store.Client, error) {
	return one(scanClient, t.QueryRowContext(ctx, `SELECT `+clientColumns+` FROM clients WHERE username = ?`, username))
}

func (t tx) ClientsByEmail(ctx context.Context, address string) ([]store.Client, error) {
	rows, err := t.QueryContext(ctx, `SELECT `+clientColumns+` FROM clients
 WHERE EXISTS (SELECT 1 FROM json_each(emails) WHERE lower(value) = lower(?)) ORDER BY id`, address)
	return all(scanClient, rows, err)
}

func (t tx) AddClient(ctx context.Context, c store.Client) (int64, error) {
	return t.insert(ctx, `INSERT INTO clients (`+clientColumns+`) VALUES (NULLIF(?, 0)`+params(10)+`)`,
		c.ID, c.Username, c.PasswordHash, c.RegistrationName, c.FirstName, c.LastName, c.Company, document{&c.Emails}, c.Active, at(c.CreatedAt), document{&c.Contact})
}

func (t tx) ChangeClient(ctx context.Context, c store.Client) error {
	return t.change(ctx, `UPDATE clients SET password_hash = ?, registration_name = ?, first_name = ?, last_name = ?, company = ?, emails = ?, active = ?,
 contact = ? WHERE id = ?`,
		c.PasswordHash, c.RegistrationName, c.FirstName, c.LastName, c.Company, document{&c.Emails}, c.Active, document{&c.Contact}, c.ID)
}

const orderColumns = `id, client_id, program_id, ordered_at, licenses_total, licenses_active, serial_number, active, visible, can_manage,
 features, policy, licenses_expire_at, has_subscription, subscription_expires_at`

func scanOrder(row scanner) (o store.Order, err error) {
	err = row.Scan(&o.ID, &o.ClientID, &o.ProgramID, (*instant)(&o.OrderedAt), &o.LicensesTotal, &o.LicensesActive, &o.SerialNumber, &o.Active, &o.Visible, &o.CanManage,
		&o.Features, policyColumn{&o.Policy}, optional{&o.LicensesExpireAt}, &o.HasSubscription, optional{&o.SubscriptionExpiresAt})
	return o, err
}

func (t tx) Orders(ctx context.Context, clientID int64, listed bool, before int64, limit int) ([]store.Order, error) {
	query := `SELECT ` + orderColumns + ` FROM orders WHERE 1`
	var args []any
	if clientID != 0 {
		query, args = query+` AND client_id = ?`, append(args, clientID)
	}
	if listed {
		query += ` AND active AND visible`
	}
	if before != 0 {
		query, args = query+` AND id < ?`, append(args, before)
	}
	query, args = query+` ORDER BY id DESC LIMIT ?`, append(args, rowLimit(limit))
	rows, err := t.QueryContext(ctx, query, args...)
	return all(scanOrder, rows, err)
}

func (t tx) Order(ctx context.Context, id int64) (store.Order, error) {
	return one(scanOrder, t.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE id = ?`, id))
}

func (t tx) OrderBySerial(ctx context.Context, programID int64, serial string) (store.Order, error) {
	return one(scanOrder, t.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE program_id = ? AND serial_number = ? AND serial_number <> ''`, programID, serial))
}

// LockOrder needs nothing more here: BEGIN IMMEDIATE excludes every other writer.
func (t tx) LockOrder(ctx context.Context, id int64) (store.Order, error) { return t.Order(ctx, id) }

func (t tx) AddOrder(ctx context.Context, o store.Order) (int64, error) {
	return t.insert(ctx, `INSERT INTO orders (`+orderColumns+`) VALUES (NULLIF(?, 0)`+params(14)+`)`,
		o.ID, o.ClientID, o.ProgramID, at(o.OrderedAt), o.LicensesTotal, 0, o.SerialNumber, o.Active, o.Visible, o.CanManage,
		o.Features, policyColumn{&o.Policy}, maybe(o.LicensesExpireAt), o.HasSubscription, maybe(o.SubscriptionExpiresAt))
}

func (t tx) ChangeOrder(ctx context.Context, o store.Order) error {
	return t.change(ctx, `UPDATE orders SET licenses_total = ?, serial_number = ?, active = ?, visible = ?, can_manage = ?, features = ?, policy = ?,
 licenses_expire_at = ?, has_subscription = ?, subscription_expires_at = ? WHERE id = ?`,
		o.LicensesTotal, o.SerialNumber, o.Active, o.Visible, o.CanManage, o.Features, policyColumn{&o.Policy},
		maybe(o.LicensesExpireAt), o.HasSubscription, maybe(o.SubscriptionExpiresAt), o.ID)
}

// params returns n further placeholders of a VALUES list.
func params(n int) string { return strings.Repeat(`, ?`, n) }

// rowLimit is a LIMIT: SQLite reads a negative one as all.
func rowLimit(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}
