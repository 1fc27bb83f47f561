package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// A released license stays active, but its Site code is spent, even after the license has ended.
func testReleases(t *testing.T, f *fixture) {
	var l, other store.License
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if l, err = f.license(ctx, tx, 1); err != nil {
			return err
		}
		other, err = f.license(ctx, tx, 2)
		return err
	})
	release := func(id int64, at time.Time) error {
		return f.try(func(ctx context.Context, tx store.Tx) error { return tx.Licenses.Release(ctx, id, at) })
	}
	spent := func(site license.SiteCode) (is bool) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) {
			is, err = spent(ctx, tx, f.order, site)
			return err
		})
		return is
	}
	stored := func(id int64) (l store.License) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) { l, err = tx.Licenses.Get(ctx, id); return err })
		return l
	}
	require.False(t, spent(1))
	later := noon.Add(time.Hour)
	require.NoError(t, release(l.ID, later))
	l.ReleasedAt = &later
	require.Empty(t, cmp.Diff(l, stored(l.ID)), "nothing else changed")
	require.Empty(t, cmp.Diff(other, stored(other.ID)))
	require.True(t, spent(1))
	require.False(t, spent(2))
	require.ErrorIs(t, release(l.ID, later.Add(time.Hour)), store.ErrNotFound, "it is released already")
	require.ErrorIs(t, release(l.ID+other.ID, later), store.ErrNotFound)
	f.read(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.Licenses.BySite(ctx, f.order, 1)
		require.NoError(t, err)
		require.Equal(t, l.ID, found.ID)
		o, err := tx.Orders.Get(ctx, f.order)
		require.NoError(t, err)
		require.Equal(t, 2, o.LicensesActive, "it keeps its seat")
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		l.Note, l.ReleasedAt = "other", nil
		if err := tx.Licenses.Change(ctx, l); err != nil {
			return err
		}
		return errors.Join(tx.Licenses.End(ctx, l.ID, api.StatusReactivated, later),
			tx.Licenses.End(ctx, other.ID, api.StatusReactivated, later))
	})
	require.Equal(t, later, *stored(l.ID).ReleasedAt, "Change does not undo Release")
	require.True(t, spent(1))
	require.False(t, spent(2))
	require.ErrorIs(t, release(other.ID, later), store.ErrNotFound, "it has ended")
}

// LockOf returns the locked order in its current state, and fails for one that does not exist.
func testLocks(t *testing.T, f *fixture) {
	ctx := t.Context()
	require.NoError(t, f.Write(ctx, store.Lock{ClientID: f.client, OrderID: f.order}, func(tx store.Tx) error {
		for n := range 3 {
			o, p, err := tx.Orders.LockOf(ctx, f.client, f.order)
			require.NoError(t, err)
			require.Equal(t, n, o.LicensesActive)
			require.Equal(t, f.program, p.ID)
			_, _, err = tx.Orders.LockOf(ctx, f.client+1, f.order)
			require.ErrorIs(t, err, store.ErrNotFound)
			if _, err := f.license(ctx, tx, license.SiteCode(n+1)); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, lock := range []store.Lock{
		{ClientID: f.client + 1, OrderID: f.order},
		{ClientID: f.client, OrderID: f.order + 1},
	} {
		require.NoError(t, f.Write(ctx, lock, func(tx store.Tx) error {
			_, _, err := tx.Orders.LockOf(ctx, lock.ClientID, lock.OrderID)
			require.ErrorIs(t, err, store.ErrNotFound)
			o, _, err := tx.Orders.LockOf(ctx, f.client, f.order)
			require.Equal(t, 3, o.LicensesActive)
			return err
		}))
	}
}

// Prefetch does not change results, whether the announced reads come or not.
func testPrefetch(t *testing.T, f *fixture) {
	answer := store.Answer{
		ClientID:  f.client,
		Key:       "key",
		Request:   []byte{1},
		Status:    201,
		Body:      []byte("{}"),
		CreatedAt: noon,
	}
	var l store.License
	read := func(
		ctx context.Context, tx store.Tx, key string, client, order int64, site license.SiteCode,
	) (found string, next int64) {
		_, err := tx.Answers.Get(ctx, f.client, key)
		if err == nil {
			return "answer", 0
		}
		require.ErrorIs(t, err, store.ErrNotFound)
		o, p, err := tx.Orders.LockOf(ctx, client, order)
		if err != nil {
			require.ErrorIs(t, err, store.ErrNotFound)
			return "nothing", 0
		}
		require.Equal(t, []int64{f.order, f.program}, []int64{o.ID, p.ID})
		taken, err := tx.Licenses.BySite(ctx, order, site)
		if err == nil {
			require.Equal(t, l.ID, taken.ID)
			return "license", 0
		}
		require.ErrorIs(t, err, store.ErrNotFound)
		next, err = tx.Licenses.NextID(ctx)
		require.NoError(t, err)
		return "site", next
	}
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if l, err = f.license(ctx, tx, 1); err != nil {
			return err
		}
		found, _ := read(ctx, tx, "key", f.client, f.order, 1)
		require.Equal(t, "license", found, "the transaction sees what it has added")
		return tx.Answers.Add(ctx, answer)
	})
	for _, locks := range []bool{false, true} {
		for _, c := range []struct {
			key           string
			client, order int64
			site          license.SiteCode
			found         string
		}{
			{"other", f.client, f.order, 2, "site"},
			{"other", f.client, f.order, 1, "license"},
			{"key", f.client, f.order, 2, "answer"},
			{"other", f.client + 1, f.order, 2, "nothing"},
			{"other", f.client, f.order + 1, 2, "nothing"},
		} {
			lock := store.NoLock
			if locks {
				lock = store.Lock{ClientID: c.client, OrderID: c.order}
			}
			for _, hints := range [][]store.Hint{
				nil,
				{store.Prefetch(store.LicenseReads{ClientID: c.client, Key: c.key, OrderID: c.order, Site: c.site})},
				{store.Prefetch(store.LicenseReads{ClientID: c.client, Key: c.key, OrderID: c.order, Site: c.site + 1})},
				{store.Prefetch(store.LicenseReads{ClientID: c.client, Key: c.key, OrderID: c.order + 1, Site: c.site})},
				{store.Prefetch(store.LicenseReads{ClientID: c.client, Key: "none", OrderID: c.order, Site: c.site})},
			} {
				require.NoError(t, f.Write(t.Context(), lock, func(tx store.Tx) error {
					found, next := read(t.Context(), tx, c.key, c.client, c.order, c.site)
					require.Equal(t, c.found, found)
					if found == "site" {
						require.Greater(t, next, l.ID, "the id is new")
					}
					o, err := tx.Orders.Get(t.Context(), f.order)
					require.Equal(t, 1, o.LicensesActive)
					return err
				}, hints...))
			}
		}
	}
}

// A family is listed completely, and a former activation code is stored.
func testFamilies(t *testing.T, f *fixture) {
	var first, second, other store.License
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if first, err = f.license(ctx, tx, 1); err != nil {
			return err
		}
		if err := tx.Licenses.End(ctx, first.ID, api.StatusReactivated, noon.Add(time.Hour)); err != nil {
			return err
		}
		if second.ID, err = tx.Licenses.NextID(ctx); err != nil {
			return err
		}
		id := second.ID
		second = first
		second.ID, second.OriginalID, second.Codes.Site, second.ActivatedAt = id, first.ID, 2, noon.Add(time.Hour)
		if err := tx.Licenses.Add(ctx, second); err != nil {
			return err
		}
		other, err = f.license(ctx, tx, 3)
		return err
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		family, err := tx.Licenses.Family(ctx, first.ID)
		require.NoError(t, err)
		require.Len(t, family, 2)
		require.Equal(t, []int64{first.ID, second.ID}, []int64{family[0].ID, family[1].ID})
		spent, err := spent(ctx, tx, f.order, 1)
		require.NoError(t, err)
		require.False(t, spent, "a reactivation spends no Site code")
		endings, err := tx.Uses.Endings(ctx, f.order, noon.Add(time.Hour))
		require.NoError(t, err)
		ended := store.LicenseEnd{OriginalID: first.ID, Status: api.StatusReactivated, At: noon.Add(time.Hour)}
		require.Empty(t, cmp.Diff([]store.LicenseEnd{ended}, endings))
		endings, err = tx.Uses.Endings(ctx, f.order, noon.Add(time.Hour+time.Microsecond))
		require.NoError(t, err)
		require.Empty(t, endings)
		began, err := tx.Uses.Activations(ctx, f.order, noon)
		require.NoError(t, err)
		require.Len(t, began, 2, "a reactivation begins no family")
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		return tx.Licenses.End(ctx, other.ID, api.StatusTransferred, noon)
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		changed := second
		changed.Note = "other"
		if err := tx.Licenses.Change(ctx, changed); err != nil {
			return err
		}
		for _, code := range []license.ActivationCode{{7}, {8}, second.Activation} {
			changed.Activation = code
			if err := tx.Licenses.Change(ctx, changed); err != nil {
				return err
			}
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		spent, err := spent(ctx, tx, f.order, 3)
		require.NoError(t, err)
		require.True(t, spent, "a transfer does")
		former, err := tx.Licenses.FormerActivations(ctx, second.ID)
		require.NoError(t, err)
		require.ElementsMatch(t, []license.ActivationCode{second.Activation, {7}, {8}}, former)
		former, err = tx.Licenses.FormerActivations(ctx, first.ID)
		require.NoError(t, err)
		require.Empty(t, former)
		return nil
	})
}

// All other properties of programs and clients are stored; a serial number makes at most one order of a program.
func testSerials(t *testing.T, f *fixture) {
	rules := store.TaskRules{
		api.TaskReactivation.RuleName(): {
			api.SubscriptionValid:   {On: true, PerDay: 2, PerMonth: 3},
			api.SubscriptionExpired: {On: true},
		},
		api.TaskRemoval.RuleName(): {api.SubscriptionNone: {}},
	}
	f.write(func(ctx context.Context, tx store.Tx) error {
		p, err := tx.Programs.Get(ctx, f.program)
		if err != nil {
			return err
		}
		p.Tasks, p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays = rules, 5, 65535, 7, 365
		c, err := tx.Clients.Get(ctx, f.client)
		if err != nil {
			return err
		}
		c.Contact = store.Contact{
			Address: "Straße 1",
			City:    "Köln",
			Zip:     "1",
			State:   "NRW",
			Country: "D",
			Phone:   "2",
			Fax:     "3",
		}
		return errors.Join(tx.Programs.Change(ctx, p), tx.Clients.Change(ctx, c))
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		p, err := tx.Programs.Get(ctx, f.program)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(rules, p.Tasks))
		require.Equal(t, []any{uint32(5), uint32(65535), 7, 365},
			[]any{p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays})
		require.Equal(t, store.TaskRule{On: true, PerDay: 2, PerMonth: 3},
			p.Tasks.Rule(api.TaskReactivation, api.SubscriptionValid))
		require.Equal(t, store.TaskRule{On: true}, p.Tasks.Rule(api.TaskTransfer, api.SubscriptionNone),
			"on and unlimited by default")
		require.Equal(t, store.TaskRule{}, p.Tasks.Rule(api.TaskTransfer, api.SubscriptionExpired),
			"off by default if the subscription has expired")
		c, err := tx.Clients.Get(ctx, f.client)
		require.NoError(t, err)
		require.Equal(t, "Köln", c.Contact.City)
		for address, want := range map[string]int{"A@B.EXAMPLE": 1, "b.example": 0, "": 0, "%": 0} {
			found, err := tx.Clients.ByEmail(ctx, address)
			require.NoError(t, err)
			require.Len(t, found, want, address)
		}
		return nil
	})
	add := func(serial uint32) error {
		return f.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Orders.Add(ctx, store.Order{
				ClientID:       f.client,
				ProgramID:      f.program,
				OrderedAt:      noon,
				SerialID:       serial,
				SerialFeatures: 5,
			})
			return err
		})
	}
	require.NoError(t, add(7))
	require.ErrorIs(t, add(7), store.ErrExists)
	require.NoError(t, add(0))
	require.NoError(t, add(0), "several orders have no serial number")
	f.read(func(ctx context.Context, tx store.Tx) error {
		o, err := tx.Serials.Order(ctx, f.program, 7)
		require.NoError(t, err)
		require.Equal(t, uint16(5), o.SerialFeatures)
		for _, serial := range []uint32{0, 8} {
			_, err = tx.Serials.Order(ctx, f.program, serial)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		return nil
	})
}

// Serial ids have 24 bits. A blocked id may have made an order before. A batch is found by each of its ids.
func testBlockedSerials(t *testing.T, f *fixture) {
	var other int64
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		p := program()
		p.Name = "Other"
		if other, err = tx.Programs.Add(ctx, p); err != nil {
			return err
		}
		for _, serial := range []uint32{license.MaxSerialID, 3, 8} {
			_, orderErr := tx.Orders.Add(ctx, store.Order{
				ClientID:  f.client,
				ProgramID: f.program,
				OrderedAt: noon,
				SerialID:  serial,
			})
			err = errors.Join(err, orderErr)
		}
		for _, serial := range []uint32{8, license.MaxSerialID - 1, 5} {
			err = errors.Join(err, tx.Serials.Block(ctx, store.BlockedSerial{
				ProgramID: f.program,
				SerialID:  serial,
				Reason:    "leaked",
				BlockedAt: noon,
			}))
		}
		return errors.Join(err,
			tx.Serials.Block(ctx, store.BlockedSerial{ProgramID: other, SerialID: 3, BlockedAt: noon}),
			tx.Serials.AddBatch(ctx, store.SerialBatch{
				ProgramID: f.program,
				First:     4,
				Last:      license.MaxSerialID,
				Features:  65535,
				MadeAt:    noon,
			}),
			tx.Serials.AddBatch(ctx, store.SerialBatch{
				ProgramID: f.program,
				First:     1,
				Last:      3,
				Features:  7,
				MadeAt:    noon,
			}),
			tx.Serials.AddBatch(ctx, store.SerialBatch{
				ProgramID: other,
				First:     1,
				Last:      9,
				MadeAt:    noon,
			}))
	})
	require.ErrorIs(t, f.try(func(ctx context.Context, tx store.Tx) error {
		return tx.Serials.Block(ctx, store.BlockedSerial{ProgramID: f.program, SerialID: 5, BlockedAt: noon})
	}), store.ErrExists)
	f.read(func(ctx context.Context, tx store.Tx) error {
		b, err := tx.Serials.Blocked(ctx, f.program, 5)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(store.BlockedSerial{
			ProgramID: f.program,
			SerialID:  5,
			Reason:    "leaked",
			BlockedAt: noon,
		}, b))
		_, err = tx.Serials.Blocked(ctx, f.program, 3)
		require.ErrorIs(t, err, store.ErrNotFound, "of another program")
		_, err = tx.Serials.Blocked(ctx, f.program, 0)
		require.ErrorIs(t, err, store.ErrNotFound)

		for _, c := range []struct {
			first, last     uint32
			orders, blocked []uint32
			free            int // blocked ids that made no order
		}{
			{0, license.MaxSerialID, []uint32{3, 8, license.MaxSerialID}, []uint32{5, 8, license.MaxSerialID - 1}, 2},
			{4, 8, []uint32{8}, []uint32{5, 8}, 1},
			{6, 7, nil, nil, 0},
			{3, 3, []uint32{3}, nil, 0},
		} {
			var ids []uint32
			orders, err := tx.Serials.Orders(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			for _, o := range orders {
				ids = append(ids, o.SerialID)
			}
			require.Equal(t, c.orders, ids)
			ids = nil
			blocked, err := tx.Serials.ListBlocked(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			for _, b := range blocked {
				ids = append(ids, b.SerialID)
			}
			require.Equal(t, c.blocked, ids)
			used, unused, err := tx.Serials.Count(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			require.Equal(t, []int{len(c.orders), c.free}, []int{used, unused})
		}

		for _, c := range []struct {
			first, last uint32
			firsts      []uint32
		}{{3, 4, []uint32{1, 4}}, {1, 3, []uint32{1}}, {license.MaxSerialID, license.MaxSerialID, []uint32{4}}, {0, 0, nil}} {
			var firsts []uint32
			batches, err := tx.Serials.Batches(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			for _, b := range batches {
				firsts = append(firsts, b.First)
			}
			require.Equal(t, c.firsts, firsts)
		}
		batches, err := tx.Serials.Batches(ctx, f.program, 9, 9)
		require.NoError(t, err)
		want := store.SerialBatch{
			ProgramID: f.program,
			First:     4,
			Last:      license.MaxSerialID,
			Features:  65535,
			MadeAt:    noon,
		}
		require.Empty(t, cmp.Diff([]store.SerialBatch{want}, batches))
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.Serials.Unblock(ctx, f.program, 5) })
	require.ErrorIs(t, f.try(func(ctx context.Context, tx store.Tx) error {
		return tx.Serials.Unblock(ctx, f.program, 5)
	}), store.ErrNotFound)
	f.read(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Serials.Blocked(ctx, f.program, 5)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.Serials.Blocked(ctx, other, 3)
		require.NoError(t, err)
		return nil
	})
}

func testHistory(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		for i := range 3 {
			e := store.Event{
				At:        noon.Add(time.Duration(i)),
				OrderID:   f.order,
				LicenseID: int64(i),
				Task:      api.TaskTransfer,
				Outcome:   api.OutcomeOK,
				Device:    "Büro",
			}
			if err := tx.Events.Add(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		all, err := tx.Events.List(ctx, f.order, 0, 0)
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.Equal(t, int64(2), all[0].LicenseID, "newest first")
		require.Equal(t, "Büro", all[0].Device)
		page, err := tx.Events.List(ctx, f.order, all[0].ID, 1)
		require.NoError(t, err)
		require.Equal(t, all[1:2], page)
		none, err := tx.Events.List(ctx, f.order+1, 0, 0)
		require.NoError(t, err)
		require.Empty(t, none)
		return nil
	})
}

// A verification can be used one time, failures are counted by each filter, and old ones are deleted.
func testAttempts(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.Attempts.AddVerification(ctx, store.Verification{ID: "a", NumberHash: []byte{1}, ExpiresAt: noon}),
			tx.Attempts.AddVerification(ctx, store.Verification{ID: "b", NumberHash: []byte{2}, ExpiresAt: noon.Add(time.Hour)}),
			tx.Attempts.AddPasswordReset(ctx, store.PasswordReset{TokenHash: []byte{1}, ClientID: f.client, ExpiresAt: noon}),
			tx.Attempts.AddPasswordReset(ctx, store.PasswordReset{
				TokenHash: []byte{2},
				ClientID:  f.client,
				ExpiresAt: noon.Add(time.Hour),
			}),
			tx.Attempts.AddPasswordReset(ctx, store.PasswordReset{TokenHash: []byte{3}, ExpiresAt: noon.Add(time.Hour)}),
		)
	})
	for i, failure := range []store.Failure{
		{Kind: store.FailureSerial, Host: "h", Account: "a"}, {Kind: store.FailureSerial, Host: "h", Account: "b"},
		{Kind: store.FailureRemovalCode, Host: "i", Account: "a", LicenseID: 7},
	} {
		failure.At = noon.Add(time.Duration(i) * time.Minute)
		f.write(func(ctx context.Context, tx store.Tx) error { return tx.Attempts.AddFailure(ctx, failure) })
	}
	f.read(func(ctx context.Context, tx store.Tx) error {
		for _, c := range []struct {
			filter store.FailureFilter
			count  int
			latest time.Duration
		}{
			{store.FailureFilter{Host: "h"}, 2, time.Minute},
			{store.FailureFilter{Account: "a"}, 2, 2 * time.Minute},
			{store.FailureFilter{Account: "a", Kind: store.FailureSerial}, 1, 0},
			{store.FailureFilter{LicenseID: 7}, 1, 2 * time.Minute},
			{store.FailureFilter{Host: "h", Since: noon.Add(time.Second)}, 1, time.Minute},
		} {
			count, latest, err := tx.Attempts.CountFailures(ctx, c.filter)
			require.NoError(t, err)
			require.Equal(t, c.count, count)
			require.Equal(t, noon.Add(c.latest), latest)
		}
		count, latest, err := tx.Attempts.CountFailures(ctx, store.FailureFilter{Host: "nobody"})
		require.NoError(t, err)
		require.Zero(t, count)
		require.True(t, latest.IsZero())
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		v, err := tx.Attempts.TakeVerification(ctx, "b")
		require.NoError(t, err)
		require.Equal(t, store.Verification{ID: "b", NumberHash: []byte{2}, ExpiresAt: noon.Add(time.Hour)}, v)
		_, err = tx.Attempts.TakeVerification(ctx, "b")
		require.ErrorIs(t, err, store.ErrNotFound)
		return tx.Attempts.Prune(ctx, noon.Add(time.Minute), noon.Add(90*time.Second))
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Attempts.TakeVerification(ctx, "a")
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.Attempts.PasswordReset(ctx, []byte{1})
		require.ErrorIs(t, err, store.ErrNotFound)
		r, err := tx.Attempts.PasswordReset(ctx, []byte{2})
		require.NoError(t, err)
		require.Equal(t, f.client, r.ClientID)
		count, _, err := tx.Attempts.CountFailures(ctx, store.FailureFilter{Since: noon})
		require.NoError(t, err)
		require.Equal(t, 1, count)
		return tx.Attempts.EndPasswordResets(ctx, f.client)
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Attempts.PasswordReset(ctx, []byte{2})
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.Attempts.PasswordReset(ctx, []byte{3})
		require.NoError(t, err)
		return nil
	})
}

func testOperation(t *testing.T, f *fixture) {
	later := noon.Add(time.Hour)
	var ban int64
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		_, err = tx.Bans.Add(ctx, store.Ban{
			Kind:      store.BanHost,
			Subject:   "192.0.2.1",
			Reason:    "r",
			MadeBy:    "admin",
			CreatedAt: noon,
			EndsAt:    &later,
		})
		require.NoError(t, err)
		ban, err = tx.Bans.Add(ctx, store.Ban{Kind: store.BanAccount, Subject: "x", MadeBy: "server", CreatedAt: noon})
		return err
	})
	bans := func(now time.Time) (list []store.Ban) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) { list, err = tx.Bans.List(ctx, now); return err })
		return list
	}
	list := bans(noon)
	require.Len(t, list, 2)
	require.Equal(t, store.Ban{
		ID:        list[0].ID,
		Kind:      store.BanHost,
		Subject:   "192.0.2.1",
		Reason:    "r",
		MadeBy:    "admin",
		CreatedAt: noon,
		EndsAt:    &later,
	}, list[0])
	require.Len(t, bans(later), 1, "a ban ends")
	f.write(func(ctx context.Context, tx store.Tx) error {
		require.ErrorIs(t, tx.Bans.End(ctx, list[0].ID, later), store.ErrNotFound, "it has ended")
		return tx.Bans.End(ctx, ban, noon)
	})
	require.Empty(t, bans(later))
	f.read(func(ctx context.Context, tx store.Tx) error {
		b, err := tx.Bans.Get(ctx, ban)
		require.NoError(t, err)
		require.Equal(t, noon, *b.EndsAt)
		_, err = tx.Bans.Get(ctx, 999)
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	})

	f.write(func(ctx context.Context, tx store.Tx) error {
		for _, host := range []string{"a", "a", "b"} {
			require.NoError(t, tx.Attempts.AddFailure(ctx, store.Failure{
				At:      noon,
				Kind:    store.FailureSignIn,
				Host:    host,
				Account: "acc-" + host,
			}))
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		hosts, err := tx.Attempts.Failing(ctx, store.BanHost, noon)
		require.NoError(t, err)
		require.Equal(t, []store.FailureCount{
			{Subject: "a", Count: 2, Latest: noon},
			{Subject: "b", Count: 1, Latest: noon},
		}, hosts)
		accounts, err := tx.Attempts.Failing(ctx, store.BanAccount, noon.Add(time.Second))
		require.NoError(t, err)
		require.Empty(t, accounts)
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		require.NoError(t, tx.Attempts.ForgetFailures(ctx, store.BanHost, "a"))
		return tx.Attempts.ForgetFailures(ctx, store.BanAccount, "acc-b")
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		n, _, err := tx.Attempts.CountFailures(ctx, store.FailureFilter{})
		require.Zero(t, n)
		return err
	})

	f.write(func(ctx context.Context, tx store.Tx) error {
		require.NoError(t, tx.Options.Set(ctx, "o", "1"))
		require.NoError(t, tx.Options.Set(ctx, "o", "2"))
		require.NoError(t, tx.Options.Set(ctx, "p", "3"))
		require.NoError(t, tx.Options.Set(ctx, "p", ""))
		require.NoError(t, tx.Templates.Set(ctx, store.Template{Name: "t", Subject: "s", Body: "b"}))
		require.NoError(t, tx.Templates.Set(ctx, store.Template{Name: "t", Subject: "s2", Body: "b2"}))
		require.ErrorIs(t, tx.Templates.Reset(ctx, "none"), store.ErrNotFound)
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		options, err := tx.Options.All(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"o": "2"}, options)
		templates, err := tx.Templates.List(ctx)
		require.NoError(t, err)
		require.Equal(t, []store.Template{{Name: "t", Subject: "s2", Body: "b2"}}, templates)
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.Templates.Reset(ctx, "t") })

	f.write(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Mails.Queue(ctx, store.Mail{
			To:         []string{"a@b.example"},
			Body:       "text",
			Attachment: []byte("file"),
			NextAt:     noon,
			CreatedAt:  noon,
		})
		require.NoError(t, err)
		queued, err := tx.Mails.Queued(ctx)
		require.NoError(t, err)
		require.Len(t, queued, 1)
		queued[0].Body, queued[0].Attachment = "other", []byte("other file")
		require.NoError(t, tx.Mails.Replace(ctx, queued[0]))
		l, err := f.license(ctx, tx, 77)
		require.NoError(t, err)
		require.NoError(t, tx.Licenses.Touch(ctx, l.ID, noon))
		l, err = tx.Licenses.Get(ctx, l.ID)
		require.NoError(t, err)
		require.Equal(t, noon, *l.LastAliveAt)
		require.ErrorIs(t, tx.Licenses.Touch(ctx, 1, noon), store.ErrNotFound)
		require.NoError(t, tx.Answers.Add(ctx, store.Answer{
			ClientID:  1,
			Key:       "k",
			Request:   []byte("r"),
			Status:    200,
			Body:      []byte("b"),
			CreatedAt: noon,
		}))
		require.NoError(t, tx.Answers.Replace(ctx, store.Answer{ClientID: 1, Key: "k", Body: []byte("c")}))
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		stock, err := tx.Maintenance.Counts(ctx)
		require.NoError(t, err)
		require.Equal(t, store.Counts{MailsQueued: 1, SeatsTotal: 3, SeatsActive: 1}, stock)
		queued, err := tx.Mails.Queued(ctx)
		require.NoError(t, err)
		require.Equal(t, "other", queued[0].Body)
		answers, err := tx.Answers.List(ctx)
		require.NoError(t, err)
		require.Equal(t, []byte("c"), answers[0].Body)
		require.Equal(t, []byte("r"), answers[0].Request)
		return nil
	})
}

func testAuditSearch(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		for i, a := range []store.Audit{
			{Actor: "client", ClientID: 5, Host: "192.0.2.1", Action: "license.create", Object: "license 20001", Outcome: "ok"},
			{Actor: "admin", Action: "order.change", Object: "order 7", Outcome: "ok", Detail: "visible: true → FALSE"},
			{
				Actor:    "client",
				ClientID: 5,
				Action:   "license.remove",
				Object:   "license 20001",
				Outcome:  "STATUS_LICENSE_ENDED",
				Detail:   "100%_sure",
			},
		} {
			a.At = noon.Add(time.Duration(i) * time.Hour)
			require.NoError(t, tx.Audits.Add(ctx, a))
		}
		return nil
	})
	for name, want := range map[string]struct {
		store.AuditFilter
		actions string
	}{
		"all, newest first":  {store.AuditFilter{}, "license.remove order.change license.create"},
		"limit":              {store.AuditFilter{Limit: 1}, "license.remove"},
		"actor":              {store.AuditFilter{Actor: "admin"}, "order.change"},
		"client":             {store.AuditFilter{ClientID: 5}, "license.remove license.create"},
		"host":               {store.AuditFilter{Host: "192.0.2.1"}, "license.create"},
		"action":             {store.AuditFilter{Action: "license."}, "license.remove license.create"},
		"action is a prefix": {store.AuditFilter{Action: "create"}, ""},
		"object":             {store.AuditFilter{Object: "order 7"}, "order.change"},
		"outcome":            {store.AuditFilter{Outcome: "ok"}, "order.change license.create"},
		"since":              {store.AuditFilter{Since: noon.Add(time.Hour)}, "license.remove order.change"},
		"until":              {store.AuditFilter{Until: noon.Add(time.Hour)}, "license.create"},
		"text":               {store.AuditFilter{Text: "false"}, "order.change"},
		"text of an object":  {store.AuditFilter{Text: "ORDER"}, "order.change"},
		"no patterns":        {store.AuditFilter{Text: "%_s"}, "license.remove"},
		"no pattern":         {store.AuditFilter{Text: "a%l"}, ""},
	} {
		f.read(func(ctx context.Context, tx store.Tx) error {
			list, err := tx.Audits.List(ctx, want.AuditFilter)
			require.NoError(t, err)
			var actions []string
			for _, a := range list {
				actions = append(actions, a.Action)
			}
			require.Equal(t, want.actions, strings.Join(actions, " "), name)
			return nil
		})
	}
	f.read(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.Audits.List(ctx, store.AuditFilter{})
		require.NoError(t, err)
		rest, err := tx.Audits.List(ctx, store.AuditFilter{Before: list[0].ID})
		require.NoError(t, err)
		require.Len(t, rest, 2)
		return nil
	})
}
