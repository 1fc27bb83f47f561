package sqlite

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

func (t tx) AddEvent(ctx context.Context, e store.Event) error {
	_, err := t.exec(ctx, `INSERT INTO history (at, order_id, license_id, task, outcome, device) VALUES (?, ?, ?, ?, ?, ?)`,
		at(e.At), e.OrderID, e.LicenseID, e.Task, e.Outcome, e.Device)
	return err
}

func (t tx) History(ctx context.Context, orderID, before int64, limit int) ([]store.Event, error) {
	query, args := `SELECT id, at, order_id, license_id, task, outcome, device FROM history WHERE order_id = ?`, []any{orderID}
	if before != 0 {
		query, args = query+` AND id < ?`, append(args, before)
	}
	rows, err := t.QueryContext(ctx, query+` ORDER BY id DESC LIMIT ?`, append(args, rowLimit(limit))...)
	return all(func(row scanner) (e store.Event, err error) {
		err = row.Scan(&e.ID, (*instant)(&e.At), &e.OrderID, &e.LicenseID, &e.Task, &e.Outcome, &e.Device)
		return e, err
	}, rows, err)
}

func (t tx) AddVerification(ctx context.Context, v store.Verification) error {
	_, err := t.exec(ctx, `INSERT INTO verifications (id, number_hash, expires_at) VALUES (?, ?, ?)`, v.ID, v.NumberHash, at(v.ExpiresAt))
	return err
}

func (t tx) TakeVerification(ctx context.Context, id string) (store.Verification, error) {
	return one(func(row scanner) (v store.Verification, err error) {
		err = row.Scan(&v.ID, &v.NumberHash, (*instant)(&v.ExpiresAt))
		return v, err
	}, t.QueryRowContext(ctx, `DELETE FROM verifications WHERE id = ? RETURNING id, number_hash, expires_at`, id))
}

func (t tx) AddPasswordReset(ctx context.Context, r store.PasswordReset) error {
	_, err := t.exec(ctx, `INSERT INTO password_resets (token_hash, client_id, expires_at) VALUES (?, ?, ?)`, r.TokenHash, r.ClientID, at(r.ExpiresAt))
	return err
}

func (t tx) PasswordReset(ctx context.Context, tokenHash []byte) (store.PasswordReset, error) {
	return one(func(row scanner) (r store.PasswordReset, err error) {
		err = row.Scan(&r.TokenHash, &r.ClientID, (*instant)(&r.ExpiresAt))
		return r, err
	}, t.QueryRowContext(ctx, `SELECT token_hash, client_id, expires_at FROM password_resets WHERE token_hash = ?`, tokenHash))
}

func (t tx) EndPasswordResets(ctx context.Context, clientID int64) error {
	_, err := t.exec(ctx, `DELETE FROM password_resets WHERE client_id = ?`, clientID)
	return err
}

func (t tx) AddFailure(ctx context.Context, f store.Failure) error {
	_, err := t.exec(ctx, `INSERT INTO failures (at, kind, host, account, license_id) VALUES (?, ?, ?, ?, ?)`, at(f.At), f.Kind, f.Host, f.Account, f.LicenseID)
	return err
}

func (t tx) Failures(ctx context.Context, f store.FailureFilter) (count int, latest time.Time, err error) {
	query, args := `SELECT count(*), max(at) FROM failures WHERE 1`, []any(nil)
	add := func(condition string, value any, wanted bool) {
		if wanted {
			query, args = query+condition, append(args, value)
		}
	}
	add(` AND at >= ?`, at(f.Since), !f.Since.IsZero())
	add(` AND kind = ?`, f.Kind, f.Kind != "")
	add(` AND host = ?`, f.Host, f.Host != "")
	add(` AND account = ?`, f.Account, f.Account != "")
	add(` AND license_id = ?`, f.LicenseID, f.LicenseID != 0)
	err = t.QueryRowContext(ctx, query, args...).Scan(&count, (*instant)(&latest))
	return count, latest, err
}

func (t tx) PruneAttempts(ctx context.Context, now, failuresBefore time.Time) error {
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
