package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// Clients lists all clients.
func (a Admin) Clients(ctx context.Context) ([]store.Client, error) {
	return read(ctx, a, func(tx store.Tx) ([]store.Client, error) { return tx.Clients(ctx) })
}

// Client returns one client.
func (a Admin) Client(ctx context.Context, id int64) (store.Client, error) {
	c, err := read(ctx, a, func(tx store.Tx) (store.Client, error) { return tx.Client(ctx, id) })
	return c, missing(err, "client", id)
}

// AddClient adds a client. An empty password leaves the client unable to sign in.
func (a Admin) AddClient(ctx context.Context, c store.Client, password string) (store.Client, error) {
	c.Username, c.CreatedAt = strings.TrimSpace(c.Username), a.Now()
	if err := rules.CheckClient(c); err != nil {
		return c, err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return c, err
	}
	c.PasswordHash = hash
	err = a.write(ctx, "client.add", "", func(tx store.Tx) (done, error) { return insertClient(ctx, tx, &c) })
	return c, err
}

// insertClient adds a client that was checked.
func insertClient(ctx context.Context, tx store.Tx, c *store.Client) (did done, err error) {
	c.ID, err = tx.AddClient(ctx, *c)
	if errors.Is(err, store.ErrExists) {
		return did, fmt.Errorf("the user name %q is taken", c.Username)
	}
	return done{object("client", c.ID), ""}, err
}

// ChangeClient changes a client; a password that is not empty replaces the old one. The user name stays.
func (a Admin) ChangeClient(ctx context.Context, id int64, password string, change func(*store.Client) error) (c store.Client, err error) {
	hash, err := hashPassword(password) // not within the transaction: it takes long and other writers wait
	if err != nil {
		return c, err
	}
	err = a.write(ctx, "client.change", object("client", id), func(tx store.Tx) (_ done, err error) {
		if c, err = tx.Client(ctx, id); err != nil {
			return done{}, missing(err, "client", id)
		}
		before := clientFields(c)
		if err := change(&c); err != nil {
			return done{}, err
		}
		if hash != "" {
			c.PasswordHash = hash
		}
		if err := rules.CheckClient(c); err != nil {
			return done{}, err
		}
		if hash != "" || !c.Active { // whoever knew the old password is out
			err = tx.EndSessions(ctx, id, 0, a.Now())
		}
		return done{object("client", id), changedNames(before, clientFields(c))}, errors.Join(err, tx.ChangeClient(ctx, c))
	})
	return c, err
}

// hashPassword returns the hash of a password, "" for none.
func hashPassword(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return password.DefaultCost.Hash(text)
}

func clientFields(c store.Client) []field {
	return []field{
		property("registration name", c.RegistrationName), property("first name", c.FirstName), property("last name", c.LastName),
		property("company", c.Company), property("emails", c.Emails), property("active", c.Active), property("password", c.PasswordHash),
	}
}
