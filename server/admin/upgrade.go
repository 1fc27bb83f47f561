package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// Upgraded is the result of UpgradeV2.
type Upgraded struct {
	Licenses int // active licenses that ended as Replaced
	Orders   int // orders that they belonged to
	Mails    int // queued mails about those licenses that will not be sent
}

// errUpgraded ends the transaction of an upgrade that has nothing to do.
var errUpgraded = errors.New("nothing to upgrade")

// UpgradeV2 ends the active licenses with codes of scheme acen/v1 as Replaced, in one transaction, which frees their
// seats. Orders, serial ids and spent Site codes do not change. UpgradeV2 sends no mail, and cancels queued mails about
// those licenses. It is idempotent.
func (a Admin) UpgradeV2(ctx context.Context) (up Upgraded, err error) {
	err = a.write(ctx, "database.upgrade", "database", func(tx store.Tx) (rec record, err error) {
		up = Upgraded{}
		older, err := tx.Maintenance.OlderLicenses(ctx, 0)
		if err != nil {
			return rec, err
		}
		if len(older) == 0 {
			return rec, errUpgraded
		}
		orders, ended := map[int64]store.Order{}, map[int64]bool{}
		for _, l := range older {
			orders[l.OrderID] = store.Order{}
		}
		for _, id := range slices.Sorted(maps.Keys(orders)) { // a fixed order, so that two upgrades do not deadlock
			if orders[id], err = tx.Orders.Lock(ctx, id); err != nil {
				return rec, err
			}
		}
		for _, l := range older {
			if err := a.replaceOlder(ctx, tx, orders[l.OrderID], l); err != nil {
				return rec, fmt.Errorf("end license %d: %w", l.ID, err)
			}
			ended[l.ID] = true
		}
		mails, err := tx.Mails.Queued(ctx)
		if err != nil {
			return rec, err
		}
		for _, m := range mails {
			if !ended[m.LicenseID] {
				continue
			}
			if err := tx.Mails.End(ctx, m.ID, store.MailFailed, "its license was ended by upgrade-v2", a.Now()); err != nil {
				return rec, err
			}
			up.Mails++
		}
		up.Licenses, up.Orders = len(older), len(orders)
		return record{"database", fmt.Sprintf("acen/v1 → acen/v2; licenses replaced: %d; orders: %d; mails given up: %d",
			up.Licenses, up.Orders, up.Mails)}, nil
	})
	if errors.Is(err, errUpgraded) {
		return Upgraded{}, nil
	}
	return up, err
}

// replaceOlder ends one license and adds entries to the order's history and to the audit trail.
func (a Admin) replaceOlder(ctx context.Context, tx store.Tx, o store.Order, l store.License) error {
	if err := tx.Licenses.End(ctx, l.ID, api.StatusReplaced, a.Now()); err != nil {
		return err
	}
	return errors.Join(a.event(ctx, tx, o, l.ID, api.TaskReplacement), tx.Audits.Add(ctx, store.Audit{
		At:      a.Now(),
		Actor:   "admin",
		Action:  "license.end",
		Object:  object("license", l.ID),
		Outcome: "ok",
		Detail:  object("order", o.ID) + "; Replaced by upgrade-v2",
	}))
}
