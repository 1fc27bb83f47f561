package postgres

import (
	"context"
	"database/sql"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/acen-desktop/acen/server/store/sqlstore"
)

// conn runs the statements of one transaction on one connection. Statements whose results nobody waits for (BEGIN and
// those of Queue) are sent in one batch with the next statement.
type conn struct {
	db        *pgx.Conn
	queued    pgx.Batch
	open      *results         // of the last batch; must be read completely before the next batch
	announced []sqlstore.Query // by Prefetch
}

// enqueue queues a statement for the next batch; "" queues nothing.
func (c *conn) enqueue(query string, args ...any) {
	if query != "" {
		c.queued.Queue(query, args...)
	}
}

// send sends the queued statements and queries in one batch, and returns the results of queries.
func (c *conn) send(ctx context.Context, queries ...sqlstore.Query) (*results, error) {
	if err := c.close(); err != nil {
		return nil, err
	}
	batch, before := c.queued, c.queued.Len()
	c.queued = pgx.Batch{}
	for _, q := range queries {
		batch.Queue(q.Text, q.Args...)
	}
	c.open = &results{BatchResults: c.db.SendBatch(ctx, &batch), left: queries}
	for range before {
		if _, err := c.open.Exec(); err != nil {
			return nil, c.closed(err)
		}
	}
	return c.open, nil
}

// close reads the remaining results of the last batch.
func (c *conn) close() error {
	if c.open == nil {
		return nil
	}
	err := c.open.Close()
	c.open = nil
	return err
}

// closed closes the results and returns err, or the error of close if err is nil.
func (c *conn) closed(err error) error {
	if ending := c.close(); err == nil {
		err = ending
	}
	return err
}

// run runs a statement and returns its command tag.
func (c *conn) run(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	a, err := c.send(ctx, sqlstore.Query{Text: query, Args: args})
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := a.Exec()
	return tag, c.closed(err)
}

func (c *conn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := c.run(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (c *conn) Queue(_ context.Context, query string, args ...any) error {
	c.enqueue(query, args...)
	return nil
}

func (c *conn) Prefetch(queries ...sqlstore.Query) { c.announced = queries }

func (c *conn) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	a, err := c.send(ctx, sqlstore.Query{Text: query, Args: args})
	if err != nil {
		return nil, err
	}
	list, err := a.BatchResults.Query()
	if err != nil {
		return nil, c.closed(err)
	}
	return rows{list, c}, nil
}

// rows are the rows of a query. Close also closes the batch.
type rows struct {
	pgx.Rows
	conn *conn
}

func (r rows) Close() error {
	r.Rows.Close()
	return r.conn.close()
}

// results are the results of a batch.
type results struct {
	pgx.BatchResults
	left []sqlstore.Query // whose rows are not requested yet
}

// hasPrefix reports whether left begins with queries.
func hasPrefix(left, queries []sqlstore.Query) bool {
	return len(left) >= len(queries) && slices.EqualFunc(left[:len(queries)], queries, func(a, b sqlstore.Query) bool {
		return a.Text == b.Text && reflect.DeepEqual(a.Args, b.Args)
	})
}

// Row sends queries, with all announced ones if they begin with queries. If the open batch continues with queries, Row
// reads their results from it.
func (c *conn) Row(ctx context.Context, queries ...sqlstore.Query) (list []sqlstore.Row) {
	var err error
	if c.open == nil || c.queued.Len() > 0 || !hasPrefix(c.open.left, queries) {
		batch := queries
		if len(c.announced) > 0 && hasPrefix(c.announced, queries) {
			batch = c.announced
		}
		c.announced = nil
		_, err = c.send(ctx, batch...)
	}
	for range queries {
		list = append(list, row{c, c.open, err})
	}
	return list
}

// row is the next row of a batch.
type row struct {
	conn    *conn
	results *results
	err     error
}

func (r row) Scan(to ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.results.QueryRow().Scan(to...)
	if r.results.left = r.results.left[1:]; len(r.results.left) == 0 {
		err = r.conn.closed(err)
	}
	return err
}

// txID identifies a transaction of the database.
type txID struct {
	number      string // "" = it has changed nothing
	incarnation string // of the database when the number was assigned
}

// incarnation is an expression whose value changes with every crash, after which the database may reuse the number of a
// lost transaction: recovery ends with a checkpoint, and a standby that takes over has another start time. Any other
// checkpoint changes the value, too.
const incarnation = `(SELECT checkpoint_lsn || ' ' || pg_postmaster_start_time() FROM pg_control_checkpoint())`

// txID returns the identity of the open transaction.
func (c *conn) txID(ctx context.Context) (id txID, err error) {
	if c.idle() {
		return id, nil
	}
	var number sql.NullString
	query := sqlstore.Query{Text: `SELECT pg_current_xact_id_if_assigned()::text, ` + incarnation}
	err = c.Row(ctx, query)[0].Scan(&number, &id.incarnation)
	id.number = number.String
	return id, err
}

// idle reports whether nothing was sent and at most BEGIN is queued.
func (c *conn) idle() bool { return c.db.PgConn().TxStatus() == 'I' && c.queued.Len() <= 1 }

// commit commits the transaction. It does nothing if no statement was sent.
func (c *conn) commit(ctx context.Context) error {
	if c.idle() {
		return nil
	}
	tag, err := c.run(ctx, `COMMIT`)
	if err == nil && tag.String() != "COMMIT" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// rollbackTimeout limits ROLLBACK, whose result nobody waits for.
const rollbackTimeout = 5 * time.Second

// rollback rolls back a transaction that was not committed.
func (c *conn) rollback(ctx context.Context) {
	_ = c.close()
	if c.db.IsClosed() || c.db.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, _ = c.db.Exec(ctx, `ROLLBACK`) // if it fails, the pool closes the connection
}
