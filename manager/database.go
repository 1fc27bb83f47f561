package manager

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// schema has the migrations from one version of the data file to the next; its length is the newest version.
var schema = []string{`
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  server TEXT NOT NULL,
  server_name TEXT NOT NULL,
  client_id INTEGER NOT NULL,
  username TEXT NOT NULL,
  display_name TEXT NOT NULL,
  remembered INTEGER NOT NULL,
  last_used INTEGER NOT NULL,
  UNIQUE (server, client_id)
) STRICT;
CREATE TABLE cache (
  account INTEGER NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  content BLOB NOT NULL,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE generations (
  signature TEXT NOT NULL,
  generation INTEGER NOT NULL,
  current INTEGER NOT NULL,
  PRIMARY KEY (signature, generation)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX current_generation ON generations(signature) WHERE current;
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts(id),
  key TEXT NOT NULL UNIQUE,
  task TEXT NOT NULL,
  title TEXT NOT NULL,
  intent TEXT NOT NULL,
  request BLOB NOT NULL,
  state TEXT NOT NULL,
  error TEXT NOT NULL,
  order_id INTEGER NOT NULL,
  license_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX open_jobs ON jobs(account, id) WHERE state IN ('pending', 'sent');
`, `
CREATE TABLE vault (
  kind TEXT NOT NULL,
  signature TEXT NOT NULL,
  site_code TEXT NOT NULL,
  machine_id TEXT NOT NULL,
  account INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  license_id INTEGER NOT NULL,
  program TEXT NOT NULL,
  note TEXT NOT NULL,
  purpose TEXT NOT NULL,
  content BLOB NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (kind, signature, site_code)
) STRICT, WITHOUT ROWID;
CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  content BLOB NOT NULL,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`, `
ALTER TABLE accounts ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
`, `
DROP TABLE generations;
DELETE FROM cache;
DELETE FROM jobs;
DELETE FROM vault;
DELETE FROM requests;
`}

// trialSchema is the newest version of the data file that trial versions wrote. Their licenses, tasks and removal
// codes are of the scheme acen/v1. The next migration deletes all but the accounts; copyTrial makes a copy first.
const trialSchema = 3

// oldName is the name of the folder for files of a trial version, below the data folder.
const oldName = "old"

// errNewerFile is the cause of an ErrStorage for a data file of a newer version.
var errNewerFile = errors.New("it was written by a newer version of this app; install that version " +
	"(the file is untouched)")

// errDamaged is an ErrStorage whose file should be set aside.
var errDamaged = errors.New("the local data file is damaged")

type database struct {
	*sql.DB
	fresh bool // the file is new, or a trial version had written it
}

func openDatabase(ctx context.Context, path string) (*database, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, storageError(err)
	}
	if err := f.Close(); err != nil {
		return nil, storageError(err)
	}
	address := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	// busy_timeout is first because switching to WAL may have to wait.
	db, err := sql.Open("sqlite",
		address.String()+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"+
			"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)")
	if err != nil {
		return nil, storageError(err)
	}
	db.SetMaxOpenConns(1)
	d := &database{DB: db}
	if err := d.prepare(ctx, path); err != nil {
		return nil, errors.Join(storageError(err), db.Close())
	}
	return d, nil
}

func (d *database) prepare(ctx context.Context, path string) error {
	var check string
	if err := d.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&check); err != nil {
		return err
	}
	if check != "ok" {
		return errDamaged
	}
	var version int
	if err := d.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if version > len(schema) {
		return errNewerFile
	}
	d.fresh = version <= trialSchema
	if d.fresh && version > 0 {
		if err := d.copyTrial(ctx, path); err != nil {
			return err
		}
	}
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it has no effect after Commit
	for ; version < len(schema); version++ {
		if _, err := tx.ExecContext(ctx, schema[version]); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, len(schema))); err != nil {
		return err
	}
	return tx.Commit()
}

// copyTrial copies the data file of a trial version into the folder "old" beside it, unless it contains only
// accounts. The caller holds the lock of the data folder.
func (d *database) copyTrial(ctx context.Context, path string) error {
	used, err := d.hasContent(ctx)
	if err != nil || !used {
		return err
	}
	old := filepath.Join(filepath.Dir(path), oldName)
	if err := os.MkdirAll(old, 0o700); err != nil {
		return err
	}
	fresh := filepath.Join(old, ".fresh-"+filepath.Base(path))
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a crash
		return err
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = d.ExecContext(ctx, `VACUUM INTO ?`, fresh)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	to := filepath.Join(old, filepath.Base(path))
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(fresh, to)
		}
		to = filepath.Join(old, fmt.Sprintf("%s-%d", filepath.Base(path), n))
	}
}

// hasContent reports whether a data file of a trial version contains anything besides accounts.
func (d *database) hasContent(ctx context.Context) (used bool, err error) {
	for _, table := range []string{"cache", "generations", "jobs", "vault", "requests"} {
		var there bool
		const query = `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`
		if err := d.QueryRowContext(ctx, query, table).Scan(&there); err != nil {
			return false, err
		}
		if !there {
			continue // the version of the file is older
		}
		if err := d.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+table+`)`).Scan(&used); err != nil || used {
			return used, err
		}
	}
	return false, nil
}

// StorageError is an ErrStorage with a sentence about what is wrong with the disk.
type StorageError struct {
	text  Text
	cause error
}

// Error returns the text of ErrStorage and the sentence.
func (e *StorageError) Error() string { return fmt.Sprintf("%s: %s", ErrStorage, e.text) }

// Text returns the sentence.
func (e *StorageError) Text() Text { return e.text }

// Unwrap returns ErrStorage and the cause.
func (e *StorageError) Unwrap() []error { return []error{ErrStorage, e.cause} }

// storageError turns an error into an ErrStorage whose text says what is wrong with the disk.
func storageError(err error) error {
	if err == nil || errors.Is(err, ErrStorage) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, errDamaged) {
		return &StorageError{Say("the data file is damaged"), errDamaged}
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
			return &StorageError{Say("the data file is damaged"), errDamaged}
		case lib.SQLITE_FULL:
			return &StorageError{Say("the disk is full"), err}
		case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
			return &StorageError{Say("the folder cannot be written"), err}
		case lib.SQLITE_IOERR:
			return &StorageError{Say("the disk is full or failing"), err}
		}
	}
	var path *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return &StorageError{Say("the disk is full"), err}
	case errors.Is(err, fs.ErrPermission):
		return &StorageError{Say("the folder cannot be written"), err}
	case errors.As(err, &path):
		return &StorageError{Say("%s: %s", path.Path, path.Err), err}
	}
	return fmt.Errorf("%w: %w", ErrStorage, err)
}

// change executes a statement that writes.
func (d *database) change(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := d.ExecContext(ctx, query, args...)
	return result, storageError(err)
}

// save stores content in the cache of an account.
func (d *database) save(ctx context.Context, account int64, name string, content any, at time.Time) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = d.change(ctx, `INSERT INTO cache (account, name, content, fetched_at) VALUES (?, ?, ?, ?)
 ON CONFLICT DO UPDATE SET content = excluded.content, fetched_at = excluded.fetched_at`,
		account, name, data, at.UnixMicro())
	return err
}

// forget deletes the cache of an account.
func (d *database) forget(ctx context.Context, account int64) error {
	_, err := d.change(ctx, `DELETE FROM cache WHERE account = ?`, account)
	return err
}

// load reads the cached value of a name into content; false if there is none that can be decoded.
func (d *database) load(
	ctx context.Context, account int64, name string, content any,
) (at time.Time, ok bool, err error) {
	var data []byte
	var micro int64
	err = d.QueryRowContext(ctx, `SELECT content, fetched_at FROM cache WHERE account = ? AND name = ?`, account,
		name).Scan(&data, &micro)
	if errors.Is(err, sql.ErrNoRows) {
		return at, false, nil
	}
	if err != nil {
		return at, false, storageError(err)
	}
	if json.Unmarshal(data, content) != nil {
		return at, false, nil // an older version's format: the caller fetches the value again
	}
	return time.UnixMicro(micro), true, nil
}
