package manager

import (
	"context"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager/catalog"
)

type (
	// BringBack is a license that this PC had: its locks match, but its license file and Site code are lost, for
	// instance after a crash or a reinstallation. Reactivate with Codes brings it back.
	BringBack = catalog.BringBack
	// Stranded is a license that left this PC while the server lists it as active, and for which this PC has neither an
	// open job nor a removal code. Move and Remove repeat the departure on the server; Reactivate brings the license
	// back.
	Stranded = catalog.Stranded
	// Forgotten is a license that a program of this PC runs under and that a restored server does not have. NewLicense
	// with this PC's codes replaces the license if the order has one left.
	Forgotten = catalog.Forgotten
	// Released is a released license that no PC has picked up.
	Released = catalog.Released
	// Expiring is a license that ends soon.
	Expiring = catalog.Expiring
	// Found is what Find derives from the cached tables.
	Found = catalog.Found
)

// BringBacks returns the cached licenses that this PC had, at most one per program: if several match, the one with
// the fewest differing locks, and of those the one activated last.
func (m *Manager) BringBacks(ctx context.Context) ([]BringBack, error) {
	return fromView(m, func(v *catalog.View) ([]BringBack, error) { return v.BringBacks(ctx) })
}

// ReleasedLicenses lists the cached licenses that were released and not picked up.
func (m *Manager) ReleasedLicenses(ctx context.Context) ([]Released, error) {
	return fromView(m, func(v *catalog.View) ([]Released, error) { return v.ReleasedLicenses(ctx) })
}

// Expiring lists the cached licenses that end within 14 days, soonest first, without those that have ended.
func (m *Manager) Expiring(ctx context.Context) ([]Expiring, error) {
	return fromView(m, func(v *catalog.View) ([]Expiring, error) { return v.Expiring(ctx) })
}

// Find reads the cached tables once and returns what BringBacks, ReleasedLicenses and Expiring return, and the licenses
// on which the server and this PC disagree.
func (m *Manager) Find(ctx context.Context) (Found, error) {
	return fromView(m, func(v *catalog.View) (Found, error) { return v.Find(ctx) })
}

// Calendar returns a calendar file (iCalendar, RFC 5545) with an event on the day when a license ends, and alarms 14,
// 7 and 1 days before. say translates its texts; nil means English. The file contains no code.
func (m *Manager) Calendar(o api.Order, l License, say func(Text) string) (name string, content []byte) {
	return catalog.Calendar(o, l, m.options.Now(), say)
}
