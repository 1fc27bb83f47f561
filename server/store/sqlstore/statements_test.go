package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// newDatabase returns an empty SQLite database with one connection.
func newDatabase(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "a.db"))
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// number runs a query of one number.
func number(t *testing.T, c Conn, query string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, c.Row(t.Context(), Query{query, args})[0].Scan(&n))
	return n
}

// A statement is prepared after the transaction that ran it first, and gives the same result before and afterwards.
func TestStatementsArePreparedLater(t *testing.T) {
	db := newDatabase(t)
	s := NewStatements(db)
	tx, err := db.BeginTx(t.Context(), nil) // occupies the only connection
	require.NoError(t, err)
	c := s.InTx(tx)
	_, err = c.Exec(t.Context(), `CREATE TABLE t (a INTEGER)`)
	require.NoError(t, err)
	rows, err := c.Exec(t.Context(), `INSERT INTO t VALUES (?), (?)`, 1, 2)
	require.NoError(t, err)
	require.EqualValues(t, 2, rows)
	require.EqualValues(t, 3, number(t, c, `SELECT SUM(a) FROM t`))
	require.Zero(t, s.Count())
	require.NoError(t, tx.Commit())

	s.Prepare(t.Context())
	require.Equal(t, 2, s.Count(), "CREATE TABLE of an existing table cannot be prepared")
	s.Prepare(t.Context())
	require.Equal(t, 2, s.Count())
	require.EqualValues(t, 3, number(t, s.Autocommit(), `SELECT SUM(a) FROM t`))
	tx, err = db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	c = s.InTx(tx)
	require.NoError(t, c.Queue(t.Context(), `INSERT INTO t VALUES (?), (?)`, 10, 20))
	require.EqualValues(t, 33, number(t, c, `SELECT SUM(a) FROM t`))
	require.NoError(t, tx.Rollback())
	require.EqualValues(t, 3, number(t, s.Autocommit(), `SELECT SUM(a) FROM t`), "prepared ones are rolled back, too")

	require.NoError(t, s.Close())
	require.Zero(t, s.Count())
	require.EqualValues(t, 3, number(t, s.Autocommit(), `SELECT SUM(a) FROM t`), "a closed cache prepares anew")
	require.Nil(t, (*Statements)(nil).of("x"), "a nil cache is empty")
}

// The cache has a limit, because searches have many combinations of conditions. Statements beyond it run unprepared.
func TestStatementsAreLimited(t *testing.T) {
	db := newDatabase(t)
	s := NewStatements(db)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for n := range maxStatements + 5 {
		require.EqualValues(t, n, number(t, s.Autocommit(), fmt.Sprintf(`SELECT %d`, n)))
	}
	s.Prepare(t.Context())
	require.Equal(t, maxStatements, s.Count())
	require.EqualValues(t, maxStatements, number(t, s.Autocommit(), fmt.Sprintf(`SELECT %d`, maxStatements)))
}

// A statement that cannot be prepared takes no place in the cache.
func TestStatementThatCannotBePrepared(t *testing.T) {
	s := NewStatements(newDatabase(t))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for range 2 {
		_, err := s.Autocommit().Query(t.Context(), `SELECT a FROM missing`)
		require.Error(t, err)
		s.Prepare(t.Context())
		require.Empty(t, s.cache)
	}
}

// After its context has ended a transaction runs no further statement, prepared or not. A statement that runs is not
// interrupted, because that could roll back the changes of others.
func TestCanceledStatements(t *testing.T) {
	s := NewStatements(newDatabase(t))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ctx, cancel := context.WithCancel(t.Context())
	running, err := uninterrupted(ctx)
	require.NoError(t, err)
	require.Nil(t, running.Done())
	cancel()
	for range 2 {
		c := s.Autocommit()
		_, err := c.Exec(ctx, `CREATE TABLE t (a INTEGER)`)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, c.Queue(ctx, `CREATE TABLE t (a INTEGER)`), context.Canceled)
		_, err = c.Query(ctx, `SELECT 1`)
		require.ErrorIs(t, err, context.Canceled)
		var n int64
		require.ErrorIs(t, c.Row(ctx, Query{Text: `SELECT 1`})[0].Scan(&n), context.Canceled)
		number(t, c, `SELECT 1`)
		s.Prepare(t.Context()) // the second round has prepared statements
	}
	require.Zero(t, number(t, s.Autocommit(), `SELECT COUNT(*) FROM sqlite_master`))
}

func migrationFiles(statements ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for n, statement := range statements {
		files[fmt.Sprintf("migrations/%05d_x.sql", n+1)] = &fstest.MapFile{
			Data: []byte("-- +goose Up\n" + statement + ";\n"),
		}
	}
	return files
}

// Migrations run once each, in order. A database of a newer version is refused unchanged.
func TestMigrate(t *testing.T) {
	db := newDatabase(t)
	tables := func() (n int) {
		require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM sqlite_master WHERE name IN ('a', 'b', 'c')`).Scan(&n))
		return n
	}
	migrate := func(statements ...string) error {
		return Migrate(t.Context(), db, goose.DialectSQLite3, migrationFiles(statements...))
	}
	a, b, c := `CREATE TABLE a (x)`, `CREATE TABLE b (x)`, `CREATE TABLE c (x)`
	require.NoError(t, migrate(a))
	require.Equal(t, 1, tables())
	require.NoError(t, migrate(a, b), "a is not created again")
	require.NoError(t, migrate(a, b))
	require.Equal(t, 2, tables())
	require.Error(t, migrate(a), "the schema is newer")
	require.Error(t, migrate(a, b, `not SQL`))
	require.Equal(t, 2, tables())
	require.NoError(t, migrate(a, b, c), "a failed migration can be tried again")
	require.Equal(t, 3, tables())
	require.Error(t, Migrate(t.Context(), db, goose.DialectSQLite3, fstest.MapFS{}), "without migrations")
}
