package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrate applies the migrations in the folder "migrations" of files. The caller must prevent concurrent migrations.
// Migrate refuses a database whose schema is newer than the newest migration.
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
	newest := int64(0)
	for _, m := range provider.ListSources() {
		newest = max(newest, m.Version)
	}
	if have > newest {
		return fmt.Errorf("it was written by a newer version of this program (schema %d, known here %d); "+
			"nothing was changed", have, newest)
	}
	_, err = provider.Up(ctx)
	return err
}
