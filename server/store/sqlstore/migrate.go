package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrate brings a database up to the newest of the migrations in the folder "migrations" of files. The caller sees to
// it that nobody else migrates. It refuses a database that a newer version has written.
func Migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, files fs.FS) error {
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, folder)
	if err != nil {
		return err
	}
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	known := int64(0)
	for _, m := range provider.ListSources() {
		known = max(known, m.Version)
	}
	if have > known {
		return fmt.Errorf("it was written by a newer version of this program (schema %d, known here %d); nothing was changed", have, known)
	}
	_, err = provider.Up(ctx)
	return err
}
