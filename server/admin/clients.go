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
	return read(ctx, a, func(tx store.Tx) ([]store.Client, error) { return tx.Clients.List(ctx) })
}

// Client returns one client.
func (a Admin) Client(ctx context.Context, id int64) (store.Client, error) {
	c, err := read(ctx, a, func(tx store.Tx) (store.Client, error) { return tx.Clients.Get(ctx, id) })
	return c, notFound(err, "client", id)
}

// AddClient adds a client. Without a password the client cannot sign in.
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
	err = a.write(ctx, "client.add", "", func(tx store.Tx) (record, error) { return insertClient(ctx, tx, &c) })
	return c, err
}

// insertClient adds a client that has been checked.
func insertClient(ctx context.Context, tx store.Tx, c *store.Client) (rec record, err error) {
	c.ID, err = tx.Clients.Add(ctx, *c)
	if errors.Is(err, store.ErrExists) {
		return rec, fmt.Errorf("the user name %q is taken", c.Username)
	}
	return record{object("client", c.ID), ""}, err
}

// ChangeClient changes a client, and its password unless password is empty. The user name cannot be changed.
func (a Admin) ChangeClient(
	ctx context.Context, id int64, password string, change func(*store.Client) error,
) (c store.Client, err error) {
	hash, err := hashPassword(password) // before the transaction: hashing is slow and would block other writers
	if err != nil {
		return c, err
	}
	err = a.write(ctx, "client.change", object("client", id), func(tx store.Tx) (_ record, err error) {
		if c, err = tx.Clients.Get(ctx, id); err != nil {
			return record{}, notFound(err, "client", id)
		}
		before := clientFields(c)
		if err := change(&c); err != nil {
			return record{}, err
		}
		if hash != "" {
			c.PasswordHash = hash
		}
		if err := rules.CheckClient(c); err != nil {
			return record{}, err
		}
		if hash != "" || !c.Active { // sessions of the old password end
			err = tx.Sessions.EndAll(ctx, id, 0, a.Now())
		}
		return record{object("client", id), changedNames(before, clientFields(c))},
			errors.Join(err, tx.Clients.Change(ctx, c))
	})
	return c, err
}

// hashPassword returns the hash of a password, or "" for "".
func hashPassword(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return password.DefaultCost.Hash(text)
}

func clientFields(c store.Client) []field {
	return []field{
		property("registration name", c.RegistrationName), property("first name", c.FirstName),
		property("last name", c.LastName),
		property("company", c.Company), property("emails", c.Emails), property("active", c.Active),
		property("password", c.PasswordHash),
	}
}
