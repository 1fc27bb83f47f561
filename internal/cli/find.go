package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

// findOrder returns an order of the current account.
func findOrder(ctx context.Context, m *manager.Manager, id int64) (api.Order, error) {
	orders, err := m.Orders(ctx)
	if err != nil {
		return api.Order{}, err
	}
	for _, o := range orders.Orders {
		if o.ID == id {
			return o, nil
		}
	}
	return api.Order{}, api.NewProblem(api.ErrNotFound, fmt.Sprintf("There is no order %d in this account.", id))
}

// findLicense returns an active license of the current account with its order. It asks the server first for the orders
// that have the license in the cache.
func findLicense(ctx context.Context, m *manager.Manager, id int64) (manager.License, api.Order, error) {
	orders, err := m.Orders(ctx)
	if err != nil {
		return manager.License{}, api.Order{}, err
	}
	in := func(list []manager.License) bool {
		for _, l := range list {
			if l.ID == id {
				return true
			}
		}
		return false
	}
	var first, rest []api.Order
	for _, o := range orders.Orders {
		if !o.RequiresActivation {
			continue
		}
		if known, ok, err := m.CachedLicenses(ctx, o.ID); err == nil && ok && in(known.Licenses) {
			first = append(first, o)
		} else {
			rest = append(rest, o)
		}
	}
	for _, o := range append(first, rest...) {
		list, err := m.Licenses(ctx, o.ID)
		if err != nil {
			return manager.License{}, api.Order{}, err
		}
		for _, l := range list.Licenses {
			if l.ID == id {
				return l, o, nil
			}
		}
	}
	return manager.License{}, api.Order{}, api.NewProblem(api.ErrNotFound,
		fmt.Sprintf("There is no active license %d in this account.", id))
}

// findKnownLicense is findLicense, but returns the cached license if the server is unreachable.
func findKnownLicense(ctx context.Context, m *manager.Manager, id int64) (manager.License, api.Order, error) {
	l, o, unreachable := findLicense(ctx, m, id)
	if !errors.Is(unreachable, manager.ErrUnreachable) {
		return l, o, unreachable
	}
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return manager.License{}, api.Order{}, err
	}
	for _, o := range orders.Orders {
		known, _, err := m.CachedLicenses(ctx, o.ID)
		if err != nil {
			return manager.License{}, api.Order{}, err
		}
		for _, l := range known.Licenses {
			if l.ID == id {
				return l, o, nil
			}
		}
	}
	return manager.License{}, api.Order{}, unreachable
}

// fetchLicenses fetches the licenses of all orders into the cache, where manager finds those of this PC.
func fetchLicenses(ctx context.Context, m *manager.Manager) error {
	orders, err := m.Orders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders.Orders {
		if !o.RequiresActivation {
			continue
		}
		if _, err := m.Licenses(ctx, o.ID); err != nil {
			return err
		}
	}
	return nil
}

// refreshed opens the license manager and fetches all licenses. If it returns both a manager and an error, the cached
// data may be out of date.
func (cs *commandSet) refreshed(ctx context.Context) (*manager.Manager, error) {
	m, err := cs.session(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		return m, fetchLicenses(ctx, m)
	case errors.Is(err, manager.ErrUnreachable), errors.Is(err, manager.ErrSignedOut):
		return m, err
	}
	return nil, err
}

// warnOutdated prints err as the reason why a list may be out of date; nothing with --json.
func (cs *commandSet) warnOutdated(err error) {
	if err != nil && !cs.asJSON {
		fmt.Fprintf(cs.errors, "acenctl: the list may be out of date: %s.\n", strings.TrimSuffix(sentence(err), "."))
	}
}
