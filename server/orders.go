package server

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// describe is GET /server.
func (s *Server) describe(ctx context.Context) (out api.Server, err error) {
	programs, err := s.allPrograms(ctx)
	out = api.Server{Name: s.Name, Version: s.Version, Time: s.Now().UTC(), KeyFingerprints: []api.KeyFingerprint{}, SerialPrograms: []api.SerialProgram{}}
	for _, p := range programs {
		out.KeyFingerprints = append(out.KeyFingerprints, api.KeyFingerprint{ProgramID: p.ID, KeyID: p.PublicKey.KeyID(), Fingerprint: p.PublicKey.Fingerprint()})
	}
	return out, err
}

func (s *Server) allPrograms(ctx context.Context) (programs []store.Program, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) (err error) {
		programs, err = tx.Programs(ctx)
		return err
	})
	return programs, err
}

// programs is GET /programs.
func (s *Server) programs(ctx context.Context, acceptingSerials bool) (out api.ProgramList, err error) {
	programs, err := s.allPrograms(ctx)
	out.Programs = []api.Program{}
	for _, p := range programs {
		if !acceptingSerials || p.AcceptsSerials {
			out.Programs = append(out.Programs, wireProgram(p))
		}
	}
	return out, err
}

func wireProgram(p store.Program) api.Program {
	return api.Program{
		ID: p.ID, Name: p.Name, RequiresActivation: p.RequiresActivation, ApplicationSignature: string(p.Signature), MergedCodes: p.MergedCodes,
		PublicKey: p.PublicKey.String(), KeyID: p.PublicKey.KeyID(), AcceptsSerials: p.AcceptsSerials,
		FlexibleLocking: api.FlexibleLocking{Enabled: p.Policy.Enabled, MaxHardwareChanges: p.Policy.MaxHardwareChanges, Changeable: lockNames(p.Policy.Changeable)},
	}
}

// page is where a list goes on and how long it may be.
type page struct {
	after int64
	limit int
}

const defaultPage = 100

// readPage reads cursor and limit of a list call.
func readPage(cursor string, limit int) (page, error) {
	p := page{limit: limit}
	if limit == 0 {
		p.limit = defaultPage
	}
	if cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		p.after, err = strconv.ParseInt(string(raw), 10, 64)
	}
	if err != nil || p.after < 1 {
		return p, field("query.cursor", "This is no cursor of an earlier page.")
	}
	return p, nil
}

func cursorAfter(id int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, id, 10))
}

// orders is GET /orders: active and visible orders of the caller, newest first (api.md rule 1).
func (s *Server) orders(ctx context.Context, p page) (out api.OrderList, err error) {
	who := callerOf(ctx)
	out.Orders = []api.Order{}
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		programs, err := tx.Programs(ctx)
		if err != nil {
			return err
		}
		byID := map[int64]store.Program{}
		for _, program := range programs {
			byID[program.ID] = program
			out.CanAddOrder = out.CanAddOrder || program.AcceptsSerials
		}
		orders, err := tx.Orders(ctx, who.client.ID, true, p.after, p.limit+1)
		if err != nil {
			return err
		}
		if len(orders) > p.limit {
			orders = orders[:p.limit]
			out.NextCursor = cursorAfter(orders[len(orders)-1].ID)
		}
		for _, o := range orders {
			out.Orders = append(out.Orders, s.wireOrder(o, byID[o.ProgramID]))
		}
		return nil
	})
	return out, err
}

func (s *Server) wireOrder(o store.Order, p store.Program) api.Order {
	w := api.Order{
		ID: o.ID, ProgramID: p.ID, ProgramName: p.Name, OrderedAt: o.OrderedAt.UTC(), LicensesTotal: o.LicensesTotal, LicensesActivated: o.LicensesActive,
		SerialNumber: o.SerialNumber, RequiresActivation: p.RequiresActivation, CanManage: o.CanManage,
		Subscription: api.Subscription{State: s.rules.subscription(o), ExpiresAt: utc(o.SubscriptionExpiresAt)},
	}
	add := api.Allowance{OK: true}
	if refusal := s.rules.refuseNewLicense(o, p); refusal != nil {
		add = api.Allowance{Reason: refusal.Code}
	}
	w.Allowed.Add = &add
	return w
}

// ownOrder loads an order that the caller may see, with its program. Anything else is not found.
func ownOrder(ctx context.Context, tx store.Tx, id int64) (store.Order, store.Program, error) {
	o, err := tx.LockOrder(ctx, id)
	if err != nil {
		return o, store.Program{}, hide(err)
	}
	if o.ClientID != callerOf(ctx).client.ID || !o.Active || !o.Visible {
		return o, store.Program{}, notFound()
	}
	p, err := tx.Program(ctx, o.ProgramID)
	return o, p, err
}

// ownLicense loads a license of an order that the caller may see.
func ownLicense(ctx context.Context, tx store.Tx, id int64) (store.License, store.Order, store.Program, error) {
	l, err := tx.License(ctx, id)
	if err != nil {
		return l, store.Order{}, store.Program{}, hide(err)
	}
	o, p, err := ownOrder(ctx, tx, l.OrderID)
	return l, o, p, err
}

// hide makes a missing row look like somebody else's.
func hide(err error) error {
	if err == store.ErrNotFound {
		return notFound()
	}
	return err
}

// licenses is GET /orders/{id}/licenses.
func (s *Server) licenses(ctx context.Context, orderID int64, ended bool, p page) (out api.LicenseList, err error) {
	out.Licenses = []api.License{}
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		_, program, err := ownOrder(ctx, tx, orderID)
		if err != nil {
			return err
		}
		if !program.RequiresActivation {
			return needsNoActivation(program)
		}
		licenses, err := tx.Licenses(ctx, orderID, ended, p.after, p.limit+1)
		if err != nil {
			return err
		}
		if len(licenses) > p.limit {
			licenses = licenses[:p.limit]
			out.NextCursor = cursorAfter(licenses[len(licenses)-1].ID)
		}
		for _, l := range licenses {
			out.Licenses = append(out.Licenses, wireLicense(l))
		}
		return nil
	})
	return out, err
}

func wireLicense(l store.License) api.License {
	return api.License{
		ID: l.ID, OrderID: l.OrderID, OriginalLicenseID: l.OriginalID, SiteCode: l.Codes.Site.String(), MachineID: l.Codes.Machine.String(),
		ActivationCode: l.Activation.String(), Note: l.Note, Features: l.Features, ActivatedAt: l.ActivatedAt.UTC(), ExpiresAt: utc(l.ExpiresAt),
		LastAliveAt: utc(l.LastAliveAt), Status: l.Status, EndedAt: utc(l.EndedAt),
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// lockNames lists the names of locks.
func lockNames(locks []license.Lock) []string {
	names := make([]string, 0, len(locks))
	for _, l := range locks {
		names = append(names, l.String())
	}
	return names
}
