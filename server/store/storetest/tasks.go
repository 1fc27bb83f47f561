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

// A released license is active as before, but its Site code is spent, and stays so whatever becomes of the license.
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
		return f.try(func(ctx context.Context, tx store.Tx) error { return tx.ReleaseLicense(ctx, id, at) })
	}
	spent := func(site license.SiteCode) (is bool) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) {
			is, err = spent(ctx, tx, f.order, site)
			return err
		})
		return is
	}
	stored := func(id int64) (l store.License) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) { l, err = tx.License(ctx, id); return err })
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
	require.ErrorIs(t, release(l.ID, later.Add(time.Hour)), store.ErrNotFound, "the first time counts")
	require.ErrorIs(t, release(l.ID+other.ID, later), store.ErrNotFound)
	f.read(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.LicenseBySite(ctx, f.order, 1)
		require.NoError(t, err)
		require.Equal(t, l.ID, found.ID)
		o, err := tx.Order(ctx, f.order)
		require.NoError(t, err)
		require.Equal(t, 2, o.LicensesActive, "it keeps its seat")
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		l.Note, l.ReleasedAt = "other", nil
		if err := tx.ChangeLicense(ctx, l); err != nil {
			return err
		}
		return errors.Join(tx.EndLicense(ctx, l.ID, api.StatusReactivated, later), tx.EndLicense(ctx, other.ID, api.StatusReactivated, later))
	})
	require.Equal(t, later, *stored(l.ID).ReleasedAt, "a change of the license does not take it back")
	require.True(t, spent(1))
	require.False(t, spent(2))
	require.ErrorIs(t, release(other.ID, later), store.ErrNotFound, "it has ended")
}

// What is told to come next changes nothing of what is found, whether it comes or not.
func testExpected(t *testing.T, f *fixture) {
	answer := store.Answer{ClientID: f.client, Key: "key", Request: []byte{1}, Status: 201, Body: []byte("{}"), CreatedAt: noon}
	var l store.License
	look := func(ctx context.Context, tx store.Tx, key string, client, order int64, site license.SiteCode) (found string, next int64) {
		_, err := tx.Answer(ctx, f.client, key)
		if err == nil {
			return "answer", 0
		}
		require.ErrorIs(t, err, store.ErrNotFound)
		o, p, err := tx.LockOrderOf(ctx, client, order)
		if err != nil {
			require.ErrorIs(t, err, store.ErrNotFound)
			return "nothing", 0
		}
		require.Equal(t, []int64{f.order, f.program}, []int64{o.ID, p.ID})
		taken, err := tx.LicenseBySite(ctx, order, site)
		if err == nil {
			require.Equal(t, l.ID, taken.ID)
			return "license", 0
		}
		require.ErrorIs(t, err, store.ErrNotFound)
		next, err = tx.NextLicenseID(ctx)
		require.NoError(t, err)
		return "site", next
	}
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if l, err = f.license(ctx, tx, 1); err != nil {
			return err
		}
		tx.ExpectLicense(f.client, "key", f.order, 1)
		found, _ := look(ctx, tx, "key", f.client, f.order, 1)
		require.Equal(t, "license", found, "what the same change has added is there")
		return tx.AddAnswer(ctx, answer)
	})
	for _, write := range []func(context.Context, func(store.Tx) error) error{f.Write, f.WriteOnce, f.WriteHolding} {
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
			for _, expect := range []func(tx store.Tx){
				func(store.Tx) {},
				func(tx store.Tx) { tx.ExpectLicense(c.client, c.key, c.order, c.site) },
				func(tx store.Tx) { tx.ExpectLicense(c.client, c.key, c.order, c.site+1) },
				func(tx store.Tx) { tx.ExpectLicense(c.client, c.key, c.order+1, c.site) },
				func(tx store.Tx) { tx.ExpectLicense(c.client, "none", c.order, c.site) },
			} {
				require.NoError(t, write(t.Context(), func(tx store.Tx) error {
					expect(tx)
					found, next := look(t.Context(), tx, c.key, c.client, c.order, c.site)
					require.Equal(t, c.found, found)
					if found == "site" {
						require.Greater(t, next, l.ID, "no license has it")
					}
					o, err := tx.Order(t.Context(), f.order)
					require.Equal(t, 1, o.LicensesActive)
					return err
				}))
			}
		}
	}
}

// A family is counted and listed as it is; an activation code that was replaced is remembered.
func testFamilies(t *testing.T, f *fixture) {
	var first, second, other store.License
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if first, err = f.license(ctx, tx, 1); err != nil {
			return err
		}
		if err := tx.EndLicense(ctx, first.ID, api.StatusReactivated, noon.Add(time.Hour)); err != nil {
			return err
		}
		if second.ID, err = tx.NextLicenseID(ctx); err != nil {
			return err
		}
		id := second.ID
		second = first
		second.ID, second.OriginalID, second.Codes.Site, second.ActivatedAt = id, first.ID, 2, noon.Add(time.Hour)
		if err := tx.AddLicense(ctx, second); err != nil {
			return err
		}
		other, err = f.license(ctx, tx, 3)
		return err
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		family, err := tx.Family(ctx, first.ID)
		require.NoError(t, err)
		require.Len(t, family, 2)
		require.Equal(t, []int64{first.ID, second.ID}, []int64{family[0].ID, family[1].ID})
		spent, err := spent(ctx, tx, f.order, 1)
		require.NoError(t, err)
		require.False(t, spent, "a reactivation spends no Site code")
		endings, err := tx.Endings(ctx, f.order, noon.Add(time.Hour))
		require.NoError(t, err)
		require.Empty(t, cmp.Diff([]store.Ending{{OriginalID: first.ID, Status: api.StatusReactivated, At: noon.Add(time.Hour)}}, endings))
		endings, err = tx.Endings(ctx, f.order, noon.Add(time.Hour+time.Microsecond))
		require.NoError(t, err)
		require.Empty(t, endings)
		began, err := tx.Activations(ctx, f.order, noon)
		require.NoError(t, err)
		require.Len(t, began, 2, "a reactivation begins no family")
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		return tx.EndLicense(ctx, other.ID, api.StatusTransferred, noon)
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		changed := second
		changed.Note = "other"
		if err := tx.ChangeLicense(ctx, changed); err != nil {
			return err
		}
		for _, code := range []license.ActivationCode{{7}, {8}, second.Activation} {
			changed.Activation = code
			if err := tx.ChangeLicense(ctx, changed); err != nil {
				return err
			}
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		spent, err := spent(ctx, tx, f.order, 3)
		require.NoError(t, err)
		require.True(t, spent, "a transfer does")
		former, err := tx.FormerActivations(ctx, second.ID)
		require.NoError(t, err)
		require.ElementsMatch(t, []license.ActivationCode{second.Activation, {7}, {8}}, former)
		former, err = tx.FormerActivations(ctx, first.ID)
		require.NoError(t, err)
		require.Empty(t, former)
		return nil
	})
}

// What a program and a client have besides comes back to the bit; a serial number makes one order of a program.
func testSerials(t *testing.T, f *fixture) {
	rules := store.TaskRules{api.TaskReactivation.Rule(): {api.SubscriptionValid: {On: true, PerDay: 2, PerMonth: 3}, api.SubscriptionExpired: {On: true}}, api.TaskRemoval.Rule(): {api.SubscriptionNone: {}}}
	f.write(func(ctx context.Context, tx store.Tx) error {
		p, err := tx.Program(ctx, f.program)
		if err != nil {
			return err
		}
		p.Tasks, p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays = rules, 5, 65535, 7, 365
		c, err := tx.Client(ctx, f.client)
		if err != nil {
			return err
		}
		c.Contact = store.Contact{Address: "Straße 1", City: "Köln", Zip: "1", State: "NRW", Country: "D", Phone: "2", Fax: "3"}
		return errors.Join(tx.ChangeProgram(ctx, p), tx.ChangeClient(ctx, c))
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		p, err := tx.Program(ctx, f.program)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(rules, p.Tasks))
		require.Equal(t, []any{uint32(5), uint32(65535), 7, 365}, []any{p.FirstSerial, p.LastSerial, p.OrderLicenses, p.SubscriptionDays})
		require.Equal(t, store.TaskRule{On: true, PerDay: 2, PerMonth: 3}, p.Tasks.Rule(api.TaskReactivation, api.SubscriptionValid))
		require.Equal(t, store.TaskRule{On: true}, p.Tasks.Rule(api.TaskTransfer, api.SubscriptionNone), "on and unlimited where nothing is set")
		require.Equal(t, store.TaskRule{}, p.Tasks.Rule(api.TaskTransfer, api.SubscriptionExpired), "off where the subscription has expired")
		c, err := tx.Client(ctx, f.client)
		require.NoError(t, err)
		require.Equal(t, "Köln", c.Contact.City)
		for address, want := range map[string]int{"A@B.EXAMPLE": 1, "b.example": 0, "": 0, "%": 0} {
			found, err := tx.ClientsByEmail(ctx, address)
			require.NoError(t, err)
			require.Len(t, found, want, address)
		}
		return nil
	})
	add := func(serial uint32) error {
		return f.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddOrder(ctx, store.Order{ClientID: f.client, ProgramID: f.program, OrderedAt: noon, SerialID: serial, SerialFeatures: 5})
			return err
		})
	}
	require.NoError(t, add(7))
	require.ErrorIs(t, add(7), store.ErrExists)
	require.NoError(t, add(0))
	require.NoError(t, add(0), "orders without a serial number are many")
	f.read(func(ctx context.Context, tx store.Tx) error {
		o, err := tx.OrderBySerial(ctx, f.program, 7)
		require.NoError(t, err)
		require.Equal(t, uint16(5), o.SerialFeatures)
		for _, serial := range []uint32{0, 8} {
			_, err = tx.OrderBySerial(ctx, f.program, serial)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		return nil
	})
}

// Serial ids have 24 bits. One that is blocked may have made an order before; what was made together is found by any of
// its ids.
func testBlockedSerials(t *testing.T, f *fixture) {
	var other int64
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		p := program()
		p.Name = "Other"
		if other, err = tx.AddProgram(ctx, p); err != nil {
			return err
		}
		for _, serial := range []uint32{license.MaxSerialID, 3, 8} {
			_, orderErr := tx.AddOrder(ctx, store.Order{
				ClientID:  f.client,
				ProgramID: f.program,
				OrderedAt: noon,
				SerialID:  serial,
			})
			err = errors.Join(err, orderErr)
		}
		for _, serial := range []uint32{8, license.MaxSerialID - 1, 5} {
			err = errors.Join(err, tx.BlockSerial(ctx, store.BlockedSerial{
				ProgramID: f.program,
				SerialID:  serial,
				Reason:    "leaked",
				BlockedAt: noon,
			}))
		}
		return errors.Join(err,
			tx.BlockSerial(ctx, store.BlockedSerial{ProgramID: other, SerialID: 3, BlockedAt: noon}),
			tx.AddSerialBatch(ctx, store.SerialBatch{
				ProgramID: f.program,
				First:     4,
				Last:      license.MaxSerialID,
				Features:  65535,
				MadeAt:    noon,
			}),
			tx.AddSerialBatch(ctx, store.SerialBatch{
				ProgramID: f.program,
				First:     1,
				Last:      3,
				Features:  7,
				MadeAt:    noon,
			}),
			tx.AddSerialBatch(ctx, store.SerialBatch{
				ProgramID: other,
				First:     1,
				Last:      9,
				MadeAt:    noon,
			}))
	})
	require.ErrorIs(t, f.try(func(ctx context.Context, tx store.Tx) error {
		return tx.BlockSerial(ctx, store.BlockedSerial{ProgramID: f.program, SerialID: 5, BlockedAt: noon})
	}), store.ErrExists)
	f.read(func(ctx context.Context, tx store.Tx) error {
		b, err := tx.BlockedSerial(ctx, f.program, 5)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(store.BlockedSerial{
			ProgramID: f.program,
			SerialID:  5,
			Reason:    "leaked",
			BlockedAt: noon,
		}, b))
		_, err = tx.BlockedSerial(ctx, f.program, 3)
		require.ErrorIs(t, err, store.ErrNotFound, "of another program")
		_, err = tx.BlockedSerial(ctx, f.program, 0)
		require.ErrorIs(t, err, store.ErrNotFound)

		for _, c := range []struct {
			first, last     uint32
			orders, blocked []uint32
			free            int // ids that are blocked and made no order
		}{
			{0, license.MaxSerialID, []uint32{3, 8, license.MaxSerialID}, []uint32{5, 8, license.MaxSerialID - 1}, 2},
			{4, 8, []uint32{8}, []uint32{5, 8}, 1},
			{6, 7, nil, nil, 0},
			{3, 3, []uint32{3}, nil, 0},
		} {
			var ids []uint32
			orders, err := tx.OrdersBySerial(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			for _, o := range orders {
				ids = append(ids, o.SerialID)
			}
			require.Equal(t, c.orders, ids)
			ids = nil
			blocked, err := tx.BlockedSerials(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			for _, b := range blocked {
				ids = append(ids, b.SerialID)
			}
			require.Equal(t, c.blocked, ids)
			used, unused, err := tx.CountSerials(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			require.Equal(t, []int{len(c.orders), c.free}, []int{used, unused})
		}

		for _, c := range []struct {
			first, last uint32
			firsts      []uint32
		}{{3, 4, []uint32{1, 4}}, {1, 3, []uint32{1}}, {license.MaxSerialID, license.MaxSerialID, []uint32{4}}, {0, 0, nil}} {
			var firsts []uint32
			batches, err := tx.SerialBatches(ctx, f.program, c.first, c.last)
			require.NoError(t, err)
			for _, b := range batches {
				firsts = append(firsts, b.First)
			}
			require.Equal(t, c.firsts, firsts)
		}
		batches, err := tx.SerialBatches(ctx, f.program, 9, 9)
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
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.UnblockSerial(ctx, f.program, 5) })
	require.ErrorIs(t, f.try(func(ctx context.Context, tx store.Tx) error { return tx.UnblockSerial(ctx, f.program, 5) }), store.ErrNotFound)
	f.read(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.BlockedSerial(ctx, f.program, 5)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.BlockedSerial(ctx, other, 3)
		require.NoError(t, err)
		return nil
	})
}

func testHistory(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		for i := range 3 {
			e := store.Event{At: noon.Add(time.Duration(i)), OrderID: f.order, LicenseID: int64(i), Task: api.TaskTransfer, Outcome: api.OutcomeOK, Device: "Büro"}
			if err := tx.AddEvent(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		all, err := tx.History(ctx, f.order, 0, 0)
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.Equal(t, int64(2), all[0].LicenseID, "newest first")
		require.Equal(t, "Büro", all[0].Device)
		page, err := tx.History(ctx, f.order, all[0].ID, 1)
		require.NoError(t, err)
		require.Equal(t, all[1:2], page)
		none, err := tx.History(ctx, f.order+1, 0, 0)
		require.NoError(t, err)
		require.Empty(t, none)
		return nil
	})
}

// Verifications work once, failures are counted by what they are asked for, and old ones are forgotten.
func testAttempts(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.AddVerification(ctx, store.Verification{ID: "a", NumberHash: []byte{1}, ExpiresAt: noon}),
			tx.AddVerification(ctx, store.Verification{ID: "b", NumberHash: []byte{2}, ExpiresAt: noon.Add(time.Hour)}),
			tx.AddPasswordReset(ctx, store.PasswordReset{TokenHash: []byte{1}, ClientID: f.client, ExpiresAt: noon}),
			tx.AddPasswordReset(ctx, store.PasswordReset{TokenHash: []byte{2}, ClientID: f.client, ExpiresAt: noon.Add(time.Hour)}),
			tx.AddPasswordReset(ctx, store.PasswordReset{TokenHash: []byte{3}, ExpiresAt: noon.Add(time.Hour)}),
		)
	})
	for i, failure := range []store.Failure{
		{Kind: store.FailureSerial, Host: "h", Account: "a"}, {Kind: store.FailureSerial, Host: "h", Account: "b"},
		{Kind: store.FailureRemovalCode, Host: "i", Account: "a", LicenseID: 7},
	} {
		failure.At = noon.Add(time.Duration(i) * time.Minute)
		f.write(func(ctx context.Context, tx store.Tx) error { return tx.AddFailure(ctx, failure) })
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
			count, latest, err := tx.Failures(ctx, c.filter)
			require.NoError(t, err)
			require.Equal(t, c.count, count)
			require.Equal(t, noon.Add(c.latest), latest)
		}
		count, latest, err := tx.Failures(ctx, store.FailureFilter{Host: "nobody"})
		require.NoError(t, err)
		require.Zero(t, count)
		require.True(t, latest.IsZero())
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		v, err := tx.TakeVerification(ctx, "b")
		require.NoError(t, err)
		require.Equal(t, store.Verification{ID: "b", NumberHash: []byte{2}, ExpiresAt: noon.Add(time.Hour)}, v)
		_, err = tx.TakeVerification(ctx, "b")
		require.ErrorIs(t, err, store.ErrNotFound)
		return tx.PruneAttempts(ctx, noon.Add(time.Minute), noon.Add(90*time.Second))
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.TakeVerification(ctx, "a")
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.PasswordReset(ctx, []byte{1})
		require.ErrorIs(t, err, store.ErrNotFound)
		r, err := tx.PasswordReset(ctx, []byte{2})
		require.NoError(t, err)
		require.Equal(t, f.client, r.ClientID)
		count, _, err := tx.Failures(ctx, store.FailureFilter{Since: noon})
		require.NoError(t, err)
		require.Equal(t, 1, count)
		return tx.EndPasswordResets(ctx, f.client)
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.PasswordReset(ctx, []byte{2})
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.PasswordReset(ctx, []byte{3})
		require.NoError(t, err)
		return nil
	})
}

func testOperation(t *testing.T, f *fixture) {
	later := noon.Add(time.Hour)
	var ban int64
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		_, err = tx.AddBan(ctx, store.Ban{Kind: store.BanHost, Subject: "192.0.2.1", Reason: "r", MadeBy: "admin", CreatedAt: noon, EndsAt: &later})
		require.NoError(t, err)
		ban, err = tx.AddBan(ctx, store.Ban{Kind: store.BanAccount, Subject: "x", MadeBy: "server", CreatedAt: noon})
		return err
	})
	bans := func(now time.Time) (list []store.Ban) {
		f.read(func(ctx context.Context, tx store.Tx) (err error) { list, err = tx.Bans(ctx, now); return err })
		return list
	}
	list := bans(noon)
	require.Len(t, list, 2)
	require.Equal(t, store.Ban{ID: list[0].ID, Kind: store.BanHost, Subject: "192.0.2.1", Reason: "r", MadeBy: "admin", CreatedAt: noon, EndsAt: &later}, list[0])
	require.Len(t, bans(later), 1, "a ban ends")
	f.write(func(ctx context.Context, tx store.Tx) error {
		require.ErrorIs(t, tx.EndBan(ctx, list[0].ID, later), store.ErrNotFound, "it has ended")
		return tx.EndBan(ctx, ban, noon)
	})
	require.Empty(t, bans(later))
	f.read(func(ctx context.Context, tx store.Tx) error {
		b, err := tx.Ban(ctx, ban)
		require.NoError(t, err)
		require.Equal(t, noon, *b.EndsAt)
		_, err = tx.Ban(ctx, 999)
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	})

	f.write(func(ctx context.Context, tx store.Tx) error {
		for _, host := range []string{"a", "a", "b"} {
			require.NoError(t, tx.AddFailure(ctx, store.Failure{At: noon, Kind: store.FailureSignIn, Host: host, Account: "acc-" + host}))
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		hosts, err := tx.Failing(ctx, store.BanHost, noon)
		require.NoError(t, err)
		require.Equal(t, []store.Failing{{Subject: "a", Count: 2, Latest: noon}, {Subject: "b", Count: 1, Latest: noon}}, hosts)
		accounts, err := tx.Failing(ctx, store.BanAccount, noon.Add(time.Second))
		require.NoError(t, err)
		require.Empty(t, accounts)
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		require.NoError(t, tx.ForgetFailures(ctx, store.BanHost, "a"))
		return tx.ForgetFailures(ctx, store.BanAccount, "acc-b")
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		n, _, err := tx.Failures(ctx, store.FailureFilter{})
		require.Zero(t, n)
		return err
	})

	f.write(func(ctx context.Context, tx store.Tx) error {
		require.NoError(t, tx.SetOption(ctx, "o", "1"))
		require.NoError(t, tx.SetOption(ctx, "o", "2"))
		require.NoError(t, tx.SetOption(ctx, "p", "3"))
		require.NoError(t, tx.SetOption(ctx, "p", ""))
		require.NoError(t, tx.SetTemplate(ctx, store.Template{Name: "t", Subject: "s", Body: "b"}))
		require.NoError(t, tx.SetTemplate(ctx, store.Template{Name: "t", Subject: "s2", Body: "b2"}))
		require.ErrorIs(t, tx.ResetTemplate(ctx, "none"), store.ErrNotFound)
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		options, err := tx.Options(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"o": "2"}, options)
		templates, err := tx.Templates(ctx)
		require.NoError(t, err)
		require.Equal(t, []store.Template{{Name: "t", Subject: "s2", Body: "b2"}}, templates)
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.ResetTemplate(ctx, "t") })

	f.write(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.QueueMail(ctx, store.Mail{To: []string{"a@b.example"}, Body: "text", Attachment: []byte("file"), NextAt: noon, CreatedAt: noon})
		require.NoError(t, err)
		queued, err := tx.QueuedMails(ctx)
		require.NoError(t, err)
		require.Len(t, queued, 1)
		queued[0].Body, queued[0].Attachment = "other", []byte("other file")
		require.NoError(t, tx.ReplaceMail(ctx, queued[0]))
		l, err := f.license(ctx, tx, 77)
		require.NoError(t, err)
		require.NoError(t, tx.Touch(ctx, l.ID, noon))
		l, err = tx.License(ctx, l.ID)
		require.NoError(t, err)
		require.Equal(t, noon, *l.LastAliveAt)
		require.ErrorIs(t, tx.Touch(ctx, 1, noon), store.ErrNotFound)
		require.NoError(t, tx.AddAnswer(ctx, store.Answer{ClientID: 1, Key: "k", Request: []byte("r"), Status: 200, Body: []byte("b"), CreatedAt: noon}))
		require.NoError(t, tx.ReplaceAnswer(ctx, store.Answer{ClientID: 1, Key: "k", Body: []byte("c")}))
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		stock, err := tx.Stock(ctx)
		require.NoError(t, err)
		require.Equal(t, store.Stock{MailsQueued: 1, SeatsTotal: 3, SeatsActive: 1}, stock)
		queued, err := tx.QueuedMails(ctx)
		require.NoError(t, err)
		require.Equal(t, "other", queued[0].Body)
		answers, err := tx.Answers(ctx)
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
			{Actor: "client", ClientID: 5, Action: "license.remove", Object: "license 20001", Outcome: "STATUS_LICENSE_ENDED", Detail: "100%_sure"},
		} {
			a.At = noon.Add(time.Duration(i) * time.Hour)
			require.NoError(t, tx.AddAudit(ctx, a))
		}
		return nil
	})
	for name, want := range map[string]struct {
		store.AuditFilter
		actions string
	}{
		"all, newest first": {store.AuditFilter{}, "license.remove order.change license.create"},
		"limit":             {store.AuditFilter{Limit: 1}, "license.remove"},
		"actor":             {store.AuditFilter{Actor: "admin"}, "order.change"},
		"client":            {store.AuditFilter{ClientID: 5}, "license.remove license.create"},
		"host":              {store.AuditFilter{Host: "192.0.2.1"}, "license.create"},
		"action":            {store.AuditFilter{Action: "license."}, "license.remove license.create"},
		"action is no part": {store.AuditFilter{Action: "create"}, ""},
		"object":            {store.AuditFilter{Object: "order 7"}, "order.change"},
		"outcome":           {store.AuditFilter{Outcome: "ok"}, "order.change license.create"},
		"since":             {store.AuditFilter{Since: noon.Add(time.Hour)}, "license.remove order.change"},
		"until":             {store.AuditFilter{Until: noon.Add(time.Hour)}, "license.create"},
		"text":              {store.AuditFilter{Text: "false"}, "order.change"},
		"text of an object": {store.AuditFilter{Text: "ORDER"}, "order.change"},
		"no patterns":       {store.AuditFilter{Text: "%_s"}, "license.remove"},
		"no pattern":        {store.AuditFilter{Text: "a%l"}, ""},
	} {
		f.read(func(ctx context.Context, tx store.Tx) error {
			list, err := tx.AuditTrail(ctx, want.AuditFilter)
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
		list, err := tx.AuditTrail(ctx, store.AuditFilter{})
		require.NoError(t, err)
		rest, err := tx.AuditTrail(ctx, store.AuditFilter{Before: list[0].ID})
		require.NoError(t, err)
		require.Len(t, rest, 2)
		return nil
	})
}
