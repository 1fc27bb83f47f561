package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/fingerprint"
)

// TestStability compares the outcome for a license with the correct one. Exactly the events that no lock can
// distinguish are marked as limits.
func TestStability(t *testing.T) {
	names := map[string]bool{}
	for _, e := range allEvents() {
		t.Run(e.name, func(t *testing.T) {
			before, err := fingerprint.Recorded(e.from).Read(t.Context())
			require.NoError(t, err)
			now, err := fingerprint.Recorded(e.tree).Read(t.Context())
			require.NoError(t, err)
			mine := recognize(before, now)
			require.Equal(t, e.limit, distance(mine, e.best) > 0, "%s instead of %s", mine, e.best)
			require.False(t, names[e.name], "duplicate name")
			names[e.name] = true
		})
	}
}
