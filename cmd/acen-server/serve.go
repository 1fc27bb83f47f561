package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
)

// serving holds the flags that serve and demo share. Each can be given as an environment variable instead, such as
// ACEN_SMTP for --smtp.
type serving struct {
	listen, data, name string
	certFile, keyFile  string
	proxies            []string
	smtp, smtpUser     string
	smtpPasswordFile   string
	mailFrom, mailDir  string
}

func (s *serving) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "address and port to listen on; port 0 takes a free one")
	f.StringVar(&s.data, "data", "acen-data", "folder with the database and the master key")
	f.StringVar(&s.name, "name", "ACEN license server", "name that people see")
	f.StringVar(&s.certFile, "tls-cert", "", "certificate file (PEM)")
	f.StringVar(&s.keyFile, "tls-key", "", "key file of the certificate (PEM)")
	f.StringSliceVar(&s.proxies, "behind-proxy", nil, "address or network of a proxy that speaks TLS in this server's place")
	f.StringVar(&s.smtp, "smtp", "", "mail server, host:port (TLS always, except on this machine)")
	f.StringVar(&s.smtpUser, "smtp-user", "", "user name at the mail server")
	f.StringVar(&s.smtpPasswordFile, "smtp-password-file", "", "file with the password at the mail server")
	f.StringVar(&s.mailFrom, "mail-from", "licenses@localhost.localdomain", "sender address of mails")
	f.StringVar(&s.mailDir, "mail-dir", "", "folder to write mails to instead of sending them")
	c.PreRunE = func(c *cobra.Command, _ []string) error { return fromEnvironment(c) }
}

// fromEnvironment takes flags that were not given from ACEN_… variables.
func fromEnvironment(c *cobra.Command) error {
	for _, name := range []string{"listen", "data", "name", "tls-cert", "tls-key", "behind-proxy", "smtp", "smtp-user", "smtp-password-file", "mail-from", "mail-dir"} {
		variable := "ACEN_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		value, set := os.LookupEnv(variable)
		if f := c.Flags().Lookup(name); set && f != nil && !f.Changed {
			if err := c.Flags().Set(name, value); err != nil {
				return usageError{fmt.Errorf("%s: %w", variable, err)}
			}
		}
	}
	return nil
}

func (s *serving) options() (service.Options, error) {
	o := service.Options{Data: s.data, Name: s.name, Version: versionText(), Logger: logger(),
		Listening: server.Listening{Address: s.listen, CertFile: s.certFile, KeyFile: s.keyFile}}
	for _, text := range s.proxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return o, usageError{fmt.Errorf("the proxy %q is neither an address nor a network", text)}
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		o.Listening.Proxies = append(o.Listening.Proxies, prefix)
	}
	switch {
	case s.smtp != "" && s.mailDir != "":
		return o, usageError{fmt.Errorf("give either --smtp or --mail-dir")}
	case s.mailDir != "":
		o.Mail = mail.Folder{Path: s.mailDir, From: s.mailFrom}
	case s.smtp != "":
		sender := mail.SMTP{Address: s.smtp, Username: s.smtpUser, From: s.mailFrom}
		if s.smtpPasswordFile != "" {
			password, err := os.ReadFile(s.smtpPasswordFile)
			if err != nil {
				return o, fmt.Errorf("the mail password cannot be read: %w", err)
			}
			sender.Password = strings.TrimRight(string(password), "\r\n")
		}
		if err := sender.Check(); err != nil {
			return o, usageError{err}
		}
		o.Mail = sender
	}
	return o, nil
}

func serveCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use: "serve", Short: "Serve licenses", Args: cobra.NoArgs,
		Long: "Serve licenses until interrupted. Logs go to standard error, one JSON object a line.\n" +
			"Every flag can be given as an environment variable instead: ACEN_LISTEN, ACEN_DATA, ACEN_SMTP and so on.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := s.options()
			if err != nil {
				return err
			}
			running, err := service.Start(c.Context(), o, nil)
			if err != nil {
				return err
			}
			o.Logger.Info("serving", "url", running.URL, "data", s.data, "mail", o.Mail != nil)
			return running.Wait()
		},
	}
	s.register(c)
	return c
}

func demoCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use: "demo", Short: "Serve sample data for trying out", Args: cobra.NoArgs,
		Long: "Make sample data if the data folder holds none, print one JSON line with url, username and password on\n" +
			"standard output, and serve. Mails are written to the data folder unless a mail server is given.",
		RunE: func(c *cobra.Command, _ []string) error {
			if s.smtp == "" && s.mailDir == "" {
				s.mailDir = filepath.Join(s.data, "mail")
			}
			o, err := s.options()
			if err != nil {
				return err
			}
			var login sample.Login
			running, err := service.Start(c.Context(), o, sample.Prepare(s.data, time.Now(), &login))
			if err != nil {
				return err
			}
			if err := sample.Announce(c.OutOrStdout(), running.URL, login); err != nil {
				return err
			}
			return running.Wait()
		},
	}
	s.register(c)
	return c
}
