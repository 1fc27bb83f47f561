//go:build postgres

package servertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/postgres"
	"github.com/acen-desktop/acen/server/store/postgres/postgrestest"
)

// database returns what opens a test's database, again after it was closed.
func database(t *testing.T, _ string) func() store.Store {
	url := postgrestest.Database(t)
	return func() store.Store {
		t.Helper()
		db, err := postgres.Open(context.Background(), url)
		require.NoError(t, err)
		return db
	}
}
