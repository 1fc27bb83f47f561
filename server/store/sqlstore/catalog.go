package sqlstore

import (
	"context"
	"math"

	"github.com/acen-desktop/acen/server/store"
)

const programColumns = `id, name, signature, requires_activation, merged_codes, accepts_serials, policy, features,
 license_days, public_key, sealed_activation, sealed_serial, sealed_signing, created_at, tasks, first_serial,
 last_serial, order_licenses, subscription_days, former_keys, sealed_next`

func scanProgram(row Row) (p store.Program, err error) {
	err = row.Scan(&p.ID, &p.Name, &p.Signature, &p.RequiresActivation, &p.MergedCodes, &p.AcceptsSerials,
		policyColumn{&p.Policy}, &p.Features, &p.LicenseDays, publicKeyColumn{&p.PublicKey},
		&p.SealedActivation, &p.SealedSerial, &p.SealedSigning, (*instant)(&p.CreatedAt), document{&p.Tasks},
		&p.FirstSerial, &p.LastSerial, &p.OrderLicenses, &p.SubscriptionDays, formerKeys{&p.FormerKeys}, &p.SealedNext)
	return p, err
}

func (t programs) List(ctx context.Context) ([]store.Program, error) {
	return all(ctx, t.Tx, scanProgram, `SELECT `+programColumns+` FROM programs ORDER BY id`)
}

func (t programs) Get(ctx context.Context, id int64) (store.Program, error) {
	return one(ctx, t.Tx, scanProgram, `SELECT `+programColumns+` FROM programs WHERE id = ?`, id)
}

func (t programs) Add(ctx context.Context, p store.Program) (int64, error) {
	return t.insert(ctx, "programs", programColumns, p.ID,
		p.Name, p.Signature, p.RequiresActivation, p.MergedCodes, p.AcceptsSerials, policyColumn{&p.Policy}, p.Features,
		p.LicenseDays, publicKeyColumn{&p.PublicKey}, p.SealedActivation, p.SealedSerial, p.SealedSigning,
		at(p.CreatedAt), document{&p.Tasks}, p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays,
		formerKeys{&p.FormerKeys}, p.SealedNext)
}

func (t programs) Change(ctx context.Context, p store.Program) error {
	return t.change(ctx, `UPDATE programs SET name = ?, requires_activation = ?, merged_codes = ?, accepts_serials = ?,
 policy = ?, features = ?, license_days = ?, sealed_activation = ?, sealed_serial = ?, sealed_signing = ?, tasks = ?,
 first_serial = ?, last_serial = ?, order_licenses = ?, subscription_days = ?, public_key = ?, former_keys = ?,
 sealed_next = ? WHERE id = ?`,
		p.Name, p.RequiresActivation, p.MergedCodes, p.AcceptsSerials,
		policyColumn{&p.Policy}, p.Features, p.LicenseDays, p.SealedActivation, p.SealedSerial, p.SealedSigning,
		document{&p.Tasks}, p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays,
		publicKeyColumn{&p.PublicKey}, formerKeys{&p.FormerKeys}, p.SealedNext, p.ID)
}

const clientColumns = `id, username, password_hash, registration_name, first_name, last_name, company, emails,` +
	` active, created_at, contact`

func clientFields(c *store.Client) []any {
	return []any{
		&c.ID, &c.Username, &c.PasswordHash, &c.RegistrationName, &c.FirstName, &c.LastName, &c.Company,
		document{&c.Emails}, &c.Active, (*instant)(&c.CreatedAt), document{&c.Contact},
	}
}

func scanClient(row Row) (c store.Client, err error) {
	err = row.Scan(clientFields(&c)...)
	return c, err
}

func (t clients) List(ctx context.Context) ([]store.Client, error) {
	return all(ctx, t.Tx, scanClient, `SELECT `+clientColumns+` FROM clients ORDER BY id`)
}

func (t clients) Get(ctx context.Context, id int64) (store.Client, error) {
	return one(ctx, t.Tx, scanClient, `SELECT `+clientColumns+` FROM clients WHERE id = ?`, id)
}

func (t clients) ByUsername(ctx context.Context, username string) (store.Client, error) {
	return one(ctx, t.Tx, scanClient, `SELECT `+clientColumns+` FROM clients WHERE `+t.Dialect.Same("username"), username)
}

func (t clients) ByEmail(ctx context.Context, address string) ([]store.Client, error) {
	return all(ctx, t.Tx, scanClient, `SELECT `+clientColumns+` FROM clients
 WHERE EXISTS (SELECT 1 FROM `+t.Dialect.Each("emails")+` WHERE `+t.Dialect.Same("value")+`) ORDER BY id`, address)
}

func (t clients) Add(ctx context.Context, c store.Client) (int64, error) {
	return t.insert(ctx, "clients", clientColumns, c.ID,
		c.Username, c.PasswordHash, c.RegistrationName, c.FirstName, c.LastName, c.Company,
		document{&c.Emails}, c.Active, at(c.CreatedAt), document{&c.Contact})
}

func (t clients) Change(ctx context.Context, c store.Client) error {
	return t.change(ctx, `UPDATE clients SET password_hash = ?, registration_name = ?, first_name = ?, last_name = ?,
 company = ?, emails = ?, active = ?, contact = ? WHERE id = ?`,
		c.PasswordHash, c.RegistrationName, c.FirstName, c.LastName,
		c.Company, document{&c.Emails}, c.Active, document{&c.Contact}, c.ID)
}

const orderColumns = `id, client_id, program_id, ordered_at, licenses_total, licenses_active, serial_id,
 serial_features, active, visible, can_manage, features, policy, licenses_expire_at, has_subscription,
 subscription_expires_at`

func scanOrder(row Row) (o store.Order, err error) {
	err = row.Scan(&o.ID, &o.ClientID, &o.ProgramID, (*instant)(&o.OrderedAt),
		integer[int]{&o.LicensesTotal}, integer[int]{&o.LicensesActive},
		integer[uint32]{&o.SerialID}, integer[uint16]{&o.SerialFeatures}, &o.Active, &o.Visible, &o.CanManage,
		integer[uint16]{&o.Features}, policyColumn{&o.Policy}, optionalTime{&o.LicensesExpireAt},
		&o.HasSubscription, optionalTime{&o.SubscriptionExpiresAt})
	return o, err
}

func (t orders) List(ctx context.Context, clientID int64, listed bool, before int64, limit int) ([]store.Order, error) {
	var w where
	w.add(clientID != 0, `client_id = ?`, clientID)
	w.add(listed, `active AND visible`)
	w.add(before != 0, `id < ?`, before)
	return allSized(ctx, t.Tx, limit, scanOrder,
		`SELECT `+orderColumns+` FROM orders WHERE TRUE`+w.text+` ORDER BY id DESC LIMIT ?`,
		append(w.args, rowLimit(limit))...)
}

func (t orders) Get(ctx context.Context, id int64) (store.Order, error) {
	return one(ctx, t.Tx, scanOrder, `SELECT `+orderColumns+` FROM orders WHERE id = ?`, id)
}

func (t maintenance) LegacySerials(ctx context.Context) ([]store.Legacy, error) {
	return all(ctx, t.Tx, func(row Row) (l store.Legacy, err error) {
		err = row.Scan(&l.OrderID, &l.ProgramID, &l.SerialNumber)
		return l, err
	}, `SELECT id, program_id, unread_serial FROM orders WHERE unread_serial <> '' ORDER BY id`)
}

func (t maintenance) EndLegacySerial(ctx context.Context, orderID int64) error {
	return t.change(ctx, `UPDATE orders SET unread_serial = '' WHERE id = ?`, orderID)
}

func (t orders) Lock(ctx context.Context, id int64) (store.Order, error) {
	return one(ctx, t.Tx, scanOrder, `SELECT `+orderColumns+` FROM orders WHERE id = ?`+t.Dialect.ForUpdate, id)
}

// orderOf returns the queries for an order of a client, which locks it, and for its program.
func (t *Tx) orderOf(clientID, id int64) []Query {
	return []Query{
		t.query(`SELECT `+orderColumns+` FROM orders WHERE id = ? AND client_id = ?`+t.Dialect.ForUpdate, id, clientID),
		t.query(`SELECT `+programColumns+` FROM programs
 WHERE id = (SELECT program_id FROM orders WHERE id = ? AND client_id = ?)`, id, clientID),
	}
}

// lockedOrder is the result of Tx.Lock.
type lockedOrder struct {
	store.Lock
	order   store.Order
	program store.Program
	err     error
}

// Lock locks an order until the transaction ends, and stores the result for the next orders.LockOf of that order.
func (t *Tx) Lock(ctx context.Context, lock store.Lock) {
	l := &lockedOrder{Lock: lock}
	l.order, l.program, l.err = t.lockOf(ctx, lock.ClientID, lock.OrderID)
	t.locked = l
}

func (t *Tx) lockOf(ctx context.Context, clientID, id int64) (o store.Order, p store.Program, err error) {
	rows := t.Conn.Row(ctx, t.orderOf(clientID, id)...)
	o, err = scanRow(t, scanOrder, rows[0])
	program, programErr := scanRow(t, scanProgram, rows[1])
	if err != nil {
		return o, p, err
	}
	return o, program, programErr
}

func (t orders) LockOf(ctx context.Context, clientID, id int64) (store.Order, store.Program, error) {
	lock := store.Lock{ClientID: clientID, OrderID: id}
	if l := t.locked; l != nil && l.Lock == lock {
		t.locked = nil // the transaction may change the order from now on
		return l.order, l.program, l.err
	}
	return t.lockOf(ctx, clientID, id)
}

func (t orders) Add(ctx context.Context, o store.Order) (int64, error) {
	return t.insert(ctx, "orders", orderColumns, o.ID,
		o.ClientID, o.ProgramID, at(o.OrderedAt), o.LicensesTotal, 0, o.SerialID, o.SerialFeatures,
		o.Active, o.Visible, o.CanManage, o.Features, policyColumn{&o.Policy}, atOptional(o.LicensesExpireAt),
		o.HasSubscription, atOptional(o.SubscriptionExpiresAt))
}

func (t orders) Change(ctx context.Context, o store.Order) error {
	return t.change(ctx, `UPDATE orders SET licenses_total = ?, serial_id = ?, serial_features = ?, active = ?,
 visible = ?, can_manage = ?, features = ?, policy = ?, licenses_expire_at = ?, has_subscription = ?,
 subscription_expires_at = ? WHERE id = ?`,
		o.LicensesTotal, o.SerialID, o.SerialFeatures, o.Active,
		o.Visible, o.CanManage, o.Features, policyColumn{&o.Policy}, atOptional(o.LicensesExpireAt), o.HasSubscription,
		atOptional(o.SubscriptionExpiresAt), o.ID)
}

// rowLimit returns limit, or the largest LIMIT for limit ≤ 0.
func rowLimit(limit int) int {
	if limit <= 0 {
		return math.MaxInt
	}
	return limit
}
