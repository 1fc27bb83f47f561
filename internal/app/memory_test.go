package app

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// collector returns the settings of the garbage collector.
func collector() (percent int, limit int64) {
	percent = debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

// disableGC turns the collector off, and its result restores the settings. A memory limit that is set stays.
func TestDisableGC(t *testing.T) {
	percent, limit := collector()
	require.EqualValues(t, math.MaxInt64, limit)
	enable := disableGC()
	now, bound := collector()
	require.Equal(t, -1, now)
	require.EqualValues(t, startMemory, bound, "the memory limit of the start")
	for range 2 {
		enable()
		now, bound = collector()
		require.Equal(t, percent, now)
		require.Equal(t, limit, bound)
	}

	debug.SetMemoryLimit(1 << 30)
	defer debug.SetMemoryLimit(limit)
	disableGC()
	now, bound = collector()
	require.Equal(t, percent, now)
	require.EqualValues(t, 1<<30, bound, "GOMEMLIMIT stays")
}
