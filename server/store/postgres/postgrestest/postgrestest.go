// Package postgrestest creates a database for each test on a PostgreSQL server, which scripts/with-postgres.sh starts.
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

// Database creates an empty schema, which is dropped after the test, and returns the address of the database with it.
func Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), count.Add(1))
	run(t, "CREATE SCHEMA "+name)
	t.Cleanup(func() { run(t, "DROP SCHEMA "+name+" CASCADE") })
	address, err := url.Parse(os.Getenv("POSTGRES"))
	require.NoError(t, err)
	query := address.Query()
	query.Set("search_path", name)
	address.RawQuery = query.Encode()
	return address.String()
}

// NewDatabase creates an empty database, which is dropped after the test, and returns its address.
func NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), count.Add(1))
	run(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { Drop(t, name) })
	return Address(t, name)
}

// Address returns the address of a database on the test server.
func Address(t testing.TB, name string) string {
	t.Helper()
	address, err := url.Parse(os.Getenv("POSTGRES"))
	require.NoError(t, err)
	address.Path = "/" + name
	return address.String()
}

// Drop drops a database, even if it is in use.
func Drop(t testing.TB, name string) { run(t, "DROP DATABASE "+name+" WITH (FORCE)") }

func run(t testing.TB, statement string) {
	t.Helper()
	server := os.Getenv("POSTGRES")
	require.NotEmpty(t, server, "run this test with scripts/with-postgres.sh")
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statement)
	require.NoError(t, err)
}
