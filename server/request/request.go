// Package request identifies the caller of a request: the host, and the client with its session.
package request

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/acen-desktop/acen/server/store"
)

// Request identifies an HTTP request.
type Request struct {
	// ID identifies the request in the log and in the answer.
	ID string
	// Host is the address of the client, without a port.
	Host string
}

// Caller is the caller of an authenticated call. Its zero value is anonymous.
type Caller struct {
	Client  store.Client
	Session store.Session
}

// Anonymous reports whether the caller is not signed in.
func (c Caller) Anonymous() bool { return c.Client.ID == 0 }

type contextKey int

const (
	requestKey contextKey = iota
	callerKey
)

// NewContext returns a context with a request.
func NewContext(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey, r)
}

// FromContext returns the request of a context, or the zero value.
func FromContext(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey).(Request)
	return r
}

// WithCaller returns a context with the caller of an authenticated call.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey, c)
}

// CallerFrom returns the caller of a context, or the zero value if the call needs no session.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey).(Caller)
	return c
}

// ClientAddress returns the address of the peer or, if the peer is a proxy, the last forwarded address that is not a
// proxy.
func ClientAddress(r *http.Request, proxies []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && isProxy(host, proxies); i-- {
		address, err := netip.ParseAddr(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		host = address.Unmap().String()
	}
	return host
}

func isProxy(host string, proxies []netip.Prefix) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range proxies {
		if p.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
