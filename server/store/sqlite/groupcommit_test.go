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

// crowd is a store whose turn is held until all changes of a test wait for it, so that they share a commit.
type crowd struct {
	*Store
	t       *testing.T
	release chan struct{}
	first   chan error
	waiting int
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{Store: start(t, filepath.Join(t.TempDir(), "acen.db")), t: t, release: make(chan struct{}), first: make(chan error, 1)}
	held := make(chan struct{})
	go func() {
		c.first <- c.Write(context.Background(), func(tx store.Tx) error {
			close(held)
			<-c.release
			return tx.SetOption(context.Background(), "first", "1")
		})
	}()
	<-held
	return c
}

// join lets a change wait behind those that wait already; what it returns is what becomes of it.
func (c *crowd) join(ctx context.Context, fn func(tx store.Tx) error) <-chan error {
	outcome := make(chan error, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				outcome <- fmt.Errorf("panic: %v", fault)
			}
		}()
		outcome <- c.Write(ctx, fn)
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
	return c.join(ctx, func(tx store.Tx) error { return tx.SetOption(ctx, name, "1") })
}

// kept are the options that are committed.
func (c *crowd) kept() (names []string) {
	require.NoError(c.t, c.Read(context.Background(), func(tx store.Tx) error {
		options, err := tx.Options(context.Background())
		for name := range options {
			names = append(names, name)
		}
		return err
	}))
	return names
}

// Changes that wait share a commit; each has its own outcome, and nothing of one that fails is left.
func TestChangesShareACommit(t *testing.T) {
	c, ctx := newCrowd(t), t.Context()
	failure := errors.New("failure")
	one := c.set(ctx, "one")
	failed := c.join(ctx, func(tx store.Tx) error { return errors.Join(tx.SetOption(ctx, "failed", "1"), failure) })
	panicked := c.join(ctx, func(tx store.Tx) error {
		if err := tx.SetOption(ctx, "panicked", "1"); err != nil {
			return err
		}
		panic("a fault of the program")
	})
	given, giveUp := context.WithCancel(ctx)
	late := c.join(given, func(tx store.Tx) error {
		err := tx.SetOption(given, "given up", "1")
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
		seen = c.kept()
		_, seenBy = tx.Options(ctx)
		return tx.SetOption(ctx, "last", "1")
	})
	close(c.release)
	require.NoError(t, <-c.first)
	require.NoError(t, <-one)
	require.ErrorIs(t, <-failed, failure)
	require.ErrorContains(t, <-panicked, "a fault of the program")
	require.ErrorIs(t, <-late, context.Canceled)
	require.NoError(t, <-last)
	require.NoError(t, seenBy)
	require.Equal(t, []string{"first"}, seen, "nothing of the others is committed before all are done")
	require.ElementsMatch(t, []string{"first", "one", "last"}, c.kept())
	require.NoError(t, c.Write(ctx, func(tx store.Tx) error { return tx.SetOption(ctx, "next", "1") }))
}

// When SQLite undoes a shared transaction as a whole, as on a full disk, the others run again alone.
func TestChangesThatAnotherOneUndid(t *testing.T) {
	c, ctx := newCrowd(t), t.Context()
	runs := 0
	one := c.join(ctx, func(tx store.Tx) error {
		runs++
		return tx.SetOption(ctx, "one", "1")
	})
	failure := errors.New("the disk is full")
	failed := c.join(ctx, func(tx store.Tx) error {
		_, err := tx.(sqlstore.Tx).Conn.Exec(ctx, `ROLLBACK`)
		return errors.Join(err, failure)
	})
	last := c.set(ctx, "last")
	close(c.release)
	require.NoError(t, <-c.first)
	require.NoError(t, <-one)
	require.ErrorIs(t, <-failed, failure)
	require.NoError(t, <-last)
	require.Equal(t, 2, runs)
	require.ElementsMatch(t, []string{"first", "one", "last"}, c.kept())
}
