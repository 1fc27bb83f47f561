// Package postgrestest gives tests a place of their own on a real PostgreSQL (scripts/with-postgres.sh).
package postgrestest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/stretchr/testify/require"
)

var count atomic.Int64

// Database makes an empty schema and returns the address of the database with it; the schema ends with the test.
func Database(t testing.TB) string {
	t.Helper()
	server := os.Getenv("POSTGRES")
	require.NotEmpty(t, server, "run this test with scripts/with-postgres.sh")
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), count.Add(1))
	run := func(statement string) {
		db, err := sql.Open("pgx", server)
		require.NoError(t, err)
		defer db.Close()
		_, err = db.ExecContext(context.Background(), statement)
		require.NoError(t, err)
	}
	run("CREATE SCHEMA " + name)
	t.Cleanup(func() { run("DROP SCHEMA " + name + " CASCADE") })
	address, err := url.Parse(server)
	require.NoError(t, err)
	query := address.Query()
	query.Set("search_path", name)
	address.RawQuery = query.Encode()
	return address.String()
}
