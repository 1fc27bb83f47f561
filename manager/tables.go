package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
)

// Orders is the table of orders with its age.
type Orders struct {
	Orders      []api.Order `json:"orders"`
	CanAddOrder bool        `json:"can_add_order"`
	FetchedAt   time.Time   `json:"-"`
	// Cached tells that these are the last known rows.
	Cached bool `json:"-"`
}

// License is a license with what this PC knows of it.
type License struct {
	api.License
	// ThisPC tells that the license is this PC's: same Machine ID and Site code, or the locks recognize it.
	ThisPC bool
	// Installed tells that its license file is where its program finds it. Set for licenses of this PC.
	Installed bool
	// LeftHere tells that the license was this PC's and left it; the server may not know yet.
	LeftHere bool
	// JobOpen reports that an open job hands in a license that left this PC.
	JobOpen bool
}

// Stranded reports whether the license left this PC while the server lists it as active and not released, and no open
// job hands it in.
func (l License) Stranded() bool {
	return l.LeftHere && !l.JobOpen && l.Status == api.StatusActive && l.ReleasedAt == nil
}

// MakesCode reports whether this PC can make the removal code of the license: the license is this PC's, or stranded.
func (l License) MakesCode() bool { return l.ThisPC || l.Stranded() }

// Licenses is the table of an order's licenses with its age.
type Licenses struct {
	OrderID   int64
	Licenses  []License
	FetchedAt time.Time
	// Cached tells that these are the last known rows.
	Cached bool
}

const (
	ordersName   = "orders"
	programsName = "programs"
)

func licensesName(order int64) string { return fmt.Sprintf("licenses %d", order) }

// Orders asks the server for the orders and keeps them.
func (m *Manager) Orders(ctx context.Context) (Orders, error) {
	ctx, a, c, err := m.as(ctx)
	if err != nil {
		return Orders{}, m.fail(ctx, err)
	}
	orders, canAdd, err := c.Orders(ctx)
	if err != nil {
		return Orders{}, m.fail(ctx, err)
	}
	out := Orders{Orders: orders, CanAddOrder: canAdd, FetchedAt: m.options.Now()}
	m.keep(ctx, a, ordersName, out, out.FetchedAt)
	return out, nil
}

// keep saves rows for later; that they cannot be kept must not hide them now.
func (m *Manager) keep(ctx context.Context, a Account, name string, content any, at time.Time) {
	if err := m.db.save(ctx, a.ID, name, content, at); err != nil && ctx.Err() == nil {
		m.options.Logger.Warn("a table could not be kept", "table", name, "error", err)
	}
}

// CachedOrders returns the last known orders of the current account; false when none are known.
func (m *Manager) CachedOrders(ctx context.Context) (out Orders, ok bool, err error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return out, false, err
	}
	out.FetchedAt, ok, err = m.db.load(ctx, a.ID, ordersName, &out)
	out.Cached = true
	return out, ok, err
}

// Licenses asks the server for the active licenses of an order and keeps them. Those of this PC get their license files, and
// the file of one that the server names as ended is erased.
func (m *Manager) Licenses(ctx context.Context, order int64) (Licenses, error) {
	ctx, a, c, err := m.as(ctx)
	if err != nil {
		return Licenses{}, m.fail(ctx, err)
	}
	installs := m.installCount()
	rows, err := c.Licenses(ctx, order, false)
	if err != nil {
		return Licenses{}, m.fail(ctx, err)
	}
	now := m.options.Now()
	m.keep(ctx, a, licensesName(order), rows, now)
	if u := m.unnamedOf(ctx, order, rows); !u.empty() {
		if all, err := c.Licenses(ctx, order, true); err == nil { // else with the next table
			m.reconcile(ctx, u, all, installs)
		}
	}
	out := m.mark(ctx, order, rows)
	m.settle(ctx, out, true)
	return Licenses{OrderID: order, Licenses: out, FetchedAt: now}, nil
}

// keepOutcome takes what the server answered to a task over into the last known rows, so that they hold it also when the
// connection ends before the next table. Rows that are not known stay so: a part of them would pass for all.
func (m *Manager) keepOutcome(ctx context.Context, a Account, job Job, out outcome) {
	var orders Orders
	if out.order.ID != 0 {
		if at, ok, err := m.db.load(ctx, a.ID, ordersName, &orders); err == nil && ok {
			orders.Orders = put(orders.Orders, out.order, func(o api.Order) bool { return o.ID == out.order.ID })
			m.keep(ctx, a, ordersName, orders, at)
		}
	}
	var licenses []api.License
	if at, ok, err := m.db.load(ctx, a.ID, licensesName(job.OrderID), &licenses); err == nil && ok {
		if out.license.Status == api.StatusActive {
			licenses = put(licenses, out.license, func(l api.License) bool { return l.ID == out.license.ID })
		}
		if job.LicenseID != out.license.ID { // ended by the task, which may have brought another
			licenses = slices.DeleteFunc(licenses, func(l api.License) bool { return l.ID == job.LicenseID })
		}
		m.keep(ctx, a, licensesName(job.OrderID), licenses, at)
	}
}

// put replaces the row that is the same, or adds it as the last.
func put[T any](rows []T, row T, same func(T) bool) []T {
	if i := slices.IndexFunc(rows, same); i >= 0 {
		rows[i] = row
		return rows
	}
	return append(rows, row)
}

// AllLicenses asks the server for all licenses of an order, also those that have ended. They are not kept.
func (m *Manager) AllLicenses(ctx context.Context, order int64) (Licenses, error) {
	ctx, _, c, err := m.as(ctx)
	if err != nil {
		return Licenses{}, m.fail(ctx, err)
	}
	installs := m.installCount()
	rows, err := c.Licenses(ctx, order, true)
	if err != nil {
		return Licenses{}, m.fail(ctx, err)
	}
	active := slices.DeleteFunc(slices.Clone(rows), func(l api.License) bool { return l.Status != api.StatusActive })
	m.reconcile(ctx, m.unnamedOf(ctx, order, active), rows, installs)
	out := m.mark(ctx, order, rows)
	m.settle(ctx, out, true)
	return Licenses{OrderID: order, Licenses: out, FetchedAt: m.options.Now()}, nil
}

// History asks the server what happened to an order, newest first.
func (m *Manager) History(ctx context.Context, order int64) ([]api.HistoryEntry, error) {
	ctx, _, c, err := m.as(ctx)
	if err != nil {
		return nil, m.fail(ctx, err)
	}
	entries, err := c.History(ctx, order)
	return entries, m.fail(ctx, err)
}

// CachedLicenses returns the last known licenses of an order; false when none are known.
func (m *Manager) CachedLicenses(ctx context.Context, order int64) (out Licenses, ok bool, err error) {
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return out, false, err
	}
	var rows []api.License
	at, ok, err := m.db.load(ctx, a.ID, licensesName(order), &rows)
	if err != nil || !ok {
		return out, false, err
	}
	ctx = lastKnown(ctx)
	marked := m.mark(ctx, order, rows)
	m.settle(ctx, marked, false)
	return Licenses{OrderID: order, Licenses: marked, FetchedAt: at, Cached: true}, true, nil
}

// lastKnownKey marks the context of a call that is about what was known last.
type lastKnownKey struct{}

// lastKnown lets a call take programs as they were last known; the server is asked only for those that never were.
func lastKnown(ctx context.Context) context.Context {
	return context.WithValue(ctx, lastKnownKey{}, true)
}

// mark finds this PC among the licenses of an order.
func (m *Manager) mark(ctx context.Context, order int64, rows []api.License) []License {
	out := make([]License, len(rows))
	for i, row := range rows {
		out[i].License = row
	}
	ctx, a, _, err := m.as(ctx)
	if err != nil {
		return out
	}
	orders, ok, err := m.CachedOrders(ctx)
	if err != nil || !ok {
		return out
	}
	for _, o := range orders.Orders {
		if o.ID != order || !o.RequiresActivation {
			continue
		}
		p, err := m.Program(ctx, o.ProgramID)
		if err != nil {
			return out
		}
		recognize, err := m.recognizer(ctx, p)
		if err != nil {
			return out // without locks no row is this PC's
		}
		left := m.leftHere(p)
		var open map[departureKey]api.Task
		for i := range out {
			out[i].ThisPC = recognize(out[i].License)
			if out[i].LeftHere = left(out[i].License); !out[i].LeftHere {
				continue
			}
			if open == nil {
				if open, err = m.openDepartures(ctx, a.ID); err != nil {
					m.options.Logger.Warn("the open tasks cannot be read", "error", err)
				}
			}
			_, out[i].JobOpen = open[departureKey{p.ApplicationSignature, out[i].SiteCode}]
			out[i].JobOpen = out[i].JobOpen || err != nil // unknown: nothing is offered that a task may be doing
		}
	}
	return out
}

// CachedProgram returns a program of the current account's server as it was last known; the server is asked for one that never was.
func (m *Manager) CachedProgram(ctx context.Context, id int64) (api.Program, error) {
	return m.Program(lastKnown(ctx), id)
}

// Program returns a program of the current account's server.
func (m *Manager) Program(ctx context.Context, id int64) (api.Program, error) {
	ctx, a, c, err := m.as(ctx)
	if err != nil {
		return api.Program{}, m.fail(ctx, err)
	}
	m.mu.Lock()
	p, ok := m.programs[id]
	ok = ok && m.client == c // ids of another server's programs mean others
	m.mu.Unlock()
	if ok {
		return p, nil
	}
	if ctx.Value(lastKnownKey{}) != nil {
		if p, ok := m.knownProgram(ctx, a, id); ok {
			return p, nil
		}
	}
	programs, err := m.fetchPrograms(ctx, a, c)
	if err != nil {
		_, known, cacheErr := m.db.load(ctx, a.ID, programsName, &programs)
		if !errors.Is(err, ErrUnreachable) || !known || cacheErr != nil {
			return p, m.fail(ctx, err)
		}
	}
	for _, known := range programs {
		if known.ID == id {
			p, ok = known, true
		}
	}
	if !ok {
		return p, refuse(api.ErrNotFound, "The server knows no such program.")
	}
	return p, nil
}

// fetchPrograms asks the server for the programs of an account and caches them: the vendor may have changed a key.
func (m *Manager) fetchPrograms(ctx context.Context, a Account, c *client.Client) ([]api.Program, error) {
	programs, err := c.Programs(ctx)
	if err != nil {
		return nil, err
	}
	m.keep(ctx, a, programsName, programs, m.options.Now())
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.client == c {
		for _, p := range programs {
			m.programs[p.ID] = p
		}
	}
	return programs, nil
}

// knownProgram finds a program among those of an account that were last known.
func (m *Manager) knownProgram(ctx context.Context, a Account, id int64) (p api.Program, ok bool) {
	var programs []api.Program
	if _, known, err := m.db.load(ctx, a.ID, programsName, &programs); err != nil || !known {
		return p, false
	}
	i := slices.IndexFunc(programs, func(p api.Program) bool { return p.ID == id })
	if i < 0 {
		return p, false
	}
	return programs[i], true
}

// SerialPrograms asks the server for the programs that accept serial numbers.
func (m *Manager) SerialPrograms(ctx context.Context) ([]api.Program, error) {
	ctx, _, c, err := m.as(ctx)
	if err != nil {
		return nil, m.fail(ctx, err)
	}
	programs, err := c.Programs(ctx)
	if err != nil {
		return nil, m.fail(ctx, err)
	}
	var accepting []api.Program
	for _, p := range programs {
		if p.AcceptsSerials {
			accepting = append(accepting, p)
		}
	}
	return accepting, nil
}

// keyOf returns the fingerprint key of a program.
func keyOf(p api.Program) (license.Key, error) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	return signature.Key(), err
}
