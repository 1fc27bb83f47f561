package manager

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// hereFile is a license file of this PC that was verified.
type hereFile struct {
	license.File
	content string
}

// fileHere returns the license file of filesHere that lasts longest, of those that last as long the one issued last.
func (m *Manager) fileHere(p api.Program) (here hereFile, ok bool) {
	for _, f := range m.filesHere(p) {
		later := installed.Outlasts(f.File, here.File) || f.Expires.Equal(here.Expires) && f.IssuedAt.After(here.IssuedAt)
		if !ok || later {
			here, ok = f, true
		}
	}
	return here, ok
}

// fileOf returns the license file of filesHere of an order that was issued last.
func (m *Manager) fileOf(p api.Program, order int64) (here hereFile, ok bool) {
	for _, f := range m.filesHere(p) {
		if f.Order == order && (!ok || f.IssuedAt.After(here.IssuedAt)) {
			here, ok = f, true
		}
	}
	return here, ok
}

// filesHere returns the license files of a program in the folder where the program finds them: those that were signed
// with one of its keys and whose licenses have not left this PC.
func (m *Manager) filesHere(p api.Program) (list []hereFile) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return nil
	}
	files, err := m.options.Installed.Files(signature)
	if err != nil {
		return nil
	}
	state, err := m.options.Installed.State(signature)
	if err != nil && !errors.Is(err, installed.ErrDamaged) { // a damaged state lists no departures
		return nil
	}
	for _, f := range files {
		file, err := verify(p, f.Content)
		if err != nil {
			continue
		}
		if _, spent := state.Find(file.Codes.Site); !spent {
			list = append(list, hereFile{file, f.Content})
		}
	}
	return list
}

// verify reads a license file of a program. It fails with license.ErrFileSignature or license.ErrFileDamaged.
func verify(p api.Program, content string) (license.File, error) {
	keyID, err := license.FileKeyID(content)
	if err != nil {
		return license.File{}, err
	}
	public, known := signer(p, keyID)
	if !known {
		return license.File{}, license.ErrFileSignature
	}
	f, err := public.Verify(content)
	if err == nil && string(f.Signature) != p.ApplicationSignature {
		err = license.ErrFileSignature
	}
	return f, err
}

// install puts a license file where its program finds it, and a sealed copy into the vault. Files of the same license
// and of its family are replaced, those of other licenses of the program stay (spec: codes "Several licenses").
func (m *Manager) install(ctx context.Context, p api.Program, l api.License, content string) error {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return err
	}
	m.hereMu.Lock()
	m.installs++
	m.installTimes[signature] = m.options.Now()
	m.hereMu.Unlock()
	if err := m.options.Installed.Put(ctx, signature, license.FileName(p.Name, l.ID), content); err != nil {
		return installedError(err)
	}
	if err := m.eraseFormer(ctx, p, signature, content); err != nil {
		return installedError(err)
	}
	return m.keepCopy(ctx, p, l, content)
}

// eraseFormer erases the license files of the same order on this PC, whose licenses l has followed: the app knows one
// license of an order as this PC's. Put erases those of the same generation; this is for a PC that got a new one meanwhile.
// A license that lasts longer or grants more stays.
func (m *Manager) eraseFormer(ctx context.Context, p api.Program, signature license.Signature, content string) error {
	now, err := verify(p, content)
	if err != nil {
		return nil // nothing is known of it
	}
	former := func(f license.File) bool {
		return f.Order == now.Order && f.ID != now.ID && !f.IssuedAt.After(now.IssuedAt) &&
			!installed.Outlasts(f, now) && f.Features&^now.Features == 0
	}
	if !slices.ContainsFunc(m.filesHere(p), func(f hereFile) bool { return former(f.File) }) {
		return nil
	}
	return m.options.Installed.Erase(ctx, signature, func(f installed.File) bool {
		file, err := verify(p, f.Content)
		return err == nil && former(file)
	})
}

// installCount returns the number of license files that were installed since the start. A change between two calls
// shows that one was installed meanwhile.
func (m *Manager) installCount() int {
	m.hereMu.Lock()
	defer m.hereMu.Unlock()
	return m.installs
}

// installedAt returns when a license file of a program was last installed; zero if none was since the start.
func (m *Manager) installedAt(signature license.Signature) time.Time {
	m.hereMu.Lock()
	defer m.hereMu.Unlock()
	return m.installTimes[signature]
}

// settle lets every license of this PC have its file where its program finds it: from the vault, else from the server. What
// fails is logged and tried again with the next table. Rows are marked with what is here.
func (s *acting) settle(ctx context.Context, rows []License, online bool) {
	for i := range rows {
		l := &rows[i]
		if !l.ThisPC {
			continue
		}
		p, err := s.programOfOrder(ctx, l.OrderID)
		if err != nil {
			return
		}
		if slices.ContainsFunc(s.m.filesHere(p), func(here hereFile) bool {
			return here.isOf(l.License) && here.ActivationCode.String() == l.ActivationCode
		}) {
			l.Installed = true
			continue
		}
		if content, ok := s.m.copyOf(ctx, p, l.License); ok {
			l.Installed = s.m.install(ctx, p, l.License, content) == nil
			continue
		}
		if !online {
			continue
		}
		_, content, err := s.verifiedFile(ctx, l.ID)
		if err == nil {
			err = s.m.install(ctx, p, l.License, content)
		}
		if l.Installed = err == nil; err != nil && ctx.Err() == nil {
			s.m.options.Logger.Warn("a license file could not be put on this PC", "license", l.ID, "error", err)
		}
	}
}

// isOf reports whether the file belongs to a license. It compares the Site code as well as the id, since a server that
// was restored may assign an id again (spec: api 20).
func (f hereFile) isOf(l api.License) bool { return f.ID == l.ID && sameSite(l, f.Codes.Site) }

// sameSite reports whether a license has a Site code.
func sameSite(l api.License, site license.SiteCode) bool {
	parsed, err := license.ParseSiteCode(l.SiteCode)
	return err == nil && parsed == site
}

// unnamed holds the licenses of a program that this PC has and that the server does not list as active: the one of the
// license file on this PC, and departures that the server has not confirmed.
type unnamed struct {
	program api.Program
	here    *hereFile
	spent   []installed.Spent
}

func (u unnamed) empty() bool { return u.here == nil && len(u.spent) == 0 }

// unnamedOf returns what this PC has of an order's program beside the active licenses of the order.
func (s *acting) unnamedOf(ctx context.Context, order int64, active []api.License) (u unnamed) {
	p, err := s.programOfOrder(ctx, order)
	if err != nil {
		return u
	}
	u.program = p
	if here, ok := s.m.fileOf(p, order); ok && here.ProgramID == p.ID &&
		!slices.ContainsFunc(active, func(l api.License) bool { return here.isOf(l) && l.ReleasedAt == nil }) {
		u.here = &here
	}
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return u
	}
	state, err := s.m.options.Installed.State(signature)
	if err != nil {
		return u
	}
	open, err := s.m.openDepartures(ctx, 0)
	if err != nil {
		return u
	}
	for _, spent := range state.Spent {
		if _, waits := open[departureKey{p.ApplicationSignature, spent.Codes.Site.String()}]; waits {
			continue // the job learns by its key what came of it
		}
		if !spent.Settled && !slices.ContainsFunc(active, func(l api.License) bool { return sameSite(l, spent.Codes.Site) }) {
			u.spent = append(u.spent, spent)
		}
	}
	return u
}

// reconcile erases the license files of licenses that the server lists as ended or released, and closes the departures
// of those that it lists as ended. all are all licenses of an order, ended ones included; asked is the installCount
// from before they were fetched. A license that is missing from the list is kept, since the server may have been
// restored or the vendor may have disabled the order.
func (m *Manager) reconcile(ctx context.Context, u unnamed, all []api.License, asked int) {
	for _, l := range all {
		ended := l.Status != api.StatusActive
		if u.here != nil && u.here.isOf(l) && (ended || l.ReleasedAt != nil) && m.installCount() == asked {
			m.dropFile(ctx, *u.here, ended)
		}
		for _, spent := range u.spent {
			if ended && sameSite(l, spent.Codes.Site) && (spent.LicenseID == 0 || spent.LicenseID == l.ID) {
				if err := m.confirmLeave(ctx, departureOf(u.program, License{License: l}, spent.Codes, 0)); err != nil && ctx.Err() == nil {
					m.options.Logger.Warn("a license that ended could not be marked as settled", "license", l.ID, "error", err)
				}
			}
		}
	}
}

// dropFile erases the file of a license that the server lists as ended or as released. If it is released, dropFile
// spends its Site code first: the file can be on this PC again after this PC's data were restored.
func (m *Manager) dropFile(ctx context.Context, here hereFile, ended bool) {
	if !ended {
		gone := installed.Spent{Codes: here.Codes, LicenseID: here.ID, Settled: true}
		if err := m.options.Installed.Leave(ctx, here.Signature, gone); err != nil {
			m.options.Logger.Warn("a license that was released could not leave this PC", "license", here.ID, "error", err)
			return
		}
	}
	if err := m.options.Installed.Erase(ctx, here.Signature, func(f installed.File) bool { return f.Content == here.content }); err != nil {
		m.options.Logger.Warn("the file of an ended license could not be erased", "license", here.ID, "error", err)
		return
	}
	m.forgetCopy(ctx, here.Signature, here.Codes.Site)
}

// installOutcome puts the license that a job brought on this PC, when it is this PC's. That it fails changes nothing about the
// license: it is tried again with the next table.
func (s *acting) installOutcome(ctx context.Context, l api.License) {
	if l.ID == 0 || l.Status != api.StatusActive {
		return
	}
	rows := s.mark(ctx, l.OrderID, []api.License{l})
	s.settle(ctx, rows, true)
	if rows[0].ThisPC && !rows[0].Installed {
		s.m.addNotice(Say("The license file could not be put on this PC yet."), Say("The license %s is yours all the same. It is tried again when the tables are refreshed; Save file puts it where you want.", nameOf(rows[0])))
	}
}

// leftHere returns a function that tells whether a license of a program left this PC, by its Site code. What this PC knows is
// read once for all rows.
func (m *Manager) leftHere(p api.Program) func(api.License) bool {
	none := func(api.License) bool { return false }
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return none
	}
	state, err := m.options.Installed.State(signature)
	if err != nil || len(state.Spent) == 0 {
		return none
	}
	return func(l api.License) bool {
		codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
		if err != nil {
			return false
		}
		_, left := state.Find(codes.Site)
		return left
	}
}

// BringBack is a license that this PC had: its locks match, and its license file and Site code are gone, as after a crash or
// a new system. Reactivate with Codes brings it back.
type BringBack struct {
	Order      api.Order
	License    License
	Codes      license.Codes
	Comparison license.Comparison
	// Refusal says why the server would not allow it now; nil when it would.
	Refusal error
}

// BringBacks finds the licenses that this PC had among the last known ones, at most one for each program: where several
// match, the one with the fewest differing locks, and of those the one activated last.
func (m *Manager) BringBacks(ctx context.Context) (list []BringBack, err error) {
	s, err := m.acting()
	if err != nil {
		return nil, err
	}
	err = s.eachKnown(ctx, m.bringBacksInto(ctx, m.keptSites(ctx), &list))
	return list, err
}

func (m *Manager) bringBacksInto(ctx context.Context, kept keptSites, list *[]BringBack) visitor {
	best := map[string]int{} // by application signature, an index of list
	return func(o api.Order, p api.Program, t Licenses) error {
		if here, ok := m.fileHere(p); ok && (here.Order != o.ID || listed(t.Licenses, here)) {
			return nil
		}
		for _, l := range t.Licenses {
			if l.ThisPC {
				return nil // its file is put back
			}
		}
		compare, err := m.comparer(ctx, p)
		if err != nil {
			return ctx.Err() // without locks nothing was this PC's
		}
		for _, l := range t.Licenses {
			if l.Status != api.StatusActive || l.ReleasedAt != nil || l.LeftHere && (l.JobOpen || kept(p, l)) {
				continue
			}
			codes, comparison, err := compare(l)
			if err != nil || !comparison.Accepted {
				continue
			}
			offer := BringBack{Order: o, License: l, Codes: codes, Comparison: comparison, Refusal: ReactivationRefusal(o, l)}
			i, known := best[p.ApplicationSignature]
			switch {
			case !known:
				best[p.ApplicationSignature] = len(*list)
				*list = append(*list, offer)
			case offer.better((*list)[i]):
				(*list)[i] = offer
			}
		}
		return nil
	}
}

// listed reports whether the license file on this PC belongs to an active license of rows.
func listed(rows []License, here hereFile) bool {
	return slices.ContainsFunc(rows, func(l License) bool { return here.isOf(l.License) && l.Status == api.StatusActive })
}

// keptSites reports whether this PC stores the removal code of a license.
type keptSites func(api.Program, License) bool

// keptSites returns a keptSites for the removal codes that are stored now. If they cannot be read it logs that and
// reports none.
func (m *Manager) keptSites(ctx context.Context) keptSites {
	codes, err := m.KeptCodes(ctx)
	if err != nil {
		m.options.Logger.Warn("the kept removal codes cannot be read", "error", err)
	}
	return func(p api.Program, l License) bool {
		return slices.ContainsFunc(codes, func(k KeptCode) bool {
			return string(k.Signature) == p.ApplicationSignature && sameSite(l.License, k.Codes.Site)
		})
	}
}

// better reports whether b should be offered instead of other: the license whose PC is closer to this one wins, then
// the one that was activated later.
func (b BringBack) better(other BringBack) bool {
	if order := byCloseness(b.Comparison, other.Comparison); order != 0 {
		return order < 0
	}
	return b.License.ActivatedAt.After(other.License.ActivatedAt)
}

// byCloseness orders comparisons of a PC with several licenses, the closest first.
func byCloseness(a, b license.Comparison) int {
	switch {
	case a.Closer(b):
		return -1
	case b.Closer(a):
		return 1
	}
	return 0
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
func (m *Manager) forgottenInto(list *[]Forgotten) visitor {
	return func(o api.Order, p api.Program, t Licenses) error {
		here, ok := m.fileOf(p, o.ID)
		if !ok || here.ProgramID != p.ID || listed(t.Licenses, here) {
			return nil
		}
		if here.IssuedAt.After(t.FetchedAt) || m.installedAt(here.Signature).After(t.FetchedAt) {
			return nil // the table is older than the license
		}
		if slices.ContainsFunc(t.Licenses, func(l License) bool { return l.ThisPC }) {
			return nil // its file comes with the next table
		}
		*list = append(*list, Forgotten{Order: o, ID: here.ID, Note: here.Note, Refusal: NewLicenseRefusal(o)})
		return nil
	}
}

// Found is what the last known tables tell by themselves.
type Found struct {
	BringBacks []BringBack
	Waiting    []Waiting
	Expiring   []Expiring
	Stranded   []Stranded
	Forgotten  []Forgotten
}

// Find reads the cached tables once and returns what BringBacks, WaitingToMove and Expiring return, and the licenses on
// which the server and this PC disagree.
func (m *Manager) Find(ctx context.Context) (f Found, err error) {
	s, err := m.acting()
	if err != nil {
		return f, err
	}
	kept := m.keptSites(ctx)
	visits := []visitor{
		m.bringBacksInto(ctx, kept, &f.BringBacks), waitingInto(&f.Waiting), m.expiringInto(&f.Expiring),
		strandedInto(kept, &f.Stranded), m.forgottenInto(&f.Forgotten),
	}
	err = s.eachKnown(ctx, func(o api.Order, p api.Program, t Licenses) error {
		for _, visit := range visits {
			if err := visit(o, p, t); err != nil {
				return err
			}
		}
		return nil
	})
	soonestFirst(f.Expiring)
	// Where the server lists an earlier license of this PC, bringing that one back puts both right and takes no license.
	f.Forgotten = slices.DeleteFunc(f.Forgotten, func(one Forgotten) bool {
		return slices.ContainsFunc(f.BringBacks, func(b BringBack) bool { return b.Order.ProgramID == one.Order.ProgramID })
	})
	return f, err
}

// visitor takes one order with its program and its last known licenses.
type visitor func(api.Order, api.Program, Licenses) error

// eachKnown goes through the last known licenses of all orders that have some.
func (s *acting) eachKnown(ctx context.Context, visit visitor) error {
	s = s.lastKnown()
	orders, _, err := s.cachedOrders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders.Orders {
		if !o.RequiresActivation {
			continue
		}
		rows, known, err := s.cachedLicenses(ctx, o.ID)
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		p, err := s.program(ctx, o.ProgramID)
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
