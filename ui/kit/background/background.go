// Package background runs work that may block, on network, disk, keyring or hardware, off the UI thread, and delivers
// its result on the UI thread.
package background

import (
	"context"
	"sync"
)

// Group is the background work of a window. Close cancels it and drops late results.
type Group struct {
	ctx    context.Context
	cancel context.CancelFunc
	do     func(func())

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// NewGroup returns a group whose work ends with ctx. do runs a function on the UI thread without waiting for it:
// fyne.Do in a window, a queue in a test. Any goroutine.
func NewGroup(ctx context.Context, do func(func())) *Group {
	g := &Group{do: do}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// Close cancels all work, drops its results and prevents new work. Any goroutine.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
}

// Wait blocks until all work has returned. It must be called after Close, and not on the UI thread if work may wait for
// the UI thread.
func (g *Group) Wait() { g.running.Wait() }

// Do runs f on the UI thread unless the group is closed by then. Any goroutine.
func (g *Group) Do(f func()) {
	g.do(func() {
		if g.ctx.Err() == nil {
			f()
		}
	})
}

// start runs f on a new goroutine. It returns false if the group is closed.
func (g *Group) start(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.running.Go(f)
	return true
}

// Slot runs at most one piece of work at a time, such as loading a table. Starting new work cancels the previous one
// and drops its result. The methods of Slot and Run belong to the UI thread.
type Slot struct {
	group    *Group
	sequence uint64
	cancel   context.CancelFunc
}

// NewSlot returns an idle slot of the group.
func (g *Group) NewSlot() *Slot { return &Slot{group: g} }

// Busy reports whether work is running whose result will be delivered.
func (s *Slot) Busy() bool { return s.cancel != nil }

// Cancel cancels the running work and drops its result.
func (s *Slot) Cancel() {
	s.sequence++
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
}

// Interrupt cancels the running work, but its result is still delivered: the server may have finished it already.
func (s *Slot) Interrupt() {
	if s.cancel != nil {
		s.cancel()
	}
}

// Wait blocks until c is closed or ctx ends, and returns the error of ctx in the latter case. It returns nil at once if
// c is nil. Any goroutine.
func Wait(ctx context.Context, c <-chan struct{}) error {
	if c == nil {
		return nil
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run runs work on a new goroutine and then done with its result on the UI thread. If the slot is canceled or reused or
// the group is closed, the context of work ends and done is not called.
func Run[T any](s *Slot, work func(context.Context) (T, error), done func(T, error)) {
	s.Cancel()
	sequence := s.sequence
	ctx, cancel := context.WithCancel(s.group.ctx)
	started := s.group.start(func() {
		defer cancel()
		result, err := work(ctx)
		s.group.Do(func() {
			if s.sequence != sequence {
				return
			}
			s.cancel = nil
			done(result, err)
		})
	})
	if !started {
		cancel()
		return
	}
	s.cancel = cancel
}
