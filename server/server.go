// Package server holds the rules of the HTTP contract (docs/spec) and the handlers that carry them out.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Options are what a Server needs. Store, Secrets and Logger must be given.
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
	// PublicURL returns the address under which people reach the server, for links in mails; nil or "" means that none can be
	// sent. It is never taken from a request, whose sender could lead the link elsewhere.
	PublicURL func() string
	// MailDomain ends the Message-ID of mails.
	MailDomain string
	// MailLimits bound mails per hour unless the options of the database do; zero takes DefaultMailLimits.
	MailLimits MailLimits
	// Requests bounds the requests of one host unless the options of the database do; zero takes DefaultRequestRate.
	Requests RequestRate
	// Passwords are the costs of hashing; zero takes DefaultPasswordCost.
	Passwords PasswordCost
	// Zone is the time zone in which limits count days and months; nil means the system's.
	Zone *time.Location
	// Now tells the time and Random gives randomness; nil means the system's.
	Now    func() time.Time
	Random io.Reader
	// Answered is called after each request; nil counts nothing.
	Answered func(Answered)
}

// MailLimits bound the mails that may be asked for within an hour (spec: api 12).
type MailLimits struct{ PerRecipient, PerAccount, PerHost int }

// DefaultMailLimits let a person work and keep a robot from flooding a mailbox.
var DefaultMailLimits = MailLimits{PerRecipient: 20, PerAccount: 60, PerHost: 120}

// Server answers the calls of the contract.
type Server struct {
	Options
	rules   Rules
	hosts   hosts
	base    Settings // before the options of the database
	shared  shared
	warned  map[string]string // options that were complained of; under shared.mu
	handler http.Handler
	names   map[string]string // of operations, by the patterns of their routes
	stop    atomic.Bool
	hashing chan struct{}             // bounds the memory of concurrent password hashes
	dummy   string                    // hash that unknown user names are compared with
	pruned  atomic.Pointer[time.Time] // when old answers were last forgotten
	counted sync.Map                  // when the serial numbers of a program were last counted, by its id
}

// New returns a server. If the database has no epoch yet, New creates the first one. It fails if the source of
// randomness or the store does.
func New(o Options) (*Server, error) {
	if o.Store == nil || o.Secrets == nil || o.Logger == nil {
		return nil, errors.New("a server needs a store, secrets and a logger")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Passwords == (PasswordCost{}) {
		o.Passwords = DefaultPasswordCost
	}
	if o.Requests == (RequestRate{}) {
		o.Requests = DefaultRequestRate
	}
	if o.MailLimits == (MailLimits{}) {
		o.MailLimits = DefaultMailLimits
	}
	if o.MailDomain == "" {
		o.MailDomain = "localhost"
	}
	base := DefaultSettings()
	base.Mails, base.Requests = o.MailLimits, o.Requests
	s := &Server{Options: o, rules: Rules{o.Secrets, o.Now, o.Zone}, base: base, shared: shared{settings: base, bans: map[banned]time.Time{}}, hosts: hosts{rate: o.Requests, known: map[string]*host{}}, hashing: make(chan struct{}, runtime.GOMAXPROCS(0))}
	dummy, err := o.Passwords.Hash(o.Random, "a password that nobody has")
	if err != nil {
		return nil, err
	}
	s.dummy = dummy
	if s.shared.epoch, err = store.EnsureEpoch(context.Background(), o.Store, o.Random); err != nil {
		return nil, fmt.Errorf("read epoch: %w", err)
	}
	s.handler = s.routes()
	return s, nil
}

// Handler answers all paths of the server.
func (s *Server) Handler() http.Handler { return s.handler }

// maxBody bounds a request's body in bytes.
const maxBody = 64 << 10

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	contract := s.contract(humago.New(mux, configuration(s.Version)))
	mux.HandleFunc("GET /docs", contract.page)
	mux.HandleFunc("GET "+resetPath, s.passwordForm)
	mux.HandleFunc("POST "+resetPath, s.passwordForm)
	mux.HandleFunc("GET "+healthPath, s.Healthy)
	mux.HandleFunc("GET "+readyPath, s.Ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, api.NewProblem(api.ErrNotFound, "There is nothing at this address."))
	})
	s.names = contract.nameRoutes()
	return s.withMiddleware(mux)
}

func configuration(version string) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "ACEN license server", Version: version, Description: "Every error is an RFC 9457 problem document with a code."},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "Access token of a session"},
				},
			},
		},
		OpenAPIPath:   "/openapi",
		Formats:       map[string]huma.Format{"application/json": wireJSON, "json": wireJSON},
		DefaultFormat: "application/json",
	}
	config.AllowAdditionalPropertiesByDefault = true // fields are additive (spec: api "Representation")
	return config
}
