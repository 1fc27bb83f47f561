package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) admin.Admin {
	t.Helper()
	d, err := service.OpenData(t.Context(), service.Place{Folder: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Store.Close()) })
	return admin.Admin{Data: d, Now: func() time.Time { return now }}
}

// shop is an Admin with a program, a client and an order of five licenses.
type shop struct {
	admin.Admin
	program store.Program
	client  store.Client
	order   store.Order
}

func newShop(t *testing.T) shop {
	t.Helper()
	s := shop{Admin: open(t)}
	var err error
	s.program, err = s.AddProgram(t.Context(), newProgram())
	require.NoError(t, err)
	s.client, err = s.AddClient(t.Context(), store.Client{Username: "anna", Active: true}, "")
	require.NoError(t, err)
	s.order, err = s.AddOrder(t.Context(), s.client.ID, s.program.ID, func(o *store.Order) error {
		o.LicensesTotal = 5
		return nil
	})
	require.NoError(t, err)
	return s
}

func newProgram() store.Program {
	return store.Program{
		Name:               "Lumen Studio",
		Signature:          "LUMENST7",
		RequiresActivation: true,
		Policy:             license.DefaultPolicy(),
		Features:           3,
		LicenseDays:        30,
	}
}

// pc returns the codes of a made-up PC.
func pc(signature license.Signature, n int) api.NewLicense {
	var raw license.RawLocks
	for _, l := range license.Locks() {
		raw[l-1] = fmt.Sprintf("%s %d", l, n)
	}
	key := signature.Key()
	codes := key.Codes(uint16(n), key.Block(raw))
	return api.NewLicense{SiteCode: codes.Site.String(), MachineID: codes.Machine.String(), Note: fmt.Sprintf("PC %d", n)}
}

// trail returns the audit trail, newest first, as "action | object | outcome | detail".
func (s shop) trail(t *testing.T) (lines []string) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) error {
		list, err := tx.Audits.List(t.Context(), store.AuditFilter{})
		for _, a := range list {
			require.Equal(t, "admin", a.Actor)
			require.True(t, a.At.Equal(now))
			lines = append(lines, strings.TrimSpace(a.Action+" | "+a.Object+" | "+a.Outcome+" | "+a.Detail))
		}
		return err
	}))
	return lines
}

// Every operation of the administration is in the audit trail (spec: api 14).
func TestAuditTrail(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	l, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	_, err = s.ChangeProgram(ctx, s.program.ID, func(p *store.Program) error {
		p.Name, p.Features = "Lumen Studio 7", 7
		return nil
	})
	require.NoError(t, err)
	_, err = s.ChangeClient(ctx, s.client.ID, "a new password", func(c *store.Client) error {
		c.FirstName, c.Emails = "Anna", []string{"anna.berg@lumen.example"}
		return nil
	})
	require.NoError(t, err)
	_, err = s.ChangeOrder(ctx, s.order.ID, func(o *store.Order) error {
		o.Visible, o.LicensesTotal, o.LicensesExpireAt = false, 8, nil
		return nil
	})
	require.NoError(t, err)
	_, err = s.ChangeLicense(ctx, l.ID, func(l *store.License) error { l.Note = "Büro"; return nil })
	require.NoError(t, err)
	_, err = s.ChangeOrder(ctx, s.order.ID, func(*store.Order) error { return nil })
	require.NoError(t, err)

	require.Equal(t, []string{
		"order.change | order 1 | ok |",
		"license.change | license 20001 | ok | note: PC 1 → Büro",
		"order.change | order 1 | ok | licenses: 5 → 8; visible: true → false; licenses end: 2026-12-24 → never",
		"client.change | client 1 | ok | first name, emails, password",
		"program.change | program 1 | ok | name: Lumen Studio → Lumen Studio 7; features: 3 → 7",
		"license.create | license 20001 | ok | order 1",
		"order.add | order 1 | ok | client 1, program 1, licenses: 5",
		"client.add | client 1 | ok |",
		"program.add | program 1 | ok | Lumen Studio",
	}, s.trail(t))
}

func TestPrograms(t *testing.T) {
	a := open(t)
	first, err := a.AddProgram(t.Context(), newProgram())
	require.NoError(t, err)
	shown, err := a.Program(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, first.PublicKey.String(), shown.PublicKey.String())
	signing, err := a.Secrets.SigningKey(shown)
	require.NoError(t, err)
	require.Equal(t, shown.PublicKey.String(), signing.Public().String())

	for name, tt := range map[string]struct {
		change func(*store.Program)
		want   string
	}{
		"name that is taken": {
			func(p *store.Program) { p.Signature = "OTHER1" },
			`there is a program named "Lumen Studio" already`,
		},
		"signature that is taken": {
			func(p *store.Program) { p.Name = "Other" },
			"Lumen Studio has this application signature already",
		},
		"no name":           {func(p *store.Program) { p.Name = "  " }, "a program needs a name of one line"},
		"name of two lines": {func(p *store.Program) { p.Name = "a\nb" }, "a program needs a name of one line"},
		"name that is too long": {
			func(p *store.Program) { p.Name = strings.Repeat("ü", 101) },
			"the name of a program has at most 100 characters",
		},
		"short signature": {func(p *store.Program) { p.Signature = "SHORT" }, license.ErrSignature.Error()},
		"too many changes": {
			func(p *store.Program) { p.Policy.MaxHardwareChanges = 8 },
			"the number of hardware changes must be from 0 to 7",
		},
		"negative days": {func(p *store.Program) { p.LicenseDays = -1 }, "the validity of licenses cannot be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram()
			tt.change(&p)
			_, err := a.AddProgram(t.Context(), p)
			require.EqualError(t, err, tt.want)
		})
	}
	second, err := a.AddProgram(t.Context(), store.Program{Name: "Second", Signature: "SECOND"})
	require.NoError(t, err)
	_, err = a.ChangeProgram(t.Context(), second.ID, func(p *store.Program) error { p.Name = "Lumen Studio"; return nil })
	require.EqualError(t, err, `there is a program named "Lumen Studio" already`)
	_, err = a.ChangeProgram(t.Context(), 99, func(*store.Program) error { return nil })
	require.EqualError(t, err, "there is no program 99")
	list, err := a.Programs(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "Second", list[1].Name, "a refused change must change nothing")
}

func TestClients(t *testing.T) {
	a := open(t)
	anna, err := a.AddClient(t.Context(), store.Client{Username: " anna ", Active: true}, "correct horse")
	require.NoError(t, err)
	require.Equal(t, "anna", anna.Username)
	require.Contains(t, anna.PasswordHash, "$argon2id$")

	for name, tt := range map[string]struct {
		client   store.Client
		password string
		want     string
	}{
		"user name that is taken": {store.Client{Username: "ANNA"}, "", `the user name "ANNA" is taken`},
		"no user name":            {store.Client{}, "", "a user name has 1 to 200 characters and no spaces"},
		"user name with a space":  {store.Client{Username: "a b"}, "", "a user name has 1 to 200 characters and no spaces"},
		"short password":          {store.Client{Username: "b"}, "short", "a password has 10 to 1024 bytes"},
		"no address":              {store.Client{Username: "b", Emails: []string{"b"}}, "", `"b" is not an email address`},
		"address with a name": {
			store.Client{Username: "b", Emails: []string{"B <b@example.com>"}},
			"",
			`"B <b@example.com>" is not an email address`,
		},
		"address with a new line": {
			store.Client{Username: "b", Emails: []string{"b@example.com\r\nBcc: c@example.com"}},
			"",
			`"b@example.com\r\nBcc: c@example.com" is not an email address`,
		},
		"three addresses": {
			store.Client{Username: "b", Emails: []string{"a@example.com", "b@example.com", "c@example.com"}},
			"",
			"a client has at most 2 addresses on file",
		},
		"the same address twice": {
			store.Client{Username: "b", Emails: []string{"a@example.com", "A@example.com"}},
			"",
			"the address A@example.com is given twice",
		},
		"first name of two lines": {
			store.Client{Username: "b", FirstName: "a\nb"},
			"",
			"names, company and contact data must be one line of at most 200 characters",
		},
		"company that is too long": {
			store.Client{Username: "b", Company: strings.Repeat("x", 201)},
			"",
			"names, company and contact data must be one line of at most 200 characters",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.AddClient(t.Context(), tt.client, tt.password)
			require.EqualError(t, err, tt.want)
		})
	}
	changed, err := a.ChangeClient(t.Context(), anna.ID, "", func(c *store.Client) error { c.Active = false; return nil })
	require.NoError(t, err)
	require.Equal(t, anna.PasswordHash, changed.PasswordHash, "an empty password does not change it")
	changed, err = a.ChangeClient(t.Context(), anna.ID, "another horse", func(*store.Client) error { return nil })
	require.NoError(t, err)
	require.NotEqual(t, anna.PasswordHash, changed.PasswordHash)
	_, err = a.ChangeClient(t.Context(), anna.ID, "short", func(*store.Client) error { return nil })
	require.EqualError(t, err, "a password has 10 to 1024 bytes")
	_, err = a.Client(t.Context(), 99)
	require.EqualError(t, err, "there is no client 99")
	list, err := a.Clients(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// A new order gets defaults from its program (spec: api 2).
func TestOrderDefaults(t *testing.T) {
	s := newShop(t)
	require.Equal(t, uint16(3), s.order.Features)
	require.Equal(t, now.AddDate(0, 0, 30), s.order.LicensesExpireAt.UTC())
	require.True(t, s.order.Active && s.order.Visible && s.order.CanManage)
	own, err := s.AddOrder(t.Context(), s.client.ID, s.program.ID, func(o *store.Order) error {
		o.Features, o.LicensesExpireAt = 9, nil
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, uint16(9), own.Features)
	require.Nil(t, own.LicensesExpireAt)
	stored, err := s.Order(t.Context(), own.ID)
	require.NoError(t, err)
	require.Equal(t, own, stored.Order)
	list, err := s.Orders(t.Context(), s.client.ID)
	require.NoError(t, err)
	require.Equal(t, own.ID, list[0].ID, "newest first")
}

func TestOrderRefusals(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	keep := func(*store.Order) error { return nil }
	for n := range 3 {
		_, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", n+1))
		require.NoError(t, err)
	}
	far := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		do   func() error
		want string
	}{
		"no program": {
			func() error { _, err := s.AddOrder(ctx, s.client.ID, 99, keep); return err },
			"there is no program 99",
		},
		"no client": {
			func() error { _, err := s.AddOrder(ctx, 99, s.program.ID, keep); return err },
			"there is no client 99",
		},
		"no order":        {func() error { _, err := s.ChangeOrder(ctx, 99, keep); return err }, "there is no order 99"},
		"nobody's orders": {func() error { _, err := s.Orders(ctx, 99); return err }, "there is no client 99"},
		"negative": {func() error {
			_, err := s.ChangeOrder(ctx, s.order.ID, func(o *store.Order) error { o.LicensesTotal = -1; return nil })
			return err
		}, "the number of licenses cannot be negative"},
		"less than in use": {func() error {
			_, err := s.ChangeOrder(ctx, s.order.ID, func(o *store.Order) error { o.LicensesTotal = 2; return nil })
			return err
		}, "order 1 has 3 active licenses; the total cannot be lower"},
		"too far a day": {func() error {
			_, err := s.ChangeOrder(ctx, s.order.ID, func(o *store.Order) error { o.LicensesExpireAt = &far; return nil })
			return err
		}, "an activation code cannot end on 2300-01-01: only from 2020-01-02 to 2199-06-06"},
	} {
		t.Run(name, func(t *testing.T) { require.EqualError(t, tt.do(), tt.want) })
	}
	after, err := s.Order(ctx, s.order.ID)
	require.NoError(t, err)
	require.Equal(t, 5, after.LicensesTotal)
	require.Equal(t, 3, after.LicensesActive)
}

func TestLicenses(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	l, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 12, 24, 23, 59, 59, 0, time.UTC), l.ExpiresAt.UTC())
	again, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	require.Equal(t, l.ID, again.ID, "the same PC gets its existing license")

	key, err := s.Secrets.ActivationKey(s.program)
	require.NoError(t, err)
	day := time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC)
	changed, err := s.ChangeLicense(ctx, l.ID, func(l *store.License) error {
		l.ExpiresAt, l.Features = &day, 5
		return nil
	})
	require.NoError(t, err)
	require.NotEqual(t, l.Activation, changed.Activation)
	grant, err := key.Check(changed.Codes, changed.Activation)
	require.NoError(t, err)
	require.Equal(t, uint16(5), grant.Features)
	require.Equal(t, day, grant.Expires)
	require.Equal(t, time.Date(2027, 6, 30, 23, 59, 59, 0, time.UTC), *changed.ExpiresAt)
	stored, err := s.License(ctx, l.ID)
	require.NoError(t, err)
	require.Equal(t, changed.Activation, stored.Activation)

	noted, err := s.ChangeLicense(ctx, l.ID, func(l *store.License) error { l.Note = "Büro Süd"; return nil })
	require.NoError(t, err)
	require.Equal(t, changed.Activation, noted.Activation, "a note does not change the code")
	list, err := s.Licenses(ctx, s.order.ID, false)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestLicenseRefusals(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	l, err := s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	_, err = s.ChangeOrder(ctx, s.order.ID, func(o *store.Order) error { o.LicensesTotal = 1; return nil })
	require.NoError(t, err)
	lines := len(s.trail(t))

	_, err = s.AddLicense(ctx, s.order.ID, pc("LUMENST7", 2))
	require.ErrorIs(t, err, api.ErrLicensesInUse)
	_, err = s.AddLicense(ctx, s.order.ID, pc("OTHERPRG", 2))
	require.ErrorIs(t, err, api.ErrSiteMIDMismatch)
	_, err = s.ChangeLicense(ctx, l.ID, func(l *store.License) error { l.Note = strings.Repeat("x", 31); return nil })
	require.ErrorIs(t, err, api.ErrValidation)
	trail := s.trail(t)
	require.Equal(t, []string{
		"license.change | license 20001 | STATUS_VALIDATION_ERROR |",
		"license.create | order 1 | STATUS_SITE_MID_MISMATCH |",
		"license.create | order 1 | STATUS_LICENSES_IN_USE |",
	}, trail[:len(trail)-lines], "refusals are in the trail")

	require.NoError(t, s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		return tx.Licenses.End(ctx, l.ID, api.StatusRemoved, now)
	}))
	_, err = s.ChangeLicense(ctx, l.ID, func(*store.License) error { return nil })
	require.EqualError(t, err, "license 20001 has ended (Removed)")
	_, err = s.License(ctx, 99)
	require.EqualError(t, err, "there is no license 99")
	_, err = s.Licenses(ctx, 99, true)
	require.EqualError(t, err, "there is no order 99")
	_, err = s.AddLicense(ctx, 99, pc("LUMENST7", 3))
	require.EqualError(t, err, "there is no order 99")
}
