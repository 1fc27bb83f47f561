package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
)

// Times on the wire are in UTC, and an absent time is absent.
func TestTimesAreUTC(t *testing.T) {
	now := time.Date(2026, time.October, 25, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 2*60*60)
	at := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour).In(zone) }
	expires, alive, ended, released := at(1), at(2), at(3), at(4)
	w := store.License{
		ActivatedAt: at(0),
		ExpiresAt:   &expires,
		LastAliveAt: &alive,
		EndedAt:     &ended,
		ReleasedAt:  &released,
	}.Wire()
	got := []time.Time{w.ActivatedAt, *w.ExpiresAt, *w.LastAliveAt, *w.EndedAt, *w.ReleasedAt}
	for hours, value := range got {
		require.Equal(t, now.Add(time.Duration(hours)*time.Hour), value)
	}
	none := store.License{}.Wire()
	require.Equal(t, []*time.Time{nil, nil, nil, nil},
		[]*time.Time{none.ExpiresAt, none.LastAliveAt, none.EndedAt, none.ReleasedAt})
}
