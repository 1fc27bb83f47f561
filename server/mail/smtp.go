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

// Security says how a connection to a mail server is protected.
type Security string

// The ways to protect a connection.
const (
	// Automatic is ImplicitTLS on port 465, Unprotected on this machine, and STARTTLS otherwise.
	Automatic Security = ""
	// STARTTLS turns the connection into a TLS one and refuses a server that does not (RFC 3207).
	STARTTLS Security = "starttls"
	// ImplicitTLS speaks TLS from the start (RFC 8314).
	ImplicitTLS Security = "implicit"
	// Unprotected speaks no TLS; only on this machine.
	Unprotected Security = "none"
)

// defaultTimeout bounds each of connecting and delivering to one recipient.
const defaultTimeout = 30 * time.Second

// SMTP sends through a mail server: TLS always, except to this machine.
type SMTP struct {
	// Address is host:port.
	Address  string
	Security Security
	Username string
	Password redact.Value[string]
	// From is the sender address, with or without a name.
	From string
	// Timeout bounds each of connecting and delivering to one recipient; zero means 30 s.
	Timeout time.Duration
	// TLS is for mail servers with a certificate of one's own; nil means TLS 1.2 and the system's authorities.
	TLS *tls.Config
}

// String names the mail server and nothing secret.
func (s SMTP) String() string { return "smtp " + s.Address }

// LogValue names the mail server and nothing secret.
func (s SMTP) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Check reports settings that cannot work, as one sentence. It does not connect.
func (s SMTP) Check() error {
	host, _, security, err := s.settings()
	switch {
	case err != nil:
		return err
	case security == Unprotected && !loopback(host):
		return fmt.Errorf("the mail server %s is another machine: mails go there with TLS only", s.Address)
	case s.Username == "" && s.Password.Reveal() != "":
		return errors.New("a password at the mail server needs a user name")
	}
	return checkFrom(s.From)
}

func checkFrom(from string) error {
	_, err := message(from, store.Mail{}, "check@example.com")
	return err
}

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
		return "", 0, "", fmt.Errorf("%q is no way to protect a connection: starttls, implicit or none", s.Security)
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

// Send delivers one mail, to each recipient by itself: one that is refused keeps the mail from no other.
func (s SMTP) Send(ctx context.Context, m store.Mail) error {
	if err := s.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // also closes the connection, which go-mail leaves open after a failed greeting or login
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
		case refusedForGood(err):
			undelivered.Never = append(undelivered.Never, to)
		default:
			undelivered.Later = append(undelivered.Later, to)
		}
		undelivered.Err = errors.Join(undelivered.Err, err)
	}
	// The mail is delivered or not: a server that does not say goodbye changes nothing.
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
		return nil // what went wrong afterwards must not send it again
	}
	return err
}

// client makes a go-mail client whose connection ends with ctx, also in the middle of a conversation.
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
	// With ImplicitTLS the connection is a TLS one already; go-mail then sees that passwords are safe on it.
	policy := map[Security]gomail.TLSPolicy{STARTTLS: gomail.TLSMandatory, ImplicitTLS: gomail.TLSOpportunistic, Unprotected: gomail.NoTLS}[security]
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(timeout), gomail.WithDialContextFunc(dial), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(config), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.Username != "" {
		login := gomail.SMTPAuthAutoDiscover
		if security == Unprotected {
			login = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(login), gomail.WithUsername(s.Username), gomail.WithPassword(s.Password.Reveal()))
	}
	return gomail.NewClient(host, options...)
}

// unsendable is a mail that cannot even be written.
type unsendable struct{ error }

func (u *unsendable) Unwrap() error { return u.error }

// refusedForGood reports whether trying again would change nothing: the server refused the recipient or the content
// with 5xx. A refused sender or login is a fault of the settings, which the administrator can cure while the mail waits.
func refusedForGood(err error) bool {
	var unwritable *unsendable
	if errors.As(err, &unwritable) {
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
	return refusal.Reason == gomail.ErrSMTPRcptTo || refusal.Reason == gomail.ErrSMTPData || refusal.Reason == gomail.ErrSMTPDataClose
}
