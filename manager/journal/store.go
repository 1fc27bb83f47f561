package journal

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Store stores jobs. Jobs that are done or failed are never read.
type Store interface {
	// Open lists the open jobs of an account, oldest first; 0 means all accounts.
	Open(ctx context.Context, account int64) ([]Job, error)
	// Find returns an open job; false if it is not open.
	Find(ctx context.Context, id int64) (Job, bool, error)
	// Add stores a new job and returns its ID.
	Add(ctx context.Context, job Job) (int64, error)
	// Record stores state, error, license ID and time of a job.
	Record(ctx context.Context, job Job) error
	// Amend stores key, title, intent and request of a job.
	Amend(ctx context.Context, job Job) error
	// Error wraps an error about the stored data as an error of the store.
	Error(err error) error
}

// Database is the part of *sql.DB that SQL uses.
type Database interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// SQL is a Store in the table jobs of a database. Wrap is applied to every error; it returns nil for nil.
type SQL struct {
	DB   Database
	Wrap func(error) error
}

const (
	columns = `id, account, key, task, title, intent, request, state, order_id, license_id, created_at, updated_at`
	isOpen  = `state IN ('pending', 'sent')`
)

// Open implements Store.
func (s SQL) Open(ctx context.Context, account int64) (list []Job, err error) {
	rows, err := s.DB.QueryContext(ctx,
		`SELECT `+columns+` FROM jobs WHERE `+isOpen+` AND (account = ? OR ? = 0) ORDER BY id`, account, account)
	if err != nil {
		return nil, s.Wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		job, err := scan(rows)
		if err != nil {
			return nil, s.Wrap(err)
		}
		list = append(list, job)
	}
	return list, s.Wrap(rows.Err())
}

// Find implements Store.
func (s SQL) Find(ctx context.Context, id int64) (job Job, open bool, err error) {
	job, err = scan(s.DB.QueryRowContext(ctx, `SELECT `+columns+` FROM jobs WHERE `+isOpen+` AND id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, false, nil
	}
	return job, err == nil, s.Wrap(err)
}

// Add implements Store.
func (s SQL) Add(ctx context.Context, job Job) (int64, error) {
	result, err := s.DB.ExecContext(ctx,
		`INSERT INTO jobs
 (account, key, task, title, intent, request, state, error, order_id, license_id, created_at, updated_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`,
		job.Account, job.Key, job.Task, job.Title, job.intent, job.request, job.State, job.OrderID,
		job.LicenseID, job.CreatedAt.UnixMicro(), job.UpdatedAt.UnixMicro())
	if err != nil {
		return 0, s.Wrap(err)
	}
	id, err := result.LastInsertId()
	return id, s.Wrap(err)
}

// Record implements Store.
func (s SQL) Record(ctx context.Context, job Job) error {
	text := ""
	if job.Err != nil {
		text = job.Err.Error()
	}
	_, err := s.DB.ExecContext(ctx, `UPDATE jobs SET state = ?, error = ?, license_id = ?, updated_at = ? WHERE id = ?`,
		job.State, text, job.LicenseID, job.UpdatedAt.UnixMicro(), job.ID)
	return s.Wrap(err)
}

// Amend implements Store.
func (s SQL) Amend(ctx context.Context, job Job) error {
	_, err := s.DB.ExecContext(ctx, `UPDATE jobs SET key = ?, title = ?, intent = ?, request = ? WHERE id = ?`,
		job.Key, job.Title, job.intent, job.request, job.ID)
	return s.Wrap(err)
}

// Error implements Store.
func (s SQL) Error(err error) error { return s.Wrap(err) }

func scan(row interface{ Scan(...any) error }) (j Job, err error) {
	var created, updated int64
	err = row.Scan(&j.ID, &j.Account, &j.Key, &j.Task, &j.Title, &j.intent, &j.request, &j.State, &j.OrderID,
		&j.LicenseID, &created, &updated)
	j.CreatedAt, j.UpdatedAt = time.UnixMicro(created), time.UnixMicro(updated)
	return j, err
}
