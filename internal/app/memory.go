package app

import (
	"math"
	"runtime/debug"
	"sync"
)

// startMemory is how much a start may take before garbage is collected all the same. Fonts and tables need half of it.
const startMemory = 256 << 20

// collectLater lets a start pass without collecting garbage: hardly any has come together by the first frame, and marking what
// lives, mostly fonts, would take the processor from it several times. What it returns brings the collector back; again it does
// nothing. Any goroutine.
func collectLater() (collect func()) {
	limit := debug.SetMemoryLimit(-1)
	if limit != math.MaxInt64 {
		return func() {} // the person has set one
	}
	percent := debug.SetGCPercent(-1)
	debug.SetMemoryLimit(startMemory)
	return sync.OnceFunc(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
}
