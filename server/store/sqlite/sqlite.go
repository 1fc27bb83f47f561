// Package sqlite implements store.Store on one SQLite file, which one server uses. The statements are in package
// sqlstore; this package adds connections, group commit and backups.
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

// readers limits the connections for reading; there is one connection for writing.
const readers = 8

// Store is a store.Store on one SQLite file.
type Store struct {
	path  string
	write writers
	read  pool
}

// pool is a pool of connections with a cache of prepared statements.
type pool struct {
	*sql.DB
	statements *sqlstore.Statements
}

func newPool(db *sql.DB) pool { return pool{db, sqlstore.NewStatements(db)} }

// Close closes the prepared statements and the connections.
func (p pool) Close() error { return errors.Join(p.statements.Close(), p.DB.Close()) }

var _ store.Store = (*Store)(nil)

// Open opens the database file and upgrades its schema. It creates a missing file with mode 0600. Its error is one
// sentence that names the file.
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
	// busy_timeout comes first: switching to WAL may already have to wait.
	pragmas := []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)",
	}
	// The rollback data of savepoints is in memory: writing it to a file would cost as much as the changes.
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

// dsn returns the data source name of a file; lock is the _txlock parameter.
func dsn(path, lock string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString((&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}).String())
	b.WriteString("?" + lock)
	for _, p := range pragmas {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

// migrateAlone migrates the schema under a file lock: a server and an administration command may start at the same
// time.
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

// plain explains errors of the disk.
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
		return fmt.Errorf("another program has locked it: %w: %w", store.ErrUnavailable, err)
	}
	return err
}

// Close closes the database.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// Ping returns an error if the database cannot be read.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// Write runs fn in a transaction with BEGIN IMMEDIATE, which it may share with other changes. There is only one writer
// at a time, so it ignores the lock, and the result of a commit is always known.
func (s *Store) Write(ctx context.Context, _ store.Lock, fn func(store.Tx) error, _ ...store.Hint) error {
	return s.write.change(ctx, fn)
}

// Read runs fn in a read-only transaction, or without a transaction if store.SingleQuery is given.
func (s *Store) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	if store.Collect(hints).SingleQuery {
		return s.readOne(ctx, fn)
	}
	t, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return fault(err)
	}
	defer func() { _ = t.Rollback() }() // no-op after Commit
	tx := &sqlstore.Tx{Conn: s.read.statements.InTx(t), Dialect: dialect}
	if err := fn(tx.Stores()); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fault(err)
	}
	s.read.statements.Prepare(ctx)
	return nil
}

// readOne runs fn without a transaction.
func (s *Store) readOne(ctx context.Context, fn func(store.Tx) error) error {
	tx := &sqlstore.Tx{Conn: s.read.statements.Autocommit(), Dialect: dialect}
	if err := fn(tx.Stores()); err != nil {
		return err
	}
	s.read.statements.Prepare(ctx)
	return nil
}

// firstLicense is the id of the first license.
const firstLicense = 20001

// nextID returns a query for the next id of a table. sqlite_sequence has the largest id that AUTOINCREMENT assigned or
// skip set. The query reads the rows too, for a database that was assembled by hand.
func nextID(table string, first int64) string {
	return fmt.Sprintf(`SELECT MAX(%d, COALESCE(MAX(id), 0) + 1,
 COALESCE((SELECT MAX(seq) FROM sqlite_sequence WHERE name = '%s'), 0) + 1) FROM %s`, first, table, table)
}

// skip raises the next id of a table by gap. The caller's transaction excludes other writers.
func skip(ctx context.Context, tx *sqlstore.Tx, table string, gap int64) (next int64, err error) {
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
	if err == nil && rows == 0 { // the table never had a row
		_, err = tx.Conn.Exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, table, next-1)
	}
	return next, err
}

// dialect is the SQL of SQLite. BEGIN IMMEDIATE excludes other writers, so rows need no locks and the next id of a
// license needs no sequence.
var dialect = &sqlstore.Dialect{
	Same:        func(column string) string { return column + ` = ? COLLATE NOCASE` },
	Each:        func(column string) string { return `json_each(` + column + `)` },
	NextLicense: nextID("licenses", firstLicense),
	Skip:        skip,
	Fault:       fault,
	AfterInsert: func(context.Context, *sqlstore.Tx, string) error { return nil }, // AUTOINCREMENT does it
}

// fault translates an error of the driver to an error of package store.
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
