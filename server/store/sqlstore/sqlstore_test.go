package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// recording is a Conn that records statements. It answers each with the same number of changed rows, or fails.
type recording struct {
	ran       []Query
	queued    []Query
	announced []Query
	batches   [][]Query // queries of the calls of Row
	rows      int64
	err       error
}

func (c *recording) Exec(_ context.Context, query string, args ...any) (int64, error) {
	c.ran = append(c.ran, Query{query, args})
	return c.rows, c.err
}

func (c *recording) Queue(_ context.Context, query string, args ...any) error {
	c.queued = append(c.queued, Query{query, args})
	return c.err
}

func (c *recording) Query(_ context.Context, query string, args ...any) (Rows, error) {
	c.ran = append(c.ran, Query{query, args})
	return nil, c.err
}

func (c *recording) Row(_ context.Context, queries ...Query) (rows []Row) {
	c.batches = append(c.batches, queries)
	for range queries {
		rows = append(rows, fixedRow{c.err})
	}
	return rows
}

func (c *recording) Prefetch(queries ...Query) { c.announced = queries }

// fixedRow is a row whose columns are 7, or that fails.
type fixedRow struct{ err error }

func (r fixedRow) Scan(to ...any) error {
	for _, value := range to {
		if n, ok := value.(*int64); ok && r.err == nil {
			*n = 7
		}
	}
	return r.err
}

var (
	errDriver = errors.New("error of the driver")
	errStore  = errors.New("error of the store")
)

// newTx returns a transaction on a recording Conn. Its dialect translates errDriver to errStore.
func newTx(numbered bool) (*Tx, *recording) {
	c := &recording{rows: 1}
	return &Tx{Conn: c, Dialect: &Dialect{
		Numbered:    numbered,
		Same:        func(column string) string { return column + " = ?" },
		Each:        func(column string) string { return "each(" + column + ")" },
		NextLicense: "SELECT next",
		Fault: func(err error) error {
			if errors.Is(err, errDriver) {
				return errStore
			}
			return err
		},
		AfterInsert: func(context.Context, *Tx, string) error { return nil },
	}}, c
}

// Statements have the parameters of their dialect, in order.
func TestParameters(t *testing.T) {
	plain, _ := newTx(false)
	numbered, _ := newTx(true)
	for query, want := range map[string]string{
		"SELECT 1":                        "SELECT 1",
		"SELECT ?":                        "SELECT $1",
		"INSERT INTO t VALUES (?, ?, ?)":  "INSERT INTO t VALUES ($1, $2, $3)",
		"?" + params(11):                  "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12",
		"UPDATE t SET a = ? WHERE id = ?": "UPDATE t SET a = $1 WHERE id = $2",
	} {
		require.Equal(t, query, plain.text(query))
		for range 2 { // the second time from the cache
			require.Equal(t, want, numbered.text(query))
		}
	}
	require.Equal(t, "t.id, t.name", qualify("t", "id, name"))
	require.Empty(t, params(0))
}

// A row gets the id that the caller has chosen, or one of the database. Only after a chosen one the dialect is told.
func TestInsert(t *testing.T) {
	for _, chosen := range []int64{0, 1042} {
		tx, c := newTx(true)
		var told []string
		tx.Dialect.AfterInsert = func(_ context.Context, of *Tx, table string) error {
			require.Same(t, tx, of)
			told = append(told, table)
			return errDriver
		}
		id, err := tx.insert(t.Context(), "clients", "id, name, active", chosen, "anna", true)
		require.EqualValues(t, 7, id, "the id that the database returns")
		want := Query{`INSERT INTO clients (name, active) VALUES ($1, $2) RETURNING id`, []any{"anna", true}}
		if chosen == 0 {
			require.NoError(t, err)
			require.Empty(t, told)
		} else {
			want = Query{`INSERT INTO clients (id, name, active) VALUES ($1, $2, $3) RETURNING id`, []any{chosen, "anna", true}}
			require.ErrorIs(t, err, errStore)
			require.Equal(t, []string{"clients"}, told)
		}
		require.Equal(t, [][]Query{{want}}, c.batches)
	}
}

// Every way to run a statement translates errors of the driver. A missing row is store.ErrNotFound.
func TestErrors(t *testing.T) {
	ctx := t.Context()
	ways := map[string]func(*Tx) error{
		"exec":   func(tx *Tx) error { _, err := tx.exec(ctx, "x"); return err },
		"queue":  func(tx *Tx) error { return tx.queue(ctx, "x") },
		"change": func(tx *Tx) error { return tx.change(ctx, "x") },
		"value":  func(tx *Tx) error { var n int64; return tx.value(ctx, &n, "x") },
		"insert": func(tx *Tx) error { _, err := tx.insert(ctx, "t", "id, a", 0, 1); return err },
		"one":    func(tx *Tx) error { _, err := one(ctx, tx, scanNumber, "x"); return err },
		"all":    func(tx *Tx) error { _, err := all(ctx, tx, scanNumber, "x"); return err },
	}
	for name, run := range ways {
		tx, c := newTx(false)
		c.err = errDriver
		require.Equal(t, errStore, run(tx), name)
	}

	tx, c := newTx(false)
	c.rows = 0
	require.Equal(t, store.ErrNotFound, tx.change(ctx, "x"), "no row was changed")
	_, err := tx.exec(ctx, "x")
	require.NoError(t, err, "exec may change none")
	c.err = sql.ErrNoRows
	_, err = one(ctx, tx, scanNumber, "x")
	require.Equal(t, store.ErrNotFound, err)
}

func scanNumber(row Row) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

// numbers are rows with the numbers 0, 1 …
type numbers struct {
	next, count int64
	fault       error // after the last row
	closed      *bool
}

func (n *numbers) Next() bool { n.next++; return n.next <= n.count }

func (n *numbers) Scan(to ...any) error {
	if *to[0].(*int64) = n.next - 1; n.next == 4 {
		return errDriver
	}
	return nil
}

func (n *numbers) Err() error { return n.fault }

func (n *numbers) Close() error { *n.closed = true; return nil }

// listing is a Conn with rows.
type listing struct {
	recording
	numbers
}

func (l *listing) Query(context.Context, string, ...any) (Rows, error) { return &l.numbers, nil }

// A list is complete or an error, its rows are closed, and it has no more memory than a page needs.
func TestAll(t *testing.T) {
	for name, row := range map[string]struct {
		count    int64
		expected int
		err      error
		list     []int64
		capacity int
	}{
		"empty":       {0, 0, nil, []int64{}, 0},
		"some":        {3, 3, nil, []int64{0, 1, 2}, 3},
		"negative":    {0, -1, nil, []int64{}, 0},
		"no limit":    {0, 1 << 60, nil, []int64{}, maxPreallocated},
		"interrupted": {2, 0, errStore, []int64{0, 1}, 2},
		"a bad row":   {9, 0, errDriver, nil, 0},
	} {
		tx, _ := newTx(false)
		closed := false
		l := &listing{numbers: numbers{count: row.count, closed: &closed}}
		if row.err != nil {
			l.fault = errDriver
		}
		tx.Conn = l
		list, err := allSized(t.Context(), tx, row.expected, scanNumber, "x")
		require.Equal(t, row.err, err, name)
		require.Equal(t, row.list, list, name)
		require.Equal(t, row.capacity, cap(list), name)
		require.True(t, closed, name)
	}
}

// Conditions of a search are added with their arguments, or not at all.
func TestWhere(t *testing.T) {
	var w where
	w.add(true, "a = ?", 1)
	w.add(false, "b = ?", 2)
	w.add(true, "(c = ? OR d = ?)", 3, 4)
	w.add(true, "e")
	require.Equal(t, where{" AND a = ? AND (c = ? OR d = ?) AND e", []any{1, 3, 4}}, w)
}

// What Prefetch announces is exactly what the handler of a new license reads, in its order, so that it can be sent in
// one round trip.
func TestPrefetchAnnouncesTheReads(t *testing.T) {
	ctx := t.Context()
	for _, lockedBefore := range []bool{false, true} {
		tx, c := newTx(true)
		reads := store.LicenseReads{ClientID: 3, Key: "key", OrderID: 1042, Site: license.SiteCode(5)}
		tx.Prefetch(reads)
		stores := tx.Stores()
		if lockedBefore {
			tx.Lock(ctx, store.Lock{ClientID: 3, OrderID: 1042})
		} else {
			_, _, err := stores.Orders.LockOf(ctx, 3, 1042)
			require.NoError(t, err)
		}
		_, err := stores.Answers.Get(ctx, 3, "key")
		require.NoError(t, err)
		if lockedBefore {
			_, _, err := stores.Orders.LockOf(ctx, 3, 1042)
			require.NoError(t, err)
		}
		_, err = stores.Licenses.BySite(ctx, 1042, 5)
		require.NoError(t, err)
		id, err := stores.Licenses.NextID(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, id)
		require.Equal(t, c.announced, slices.Concat(c.batches...))
		require.Len(t, c.announced, 5)
	}
}

// A locked order is read again only if another one is meant, or a second time.
func TestLockedOrders(t *testing.T) {
	ctx := t.Context()
	tx, c := newTx(false)
	orders := tx.Stores().Orders
	read := func(client, id int64) (queries int) {
		before := len(c.batches)
		_, _, err := orders.LockOf(ctx, client, id)
		require.NoError(t, err)
		return len(c.batches) - before
	}
	tx.Lock(ctx, store.Lock{ClientID: 3, OrderID: 1042})
	require.Equal(t, 1, read(3, 1043), "another order")
	require.Equal(t, 1, read(4, 1042), "of another client")
	require.Zero(t, read(3, 1042), "it was read when it was locked")
	require.Equal(t, 1, read(3, 1042), "the transaction may have changed it")

	c.err = sql.ErrNoRows
	tx.Lock(ctx, store.Lock{ClientID: 3, OrderID: 1042})
	_, _, err := orders.LockOf(ctx, 3, 1042)
	require.Equal(t, store.ErrNotFound, err, "the error of the lock comes with the order")
	require.Same(t, tx, Of(tx.Stores()))
}
