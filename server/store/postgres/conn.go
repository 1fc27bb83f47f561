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

// conn runs the statements of one transaction on one connection. Whatever nobody waits for travels with what comes next: the
// beginning, statements of whose outcome nothing is asked, and the end.
type conn struct {
	db      *pgx.Conn
	waiting pgx.Batch
	open    *answers         // of statements that were sent together; they are read to their end before the next
	ahead   []sqlstore.Query // that were told to come next
}

// after lets a statement travel with the next one; "" is none.
func (c *conn) after(query string, args ...any) {
	if query != "" {
		c.waiting.Queue(query, args...)
	}
}

// send sends what waits and further statements, and returns the answers of those.
func (c *conn) send(ctx context.Context, queries ...sqlstore.Query) (*answers, error) {
	if err := c.close(); err != nil {
		return nil, err
	}
	batch, before := c.waiting, c.waiting.Len()
	c.waiting = pgx.Batch{}
	for _, q := range queries {
		batch.Queue(q.Text, q.Args...)
	}
	c.open = &answers{BatchResults: c.db.SendBatch(ctx, &batch), left: queries}
	for range before {
		if _, err := c.open.Exec(); err != nil {
			return nil, c.closed(err)
		}
	}
	return c.open, nil
}

// close reads the answers that are still to come.
func (c *conn) close() error {
	if c.open == nil {
		return nil
	}
	err := c.open.Close()
	c.open = nil
	return err
}

// closed is close after an error, which counts.
func (c *conn) closed(err error) error {
	if ending := c.close(); err == nil {
		err = ending
	}
	return err
}

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

func (c *conn) Later(_ context.Context, query string, args ...any) error {
	c.after(query, args...)
	return nil
}

func (c *conn) Ahead(queries ...sqlstore.Query) { c.ahead = queries }

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

// rows are those of a query, which is closed with them.
type rows struct {
	pgx.Rows
	conn *conn
}

func (r rows) Close() error {
	r.Rows.Close()
	return r.conn.close()
}

// answers are those of statements that were sent together.
type answers struct {
	pgx.BatchResults
	left []sqlstore.Query // whose rows were not asked for yet
}

// begin reports whether the answers that are left begin with those of queries.
func begin(left, queries []sqlstore.Query) bool {
	return len(left) >= len(queries) && slices.EqualFunc(left[:len(queries)], queries, func(a, b sqlstore.Query) bool {
		return a.Text == b.Text && reflect.DeepEqual(a.Args, b.Args)
	})
}

// Row asks for all that was told to come next, when it begins as told, and finds there what was asked for with it.
func (c *conn) Row(ctx context.Context, queries ...sqlstore.Query) (list []sqlstore.Row) {
	var err error
	if c.open == nil || c.waiting.Len() > 0 || !begin(c.open.left, queries) {
		asked := queries
		if len(c.ahead) > 0 && begin(c.ahead, queries) {
			asked = c.ahead
		}
		c.ahead = nil
		_, err = c.send(ctx, asked...)
	}
	for range queries {
		list = append(list, row{c, c.open, err})
	}
	return list
}

// row is the next of the rows of queries that were sent together.
type row struct {
	conn    *conn
	answers *answers
	err     error
}

func (r row) Scan(to ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.answers.QueryRow().Scan(to...)
	if r.answers.left = r.answers.left[1:]; len(r.answers.left) == 0 {
		err = r.conn.closed(err)
	}
	return err
}

// mark tells a transaction of the database from all others.
type mark struct {
	number string // "" when it has changed nothing
	life   string // of the database, at that time
}

// life is another text after every crash, after which the database may give a number again whose transaction was lost: recovery
// ends with a checkpoint, and a server that takes over has started at another time. Any checkpoint changes it.
const life = `(SELECT checkpoint_lsn || ' ' || pg_postmaster_start_time() FROM pg_control_checkpoint())`

func (c *conn) mark(ctx context.Context) (m mark, err error) {
	if c.idle() {
		return m, nil
	}
	var number sql.NullString
	err = c.Row(ctx, sqlstore.Query{Text: `SELECT pg_current_xact_id_if_assigned()::text, ` + life})[0].Scan(&number, &m.life)
	m.number = number.String
	return m, err
}

// idle reports that nothing was sent and nothing waits but the beginning.
func (c *conn) idle() bool { return c.db.PgConn().TxStatus() == 'I' && c.waiting.Len() <= 1 }

// commit ends the transaction. One of which nothing was sent is none.
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

// patience is how long an end may take that nobody waits for.
const patience = 5 * time.Second

// rollback undoes what was not committed.
func (c *conn) rollback(ctx context.Context) {
	_ = c.close()
	if c.db.IsClosed() || c.db.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, _ = c.db.Exec(ctx, `ROLLBACK`) // when it fails the connection is not used again
}
