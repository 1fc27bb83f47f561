// Package catalog has the orders, licenses and programs of a person's accounts: their tables, the cache of these in
// the data file, and what this PC makes of the rows, such as licenses that end soon or can be brought back. It reads
// from license servers and carries out no task.
package catalog

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
)

// Server is what a View reads from a license server; *client.Client is one.
type Server interface {
	Orders(ctx context.Context) (orders []api.Order, canAdd bool, err error)
	Licenses(ctx context.Context, order int64, ended bool) ([]api.License, error)
	Programs(ctx context.Context) ([]api.Program, error)
	LicenseFile(ctx context.Context, license int64) (name, content string, err error)
}

// Options configure a Catalog. All of them are required.
type Options struct {
	Store     *Store
	PC        *thispc.PC
	Installed *installed.Store
	// OpenDepartures returns the licenses of this PC that open jobs of an account hand in, with their tasks; 0 means
	// all accounts.
	OpenDepartures func(ctx context.Context, account int64) (map[thispc.DepartureKey]api.Task, error)
	// Failed is called with every error of an account's server.
	Failed func(account int64, err error)
	// Notice shows a message to the person.
	Notice func(title, detail client.Text)
	Now    func() time.Time
	Logger *slog.Logger
}

// Catalog has the tables of a person's accounts. Its methods may be called from any goroutine.
type Catalog struct {
	options Options

	mu         sync.Mutex
	programs   map[int64]api.Program // of the server of programsOf, because ids differ between servers
	programsOf Server
}

// New returns a Catalog.
func New(o Options) *Catalog { return &Catalog{options: o, programs: map[int64]api.Program{}} }

// View is the catalog of one account.
type View struct {
	c       *Catalog
	account int64
	server  Server
	// cached makes the view use cached programs; it fetches only those that were never cached.
	cached bool
}

// View returns the view of an account.
func (c *Catalog) View(account int64, server Server) *View {
	return &View{
		c:       c,
		account: account,
		server:  server,
	}
}

// FromCache returns a view that uses cached programs; it fetches only those that were never cached.
func (v *View) FromCache() *View {
	cached := *v
	cached.cached = true
	return &cached
}

// fail reports an error of the server and returns it.
func (v *View) fail(err error) error {
	if err != nil {
		v.c.options.Failed(v.account, err)
	}
	return err
}
