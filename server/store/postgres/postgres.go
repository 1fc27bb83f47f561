// Package postgres implements store.Store on PostgreSQL 15 or newer. Any number of servers may use one database. The
// statements are in package sqlstore; this package adds transactions, retries and batches.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// connections limits the connections of one server. PostgreSQL allows 100 in all by default.
	connections = 24
	// maxAttempts limits how often a transaction is tried when the database requests a retry or is briefly unavailable.
	maxAttempts = 30
	// Pauses between attempts double from minPause to maxPause.
	minPause, maxPause = 2 * time.Millisecond, 500 * time.Millisecond
	// serializeFrom is the attempt (from 0) from which on only one retried transaction of this server runs at a time.
	serializeFrom = 3
	// migrationLock is the key of the advisory lock for migrations.
	migrationLock = 0x6163656e // "acen"
)

// Store is a store.Store on one PostgreSQL database.
type Store struct {
	pool *pgxpool.Pool
	// contended is a mutex of the transactions from attempt serializeFrom on.
	contended chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open connects to a database, such as "postgres://acen@db.example.com/acen?sslmode=verify-full", and upgrades its
// schema. Its error is one sentence that names the host and contains no password.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address is not of the form postgres://user@host/database: %w", err)
	}
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "acen-server"
	// A server that hangs in a transaction must not lock out the others.
	params["idle_in_transaction_session_timeout"] = "60000"
	params["lock_timeout"] = "10000"
	config.MaxConns, config.MaxConnIdleTime = connections, 5*time.Minute
	db := stdlib.OpenDB(*config.ConnConfig)
	if err := errors.Join(migrateAlone(ctx, db), db.Close()); err != nil {
		return nil, fmt.Errorf("the database %s on %s cannot be opened: %w",
			config.ConnConfig.Database, config.ConnConfig.Host, err)
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, err
	}
	return &Store{pool: pool, contended: make(chan struct{}, 1)}, nil
}

// migrateAlone migrates the schema under an advisory lock, which belongs to the connection and ends with it.
func migrateAlone(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range []string{`SET lock_timeout = 0`, fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, migrationLock)} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	err = sqlstore.Migrate(ctx, db, goose.DialectPostgres, migrations)
	_, undo := conn.ExecContext(ctx, fmt.Sprintf(`SELECT pg_advisory_unlock(%d)`, migrationLock))
	return errors.Join(err, undo)
}

// Close closes the database.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Ping returns an error if the database cannot be reached.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Statements that begin a transaction. A single query needs none.
const (
	singleQuery  = ``
	snapshot     = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	serializable = `BEGIN ISOLATION LEVEL SERIALIZABLE`
	committed    = `BEGIN ISOLATION LEVEL READ COMMITTED`
)

// kind is the kind of a transaction.
type kind struct {
	begin  string
	writes bool
	lock   store.Lock
	hints  store.Hints
}

// Read runs fn on one snapshot, or without a transaction if store.SingleQuery is given.
func (s *Store) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	k := kind{begin: snapshot}
	if store.Collect(hints).SingleQuery {
		k.begin = singleQuery
	}
	return s.withRetry(ctx, k, fn)
}

// Write retries fn if the database requests it or is briefly unavailable.
//
// Without a lock the transaction is serializable.
//
// With a lock its isolation level is READ COMMITTED. The database does not track its reads, so that two such
// transactions do not abort each other only because they read rows on the same page. The locked order guarantees
// correctness instead: every transaction that changes licenses of an order locks the order first, and a serializable
// one fails and is retried if the order was changed since its snapshot.
func (s *Store) Write(ctx context.Context, lock store.Lock, fn func(store.Tx) error, hints ...store.Hint) error {
	k := kind{begin: serializable, writes: true, lock: lock, hints: store.Collect(hints)}
	if lock != store.NoLock {
		k.begin = committed
	}
	return s.withRetry(ctx, k, fn)
}

// withRetry runs a transaction until it succeeds, fails with an error that a retry cannot fix, or has been tried
// maxAttempts times.
func (s *Store) withRetry(ctx context.Context, k kind, fn func(store.Tx) error) (err error) {
	for n := range maxAttempts {
		if n == serializeFrom {
			select {
			case s.contended <- struct{}{}:
				defer func() { <-s.contended }()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err = s.run(ctx, k, fn); err == nil || !errors.Is(err, errRetry) || !pause(ctx, n) {
			return err
		}
	}
	return err
}

// pause waits before the next attempt, with exponential backoff and jitter. It returns false if ctx has ended.
func pause(ctx context.Context, n int) bool {
	limit := maxPause
	if n < 8 {
		limit = min(limit, minPause<<n)
	}
	timer := time.NewTimer(limit/2 + rand.N(limit/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// run tries a transaction once. Its error is an errRetry if the transaction should be retried.
func (s *Store) run(ctx context.Context, k kind, fn func(store.Tx) error) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return s.resetIfLost(fault(err))
	}
	defer pooled.Release() // closes a connection with an open transaction
	c := &conn{db: pooled.Conn()}
	c.enqueue(k.begin)
	// retryErr is returned even if fn ignores or replaces it: the transaction is aborted and must be retried.
	var retryErr error
	d := *dialect
	if !k.writes {
		d.ForUpdate = "" // reads of a snapshot need no locks
	}
	d.Fault = func(err error) error {
		err = fault(err)
		var e *pgconn.PgError
		if k.writes && errors.As(err, &e) && e.Code == "25006" { // read_only_sql_transaction, after a failover
			err = fmt.Errorf("%w: the database is read-only: %w", errRetry, err)
		}
		if errors.Is(err, errRetry) {
			retryErr = err
		}
		return err
	}
	defer c.rollback(ctx) // no-op after commit
	tx := &sqlstore.Tx{Conn: c, Dialect: &d}
	if k.hints.License != nil {
		tx.Prefetch(*k.hints.License)
	}
	if k.lock != store.NoLock {
		tx.Lock(ctx, k.lock)
	}
	if retryErr == nil {
		err = fn(tx.Stores())
	}
	if retryErr != nil {
		return s.resetIfLost(retryErr)
	}
	if err != nil {
		return err
	}
	var id txID
	if k.writes && !tx.Answered {
		// If the connection is lost during the commit, the id is used to find out whether it succeeded. A transaction
		// that has added a stored answer needs no id: fn runs again and finds the answer. If the first transaction has
		// not ended yet, its key conflicts until it has.
		if id, err = c.txID(ctx); err != nil {
			return s.resetIfLost(d.Fault(err))
		}
	}
	err = c.commit(ctx)
	if err == nil || !isLost(err) || id.number == "" {
		return s.resetIfLost(d.Fault(err))
	}
	return s.outcome(ctx, id, err)
}

// resetIfLost closes all idle connections if err is a lost connection, because they are probably lost, too. It returns
// err.
func (s *Store) resetIfLost(err error) error {
	if errors.Is(err, errRetry) && isLost(err) {
		s.pool.Reset()
	}
	return err
}

// outcome finds out whether a transaction was committed whose connection was lost during the commit. It returns nil if
// it was, errRetry if it was not, and store.ErrUnavailable if that is unknown.
func (s *Store) outcome(ctx context.Context, id txID, lost error) error {
	for n := range maxAttempts {
		var status sql.NullString
		var now string
		err := s.pool.QueryRow(ctx, `SELECT pg_xact_status($1::text::xid8), `+incarnation, id.number).Scan(&status, &now)
		switch {
		case err == nil && status.String == "committed" && now == id.incarnation:
			return nil
		case err == nil && status.String == "aborted":
			return fmt.Errorf("%w: %w", errRetry, lost)
		}
		// After a crash, the number may belong to another transaction. Another query cannot tell.
		ambiguous := err == nil && status.String == "committed"
		if ambiguous || !pause(ctx, n) {
			break
		}
	}
	return fmt.Errorf("the connection was lost during the commit; it is not known whether the change was made: %w: %w",
		store.ErrUnavailable, lost)
}

// skip raises the next id of a table by gap. Unlike setval, ALTER SEQUENCE blocks nextval until the transaction ends
// and is rolled back with it. skip reads the rows as well as the sequence, because logical replication does not copy
// sequences.
func skip(ctx context.Context, tx *sqlstore.Tx, table string, gap int64) (next int64, err error) {
	sequence := "license_ids"
	if table != "licenses" {
		query := sqlstore.Query{Text: `SELECT pg_get_serial_sequence($1, 'id')`, Args: []any{table}}
		if err := tx.Conn.Row(ctx, query)[0].Scan(&sequence); err != nil {
			return 0, err
		}
	}
	// This changes nothing, but locks the sequence, so that the next query sees the last assigned id.
	if _, err := tx.Conn.Exec(ctx, `ALTER SEQUENCE `+sequence+` INCREMENT BY 1`); err != nil {
		return 0, err
	}
	query := `SELECT GREATEST(last_value + is_called::int, (SELECT max(id) + 1 FROM ` + table + `)) FROM ` + sequence
	if err := tx.Conn.Row(ctx, sqlstore.Query{Text: query})[0].Scan(&next); err != nil {
		return 0, err
	}
	if gap < 0 || next > store.MaxID-gap {
		return 0, store.ErrIDs
	}
	next += gap
	_, err = tx.Conn.Exec(ctx, `ALTER SEQUENCE `+sequence+` RESTART WITH `+strconv.FormatInt(next, 10))
	return next, err
}

// dialect is the SQL of PostgreSQL.
var dialect = &sqlstore.Dialect{
	Numbered: true,
	Nested:   true,
	// Collation C ignores the case of A to Z only, like NOCASE of SQLite.
	Same: func(column string) string { return `lower(` + column + ` COLLATE "C") = lower(? COLLATE "C")` },
	Each: func(column string) string {
		return `json_array_elements_text(CASE json_typeof(` + column + `::json) WHEN 'array' THEN ` +
			column + `::json ELSE '[]' END) AS each(value)`
	},
	ForUpdate:           ` FOR UPDATE`,
	ForUpdateSkipLocked: ` FOR UPDATE SKIP LOCKED`,
	NextLicense:         `SELECT nextval('license_ids')`,
	Skip:                skip,
	Fault:               fault,
	AfterInsert: func(ctx context.Context, tx *sqlstore.Tx, table string) error {
		_, err := tx.Conn.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, 'id'),
 GREATEST((SELECT max(id) FROM `+table+`), nextval(pg_get_serial_sequence($1, 'id')) - 1, 1))`, table)
		return err
	},
}

// errRetry marks an error that a retry may fix.
var errRetry = fmt.Errorf("%w for the moment", store.ErrUnavailable)

// fault translates an error of the driver to an error of package store.
func fault(err error) error {
	if err == nil {
		return nil
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		if isLost(err) {
			return fmt.Errorf("%w: the database does not answer: %w", errRetry, err)
		}
		return err
	}
	switch {
	case e.Code == "23505": // unique_violation
		return store.ErrExists
	case e.Code == "23514" && strings.Contains(e.ConstraintName, "licenses_active"): // check_violation
		return store.ErrNoSeat
	case e.Code == "40001", e.Code == "40P01", e.Code == "55P03":
		// serialization_failure, deadlock_detected, lock_not_available
		return fmt.Errorf("%w: another transaction changes the same rows: %w", errRetry, err)
	case isLost(err):
		return fmt.Errorf("%w: the database does not answer: %w", errRetry, err)
	case strings.HasPrefix(e.Code, "53"): // insufficient_resources, such as a full disk
		return fmt.Errorf("%w: the database is out of resources: %w", store.ErrUnavailable, err)
	}
	return err
}

// isLost reports whether the connection is lost, or the database starts, stops or fails over.
func isLost(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P") ||
			e.Code == "53300" || e.Code == "25P03"
	}
	var network net.Error
	var connecting *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connecting) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "conn busy")
}
