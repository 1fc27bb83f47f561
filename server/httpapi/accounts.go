package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// registerAccounts registers the calls about accounts.
func (s *Server) registerAccounts(c contract) {
	register(c, c.call(http.MethodPost, "/accounts", "new-account", "Open an account with a serial number", 201),
		func(ctx context.Context, in *struct {
			Idempotent
			Body api.NewAccount
		},
		) (*answer[api.Client], error) {
			status, out, err := s.newAccount(ctx, in.Key, in.Body)
			if err == nil {
				s.queuedMail()
				s.checkStock(ctx, in.Body.ProgramID)
			}
			return &answer[api.Client]{status, out}, err
		})
	register(c, c.signedIn(http.MethodGet, "/account", "get-account", "Get the account's contact data", 200),
		func(ctx context.Context, _ *none) (*body[api.Account], error) {
			return &body[api.Account]{s.account(ctx)}, nil
		})
	register(c, c.signedIn(http.MethodPatch, "/account", "change-account", "Change the account's contact data", 200),
		func(ctx context.Context, in *body[api.AccountChange]) (*body[api.Account], error) {
			out, err := s.changeAccount(ctx, in.Body)
			if err == nil {
				s.queuedMail()
			}
			return &body[api.Account]{out}, err
		})
	registerEmpty(c, c.signedIn(http.MethodPut, "/account/password", "change-password",
		"Change the password; other sessions end", 204),
		func(ctx context.Context, in *body[api.PasswordChange]) error { return s.changePassword(ctx, in.Body) })
}

// refuseClient converts a *rules.ClientFault to a refusal of its field.
func refuseClient(err error) error {
	var fault *rules.ClientFault
	if errors.As(err, &fault) {
		return rules.InvalidField("body."+fault.Field, fault.Sentence)
	}
	return err
}

// hashNew hashes a new password. It refuses the field at location if the password is too short or too long.
func (s *Server) hashNew(ctx context.Context, location, newPassword string) (hash string, err error) {
	hash, err = s.Passwords.Hash(ctx, newPassword)
	if errors.Is(err, password.ErrLength) {
		return "", rules.InvalidField(location,
			fmt.Sprintf("A password has %d to %d bytes.", api.MinPassword, api.MaxPassword))
	}
	return hash, err
}

// hashForChange is hashNew for a change without a session. It runs check before the expensive hash and returns its
// error. It returns "" if the key is malformed or has a stored answer; apply then answers. If that answer was deleted
// meanwhile, the change must fail with errUnhashed.
func (s *Server) hashForChange(
	ctx context.Context, key, location, newPassword string, check func(store.Tx) error,
) (string, error) {
	id, err := uuid.Parse(key)
	if err != nil {
		return "", nil // apply refuses the key
	}
	answered := false
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		_, err := tx.Answers.Get(ctx, 0, id.String())
		if answered = err == nil; answered {
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return check(tx)
	})
	if err != nil || answered {
		return "", err
	}
	return s.hashNew(ctx, location, newPassword)
}

// errUnhashed is the error for a stored answer that was deleted between hashForChange and apply.
var errUnhashed = api.NewProblem(api.ErrUnavailable, "The server is too busy. Try again.")

// account handles GET /account.
func (s *Server) account(ctx context.Context) api.Account {
	return wireAccount(request.CallerFrom(ctx).Client)
}

// changeAccount handles PATCH /account. It cannot change the registration name.
func (s *Server) changeAccount(ctx context.Context, r api.AccountChange) (out api.Account, err error) {
	who := request.CallerFrom(ctx)
	err = s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		c, err := tx.Clients.Get(ctx, who.Client.ID)
		if err != nil {
			return err
		}
		w := contactOf(c)
		for _, change := range []struct{ to, from *string }{
			{&w.FirstName, r.FirstName}, {&w.LastName, r.LastName}, {&w.Company, r.Company},
			{&w.Address, r.Address}, {&w.City, r.City}, {&w.Zip, r.Zip}, {&w.State, r.State}, {&w.Country, r.Country},
			{&w.Phone, r.Phone}, {&w.Fax, r.Fax}, {&w.Email, r.Email}, {&w.Email2, r.Email2},
		} {
			if change.from != nil {
				*change.to = *change.from
			}
		}
		if r.Email != nil && strings.TrimSpace(*r.Email) == "" {
			return rules.InvalidField("body.email", "The email address is missing. Codes and links are sent there.")
		}
		before := c.Emails
		setContact(&c, w)
		if err := refuseClient(rules.CheckClient(c)); err != nil {
			return err
		}
		if err := tx.Clients.Change(ctx, c); err != nil {
			return err
		}
		out = wireAccount(c)
		return errors.Join(
			s.notifyFormerAddresses(ctx, tx, c, before),
			s.audit(ctx, tx, who, "account.change", object("client", c.ID), api.OutcomeOK))
	})
	return out, s.auditRefusal(ctx, who, "account.change", object("client", who.Client.ID), err)
}

// notifyFormerAddresses sends a mail to the addresses that were removed from an account, so that a person who has taken
// over a session cannot redirect codes unnoticed.
func (s *Server) notifyFormerAddresses(ctx context.Context, tx store.Tx, c store.Client, before []string) error {
	if s.QueuedMail == nil {
		return nil
	}
	var former []string
	for _, address := range before {
		if !slices.ContainsFunc(c.Emails, func(one string) bool { return strings.EqualFold(one, address) }) {
			former = append(former, address)
		}
	}
	if len(former) == 0 || s.Guard.CheckMails(ctx, tx, c.ID, request.FromContext(ctx).Host, former) != nil {
		return nil
	}
	own, err := texts(ctx, tx)
	if err != nil {
		return err
	}
	subject, body, err := mail.AddressChanged{Name: c.DisplayName(), Username: c.Username, Server: s.Name}.Render(own)
	if err != nil {
		return err
	}
	return s.queue(ctx, tx, store.Mail{
		ClientID: c.ID,
		To:       former,
		Subject:  subject,
		Body:     body,
	})
}

// changePassword handles PUT /account/password. It ends other sessions. A wrong current password counts as a failure.
func (s *Server) changePassword(ctx context.Context, r api.PasswordChange) error {
	who := request.CallerFrom(ctx)
	a, action, account := attemptBy(ctx, who.Client.Username), "account.password", object("client", who.Client.ID)
	if err := s.Store.Read(ctx, func(tx store.Tx) error { return s.Guard.Check(ctx, tx, a) }); err != nil {
		return s.auditRefusal(ctx, who, action, account, err)
	}
	ok, err := s.Passwords.Verify(ctx, who.Client.PasswordHash, r.CurrentPassword)
	if err != nil {
		return err
	}
	if !ok {
		refusal := rules.InvalidField("body.current_password", "The current password is incorrect.")
		return s.fail(ctx, who, a, store.FailurePassword, action, account, refusal)
	}
	hash, err := s.hashNew(ctx, "body.new_password", r.NewPassword)
	if err != nil {
		return s.auditRefusal(ctx, who, action, account, err)
	}
	err = s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		if err := s.Guard.Check(ctx, tx, a); err != nil { // failures may have come while the passwords were hashed
			return err
		}
		return errors.Join(
			s.setPassword(ctx, tx, who.Client.ID, hash, who.Session.ID),
			s.audit(ctx, tx, who, action, account, api.OutcomeOK))
	})
	return s.auditRefusal(ctx, who, action, account, err)
}

// setPassword sets a client's password, and ends its password links and its sessions except one; 0 = no exception.
func (s *Server) setPassword(ctx context.Context, tx store.Tx, client int64, hash string, except int64) error {
	c, err := tx.Clients.Get(ctx, client)
	if err != nil {
		return err
	}
	c.PasswordHash = hash
	return errors.Join(
		tx.Clients.Change(ctx, c),
		tx.Sessions.EndAll(ctx, client, except, s.Now()),
		tx.Attempts.EndPasswordResets(ctx, client))
}

// newAccount handles POST /accounts. It opens an account with a serial number, which makes its first order.
func (s *Server) newAccount(ctx context.Context, key string, r api.NewAccount) (int, api.Client, error) {
	a := attemptBy(ctx, "")
	hash, err := s.hashForChange(ctx, key, "body.password", r.Password, func(tx store.Tx) error {
		return s.Guard.CheckSerial(ctx, tx, a)
	})
	if err != nil {
		return 0, api.Client{}, s.auditRefusal(ctx, request.Caller{}, "account.create", "", err)
	}
	r.Password = "" // must not be part of the stored hash of the request
	c := change[api.NewAccount, api.Client]{
		key:    key,
		call:   "new-account",
		in:     r,
		action: "account.create",
	}
	c.do = func(tx store.Tx, e *store.Event) (int, api.Client, error) {
		if hash == "" {
			return 0, api.Client{}, errUnhashed
		}
		o, p, err := s.redeem(ctx, tx, a, r.ProgramID, r.SerialNumber, &r.Verification)
		if err != nil {
			return 0, api.Client{}, err
		}
		client := store.Client{
			Username:         strings.TrimSpace(r.Username),
			PasswordHash:     hash,
			RegistrationName: strings.TrimSpace(r.RegistrationName),
			Active:           true,
			CreatedAt:        s.Now(),
		}
		setContact(&client, r.Contact)
		if err := refuseClient(errors.Join(rules.CheckContact(r.Contact), rules.CheckClient(client))); err != nil {
			return 0, api.Client{}, err
		}
		if client.RegistrationName == "" {
			return 0, api.Client{}, rules.InvalidField("body.registration_name",
				"The registration name is missing. Licenses are issued to it.")
		}
		if _, err := tx.Clients.ByUsername(ctx, client.Username); !errors.Is(err, store.ErrNotFound) {
			if err == nil { // requests with taken names count as guessing
				refusal := rules.InvalidField("body.username", "This user name is taken. Choose another one.")
				err = s.Guard.Fail(ctx, tx, a, store.FailureSignIn, 0, refusal)
			}
			return 0, api.Client{}, err
		}
		if client.ID, err = tx.Clients.Add(ctx, client); err != nil {
			return 0, api.Client{}, err
		}
		if o, err = s.addOrder(ctx, tx, e, o, client.ID); err != nil {
			return 0, api.Client{}, err
		}
		if err := s.welcome(ctx, tx, client, o, p); err != nil {
			return 0, api.Client{}, err
		}
		return http.StatusCreated, wireClient(client), nil
	}
	return apply(ctx, s, c)
}

// welcome queues the mail about a new account. It contains no password.
func (s *Server) welcome(ctx context.Context, tx store.Tx, c store.Client, o store.Order, p store.Program) error {
	if s.QueuedMail == nil || s.Guard.CheckMails(ctx, tx, c.ID, request.FromContext(ctx).Host, c.Emails[:1]) != nil {
		return nil
	}
	own, err := texts(ctx, tx)
	if err != nil {
		return err
	}
	subject, body, err := mail.Welcome{
		Name:     c.DisplayName(),
		Username: c.Username,
		Address:  s.publicURL(),
		Program:  p.Name,
		Order:    o.ID,
		Server:   s.Name,
	}.Render(own)
	if err != nil {
		return err
	}
	return s.queue(ctx, tx, store.Mail{
		ClientID: c.ID,
		To:       c.Emails[:1],
		Subject:  subject,
		Body:     body,
	})
}

// fail counts a failure outside a change, adds it to the audit trail and returns the refusal.
func (s *Server) fail(
	ctx context.Context, who request.Caller, a guard.Attempt, kind store.FailureKind, action, object string,
	refusal *api.Problem,
) error {
	var banned error
	err := s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		// Concurrent attempts must not get more answers than sequential ones.
		var refused *api.Problem
		if banned = s.Guard.Check(ctx, tx, a); errors.As(banned, &refused) {
			return s.audit(ctx, tx, who, action, object, string(refused.Code))
		} else if banned != nil {
			return banned
		}
		var counted *api.Problem
		if err := s.Guard.Fail(ctx, tx, a, kind, 0, refusal); !errors.As(err, &counted) {
			return err
		}
		return s.audit(ctx, tx, who, action, object, string(refusal.Code))
	})
	switch {
	case err != nil:
		return err
	case banned != nil:
		return banned
	}
	return refusal
}
