package manager

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
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

// closenessServer returns a server and a PC that lost its data. The PC is recognized for three licenses: the first
// has the most equal locks and one that differs; the others have none that differs.
func closenessServer(t *testing.T) (f *fakeServer, p *fakePC) {
	t.Helper()
	f = newFakeServer()
	f.total = 9
	p = newFakePC(t, f, "old")
	reading, err := p.pc.Locks(t.Context())
	require.NoError(t, err)
	key := lumenSignature.Key()
	now := reading.Block(key)
	bare := with(with(with(now, license.BIOSID, 0), license.OSID, 0), license.CPUID, 0)
	changed := license.Compare(with(now, license.NETID, now.Value(license.NETID)^1), now, license.DefaultPolicy())
	silent := license.Compare(bare, now, license.DefaultPolicy())
	require.Greater(t, changed.Count(license.Same), silent.Count(license.Same),
		"counting equal locks alone would choose the other one")
	f.activate(key.Codes(1, with(now, license.NETID, now.Value(license.NETID)^1)), "one differs", 0)
	f.activate(key.Codes(2, with(bare, license.HDID, 0)), "fewer locks", 0)
	f.activate(key.Codes(3, bare), "closest", 0)
	_, err = p.Program(t.Context(), 1)
	require.NoError(t, err)
	_, err = p.Licenses(t.Context(), lumenOrder)
	require.NoError(t, err)
	return f, p
}

// The license with the fewest differing locks is offered, not the one with the most equal locks.
func TestBringBackPrefersTheClosest(t *testing.T) {
	_, p := closenessServer(t)
	offers, err := p.BringBacks(t.Context())
	require.NoError(t, err)
	require.Len(t, offers, 1)
	require.Equal(t, "closest", offers[0].License.Note)
}

func TestBringBackPrefersTheLaterOfEqual(t *testing.T) {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var earlier, later BringBack
	earlier.License.ActivatedAt, later.License.ActivatedAt = day, day.AddDate(0, 0, 1)
	require.True(t, later.preferred(earlier))
	require.False(t, earlier.preferred(later))
}

// The first option for another PC is the license with the fewest differing locks.
func TestCourierPrefersTheClosest(t *testing.T) {
	f, p := closenessServer(t)
	r, err := p.MakeRequest(t.Context(), "old", []Wish{{Task: carry.TaskActivate, Signature: lumenSignature}})
	require.NoError(t, err)
	plan, err := newFakePC(t, f, "other").PlanCourier(t.Context(), r)
	require.NoError(t, err)
	var notes []string
	for _, o := range plan[0].Options {
		if o.Action == CourierReactivate {
			notes = append(notes, o.License.Note)
		}
	}
	require.Equal(t, []string{"closest", "fewer locks", "one differs"}, notes)
}
