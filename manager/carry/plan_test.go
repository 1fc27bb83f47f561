package carry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
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

func actions(item PlanItem) (list []Action) {
	for _, o := range item.Options {
		list = append(list, o.Action)
	}
	return list
}

// The first option for another PC is the license with the fewest differing locks.
func TestPlanPrefersTheClosest(t *testing.T) {
	v := newVendor()
	w := newFixture(t, v, "old")
	reading, err := w.pc.Locks(t.Context())
	require.NoError(t, err)
	key := signature.Key()
	now := reading.Block(key)
	bare := with(with(with(now, license.BIOSID, 0), license.OSID, 0), license.CPUID, 0)
	v.activate(key.Codes(1, with(now, license.NETID, now.Value(license.NETID)^1)), "one differs")
	v.activate(key.Codes(2, with(bare, license.HDID, 0)), "fewer locks")
	v.activate(key.Codes(3, bare), "closest")
	plan := newFixture(t, v, "other").plan(t, w.request(t, RequestItem{Task: carry.TaskActivate}))
	var notes []string
	for _, o := range plan[0].Options {
		notes = append(notes, o.License.Note)
	}
	require.Equal(t, []string{"closest", "fewer locks", "one differs", ""}, notes)
	require.Equal(t, []Action{ActionReactivate, ActionReactivate, ActionReactivate, ActionNew}, actions(plan[0]))
}

func TestPlan(t *testing.T) {
	full := &api.Allowance{Reason: api.ErrLicensesInUse}
	for name, c := range map[string]struct {
		task    carry.Task
		prepare func(v *vendor, codes license.Codes, item *RequestItem)
		actions []Action
		refusal error
	}{
		"a new license": {
			task:    carry.TaskActivate,
			actions: []Action{ActionNew},
		},
		"none left": {
			task:    carry.TaskActivate,
			prepare: func(v *vendor, _ license.Codes, _ *RequestItem) { v.order.Allowed.Add = full },
			actions: []Action{ActionNew},
			refusal: api.ErrLicensesInUse,
		},
		"the PC has one": {
			task:    carry.TaskActivate,
			prepare: func(v *vendor, codes license.Codes, _ *RequestItem) { v.activate(codes, "") },
			actions: []Action{ActionHave},
		},
		"a released one before a new one": {
			task: carry.TaskActivate,
			prepare: func(v *vendor, _ license.Codes, _ *RequestItem) {
				v.activate(signature.Key().Codes(1, 4711), "").ReleasedAt = &v.now
			},
			actions: []Action{ActionTransfer, ActionNew},
		},
		"what is refused comes last": {
			task: carry.TaskActivate,
			prepare: func(v *vendor, _ license.Codes, _ *RequestItem) {
				l := v.activate(signature.Key().Codes(1, 4711), "")
				l.ReleasedAt, l.Allowed.Transfer = &v.now, &api.Allowance{Reason: api.ErrLimitReached}
			},
			actions: []Action{ActionNew, ActionTransfer},
		},
		"a program without an order": {
			task:    carry.TaskActivate,
			prepare: func(v *vendor, _ license.Codes, _ *RequestItem) { v.order.RequiresActivation = false },
			refusal: api.ErrNotFound,
		},
		"a transfer of an unknown license": {
			task: carry.TaskTransfer,
			prepare: func(v *vendor, _ license.Codes, _ *RequestItem) {
				v.activate(signature.Key().Codes(1, 4711), "")
				v.activate(signature.Key().Codes(2, 4711), "").Status = api.StatusRemoved
			},
			actions: []Action{ActionTransfer},
		},
		"a transfer of another PC's license": {
			task: carry.TaskTransfer,
			prepare: func(v *vendor, _ license.Codes, item *RequestItem) {
				v.activate(signature.Key().Codes(1, 4711), "")
				item.From = signature.Key().Codes(2, 4711)
			},
			refusal: api.ErrNotFound,
		},
		"a transfer that was carried out": {
			task:    carry.TaskTransfer,
			prepare: func(v *vendor, codes license.Codes, _ *RequestItem) { v.activate(codes, "") },
			actions: []Action{ActionHave},
		},
		"a removal": {
			task: carry.TaskRemove,
			prepare: func(v *vendor, codes license.Codes, item *RequestItem) {
				v.activate(codes, "")
				item.Kept.Codes = codes
			},
			actions: []Action{ActionRemove},
		},
		"a removal that was carried out": {
			task: carry.TaskRemove,
			prepare: func(v *vendor, codes license.Codes, item *RequestItem) {
				v.activate(codes, "").Status = api.StatusRemoved
				item.Kept.Codes = codes
			},
			actions: []Action{ActionRemoved},
		},
		"a removal of an unknown license": {
			task:    carry.TaskRemove,
			prepare: func(_ *vendor, codes license.Codes, item *RequestItem) { item.Kept.Codes = codes },
			refusal: api.ErrNotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor()
			w := newFixture(t, v, "old")
			item := RequestItem{Task: c.task, Signature: signature}
			if c.task != carry.TaskActivate {
				item.RemovalCode, item.Kept.Code = 1, 1
			}
			if c.prepare != nil {
				c.prepare(v, w.codes(t), &item)
			}
			plan := newFixture(t, v, "other").plan(t, w.request(t, item))
			require.Equal(t, c.actions, actions(plan[0]))
			if c.refusal == nil {
				require.NoError(t, plan[0].Refusal)
			} else {
				require.ErrorIs(t, plan[0].Refusal, c.refusal)
			}
		})
	}
}

// The seat that a removal frees can be used by the next item, once, and the removed license cannot be reactivated.
func TestFreedSeat(t *testing.T) {
	v := newVendor()
	v.order.Allowed.Add = &api.Allowance{Reason: api.ErrLicensesInUse}
	w := newFixture(t, v, "old")
	codes := w.codes(t)
	v.activate(codes, "")
	remove := RequestItem{Task: carry.TaskRemove, Signature: signature}
	remove.Kept.Codes, remove.Kept.Code = codes, 1
	activate := RequestItem{Task: carry.TaskActivate, Signature: signature}
	r, err := w.MakeRequest(t.Context(), "", []RequestItem{remove, activate})
	require.NoError(t, err)
	r.Items = append(r.Items, r.Items[1])
	plan := newFixture(t, v, "other").plan(t, r)
	require.Equal(t, []Action{ActionRemove}, actions(plan[0]))
	require.Equal(t, []Action{ActionNew}, actions(plan[1]))
	require.NoError(t, plan[1].Refusal)
	require.ErrorIs(t, plan[2].Refusal, api.ErrLicensesInUse)
}
