package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
)

func TestCheckGap(t *testing.T) {
	for gap, ok := range map[int64]bool{
		-1 << 63:         false,
		-1:               false,
		0:                false,
		1:                true,
		store.DefaultGap: true,
		store.MaxGap:     true,
		store.MaxGap + 1: false,
		1<<63 - 1:        false,
	} {
		require.Equal(t, ok, store.CheckGap(gap) == nil, "%d", gap)
	}
}
