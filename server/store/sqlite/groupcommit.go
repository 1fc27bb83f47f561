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

// mostTogether bounds how many changes share a commit.
const mostTogether = 64

// writers lets changes that wait for the one connection that writes share a commit, because the disk takes as long for many as for
// one. Each runs on its own goroutine, one after the other, between savepoints: one that fails is undone alone. None is
// acknowledged before the commit that holds it.
type writers struct {
	pool
	mu     sync.Mutex
	queue  []chan struct{} // of those that wait for their turn, which is given to them by closing
	taken  bool            // somebody has the turn
	shared *shared         // transaction that is open; it belongs to whoever has the turn
}

// shared is a transaction of one or more changes.
type shared struct {
	*sql.Tx
	changes int
	done    chan struct{} // closed when it is over
	err     error         // how it ended, then
}

// errUndone is how a shared transaction ends that SQLite has undone as a whole, for the fault of one of its changes.
var errUndone = errors.New("another change undid this one")

// change runs fn in a transaction that it may share.
func (w *writers) change(ctx context.Context, fn func(store.Tx) error) error {
	err := w.once(ctx, true, fn)
	if errors.Is(err, errUndone) {
		err = w.once(ctx, false, fn)
	}
	return err
}

func (w *writers) once(ctx context.Context, sharing bool, fn func(store.Tx) error) error {
	alone, err := w.enter(ctx, sharing)
	if err != nil {
		return err
	}
	t, err := w.run(ctx, alone, fn)
	if err != nil {
		return err
	}
	<-t.done
	return t.err
}

// enter waits for the turn. Who comes when nobody waits has the transaction for himself.
func (w *writers) enter(ctx context.Context, sharing bool) (alone bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	w.mu.Lock()
	if !w.taken {
		w.taken = true
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
		w.mu.Unlock() // the turn came at the same moment
	}
	if !sharing {
		w.end()
	}
	return !sharing, nil
}

// leave gives the turn to the next one, who goes on in the open transaction if he may; when nobody waits it is committed first.
func (w *writers) leave(alone bool) {
	w.mu.Lock()
	if t := w.shared; !alone && t != nil && t.err == nil && t.changes < mostTogether && w.next() {
		w.mu.Unlock()
		return
	}
	w.mu.Unlock()
	w.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = w.next()
}

// next gives the turn to who waits longest; it reports false when nobody does.
func (w *writers) next() bool {
	if len(w.queue) == 0 {
		return false
	}
	close(w.queue[0])
	w.queue = slices.Delete(w.queue, 0, 1)
	return true
}

// end commits the open transaction.
func (w *writers) end() {
	t := w.shared
	if t == nil {
		return
	}
	w.shared = nil
	if t.err == nil {
		t.err = fault(t.Commit())
	}
	_ = t.Rollback() // after Commit it does nothing
	close(t.done)
	w.statements.Prepare(context.Background())
}

// run runs fn with the turn, and passes that on whatever comes of it. A change that failed is undone when run returns.
func (w *writers) run(ctx context.Context, alone bool, fn func(store.Tx) error) (*shared, error) {
	defer w.leave(alone)
	if w.shared == nil {
		tx, err := w.BeginTx(context.Background(), nil)
		if err != nil {
			return nil, fault(err)
		}
		w.shared = &shared{Tx: tx, done: make(chan struct{})}
	}
	t := w.shared
	within := t.apart
	if alone {
		within = t.whole
	}
	return t, within(func() error {
		if err := fn(sqlstore.Tx{Conn: w.statements.In(t.Tx), Dialect: dialect}); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// whole makes one change of the transaction: when it fails, all of it is undone at the end.
func (t *shared) whole(change func() error) error {
	t.err = errUndone // unless change returns
	err := change()
	if err == nil {
		t.err = nil
	}
	return err
}

// apart makes a change of its own of a part of the transaction, which is undone alone when it fails or panics.
func (t *shared) apart(change func() error) (err error) {
	if _, err := t.Exec(`SAVEPOINT change`); err != nil {
		t.err = errUndone
		return fault(err)
	}
	made := false
	defer func() {
		if made {
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
	made = true
	t.changes++
	return nil
}
