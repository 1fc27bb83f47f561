package catalog

import (
	"context"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
)

// installFiles installs the files of this PC's licenses: from the vault, else from the server if online. It sets
// Installed in rows. It logs errors; the next table is the retry.
func (v *View) installFiles(ctx context.Context, rows []License, online bool) {
	for i := range rows {
		l := &rows[i]
		if !l.ThisPC {
			continue
		}
		p, err := v.ProgramOfOrder(ctx, l.OrderID)
		if err != nil {
			return
		}
		if slices.ContainsFunc(v.c.options.PC.Files(p), func(here thispc.File) bool {
			return here.IsOf(l.License) && here.ActivationCode.String() == l.ActivationCode
		}) {
			l.Installed = true
			continue
		}
		if content, ok := v.c.options.PC.Copy(ctx, p, l.License); ok {
			l.Installed = v.c.options.PC.Install(ctx, p, l.License, content) == nil
			continue
		}
		if !online {
			continue
		}
		_, content, err := v.LicenseFile(ctx, l.ID)
		if err == nil {
			err = v.c.options.PC.Install(ctx, p, l.License, content)
		}
		if l.Installed = err == nil; err != nil && ctx.Err() == nil {
			v.c.options.Logger.Warn("a license file could not be put on this PC", "license", l.ID, "error", err)
		}
	}
}

// unlisted are the licenses of a program that this PC has and the server does not list as active: the license of an
// installed file, and departures that the server has not confirmed.
type unlisted struct {
	program api.Program
	here    *thispc.File
	spent   []installed.Spent
}

func (u unlisted) empty() bool { return u.here == nil && len(u.spent) == 0 }

// unlistedOf returns what this PC has of an order's program besides the active licenses of the order.
func (v *View) unlistedOf(ctx context.Context, order int64, active []api.License) (u unlisted) {
	p, err := v.ProgramOfOrder(ctx, order)
	if err != nil {
		return u
	}
	u.program = p
	if here, ok := v.c.options.PC.FileOf(p, order); ok && here.ProgramID == p.ID &&
		!slices.ContainsFunc(active, func(l api.License) bool { return here.IsOf(l) && l.ReleasedAt == nil }) {
		u.here = &here
	}
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return u
	}
	state, err := v.c.options.Installed.State(signature)
	if err != nil {
		return u
	}
	open, err := v.c.options.OpenDepartures(ctx, 0)
	if err != nil {
		return u
	}
	for _, spent := range state.Spent {
		if _, waits := open[departureKey(p, spent.Codes.Site.String())]; waits {
			continue // the job gets its outcome under its key
		}
		if !spent.Settled && !slices.ContainsFunc(active, func(l api.License) bool {
			return thispc.SameSite(l, spent.Codes.Site)
		}) {
			u.spent = append(u.spent, spent)
		}
	}
	return u
}

// reconcile erases the files of licenses that the server lists as ended or released, and settles the departures of
// those that it lists as ended. all are all licenses of an order, ended ones included; asked is the result of
// Installs from before they were fetched. A license that is missing from the list is not touched, since the server
// may have been restored or the vendor may have disabled the order.
func (v *View) reconcile(ctx context.Context, u unlisted, all []api.License, asked int) {
	for _, l := range all {
		ended := l.Status != api.StatusActive
		if u.here != nil && u.here.IsOf(l) && (ended || l.ReleasedAt != nil) && v.c.options.PC.Installs() == asked {
			v.c.options.PC.Drop(ctx, *u.here, ended)
		}
		for _, spent := range u.spent {
			if ended && thispc.SameSite(l, spent.Codes.Site) && (spent.LicenseID == 0 || spent.LicenseID == l.ID) {
				err := v.c.options.PC.Confirm(ctx, thispc.NewDeparture(u.program, l, spent.Codes, 0))
				if err != nil && ctx.Err() == nil {
					v.c.options.Logger.Warn("a license that ended could not be marked as settled", "license", l.ID, "error", err)
				}
			}
		}
	}
}

// Install installs the file of the license that a task returned, if it is this PC's. An error does not affect the
// license; the next table is the retry.
func (v *View) Install(ctx context.Context, l api.License) {
	if l.ID == 0 || l.Status != api.StatusActive {
		return
	}
	rows := v.mark(ctx, l.OrderID, []api.License{l})
	v.installFiles(ctx, rows, true)
	if rows[0].ThisPC && !rows[0].Installed {
		v.c.options.Notice(client.Say("The license file could not be put on this PC yet."),
			client.Say("The license %s is yours all the same. It is tried again when the tables are refreshed; Save file "+
				"puts it where you want.", rows[0].Name()))
	}
}
