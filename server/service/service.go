// Package service puts a whole license server together: database, master key, mail queue, handlers, listener.
package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// Options say where a server keeps its data and how it is reached.
type Options struct {
	// Data is the folder with the database (acen.db) and the master key (master.key).
	Data string
	// Listening is the address and who speaks TLS.
	Listening server.Listening
	// Name is the vendor's name of the server.
	Name, Version string
	// Contact is the email address of the vendor's support; "" names none.
	Contact string
	// PublicURL is the address that people reach the server under, for links in mails; "" means the address it listens on.
	PublicURL string
	// Mail delivers the queue; nil means that the server has no mail service.
	Mail   mail.Sender
	Logger *slog.Logger
}

// Data is an opened data folder: what the administration works on.
type Data struct {
	Store   store.Store
	Secrets *secrets.Keeper
}

// databaseFile is the name of the database in a data folder.
const databaseFile = "acen.db"

// Exists reports whether a folder holds a server's data.
func Exists(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, databaseFile))
	return !errors.Is(err, os.ErrNotExist)
}

// OpenData opens a data folder and makes it when it is missing.
func OpenData(ctx context.Context, folder string) (*Data, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be made: %w", folder, err)
	}
	keeper, err := secrets.File(filepath.Join(folder, "master.key"), rand.Reader)
	if err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, filepath.Join(folder, databaseFile))
	if err != nil {
		return nil, err
	}
	return &Data{Store: s, Secrets: keeper}, nil
}

// Service is a running license server.
type Service struct {
	*Data
	// URL is the address for clients, such as "http://127.0.0.1:8080".
	URL string

	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start opens the data folder, listens and serves until Stop, or until ctx ends. prepare, if any, runs on the data before
// the first call is answered.
func Start(ctx context.Context, o Options, prepare func(context.Context, *Data) error) (*Service, error) {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be made: %w", o.Data, err)
	}
	lock := flock.New(filepath.Join(o.Data, "server.lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be locked: %w", o.Data, err)
	}
	if !locked {
		return nil, fmt.Errorf("another server is running on the data folder %s", o.Data)
	}
	s, err := start(ctx, o, prepare, func() { _ = lock.Unlock() })
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return s, nil
}

func start(ctx context.Context, o Options, prepare func(context.Context, *Data) error, unlock func()) (*Service, error) {
	data, err := OpenData(ctx, o.Data)
	if err != nil {
		return nil, err
	}
	if prepare != nil {
		if err := prepare(ctx, data); err != nil {
			return nil, errors.Join(err, data.Store.Close())
		}
	}
	var worker *mail.Worker
	options := server.Options{Store: data.Store, Secrets: data.Secrets, Logger: o.Logger, Name: o.Name, Version: o.Version, Contact: o.Contact,
		Proxies: o.Listening.Proxies, MailDomain: "acen.invalid"}
	if host, err := os.Hostname(); err == nil && host != "" && !strings.ContainsAny(host, "<>@ ") {
		options.MailDomain = host
	}
	if o.Mail != nil {
		worker = mail.NewWorker(data.Store, o.Mail, o.Logger)
		options.QueuedMail = worker.Wake
	}
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
	ctx, cancel := context.WithCancel(ctx)
	s := &Service{Data: data, URL: address(o.Listening, listener.Addr()), cancel: cancel, done: make(chan struct{})}
	var running sync.WaitGroup
	if worker != nil {
		running.Go(func() { worker.Run(ctx) })
	}
	go func() {
		defer close(s.done)
		s.err = server.Serve(ctx, listener, srv.Handler())
		cancel()
		running.Wait()
		s.err = errors.Join(s.err, data.Store.Close())
		unlock()
	}()
	return s, nil
}

func address(l server.Listening, a net.Addr) string {
	scheme := "http"
	if l.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + a.String()
}

// Wait blocks until the server has ended and tells why; nil after Stop.
func (s *Service) Wait() error {
	<-s.done
	return s.err
}

// Stop ends the server: running calls and the mail being sent are finished first.
func (s *Service) Stop() error {
	s.cancel()
	return s.Wait()
}
