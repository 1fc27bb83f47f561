// Package server puts a license server together: its rules, what guards it, and the HTTP API on a database.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/httpapi"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// Options are what a server needs. Store, Secrets and Logger must be given.
type Options struct {
	Store   store.Store
	Secrets *secrets.Keeper
	Logger  *slog.Logger
	// Name is the vendor's name of the server, Version the version of the program.
	Name, Version string
	// Contact is the email address of the vendor's support; "" names none.
	Contact string
	// Proxies are the addresses of reverse proxies whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// QueuedMail is called after a mail was queued; nil means that the server has no mail service and refuses to queue.
	QueuedMail func()
	// PublicURL returns the address under which people reach the server, for links in mails; nil or "" means that none
	// can be sent. It is never taken from a request, whose sender could lead the link elsewhere.
	PublicURL func() string
	// MailDomain is the domain of the Message-ID of mails; "" takes "localhost".
	MailDomain string
	// MailLimits limit mails per hour unless the options of the database do; zero takes settings.DefaultMailLimits.
	MailLimits settings.MailLimits
	// Requests limits the requests of one host unless the options of the database do; zero takes
	// settings.DefaultRequestRate.
	Requests settings.RequestRate
	// Passwords is the cost of hashing; zero takes password.DefaultCost.
	Passwords password.Cost
	// Zone is the time zone in which limits count days and months; nil means the system's.
	Zone *time.Location
	// Now returns the time and Random randomness; nil means the system's.
	Now    func() time.Time
	Random io.Reader
	// Answered is called after each request; nil counts nothing.
	Answered func(httpapi.Answered)
}

// New returns a server. If the database has no epoch yet, New creates the first one. It fails if the source of
// randomness or the store does.
func New(o Options) (*httpapi.Server, error) {
	if o.Store == nil || o.Secrets == nil || o.Logger == nil {
		return nil, errors.New("a server needs a store, secrets and a logger")
	}
	o.setDefaults()
	passwords, err := password.NewHasher(o.Passwords)
	if err != nil {
		return nil, err
	}
	epoch, err := store.EnsureEpoch(context.Background(), o.Store, o.Random)
	if err != nil {
		return nil, fmt.Errorf("read epoch: %w", err)
	}
	base := settings.Default()
	base.Mails, base.Requests = o.MailLimits, o.Requests
	shared := settings.NewShared(o.Store, base, epoch, o.Logger, func(options map[string]string) {
		o.Secrets.Follow(options[secrets.Option])
	})
	return httpapi.New(httpapi.Config{
		Store:   o.Store,
		Secrets: o.Secrets,
		Logger:  o.Logger,
		Rules:   rules.Rules{Secrets: o.Secrets, Now: o.Now, Zone: o.Zone},
		Guard: guard.New(guard.Config{
			Store:  o.Store,
			Shared: shared,
			Logger: o.Logger,
			Now:    o.Now,
			Random: o.Random,
		}),
		Shared:     shared,
		Passwords:  passwords,
		Name:       o.Name,
		Version:    o.Version,
		Contact:    o.Contact,
		Proxies:    o.Proxies,
		QueuedMail: o.QueuedMail,
		PublicURL:  o.PublicURL,
		MailDomain: o.MailDomain,
		Now:        o.Now,
		Random:     o.Random,
		Answered:   o.Answered,
	}), nil
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Passwords == (password.Cost{}) {
		o.Passwords = password.DefaultCost
	}
	if o.Requests == (settings.RequestRate{}) {
		o.Requests = settings.DefaultRequestRate
	}
	if o.MailLimits == (settings.MailLimits{}) {
		o.MailLimits = settings.DefaultMailLimits
	}
	if o.MailDomain == "" {
		o.MailDomain = "localhost"
	}
}
