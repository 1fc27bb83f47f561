package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/fingerprint"
)

// TestStability compares what becomes of a license with what is right. Limits, of which nobody tells the copy from the
// original, are marked as such and nothing else is.
func TestStability(t *testing.T) {
	names := map[string]bool{}
	for _, e := range allEvents() {
		t.Run(e.name, func(t *testing.T) {
			before, err := fingerprint.Recorded(e.from).Read(t.Context())
			require.NoError(t, err)
			now, err := fingerprint.Recorded(e.tree).Read(t.Context())
			require.NoError(t, err)
			mine := recognize(before, now)
			require.Equal(t, e.limit, distance(mine, e.best) > 0, "%s, right is %s", mine, e.best)
			require.False(t, names[e.name], "twice")
			names[e.name] = true
		})
	}
}
