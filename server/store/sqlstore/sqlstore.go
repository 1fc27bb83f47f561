// Package sqlstore contains the statements that SQLite and PostgreSQL share; a Dialect holds the differences. Packages
// sqlite and postgres run them in their own transactions.
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

// Dialect is what the statements of a database have of their own.
type Dialect struct {
	// Numbered says that parameters are $1, $2 … and not question marks.
	Numbered bool
	// Nested says that a statement may hold others that change rows.
	Nested bool
	// Same compares a column with a parameter without regard to the case of A to Z.
	Same func(column string) string
	// Each lists the texts of a column that holds a JSON array, as rows with the column value.
	Each func(column string) string
	// Held ends a SELECT whose rows are held until the transaction ends; HeldElseSkipped passes over rows that others hold.
	Held, HeldElseSkipped string
	// NextLicense is a statement that answers the id of the next license.
	NextLicense string
	// Skip raises the next id of licenses, orders or clients by gap, and returns it.
	Skip func(ctx context.Context, tx Tx, table string, gap int64) (next int64, err error)
	// Fault turns an error of the driver into the errors of package store; it returns other errors as they are.
	Fault func(error) error
	// Took is called after a row was added under an id of the caller's choice, so that the next row gets a later one.
	Took func(ctx context.Context, tx Tx, table string) error
}

// Tx is a store.Tx on one transaction.
type Tx struct {
	Conn    Conn
	Dialect *Dialect
}

var _ store.Tx = Tx{}

// Conn runs the statements of one transaction.
type Conn interface {
	// Exec runs a statement and tells how many rows it changed.
	Exec(ctx context.Context, query string, args ...any) (rows int64, err error)
	// Later runs a statement of whose outcome nothing is asked before the transaction ends, and then at the latest.
	Later(ctx context.Context, query string, args ...any) error
	// Query runs a query.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// Row runs queries of one row each, together if the database can; the rows are scanned one after the other.
	Row(ctx context.Context, queries ...Query) []Row
	// Ahead tells which queries of Row come next, so that all may be asked together; when others come instead, nothing is lost.
	Ahead(queries ...Query)
}

// Rows are those of a query, as database/sql has them.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close() error
}

// Row is one row of a query; Scan fails with sql.ErrNoRows when there is none.
type Row interface{ Scan(to ...any) error }

// Query is a query with its arguments.
type Query struct {
	Text string
	Args []any
}

// numbered remembers statements with numbered parameters. There are as many as the code has, and those of searches.
var numbered sync.Map

// text is a statement in the words of the dialect. Statements hold no question mark but the parameters.
func (t Tx) text(query string) string {
	if !t.Dialect.Numbered {
		return query
	}
	if known, ok := numbered.Load(query); ok {
		return known.(string)
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
func (t Tx) exec(ctx context.Context, query string, args ...any) (rows int64, err error) {
	rows, err = t.Conn.Exec(ctx, t.text(query), args...)
	return rows, t.Dialect.Fault(err)
}

// later runs a statement of whose outcome nothing is asked before the transaction ends.
func (t Tx) later(ctx context.Context, query string, args ...any) error {
	return t.Dialect.Fault(t.Conn.Later(ctx, t.text(query), args...))
}

// query is a query in the words of the dialect.
func (t Tx) query(text string, args ...any) Query { return Query{t.text(text), args} }

// row runs a query of one row.
func (t Tx) row(ctx context.Context, query string, args ...any) Row {
	return t.Conn.Row(ctx, t.query(query, args...))[0]
}

// insert adds a row and returns its id; id 0 stands for a new one. columns begin with the id, args follow it.
func (t Tx) insert(ctx context.Context, table, columns string, id int64, args ...any) (int64, error) {
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
		return id, t.Dialect.Fault(t.Dialect.Took(ctx, t, table))
	}
	return id, nil
}

// change runs a statement that must change exactly one row.
func (t Tx) change(ctx context.Context, query string, args ...any) error {
	rows, err := t.exec(ctx, query, args...)
	if err == nil && rows == 0 {
		return store.ErrNotFound
	}
	return err
}

// of puts the name of a table before columns.
func of(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// params returns n further placeholders of a VALUES list.
func params(n int) string { return strings.Repeat(`, ?`, n) }

// one reads the single row of a query.
func one[T any](ctx context.Context, t Tx, scan func(Row) (T, error), query string, args ...any) (T, error) {
	return found(t, scan, t.row(ctx, query, args...))
}

// found reads a row.
func found[T any](t Tx, scan func(Row) (T, error), row Row) (T, error) {
	v, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return v, store.ErrNotFound
	}
	return v, t.Dialect.Fault(err)
}

// all reads every row of a query.
func all[T any](ctx context.Context, t Tx, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	return some(ctx, t, 0, scan, query, args...)
}

// some is all for a query of so many rows, as far as that is known.
func some[T any](ctx context.Context, t Tx, expected int, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.Conn.Query(ctx, t.text(query), args...)
	if err != nil {
		return nil, t.Dialect.Fault(err)
	}
	defer rows.Close()
	list := make([]T, 0, min(max(expected, 0), mostExpected))
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, t.Dialect.Fault(rows.Err())
}

// mostExpected bounds the room that is made before rows are read: somewhat more than a page of a list.
const mostExpected = 600

// value reads the only column of a query's only row into a variable.
func (t Tx) value(ctx context.Context, to any, query string, args ...any) error {
	return t.Dialect.Fault(t.row(ctx, query, args...).Scan(to))
}

// where collects the conditions of a query that has not always the same ones.
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
