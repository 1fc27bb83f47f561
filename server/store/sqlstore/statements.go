package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxStatements limits the number of prepared statements, because searches have many combinations of conditions.
const maxStatements = 300

// Statements caches prepared statements: SQLite takes longer to parse most statements than to run them. A statement is
// prepared after the transaction that ran it first, because that transaction may occupy the only connection.
type Statements struct {
	db     *sql.DB
	mu     sync.Mutex
	cache  map[string]*sql.Stmt // nil = not prepared yet
	queued []string             // to be prepared
}

// NewStatements returns an empty cache.
func NewStatements(db *sql.DB) *Statements {
	return &Statements{db: db, cache: map[string]*sql.Stmt{}}
}

// of returns a prepared statement, or nil if query is not prepared yet, and then queues it for Prepare.
func (s *Statements) of(query string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt, cached := s.cache[query]
	if !cached && len(s.cache) < maxStatements {
		s.cache[query] = nil
		s.queued = append(s.queued, query)
	}
	return stmt
}

// Count returns the number of prepared statements.
func (s *Statements) Count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.cache {
		if stmt != nil {
			n++
		}
	}
	return n
}

// Prepare prepares the statements that were queued since the last call. A statement that cannot be prepared is queued
// when it runs the next time.
func (s *Statements) Prepare(ctx context.Context) {
	s.mu.Lock()
	queries := s.queued
	s.queued = nil
	s.mu.Unlock()
	for _, query := range queries {
		stmt, err := s.db.PrepareContext(ctx, query)
		s.mu.Lock()
		if s.cache[query] = stmt; err != nil {
			delete(s.cache, query)
		}
		s.mu.Unlock()
	}
}

// Close closes the prepared statements.
func (s *Statements) Close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for query, stmt := range s.cache {
		if stmt != nil {
			err = errors.Join(err, stmt.Close())
		}
		delete(s.cache, query)
	}
	return err
}

// runner is a *sql.Tx or a *sql.DB.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// prepared is a Conn over database/sql. It uses the prepared statement if there is one.
type prepared struct {
	runner
	statements *Statements
	bind       func(context.Context, *sql.Stmt) *sql.Stmt
}

// InTx returns a Conn that runs statements in a transaction.
func (s *Statements) InTx(t *sql.Tx) Conn { return prepared{t, s, t.StmtContext} }

// Autocommit returns a Conn that runs each statement in a transaction of its own.
func (s *Statements) Autocommit() Conn {
	return prepared{s.db, s, func(_ context.Context, stmt *sql.Stmt) *sql.Stmt { return stmt }}
}

// uninterrupted returns a context for one statement that cannot be canceled, or the error of ctx if it has ended.
// Interrupting a statement could roll back a transaction that other changes share, and watching ctx costs as much as
// most statements.
func uninterrupted(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

func (p prepared) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, err := uninterrupted(ctx)
	if err != nil {
		return 0, err
	}
	var result sql.Result
	if stmt := p.statements.of(query); stmt != nil {
		result, err = p.bind(ctx, stmt).ExecContext(ctx, args...)
	} else {
		result, err = p.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Queue runs the statement immediately: there is no round trip to save.
func (p prepared) Queue(ctx context.Context, query string, args ...any) error {
	_, err := p.Exec(ctx, query, args...)
	return err
}

// Prefetch does nothing: there is no round trip to save.
func (p prepared) Prefetch(...Query) {}

func (p prepared) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	ctx, err := uninterrupted(ctx)
	if err != nil {
		return nil, err
	}
	if stmt := p.statements.of(query); stmt != nil {
		return p.bind(ctx, stmt).QueryContext(ctx, args...)
	}
	return p.QueryContext(ctx, query, args...)
}

func (p prepared) Row(ctx context.Context, queries ...Query) (rows []Row) {
	for _, q := range queries {
		rows = append(rows, lazyRow{ctx, p, q})
	}
	return rows
}

// lazyRow runs its query in Scan.
type lazyRow struct {
	ctx  context.Context
	conn prepared
	Query
}

func (r lazyRow) Scan(to ...any) error {
	ctx, err := uninterrupted(r.ctx)
	if err != nil {
		return err
	}
	if stmt := r.conn.statements.of(r.Text); stmt != nil {
		return r.conn.bind(ctx, stmt).QueryRowContext(ctx, r.Args...).Scan(to...)
	}
	return r.conn.QueryRowContext(ctx, r.Text, r.Args...).Scan(to...)
}
