// Package postgres keeps the server's data in PostgreSQL 15 or newer. Any number of servers may work on one database.
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
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	db *sql.DB
	// turn is held by the one transaction of this server that others have thrown back again and again.
	turn chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open connects to a database, such as "postgres://acen@db.example.com/acen?sslmode=verify-full", and brings its schema up to
// date. The error is one sentence that names the host and no password.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address is not of the form postgres://user@host/database: %w", err)
	}
	config.RuntimeParams["application_name"] = "acen-server"
	// A server that hangs in the middle of a transaction does not keep the others from the rows.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "60000"
	config.RuntimeParams["lock_timeout"] = "10000"
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := migrateAlone(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("the database %s on %s cannot be opened: %w", config.Database, config.Host, err), db.Close())
	}
	return &Store{db: db, turn: make(chan struct{}, 1)}, nil
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
	for _, statement := range []string{fmt.Sprintf(`SELECT pg_advisory_unlock(%d)`, migrating), `RESET lock_timeout`} {
		_, undo := conn.ExecContext(ctx, statement)
		err = errors.Join(err, undo)
	}
	return err
}

// Close ends the use of the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping fails when the database cannot be reached.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Read runs fn on one snapshot.
func (s *Store) Read(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, func() error {
		return s.run(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, fn)
	})
}

// Write runs fn in a serializable transaction: whatever the rules of the server look at, the outcome is as if one
// transaction came after the other. It runs again when the database says that they did not, or was away for a moment.
func (s *Store) Write(ctx context.Context, fn func(store.Tx) error) error {
	return s.repeat(ctx, func() error { return s.run(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable}, fn) })
}

func (s *Store) repeat(ctx context.Context, run func() error) (err error) {
	for n := range attempts {
		if n == crowded {
			select {
			case s.turn <- struct{}{}:
				defer func() { <-s.turn }()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err = run(); err == nil || !errors.Is(err, errAgain) || !pause(ctx, n) {
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

func (s *Store) run(ctx context.Context, o *sql.TxOptions, fn func(store.Tx) error) error {
	t, err := s.db.BeginTx(ctx, o)
	if err != nil {
		return fault(err)
	}
	defer func() { _ = t.Rollback() }() // after Commit it does nothing
	// What fn makes of a fault does not matter: the transaction is lost, and fn runs again.
	var again error
	own := *dialect
	if o.ReadOnly {
		own.Held = "" // the snapshot holds
	}
	own.Fault = func(err error) error {
		err = fault(err)
		var e *pgconn.PgError
		if !o.ReadOnly && errors.As(err, &e) && e.Code == "25006" { // read_only_sql_transaction: another server of the database took over
			err = fmt.Errorf("%w: the database only reads: %w", errAgain, err)
		}
		if errors.Is(err, errAgain) {
			again = err
		}
		return err
	}
	err = fn(sqlstore.Tx{Tx: t, Dialect: &own})
	if again != nil {
		return again
	}
	if err != nil {
		return err
	}
	var number sql.NullString
	if !o.ReadOnly {
		// Its number tells later what became of a transaction whose end was not heard.
		if err := t.QueryRowContext(ctx, `SELECT pg_current_xact_id_if_assigned()::text`).Scan(&number); err != nil {
			return fault(err)
		}
	}
	err = t.Commit()
	if err == nil || !isLost(err) || !number.Valid {
		return fault(err)
	}
	return s.outcome(ctx, number.String, err)
}

// outcome finds out whether a transaction was committed whose connection was lost at its end: nil when it was, errAgain when it
// was not, store.ErrUnavailable when that cannot be found out.
func (s *Store) outcome(ctx context.Context, number string, lost error) error {
	for n := range attempts {
		var status sql.NullString
		err := s.db.QueryRowContext(ctx, `SELECT pg_xact_status($1::text::xid8)`, number).Scan(&status)
		switch {
		case err == nil && status.String == "committed":
			return nil
		case err == nil && status.String == "aborted":
			return fmt.Errorf("%w: %w", errAgain, lost)
		}
		if !pause(ctx, n) {
			break
		}
	}
	return fmt.Errorf("the connection was lost at the end of a change, and whether it was done is not known: %w: %w", store.ErrUnavailable, lost)
}

// dialect is how PostgreSQL says it.
var dialect = &sqlstore.Dialect{
	Numbered: true,
	// The collation C knows A to Z alone, as SQLite does.
	Same: func(column string) string { return `lower(` + column + ` COLLATE "C") = lower(? COLLATE "C")` },
	Each: func(column string) string {
		return `json_array_elements_text(CASE json_typeof(` + column + `::json) WHEN 'array' THEN ` + column + `::json ELSE '[]' END) AS each(value)`
	},
	Held:            ` FOR UPDATE`,
	HeldElseSkipped: ` FOR UPDATE SKIP LOCKED`,
	NextLicense:     `SELECT nextval('license_ids')`,
	Fault:           fault,
	Took: func(ctx context.Context, tx *sql.Tx, table string) error {
		_, err := tx.ExecContext(ctx, `SELECT setval(pg_get_serial_sequence($1, 'id'), GREATEST((SELECT max(id) FROM `+table+`),
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
