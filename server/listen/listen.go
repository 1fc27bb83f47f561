// Package listen opens the ports of a server, with TLS unless only this machine can reach them, and serves on them
// until a context ends.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Config is the configuration of a listener.
type Config struct {
	// Address is host:port; port 0 means a free one.
	Address string
	// CertFile and KeyFile contain the certificate; both or none.
	CertFile, KeyFile string
	// Proxies are the reverse proxies that terminate TLS for this server.
	Proxies []netip.Prefix
	// Logger logs changes of the certificate, if not nil. Now is the clock; nil means the system's.
	Logger *slog.Logger
	Now    func() time.Time
}

// Listen opens the port. It requires TLS or proxies unless the address is a loopback address (spec: api "Who may
// call").
func (c Config) Listen() (net.Listener, error) {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return nil, errors.New("a certificate and its key file must be given together")
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("the address %q is not of the form host:port", c.Address)
	}
	if c.CertFile == "" && len(c.Proxies) == 0 && !isLoopback(host) {
		return nil, fmt.Errorf("%s can be reached from other machines: give a certificate, name the proxy that terminates "+
			"TLS, or listen on 127.0.0.1", c.Address)
	}
	var config *tls.Config
	if c.CertFile != "" {
		certificate, err := openCertificate(c)
		if err != nil {
			return nil, err
		}
		config = &tls.Config{
			GetCertificate: certificate.get,
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"h2", "http/1.1"},
		}
	}
	listener, err := Plain(c.Address)
	if err == nil && config != nil {
		listener = tls.NewListener(listener, config)
	}
	return listener, err
}

// Plain opens a port without TLS, for public data.
func Plain(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	var operation *net.OpError
	if errors.As(err, &operation) {
		err = operation.Err // without the address, which is added below
	}
	if err != nil {
		return nil, fmt.Errorf("the server cannot listen on %s: %w", address, err)
	}
	return listener, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// grace is the time that running requests get when the server stops.
const grace = 15 * time.Second

// timeouts limit the time for a request's header, the complete request, the answer, and between two requests. Package
// httpapi has its own limit for bodies.
type timeouts struct{ header, read, write, idle time.Duration }

var defaultTimeouts = timeouts{
	header: 10 * time.Second,
	read:   30 * time.Second,
	write:  60 * time.Second,
	idle:   120 * time.Second,
}

// Serve serves requests on a listener until ctx ends, and then until running requests have finished.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	return serve(ctx, listener, handler, defaultTimeouts)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, t timeouts) error {
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: t.header,
		ReadTimeout:       t.read,
		WriteTimeout:      t.write,
		IdleTimeout:       t.idle,
		MaxHeaderBytes:    32 << 10,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { stopped <- finish(context.WithoutCancel(ctx), srv, grace) })
	err := srv.Serve(listener)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-stopped
}

// finish waits for running requests and cancels those that take longer than timeout.
func finish(ctx context.Context, srv *http.Server, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(fmt.Errorf("calls that did not finish within %s were cut off", timeout), srv.Close())
	}
	return err
}
