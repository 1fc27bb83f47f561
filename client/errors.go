package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/acen-desktop/acen/api"
)

var (
	// ErrUnreachable is matched by every NetworkError: there was no answer of a license server.
	ErrUnreachable = errors.New("the license server cannot be reached")
	// ErrSignedOut is returned if the session has ended and the person must sign in.
	ErrSignedOut = errors.New("the session has ended")
)

// Kind is the step at which a connection failed.
type Kind int

// The kinds of connection failures.
const (
	Connect  Kind = 1 + iota // nothing answers at the address
	DNS                      // the server's name is not known
	Proxy                    // the proxy refused
	TLS                      // the server's certificate is not trusted
	Timeout                  // no answer in time
	NotACEN                  // the answer is incomplete or does not come from a license server
	TooLarge                 // the answer is larger than maxAnswer
	Insecure                 // the address is neither https nor this PC
)

// NetworkError is the reason why there was no answer from the server.
type NetworkError struct {
	Kind Kind
	// Host is the server's name or address.
	Host string
	// Issuer is the issuer of the certificate of a TLS failure, if known.
	Issuer string
	// NotSent is true if the call was certainly not sent.
	NotSent bool
	// Err is the cause. It contains no secret.
	Err error
}

// Error returns one sentence.
func (e *NetworkError) Error() string { return e.Text().String() }

// Text returns one sentence for the person.
func (e *NetworkError) Text() Text {
	switch e.Kind {
	case DNS:
		return Textf("The server name %s is not known. Check the address and the connection.", e.Host)
	case Proxy:
		return Textf("The proxy of this network did not let the connection through.")
	case TLS:
		if e.Issuer != "" {
			return Textf("The connection to %s is not trusted: its certificate was issued by “%s”.", e.Host, e.Issuer)
		}
		return Textf("The connection to %s is not trusted: its certificate cannot be checked.", e.Host)
	case Timeout:
		return Textf("%s did not answer in time.", e.Host)
	case NotACEN:
		return Textf("The server at %s is not a license server.", e.Host)
	case TooLarge:
		return Textf("%s sent an answer that is too large.", e.Host)
	case Insecure:
		return Textf("%s would be reached without encryption. Use an address that begins with https://.", e.Host)
	}
	return Textf("%s cannot be reached.", e.Host)
}

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// Is reports true for ErrUnreachable.
func (e *NetworkError) Is(target error) bool { return target == ErrUnreachable }

// classify turns an error of the transport into a NetworkError. It returns context.Canceled for a call that the
// caller canceled.
func classify(ctx context.Context, host string, err error) error {
	var network *NetworkError
	if errors.As(err, &network) {
		return network
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	e := &NetworkError{Kind: Connect, Host: host, Err: stripURL(err)}
	var (
		dns         *net.DNSError
		op          *net.OpError
		verify      *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		wrongHost   x509.HostnameError
		invalid     x509.CertificateInvalidError
		record      tls.RecordHeaderError
		netErr      net.Error
		unexpectedN = errors.Is(err, io.ErrUnexpectedEOF)
	)
	switch {
	case errors.As(err, &verify):
		e.Kind = TLS
		if len(verify.UnverifiedCertificates) > 0 {
			e.Issuer = issuer(verify.UnverifiedCertificates[0])
		}
	case errors.As(err, &authority):
		e.Kind = TLS
		if authority.Cert != nil {
			e.Issuer = issuer(authority.Cert)
		}
	case errors.As(err, &wrongHost), errors.As(err, &invalid):
		e.Kind = TLS
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		e.Kind = NotACEN
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.Kind = Proxy
	case errors.As(err, &dns) && !dns.IsTimeout:
		e.Kind = DNS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &netErr) && netErr.Timeout():
		e.Kind = Timeout
	case unexpectedN:
		e.Kind = Connect
	}
	return e
}

func issuer(c *x509.Certificate) string {
	if len(c.Issuer.Organization) > 0 {
		return c.Issuer.Organization[0]
	}
	return c.Issuer.CommonName
}

// stripURL removes the URL that net/http adds to errors, because it may contain personal data.
func stripURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// problem decodes a refusal. Anything other than a problem document with a code and the status of the response is a
// *NetworkError of kind NotACEN.
func problem(host string, status int, contentType string, body []byte) error {
	var p api.Problem
	mediaType, _, _ := strings.Cut(contentType, ";")
	if strings.TrimSpace(mediaType) != api.ProblemMediaType || json.Unmarshal(body, &p) != nil || p.Code == "" ||
		p.Status != status {
		return &NetworkError{
			Kind: NotACEN,
			Host: host,
			Err:  fmt.Errorf("HTTP status %d with content type %q", status, mediaType),
		}
	}
	return &p
}
