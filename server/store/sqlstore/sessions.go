package sqlstore

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

const sessionColumns = `id, client_id, device_name, access_hash, access_expires_at, created_at, ended_at`

func sessionFields(s *store.Session) []any {
	return []any{
		&s.ID, &s.ClientID, &s.DeviceName, &s.AccessHash, (*instant)(&s.AccessExpiresAt), (*instant)(&s.CreatedAt),
		optionalTime{&s.EndedAt},
	}
}

func scanSession(row Row) (s store.Session, err error) {
	err = row.Scan(sessionFields(&s)...)
	return s, err
}

func (t sessions) Add(ctx context.Context, s store.Session) (int64, error) {
	return t.insert(ctx, "sessions", sessionColumns, 0,
		s.ClientID, s.DeviceName, s.AccessHash, at(s.AccessExpiresAt), at(s.CreatedAt), nil)
}

func (t sessions) Get(ctx context.Context, id int64) (store.Session, error) {
	return one(ctx, t.Tx, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = ?`, id)
}

func (t sessions) ByAccess(ctx context.Context, hash []byte) (s store.Session, c store.Client, err error) {
	_, err = one(ctx, t.Tx, func(row Row) (struct{}, error) {
		return struct{}{}, row.Scan(append(sessionFields(&s), clientFields(&c)...)...)
	}, `SELECT `+qualify("s", sessionColumns)+`, `+qualify("c", clientColumns)+`
 FROM sessions s JOIN clients c ON c.id = s.client_id WHERE s.access_hash = ?`, hash)
	return s, c, err
}

func (t sessions) Renew(ctx context.Context, id int64, accessHash []byte, expires time.Time) error {
	return t.change(ctx, `UPDATE sessions SET access_hash = ?, access_expires_at = ? WHERE id = ? AND ended_at IS NULL`,
		accessHash, at(expires), id)
}

func (t sessions) End(ctx context.Context, id int64, when time.Time) error {
	_, err := t.exec(ctx, `UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL`, at(when), id)
	return err
}

func (t sessions) EndAll(ctx context.Context, clientID, except int64, when time.Time) error {
	_, err := t.exec(ctx, `UPDATE sessions SET ended_at = ? WHERE client_id = ? AND id <> ? AND ended_at IS NULL`,
		at(when), clientID, except)
	return err
}

func (t sessions) AddRefreshToken(ctx context.Context, r store.RefreshToken) error {
	_, err := t.exec(ctx, `INSERT INTO refresh_tokens (hash, session_id, expires_at, used_at) VALUES (?, ?, ?, NULL)`,
		r.Hash, r.SessionID, at(r.ExpiresAt))
	return err
}

func (t sessions) RefreshToken(ctx context.Context, hash []byte) (store.RefreshToken, error) {
	return one(ctx, t.Tx, func(row Row) (r store.RefreshToken, err error) {
		err = row.Scan(&r.Hash, &r.SessionID, (*instant)(&r.ExpiresAt), optionalTime{&r.UsedAt})
		return r, err
	}, `SELECT hash, session_id, expires_at, used_at FROM refresh_tokens WHERE hash = ?`, hash)
}

func (t sessions) UseRefreshToken(ctx context.Context, hash []byte, when time.Time) error {
	return t.change(ctx, `UPDATE refresh_tokens SET used_at = ? WHERE hash = ? AND used_at IS NULL`, at(when), hash)
}

const answerColumns = `client_id, key, request, status, body, created_at`

func scanAnswer(row Row) (a store.Answer, err error) {
	err = row.Scan(&a.ClientID, &a.Key, &a.Request, &a.Status, &a.Body, (*instant)(&a.CreatedAt))
	return a, err
}

func (t *Tx) answer(clientID int64, key string) Query {
	return t.query(`SELECT `+answerColumns+` FROM answers WHERE client_id = ? AND key = ?`, clientID, key)
}

func (t answers) Get(ctx context.Context, clientID int64, key string) (store.Answer, error) {
	return scanRow(t.Tx, scanAnswer, t.Conn.Row(ctx, t.answer(clientID, key))[0])
}

func (t answers) List(ctx context.Context) ([]store.Answer, error) {
	return all(ctx, t.Tx, scanAnswer, `SELECT `+answerColumns+` FROM answers ORDER BY client_id, key`)
}

func (t answers) Replace(ctx context.Context, a store.Answer) error {
	return t.change(ctx, `UPDATE answers SET body = ? WHERE client_id = ? AND key = ?`, a.Body, a.ClientID, a.Key)
}

func (t answers) Add(ctx context.Context, a store.Answer) error {
	t.Answered = true
	return t.queue(ctx, `INSERT INTO answers (`+answerColumns+`) VALUES (?`+params(5)+`)`,
		a.ClientID, a.Key, a.Request, a.Status, a.Body, at(a.CreatedAt))
}

func (t answers) Prune(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, `DELETE FROM answers WHERE created_at < ?`, at(before))
	return err
}
