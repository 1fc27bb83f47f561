package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlstore"
)

// maxGroup limits the changes in one commit.
const maxGroup = 64

// writers implements group commit: changes that wait for the only writing connection share a transaction, because
// committing many changes takes as long as committing one. Each change runs on its caller's goroutine, one after the
// other, in a savepoint, so that a failed change is rolled back alone. No call returns before its transaction is
// committed.
type writers struct {
	pool
	mu      sync.Mutex
	queue   []chan struct{} // waiting writers; closing a channel hands the connection to its writer
	busy    bool            // a writer owns the connection
	current *sharedTx       // open transaction, used by the owner of the connection only
}

// sharedTx is a transaction of one or more changes.
type sharedTx struct {
	*sql.Tx
	changes int
	done    chan struct{} // closed after commit or rollback
	err     error         // result; read after done is closed
}

// errUndone is the result of a shared transaction that SQLite has rolled back completely because of one of its changes.
var errUndone = errors.New("another change rolled this one back")

// change runs fn in a transaction, which it may share. If another change rolls that back, change runs fn a second time
// in a transaction of its own.
func (w *writers) change(ctx context.Context, fn func(store.Tx) error) error {
	err := w.attempt(ctx, true, fn)
	if errors.Is(err, errUndone) {
		err = w.attempt(ctx, false, fn)
	}
	return err
}

// attempt runs fn in one transaction and waits for its commit. If sharing is false, no other change is in that
// transaction.
func (w *writers) attempt(ctx context.Context, sharing bool, fn func(store.Tx) error) error {
	exclusive, err := w.acquire(ctx, sharing)
	if err != nil {
		return err
	}
	t, err := w.run(ctx, exclusive, fn)
	if err != nil {
		return err
	}
	<-t.done
	return t.err
}

// acquire waits for the connection. If no other writer owns it, or if sharing is false, the caller gets a transaction
// of its own and exclusive is true.
func (w *writers) acquire(ctx context.Context, sharing bool) (exclusive bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	w.mu.Lock()
	if !w.busy {
		w.busy = true
		w.mu.Unlock()
		return true, nil
	}
	turn := make(chan struct{})
	w.queue = append(w.queue, turn)
	w.mu.Unlock()
	select {
	case <-turn:
	case <-ctx.Done():
		w.mu.Lock()
		if n := slices.Index(w.queue, turn); n >= 0 {
			w.queue = slices.Delete(w.queue, n, n+1)
			w.mu.Unlock()
			return false, ctx.Err()
		}
		w.mu.Unlock() // the connection was handed over at the same moment
	}
	if !sharing {
		w.commit()
	}
	return !sharing, nil
}

// release hands the connection to the next writer, together with the open transaction if that can be shared. Otherwise
// it commits the transaction first.
func (w *writers) release(exclusive bool) {
	w.mu.Lock()
	if t := w.current; !exclusive && t != nil && t.err == nil && t.changes < maxGroup && w.handOver() {
		w.mu.Unlock()
		return
	}
	w.mu.Unlock()
	w.commit()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = w.handOver()
}

// handOver hands the connection to the writer that has waited longest. It returns false if none waits. The caller holds
// w.mu.
func (w *writers) handOver() bool {
	if len(w.queue) == 0 {
		return false
	}
	close(w.queue[0])
	w.queue = slices.Delete(w.queue, 0, 1)
	return true
}

// commit commits the open transaction, if any, and wakes its writers.
func (w *writers) commit() {
	t := w.current
	if t == nil {
		return
	}
	w.current = nil
	if t.err == nil {
		t.err = fault(t.Commit())
	}
	_ = t.Rollback() // no-op after Commit
	close(t.done)
	w.statements.Prepare(context.Background())
}

// run runs fn and then releases the connection. The change of a failed fn is rolled back before run returns, or at the
// latest with its exclusive transaction.
func (w *writers) run(ctx context.Context, exclusive bool, fn func(store.Tx) error) (*sharedTx, error) {
	defer w.release(exclusive)
	if w.current == nil {
		tx, err := w.BeginTx(context.Background(), nil)
		if err != nil {
			return nil, fault(err)
		}
		w.current = &sharedTx{Tx: tx, done: make(chan struct{})}
	}
	t := w.current
	within := t.inSavepoint
	if exclusive {
		within = t.exclusively
	}
	return t, within(func() error {
		tx := &sqlstore.Tx{Conn: w.statements.InTx(t.Tx), Dialect: dialect}
		if err := fn(tx.Stores()); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// exclusively runs the only change of the transaction. If it fails or panics, the transaction is rolled back.
func (t *sharedTx) exclusively(change func() error) error {
	t.err = errUndone // if change panics
	err := change()
	if err == nil {
		t.err = nil
	}
	return err
}

// inSavepoint runs a change in a savepoint, which is rolled back if the change fails or panics.
func (t *sharedTx) inSavepoint(change func() error) (err error) {
	if _, err := t.Exec(`SAVEPOINT change`); err != nil {
		t.err = errUndone
		return fault(err)
	}
	released := false
	defer func() {
		if released {
			return
		}
		if _, failed := t.Exec(`ROLLBACK TO change; RELEASE change`); failed != nil {
			t.err = errUndone
		}
	}()
	if err := change(); err != nil {
		return err
	}
	if _, err := t.Exec(`RELEASE change`); err != nil {
		return fault(err)
	}
	released = true
	t.changes++
	return nil
}
