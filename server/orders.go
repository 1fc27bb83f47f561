package server

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// describe is GET /server.
func (s *Server) describe(ctx context.Context) (out api.Server, err error) {
	programs, err := s.allPrograms(ctx)
	out = api.Server{Name: s.Name, Version: s.Version, Contact: s.Contact, Time: s.Now().UTC(), KeyFingerprints: []api.KeyFingerprint{}, SerialPrograms: []api.SerialProgram{}}
	for _, p := range programs {
		if p.AcceptsSerials {
			out.Registration = true
			out.SerialPrograms = append(out.SerialPrograms, api.SerialProgram{ID: p.ID, Name: p.Name})
		}
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
	waived := !s.current().OrderVerification
	for _, p := range programs {
		if !acceptingSerials || p.AcceptsSerials {
			wire := wireProgram(p)
			wire.VerificationWaived = waived
			out.Programs = append(out.Programs, wire)
		}
	}
	return out, err
}

func wireProgram(p store.Program) api.Program {
	return api.Program{
		ID: p.ID, Name: p.Name, RequiresActivation: p.RequiresActivation, ApplicationSignature: string(p.Signature), MergedCodes: p.MergedCodes,
		PublicKey: p.PublicKey.String(), FormerKeys: formerKeys(p), KeyID: p.PublicKey.KeyID(), AcceptsSerials: p.AcceptsSerials,
		FlexibleLocking: wirePolicy(p.Policy),
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

// orders is GET /orders: active and visible orders of the caller, newest first (spec: api 1).
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
			w, err := s.wireOrder(ctx, tx, o, byID[o.ProgramID])
			if err != nil {
				return err
			}
			out.Orders = append(out.Orders, w)
		}
		return nil
	})
	return out, err
}

func formerKeys(p store.Program) (list []string) {
	for _, key := range p.FormerKeys {
		list = append(list, key.String())
	}
	return list
}

func (s *Server) wireOrder(ctx context.Context, tx store.Tx, o store.Order, p store.Program) (api.Order, error) {
	u, err := s.rules.uses(ctx, tx, o, p)
	if err != nil {
		return api.Order{}, err
	}
	serial, err := s.Secrets.Serial(p, o)
	return api.Order{
		ID: o.ID, ProgramID: p.ID, ProgramName: p.Name, OrderedAt: o.OrderedAt.UTC(), LicensesTotal: o.LicensesTotal, LicensesActivated: o.LicensesActive,
		SerialNumber: serial, RequiresActivation: p.RequiresActivation, CanManage: o.CanManage,
		Subscription: api.Subscription{State: s.rules.subscription(o), ExpiresAt: utc(o.SubscriptionExpiresAt)}, Allowed: s.rules.orderAllowed(o, p, u),
	}, err
}

// ownOrder loads an order that the caller may see, with its program. Anything else is not found.
func ownOrder(ctx context.Context, tx store.Tx, id int64) (store.Order, store.Program, error) {
	o, p, err := tx.LockOrderOf(ctx, callerOf(ctx).client.ID, id)
	if err == nil && (!o.Active || !o.Visible) {
		err = store.ErrNotFound
	}
	return o, p, hide(err)
}

// ownLicense loads a license of an order that the caller may see. For a license that does not exist it looks for an order as well,
// so that the time tells nothing either.
func ownLicense(ctx context.Context, tx store.Tx, id int64) (store.License, store.Order, store.Program, error) {
	l, err := tx.License(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return l, store.Order{}, store.Program{}, err
	}
	o, p, err := ownOrder(ctx, tx, l.OrderID)
	return l, o, p, err
}

// hide makes a missing row look like somebody else's.
func hide(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound()
	}
	return err
}

// licenses is GET /orders/{id}/licenses.
func (s *Server) licenses(ctx context.Context, orderID int64, ended bool, p page) (out api.LicenseList, err error) {
	out.Licenses = []api.License{}
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		order, program, err := ownOrder(ctx, tx, orderID)
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
		out.Licenses, err = s.wireLicenses(ctx, tx, order, program, licenses)
		return err
	})
	return out, err
}

// wireLicenses puts licenses of an order into the form of the contract.
func (s *Server) wireLicenses(ctx context.Context, tx store.Tx, o store.Order, p store.Program, licenses []store.License) ([]api.License, error) {
	u, err := s.rules.uses(ctx, tx, o, p)
	if err != nil {
		return nil, err
	}
	out := make([]api.License, len(licenses))
	var usual *api.LicenseAllowed // for licenses that nothing sets apart
	for i, l := range licenses {
		out[i] = wireLicense(l)
		if l.Status != api.StatusActive {
			continue
		}
		if apart := l.ExpiresAt != nil || len(u.families[l.OriginalID]) > 0; apart || usual == nil {
			out[i].Allowed = s.rules.licenseAllowed(l, o, p, u)
			if !apart {
				usual = out[i].Allowed
			}
		} else {
			out[i].Allowed = usual
		}
		first, err := origin(ctx, tx, l)
		if err != nil {
			return nil, err
		}
		if first.ID != l.ID || !samePolicy(l.Policy, p.Policy) {
			out[i].Recognition = &api.Recognition{SiteCode: first.Codes.Site.String(), MachineID: first.Codes.Machine.String(), FlexibleLocking: wirePolicy(l.Policy)}
		}
	}
	return out, nil
}

func samePolicy(a, b license.Policy) bool {
	return a.Enabled == b.Enabled && a.MaxHardwareChanges == b.MaxHardwareChanges && slices.Equal(a.Changeable, b.Changeable)
}

func wirePolicy(p license.Policy) api.FlexibleLocking {
	return api.FlexibleLocking{Enabled: p.Enabled, MaxHardwareChanges: p.MaxHardwareChanges, Changeable: lockNames(p.Changeable)}
}

func wireLicense(l store.License) api.License {
	return api.License{
		ID: l.ID, OrderID: l.OrderID, OriginalLicenseID: l.OriginalID, SiteCode: l.Codes.Site.String(), MachineID: l.Codes.Machine.String(),
		ActivationCode: l.Activation.String(), Note: l.Note, Features: l.Features, ActivatedAt: l.ActivatedAt.UTC(), ExpiresAt: utc(l.ExpiresAt),
		LastAliveAt: utc(l.LastAliveAt), Status: l.Status, EndedAt: utc(l.EndedAt), ReleasedAt: utc(l.ReleasedAt),
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

// history is GET /orders/{id}/history, newest first.
func (s *Server) history(ctx context.Context, orderID int64, p page) (out api.HistoryList, err error) {
	out.History = []api.HistoryEntry{}
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		if _, _, err := ownOrder(ctx, tx, orderID); err != nil {
			return err
		}
		events, err := tx.History(ctx, orderID, p.after, p.limit+1)
		if err != nil {
			return err
		}
		if len(events) > p.limit {
			events = events[:p.limit]
			out.NextCursor = cursorAfter(events[len(events)-1].ID)
		}
		for _, e := range events {
			out.History = append(out.History, api.HistoryEntry{Time: e.At.UTC(), Task: e.Task.History(), LicenseID: e.LicenseID, Outcome: e.Outcome, DeviceName: e.Device})
		}
		return nil
	})
	return out, err
}
