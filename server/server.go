// Package server assembles the rules, the guard and the HTTP API of a license server on a database.
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

// Options are the options of New. Store, Secrets and Logger are required.
type Options struct {
	Store   store.Store
	Secrets *secrets.Keeper
	Logger  *slog.Logger
	// Name is the vendor's name of the server, Version the version of the program.
	Name, Version string
	// Contact is the email address of the vendor's support; "" = none.
	Contact string
	// Proxies are the addresses of reverse proxies whose X-Forwarded-For is trusted.
	Proxies []netip.Prefix
	// QueuedMail is called after a mail was queued; nil means that the server has no mail service and refuses mails.
	QueuedMail func()
	// PublicURL returns the server's address for links in mails; nil or "" means that no links can be sent. The address
	// is never taken from a request, because its sender could redirect the link.
	PublicURL func() string
	// MailDomain is the domain of the Message-ID of mails; "" means "localhost".
	MailDomain string
	// MailLimits limit mails per hour, unless options of the database do; zero means settings.DefaultMailLimits.
	MailLimits settings.MailLimits
	// Requests limits the requests of one host, unless options of the database do; zero means
	// settings.DefaultRequestRate.
	Requests settings.RequestRate
	// Passwords is the cost of hashing; zero means password.DefaultCost.
	Passwords password.Cost
	// Zone is the time zone in which limits count days and months; nil means the system's.
	Zone *time.Location
	// Now is the clock and Random the source of randomness; nil means the system's.
	Now    func() time.Time
	Random io.Reader
	// Answered is called after each request, if not nil.
	Answered func(httpapi.Answered)
}

// New returns a server. It sets the first epoch of the database if there is none. It fails if the source of randomness
// or the store does.
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
