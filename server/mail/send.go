package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/acen-desktop/acen/server/store"
)

// Sender hands one mail over for delivery. An error for which Permanent is true will not go away by trying again.
type Sender interface {
	Send(ctx context.Context, m store.Mail) error
}

// Permanent reports whether a mail server refused a mail for good (SMTP 5xx).
func Permanent(err error) bool {
	var e *gomail.SendError
	return errors.As(err, &e) && !e.IsTemp() && e.Reason != gomail.ErrConnCheck && e.ErrorCode() >= 500
}

// message builds the mail. Its Message-ID is the queue's, so that a mail sent again after a crash is known as the same.
func message(from string, m store.Mail) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8))
	if err := msg.From(from); err != nil {
		return nil, fmt.Errorf("the sender address %q cannot be used: %w", from, err)
	}
	if err := msg.To(m.To...); err != nil {
		return nil, fmt.Errorf("an address on file cannot be used: %w", err)
	}
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.CreatedAt)
	msg.Subject(OneLine(m.Subject))
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	if len(m.Attachment) > 0 {
		err := msg.AttachReader(m.AttachmentName, bytes.NewReader(m.Attachment), gomail.WithFileContentType("application/vnd.acen.license"))
		if err != nil {
			return nil, err
		}
	}
	return msg, nil
}

// SMTP sends through a mail server: TLS always, except to this machine.
type SMTP struct {
	// Address is host:port. Port 465 speaks TLS from the start, every other one STARTTLS.
	Address            string
	Username, Password string
	From               string
	// Timeout bounds one delivery; zero means 30 s.
	Timeout time.Duration
	// RootCAs is for mail servers with a certificate of one's own; nil means the system's.
	TLS *tls.Config
}

// Check reports settings that cannot work, as one sentence.
func (s SMTP) Check() error {
	_, _, err := s.split()
	if err != nil {
		return err
	}
	_, err = message(s.From, store.Mail{To: []string{"check@example.com"}})
	return err
}

func (s SMTP) split() (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(s.Address)
	if err == nil {
		port, err = strconv.Atoi(portText)
	}
	if err != nil || host == "" || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("the mail server %q is not of the form host:port", s.Address)
	}
	return host, port, nil
}

// Send delivers one mail.
func (s SMTP) Send(ctx context.Context, m store.Mail) error {
	host, port, err := s.split()
	if err != nil {
		return err
	}
	msg, err := message(s.From, m)
	if err != nil {
		return err
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	options := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(timeout), gomail.WithHELO("localhost")}
	switch {
	case port == 465:
		options = append(options, gomail.WithSSL())
	case loopback(host) && s.Username == "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	config := s.TLS.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	options = append(options, gomail.WithTLSConfig(config))
	if s.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.Username), gomail.WithPassword(s.Password))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, msg)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Folder writes mails as files into a folder, for trying out and for mail systems that pick files up.
type Folder struct{ Path, From string }

// Send writes one mail as <queue id>.eml; a file is there whole or not at all.
func (f Folder) Send(_ context.Context, m store.Mail) error {
	msg, err := message(f.From, m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(f.Path, ".mail-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = msg.WriteTo(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(f.Path, fmt.Sprintf("%d.eml", m.ID)))
}
