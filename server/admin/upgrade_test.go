package admin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

// addOlder adds an active license of a trial version to an order, with a queued mail about it.
func (s shop) addOlder(t *testing.T, order int64, site license.SiteCode, change func(*store.License)) (id int64) {
	t.Helper()
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) (err error) {
		if id, err = tx.Licenses.NextID(t.Context()); err != nil {
			return err
		}
		l := store.License{
			ID:          id,
			OrderID:     order,
			ProgramID:   s.program.ID,
			OriginalID:  id,
			Codes:       license.Codes{Site: site},
			Policy:      license.DefaultPolicy(),
			ActivatedAt: now,
			Older:       true,
		}
		change(&l)
		if err := tx.Licenses.Add(t.Context(), l); err != nil {
			return err
		}
		return s.queue(t, tx, id)
	}))
	return id
}

func (s shop) queue(t *testing.T, tx store.Tx, id int64) error {
	_, err := tx.Mails.Queue(t.Context(), store.Mail{
		ClientID:  s.client.ID,
		LicenseID: id,
		MessageID: "m",
		To:        []string{"anna@lumen.example"},
		State:     store.MailQueued,
		CreatedAt: now,
		NextAt:    now,
	})
	return err
}

// rows are the orders, licenses and mails of a shop, without times.
func (s shop) rows(
	t *testing.T,
) (orders []store.Order, licenses map[int64]store.License, mails map[int64]store.MailState) {
	t.Helper()
	licenses, mails = map[int64]store.License{}, map[int64]store.MailState{}
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		if orders, err = tx.Orders.List(t.Context(), 0, false, 0, 0); err != nil {
			return err
		}
		for _, o := range orders {
			list, err := tx.Licenses.List(t.Context(), o.ID, true, 0, 0)
			if err != nil {
				return err
			}
			for _, l := range list {
				licenses[l.ID] = l
			}
		}
		queue, err := tx.Mails.List(t.Context(), 100)
		for _, m := range queue {
			mails[m.LicenseID] = m.State
		}
		return err
	}))
	return orders, licenses, mails
}

// UpgradeV2 ends licenses of trial versions as Replaced in one transaction and sends no mail. Orders, serial ids and
// newer licenses do not change.
func TestUpgradeV2(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	serial, err := s.AddOrder(ctx, s.client.ID, s.program.ID, func(o *store.Order) error {
		o.LicensesTotal, o.SerialID, o.SerialFeatures = 1, 65535, 3
		return nil
	})
	require.NoError(t, err)
	newer, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	require.NoError(t, s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error { return s.queue(t, tx, newer.ID) }))
	unchanged := func(*store.License) {}
	first := s.addOlder(t, s.order.ID, 2, unchanged)
	released := s.addOlder(t, s.order.ID, 3, func(l *store.License) { l.ReleasedAt = &now })
	full := s.addOlder(t, serial.ID, 4, unchanged)
	ordersBefore, licensesBefore, mailsBefore := s.rows(t)
	before := s.trail(t)

	want := admin.Upgraded{Licenses: 3, Orders: 2, Mails: 3}
	dry := s.Admin
	dry.DryRun = true
	tried, err := dry.UpgradeV2(ctx)
	require.NoError(t, err)
	require.Equal(t, want, tried)
	orders, licenses, mails := s.rows(t)
	require.Equal(t, ordersBefore, orders)
	require.Equal(t, licensesBefore, licenses)
	require.Equal(t, mailsBefore, mails)

	up, err := s.UpgradeV2(ctx)
	require.NoError(t, err)
	require.Equal(t, want, up)
	orders, licenses, mails = s.rows(t)
	for i := range ordersBefore {
		ordersBefore[i].LicensesActive = map[int64]int{s.order.ID: 1, serial.ID: 0}[ordersBefore[i].ID]
	}
	require.Equal(t, ordersBefore, orders, "except the seats that are free now")
	for _, id := range []int64{first, released, full} {
		l := licensesBefore[id]
		l.Status, l.EndedAt = api.StatusReplaced, &now
		require.True(t, licenses[id].EndedAt.Equal(now))
		l.EndedAt = licenses[id].EndedAt
		require.Equal(t, l, licenses[id])
		require.Equal(t, store.MailFailed, mails[id])
	}
	require.Equal(t, licensesBefore[newer.ID], licenses[newer.ID])
	require.Equal(t, store.MailQueued, mails[newer.ID])
	require.Len(t, mails, 4, "no mail was added")
	require.Equal(t, append([]string{
		"database.upgrade | database | ok | acen/v1 → acen/v2; licenses replaced: 3; orders: 2; mails given up: 3",
		"license.end | license 20004 | ok | order 2; Replaced by upgrade-v2",
		"license.end | license 20003 | ok | order 1; Replaced by upgrade-v2",
		"license.end | license 20002 | ok | order 1; Replaced by upgrade-v2",
	}, before...), s.trail(t))
	require.NoError(t, s.Store.Read(ctx, func(tx store.Tx) error {
		history, err := tx.Events.List(ctx, serial.ID, 0, 1)
		require.Len(t, history, 1)
		require.Equal(t, api.TaskReplacement, history[0].Task)
		require.Equal(t, full, history[0].LicenseID)
		return err
	}))

	again, err := s.UpgradeV2(ctx)
	require.NoError(t, err)
	require.Equal(t, admin.Upgraded{}, again)
	require.Len(t, s.trail(t), len(before)+4, "UpgradeV2 is idempotent")
	_, err = s.AddLicense(ctx, serial.ID, pc("LUMENST7", 5))
	require.NoError(t, err, "the seat is free")
}

// An upgrade that fails for one license changes none.
func TestUpgradeV2IsOneTransaction(t *testing.T) {
	s := newShop(t)
	s.addOlder(t, s.order.ID, 2, func(*store.License) {})
	s.addOlder(t, s.order.ID, 3, func(*store.License) {})
	_, before, _ := s.rows(t)
	trail := s.trail(t)
	s.Data.Store = failing{s.Store}
	_, err := s.UpgradeV2(t.Context())
	require.ErrorContains(t, err, "end license 20002: disk full")
	s.Data.Store = s.Store.(failing).Store
	_, after, _ := s.rows(t)
	require.Equal(t, before, after)
	require.Equal(t, trail, s.trail(t))
}

// failing is a store in which each transaction can end only one license.
type failing struct{ store.Store }

func (f failing) Write(ctx context.Context, lock store.Lock, fn func(store.Tx) error, hints ...store.Hint) error {
	return f.Store.Write(ctx, lock, func(tx store.Tx) error {
		tx.Licenses = &failingLicenses{Licenses: tx.Licenses}
		return fn(tx)
	}, hints...)
}

type failingLicenses struct {
	store.Licenses
	ended int
}

func (f *failingLicenses) End(ctx context.Context, id int64, status api.LicenseStatus, at time.Time) error {
	if f.ended++; f.ended > 1 {
		return errors.New("disk full")
	}
	return f.Licenses.End(ctx, id, status, at)
}
