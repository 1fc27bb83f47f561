package app

import (
	"math"
	"runtime/debug"
	"sync"
)

// startMemory is the memory limit while the collector is off, in bytes. Fonts and tables need half of it.
const startMemory = 256 << 20

// disableGC turns the garbage collector off until enable is called or the program uses startMemory bytes. Until the
// first frame there is little garbage, and marking the live heap, mostly fonts, would delay it several times. A second
// call of enable does nothing. Any goroutine.
func disableGC() (enable func()) {
	limit := debug.SetMemoryLimit(-1)
	if limit != math.MaxInt64 {
		return func() {} // GOMEMLIMIT is set
	}
	percent := debug.SetGCPercent(-1)
	debug.SetMemoryLimit(startMemory)
	return sync.OnceFunc(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
}
