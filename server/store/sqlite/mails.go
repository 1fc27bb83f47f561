package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

const mailColumns = `id, client_id, license_id, host, message_id, recipients, subject, body, attachment_name, attachment, state, attempts, next_at,
 last_error, created_at, ended_at`

func scanMail(row scanner) (m store.Mail, err error) {
	err = row.Scan(&m.ID, &m.ClientID, &m.LicenseID, &m.Host, &m.MessageID, document{&m.To}, &m.Subject, &m.Body, &m.AttachmentName, &m.Attachment, &m.State,
		&m.Attempts, (*instant)(&m.NextAt), &m.LastError, (*instant)(&m.CreatedAt), optional{&m.EndedAt})
	return m, err
}

func (t tx) QueueMail(ctx context.Context, m store.Mail) (int64, error) {
	return t.insert(ctx, `INSERT INTO mails (`+mailColumns+`) VALUES (NULL`+params(15)+`)`,
		m.ClientID, m.LicenseID, m.Host, m.MessageID, document{&m.To}, m.Subject, m.Body, m.AttachmentName, m.Attachment, store.MailQueued,
		0, at(m.NextAt), "", at(m.CreatedAt), nil)
}

func (t tx) ClaimMail(ctx context.Context, now, lease time.Time) (store.Mail, error) {
	return one(scanMail, t.QueryRowContext(ctx, `UPDATE mails SET attempts = attempts + 1, next_at = ? WHERE id =
 (SELECT id FROM mails WHERE state = 'queued' AND next_at <= ? ORDER BY next_at, id LIMIT 1) RETURNING `+mailColumns, at(lease), at(now)))
}

func (t tx) EndMail(ctx context.Context, id int64, state store.MailState, lastError string, when time.Time) error {
	return t.change(ctx, `UPDATE mails SET state = ?, last_error = ?, ended_at = ?, attachment = NULL WHERE id = ?`, state, lastError, at(when), id)
}

func (t tx) RetryMail(ctx context.Context, id int64, lastError string, next time.Time) error {
	return t.change(ctx, `UPDATE mails SET last_error = ?, next_at = ? WHERE id = ? AND state = 'queued'`, lastError, at(next), id)
}

func (t tx) NextMailAt(ctx context.Context) (time.Time, error) {
	var next sql.Null[instant]
	err := t.QueryRowContext(ctx, `SELECT MIN(next_at) FROM mails WHERE state = 'queued'`).Scan(&next.V)
	return time.Time(next.V), err
}

func (t tx) CountMails(ctx context.Context, since time.Time, clientID int64, host, address string) (byClient, byHost, byAddress int, err error) {
	err = t.QueryRowContext(ctx, `SELECT COALESCE(SUM(client_id = ?), 0), COALESCE(SUM(host = ?), 0),
 COALESCE(SUM(EXISTS (SELECT 1 FROM json_each(recipients) WHERE value = ? COLLATE NOCASE)), 0) FROM mails WHERE created_at >= ?`,
		clientID, host, address, at(since)).Scan(&byClient, &byHost, &byAddress)
	return byClient, byHost, byAddress, err
}

func (t tx) Mails(ctx context.Context, limit int) ([]store.Mail, error) {
	rows, err := t.QueryContext(ctx, `SELECT `+mailColumns+` FROM mails ORDER BY id DESC LIMIT ?`, rowLimit(limit))
	return all(scanMail, rows, err)
}

func (t tx) AddAudit(ctx context.Context, a store.Audit) error {
	_, err := t.exec(ctx, `INSERT INTO audit (at, actor, client_id, host, device, action, object, outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		at(a.At), a.Actor, a.ClientID, a.Host, a.Device, a.Action, a.Object, a.Outcome, a.Detail)
	return err
}

func (t tx) AuditTrail(ctx context.Context, limit int) ([]store.Audit, error) {
	rows, err := t.QueryContext(ctx, `SELECT id, at, actor, client_id, host, device, action, object, outcome, detail FROM audit ORDER BY id DESC LIMIT ?`, rowLimit(limit))
	return all(func(row scanner) (a store.Audit, err error) {
		err = row.Scan(&a.ID, (*instant)(&a.At), &a.Actor, &a.ClientID, &a.Host, &a.Device, &a.Action, &a.Object, &a.Outcome, &a.Detail)
		return a, err
	}, rows, err)
}
