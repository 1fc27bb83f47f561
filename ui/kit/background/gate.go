package background

import (
	"sync"
	"time"
)

// Gate queues functions for the UI thread of a window that is not shown yet, so that they can run before its first
// frame. After Open it passes functions to the UI thread.
type Gate struct {
	do func(func())

	mu    sync.Mutex
	open  bool
	queue []func()
	added chan struct{} // has capacity 1; receives when a function is queued
}

// NewGate returns a closed gate. do runs a function on the UI thread without waiting for it. Any goroutine.
func NewGate(do func(func())) *Gate { return &Gate{do: do, added: make(chan struct{}, 1)} }

// Do queues f, or runs it on the UI thread if the gate is open. Any goroutine.
func (g *Gate) Do(f func()) {
	if !g.enqueue(f) {
		g.do(f)
	}
}

// enqueue queues f and returns true, or returns false if the gate is open.
func (g *Gate) enqueue(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return false
	}
	g.queue = append(g.queue, f)
	select {
	case g.added <- struct{}{}:
	default: // signaled already
	}
	return true
}

// Run runs queued functions, and those that are queued meanwhile, until done returns true or timeout receives. UI
// thread.
func (g *Gate) Run(done func() bool, timeout <-chan time.Time) {
	for !done() {
		if f := g.next(); f != nil {
			f()
			continue
		}
		select {
		case <-g.added:
		case <-timeout:
			return
		}
	}
}

// next removes the first function from the queue and returns it, or nil if the queue is empty.
func (g *Gate) next() (f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) > 0 {
		f, g.queue = g.queue[0], g.queue[1:]
	}
	return f
}

// Open passes queued functions and all later ones to the UI thread, in order. UI thread.
func (g *Gate) Open() {
	for {
		g.mu.Lock()
		queued := g.queue
		g.queue, g.open = nil, len(queued) == 0
		g.mu.Unlock()
		if len(queued) == 0 {
			return
		}
		for _, f := range queued {
			g.do(f)
		}
	}
}
