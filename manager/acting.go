package manager

import (
	"context"
	"errors"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
)

// acting is a session of an account. A call uses the session that it began with, so that it acts for that account
// even if another one becomes current meanwhile.
type acting struct {
	m       *Manager
	account Account
	client  *client.Client
	// cached makes the session use cached programs; it fetches only those that were never cached.
	cached bool
}

// AccountID implements journal.Session.
func (s *acting) AccountID() int64 { return s.account.ID }

// fromCache returns the session with cached set.
func (s *acting) fromCache() *acting {
	cached := *s
	cached.cached = true
	return &cached
}

// fail returns an error of a call. If it says that the session has ended, fail publishes SignedOut.
func (s *acting) fail(err error) error {
	if errors.Is(err, ErrSignedOut) {
		s.m.publish(Event{Kind: SignedOut, Account: s.account.ID})
	}
	return err
}

// acting returns a session of the current account. It fails with ErrSignedOut.
func (m *Manager) acting() (*acting, error) {
	s, ok := m.sessions.Current()
	if !ok {
		return nil, ErrSignedOut
	}
	return &acting{
		m:       m,
		account: s.Account,
		client:  s.Client,
	}, nil
}

// begin returns a session of the current account for a call that needs the server. If nobody is signed in it publishes
// SignedOut and fails with ErrSignedOut.
func (m *Manager) begin() (*acting, error) {
	s, err := m.acting()
	if err != nil {
		m.publish(Event{Kind: SignedOut})
	}
	return s, err
}

// asCurrent calls act in a session that begin returns.
func asCurrent[T any](m *Manager, act func(*acting) (T, error)) (T, error) {
	s, err := m.begin()
	if err != nil {
		var none T
		return none, err
	}
	return act(s)
}

// ask makes a call to the current account's server.
func ask[T any](m *Manager, call func(*client.Client) (T, error)) (T, error) {
	return asCurrent(m, func(s *acting) (T, error) {
		out, err := call(s.client)
		return out, s.fail(err)
	})
}

// Orders fetches and caches the orders.
func (m *Manager) Orders(ctx context.Context) (Orders, error) {
	return asCurrent(m, func(s *acting) (Orders, error) { return s.orders(ctx) })
}

// CachedOrders returns the cached orders of the current account; false if there are none.
func (m *Manager) CachedOrders(ctx context.Context) (out Orders, ok bool, err error) {
	s, err := m.acting()
	if err != nil {
		return out, false, err
	}
	return s.cachedOrders(ctx)
}

// Licenses fetches and caches the active licenses of an order. It installs the files of this PC's licenses, and
// erases the file of a license that the server lists as ended.
func (m *Manager) Licenses(ctx context.Context, order int64) (Licenses, error) {
	return asCurrent(m, func(s *acting) (Licenses, error) { return s.licenses(ctx, order) })
}

// AllLicenses fetches all licenses of an order, ended ones included. It does not cache them.
func (m *Manager) AllLicenses(ctx context.Context, order int64) (Licenses, error) {
	return asCurrent(m, func(s *acting) (Licenses, error) { return s.allLicenses(ctx, order) })
}

// CachedLicenses returns the cached licenses of an order; false if there are none.
func (m *Manager) CachedLicenses(ctx context.Context, order int64) (out Licenses, ok bool, err error) {
	s, err := m.acting()
	if err != nil {
		return out, false, err
	}
	return s.cachedLicenses(ctx, order)
}

// History fetches what happened to an order, newest first.
func (m *Manager) History(ctx context.Context, order int64) ([]api.HistoryEntry, error) {
	return ask(m, func(c *client.Client) ([]api.HistoryEntry, error) { return c.History(ctx, order) })
}

// Program returns a program of the current account's server.
func (m *Manager) Program(ctx context.Context, id int64) (api.Program, error) {
	return asCurrent(m, func(s *acting) (api.Program, error) { return s.program(ctx, id) })
}

// CachedProgram returns a cached program of the current account's server; it fetches one that was never cached.
func (m *Manager) CachedProgram(ctx context.Context, id int64) (api.Program, error) {
	return asCurrent(m, func(s *acting) (api.Program, error) { return s.fromCache().program(ctx, id) })
}

// SerialPrograms asks the server for the programs that accept serial numbers.
func (m *Manager) SerialPrograms(ctx context.Context) ([]api.Program, error) {
	return ask(m, func(c *client.Client) ([]api.Program, error) {
		programs, err := c.Programs(ctx)
		return slices.DeleteFunc(programs, func(p api.Program) bool { return !p.AcceptsSerials }), err
	})
}

// ThisPC computes Site code and Machine ID of this PC for a program.
func (m *Manager) ThisPC(ctx context.Context, programID int64) (ThisPC, error) {
	return asCurrent(m, func(s *acting) (ThisPC, error) { return s.thisPC(ctx, programID) })
}

// Compare compares the PC of codes with the one that a license was made for. The server decides about a reactivation
// by the same function. Compare needs no network, and fails with license.ErrMismatch for codes of another program.
func (m *Manager) Compare(ctx context.Context, l License, codes license.Codes) (license.Comparison, error) {
	s, err := m.acting()
	if err != nil {
		return license.Comparison{}, err
	}
	return s.compare(ctx, l, codes)
}

// NewLicense activates a PC for an order. A call with the order and codes of an open job joins that job. After a
// network error the job stays open, and ResumeJobs sends it again. If the server refuses this PC's Site code as
// spent, this PC takes a new one and the job is sent with it (spec: api 21).
func (m *Manager) NewLicense(ctx context.Context, r NewLicense) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) { return s.newLicense(ctx, r) })
}

// Reactivate gives a license to the new codes of its PC. The job, and this PC's codes, work like those of NewLicense.
func (m *Manager) Reactivate(ctx context.Context, r Reactivate) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) { return s.reactivate(ctx, r) })
}

// Transfer gives a license to another PC. The job works like that of NewLicense; its removal code is sealed. A
// license of this PC leaves it first, as with Move.
func (m *Manager) Transfer(ctx context.Context, r Transfer) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) { return s.transfer(ctx, r) })
}

// PickUp transfers a released license to this PC. The job works like that of NewLicense.
func (m *Manager) PickUp(ctx context.Context, l License) (License, error) {
	s, err := m.acting()
	if err != nil {
		return License{}, err
	}
	return s.pickUp(ctx, l)
}

// PlanCourier returns what the current account can do for the items of another PC's request. It fetches orders and
// licenses and changes nothing on the server.
func (m *Manager) PlanCourier(ctx context.Context, r carry.Request) ([]CourierItem, error) {
	return asCurrent(m, func(s *acting) ([]CourierItem, error) { return s.planCourier(ctx, r) })
}
