package background

import (
	"sync"
	"time"
)

// Gate is the way to the UI thread of a window that is not shown yet: what comes is kept, so that it can be run before
// the window's first frame. Once the gate is open everything goes on to the UI thread by itself.
type Gate struct {
	do func(func())

	mu    sync.Mutex
	open  bool
	kept  []func()
	comes chan struct{} // holds one when something has come
}

// NewGate returns a closed gate. do runs a function on the UI thread without waiting for it. Any goroutine.
func NewGate(do func(func())) *Gate { return &Gate{do: do, comes: make(chan struct{}, 1)} }

// Do keeps a function, or runs it on the UI thread once the gate is open. Any goroutine.
func (g *Gate) Do(f func()) {
	if !g.keep(f) {
		g.do(f)
	}
}

func (g *Gate) keep(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return false
	}
	g.kept = append(g.kept, f)
	select {
	case g.comes <- struct{}{}:
	default: // that something has come is known
	}
	return true
}

// Run runs what is kept and what comes, until it is enough or late sends. UI thread.
func (g *Gate) Run(enough func() bool, late <-chan time.Time) {
	for !enough() {
		if f := g.next(); f != nil {
			f()
			continue
		}
		select {
		case <-g.comes:
		case <-late:
			return
		}
	}
}

// next takes what was kept first; nil when nothing is.
func (g *Gate) next() (f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.kept) > 0 {
		f, g.kept = g.kept[0], g.kept[1:]
	}
	return f
}

// Open lets what is kept, and then all that comes, go on to the UI thread, in the order in which it came. UI thread.
func (g *Gate) Open() {
	for {
		g.mu.Lock()
		kept := g.kept
		g.kept, g.open = nil, len(kept) == 0
		g.mu.Unlock()
		if len(kept) == 0 {
			return
		}
		for _, f := range kept {
			g.do(f)
		}
	}
}
