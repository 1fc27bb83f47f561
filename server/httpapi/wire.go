package httpapi

import (
	"context"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

func wireProgram(p store.Program) api.Program {
	return api.Program{
		ID:                   p.ID,
		Name:                 p.Name,
		RequiresActivation:   p.RequiresActivation,
		ApplicationSignature: string(p.Signature),
		MergedCodes:          p.MergedCodes,
		PublicKey:            p.PublicKey.String(),
		FormerKeys:           formerKeys(p),
		KeyID:                p.PublicKey.KeyID(),
		AcceptsSerials:       p.AcceptsSerials,
		FlexibleLocking:      wirePolicy(p.Policy),
	}
}

func formerKeys(p store.Program) (list []string) {
	for _, key := range p.FormerKeys {
		list = append(list, key.String())
	}
	return list
}

// wireOrder converts an order to its wire type, with its serial number and its allowances.
func (s *Server) wireOrder(ctx context.Context, tx store.Tx, o store.Order, p store.Program) (api.Order, error) {
	u, err := s.Rules.Uses(ctx, tx, o, p)
	if err != nil {
		return api.Order{}, err
	}
	serial, err := s.Secrets.Serial(p, o)
	return api.Order{
		ID:                 o.ID,
		ProgramID:          p.ID,
		ProgramName:        p.Name,
		OrderedAt:          o.OrderedAt.UTC(),
		LicensesTotal:      o.LicensesTotal,
		LicensesActivated:  o.LicensesActive,
		SerialNumber:       serial,
		RequiresActivation: p.RequiresActivation,
		CanManage:          o.CanManage,
		Subscription:       api.Subscription{State: s.Rules.Subscription(o), ExpiresAt: store.UTC(o.SubscriptionExpiresAt)},
		Allowed:            s.Rules.OrderAllowed(o, p, u),
	}, err
}

// wireLicenses converts licenses of an order to wire types.
func (s *Server) wireLicenses(
	ctx context.Context, tx store.Tx, o store.Order, p store.Program, licenses []store.License,
) ([]api.License, error) {
	u, err := s.Rules.Uses(ctx, tx, o, p)
	if err != nil {
		return nil, err
	}
	out := make([]api.License, len(licenses))
	allowed := s.Rules.LicensesAllowed(licenses, o, p, u)
	for i, l := range licenses {
		out[i] = l.Wire()
		out[i].Allowed = allowed[i]
		if l.Status != api.StatusActive {
			continue
		}
		first, err := rules.Origin(ctx, tx, l)
		if err != nil {
			return nil, err
		}
		if first.ID != l.ID || !samePolicy(l.Policy, p.Policy) {
			out[i].Recognition = &api.Recognition{
				SiteCode:        first.Codes.Site.String(),
				MachineID:       first.Codes.Machine.String(),
				FlexibleLocking: wirePolicy(l.Policy),
			}
		}
	}
	return out, nil
}

func samePolicy(a, b license.Policy) bool {
	return a.Enabled == b.Enabled && a.MaxHardwareChanges == b.MaxHardwareChanges &&
		slices.Equal(a.Changeable, b.Changeable)
}

func wirePolicy(p license.Policy) api.FlexibleLocking {
	return api.FlexibleLocking{
		Enabled:            p.Enabled,
		MaxHardwareChanges: p.MaxHardwareChanges,
		Changeable:         lockNames(p.Changeable),
	}
}

// lockNames lists the names of locks.
func lockNames(locks []license.Lock) []string {
	names := make([]string, 0, len(locks))
	for _, l := range locks {
		names = append(names, l.String())
	}
	return names
}

// contactOf returns the contact data of a client on the wire.
func contactOf(c store.Client) api.Contact {
	w := api.Contact{
		FirstName: c.FirstName,
		LastName:  c.LastName,
		Company:   c.Company,
		Address:   c.Contact.Address,
		City:      c.Contact.City,
		Zip:       c.Contact.Zip,
		State:     c.Contact.State,
		Country:   c.Contact.Country,
		Phone:     c.Contact.Phone,
		Fax:       c.Contact.Fax,
	}
	for i, address := range c.Emails {
		if i == 0 {
			w.Email = address
		} else {
			w.Email2 = address
		}
	}
	return w
}

// setContact sets the contact data of a client, without surrounding white space.
func setContact(c *store.Client, w api.Contact) {
	trim := strings.TrimSpace
	c.FirstName, c.LastName, c.Company = trim(w.FirstName), trim(w.LastName), trim(w.Company)
	c.Contact = store.Contact{
		Address: trim(w.Address),
		City:    trim(w.City),
		Zip:     trim(w.Zip),
		State:   trim(w.State),
		Country: trim(w.Country),
		Phone:   trim(w.Phone),
		Fax:     trim(w.Fax),
	}
	c.Emails = nil
	for _, address := range []string{w.Email, w.Email2} {
		if address = trim(address); address != "" {
			c.Emails = append(c.Emails, address)
		}
	}
}

func wireClient(c store.Client) api.Client {
	return api.Client{ID: c.ID, Username: c.Username, DisplayName: c.DisplayName()}
}

func wireAccount(c store.Client) api.Account {
	return api.Account{Username: c.Username, RegistrationName: c.RegistrationName, Contact: contactOf(c)}
}
