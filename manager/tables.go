package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager/journal"
)

// Orders is the table of orders with the time when it was fetched.
type Orders struct {
	Orders      []api.Order `json:"orders"`
	CanAddOrder bool        `json:"can_add_order"`
	FetchedAt   time.Time   `json:"-"`
	// Cached is true for cached rows.
	Cached bool `json:"-"`
}

// License is a license with its state on this PC.
type License struct {
	api.License
	// ThisPC is true if the license is this PC's: its codes are, or the locks recognize it.
	ThisPC bool
	// Installed is true if the license file is installed. It is set for licenses of this PC only.
	Installed bool
	// LeftHere is true if the license was this PC's and left it. The server may not know of that yet.
	LeftHere bool
	// JobOpen is true if an open job hands in a license that left this PC.
	JobOpen bool
}

// Stranded reports whether the license left this PC while the server lists it as active and not released, and no open
// job hands it in.
func (l License) Stranded() bool {
	return l.LeftHere && !l.JobOpen && l.Status == api.StatusActive && l.ReleasedAt == nil
}

// MakesCode reports whether this PC can derive the removal code of the license: the license is this PC's, or
// stranded.
func (l License) MakesCode() bool { return l.ThisPC || l.Stranded() }

// Licenses is the table of an order's licenses with the time when it was fetched.
type Licenses struct {
	OrderID   int64
	Licenses  []License
	FetchedAt time.Time
	// Cached is true for cached rows.
	Cached bool
}

const (
	ordersName   = "orders"
	programsName = "programs"
)

func licensesName(order int64) string { return fmt.Sprintf("licenses %d", order) }

// orders is Orders for the account of the session.
func (s *acting) orders(ctx context.Context) (Orders, error) {
	orders, canAdd, err := s.client.Orders(ctx)
	if err != nil {
		return Orders{}, s.fail(err)
	}
	out := Orders{Orders: orders, CanAddOrder: canAdd, FetchedAt: s.m.options.Now()}
	s.cache(ctx, ordersName, out, out.FetchedAt)
	return out, nil
}

// cache stores rows as cached. It logs an error instead of returning it, because the caller has the rows.
func (s *acting) cache(ctx context.Context, name string, content any, at time.Time) {
	if err := s.m.db.save(ctx, s.account.ID, name, content, at); err != nil && ctx.Err() == nil {
		s.m.options.Logger.Warn("a table could not be kept", "table", name, "error", err)
	}
}

// cachedOrders is CachedOrders for the account of the session.
func (s *acting) cachedOrders(ctx context.Context) (out Orders, ok bool, err error) {
	out.FetchedAt, ok, err = s.m.db.load(ctx, s.account.ID, ordersName, &out)
	out.Cached = true
	return out, ok, err
}

// licenses is Licenses for the account of the session.
func (s *acting) licenses(ctx context.Context, order int64) (Licenses, error) {
	installs := s.m.pc.Installs()
	rows, err := s.client.Licenses(ctx, order, false)
	if err != nil {
		return Licenses{}, s.fail(err)
	}
	now := s.m.options.Now()
	s.cache(ctx, licensesName(order), rows, now)
	if u := s.unlistedOf(ctx, order, rows); !u.empty() {
		if all, err := s.client.Licenses(ctx, order, true); err == nil { // otherwise with the next table
			s.m.reconcile(ctx, u, all, installs)
		}
	}
	out := s.mark(ctx, order, rows)
	s.installFiles(ctx, out, true)
	return Licenses{OrderID: order, Licenses: out, FetchedAt: now}, nil
}

// cacheOutcome updates the cached rows with the outcome of a task, so that they contain it even if the connection
// fails before the next table is fetched. Rows that are not cached remain uncached, because a partial table would
// look complete.
func (s *acting) cacheOutcome(ctx context.Context, job journal.Job, out outcome) {
	var orders Orders
	if out.order.ID != 0 {
		if at, ok, err := s.m.db.load(ctx, s.account.ID, ordersName, &orders); err == nil && ok {
			orders.Orders = upsert(orders.Orders, out.order, func(o api.Order) bool { return o.ID == out.order.ID })
			s.cache(ctx, ordersName, orders, at)
		}
	}
	var licenses []api.License
	if at, ok, err := s.m.db.load(ctx, s.account.ID, licensesName(job.OrderID), &licenses); err == nil && ok {
		if out.license.Status == api.StatusActive {
			licenses = upsert(licenses, out.license, func(l api.License) bool { return l.ID == out.license.ID })
		}
		if job.LicenseID != out.license.ID { // the task ended it, and may have replaced it by another
			licenses = slices.DeleteFunc(licenses, func(l api.License) bool { return l.ID == job.LicenseID })
		}
		s.cache(ctx, licensesName(job.OrderID), licenses, at)
	}
}

// upsert replaces the row that same reports, or appends row.
func upsert[T any](rows []T, row T, same func(T) bool) []T {
	if i := slices.IndexFunc(rows, same); i >= 0 {
		rows[i] = row
		return rows
	}
	return append(rows, row)
}

// allLicenses is AllLicenses for the account of the session.
func (s *acting) allLicenses(ctx context.Context, order int64) (Licenses, error) {
	installs := s.m.pc.Installs()
	rows, err := s.client.Licenses(ctx, order, true)
	if err != nil {
		return Licenses{}, s.fail(err)
	}
	active := slices.DeleteFunc(slices.Clone(rows), func(l api.License) bool { return l.Status != api.StatusActive })
	s.m.reconcile(ctx, s.unlistedOf(ctx, order, active), rows, installs)
	out := s.mark(ctx, order, rows)
	s.installFiles(ctx, out, true)
	return Licenses{OrderID: order, Licenses: out, FetchedAt: s.m.options.Now()}, nil
}

// cachedLicenses is CachedLicenses for the account of the session.
func (s *acting) cachedLicenses(ctx context.Context, order int64) (out Licenses, ok bool, err error) {
	var rows []api.License
	at, ok, err := s.m.db.load(ctx, s.account.ID, licensesName(order), &rows)
	if err != nil || !ok {
		return out, false, err
	}
	s = s.fromCache()
	marked := s.mark(ctx, order, rows)
	s.installFiles(ctx, marked, false)
	return Licenses{OrderID: order, Licenses: marked, FetchedAt: at, Cached: true}, true, nil
}

// mark returns the licenses of an order with their state on this PC.
func (s *acting) mark(ctx context.Context, order int64, rows []api.License) []License {
	out := make([]License, len(rows))
	for i, row := range rows {
		out[i].License = row
	}
	orders, ok, err := s.cachedOrders(ctx)
	if err != nil || !ok {
		return out
	}
	for _, o := range orders.Orders {
		if o.ID != order || !o.RequiresActivation {
			continue
		}
		p, err := s.program(ctx, o.ProgramID)
		if err != nil {
			return out
		}
		recognize, err := s.m.pc.Recognizer(ctx, p)
		if err != nil {
			return out // without locks, no row is recognized as this PC's
		}
		left := s.m.pc.Left(p)
		var open map[departureKey]api.Task
		for i := range out {
			out[i].ThisPC = recognize(out[i].License)
			if out[i].LeftHere = left(out[i].License); !out[i].LeftHere {
				continue
			}
			if open == nil {
				if open, err = s.m.openDepartures(ctx, s.account.ID); err != nil {
					s.m.options.Logger.Warn("the open tasks cannot be read", "error", err)
				}
			}
			_, out[i].JobOpen = open[departureKey{p.ApplicationSignature, out[i].SiteCode}]
			out[i].JobOpen = out[i].JobOpen || err != nil // unknown: offer nothing that a job may be doing
		}
	}
	return out
}

// program is Program for the account of the session.
func (s *acting) program(ctx context.Context, id int64) (api.Program, error) {
	s.m.mu.Lock()
	p, ok := s.m.programs[id]
	ok = ok && s.m.programsOf == s.client
	s.m.mu.Unlock()
	if ok {
		return p, nil
	}
	if s.cached {
		if p, ok := s.cachedProgram(ctx, id); ok {
			return p, nil
		}
	}
	programs, err := s.fetchPrograms(ctx)
	if err != nil {
		_, known, cacheErr := s.m.db.load(ctx, s.account.ID, programsName, &programs)
		if !errors.Is(err, ErrUnreachable) || !known || cacheErr != nil {
			return p, s.fail(err)
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

// fetchPrograms fetches and caches the programs of an account, because the vendor may have changed a key.
func (s *acting) fetchPrograms(ctx context.Context) ([]api.Program, error) {
	programs, err := s.client.Programs(ctx)
	if err != nil {
		return nil, err
	}
	s.cache(ctx, programsName, programs, s.m.options.Now())
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.programsOf != s.client {
		clear(s.m.programs)
		s.m.programsOf = s.client
	}
	for _, p := range programs {
		s.m.programs[p.ID] = p
	}
	return programs, nil
}

// cachedProgram returns a cached program of the account.
func (s *acting) cachedProgram(ctx context.Context, id int64) (p api.Program, ok bool) {
	var programs []api.Program
	if _, known, err := s.m.db.load(ctx, s.account.ID, programsName, &programs); err != nil || !known {
		return p, false
	}
	i := slices.IndexFunc(programs, func(p api.Program) bool { return p.ID == id })
	if i < 0 {
		return p, false
	}
	return programs[i], true
}
