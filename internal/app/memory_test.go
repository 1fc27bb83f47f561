package app

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// collector is how garbage is collected now.
func collector() (percent int, limit int64) {
	percent = debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

func TestGarbageIsCollectedAfterTheStartAsBefore(t *testing.T) {
	percent, limit := collector()
	require.EqualValues(t, math.MaxInt64, limit)
	collect := collectLater()
	now, bound := collector()
	require.Equal(t, -1, now)
	require.EqualValues(t, startMemory, bound, "and the start takes no more than this")
	for range 2 {
		collect()
		now, bound = collector()
		require.Equal(t, percent, now)
		require.Equal(t, limit, bound)
	}

	debug.SetMemoryLimit(1 << 30)
	defer debug.SetMemoryLimit(limit)
	collectLater()
	now, bound = collector()
	require.Equal(t, percent, now)
	require.EqualValues(t, 1<<30, bound, "the person's limit stays")
}
