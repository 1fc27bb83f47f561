package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// Licenses lists the licenses of an order, oldest first; ended ones only if ended is set.
func (a Admin) Licenses(ctx context.Context, order int64, ended bool) ([]store.License, error) {
	return read(ctx, a, func(tx store.Tx) ([]store.License, error) {
		if _, err := tx.Orders.Get(ctx, order); err != nil {
			return nil, notFound(err, "order", order)
		}
		return tx.Licenses.List(ctx, order, ended, 0, 0)
	})
}

// License returns one license.
func (a Admin) License(ctx context.Context, id int64) (store.License, error) {
	l, err := read(ctx, a, func(tx store.Tx) (store.License, error) { return tx.Licenses.Get(ctx, id) })
	return l, notFound(err, "license", id)
}

// AddLicense activates a PC for an order under the rules of the app. A refusal is an *api.Problem.
func (a Admin) AddLicense(ctx context.Context, order int64, request api.NewLicense) (l store.License, err error) {
	err = a.write(ctx, "license.create", object("order", order), func(tx store.Tx) (record, error) {
		o, err := tx.Orders.Lock(ctx, order)
		if err != nil {
			return record{}, notFound(err, "order", order)
		}
		p, err := tx.Programs.Get(ctx, o.ProgramID)
		if err != nil {
			return record{}, err
		}
		made := false
		if l, made, err = (rules.Rules{Secrets: a.Secrets, Now: a.Now}).NewLicense(ctx, tx, o, p, request); err != nil {
			return record{}, err
		}
		if made {
			err = tx.Events.Add(ctx, store.Event{
				At:        a.Now(),
				OrderID:   o.ID,
				LicenseID: l.ID,
				Task:      api.TaskNewLicense,
				Outcome:   api.OutcomeOK,
			})
		}
		return record{object("license", l.ID), object("order", order)}, err
	})
	return l, err
}

// ChangeLicense changes note, features or end of an active license, and computes its activation code from them.
func (a Admin) ChangeLicense(
	ctx context.Context, id int64, change func(*store.License) error,
) (l store.License, err error) {
	err = a.write(ctx, "license.change", object("license", id), func(tx store.Tx) (_ record, err error) {
		if l, err = tx.Licenses.Get(ctx, id); err != nil {
			return record{}, notFound(err, "license", id)
		}
		if l.Status != api.StatusActive {
			return record{}, fmt.Errorf("license %d has ended (%s)", id, l.Status)
		}
		before := licenseFields(l)
		if err := change(&l); err != nil {
			return record{}, err
		}
		if l.Note, err = rules.ReadNote(l.Note); err != nil {
			return record{}, err
		}
		if err := a.activate(ctx, tx, &l); err != nil {
			return record{}, err
		}
		return record{object("license", id), changes(before, licenseFields(l))}, tx.Licenses.Change(ctx, l)
	})
	return l, err
}

// activate computes the activation code of a license from its features and end.
func (a Admin) activate(ctx context.Context, tx store.Tx, l *store.License) error {
	p, err := tx.Programs.Get(ctx, l.ProgramID)
	if err != nil {
		return err
	}
	key, err := a.Secrets.ActivationKey(p)
	if err != nil {
		return err
	}
	grant := license.Grant{Features: l.Features, Issue: uint16(l.ID % (license.MaxIssue + 1))}
	if l.ExpiresAt != nil {
		grant.Expires = *l.ExpiresAt
		last := grant.ValidThrough().Truncate(time.Second)
		l.ExpiresAt = &last
	}
	l.Activation, err = key.Activate(l.Codes, grant)
	return err
}

func licenseFields(l store.License) []field {
	return []field{property("note", l.Note), property("features", l.Features), property("ends", l.ExpiresAt)}
}

// EndLicense ends a license without a removal code, which frees its seat.
func (a Admin) EndLicense(ctx context.Context, id int64) (l store.License, err error) {
	err = a.write(ctx, "license.end", object("license", id), func(tx store.Tx) (rec record, err error) {
		var o store.Order
		if l, o, _, err = a.activeLicense(ctx, tx, id); err != nil {
			return rec, err
		}
		if err := tx.Licenses.End(ctx, id, api.StatusRemoved, a.Now()); err != nil {
			return rec, err
		}
		l, err = tx.Licenses.Get(ctx, id)
		return record{object("license", id), object("order", o.ID)},
			errors.Join(err, a.event(ctx, tx, o, id, api.TaskRemoval))
	})
	return l, err
}

// ReplaceLicense replaces a license whose PC is gone by one for another PC, without a removal code.
func (a Admin) ReplaceLicense(ctx context.Context, id int64, request api.Reactivation) (l store.License, err error) {
	err = a.write(ctx, "license.replace", object("license", id), func(tx store.Tx) (rec record, err error) {
		old, o, p, err := a.activeLicense(ctx, tx, id)
		if err != nil {
			return rec, err
		}
		if l, err = (rules.Rules{Secrets: a.Secrets, Now: a.Now}).Replace(ctx, tx, old, o, p, request); err != nil {
			return rec, err
		}
		return record{object("license", id), object("license", l.ID)}, a.event(ctx, tx, o, l.ID, api.TaskReplacement)
	})
	return l, err
}

// activeLicense returns an active license, its order, which it locks, and its program.
func (a Admin) activeLicense(
	ctx context.Context, tx store.Tx, id int64,
) (l store.License, o store.Order, p store.Program, err error) {
	if l, err = tx.Licenses.Get(ctx, id); err != nil {
		return l, o, p, notFound(err, "license", id)
	}
	if o, err = tx.Orders.Lock(ctx, l.OrderID); err != nil {
		return l, o, p, err
	}
	if l, err = tx.Licenses.Get(ctx, id); err != nil { // its state under the order lock
		return l, o, p, err
	}
	if l.Status != api.StatusActive {
		return l, o, p, fmt.Errorf("license %d has ended (%s)", id, l.Status)
	}
	p, err = tx.Programs.Get(ctx, l.ProgramID)
	return l, o, p, err
}

// event adds an entry to an order's history.
func (a Admin) event(ctx context.Context, tx store.Tx, o store.Order, license int64, task api.Task) error {
	return tx.Events.Add(ctx, store.Event{
		At:        a.Now(),
		OrderID:   o.ID,
		LicenseID: license,
		Task:      task,
		Outcome:   api.OutcomeOK,
	})
}
