package sqlstore

import (
	"context"
	"strings"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

const auditColumns = `at, actor, client_id, host, device, action, object, outcome, detail`

func (t audits) Add(ctx context.Context, a store.Audit) error {
	return t.queue(ctx, `INSERT INTO audit (`+auditColumns+`) VALUES (?`+params(8)+`)`,
		at(a.At), a.Actor, a.ClientID, a.Host, a.Device, a.Action, a.Object, a.Outcome, a.Detail)
}

func (t audits) List(ctx context.Context, f store.AuditFilter) ([]store.Audit, error) {
	var w where
	w.add(!f.Since.IsZero(), `at >= ?`, at(f.Since))
	w.add(!f.Until.IsZero(), `at < ?`, at(f.Until))
	w.add(f.Actor != "", `actor = ?`, f.Actor)
	w.add(f.ClientID != 0, `client_id = ?`, f.ClientID)
	w.add(f.Host != "", `host = ?`, f.Host)
	w.add(f.Action != "", `substr(action, 1, length(?)) = ?`, f.Action, f.Action)
	w.add(f.Object != "", `object = ?`, f.Object)
	w.add(f.Outcome != "", `outcome = ?`, f.Outcome)
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(f.Text)) + "%"
	w.add(f.Text != "", `(lower(object) LIKE ? ESCAPE '\' OR lower(detail) LIKE ? ESCAPE '\')`, pattern, pattern)
	w.add(f.Before != 0, `id < ?`, f.Before)
	return all(ctx, t.Tx, func(row Row) (a store.Audit, err error) {
		err = row.Scan(&a.ID, (*instant)(&a.At), &a.Actor, &a.ClientID, &a.Host, &a.Device,
			&a.Action, &a.Object, &a.Outcome, &a.Detail)
		return a, err
	}, `SELECT id, `+auditColumns+` FROM audit WHERE TRUE`+w.text+` ORDER BY id DESC LIMIT ?`,
		append(w.args, rowLimit(f.Limit))...)
}

const banColumns = `id, kind, subject, reason, made_by, created_at, ends_at`

func scanBan(row Row) (b store.Ban, err error) {
	err = row.Scan(&b.ID, &b.Kind, &b.Subject, &b.Reason, &b.MadeBy, (*instant)(&b.CreatedAt), optionalTime{&b.EndsAt})
	return b, err
}

func (t bans) Add(ctx context.Context, b store.Ban) (int64, error) {
	return t.insert(ctx, "bans", banColumns, 0,
		b.Kind, b.Subject, b.Reason, b.MadeBy, at(b.CreatedAt), atOptional(b.EndsAt))
}

func (t bans) Get(ctx context.Context, id int64) (store.Ban, error) {
	return one(ctx, t.Tx, scanBan, `SELECT `+banColumns+` FROM bans WHERE id = ?`, id)
}

func (t bans) List(ctx context.Context, now time.Time) ([]store.Ban, error) {
	return all(ctx, t.Tx, scanBan,
		`SELECT `+banColumns+` FROM bans WHERE ends_at IS NULL OR ends_at > ? ORDER BY id`, at(now))
}

func (t bans) End(ctx context.Context, id int64, when time.Time) error {
	return t.change(ctx, `UPDATE bans SET ends_at = ? WHERE id = ? AND (ends_at IS NULL OR ends_at > ?)`,
		at(when), id, at(when))
}

// failureColumn returns the column of table failures that contains the subjects of bans of a kind.
func failureColumn(kind store.BanKind) string {
	if kind == store.BanAccount {
		return `account`
	}
	return `host`
}

func (t attempts) Failing(ctx context.Context, kind store.BanKind, since time.Time) ([]store.FailureCount, error) {
	column := failureColumn(kind)
	return all(ctx, t.Tx, func(row Row) (f store.FailureCount, err error) {
		err = row.Scan(&f.Subject, &f.Count, (*instant)(&f.Latest))
		return f, err
	}, `SELECT `+column+`, COUNT(*), MAX(at) FROM failures WHERE at >= ? AND `+column+` <> ''
 GROUP BY `+column+` ORDER BY COUNT(*) DESC, `+column, at(since))
}

func (t attempts) ForgetFailures(ctx context.Context, kind store.BanKind, subject string) error {
	_, err := t.exec(ctx, `DELETE FROM failures WHERE `+failureColumn(kind)+` = ?`, subject)
	return err
}

func (t options) All(ctx context.Context) (map[string]string, error) {
	options := map[string]string{}
	_, err := all(ctx, t.Tx, func(row Row) (struct{}, error) {
		var name, value string
		err := row.Scan(&name, &value)
		options[name] = value
		return struct{}{}, err
	}, `SELECT name, value FROM options`)
	return options, err
}

func (t options) Set(ctx context.Context, name, value string) error {
	if value == "" {
		_, err := t.exec(ctx, `DELETE FROM options WHERE name = ?`, name)
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO options (name, value) VALUES (?, ?)
 ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

func (t maintenance) SkipIDs(ctx context.Context, gap int64) (next store.IDs, err error) {
	for _, of := range []struct {
		table string
		next  *int64
	}{{"licenses", &next.License}, {"orders", &next.Order}, {"clients", &next.Client}} {
		if *of.next, err = t.Dialect.Skip(ctx, t.Tx, of.table, gap); err != nil {
			return store.IDs{}, t.Dialect.Fault(err)
		}
	}
	return next, nil
}

func (t templates) List(ctx context.Context) ([]store.Template, error) {
	return all(ctx, t.Tx, func(row Row) (m store.Template, err error) {
		err = row.Scan(&m.Name, &m.Subject, &m.Body)
		return m, err
	}, `SELECT name, subject, body FROM templates ORDER BY name`)
}

func (t templates) Set(ctx context.Context, m store.Template) error {
	_, err := t.exec(ctx, `INSERT INTO templates (name, subject, body) VALUES (?, ?, ?)
 ON CONFLICT (name) DO UPDATE SET subject = excluded.subject, body = excluded.body`, m.Name, m.Subject, m.Body)
	return err
}

func (t templates) Reset(ctx context.Context, name string) error {
	return t.change(ctx, `DELETE FROM templates WHERE name = ?`, name)
}

func (t maintenance) Counts(ctx context.Context) (s store.Counts, err error) {
	err = t.row(ctx, `SELECT (SELECT COUNT(*) FROM mails WHERE state = 'queued'),
 (SELECT COUNT(*) FROM mails WHERE state = 'failed'),
 (SELECT COALESCE(SUM(licenses_total), 0) FROM orders WHERE active),
 (SELECT COALESCE(SUM(licenses_active), 0) FROM orders WHERE active)`).
		Scan(&s.MailsQueued, &s.MailsFailed, &s.SeatsTotal, &s.SeatsActive)
	return s, t.Dialect.Fault(err)
}
