package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

const mailColumns = `id, client_id, license_id, host, message_id, recipients, subject, body, attachment_name,
 attachment, state, attempts, next_at, last_error, created_at, ended_at`

func scanMail(row Row) (m store.Mail, err error) {
	err = row.Scan(&m.ID, &m.ClientID, &m.LicenseID, &m.Host, &m.MessageID, document{&m.To}, &m.Subject, &m.Body,
		&m.AttachmentName, &m.Attachment, &m.State, &m.Attempts, (*instant)(&m.NextAt), &m.LastError,
		(*instant)(&m.CreatedAt), optionalTime{&m.EndedAt})
	return m, err
}

func (t mails) Queue(ctx context.Context, m store.Mail) (int64, error) {
	return t.insert(ctx, "mails", mailColumns, 0,
		m.ClientID, m.LicenseID, m.Host, m.MessageID, document{&m.To}, m.Subject, m.Body,
		m.AttachmentName, m.Attachment, store.MailQueued, 0, at(m.NextAt), "", at(m.CreatedAt), nil)
}

func (t mails) Claim(ctx context.Context, now, lease time.Time) (store.Mail, error) {
	return one(ctx, t.Tx, scanMail, `UPDATE mails SET attempts = attempts + 1, next_at = ? WHERE id =
 (SELECT id FROM mails WHERE state = 'queued' AND next_at <= ? ORDER BY next_at, id LIMIT 1`+
		t.Dialect.ForUpdateSkipLocked+`) RETURNING `+mailColumns, at(lease), at(now))
}

func (t mails) End(ctx context.Context, id int64, state store.MailState, lastError string, when time.Time) error {
	return t.change(ctx, `UPDATE mails SET state = ?, last_error = ?, ended_at = ?, body = '', attachment = NULL
 WHERE id = ?`, state, lastError, at(when), id)
}

func (t mails) Retry(ctx context.Context, id int64, lastError string, next time.Time) error {
	return t.change(ctx, `UPDATE mails SET last_error = ?, next_at = ? WHERE id = ? AND state = 'queued'`,
		lastError, at(next), id)
}

func (t mails) NextAt(ctx context.Context) (time.Time, error) {
	var next sql.Null[instant]
	err := t.value(ctx, &next.V, `SELECT MIN(next_at) FROM mails WHERE state = 'queued'`)
	return time.Time(next.V), err
}

func (t mails) Count(
	ctx context.Context, since time.Time, clientID int64, host, address string,
) (byClient, byHost, byAddress int, err error) {
	err = t.row(ctx, `SELECT COUNT(*) FILTER (WHERE client_id = ?), COUNT(*) FILTER (WHERE host = ?),
 COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM `+t.Dialect.Each("recipients")+` WHERE `+t.Dialect.Same("value")+`))
 FROM mails WHERE created_at >= ?`, clientID, host, address, at(since)).Scan(&byClient, &byHost, &byAddress)
	return byClient, byHost, byAddress, t.Dialect.Fault(err)
}

func (t mails) List(ctx context.Context, limit int) ([]store.Mail, error) {
	return all(ctx, t.Tx, scanMail, `SELECT `+mailColumns+` FROM mails ORDER BY id DESC LIMIT ?`, rowLimit(limit))
}

func (t mails) Queued(ctx context.Context) ([]store.Mail, error) {
	return all(ctx, t.Tx, scanMail, `SELECT `+mailColumns+` FROM mails WHERE state = 'queued' ORDER BY id`)
}

func (t mails) Replace(ctx context.Context, m store.Mail) error {
	return t.change(ctx, `UPDATE mails SET body = ?, attachment = ? WHERE id = ?`, m.Body, m.Attachment, m.ID)
}
