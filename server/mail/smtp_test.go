package mail_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/redact"
	"github.com/acen-desktop/acen/redact/redacttest"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/store"
)

const from = "Lumen Licenses <licenses@lumen.example>"

// opened is a mail as a mail program shows it.
type opened struct {
	header                                  netmail.Header
	subject, text, fileName, fileType, file string
}

func open(t *testing.T, data []byte) (o opened) {
	t.Helper()
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	require.NoError(t, err)
	o.header = msg.Header
	o.subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	require.NoError(t, err)
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/mixed", media)
	parts := multipart.NewReader(msg.Body, params["boundary"])
	text, err := parts.NextRawPart()
	require.NoError(t, err)
	require.Equal(t, "text/plain; charset=UTF-8", text.Header.Get("Content-Type"))
	o.text = read(t, quotedprintable.NewReader(text))
	attachment, err := parts.NextPart()
	require.NoError(t, err)
	require.Equal(t, "base64", attachment.Header.Get("Content-Transfer-Encoding"))
	o.fileName, o.file = attachment.FileName(), read(t, base64.NewDecoder(base64.StdEncoding, attachment))
	o.fileType, _, err = mime.ParseMediaType(attachment.Header.Get("Content-Type"))
	require.NoError(t, err)
	return o
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return strings.ReplaceAll(string(data), "\r\n", "\n")
}

func trusting(pool *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func TestSMTPSend(t *testing.T) {
	server := startMailServer(t, serverOptions{})
	m := queued("anna.berg@lumen.example")
	require.NoError(t, mail.SMTP{Address: server.address, From: from}.Send(t.Context(), m))

	mails := server.arrived()
	require.Len(t, mails, 1)
	require.Equal(t, "licenses@lumen.example", mails[0].from)
	require.Equal(t, []string{"anna.berg@lumen.example"}, mails[0].to)
	got := open(t, mails[0].data)
	require.Equal(t, m.Subject, got.subject)
	require.Equal(t, m.Body, got.text)
	require.Equal(t, "lumen-render-node-20871.acen", got.fileName)
	require.Equal(t, "application/vnd.acen.license", got.fileType)
	require.Equal(t, "<"+m.MessageID+">", got.header.Get("Message-ID"))
	require.Equal(t, "auto-generated", got.header.Get("Auto-Submitted"))
	sent, err := got.header.Date()
	require.NoError(t, err)
	require.True(t, sent.Equal(noon))
}

func TestSMTPPreventsHeaderInjection(t *testing.T) {
	server := startMailServer(t, serverOptions{})
	m := queued("anna.berg@lumen.example")
	m.Subject = "Code\r\nBcc: everyone@example.com\r\n\r\nbody"
	m.AttachmentName = "a\"\r\nX-Evil: 1.acen"
	require.NoError(t, mail.SMTP{Address: server.address, From: from}.Send(t.Context(), m))

	mails := server.arrived()
	require.Len(t, mails, 1)
	require.Equal(t, []string{"anna.berg@lumen.example"}, mails[0].to)
	got := open(t, mails[0].data)
	require.Empty(t, got.header.Get("Bcc"))
	require.Equal(t, "Code Bcc: everyone@example.com body", got.subject)
	require.NotContains(t, string(mails[0].data), "\nX-Evil")
}

// Mails are sent with STARTTLS or TLS, and without only on this machine (spec: api 12).
func TestSMTPSecurity(t *testing.T) {
	for name, tt := range map[string]struct {
		server   serverOptions
		security mail.Security
		login    bool
		trust    bool
		fails    string
	}{
		"STARTTLS": {server: serverOptions{startTLS: true}, security: mail.STARTTLS, trust: true},
		"STARTTLS with login": {
			server:   serverOptions{startTLS: true, login: true},
			security: mail.STARTTLS,
			trust:    true,
			login:    true,
		},
		"STARTTLS that the server lacks": {security: mail.STARTTLS, fails: "STARTTLS"},
		"STARTTLS with an unknown certificate": {
			server:   serverOptions{startTLS: true},
			security: mail.STARTTLS,
			fails:    "certificate",
		},
		"implicit TLS": {
			server:   serverOptions{implicitTLS: true},
			security: mail.ImplicitTLS,
			trust:    true,
		},
		"implicit TLS with login": {
			server:   serverOptions{implicitTLS: true, login: true},
			security: mail.ImplicitTLS,
			trust:    true,
			login:    true,
		},
		"implicit TLS, unknown certificate": {
			server:   serverOptions{implicitTLS: true},
			security: mail.ImplicitTLS,
			fails:    "certificate",
		},
		"this machine":                      {},
		"this machine, certificate ignored": {server: serverOptions{startTLS: true}},
		"this machine with login":           {server: serverOptions{login: true}, login: true},
		"login that is missing":             {server: serverOptions{login: true}, fails: "authenticate first"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMailServer(t, tt.server)
			s := mail.SMTP{Address: server.address, Security: tt.security, From: from}
			if tt.trust {
				s.TLS = trusting(server.authorities)
			}
			if tt.login {
				s.Username, s.Password = user, redact.Of(password)
			}
			err := s.Send(t.Context(), queued("anna.berg@lumen.example"))
			if tt.fails != "" {
				require.ErrorContains(t, err, tt.fails)
				require.Empty(t, server.arrived())
				return
			}
			require.NoError(t, err)
			mails := server.arrived()
			require.Len(t, mails, 1)
			require.Equal(t, tt.trust, mails[0].tls)
			require.Equal(t, tt.login, mails[0].user == user)
		})
	}
}

func TestSMTPWrongPassword(t *testing.T) {
	server := startMailServer(t, serverOptions{login: true})
	s := mail.SMTP{Address: server.address, From: from, Username: user, Password: redact.Of("hunter2-hunter2")}
	err := s.Send(t.Context(), queued("anna.berg@lumen.example"))
	require.ErrorContains(t, err, "535")
	require.NotErrorAs(t, err, new(*mail.Undelivered))
	require.NotContains(t, err.Error(), s.Password.Reveal())
}

func TestSMTPPasswordIsHidden(t *testing.T) {
	s := mail.SMTP{Address: "smtp.example.com:587", Password: redact.Of(redacttest.Marker)}
	redacttest.HiddenEverywhere(t, s)
	require.Equal(t, "smtp smtp.example.com:587", fmt.Sprint(s))
}

func TestSMTPRefusals(t *testing.T) {
	const anna, it = "anna.berg@lumen.example", "it@lumen.example"
	only := func(address string, err error) func(string) error {
		return func(to string) error {
			if to == address {
				return err
			}
			return nil
		}
	}
	for name, tt := range map[string]struct {
		refuse       func(*mailServer)
		to           []string
		arrive       []string
		later, never []string
	}{
		"all taken": {to: []string{anna, it}, arrive: []string{anna, it}},
		"one unknown": {
			refuse: func(s *mailServer) { s.rcpt = only(anna, refuse(550, "no such user")) },
			to:     []string{anna, it},
			arrive: []string{it},
			never:  []string{anna},
		},
		"one full": {
			refuse: func(s *mailServer) { s.rcpt = only(it, refuse(452, "mailbox full")) },
			to:     []string{anna, it},
			arrive: []string{anna},
			later:  []string{it},
		},
		"one unknown and one full": {refuse: func(s *mailServer) {
			s.rcpt = func(to string) error { return map[string]error{anna: refuse(550, "no"), it: refuse(452, "full")}[to] }
		}, to: []string{anna, it}, later: []string{it}, never: []string{anna}},
		"content refused": {
			refuse: func(s *mailServer) { s.data = func(net.Conn) error { return refuse(554, "spam") } },
			to:     []string{anna},
			never:  []string{anna},
		},
		"greylisted": {
			refuse: func(s *mailServer) { s.data = func(net.Conn) error { return refuse(451, "later") } },
			to:     []string{anna},
			later:  []string{anna},
		},
		"dropped in the middle": {
			refuse: func(s *mailServer) { s.data = drop },
			to:     []string{anna, it},
			later:  []string{anna, it},
		},
		"sender refused": {
			refuse: func(s *mailServer) { s.mailFrom = func(string) error { return refuse(550, "not yours") } },
			to:     []string{anna},
			later:  []string{anna},
		},
		"not an address": {to: []string{"nonsense", it}, arrive: []string{it}, never: []string{"nonsense"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMailServer(t, serverOptions{})
			if tt.refuse != nil {
				tt.refuse(server)
			}
			err := mail.SMTP{Address: server.address, From: from}.Send(t.Context(), queued(tt.to...))
			var got []string
			for _, m := range server.arrived() {
				got = append(got, m.to...)
			}
			require.Equal(t, tt.arrive, got)
			if tt.later == nil && tt.never == nil {
				require.NoError(t, err)
				return
			}
			var undelivered *mail.Undelivered
			require.ErrorAs(t, err, &undelivered)
			require.Equal(t, tt.later, undelivered.Later)
			require.Equal(t, tt.never, undelivered.Never)
			require.NotEmpty(t, err.Error())
		})
	}
}

// An accepted mail is delivered, even if the server does not answer QUIT.
func TestSMTPWithoutQuit(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		talk(conn, "220 hi", "250 hello", "250 ok", "250 ok")
		_, _ = conn.Write([]byte("354 go on\r\n"))
		takeMail(conn)
		_, _ = conn.Write([]byte("250 taken\r\n"))
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	require.NoError(t,
		mail.SMTP{Address: listener.Addr().String(), From: from}.Send(t.Context(), queued("anna.berg@lumen.example")))
}

// talk writes replies and reads a line after each.
func talk(conn net.Conn, replies ...string) {
	buffer := make([]byte, 4<<10)
	for _, reply := range replies {
		if _, err := conn.Write([]byte(reply + "\r\n")); err != nil {
			return
		}
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// takeMail reads up to the final dot.
func takeMail(conn net.Conn) {
	var mail []byte
	buffer := make([]byte, 64<<10)
	for !bytes.HasSuffix(mail, []byte("\r\n.\r\n")) {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		mail = append(mail, buffer[:n]...)
	}
}

// Send returns when its context ends, even if the server never answers.
func TestSMTPEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		talk(conn, "220 hi", "250 hello")
		cancel()
		_, _ = io.Copy(io.Discard, conn) // until the client hangs up
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	s := mail.SMTP{Address: listener.Addr().String(), From: from, Timeout: time.Hour}
	require.Error(t, s.Send(ctx, queued("anna.berg@lumen.example")))
}

func TestSMTPWithoutServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	err = mail.SMTP{Address: address, From: from}.Send(t.Context(), queued("anna.berg@lumen.example"))
	require.ErrorContains(t, err, "the mail server "+address+" cannot be used")
}

func TestSMTPCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		smtp mail.SMTP
		want string
	}{
		"good":                 {mail.SMTP{Address: "mail.example:587", From: from}, ""},
		"good on this machine": {mail.SMTP{Address: "localhost:25", From: from, Security: mail.Unprotected}, ""},
		"IPv6":                 {mail.SMTP{Address: "[::1]:25", From: from}, ""},
		"no port": {
			mail.SMTP{Address: "mail.example", From: from},
			`the mail server "mail.example" is not of the form host:port`,
		},
		"no host": {
			mail.SMTP{Address: ":25", From: from},
			`the mail server ":25" is not of the form host:port`,
		},
		"port out of range": {
			mail.SMTP{Address: "mail.example:70000", From: from},
			`the mail server "mail.example:70000" is not of the form host:port`,
		},
		"plain text to somewhere else": {
			mail.SMTP{Address: "mail.example:25", From: from, Security: mail.Unprotected},
			"TLS is required for the mail server mail.example:25, because it is another machine",
		},
		"unknown protection": {
			mail.SMTP{Address: "mail.example:25", From: from, Security: "ssl3"},
			`"ssl3" is unknown; use starttls, implicit or none`,
		},
		"password without a name": {
			mail.SMTP{Address: "mail.example:587", From: from, Password: redact.Of("x")},
			"a password at the mail server needs a user name",
		},
		"sender": {mail.SMTP{Address: "mail.example:587", From: "nobody"}, `the sender address "nobody" cannot be used`},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.smtp.Check()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			require.Error(t, tt.smtp.Send(t.Context(), store.Mail{}), "Send must refuse settings that Check refuses")
		})
	}
}
