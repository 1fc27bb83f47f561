//go:build !postgres

package servertest

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// database returns what opens a test's database, again after it was closed.
func database(t *testing.T, folder string) func() store.Store {
	return func() store.Store {
		t.Helper()
		db, err := sqlite.Open(context.Background(), filepath.Join(folder, "acen.db"))
		require.NoError(t, err)
		return db
	}
}
