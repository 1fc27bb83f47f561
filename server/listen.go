package server

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

// Listening says where and how a server listens.
type Listening struct {
	// Address is host:port; port 0 takes a free one.
	Address string
	// CertFile and KeyFile hold the certificate; both or none.
	CertFile, KeyFile string
	// Proxies are the reverse proxies that speak TLS in this server's place.
	Proxies []netip.Prefix
	// Logger hears when the certificate was changed; nil logs nothing. Now tells the time; nil means the system's.
	Logger *slog.Logger
	Now    func() time.Time
}

// Listen opens the port. Outside loopback it speaks TLS only, unless proxies are named (spec: api "Who may call").
func (l Listening) Listen() (net.Listener, error) {
	if (l.CertFile == "") != (l.KeyFile == "") {
		return nil, errors.New("a certificate needs its key file and a key file its certificate")
	}
	host, _, err := net.SplitHostPort(l.Address)
	if err != nil {
		return nil, fmt.Errorf("the address %q is not of the form host:port", l.Address)
	}
	if l.CertFile == "" && len(l.Proxies) == 0 && !isLoopback(host) {
		return nil, fmt.Errorf("%s can be reached from other machines: give a certificate, or name the proxy that speaks TLS, or listen on 127.0.0.1", l.Address)
	}
	var config *tls.Config
	if l.CertFile != "" {
		certificate, err := openCertificate(l)
		if err != nil {
			return nil, err
		}
		config = &tls.Config{GetCertificate: certificate.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	listener, err := ListenPlain(l.Address)
	if err == nil && config != nil {
		listener = tls.NewListener(listener, config)
	}
	return listener, err
}

// ListenPlain opens a port without TLS, for what anybody may read.
func ListenPlain(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	var operation *net.OpError
	if errors.As(err, &operation) {
		err = operation.Err // the address is said once
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

// grace is how long a stopping server lets calls finish.
const grace = 15 * time.Second

// timeouts are how long a connection may take for a request's header, for the whole request, for the answer, and between two
// requests. The body of a call of the contract has a time of its own, bodyTime.
type timeouts struct{ header, read, write, idle time.Duration }

var usualTimeouts = timeouts{header: 10 * time.Second, read: 30 * time.Second, write: 60 * time.Second, idle: 120 * time.Second}

// bodyTime is how long the body of a call of the contract may take once the call is known.
const bodyTime = 5 * time.Second

// Serve answers calls on a listener until ctx ends, then lets running calls finish.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	return serve(ctx, listener, handler, usualTimeouts)
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

// finish lets running calls finish and cuts off those that take longer than the time.
func finish(ctx context.Context, srv *http.Server, patience time.Duration) error {
	timeout, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := srv.Shutdown(timeout)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(fmt.Errorf("calls that did not finish within %s were cut off", patience), srv.Close())
	}
	return err
}
