// Package service assembles a license server: database, master key, mail queue, handlers and listener. acen-server and
// acen-demo start it, and package admin works on its data.
package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/httpapi"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/metrics"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/postgres"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// Place is the location of a server's data.
type Place struct {
	// Folder contains the master key (master.key) and, unless Database is set, the database (acen.db).
	Folder string
	// Database is the address of a PostgreSQL database, such as "postgres://acen@db.example.com/acen"; "" means SQLite
	// in Folder.
	Database string
	// KeyCommand is a shell command that prints the master key, such as the client of a key service; "" means the file.
	KeyCommand string
}

// Options are the options of Start.
type Options struct {
	Place
	// Listening is the configuration of the listener.
	Listening listen.Config
	// Name is the vendor's name of the server.
	Name, Version string
	// Contact is the email address of the vendor's support; "" = none.
	Contact string
	// PublicURL is the server's address in links of mails; "" means the address it listens on.
	PublicURL string
	// Mail delivers queued mails; nil means that the server has no mail service.
	Mail   mail.Sender
	Logger *slog.Logger
	// Metrics is the address (host:port) of a second listener, without TLS, for /metrics, /healthz and /readyz; "" = none.
	Metrics string
	// Drain is how long a server that is stopping serves requests while it reports that it is not ready, so that a load
	// balancer removes it. After is the clock; nil means time.After.
	Drain time.Duration
	After func(time.Duration) <-chan time.Time
}

// Data are the opened data of a server.
type Data struct {
	Store   store.Store
	Secrets *secrets.Keeper
}

// databaseFile is the name of the database in a data folder.
const databaseFile = "acen.db"

// ErrOlderCodes is returned by Start for a database with active licenses of the scheme acen/v1.
var ErrOlderCodes = errors.New("the database has active licenses of a trial version, with codes that no program " +
	"accepts any more (acen/v1): run acen-server upgrade-v2 on it first, which ends them as Replaced and keeps orders " +
	"and serial IDs")

// Exists reports whether the data exist. It always returns true for PostgreSQL.
func (p Place) Exists() bool {
	if p.Database != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(p.Folder, databaseFile))
	return !errors.Is(err, os.ErrNotExist)
}

// SetAside moves the SQLite database of a data folder, which no server may use, to a new folder in it, "old" or "old-2"
// and so on.
func (p Place) SetAside() (old string, err error) {
	unlock, err := p.Lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	old = filepath.Join(p.Folder, "old")
	for n := 2; ; n++ {
		if err = os.Mkdir(old, 0o700); !errors.Is(err, os.ErrExist) {
			break
		}
		old = filepath.Join(p.Folder, fmt.Sprintf("old-%d", n))
	}
	// The database is last, so that Exists returns true until all files are moved.
	for _, suffix := range []string{"-wal", "-shm", ""} {
		name := databaseFile + suffix
		if e := os.Rename(filepath.Join(p.Folder, name), filepath.Join(old, name)); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return old, err
}

// OpenData opens a server's data, which it creates if they do not exist.
func OpenData(ctx context.Context, p Place) (*Data, error) {
	if err := os.MkdirAll(p.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be created: %w", p.Folder, err)
	}
	d := &Data{}
	var err error
	if p.Database != "" {
		d.Store, err = postgres.Open(ctx, p.Database)
	} else {
		d.Store, err = sqlite.Open(ctx, filepath.Join(p.Folder, databaseFile))
	}
	if err != nil {
		return nil, err
	}
	if err := d.unlock(ctx, p); err != nil {
		return nil, errors.Join(err, d.Store.Close())
	}
	return d, nil
}

// unlock loads the master key and upgrades the data. It creates a key file only if the database has no key yet.
func (d *Data) unlock(ctx context.Context, p Place) error {
	file := filepath.Join(p.Folder, "master.key")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && p.KeyCommand == "" {
		used := false
		if err := d.Store.Read(ctx, func(tx store.Tx) error {
			options, err := tx.Options.All(ctx)
			if err != nil {
				return err
			}
			programs, err := tx.Programs.List(ctx)
			used = options[secrets.Option] != "" || len(programs) > 0
			return err
		}); err != nil {
			return err
		}
		if used {
			return fmt.Errorf("the master key file %s is missing: restore the one that belongs to these data from a "+
				"backup, or copy it from another server", file)
		}
	}
	var err error
	if p.KeyCommand != "" {
		d.Secrets, err = secrets.Command(ctx, p.KeyCommand, rand.Reader)
	} else {
		d.Secrets, err = secrets.File(file, rand.Reader)
	}
	if err != nil {
		return err
	}
	if err := d.upgrade(ctx); err != nil {
		return err
	}
	_, err = store.EnsureEpoch(ctx, d.Store, rand.Reader)
	return err
}

// upgrade repairs data from older versions: it binds the database to one master key and replaces stored serial numbers
// by their ids.
func (d *Data) upgrade(ctx context.Context) error {
	return d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		options, err := tx.Options.All(ctx)
		if err != nil {
			return err
		}
		switch named := options[secrets.Option]; {
		case named == "":
			programs, err := tx.Programs.List(ctx)
			if err != nil {
				return err
			}
			for _, p := range programs {
				if _, err := d.Secrets.SigningKey(p); err != nil {
					return err
				}
			}
			if err := tx.Options.Set(ctx, secrets.Option, d.Secrets.ID()); err != nil {
				return err
			}
		case !d.Secrets.Knows(named):
			return fmt.Errorf("the database belongs to the master key %s, but this server has %s: use the file "+
				"master.key that belongs to these data", named, d.Secrets.ID())
		}
		return d.moveSerials(ctx, tx)
	})
}

// moveSerials replaces the serial numbers of an older schema by their ids. It keeps those that the program's seed did
// not make.
func (d *Data) moveSerials(ctx context.Context, tx store.Tx) error {
	list, err := tx.Maintenance.LegacySerials(ctx)
	if err != nil {
		return err
	}
	for _, l := range list {
		p, err := tx.Programs.Get(ctx, l.ProgramID)
		if err != nil {
			return err
		}
		seed, err := d.Secrets.SerialSeed(p)
		if err != nil {
			return err
		}
		number, err := license.ParseSerialNumber(l.SerialNumber)
		if err != nil {
			continue
		}
		serialID, features, err := seed.Open(uint32(p.ID), number)
		if err != nil {
			continue
		}
		o, err := tx.Orders.Lock(ctx, l.OrderID)
		if err != nil {
			return err
		}
		o.SerialID, o.SerialFeatures = serialID, features
		if err := errors.Join(tx.Orders.Change(ctx, o), tx.Maintenance.EndLegacySerial(ctx, o.ID)); err != nil {
			return err
		}
	}
	return nil
}

// Service is a running license server.
type Service struct {
	*Data
	// URL is the address for clients, such as "http://127.0.0.1:8080".
	URL string
	// MetricsURL is the address of the metrics; "" = none.
	MetricsURL string

	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start opens the data folder and serves until Stop, or until ctx ends. It calls prepare, if not nil, before it answers
// the first request.
func Start(ctx context.Context, o Options, prepare func(context.Context, *Data) error) (*Service, error) {
	unlock, err := o.Lock()
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, o, prepare, unlock)
	if err != nil {
		unlock()
		return nil, err
	}
	return s, nil
}

// Lock locks the SQLite database of a data folder against servers until unlock is called. It fails if a server is
// running. It does nothing for PostgreSQL, where several servers may run.
func (p Place) Lock() (unlock func(), err error) {
	if p.Database != "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(p.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be created: %w", p.Folder, err)
	}
	lock := flock.New(filepath.Join(p.Folder, "server.lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be locked: %w", p.Folder, err)
	}
	if !locked {
		return nil, fmt.Errorf("another server is running on the data folder %s", p.Folder)
	}
	return func() { _ = lock.Unlock() }, nil
}

func start(
	ctx context.Context, o Options, prepare func(context.Context, *Data) error, unlock func(),
) (*Service, error) {
	data, err := OpenData(ctx, o.Place)
	if err != nil {
		return nil, err
	}
	if err := data.checkCodes(ctx); err != nil {
		return nil, errors.Join(err, data.Store.Close())
	}
	if prepare != nil {
		if err := prepare(ctx, data); err != nil {
			return nil, errors.Join(err, data.Store.Close())
		}
	}
	var worker *mail.Worker
	options := server.Options{
		Store:      data.Store,
		Secrets:    data.Secrets,
		Logger:     o.Logger,
		Name:       o.Name,
		Version:    o.Version,
		Contact:    o.Contact,
		Proxies:    o.Listening.Proxies,
		MailDomain: "acen.invalid",
	}
	if host, err := os.Hostname(); err == nil && host != "" && !strings.ContainsAny(host, "<>@ ") {
		options.MailDomain = host
	}
	if o.Mail != nil {
		worker = mail.NewWorker(data.Store, o.Mail, o.Logger)
		worker.Open = data.Secrets.OpenMail
		options.QueuedMail = worker.Wake
	}
	var counted *metrics.Metrics
	if o.Metrics != "" {
		counted = metrics.New(o.Version, data.Store)
		options.Answered = counted.Answered
	}
	o.Listening.Logger = o.Logger
	listener, err := o.Listening.Listen()
	if err != nil {
		return nil, errors.Join(err, data.Store.Close())
	}
	public := o.PublicURL
	if public == "" {
		public = address(o.Listening, listener.Addr())
	}
	options.PublicURL = func() string { return public }
	srv, err := server.New(options)
	if err != nil {
		return nil, errors.Join(err, listener.Close(), data.Store.Close())
	}
	s := &Service{Data: data, URL: address(o.Listening, listener.Addr()), done: make(chan struct{})}
	endMetrics := func() error { return nil }
	if counted != nil {
		if s.MetricsURL, endMetrics, err = serveMetrics(ctx, o.Metrics, srv, counted); err != nil {
			return nil, errors.Join(err, listener.Close(), data.Store.Close())
		}
	}
	serving, end := s.stopping(ctx, o, srv)
	var running sync.WaitGroup
	if worker != nil {
		running.Go(func() { worker.Run(serving) })
	}
	go func() {
		defer close(s.done)
		s.err = listen.Serve(serving, listener, srv.Handler())
		s.cancel()
		end()
		running.Wait()
		s.err = errors.Join(s.err, endMetrics(), data.Store.Close())
		unlock()
	}()
	return s, nil
}

// checkCodes fails with ErrOlderCodes if an active license has codes that this server cannot compare.
func (d *Data) checkCodes(ctx context.Context) error {
	return d.Store.Read(ctx, func(tx store.Tx) error {
		older, err := tx.Maintenance.OlderLicenses(ctx, 1)
		if err != nil || len(older) == 0 {
			return err
		}
		return ErrOlderCodes
	}, store.SingleQuery)
}

// stopping returns a context that ends after the drain period, which begins when ctx ends or s.cancel is called. During
// that period the server reports that it is not ready.
func (s *Service) stopping(
	ctx context.Context, o Options, srv *httpapi.Server,
) (serving context.Context, end context.CancelFunc) {
	serving, end = context.WithCancel(context.WithoutCancel(ctx))
	ctx, s.cancel = context.WithCancel(ctx)
	after := o.After
	if after == nil {
		after = time.After
	}
	context.AfterFunc(ctx, func() {
		defer end()
		srv.Stopping()
		o.Logger.Info("stopping", "drain", o.Drain.String())
		if o.Drain > 0 {
			select {
			case <-after(o.Drain):
			case <-serving.Done():
			}
		}
	})
	return serving, end
}

// serveMetrics serves the second address until end is called.
func serveMetrics(
	ctx context.Context, address string, srv *httpapi.Server, counted *metrics.Metrics,
) (url string, end func() error, err error) {
	listener, err := listen.Plain(address)
	if err != nil {
		return "", nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", counted.Handler())
	mux.HandleFunc("GET /healthz", srv.Healthy)
	mux.HandleFunc("GET /readyz", srv.Ready)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- listen.Serve(ctx, listener, mux) }()
	return "http://" + listener.Addr().String() + "/metrics", func() error { cancel(); return <-ended }, nil
}

// address returns the URL of a listener.
func address(l listen.Config, a net.Addr) string {
	scheme := "http"
	if l.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + a.String()
}

// Wait blocks until the server has ended. It returns nil after Stop, else the reason.
func (s *Service) Wait() error {
	<-s.done
	return s.err
}

// Stop stops the server, after running requests and the mail that is being sent.
func (s *Service) Stop() error {
	s.cancel()
	return s.Wait()
}

// ErrPostgres is returned by Backup and Restore for PostgreSQL, which has programs for them.
var ErrPostgres = errors.New("PostgreSQL is backed up and restored with its own programs, pg_dump and pg_restore " +
	"(docs/server.md)")

// Backup writes a copy of the SQLite database, without the master key, to a new file, while a server may use it.
func (d *Data) Backup(ctx context.Context, path string) error {
	s, ok := d.Store.(*sqlite.Store)
	if !ok {
		return ErrPostgres
	}
	return s.Backup(ctx, path)
}

// Restore replaces the SQLite database, which no server may use, by a backup, skips gap ids and sets a new epoch (spec:
// api 20). kept is the new name of the former database, or "" if there was none. A damaged backup, or one with another
// master key, changes nothing.
func (p Place) Restore(
	ctx context.Context, backup string, gap int64, now time.Time,
) (kept string, r store.Restored, err error) {
	if p.Database != "" {
		return "", r, ErrPostgres
	}
	if err := store.CheckGap(gap); err != nil {
		return "", r, err
	}
	unlock, err := p.Lock()
	if err != nil {
		return "", r, err
	}
	defer unlock()
	if err := os.MkdirAll(p.Folder, 0o700); err != nil {
		return "", r, fmt.Errorf("the data folder %s cannot be created: %w", p.Folder, err)
	}
	kept, err = sqlite.Restore(ctx, backup, filepath.Join(p.Folder, databaseFile), now, func(s *sqlite.Store) error {
		if err := (&Data{Store: s}).unlock(ctx, p); err != nil {
			return err
		}
		return s.Write(ctx, store.NoLock, func(tx store.Tx) (err error) {
			if r, err = store.MarkRestored(ctx, tx, rand.Reader, gap); err != nil {
				return err
			}
			return tx.Audits.Add(ctx, r.Audit(now))
		})
	})
	return kept, r, err
}
