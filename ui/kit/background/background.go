// Package background runs work that may block, on network, disk, keyring or hardware, off the UI thread, and delivers
// its result on the UI thread. Closing a Group cancels its work and drops late results. All screens use it.
package background

import (
	"context"
	"sync"
)

// Group is the work of one window. Closing it ends all its work and drops what comes back later.
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

// Close cancels all work. Results that come later are dropped, and nothing new is started. Any goroutine.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
}

// Wait blocks until all work has returned; call it after Close and not on the UI thread while work may wait for that.
func (g *Group) Wait() { g.running.Wait() }

// Do runs a function on the UI thread unless the group is closed by then. Any goroutine.
func (g *Group) Do(f func()) {
	g.do(func() {
		if g.ctx.Err() == nil {
			f()
		}
	})
}

// start runs f on a goroutine of the group; it reports false when the group is closed.
func (g *Group) start(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.running.Go(f)
	return true
}

// Slot is one thing that is done again and again, such as loading one table: what is started last counts, and
// starting it ends what was started before. Its methods and Run belong to the UI thread.
type Slot struct {
	group      *Group
	generation uint64
	cancel     context.CancelFunc
}

// NewSlot returns an idle slot of the group.
func (g *Group) NewSlot() *Slot { return &Slot{group: g} }

// Busy reports whether work is under way whose result is still wanted.
func (s *Slot) Busy() bool { return s.cancel != nil }

// Cancel ends the work that is under way; its result is dropped.
func (s *Slot) Cancel() {
	s.generation++
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
}

// Interrupt asks the work that is under way to end. Its outcome still comes back: what a server has done before it heard
// of the change of mind is not lost.
func (s *Slot) Interrupt() {
	if s.cancel != nil {
		s.cancel()
	}
}

// Wait blocks until a channel is closed, or fails when ctx ends before; for a nil channel it waits for nothing. Any goroutine.
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

// Run starts work on a goroutine of its own, with a context that ends when the slot is canceled or used again or the
// group is closed, and then calls done on the UI thread, exactly once, or never if the result has become stale.
func Run[T any](s *Slot, work func(context.Context) (T, error), done func(T, error)) {
	s.Cancel()
	generation := s.generation
	ctx, cancel := context.WithCancel(s.group.ctx)
	started := s.group.start(func() {
		defer cancel()
		result, err := work(ctx)
		s.group.Do(func() {
			if s.generation != generation {
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
