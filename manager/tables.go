package manager

import (
	"context"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/manager/catalog"
)

type (
	// Orders is the table of orders with the time when it was fetched.
	Orders = catalog.Orders
	// Licenses is the table of an order's licenses with the time when it was fetched.
	Licenses = catalog.Licenses
	// License is a license with its state on this PC.
	License = catalog.License
)

// Orders fetches and caches the orders.
func (m *Manager) Orders(ctx context.Context) (Orders, error) {
	return asCurrent(m, func(s *acting) (Orders, error) { return s.view.Orders(ctx) })
}

// CachedOrders returns the cached orders of the current account; false if there are none.
func (m *Manager) CachedOrders(ctx context.Context) (out Orders, ok bool, err error) {
	s, err := m.acting()
	if err != nil {
		return out, false, err
	}
	return s.view.CachedOrders(ctx)
}

// Licenses fetches and caches the active licenses of an order. It installs the files of this PC's licenses, and
// erases the file of a license that the server lists as ended.
func (m *Manager) Licenses(ctx context.Context, order int64) (Licenses, error) {
	return asCurrent(m, func(s *acting) (Licenses, error) { return s.view.Licenses(ctx, order) })
}

// AllLicenses fetches all licenses of an order, ended ones included. It does not cache them.
func (m *Manager) AllLicenses(ctx context.Context, order int64) (Licenses, error) {
	return asCurrent(m, func(s *acting) (Licenses, error) { return s.view.AllLicenses(ctx, order) })
}

// CachedLicenses returns the cached licenses of an order; false if there are none.
func (m *Manager) CachedLicenses(ctx context.Context, order int64) (out Licenses, ok bool, err error) {
	s, err := m.acting()
	if err != nil {
		return out, false, err
	}
	return s.view.CachedLicenses(ctx, order)
}

// History fetches what happened to an order, newest first.
func (m *Manager) History(ctx context.Context, order int64) ([]api.HistoryEntry, error) {
	return ask(m, func(c *client.Client) ([]api.HistoryEntry, error) { return c.History(ctx, order) })
}

// Program returns a program of the current account's server.
func (m *Manager) Program(ctx context.Context, id int64) (api.Program, error) {
	return asCurrent(m, func(s *acting) (api.Program, error) { return s.view.Program(ctx, id) })
}

// CachedProgram returns a cached program of the current account's server; it fetches one that was never cached.
func (m *Manager) CachedProgram(ctx context.Context, id int64) (api.Program, error) {
	return asCurrent(m, func(s *acting) (api.Program, error) { return s.view.FromCache().Program(ctx, id) })
}

// SerialPrograms asks the server for the programs that accept serial numbers.
func (m *Manager) SerialPrograms(ctx context.Context) ([]api.Program, error) {
	return ask(m, func(c *client.Client) ([]api.Program, error) {
		programs, err := c.Programs(ctx)
		return slices.DeleteFunc(programs, func(p api.Program) bool { return !p.AcceptsSerials }), err
	})
}
