package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager/thispc"
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
	// LeftThisPC is true if the license was this PC's and left it. The server may not know of that yet.
	LeftThisPC bool
	// JobOpen is true if an open job hands in a license that left this PC.
	JobOpen bool
}

// Stranded reports whether the license left this PC while the server lists it as active and not released, and no open
// job hands it in.
func (l License) Stranded() bool {
	return l.LeftThisPC && !l.JobOpen && l.Status == api.StatusActive && l.ReleasedAt == nil
}

// Name returns how messages name the license: its note in quotation marks, or its ID.
func (l License) Name() string {
	if l.Note != "" {
		return fmt.Sprintf("“%s”", l.Note)
	}
	return fmt.Sprintf("license %d", l.ID)
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

// Orders fetches and caches the orders.
func (v *View) Orders(ctx context.Context) (Orders, error) {
	orders, canAdd, err := v.server.Orders(ctx)
	if err != nil {
		return Orders{}, v.fail(err)
	}
	out := Orders{Orders: orders, CanAddOrder: canAdd, FetchedAt: v.c.options.Now()}
	v.cache(ctx, ordersName, out, out.FetchedAt)
	return out, nil
}

// cache stores rows as cached. It logs an error instead of returning it, because the caller has the rows.
func (v *View) cache(ctx context.Context, name string, content any, at time.Time) {
	if err := v.c.options.Store.save(ctx, v.account, name, content, at); err != nil && ctx.Err() == nil {
		v.c.options.Logger.Warn("a table could not be kept", "table", name, "error", err)
	}
}

// CachedOrders returns the cached orders; false if there are none.
func (v *View) CachedOrders(ctx context.Context) (out Orders, ok bool, err error) {
	out.FetchedAt, ok, err = v.c.options.Store.load(ctx, v.account, ordersName, &out)
	out.Cached = true
	return out, ok, err
}

// Licenses fetches and caches the active licenses of an order. It installs the files of this PC's licenses, and
// erases the file of a license that the server lists as ended.
func (v *View) Licenses(ctx context.Context, order int64) (Licenses, error) {
	installs := v.c.options.PC.Installs()
	rows, err := v.server.Licenses(ctx, order, false)
	if err != nil {
		return Licenses{}, v.fail(err)
	}
	now := v.c.options.Now()
	v.cache(ctx, licensesName(order), rows, now)
	if u := v.unlistedOf(ctx, order, rows); !u.empty() {
		if all, err := v.server.Licenses(ctx, order, true); err == nil { // otherwise with the next table
			v.reconcile(ctx, u, all, installs)
		}
	}
	out := v.mark(ctx, order, rows)
	v.installFiles(ctx, out, true)
	return Licenses{OrderID: order, Licenses: out, FetchedAt: now}, nil
}

// Change is what a task changed.
type Change struct {
	OrderID   int64
	LicenseID int64 // that the task was for; 0 if none
	// License and Order are those in the answer; zero if it has none.
	License api.License
	Order   api.Order
}

// Apply updates the cached rows with what a task changed, so that they contain it even if the connection fails before
// the next table is fetched. Rows that are not cached remain uncached, because a partial table would look complete.
func (v *View) Apply(ctx context.Context, done Change) {
	var orders Orders
	if done.Order.ID != 0 {
		if at, ok, err := v.c.options.Store.load(ctx, v.account, ordersName, &orders); err == nil && ok {
			orders.Orders = upsert(orders.Orders, done.Order, func(o api.Order) bool { return o.ID == done.Order.ID })
			v.cache(ctx, ordersName, orders, at)
		}
	}
	var licenses []api.License
	if at, ok, err := v.c.options.Store.load(ctx, v.account, licensesName(done.OrderID), &licenses); err == nil && ok {
		if done.License.Status == api.StatusActive {
			licenses = upsert(licenses, done.License, func(l api.License) bool { return l.ID == done.License.ID })
		}
		if done.LicenseID != done.License.ID { // the task ended it, and may have replaced it by another
			licenses = slices.DeleteFunc(licenses, func(l api.License) bool { return l.ID == done.LicenseID })
		}
		v.cache(ctx, licensesName(done.OrderID), licenses, at)
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

// AllLicenses fetches all licenses of an order, ended ones included. It does not cache them.
func (v *View) AllLicenses(ctx context.Context, order int64) (Licenses, error) {
	installs := v.c.options.PC.Installs()
	rows, err := v.server.Licenses(ctx, order, true)
	if err != nil {
		return Licenses{}, v.fail(err)
	}
	active := slices.DeleteFunc(slices.Clone(rows), func(l api.License) bool { return l.Status != api.StatusActive })
	v.reconcile(ctx, v.unlistedOf(ctx, order, active), rows, installs)
	out := v.mark(ctx, order, rows)
	v.installFiles(ctx, out, true)
	return Licenses{OrderID: order, Licenses: out, FetchedAt: v.c.options.Now()}, nil
}

// CachedLicenses returns the cached licenses of an order; false if there are none.
func (v *View) CachedLicenses(ctx context.Context, order int64) (out Licenses, ok bool, err error) {
	var rows []api.License
	at, ok, err := v.c.options.Store.load(ctx, v.account, licensesName(order), &rows)
	if err != nil || !ok {
		return out, false, err
	}
	v = v.FromCache()
	marked := v.mark(ctx, order, rows)
	v.installFiles(ctx, marked, false)
	return Licenses{OrderID: order, Licenses: marked, FetchedAt: at, Cached: true}, true, nil
}

// Row returns a license of an order with its state on this PC. It installs the file of this PC's license if the vault
// has it.
func (v *View) Row(ctx context.Context, order int64, l api.License) License {
	rows := v.mark(ctx, order, []api.License{l})
	v.installFiles(ctx, rows, false)
	return rows[0]
}

// mark returns the licenses of an order with their state on this PC.
func (v *View) mark(ctx context.Context, order int64, rows []api.License) []License {
	out := make([]License, len(rows))
	for i, row := range rows {
		out[i].License = row
	}
	orders, ok, err := v.CachedOrders(ctx)
	if err != nil || !ok {
		return out
	}
	for _, o := range orders.Orders {
		if o.ID != order || !o.RequiresActivation {
			continue
		}
		p, err := v.Program(ctx, o.ProgramID)
		if err != nil {
			return out
		}
		recognize, err := v.c.options.PC.Recognizer(ctx, p)
		if err != nil {
			return out // without locks, no row is recognized as this PC's
		}
		left := v.c.options.PC.Left(p)
		var open map[thispc.DepartureKey]api.Task
		for i := range out {
			out[i].ThisPC = recognize(out[i].License)
			if out[i].LeftThisPC = left(out[i].License); !out[i].LeftThisPC {
				continue
			}
			if open == nil {
				if open, err = v.c.options.OpenDepartures(ctx, v.account); err != nil {
					v.c.options.Logger.Warn("the open tasks cannot be read", "error", err)
				}
			}
			_, out[i].JobOpen = open[departureKey(p, out[i].SiteCode)]
			out[i].JobOpen = out[i].JobOpen || err != nil // unknown: offer nothing that a job may be doing
		}
	}
	return out
}

func departureKey(p api.Program, site string) thispc.DepartureKey {
	return thispc.DepartureKey{Signature: p.ApplicationSignature, SiteCode: site}
}
