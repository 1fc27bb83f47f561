package manager

import (
	"context"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
)

// settle lets every license of this PC have its file where its program finds it: from the vault, else from the
// server. What fails is logged and tried again with the next table. Rows are marked with what is here.
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
		if slices.ContainsFunc(s.m.pc.Files(p), func(here thispc.File) bool {
			return here.IsOf(l.License) && here.ActivationCode.String() == l.ActivationCode
		}) {
			l.Installed = true
			continue
		}
		if content, ok := s.m.pc.Copy(ctx, p, l.License); ok {
			l.Installed = s.m.pc.Install(ctx, p, l.License, content) == nil
			continue
		}
		if !online {
			continue
		}
		_, content, err := s.verifiedFile(ctx, l.ID)
		if err == nil {
			err = s.m.pc.Install(ctx, p, l.License, content)
		}
		if l.Installed = err == nil; err != nil && ctx.Err() == nil {
			s.m.options.Logger.Warn("a license file could not be put on this PC", "license", l.ID, "error", err)
		}
	}
}

// unnamed holds the licenses of a program that this PC has and that the server does not list as active: the one of the
// license file on this PC, and departures that the server has not confirmed.
type unnamed struct {
	program api.Program
	here    *thispc.File
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
	if here, ok := s.m.pc.FileOf(p, order); ok && here.ProgramID == p.ID &&
		!slices.ContainsFunc(active, func(l api.License) bool { return here.IsOf(l) && l.ReleasedAt == nil }) {
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
		if !spent.Settled && !slices.ContainsFunc(active, func(l api.License) bool { return thispc.SameSite(l, spent.Codes.Site) }) {
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
		if u.here != nil && u.here.IsOf(l) && (ended || l.ReleasedAt != nil) && m.pc.Installs() == asked {
			m.pc.Drop(ctx, *u.here, ended)
		}
		for _, spent := range u.spent {
			if ended && thispc.SameSite(l, spent.Codes.Site) && (spent.LicenseID == 0 || spent.LicenseID == l.ID) {
				if err := m.pc.Confirm(ctx, thispc.NewDeparture(u.program, l, spent.Codes, 0)); err != nil && ctx.Err() == nil {
					m.options.Logger.Warn("a license that ended could not be marked as settled", "license", l.ID, "error", err)
				}
			}
		}
	}
}

// installOutcome puts the license that a job brought on this PC, when it is this PC's. That it fails changes nothing
// about the license: it is tried again with the next table.
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
