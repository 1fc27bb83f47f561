package admincli

import (
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/redact"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
)

// defaultData is the default data folder.
const defaultData = "acen-data"

// serving holds the flags that serve and demo share.
type serving struct {
	service.Place
	listen, name, logFormat string
	publicURL, contact      string
	certFile, keyFile       string
	proxies                 []string
	smtp, smtpTLS, smtpUser string
	smtpPasswordFile        string
	mailFrom, mailDir       string
	metrics                 string
	drain                   time.Duration
}

func (s *serving) register(c *cobra.Command, logFormat string) {
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "address and port to listen on; port 0 is any free one")
	dataFlags(f, &s.Place)
	f.StringVar(&s.name, "name", "ACEN license server", "name that people see")
	f.StringVar(&s.publicURL, "public-url", "",
		"address under which people reach the server, for links in mails (default: the one it listens on)")
	f.StringVar(&s.contact, "contact", "", "email address of your support, which the app offers to write to")
	f.StringVar(&s.certFile, "tls-cert", "", "certificate file (PEM)")
	f.StringVar(&s.keyFile, "tls-key", "", "key file of the certificate (PEM)")
	f.StringSliceVar(&s.proxies, "behind-proxy", nil,
		"address or network of a proxy that terminates TLS for this server")
	f.StringVar(&s.smtp, "smtp", "", "mail server, host:port")
	f.StringVar(&s.smtpTLS, "smtp-tls", "auto",
		"starttls, implicit, none (this machine only), or auto: implicit on port 465, none on this machine, else starttls")
	f.StringVar(&s.smtpUser, "smtp-user", "", "user name at the mail server")
	f.StringVar(&s.smtpPasswordFile, "smtp-password-file", "", "file with the password at the mail server")
	f.StringVar(&s.mailFrom, "mail-from", "licenses@localhost.localdomain", "sender address of mails")
	f.StringVar(&s.mailDir, "mail-dir", "", "folder to write mails to as files instead of sending them")
	f.StringVar(&s.metrics, "metrics", "",
		"second address for /metrics (Prometheus), /healthz and /readyz, such as 127.0.0.1:9090; without TLS, so not for "+
			"the public")
	f.DurationVar(&s.drain, "drain", 0,
		"how long a stopping server still accepts calls and reports on /readyz that it is stopping, such as 10s behind a "+
			"load balancer")
	f.StringVar(&s.logFormat, "log-format", logFormat, "json or text; logs go to standard error")
}

func (s *serving) logger() (*slog.Logger, error) {
	switch s.logFormat {
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, nil)), nil
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, nil)), nil
	}
	return nil, usageError{fmt.Errorf("the log format %q is neither json nor text", s.logFormat)}
}

func (s *serving) options() (o service.Options, err error) {
	o = service.Options{
		Place:     s.Place,
		Name:      s.name,
		Version:   paths.Version(),
		Listening: listen.Config{Address: s.listen, CertFile: s.certFile, KeyFile: s.keyFile},
		Metrics:   s.metrics,
		Drain:     s.drain,
	}
	if s.drain < 0 {
		return o, usageError{fmt.Errorf("the time to drain, %s, is negative", s.drain)}
	}
	if o.PublicURL, o.Contact, err = readPublic(s.publicURL, s.contact); err != nil {
		return o, err
	}
	if o.Logger, err = s.logger(); err != nil {
		return o, err
	}
	slog.SetDefault(o.Logger) // for libraries
	if o.Listening.Proxies, err = readProxies(s.proxies); err != nil {
		return o, err
	}
	o.Mail, err = s.sender()
	return o, err
}

// readPublic checks and returns the address for links in mails and the address of the support.
func readPublic(address, contact string) (string, string, error) {
	if address != "" {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return "", "", usageError{fmt.Errorf("%q is not an address such as https://licenses.example.com", address)}
		}
	}
	if contact != "" {
		if parsed, err := netmail.ParseAddress(contact); err != nil || parsed.Address != contact {
			return "", "", usageError{fmt.Errorf("%q is not an email address", contact)}
		}
	}
	return address, contact, nil
}

func readProxies(texts []string) (proxies []netip.Prefix, err error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return nil, usageError{fmt.Errorf("the proxy %q is neither an address nor a network", text)}
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		proxies = append(proxies, prefix)
	}
	return proxies, nil
}

// sender returns the sender of mails, or nil if none is configured.
func (s *serving) sender() (mail.Sender, error) {
	switch {
	case s.smtp != "" && s.mailDir != "":
		return nil, usageError{errors.New("give either --smtp or --mail-dir")}
	case s.mailDir != "":
		folder := mail.Folder{Path: s.mailDir, From: s.mailFrom}
		return folder, folder.Check()
	case s.smtp == "":
		if s.smtpUser != "" || s.smtpPasswordFile != "" {
			return nil, usageError{errors.New("--smtp-user and --smtp-password-file need --smtp")}
		}
		return nil, nil
	}
	post := mail.SMTP{Address: s.smtp, Username: s.smtpUser, From: s.mailFrom}
	if s.smtpTLS != "auto" {
		post.Security = mail.Security(s.smtpTLS)
	}
	if s.smtpPasswordFile != "" {
		password, err := os.ReadFile(s.smtpPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("the mail password cannot be read: %w", err)
		}
		post.Password = redact.Of(strings.TrimRight(string(password), "\r\n"))
	}
	if err := post.Check(); err != nil {
		return nil, usageError{err}
	}
	return post, nil
}

func serveCommand(getenv func(string) string) *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve licenses",
		Args:  cobra.NoArgs,
		Long: `Serve licenses until interrupted. Running calls, and the mail that is being sent, are finished first.

Outside this machine the server requires TLS: give --tls-cert and --tls-key, or the proxy that terminates
TLS with --behind-proxy. Without --smtp and --mail-dir the server sends no mails, and the app offers the
person's own mail program.`,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := s.options()
			if err != nil {
				return err
			}
			running, err := service.Start(c.Context(), o, nil)
			if err != nil {
				return err
			}
			if err := notify(c.Context(), getenv("NOTIFY_SOCKET")); err != nil {
				o.Logger.Warn("the service manager could not be notified", "error", err)
			}
			o.Logger.Info("serving", "url", running.URL, "data", s.Folder, "postgres", s.Database != "", "mail", o.Mail != nil,
				"metrics", running.MetricsURL)
			return running.Wait()
		},
	}
	s.register(c, "json")
	return c
}

func demoCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "demo",
		Short: "Serve sample data to try the server",
		Args:  cobra.NoArgs,
		Long: `Make sample data if the data folder is empty, print one JSON line with url, username and password to
standard output as soon as the server listens, and serve. Mails are written to the folder mail in the data
folder unless --smtp or --mail-dir is given.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.smtp == "" && s.mailDir == "" {
				s.mailDir = filepath.Join(s.Folder, "mail")
			}
			o, err := s.options()
			if err != nil {
				return err
			}
			var login sample.Login
			running, err := sample.Start(c.Context(), o, time.Now(), &login, nil)
			if err != nil {
				return err
			}
			if err := sample.Announce(c.OutOrStdout(), running.URL, login); err != nil {
				return errors.Join(fmt.Errorf("the login cannot be printed: %w", err), running.Stop())
			}
			return running.Wait()
		},
	}
	s.register(c, "text")
	return c
}
