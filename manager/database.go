package manager

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/acen-desktop/acen/manager/storage"
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

type database struct {
	*sql.DB
	fresh bool // the file is new, or a trial version had written it
}

func openDatabase(ctx context.Context, path string) (*database, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, storage.Wrap(err)
	}
	if err := f.Close(); err != nil {
		return nil, storage.Wrap(err)
	}
	address := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	// busy_timeout is first because switching to WAL may have to wait.
	db, err := sql.Open("sqlite",
		address.String()+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"+
			"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)")
	if err != nil {
		return nil, storage.Wrap(err)
	}
	db.SetMaxOpenConns(1)
	d := &database{DB: db}
	if err := d.prepare(ctx, path); err != nil {
		return nil, errors.Join(storage.Wrap(err), db.Close())
	}
	return d, nil
}

func (d *database) prepare(ctx context.Context, path string) error {
	var check string
	if err := d.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&check); err != nil {
		return err
	}
	if check != "ok" {
		return storage.ErrDamaged
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
