//go:build postgres

package servertest

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/postgres"
	"github.com/acen-desktop/acen/server/store/postgres/postgrestest"
)

// database returns a function that opens the database of a test.
func database(t *testing.T, _ string) (url string, open func() store.Store) {
	url = postgrestest.Database(t)
	return url, func() store.Store {
		t.Helper()
		db, err := postgres.Open(context.Background(), url)
		require.NoError(t, err)
		return db
	}
}

// prepare does nothing, because each test fills its own schema.
func prepare(*testing.T, string, sample.Login) {}

// Dump returns the output of pg_dump.
func (s *Server) Dump() string {
	s.t.Helper()
	address, err := url.Parse(s.url)
	require.NoError(s.t, err)
	query := address.Query()
	schema := query.Get("search_path")
	query.Del("search_path")
	address.RawQuery = query.Encode()
	out, err := exec.Command(filepath.Join(os.Getenv("POSTGRES_BIN"), "pg_dump"), "--schema", schema,
		address.String()).Output()
	require.NoError(s.t, err)
	return string(out)
}
