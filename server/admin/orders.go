package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// Order is an order with the serial number that made it, or "".
type Order struct {
	store.Order
	SerialNumber string
}

// withSerials adds the serial numbers to orders.
func (a Admin) withSerials(ctx context.Context, tx store.Tx, orders ...store.Order) (list []Order, err error) {
	programs := map[int64]store.Program{}
	for _, o := range orders {
		p, known := programs[o.ProgramID]
		if !known && o.SerialID != 0 {
			if p, err = tx.Programs.Get(ctx, o.ProgramID); err != nil {
				return nil, err
			}
			programs[o.ProgramID] = p
		}
		serial, err := a.Secrets.Serial(p, o)
		if err != nil {
			return nil, err
		}
		list = append(list, Order{o, serial})
	}
	return list, nil
}

// Orders lists the orders of a client, or of all clients if client is 0, newest first.
func (a Admin) Orders(ctx context.Context, client int64) ([]Order, error) {
	return read(ctx, a, func(tx store.Tx) ([]Order, error) {
		if client != 0 {
			if _, err := tx.Clients.Get(ctx, client); err != nil {
				return nil, notFound(err, "client", client)
			}
		}
		orders, err := tx.Orders.List(ctx, client, false, 0, 0)
		if err != nil {
			return nil, err
		}
		return a.withSerials(ctx, tx, orders...)
	})
}

// Order returns one order.
func (a Admin) Order(ctx context.Context, id int64) (Order, error) {
	return read(ctx, a, func(tx store.Tx) (Order, error) {
		o, err := tx.Orders.Get(ctx, id)
		if err != nil {
			return Order{}, notFound(err, "order", id)
		}
		list, err := a.withSerials(ctx, tx, o)
		if err != nil {
			return Order{}, err
		}
		return list[0], nil
	})
}

// AddOrder adds an order of a program for a client. Features, policy and end of its licenses come from the program
// (spec: api 2), unless change replaces them.
func (a Admin) AddOrder(
	ctx context.Context, client, program int64, change func(*store.Order) error,
) (o store.Order, err error) {
	err = a.write(ctx, "order.add", "", func(tx store.Tx) (record, error) {
		p, err := tx.Programs.Get(ctx, program)
		if err != nil {
			return record{}, notFound(err, "program", program)
		}
		if _, err := tx.Clients.Get(ctx, client); err != nil {
			return record{}, notFound(err, "client", client)
		}
		o = rules.Rules{Secrets: a.Secrets, Now: a.Now}.DefaultOrder(p, client)
		if err := change(&o); err != nil {
			return record{}, err
		}
		if err := checkOrder(o); err != nil {
			return record{}, err
		}
		return insertOrder(ctx, tx, &o)
	})
	return o, err
}

// insertOrder adds an order that has been checked.
func insertOrder(ctx context.Context, tx store.Tx, o *store.Order) (rec record, err error) {
	if o.ID, err = tx.Orders.Add(ctx, *o); err != nil {
		return rec, err
	}
	rec = record{object("order", o.ID), fmt.Sprintf("%s, %s, licenses: %d", object("client", o.ClientID),
		object("program", o.ProgramID), o.LicensesTotal)}
	return rec, tx.Events.Add(ctx, store.Event{
		At:      o.OrderedAt,
		OrderID: o.ID,
		Task:    api.TaskNewOrder,
		Outcome: api.OutcomeOK,
	})
}

// ChangeOrder changes an order. Its licenses do not change.
func (a Admin) ChangeOrder(ctx context.Context, id int64, change func(*store.Order) error) (o store.Order, err error) {
	err = a.write(ctx, "order.change", object("order", id), func(tx store.Tx) (_ record, err error) {
		if o, err = tx.Orders.Lock(ctx, id); err != nil {
			return record{}, notFound(err, "order", id)
		}
		before := orderFields(o)
		if err := change(&o); err != nil {
			return record{}, err
		}
		if err := checkOrder(o); err != nil {
			return record{}, err
		}
		if o.LicensesTotal < o.LicensesActive {
			return record{}, fmt.Errorf("order %d has %d active licenses; the total cannot be lower", id, o.LicensesActive)
		}
		return record{object("order", id), changes(before, orderFields(o))}, tx.Orders.Change(ctx, o)
	})
	return o, err
}

func orderFields(o store.Order) []field {
	return []field{
		property("licenses", o.LicensesTotal), property("active", o.Active), property("visible", o.Visible),
		property("manage", o.CanManage),
		property("features", o.Features), property("licenses end", o.LicensesExpireAt),
		property("subscription", o.HasSubscription),
		property("subscription ends", o.SubscriptionExpiresAt),
	}
}

func checkOrder(o store.Order) error {
	if o.LicensesTotal < 0 {
		return errors.New("the number of licenses cannot be negative")
	}
	if o.LicensesTotal > maxLicenses {
		return errTooManyLicenses
	}
	if o.SubscriptionExpiresAt != nil && o.SubscriptionExpiresAt.UTC().Year() > lastYear {
		return fmt.Errorf("a subscription must end by the year %d", lastYear)
	}
	if o.LicensesExpireAt != nil {
		// An activation code has 16 bits for the day. Activate fails if it does not fit.
		if _, err := (license.ActivationKey{}).Activate(license.Codes{},
			license.Grant{Expires: *o.LicensesExpireAt}); err != nil {
			return err
		}
	}
	return nil
}
