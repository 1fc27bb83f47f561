// Package sqlstore contains the statements that SQLite and PostgreSQL share. A Dialect describes the differences.
// Packages sqlite and postgres run them in their own transactions.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/acen-desktop/acen/server/store"
)

// Dialect describes the SQL of one database.
type Dialect struct {
	// Numbered means that parameters are $1, $2 … instead of question marks.
	Numbered bool
	// Nested means that a WITH clause may contain statements that change rows.
	Nested bool
	// Same returns a condition that compares a column with a parameter, ignoring the case of A to Z.
	Same func(column string) string
	// Each returns a table expression with one row for each text of a JSON array in column. Its column is named value.
	Each func(column string) string
	// ForUpdate ends a SELECT that locks its rows until the transaction ends; ForUpdateSkipLocked ends one that skips rows
	// locked by others. Both are empty if a transaction excludes all other writers.
	ForUpdate, ForUpdateSkipLocked string
	// NextLicense is a query for the id of the next license.
	NextLicense string
	// Skip raises the next id of licenses, orders or clients by gap, and returns it.
	Skip func(ctx context.Context, tx *Tx, table string, gap int64) (next int64, err error)
	// Fault translates an error of the driver to an error of package store. It returns other errors unchanged.
	Fault func(error) error
	// AfterInsert is called after a row was inserted under an id that the caller chose, so that the next row gets a larger
	// one.
	AfterInsert func(ctx context.Context, tx *Tx, table string) error
}

// Tx is one transaction. Stores returns it as a store.Tx.
type Tx struct {
	Conn    Conn
	Dialect *Dialect
	// Answered reports whether the transaction has added a stored answer.
	Answered bool
	locked   *lockedOrder // nil after it was read
}

// Conn runs the statements of one transaction.
type Conn interface {
	// Exec runs a statement and returns the number of rows it changed.
	Exec(ctx context.Context, query string, args ...any) (rows int64, err error)
	// Queue runs a statement at some time before the commit. Its error may be returned by a later statement or by the
	// commit.
	Queue(ctx context.Context, query string, args ...any) error
	// Query runs a query.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// Row runs queries of one row each, in one round trip if the database can. The rows must be scanned in this order.
	Row(ctx context.Context, queries ...Query) []Row
	// Prefetch announces the next queries of Row, so that they can be sent in one round trip. It has no effect if other
	// queries come instead.
	Prefetch(queries ...Query)
}

// Rows are the rows of a query, as in database/sql.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close() error
}

// Row is one row of a query. Scan fails with sql.ErrNoRows if there is none.
type Row interface{ Scan(to ...any) error }

// Query is a query with its arguments.
type Query struct {
	Text string
	Args []any
}

// numbered caches statements with numbered parameters by their text with question marks. The code has a fixed number of
// statements, plus the variants of searches.
var numbered sync.Map

// text returns a statement with the parameters of the dialect. Each question mark in query is a parameter.
func (t *Tx) text(query string) string {
	if !t.Dialect.Numbered {
		return query
	}
	if cached, ok := numbered.Load(query); ok {
		return cached.(string)
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	numbered.Store(query, b.String())
	return b.String()
}

// exec runs a statement that changes rows.
func (t *Tx) exec(ctx context.Context, query string, args ...any) (rows int64, err error) {
	rows, err = t.Conn.Exec(ctx, t.text(query), args...)
	return rows, t.Dialect.Fault(err)
}

// queue runs a statement at some time before the commit.
func (t *Tx) queue(ctx context.Context, query string, args ...any) error {
	return t.Dialect.Fault(t.Conn.Queue(ctx, t.text(query), args...))
}

// query returns a query with the parameters of the dialect.
func (t *Tx) query(text string, args ...any) Query { return Query{t.text(text), args} }

// row runs a query of one row.
func (t *Tx) row(ctx context.Context, query string, args ...any) Row {
	return t.Conn.Row(ctx, t.query(query, args...))[0]
}

// insert adds a row and returns its id; id 0 means that the database assigns one. columns begin with id, args do not
// contain it.
func (t *Tx) insert(ctx context.Context, table, columns string, id int64, args ...any) (int64, error) {
	chosen := id != 0
	if chosen {
		args = append([]any{id}, args...)
	} else {
		columns = strings.TrimPrefix(columns, "id, ")
	}
	query := `INSERT INTO ` + table + ` (` + columns + `) VALUES (?` + params(len(args)-1) + `) RETURNING id`
	if err := t.value(ctx, &id, query, args...); err != nil {
		return 0, err
	}
	if chosen {
		return id, t.Dialect.Fault(t.Dialect.AfterInsert(ctx, t, table))
	}
	return id, nil
}

// change runs a statement that must change a row. It fails with store.ErrNotFound if it changes none.
func (t *Tx) change(ctx context.Context, query string, args ...any) error {
	rows, err := t.exec(ctx, query, args...)
	if err == nil && rows == 0 {
		return store.ErrNotFound
	}
	return err
}

// qualify prefixes columns with the name of a table.
func qualify(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// params returns n further placeholders of a VALUES list.
func params(n int) string { return strings.Repeat(`, ?`, n) }

// one reads the only row of a query.
func one[T any](ctx context.Context, t *Tx, scan func(Row) (T, error), query string, args ...any) (T, error) {
	return scanRow(t, scan, t.row(ctx, query, args...))
}

// scanRow scans a row. It fails with store.ErrNotFound if there is none.
func scanRow[T any](t *Tx, scan func(Row) (T, error), row Row) (T, error) {
	v, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return v, store.ErrNotFound
	}
	return v, t.Dialect.Fault(err)
}

// all reads every row of a query.
func all[T any](ctx context.Context, t *Tx, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	return allSized(ctx, t, 0, scan, query, args...)
}

// allSized is like all. It allocates memory for as many rows as expected; 0 means unknown.
func allSized[T any](
	ctx context.Context, t *Tx, expected int, scan func(Row) (T, error), query string, args ...any,
) ([]T, error) {
	rows, err := t.Conn.Query(ctx, t.text(query), args...)
	if err != nil {
		return nil, t.Dialect.Fault(err)
	}
	defer rows.Close()
	list := make([]T, 0, min(max(expected, 0), maxPreallocated))
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, t.Dialect.Fault(rows.Err())
}

// maxPreallocated limits the rows for which memory is allocated before they are read. A page of a list has fewer.
const maxPreallocated = 600

// value reads the only column of a query's only row.
func (t *Tx) value(ctx context.Context, to any, query string, args ...any) error {
	return t.Dialect.Fault(t.row(ctx, query, args...).Scan(to))
}

// where is the list of conditions of a search.
type where struct {
	text string
	args []any
}

func (w *where) add(wanted bool, condition string, args ...any) {
	if wanted {
		w.text += ` AND ` + condition
		w.args = append(w.args, args...)
	}
}
