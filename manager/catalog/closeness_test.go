package catalog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// with returns b with another value of a lock; 0 makes the lock unreadable.
func with(b license.Block, l license.Lock, value uint16) license.Block {
	var with license.Block
	for _, one := range license.Locks() {
		v := b.Value(one)
		if one == l {
			v = value
		}
		with = with<<one.Bits() | license.Block(v)
	}
	return with
}

// The license with the fewest differing locks is offered, not the one with the most equal locks.
func TestBringBackPrefersTheClosest(t *testing.T) {
	w := newFixture(t)
	key, now := signature.Key(), w.block(t)
	bare := with(with(with(now, license.BIOSID, 0), license.OSID, 0), license.CPUID, 0)
	changed := license.Compare(with(now, license.NETID, now.Value(license.NETID)^1), now, license.DefaultPolicy())
	silent := license.Compare(bare, now, license.DefaultPolicy())
	require.Greater(t, changed.Count(license.Same), silent.Count(license.Same),
		"counting equal locks alone would choose the other one")
	w.cache(t,
		w.activate(t, key.Codes(1, with(now, license.NETID, now.Value(license.NETID)^1)), "one differs"),
		w.activate(t, key.Codes(2, with(bare, license.HDID, 0)), "fewer locks"),
		w.activate(t, key.Codes(3, bare), "closest"))
	offers, err := w.view.BringBacks(t.Context())
	require.NoError(t, err)
	require.Len(t, offers, 1)
	require.Equal(t, "closest", offers[0].License.Note)
	require.NoError(t, offers[0].Refusal)
	require.Empty(t, w.server.calls, "the tables are cached")
}

func TestBringBackPrefersTheLaterOfEqual(t *testing.T) {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var earlier, later BringBack
	earlier.License.ActivatedAt, later.License.ActivatedAt = day, day.AddDate(0, 0, 1)
	require.True(t, later.preferred(earlier))
	require.False(t, earlier.preferred(later))
}
