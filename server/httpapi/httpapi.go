// Package httpapi answers the calls of the contract (spec: api "Calls") over HTTP.
package httpapi

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// Config is the configuration of a Server. QueuedMail, PublicURL, Contact, Proxies and Answered are optional.
type Config struct {
	Store     store.Store
	Secrets   *secrets.Keeper
	Logger    *slog.Logger
	Rules     rules.Rules
	Guard     *guard.Guard
	Shared    *settings.Shared
	Passwords *password.Hasher
	// Name is the vendor's name of the server, Version the version of the program.
	Name, Version string
	// Contact is the email address of the vendor's support; "" = none.
	Contact string
	// Proxies are the addresses of reverse proxies whose X-Forwarded-For is trusted.
	Proxies []netip.Prefix
	// QueuedMail is called after a mail was queued; nil means that the server has no mail service and refuses mails.
	QueuedMail func()
	// PublicURL returns the server's address for links in mails; nil or "" means that no links can be sent.
	PublicURL func() string
	// MailDomain is the domain of the Message-ID of mails.
	MailDomain string
	Now        func() time.Time
	Random     io.Reader
	// Answered is called after each request, if not nil.
	Answered func(Answered)
}

// Server answers the calls of the contract.
type Server struct {
	Config
	handler  http.Handler
	names    map[string]string // of operations, by the patterns of their routes
	stopping atomic.Bool
	pruned   atomic.Pointer[time.Time] // when expired answers were last deleted
	counted  sync.Map                  // when the serial numbers of a program were last counted, by its id
}

// New returns a server.
func New(c Config) *Server {
	s := &Server{Config: c}
	s.handler = s.routes()
	return s
}

// Handler returns the handler of all paths of the server.
func (s *Server) Handler() http.Handler { return s.handler }

const (
	// maxBody limits a request's body in bytes.
	maxBody = 64 << 10
	// bodyTimeout limits the time for reading the body of a call of the contract.
	bodyTimeout = 5 * time.Second
)

// routes returns the handler of all paths, and stores the names of their operations.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	contract := s.registerCalls(humago.New(mux, configuration(s.Version)))
	mux.HandleFunc("GET /docs", contract.serveDocs)
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

// configuration returns the configuration of huma: OpenAPI document, JSON format, bearer tokens.
func configuration(version string) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "ACEN license server",
				Version:     version,
				Description: "Every error is an RFC 9457 problem document with a code.",
			},
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
