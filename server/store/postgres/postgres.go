// Package postgres implements store.Store on PostgreSQL 15 or newer. Any number of servers may use one database. The
// statements are those of package sqlstore; this package adds transactions, retries and batches.
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
	// connections bounds the connections of one server; PostgreSQL allows 100 in all unless told otherwise.
	connections = 24
	// attempts bounds how often a transaction is begun when the database asks for it again or is away for a moment.
	attempts = 30
	// longestPause bounds the pause before another attempt; pauses double from the shortest one.
	shortestPause, longestPause = 2 * time.Millisecond, 500 * time.Millisecond
	// crowded is the attempt from which on a server's transactions go one by one.
	crowded = 3
	// migrating is the advisory lock that is held during migrations.
	migrating = 0x6163656e // "acen"
)

// Store is a store.Store on one PostgreSQL database.
type Store struct {
	pool *pgxpool.Pool
	// turn is held by the one transaction of this server that others have thrown back again and again.
	turn chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open connects to a database, such as "postgres://acen@db.example.com/acen?sslmode=verify-full", and brings its schema up to
// date. The error is one sentence that names the host and no password.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address is not of the form postgres://user@host/database: %w", err)
	}
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "acen-server"
	// A server that hangs in the middle of a transaction does not keep the others from the rows.
	params["idle_in_transaction_session_timeout"] = "60000"
	params["lock_timeout"] = "10000"
	config.MaxConns, config.MaxConnIdleTime = connections, 5*time.Minute
	db := stdlib.OpenDB(*config.ConnConfig)
	if err := errors.Join(migrateAlone(ctx, db), db.Close()); err != nil {
		return nil, fmt.Errorf("the database %s on %s cannot be opened: %w", config.ConnConfig.Database, config.ConnConfig.Host, err)
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, err
	}
	return &Store{pool: pool, turn: make(chan struct{}, 1)}, nil
}

// migrateAlone migrates while no other server does. The lock belongs to the connection and ends with it.
func migrateAlone(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range []string{`SET lock_timeout = 0`, fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, migrating)} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	err = sqlstore.Migrate(ctx, db, goose.DialectPostgres, migrations)
	_, undo := conn.ExecContext(ctx, fmt.Sprintf(`SELECT pg_advisory_unlock(%d)`, migrating))
	return errors.Join(err, undo)
}

// Close ends the use of the database.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Ping fails when the database cannot be reached.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// The kinds of transactions, by how they begin; looking begins none.
const (
	looking      = ``
	reading      = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	serializable = `BEGIN ISOLATION LEVEL SERIALIZABLE`
	holding      = `BEGIN ISOLATION LEVEL READ COMMITTED`
)

// kind is how a transaction begins, and how it ends.
type kind struct {
	begin  string
	writes bool
	// known says that fn finds out by itself whether it was done, when the end was not heard.
	known bool
}

// Read runs fn on one snapshot.
func (s *Store) Read(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, kind{begin: reading}, fn)
}

// Glance runs fn without a transaction.
func (s *Store) Glance(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, kind{begin: looking}, fn)
}

// Write runs fn in a serializable transaction: whatever the rules of the server look at, the outcome is as if one
// transaction came after the other. It runs again when the database says that they did not, or was away for a moment.
func (s *Store) Write(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, kind{begin: serializable, writes: true}, fn)
}

// WriteOnce is Write. When the end was not heard fn runs again: what it has done it finds under its key, and a change that the
// database has not ended yet keeps the key until it has.
func (s *Store) WriteOnce(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, kind{begin: serializable, writes: true, known: true}, fn)
}

// WriteHolding runs fn in a transaction that sees what is committed at each look. The database watches over no reads of it, so
// that no two of them throw each other back because what they read lies on the same page. The rows that it holds carry the
// exactness instead: whoever changes licenses of an order holds the order first, in transactions of either kind, and one that
// is serializable begins again when the order was changed since its snapshot.
func (s *Store) WriteHolding(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, kind{begin: holding, writes: true, known: true}, fn)
}

func (s *Store) repeat(ctx context.Context, k kind, fn func(store.Tx) error) (err error) {
	for n := range attempts {
		if n == crowded {
			select {
			case s.turn <- struct{}{}:
				defer func() { <-s.turn }()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err = s.run(ctx, k, fn); err == nil || !errors.Is(err, errAgain) || !pause(ctx, n) {
			return err
		}
	}
	return err
}

// pause waits before another attempt, longer each time and never the same time in two servers. It reports false when ctx ended.
func pause(ctx context.Context, n int) bool {
	most := longestPause
	if n < 8 {
		most = min(most, shortestPause<<n)
	}
	timer := time.NewTimer(most/2 + rand.N(most/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Store) run(ctx context.Context, k kind, fn func(store.Tx) error) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return s.lost(fault(err))
	}
	defer pooled.Release() // a connection whose transaction is open ends
	c := &conn{db: pooled.Conn()}
	c.after(k.begin)
	// What fn makes of a fault does not matter: the transaction is lost, and fn runs again.
	var again error
	own := *dialect
	if !k.writes {
		own.Held = "" // the snapshot holds
	}
	own.Fault = func(err error) error {
		err = fault(err)
		var e *pgconn.PgError
		if k.writes && errors.As(err, &e) && e.Code == "25006" { // read_only_sql_transaction: another server of the database took over
			err = fmt.Errorf("%w: the database only reads: %w", errAgain, err)
		}
		if errors.Is(err, errAgain) {
			again = err
		}
		return err
	}
	defer c.rollback(ctx) // after an end it does nothing
	err = fn(sqlstore.Tx{Conn: c, Dialect: &own})
	if again != nil {
		return s.lost(again)
	}
	if err != nil {
		return err
	}
	var m mark
	if k.writes && !k.known {
		// It tells later what became of a transaction whose end was not heard.
		if m, err = c.mark(ctx); err != nil {
			return s.lost(own.Fault(err))
		}
	}
	err = c.commit(ctx)
	if err == nil || !isLost(err) || m.number == "" {
		return s.lost(own.Fault(err))
	}
	return s.outcome(ctx, m, err)
}

// lost ends all idle connections when one of them was lost: the others are no better.
func (s *Store) lost(err error) error {
	if errors.Is(err, errAgain) && isLost(err) {
		s.pool.Reset()
	}
	return err
}

// outcome finds out whether a transaction was committed whose connection was lost at its end: nil when it was, errAgain when it
// was not, store.ErrUnavailable when that cannot be found out.
func (s *Store) outcome(ctx context.Context, m mark, lost error) error {
	for n := range attempts {
		var status sql.NullString
		var now string
		err := s.pool.QueryRow(ctx, `SELECT pg_xact_status($1::text::xid8), `+life, m.number).Scan(&status, &now)
		switch {
		case err == nil && status.String == "committed" && now == m.life:
			return nil
		case err == nil && status.String == "aborted":
			return fmt.Errorf("%w: %w", errAgain, lost)
		}
		perhaps := err == nil && status.String == "committed" // it, or another one since a crash: that stays so
		if perhaps || !pause(ctx, n) {
			break
		}
	}
	return fmt.Errorf("the connection was lost at the end of a change, and whether it was done is not known: %w: %w", store.ErrUnavailable, lost)
}

// skip raises the next id of a table by gap. Unlike setval, ALTER SEQUENCE blocks nextval until the transaction ends
// and is rolled back with it. skip reads the rows as well as the sequence, because logical replication does not copy
// sequences.
func skip(ctx context.Context, tx sqlstore.Tx, table string, gap int64) (next int64, err error) {
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

// dialect is how PostgreSQL says it.
var dialect = &sqlstore.Dialect{
	Numbered: true,
	Nested:   true,
	// The collation C knows A to Z alone, as SQLite does.
	Same: func(column string) string { return `lower(` + column + ` COLLATE "C") = lower(? COLLATE "C")` },
	Each: func(column string) string {
		return `json_array_elements_text(CASE json_typeof(` + column + `::json) WHEN 'array' THEN ` + column + `::json ELSE '[]' END) AS each(value)`
	},
	Held:            ` FOR UPDATE`,
	HeldElseSkipped: ` FOR UPDATE SKIP LOCKED`,
	NextLicense:     `SELECT nextval('license_ids')`,
	Skip:            skip,
	Fault:           fault,
	Took: func(ctx context.Context, tx sqlstore.Tx, table string) error {
		_, err := tx.Conn.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, 'id'), GREATEST((SELECT max(id) FROM `+table+`),
 nextval(pg_get_serial_sequence($1, 'id')) - 1, 1))`, table)
		return err
	},
}

// errAgain marks what another attempt may mend.
var errAgain = fmt.Errorf("%w for the moment", store.ErrUnavailable)

// fault turns an error of the driver into the errors of package store.
func fault(err error) error {
	if err == nil {
		return nil
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		if isLost(err) {
			return fmt.Errorf("%w: the database does not answer: %w", errAgain, err)
		}
		return err
	}
	switch {
	case e.Code == "23505": // unique_violation
		return store.ErrExists
	case e.Code == "23514" && strings.Contains(e.ConstraintName, "licenses_active"): // check_violation
		return store.ErrNoSeat
	case e.Code == "40001", e.Code == "40P01", e.Code == "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return fmt.Errorf("%w: others work on the same rows: %w", errAgain, err)
	case isLost(err):
		return fmt.Errorf("%w: the database does not answer: %w", errAgain, err)
	case strings.HasPrefix(e.Code, "53"): // insufficient_resources, such as a full disk
		return fmt.Errorf("%w: the database has no room: %w", store.ErrUnavailable, err)
	}
	return err
}

// isLost reports whether an error ended the connection, or came from a database that starts, stops or gave its place to another.
func isLost(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P") || e.Code == "53300" || e.Code == "25P03"
	}
	var network net.Error
	var connecting *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connecting) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "conn busy")
}
