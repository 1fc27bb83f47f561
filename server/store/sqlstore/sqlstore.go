// Package sqlstore holds the statements that SQLite and PostgreSQL share. What the two say differently is in a Dialect.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/acen-desktop/acen/server/store"
)

// Dialect is what the statements of a database have of their own.
type Dialect struct {
	// Numbered says that parameters are $1, $2 … and not question marks.
	Numbered bool
	// Same compares a column with a parameter without regard to the case of A to Z.
	Same func(column string) string
	// Each lists the texts of a column that holds a JSON array, as rows with the column value.
	Each func(column string) string
	// Held ends a SELECT whose rows are held until the transaction ends; HeldElseSkipped passes over rows that others hold.
	Held, HeldElseSkipped string
	// NextLicense is a statement that answers the id of the next license.
	NextLicense string
	// Fault turns an error of the driver into the errors of package store; it returns other errors as they are.
	Fault func(error) error
	// Took is called after a row was added under an id of the caller's choice, so that the next row gets a later one.
	Took func(ctx context.Context, tx *sql.Tx, table string) error
}

// Tx is a store.Tx on a transaction of database/sql.
type Tx struct {
	*sql.Tx
	Dialect *Dialect
	// Statements are those that are prepared; nil when the driver keeps them itself.
	Statements *Statements
}

var _ store.Tx = Tx{}

// text is a statement in the words of the dialect. Statements hold no question mark but the parameters.
func (t Tx) text(query string) string {
	if !t.Dialect.Numbered {
		return query
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
	return b.String()
}

// exec runs a statement that changes rows.
func (t Tx) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.ExecContext(ctx, t.text(query), args...)
	return result, t.Dialect.Fault(err)
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
	if err := t.QueryRowContext(ctx, t.text(query), args...).Scan(&id); err != nil {
		return 0, t.Dialect.Fault(err)
	}
	if chosen {
		return id, t.Dialect.Fault(t.Dialect.Took(ctx, t.Tx, table))
	}
	return id, nil
}

// change runs a statement that must change exactly one row.
func (t Tx) change(ctx context.Context, query string, args ...any) error {
	result, err := t.exec(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// params returns n further placeholders of a VALUES list.
func params(n int) string { return strings.Repeat(`, ?`, n) }

type scanner interface{ Scan(...any) error }

// one reads the single row of a query.
func one[T any](ctx context.Context, t Tx, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(t.QueryRowContext(ctx, t.text(query), args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, store.ErrNotFound
	}
	return v, t.Dialect.Fault(err)
}

// all reads every row of a query.
func all[T any](ctx context.Context, t Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.QueryContext(ctx, t.text(query), args...)
	if err != nil {
		return nil, t.Dialect.Fault(err)
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, t.Dialect.Fault(rows.Err())
}

// value reads the only column of a query's only row into a variable.
func (t Tx) value(ctx context.Context, to any, query string, args ...any) error {
	return t.Dialect.Fault(t.QueryRowContext(ctx, t.text(query), args...).Scan(to))
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
