package sqlstore

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

func (t events) Add(ctx context.Context, e store.Event) error {
	return t.queue(ctx, `INSERT INTO history (at, order_id, license_id, task, outcome, device) VALUES (?, ?, ?, ?, ?, ?)`,
		at(e.At), e.OrderID, e.LicenseID, e.Task.HistoryWord(), e.Outcome, e.Device)
}

func (t events) List(ctx context.Context, orderID, before int64, limit int) ([]store.Event, error) {
	w := where{args: []any{orderID}}
	w.add(before != 0, `id < ?`, before)
	return all(ctx, t.Tx, func(row Row) (e store.Event, err error) {
		var word string
		err = row.Scan(&e.ID, (*instant)(&e.At), &e.OrderID, &e.LicenseID, &word, &e.Outcome, &e.Device)
		e.Task = api.TaskOfHistory(word)
		return e, err
	}, `SELECT id, at, order_id, license_id, task, outcome, device FROM history
 WHERE order_id = ?`+w.text+` ORDER BY id DESC LIMIT ?`, append(w.args, rowLimit(limit))...)
}

func (t attempts) AddVerification(ctx context.Context, v store.Verification) error {
	_, err := t.exec(ctx, `INSERT INTO verifications (id, number_hash, expires_at) VALUES (?, ?, ?)`,
		v.ID, v.NumberHash, at(v.ExpiresAt))
	return err
}

func (t attempts) TakeVerification(ctx context.Context, id string) (store.Verification, error) {
	return one(ctx, t.Tx, func(row Row) (v store.Verification, err error) {
		err = row.Scan(&v.ID, &v.NumberHash, (*instant)(&v.ExpiresAt))
		return v, err
	}, `DELETE FROM verifications WHERE id = ? RETURNING id, number_hash, expires_at`, id)
}

func (t attempts) AddPasswordReset(ctx context.Context, r store.PasswordReset) error {
	_, err := t.exec(ctx, `INSERT INTO password_resets (token_hash, client_id, expires_at) VALUES (?, ?, ?)`,
		r.TokenHash, r.ClientID, at(r.ExpiresAt))
	return err
}

func (t attempts) PasswordReset(ctx context.Context, tokenHash []byte) (store.PasswordReset, error) {
	return one(ctx, t.Tx, func(row Row) (r store.PasswordReset, err error) {
		err = row.Scan(&r.TokenHash, &r.ClientID, (*instant)(&r.ExpiresAt))
		return r, err
	}, `SELECT token_hash, client_id, expires_at FROM password_resets WHERE token_hash = ?`, tokenHash)
}

func (t attempts) EndPasswordResets(ctx context.Context, clientID int64) error {
	_, err := t.exec(ctx, `DELETE FROM password_resets WHERE client_id = ?`, clientID)
	return err
}

func (t attempts) AddFailure(ctx context.Context, f store.Failure) error {
	_, err := t.exec(ctx, `INSERT INTO failures (at, kind, host, account, license_id) VALUES (?, ?, ?, ?, ?)`,
		at(f.At), f.Kind, f.Host, f.Account, f.LicenseID)
	return err
}

func (t attempts) CountFailures(ctx context.Context, f store.FailureFilter) (count int, latest time.Time, err error) {
	var w where
	w.add(!f.Since.IsZero(), `at >= ?`, at(f.Since))
	w.add(f.Kind != "", `kind = ?`, f.Kind)
	w.add(f.Host != "", `host = ?`, f.Host)
	w.add(f.Account != "", `account = ?`, f.Account)
	w.add(f.LicenseID != 0, `license_id = ?`, f.LicenseID)
	err = t.row(ctx, `SELECT count(*), max(at) FROM failures WHERE TRUE`+w.text, w.args...).
		Scan(&count, (*instant)(&latest))
	return count, latest, t.Dialect.Fault(err)
}

func (t attempts) Prune(ctx context.Context, now, failuresBefore time.Time) error {
	for query, before := range map[string]time.Time{
		`DELETE FROM verifications WHERE expires_at < ?`:   now,
		`DELETE FROM password_resets WHERE expires_at < ?`: now,
		`DELETE FROM failures WHERE at < ?`:                failuresBefore,
	} {
		if _, err := t.exec(ctx, query, at(before)); err != nil {
			return err
		}
	}
	return nil
}
