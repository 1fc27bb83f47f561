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

// Licenses lists an order's licenses, oldest first; ended ones only when asked for.
func (a Admin) Licenses(ctx context.Context, order int64, ended bool) ([]store.License, error) {
	return read(ctx, a, func(tx store.Tx) ([]store.License, error) {
		if _, err := tx.Order(ctx, order); err != nil {
			return nil, missing(err, "order", order)
		}
		return tx.Licenses(ctx, order, ended, 0, 0)
	})
}

// License returns one license.
func (a Admin) License(ctx context.Context, id int64) (store.License, error) {
	l, err := read(ctx, a, func(tx store.Tx) (store.License, error) { return tx.License(ctx, id) })
	return l, missing(err, "license", id)
}

// AddLicense activates a PC for an order, under the same rules as the app: a refusal is an *api.Problem.
func (a Admin) AddLicense(ctx context.Context, order int64, request api.NewLicense) (l store.License, err error) {
	err = a.write(ctx, "license.create", object("order", order), func(tx store.Tx) (done, error) {
		o, err := tx.LockOrder(ctx, order)
		if err != nil {
			return done{}, missing(err, "order", order)
		}
		p, err := tx.Program(ctx, o.ProgramID)
		if err != nil {
			return done{}, err
		}
		made := false
		if l, made, err = (rules.Rules{Secrets: a.Secrets, Now: a.Now}).NewLicense(ctx, tx, o, p, request); err != nil {
			return done{}, err
		}
		if made {
			err = tx.AddEvent(ctx, store.Event{At: a.Now(), OrderID: o.ID, LicenseID: l.ID, Task: api.TaskNewLicense, Outcome: api.OutcomeOK})
		}
		return done{object("license", l.ID), object("order", order)}, err
	})
	return l, err
}

// ChangeLicense changes note, features or expiry of an active license; the activation code follows features and expiry.
func (a Admin) ChangeLicense(ctx context.Context, id int64, change func(*store.License) error) (l store.License, err error) {
	err = a.write(ctx, "license.change", object("license", id), func(tx store.Tx) (_ done, err error) {
		if l, err = tx.License(ctx, id); err != nil {
			return done{}, missing(err, "license", id)
		}
		if l.Status != api.StatusActive {
			return done{}, fmt.Errorf("license %d has ended (%s)", id, l.Status)
		}
		before := licenseFields(l)
		if err := change(&l); err != nil {
			return done{}, err
		}
		if l.Note, err = rules.ReadNote(l.Note); err != nil {
			return done{}, err
		}
		if err := a.activate(ctx, tx, &l); err != nil {
			return done{}, err
		}
		return done{object("license", id), changes(before, licenseFields(l))}, tx.ChangeLicense(ctx, l)
	})
	return l, err
}

// activate computes the activation code of a license from what it grants now.
func (a Admin) activate(ctx context.Context, tx store.Tx, l *store.License) error {
	p, err := tx.Program(ctx, l.ProgramID)
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

// EndLicense ends a license without a removal code; its order has one more free license.
func (a Admin) EndLicense(ctx context.Context, id int64) (l store.License, err error) {
	err = a.write(ctx, "license.end", object("license", id), func(tx store.Tx) (did done, err error) {
		var o store.Order
		if l, o, _, err = a.activeLicense(ctx, tx, id); err != nil {
			return did, err
		}
		if err := tx.EndLicense(ctx, id, api.StatusRemoved, a.Now()); err != nil {
			return did, err
		}
		l, err = tx.License(ctx, id)
		return done{object("license", id), object("order", o.ID)}, errors.Join(err, a.event(ctx, tx, o, id, api.TaskRemoval))
	})
	return l, err
}

// ReplaceLicense gives a license to another PC without a removal code, when the old PC is gone.
func (a Admin) ReplaceLicense(ctx context.Context, id int64, request api.Reactivation) (l store.License, err error) {
	err = a.write(ctx, "license.replace", object("license", id), func(tx store.Tx) (did done, err error) {
		old, o, p, err := a.activeLicense(ctx, tx, id)
		if err != nil {
			return did, err
		}
		if l, err = (rules.Rules{Secrets: a.Secrets, Now: a.Now}).Replace(ctx, tx, old, o, p, request); err != nil {
			return did, err
		}
		return done{object("license", id), object("license", l.ID)}, a.event(ctx, tx, o, l.ID, api.TaskReplacement)
	})
	return l, err
}

// activeLicense loads a license that has not ended, with its order, which is held, and its program.
func (a Admin) activeLicense(ctx context.Context, tx store.Tx, id int64) (l store.License, o store.Order, p store.Program, err error) {
	if l, err = tx.License(ctx, id); err != nil {
		return l, o, p, missing(err, "license", id)
	}
	if o, err = tx.LockOrder(ctx, l.OrderID); err != nil {
		return l, o, p, err
	}
	if l, err = tx.License(ctx, id); err != nil { // as it is now that the order is held
		return l, o, p, err
	}
	if l.Status != api.StatusActive {
		return l, o, p, fmt.Errorf("license %d has ended (%s)", id, l.Status)
	}
	p, err = tx.Program(ctx, l.ProgramID)
	return l, o, p, err
}

// event adds a line to an order's history that its client sees.
func (a Admin) event(ctx context.Context, tx store.Tx, o store.Order, license int64, task api.Task) error {
	return tx.AddEvent(ctx, store.Event{At: a.Now(), OrderID: o.ID, LicenseID: license, Task: task, Outcome: api.OutcomeOK})
}
