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

// Backup writes a whole copy of the database (mode 0600) while servers go on working on it. It fails when the file is
// there.
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

// Restore puts a backup into the place of the database file, which must not be in use, and returns under which name the
// former one is kept; "" when there was none. check sees the restored data before anything is changed. A crash leaves
// the former database or the restored one, whole.
func Restore(ctx context.Context, backup, path string, now time.Time, check func(*Store) error) (kept string, err error) {
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

// checkCopy looks into every page, brings the schema up to date and leaves no file beside the database.
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

// setAside keeps a database under another name. Its journal goes with it: the next database must not find it.
func setAside(ctx context.Context, path, kept string) error {
	if s, err := Open(ctx, path); err == nil { // a damaged one cannot be tidied up
		_, _ = s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
		_ = s.Close()
	}
	if err := os.Link(path, kept); err != nil {
		return fmt.Errorf("the former database cannot be kept as %s: %w", kept, err)
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
