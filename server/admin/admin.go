// Package admin is what the vendor does to a server's data: programs, clients, orders, licenses. Every change is written
// into the audit trail.
package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// Admin administers one data folder.
type Admin struct {
	*service.Data
	// Now tells the time.
	Now func() time.Time
}

// write runs a change and its line in the audit trail as one transaction.
func (a Admin) write(ctx context.Context, action string, fn func(tx store.Tx) (object string, err error)) error {
	return a.Store.Write(ctx, func(tx store.Tx) error {
		object, err := fn(tx)
		if err != nil {
			return err
		}
		return tx.AddAudit(ctx, store.Audit{At: a.Now(), Actor: "admin", Action: action, Object: object, Outcome: "ok"})
	})
}

// missing names the row that was not found.
func missing(err error, kind string, id int64) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no %s %d", kind, id)
	}
	return err
}

// Programs lists all programs.
func (a Admin) Programs(ctx context.Context) (list []store.Program, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { list, err = tx.Programs(ctx); return err })
	return list, err
}

// AddProgram adds a program with fresh keys and returns it. Name and signature must be new.
func (a Admin) AddProgram(ctx context.Context, p store.Program) (store.Program, error) {
	if err := checkProgram(p); err != nil {
		return p, err
	}
	if _, err := license.ParseSignature(string(p.Signature)); err != nil {
		return p, err
	}
	p.CreatedAt = a.Now()
	if err := a.Secrets.NewProgramKeys(&p); err != nil {
		return p, err
	}
	err := a.write(ctx, "program.add", func(tx store.Tx) (_ string, err error) {
		others, err := tx.Programs(ctx)
		if err != nil {
			return "", err
		}
		for _, o := range others {
			if o.Signature == p.Signature {
				return "", fmt.Errorf("%s has this application signature already", o.Name)
			}
		}
		p.ID, err = tx.AddProgram(ctx, p)
		if errors.Is(err, store.ErrExists) {
			return "", fmt.Errorf("there is a program named %q already", p.Name)
		}
		return fmt.Sprintf("program %d", p.ID), err
	})
	return p, err
}

func checkProgram(p store.Program) error {
	switch {
	case strings.TrimSpace(p.Name) == "" || strings.ContainsFunc(p.Name, unicode.IsControl):
		return errors.New("a program needs a name of one line")
	case p.Policy.MaxHardwareChanges < 0 || p.Policy.MaxHardwareChanges > license.LockCount:
		return fmt.Errorf("the allowed hardware changes lie between 0 and %d", license.LockCount)
	case p.LicenseDays < 0:
		return errors.New("the validity of licenses cannot be negative")
	}
	return nil
}

// Program returns one program.
func (a Admin) Program(ctx context.Context, id int64) (p store.Program, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { p, err = tx.Program(ctx, id); return err })
	return p, missing(err, "program", id)
}

// ChangeProgram changes a program; existing orders and licenses keep what they have.
func (a Admin) ChangeProgram(ctx context.Context, id int64, change func(*store.Program)) (p store.Program, err error) {
	err = a.write(ctx, "program.change", func(tx store.Tx) (_ string, err error) {
		if p, err = tx.Program(ctx, id); err != nil {
			return "", missing(err, "program", id)
		}
		change(&p)
		if err := checkProgram(p); err != nil {
			return "", err
		}
		return fmt.Sprintf("program %d", id), tx.ChangeProgram(ctx, p)
	})
	return p, err
}

// Clients lists all clients.
func (a Admin) Clients(ctx context.Context) (list []store.Client, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { list, err = tx.Clients(ctx); return err })
	return list, err
}

// Client returns one client.
func (a Admin) Client(ctx context.Context, id int64) (c store.Client, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { c, err = tx.Client(ctx, id); return err })
	return c, missing(err, "client", id)
}

// AddClient adds a client. An empty password leaves the client unable to sign in.
func (a Admin) AddClient(ctx context.Context, c store.Client, password string) (store.Client, error) {
	c.Username, c.CreatedAt = strings.TrimSpace(c.Username), a.Now()
	if err := checkClient(c); err != nil {
		return c, err
	}
	if err := setPassword(&c, password); err != nil {
		return c, err
	}
	err := a.write(ctx, "client.add", func(tx store.Tx) (_ string, err error) {
		c.ID, err = tx.AddClient(ctx, c)
		if errors.Is(err, store.ErrExists) {
			return "", fmt.Errorf("the user name %q is taken", c.Username)
		}
		return fmt.Sprintf("client %d", c.ID), err
	})
	return c, err
}

// ChangeClient changes a client; a password that is not empty replaces the old one.
func (a Admin) ChangeClient(ctx context.Context, id int64, password string, change func(*store.Client)) (c store.Client, err error) {
	err = a.write(ctx, "client.change", func(tx store.Tx) (_ string, err error) {
		if c, err = tx.Client(ctx, id); err != nil {
			return "", missing(err, "client", id)
		}
		change(&c)
		if err := checkClient(c); err != nil {
			return "", err
		}
		if err := setPassword(&c, password); err != nil {
			return "", err
		}
		return fmt.Sprintf("client %d", id), tx.ChangeClient(ctx, c)
	})
	return c, err
}

func setPassword(c *store.Client, password string) (err error) {
	if password != "" {
		c.PasswordHash, err = server.DefaultPasswordCost.Hash(rand.Reader, password)
	}
	return err
}

const maxEmails = 2

func checkClient(c store.Client) error {
	if c.Username == "" || len(c.Username) > 200 || strings.ContainsFunc(c.Username, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return errors.New("a user name has 1 to 200 characters and no spaces")
	}
	if len(c.Emails) > maxEmails {
		return fmt.Errorf("a client has at most %d addresses on file", maxEmails)
	}
	for _, address := range c.Emails {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			return fmt.Errorf("%q is no email address", address)
		}
	}
	return nil
}

// Orders lists orders, newest first: a client's, or all for client 0.
func (a Admin) Orders(ctx context.Context, client int64) (list []store.Order, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { list, err = tx.Orders(ctx, client, false, 0, 0); return err })
	return list, err
}

// Order returns one order.
func (a Admin) Order(ctx context.Context, id int64) (o store.Order, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { o, err = tx.Order(ctx, id); return err })
	return o, missing(err, "order", id)
}

// AddOrder adds an order. Features and policy come from the program, and the expiry of its licenses unless given.
func (a Admin) AddOrder(ctx context.Context, o store.Order) (store.Order, error) {
	err := a.write(ctx, "order.add", func(tx store.Tx) (string, error) {
		p, err := tx.Program(ctx, o.ProgramID)
		if err != nil {
			return "", missing(err, "program", o.ProgramID)
		}
		if _, err := tx.Client(ctx, o.ClientID); err != nil {
			return "", missing(err, "client", o.ClientID)
		}
		o.OrderedAt, o.Features, o.Policy = a.Now(), p.Features, p.Policy
		if o.LicensesExpireAt == nil && p.LicenseDays > 0 {
			expires := a.Now().AddDate(0, 0, p.LicenseDays)
			o.LicensesExpireAt = &expires
		}
		if err := checkOrder(o); err != nil {
			return "", err
		}
		o.ID, err = tx.AddOrder(ctx, o)
		return fmt.Sprintf("order %d", o.ID), err
	})
	return o, err
}

func checkOrder(o store.Order) error {
	if o.LicensesTotal < 0 {
		return errors.New("the number of licenses cannot be negative")
	}
	if o.LicensesExpireAt != nil {
		if _, err := (license.ActivationKey{}).Activate(license.Codes{}, license.Grant{Expires: *o.LicensesExpireAt}); err != nil {
			return err
		}
	}
	return nil
}

// ChangeOrder changes an order; licenses that it has keep what they have.
func (a Admin) ChangeOrder(ctx context.Context, id int64, change func(*store.Order)) (o store.Order, err error) {
	err = a.write(ctx, "order.change", func(tx store.Tx) (_ string, err error) {
		if o, err = tx.LockOrder(ctx, id); err != nil {
			return "", missing(err, "order", id)
		}
		change(&o)
		if err := checkOrder(o); err != nil {
			return "", err
		}
		if o.LicensesTotal < o.LicensesActive {
			return "", fmt.Errorf("order %d has %d active licenses; the total cannot be less", id, o.LicensesActive)
		}
		return fmt.Sprintf("order %d", id), tx.ChangeOrder(ctx, o)
	})
	return o, err
}

// Licenses lists an order's licenses, oldest first.
func (a Admin) Licenses(ctx context.Context, order int64, ended bool) (list []store.License, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) {
		if _, err = tx.Order(ctx, order); err != nil {
			return missing(err, "order", order)
		}
		list, err = tx.Licenses(ctx, order, ended, 0, 0)
		return err
	})
	return list, err
}

// License returns one license.
func (a Admin) License(ctx context.Context, id int64) (l store.License, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { l, err = tx.License(ctx, id); return err })
	return l, missing(err, "license", id)
}

// AddLicense activates a PC for an order, under the same rules as the app.
func (a Admin) AddLicense(ctx context.Context, order int64, request api.NewLicense) (l store.License, err error) {
	err = a.write(ctx, "license.create", func(tx store.Tx) (_ string, err error) {
		o, err := tx.LockOrder(ctx, order)
		if err != nil {
			return "", missing(err, "order", order)
		}
		p, err := tx.Program(ctx, o.ProgramID)
		if err != nil {
			return "", err
		}
		l, err = server.Rules{Secrets: a.Secrets, Now: a.Now}.NewLicense(ctx, tx, o, p, request)
		return fmt.Sprintf("license %d", l.ID), err
	})
	return l, err
}

// ChangeLicense changes note, features or expiry of an active license; the activation code follows.
func (a Admin) ChangeLicense(ctx context.Context, id int64, change func(*store.License)) (l store.License, err error) {
	err = a.write(ctx, "license.change", func(tx store.Tx) (_ string, err error) {
		if l, err = tx.License(ctx, id); err != nil {
			return "", missing(err, "license", id)
		}
		if l.Status != api.StatusActive {
			return "", fmt.Errorf("license %d has ended (%s)", id, l.Status)
		}
		p, err := tx.Program(ctx, l.ProgramID)
		if err != nil {
			return "", err
		}
		key, err := a.Secrets.ActivationKey(p)
		if err != nil {
			return "", err
		}
		change(&l)
		if l.Note, err = server.ReadNote(l.Note); err != nil {
			return "", err
		}
		grant := license.Grant{Features: l.Features, Issue: uint16(l.ID % (license.MaxIssue + 1))}
		if l.ExpiresAt != nil {
			grant.Expires = *l.ExpiresAt
			last := grant.ValidThrough().Truncate(time.Second)
			l.ExpiresAt = &last
		}
		if l.Activation, err = key.Activate(l.Codes, grant); err != nil {
			return "", err
		}
		return fmt.Sprintf("license %d", id), tx.ChangeLicense(ctx, l)
	})
	return l, err
}
