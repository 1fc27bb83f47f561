package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// mostStatements bounds how many statements are kept prepared; those of searches differ in their conditions.
const mostStatements = 300

// Statements keeps the statements of a database prepared: SQLite takes longer to understand most of them than to carry them
// out. A statement is prepared after the transaction that first ran it, because that may hold the only connection.
type Statements struct {
	db     *sql.DB
	mu     sync.Mutex
	known  map[string]*sql.Stmt // nil while it is wanted
	wanted []string
}

// NewStatements returns the statements of a database, none at first.
func NewStatements(db *sql.DB) *Statements {
	return &Statements{db: db, known: map[string]*sql.Stmt{}}
}

// of returns a prepared statement; nil when there is none yet.
func (s *Statements) of(query string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt, known := s.known[query]
	if !known && len(s.known) < mostStatements {
		s.known[query] = nil
		s.wanted = append(s.wanted, query)
	}
	return stmt
}

// Count is how many statements are prepared.
func (s *Statements) Count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.known {
		if stmt != nil {
			n++
		}
	}
	return n
}

// Prepare prepares what was wanted since the last time. One that cannot be prepared is wanted again when it runs again.
func (s *Statements) Prepare(ctx context.Context) {
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, query := range wanted {
		stmt, err := s.db.PrepareContext(ctx, query)
		s.mu.Lock()
		if s.known[query] = stmt; err != nil {
			delete(s.known, query)
		}
		s.mu.Unlock()
	}
}

// Close ends the use of the statements.
func (s *Statements) Close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for query, stmt := range s.known {
		if stmt != nil {
			err = errors.Join(err, stmt.Close())
		}
		delete(s.known, query)
	}
	return err
}

// ExecContext runs a statement, prepared when it is.
func (t Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.Statements.of(query); stmt != nil {
		return t.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryContext runs a query, prepared when it is.
func (t Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.Statements.of(query); stmt != nil {
		return t.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a query of one row, prepared when it is.
func (t Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.Statements.of(query); stmt != nil {
		return t.StmtContext(ctx, stmt).QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}
