package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Backup writes a complete copy of the database (mode 0600) while servers use it. It fails if the file exists.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the backup %s cannot be written: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("the backup %s cannot be written: %w", path, plain(err)), os.Remove(path))
		}
	}()
	db, err := sql.Open("sqlite", dsn(s.path, "_txlock=deferred", "busy_timeout(10000)"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Restore replaces the database file, which must not be in use, by a backup. It returns the new name of the former
// database, or "" if there was none. check may refuse the restored data before anything is changed. After a crash, path
// is either the complete former database or the complete restored one.
func Restore(
	ctx context.Context, backup, path string, now time.Time, check func(*Store) error,
) (kept string, err error) {
	fresh := path + ".restoring"
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(fresh + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	if err := copyFile(backup, fresh); err != nil {
		return "", fmt.Errorf("the backup cannot be copied: %w", err)
	}
	defer func() { _, _ = os.Remove(fresh), os.Remove(fresh+".lock") }()
	if err := checkCopy(ctx, fresh, check); err != nil {
		return "", fmt.Errorf("the backup %s cannot be used: %w", backup, err)
	}
	if exists(path) {
		name := path + ".before-" + now.UTC().Format("20060102-150405")
		kept = name
		for n := 2; exists(kept); n++ {
			kept = fmt.Sprintf("%s-%d", name, n)
		}
		if err := setAside(ctx, path, kept); err != nil {
			return "", err
		}
	}
	return kept, os.Rename(fresh, path)
}

// checkCopy checks every page, upgrades the schema and checkpoints the journal, so that the database is one file.
func checkCopy(ctx context.Context, path string, check func(*Store) error) error {
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	var verdict string
	err = s.write.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = errors.New("it is damaged: " + verdict)
	}
	if err == nil {
		err = check(s)
	}
	if err == nil {
		_, err = s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	return syncFile(path)
}

// setAside links a database under another name and moves its journal there: the next database must not find it.
func setAside(ctx context.Context, path, kept string) error {
	if s, err := Open(ctx, path); err == nil { // a damaged database has no checkpoint
		_, _ = s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
		_ = s.Close()
	}
	if err := os.Link(path, kept); err != nil {
		return fmt.Errorf("the former database cannot be renamed to %s: %w", kept, err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func copyFile(from, to string) error {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
