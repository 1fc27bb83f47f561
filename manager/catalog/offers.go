package catalog

import (
	"context"
	"errors"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/thispc"
)

// BringBack is a license that this PC had: its locks match, but its license file and Site code are lost, for instance
// after a crash or a reinstallation. Reactivate with Codes brings it back.
type BringBack struct {
	Order      api.Order
	License    License
	Codes      license.Codes
	Comparison license.Comparison
	// Refusal is the reason why the server would refuse the reactivation now; nil if it would not.
	Refusal error
}

// BringBacks returns the cached licenses that this PC had, at most one per program: if several match, the one with
// the fewest differing locks, and of those the one activated last.
func (v *View) BringBacks(ctx context.Context) (list []BringBack, err error) {
	err = v.eachCached(ctx, v.bringBacksInto(ctx, v.keptSites(ctx), &list))
	return list, err
}

func (v *View) bringBacksInto(ctx context.Context, kept keptSites, list *[]BringBack) visitor {
	best := map[string]int{} // by application signature, an index of list
	return func(o api.Order, p api.Program, t Licenses) error {
		if here, ok := v.c.options.PC.File(p); ok && (here.Order != o.ID || listed(t.Licenses, here)) {
			return nil
		}
		for _, l := range t.Licenses {
			if l.ThisPC {
				return nil // the next table installs its file
			}
		}
		compare, err := v.c.options.PC.Comparer(ctx, p)
		if err != nil {
			return ctx.Err() // without locks, no license is recognized
		}
		for _, l := range t.Licenses {
			if l.Status != api.StatusActive || l.ReleasedAt != nil || l.LeftThisPC && (l.JobOpen || kept(p, l)) {
				continue
			}
			codes, comparison, err := compare(l.License)
			if err != nil || !comparison.Accepted {
				continue
			}
			offer := BringBack{
				Order:      o,
				License:    l,
				Codes:      codes,
				Comparison: comparison,
				Refusal:    ReactivationRefusal(o, l),
			}
			i, known := best[p.ApplicationSignature]
			switch {
			case !known:
				best[p.ApplicationSignature] = len(*list)
				*list = append(*list, offer)
			case offer.preferred((*list)[i]):
				(*list)[i] = offer
			}
		}
		return nil
	}
}

// listed reports whether the license file on this PC belongs to an active license of rows.
func listed(rows []License, here thispc.File) bool {
	return slices.ContainsFunc(rows, func(l License) bool { return here.IsOf(l.License) && l.Status == api.StatusActive })
}

// keptSites reports whether this PC stores the removal code of a license.
type keptSites func(api.Program, License) bool

// keptSites returns a keptSites for the removal codes that are stored now. If they cannot be read it logs that and
// reports none.
func (v *View) keptSites(ctx context.Context) keptSites {
	codes, err := v.c.options.PC.KeptCodes(ctx)
	if err != nil {
		v.c.options.Logger.Warn("the kept removal codes cannot be read", "error", err)
	}
	return func(p api.Program, l License) bool {
		return slices.ContainsFunc(codes, func(k thispc.KeptCode) bool {
			return string(k.Signature) == p.ApplicationSignature && thispc.SameSite(l.License, k.Codes.Site)
		})
	}
}

// preferred reports whether b should be offered instead of other: the license whose PC is closer to this one wins,
// then the one that was activated later.
func (b BringBack) preferred(other BringBack) bool {
	if order := ByCloseness(b.Comparison, other.Comparison); order != 0 {
		return order < 0
	}
	return b.License.ActivatedAt.After(other.License.ActivatedAt)
}

// ByCloseness orders comparisons of a PC with several licenses, the closest first.
func ByCloseness(a, b license.Comparison) int {
	switch {
	case a.Closer(b):
		return -1
	case b.Closer(a):
		return 1
	}
	return 0
}

// Released is a released license that no PC has picked up.
type Released struct {
	Order   api.Order
	License License
	// Refusal is the reason why the server would refuse the transfer now; nil if it would not.
	Refusal error
}

// ReleasedLicenses lists the cached licenses that were released and not picked up.
func (v *View) ReleasedLicenses(ctx context.Context) (list []Released, err error) {
	err = v.eachCached(ctx, releasedInto(&list))
	return list, err
}

func releasedInto(list *[]Released) visitor {
	return func(o api.Order, _ api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if l.Status == api.StatusActive && l.ReleasedAt != nil {
				*list = append(*list, Released{o, l, TransferRefusal(o, l)})
			}
		}
		return nil
	}
}

// Stranded is a license that left this PC while the server lists it as active, and for which this PC has neither an
// open job nor a removal code: the server was restored, or this PC's data were lost. Move and Remove repeat the
// departure on the server; Reactivate brings the license back.
type Stranded struct {
	Order   api.Order
	License License
}

// strandedInto returns a visitor that appends stranded licenses to list.
func strandedInto(kept keptSites, list *[]Stranded) visitor {
	return func(o api.Order, p api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if l.Stranded() && !kept(p, l) {
				*list = append(*list, Stranded{o, l})
			}
		}
		return nil
	}
}

// Forgotten is a license that a program of this PC runs under and that the server does not have, because it was
// restored from an older backup. The program continues to run. NewLicense with this PC's codes replaces the license if
// the order has one left.
type Forgotten struct {
	Order api.Order
	// ID is the former id of the license.
	ID int64
	// Note is the note in the license file.
	Note string
	// Refusal is the reason why the order allows no new license now; nil if it does.
	Refusal error
}

// forgottenInto returns a visitor that appends forgotten licenses to list.
func (v *View) forgottenInto(list *[]Forgotten) visitor {
	return func(o api.Order, p api.Program, t Licenses) error {
		here, ok := v.c.options.PC.FileOf(p, o.ID)
		if !ok || here.ProgramID != p.ID || listed(t.Licenses, here) {
			return nil
		}
		if here.IssuedAt.After(t.FetchedAt) || v.c.options.PC.InstalledAt(here.Signature).After(t.FetchedAt) {
			return nil // the table is older than the license
		}
		if slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC }) {
			return nil // the next table installs its file
		}
		*list = append(*list, Forgotten{
			Order:   o,
			ID:      here.ID,
			Note:    here.Note,
			Refusal: NewLicenseRefusal(o),
		})
		return nil
	}
}

// Found is what Find derives from the cached tables.
type Found struct {
	BringBacks []BringBack
	Released   []Released
	Expiring   []Expiring
	Stranded   []Stranded
	Forgotten  []Forgotten
}

// Find reads the cached tables once and returns what BringBacks, ReleasedLicenses and Expiring return, and the licenses
// on which the server and this PC disagree.
func (v *View) Find(ctx context.Context) (f Found, err error) {
	kept := v.keptSites(ctx)
	visits := []visitor{
		v.bringBacksInto(ctx, kept, &f.BringBacks), releasedInto(&f.Released), v.expiringInto(&f.Expiring),
		strandedInto(kept, &f.Stranded), v.forgottenInto(&f.Forgotten),
	}
	err = v.eachCached(ctx, func(o api.Order, p api.Program, t Licenses) error {
		for _, visit := range visits {
			if err := visit(o, p, t); err != nil {
				return err
			}
		}
		return nil
	})
	sortByEnd(f.Expiring)
	// If the server lists an earlier license of this PC, bringing that one back resolves both and needs no new seat.
	f.Forgotten = slices.DeleteFunc(f.Forgotten, func(one Forgotten) bool {
		return slices.ContainsFunc(f.BringBacks, func(b BringBack) bool { return b.Order.ProgramID == one.Order.ProgramID })
	})
	return f, err
}

// HasOther reports whether the cached tables list a license of a program for this PC's present codes, other than the
// one with a Site code. Its file may not be installed yet.
func (v *View) HasOther(ctx context.Context, p api.Program, site license.SiteCode) (found bool) {
	err := v.eachCached(ctx, func(_ api.Order, other api.Program, t Licenses) error {
		found = found || other.ApplicationSignature == p.ApplicationSignature &&
			slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC && !thispc.SameSite(l.License, site) })
		return nil
	})
	return found && err == nil
}

// Owned is a cached license with its order and program.
type Owned struct {
	License License
	Order   api.Order
	Program api.Program
}

// LicenseOf returns the cached active license of a removal code. It fails with api.ErrNotFound if the account does not
// have the license.
func (v *View) LicenseOf(ctx context.Context, k thispc.KeptCode) (found Owned, err error) {
	err = v.eachCached(ctx, func(o api.Order, p api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if p.ApplicationSignature == string(k.Signature) && l.SiteCode == k.Codes.Site.String() &&
				l.Status == api.StatusActive {
				found = Owned{l, o, p}
			}
		}
		return nil
	})
	if err == nil && found.License.ID == 0 {
		err = Refuse(api.ErrNotFound,
			"This account has no active license with this Site code. Sign in to the account that the license belongs to, "+
				"or give the removal code to its owner.")
	}
	return found, err
}

// visitor is called with an order, its program and its cached licenses.
type visitor func(api.Order, api.Program, Licenses) error

// eachCached calls visit for every order with cached licenses.
func (v *View) eachCached(ctx context.Context, visit visitor) error {
	v = v.FromCache()
	orders, _, err := v.CachedOrders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders.Orders {
		if !o.RequiresActivation {
			continue
		}
		rows, known, err := v.CachedLicenses(ctx, o.ID)
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		p, err := v.Program(ctx, o.ProgramID)
		if errors.Is(err, api.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := visit(o, p, rows); err != nil {
			return err
		}
	}
	return nil
}
