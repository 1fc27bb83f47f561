package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// mostStatements bounds how many statements are kept prepared; those of searches differ in their conditions.
const mostStatements = 300

// Statements keeps the statements of a database prepared: SQLite takes longer to understand most of them than to carry
// them out. A statement is prepared after the transaction that first ran it, because that may hold the only connection.
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

// runner is a transaction of database/sql, or connections that begin none.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// prepared runs statements by database/sql, prepared when they are.
type prepared struct {
	runner
	statements *Statements
	own        func(context.Context, *sql.Stmt) *sql.Stmt
}

// In runs statements in a transaction.
func (s *Statements) In(t *sql.Tx) Conn { return prepared{t, s, t.StmtContext} }

// Alone runs each statement by itself.
func (s *Statements) Alone() Conn {
	return prepared{s.db, s, func(_ context.Context, stmt *sql.Stmt) *sql.Stmt { return stmt }}
}

// uninterrupted is ctx for one statement, which is not begun when ctx has ended, and not broken off afterwards: that
// could undo the transaction that other changes share, and to watch over ctx costs as much as most statements.
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
		result, err = p.own(ctx, stmt).ExecContext(ctx, args...)
	} else {
		result, err = p.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Later runs the statement now: nothing travels.
func (p prepared) Later(ctx context.Context, query string, args ...any) error {
	_, err := p.Exec(ctx, query, args...)
	return err
}

// Ahead does nothing: to ask together saves nothing.
func (p prepared) Ahead(...Query) {}

func (p prepared) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	ctx, err := uninterrupted(ctx)
	if err != nil {
		return nil, err
	}
	if stmt := p.statements.of(query); stmt != nil {
		return p.own(ctx, stmt).QueryContext(ctx, args...)
	}
	return p.QueryContext(ctx, query, args...)
}

func (p prepared) Row(ctx context.Context, queries ...Query) (rows []Row) {
	for _, q := range queries {
		rows = append(rows, lazyRow{ctx, p, q})
	}
	return rows
}

// lazyRow asks for a row when it is scanned.
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
		return r.conn.own(ctx, stmt).QueryRowContext(ctx, r.Args...).Scan(to...)
	}
	return r.conn.QueryRowContext(ctx, r.Text, r.Args...).Scan(to...)
}
