package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/acen-desktop/acen/redact"
	"github.com/acen-desktop/acen/server/store"
)

// Security is how a connection to a mail server is protected.
type Security string

// Ways to protect a connection.
const (
	// Automatic means ImplicitTLS on port 465, Unprotected for a loopback address, and STARTTLS otherwise.
	Automatic Security = ""
	// STARTTLS upgrades the connection to TLS and fails if the server does not support it (RFC 3207).
	STARTTLS Security = "starttls"
	// ImplicitTLS uses TLS from the start (RFC 8314).
	ImplicitTLS Security = "implicit"
	// Unprotected uses no TLS. It is allowed for loopback addresses only.
	Unprotected Security = "none"
)

// defaultTimeout is the default of SMTP.Timeout.
const defaultTimeout = 30 * time.Second

// SMTP sends mails through a mail server, with TLS unless its address is a loopback address.
type SMTP struct {
	// Address is host:port.
	Address  string
	Security Security
	Username string
	Password redact.Value[string]
	// From is the sender address, with or without a name.
	From string
	// Timeout limits connecting, and delivering to each recipient; 0 means 30 s.
	Timeout time.Duration
	// TLS is the configuration for servers with a private certificate; nil means TLS 1.2 or newer and the system's
	// authorities.
	TLS *tls.Config
}

// String returns the address of the mail server, without secrets.
func (s SMTP) String() string { return "smtp " + s.Address }

// LogValue returns the address of the mail server, without secrets.
func (s SMTP) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Check returns an error if the settings cannot work, as one sentence. It does not connect.
func (s SMTP) Check() error {
	host, _, security, err := s.settings()
	switch {
	case err != nil:
		return err
	case security == Unprotected && !loopback(host):
		return fmt.Errorf("TLS is required for the mail server %s, because it is another machine", s.Address)
	case s.Username == "" && s.Password.Reveal() != "":
		return errors.New("a password at the mail server needs a user name")
	}
	return checkFrom(s.From)
}

func checkFrom(from string) error {
	_, err := message(from, store.Mail{}, "check@example.com")
	return err
}

// settings parses Address and resolves Automatic.
func (s SMTP) settings() (host string, port int, security Security, err error) {
	host, portText, err := net.SplitHostPort(s.Address)
	if err == nil {
		port, err = strconv.Atoi(portText)
	}
	if err != nil || host == "" || port < 1 || port > 65535 {
		return "", 0, "", fmt.Errorf("the mail server %q is not of the form host:port", s.Address)
	}
	switch s.Security {
	case STARTTLS, ImplicitTLS, Unprotected:
		return host, port, s.Security, nil
	case Automatic:
	default:
		return "", 0, "", fmt.Errorf("%q is unknown; use starttls, implicit or none", s.Security)
	}
	switch {
	case port == 465:
		return host, port, ImplicitTLS, nil
	case loopback(host):
		return host, port, Unprotected, nil
	default:
		return host, port, STARTTLS, nil
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send delivers a mail to each recipient separately, so that a refused recipient does not affect the others.
func (s SMTP) Send(ctx context.Context, m store.Mail) error {
	if err := s.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // closes the connection too, which go-mail leaves open after a failed greeting or login
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("the mail server %s cannot be used: %w", s.Address, err)
	}
	var undelivered Undelivered
	for _, to := range m.To {
		err := s.deliver(client, connection, m, to)
		switch {
		case err == nil:
			continue
		case isPermanent(err):
			undelivered.Never = append(undelivered.Never, to)
		default:
			undelivered.Later = append(undelivered.Later, to)
		}
		undelivered.Err = errors.Join(undelivered.Err, err)
	}
	// Every recipient has its result: an error of QUIT does not matter.
	_ = client.CloseWithSMTPClient(connection)
	if undelivered.Err != nil {
		return &undelivered
	}
	return nil
}

func (s SMTP) deliver(client *gomail.Client, connection *smtp.Client, m store.Mail, to string) error {
	msg, err := message(s.From, m, to)
	if err != nil {
		return &unsendable{err}
	}
	err = client.SendWithSMTPClient(connection, msg)
	if msg.IsDelivered() {
		return nil // an error after delivery must not cause a retry
	}
	return err
}

// client returns a go-mail client whose connection is closed when ctx ends.
func (s SMTP) client(ctx context.Context) (*gomail.Client, error) {
	host, port, security, err := s.settings()
	if err != nil {
		return nil, err
	}
	config := s.TLS.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = raw.Close() })
		if security != ImplicitTLS {
			return raw, nil
		}
		protected := tls.Client(raw, config)
		return protected, protected.HandshakeContext(dialing)
	}
	// With ImplicitTLS the connection uses TLS already. Opportunistic lets go-mail send passwords on it.
	policy := map[Security]gomail.TLSPolicy{
		STARTTLS:    gomail.TLSMandatory,
		ImplicitTLS: gomail.TLSOpportunistic,
		Unprotected: gomail.NoTLS,
	}[security]
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(timeout), gomail.WithDialContextFunc(dial), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(config), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.Username != "" {
		login := gomail.SMTPAuthAutoDiscover
		if security == Unprotected {
			login = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(login), gomail.WithUsername(s.Username),
			gomail.WithPassword(s.Password.Reveal()))
	}
	return gomail.NewClient(host, options...)
}

// unsendable is the error of a mail that cannot be encoded.
type unsendable struct{ error }

func (u *unsendable) Unwrap() error { return u.error }

// isPermanent reports whether a retry cannot succeed, because the server refused the recipient or the content with 5xx.
// A refused sender or login is not permanent: the administrator can correct the settings while the mail is queued.
func isPermanent(err error) bool {
	var encoding *unsendable
	if errors.As(err, &encoding) {
		return true
	}
	var refusal *gomail.SendError
	if !errors.As(err, &refusal) || refusal.ErrorCode() < 500 {
		return false
	}
	switch refusal.ErrorCode() {
	case 503, 530, 534, 535, 538: // RFC 4954: log in first
		return false
	}
	return refusal.Reason == gomail.ErrSMTPRcptTo || refusal.Reason == gomail.ErrSMTPData ||
		refusal.Reason == gomail.ErrSMTPDataClose
}
