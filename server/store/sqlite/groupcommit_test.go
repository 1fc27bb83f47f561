package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlstore"
)

// crowd is a store whose connection is occupied until all changes of a test are queued, so that they share a commit.
type crowd struct {
	*Store
	t       *testing.T
	release chan struct{}
	first   chan error
	waiting int
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{
		Store:   start(t, filepath.Join(t.TempDir(), "acen.db")),
		t:       t,
		release: make(chan struct{}),
		first:   make(chan error, 1),
	}
	held := make(chan struct{})
	go func() {
		c.first <- c.Write(context.Background(), store.NoLock, func(tx store.Tx) error {
			close(held)
			<-c.release
			return tx.Options.Set(context.Background(), "first", "1")
		})
	}()
	<-held
	return c
}

// join queues a change. The channel gets the result of its Write.
func (c *crowd) join(ctx context.Context, fn func(tx store.Tx) error) <-chan error {
	outcome := make(chan error, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				outcome <- fmt.Errorf("panic: %v", fault)
			}
		}()
		outcome <- c.Write(ctx, store.NoLock, fn)
	}()
	c.waiting++
	for c.queued() < c.waiting {
		runtime.Gosched()
	}
	return outcome
}

func (c *crowd) queued() int {
	c.write.mu.Lock()
	defer c.write.mu.Unlock()
	return len(c.write.queue)
}

func (c *crowd) set(ctx context.Context, name string) <-chan error {
	return c.join(ctx, func(tx store.Tx) error { return tx.Options.Set(ctx, name, "1") })
}

// committed returns the names of the committed options.
func (c *crowd) committed() (names []string) {
	require.NoError(c.t, c.Read(context.Background(), func(tx store.Tx) error {
		options, err := tx.Options.All(context.Background())
		for name := range options {
			names = append(names, name)
		}
		return err
	}))
	return names
}

// Queued changes share a commit. Each has its own result, and a failed one leaves nothing.
func TestChangesShareACommit(t *testing.T) {
	c, ctx := newCrowd(t), t.Context()
	failure := errors.New("failure")
	one := c.set(ctx, "one")
	failed := c.join(ctx, func(tx store.Tx) error { return errors.Join(tx.Options.Set(ctx, "failed", "1"), failure) })
	panicked := c.join(ctx, func(tx store.Tx) error {
		if err := tx.Options.Set(ctx, "panicked", "1"); err != nil {
			return err
		}
		panic("a fault of the program")
	})
	given, giveUp := context.WithCancel(ctx)
	late := c.join(given, func(tx store.Tx) error {
		err := tx.Options.Set(given, "given up", "1")
		giveUp()
		return err
	})
	gone, leave := context.WithCancel(ctx)
	left := c.set(gone, "left")
	leave()
	require.ErrorIs(t, <-left, context.Canceled)
	c.waiting--
	var seen []string
	var seenBy error
	last := c.join(ctx, func(tx store.Tx) error {
		seen = c.committed()
		_, seenBy = tx.Options.All(ctx)
		return tx.Options.Set(ctx, "last", "1")
	})
	close(c.release)
	require.NoError(t, <-c.first)
	require.NoError(t, <-one)
	require.ErrorIs(t, <-failed, failure)
	require.ErrorContains(t, <-panicked, "a fault of the program")
	require.ErrorIs(t, <-late, context.Canceled)
	require.NoError(t, <-last)
	require.NoError(t, seenBy)
	require.Equal(t, []string{"first"}, seen, "no change is committed before the last one is done")
	require.ElementsMatch(t, []string{"first", "one", "last"}, c.committed())
	require.NoError(t, c.Write(ctx, store.NoLock, func(tx store.Tx) error { return tx.Options.Set(ctx, "next", "1") }))
}

// If SQLite rolls back the complete shared transaction, as on a full disk, the other changes run a second time.
func TestChangesAfterASharedRollback(t *testing.T) {
	c, ctx := newCrowd(t), t.Context()
	runs := 0
	one := c.join(ctx, func(tx store.Tx) error {
		runs++
		return tx.Options.Set(ctx, "one", "1")
	})
	failure := errors.New("the disk is full")
	failed := c.join(ctx, func(tx store.Tx) error {
		_, err := sqlstore.Of(tx).Conn.Exec(ctx, `ROLLBACK`)
		return errors.Join(err, failure)
	})
	last := c.set(ctx, "last")
	close(c.release)
	require.NoError(t, <-c.first)
	require.NoError(t, <-one)
	require.ErrorIs(t, <-failed, failure)
	require.NoError(t, <-last)
	require.Equal(t, 2, runs)
	require.ElementsMatch(t, []string{"first", "one", "last"}, c.committed())
}
