// Package sqlite implements store.Store on one SQLite file. One server uses the file; its writers share commits. The
// statements are those of package sqlstore; this package adds connections, group commit and backups.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers bounds the connections that only read; writers queue for one connection.
const readers = 8

// Store is a store.Store on one SQLite file.
type Store struct {
	path  string
	write writers
	read  pool
}

// pool are connections and the statements that are prepared on them.
type pool struct {
	*sql.DB
	statements *sqlstore.Statements
}

func newPool(db *sql.DB) pool { return pool{db, sqlstore.NewStatements(db)} }

// Close ends the use of the connections.
func (p pool) Close() error { return errors.Join(p.statements.Close(), p.DB.Close()) }

var _ store.Store = (*Store)(nil)

// Open opens the database file, makes it (mode 0600) when it is missing, and brings its schema up to date.
// The error is one sentence that names the file.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("the database %s cannot be opened: %w", path, plain(err))
	}
	return s, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// busy_timeout stands first: switching to WAL may already have to wait.
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)"}
	// What a savepoint needs to be undone is kept in memory: in a file it would cost as much as the changes.
	write, err := sql.Open("sqlite", dsn(path, "_txlock=immediate", append(pragmas, "temp_store(MEMORY)")...))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := migrateAlone(ctx, path, write); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := sql.Open("sqlite", dsn(path, "_txlock=deferred", append(pragmas, "query_only(ON)")...))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &Store{path: path, write: writers{pool: newPool(write)}, read: newPool(read)}, nil
}

func dsn(path, lock string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString((&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}).String())
	b.WriteString("?" + lock)
	for _, p := range pragmas {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

// migrateAlone migrates while no other process does: a server and a command of the administration may be started at the
// same moment.
func migrateAlone(ctx context.Context, path string, db *sql.DB) error {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return err
	}
	return errors.Join(migrate(ctx, db), lock.Unlock())
}

func migrate(ctx context.Context, db *sql.DB) error {
	return sqlstore.Migrate(ctx, db, goose.DialectSQLite3, migrations)
}

// plain puts the failures of a disk into words.
func plain(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fmt.Errorf("the file is damaged or no database; restore it from a backup or move it away: %w", err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("the disk is full: %w: %w", store.ErrUnavailable, err)
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		return fmt.Errorf("the folder or the file cannot be written: %w: %w", store.ErrUnavailable, err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("the disk is full or failing: %w: %w", store.ErrUnavailable, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("another program holds it: %w: %w", store.ErrUnavailable, err)
	}
	return err
}

// Close ends the use of the database.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// Ping fails when the database cannot be read.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// Write runs fn in a transaction that began with BEGIN IMMEDIATE, and that it may share with changes beside it.
func (s *Store) Write(ctx context.Context, fn func(store.Tx) error) error {
	return s.write.change(ctx, fn)
}

// WriteOnce is Write: whether it was done is always known.
func (s *Store) WriteOnce(ctx context.Context, fn func(store.Tx) error) error {
	return s.Write(ctx, fn)
}

// WriteHolding is Write: there is one writer at a time.
func (s *Store) WriteHolding(ctx context.Context, fn func(store.Tx) error) error {
	return s.Write(ctx, fn)
}

// Glance runs fn without a transaction.
func (s *Store) Glance(ctx context.Context, fn func(store.Tx) error) error {
	if err := fn(sqlstore.Tx{Conn: s.read.statements.Alone(), Dialect: dialect}); err != nil {
		return err
	}
	s.read.statements.Prepare(ctx)
	return nil
}

// Read runs fn in a transaction that cannot write.
func (s *Store) Read(ctx context.Context, fn func(store.Tx) error) error {
	t, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return fault(err)
	}
	defer func() { _ = t.Rollback() }() // after Commit it does nothing
	if err := fn(sqlstore.Tx{Conn: s.read.statements.In(t), Dialect: dialect}); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fault(err)
	}
	s.read.statements.Prepare(ctx)
	return nil
}

// firstLicense is the id of the first license.
const firstLicense = 20001

// nextID returns a query for the next id of a table. sqlite_sequence has the largest id that AUTOINCREMENT assigned, or
// the larger one that skip set. The query reads the rows too, for a database that was assembled by hand.
func nextID(table string, first int64) string {
	return fmt.Sprintf(`SELECT MAX(%d, COALESCE(MAX(id), 0) + 1,
 COALESCE((SELECT MAX(seq) FROM sqlite_sequence WHERE name = '%s'), 0) + 1) FROM %s`, first, table, table)
}

// skip raises the next id of a table by gap. The caller's transaction excludes other writers.
func skip(ctx context.Context, tx sqlstore.Tx, table string, gap int64) (next int64, err error) {
	first := int64(1)
	if table == "licenses" {
		first = firstLicense
	}
	if err := tx.Conn.Row(ctx, sqlstore.Query{Text: nextID(table, first)})[0].Scan(&next); err != nil {
		return 0, err
	}
	if gap < 0 || next > store.MaxID-gap {
		return 0, store.ErrIDs
	}
	next += gap
	rows, err := tx.Conn.Exec(ctx, `UPDATE sqlite_sequence SET seq = ? WHERE name = ?`, next-1, table)
	if err == nil && rows == 0 { // the table had no row yet
		_, err = tx.Conn.Exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, table, next-1)
	}
	return next, err
}

// dialect is how SQLite says it. BEGIN IMMEDIATE excludes every other writer: rows need not be held, and the next id of
// licenses need not be counted apart.
var dialect = &sqlstore.Dialect{
	Same:        func(column string) string { return column + ` = ? COLLATE NOCASE` },
	Each:        func(column string) string { return `json_each(` + column + `)` },
	NextLicense: nextID("licenses", firstLicense),
	Skip:        skip,
	Fault:       fault,
	Took:        func(context.Context, sqlstore.Tx, string) error { return nil }, // AUTOINCREMENT sees to it
}

// fault turns an error of the driver into the errors of package store.
func fault(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY:
		return store.ErrExists
	case lib.SQLITE_CONSTRAINT_CHECK:
		if strings.Contains(e.Error(), "licenses_active") {
			return store.ErrNoSeat
		}
	}
	return plain(err)
}
