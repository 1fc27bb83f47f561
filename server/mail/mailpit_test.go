//go:build integration

package mail_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/redact"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// mailpit is a running Mailpit. The variable MAILPIT names the program.
type mailpit struct{ smtp, http string }

func startMailpit(t *testing.T, args ...string) mailpit {
	t.Helper()
	program := os.Getenv("MAILPIT")
	require.NotEmpty(t, program, "MAILPIT must name the program: run `make test-mail`")
	m := mailpit{smtp: freeAddress(t), http: freeAddress(t)}
	var output bytes.Buffer
	cmd := exec.Command(program, append([]string{
		"--smtp", m.smtp, "--listen", m.http, "--disable-version-check", "--database", filepath.Join(t.TempDir(), "mail.db"),
	}, args...)...)
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended; http.DefaultClient.CloseIdleConnections() })
	beat, end := time.NewTicker(20*time.Millisecond), time.NewTimer(30*time.Second)
	defer beat.Stop()
	defer end.Stop()
	for {
		if resp, err := http.Get("http://" + m.http + "/api/v1/messages"); err == nil {
			_ = resp.Body.Close()
			return m
		}
		select {
		case <-beat.C:
		case <-ended:
			require.Fail(t, "mailpit ended", output.String())
		case <-end.C:
			require.Fail(t, "mailpit does not answer", output.String())
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (m mailpit) call(t *testing.T, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+m.http+path, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", path, data)
	return data
}

func (m mailpit) get(t *testing.T, path string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(m.call(t, http.MethodGet, path, ""), into))
}

type mailpitMessage struct {
	ID, MessageID, Subject, Text string
	From                         struct{ Name, Address string }
	To                           []struct{ Address string }
	Attachments                  []struct{ PartID, FileName, ContentType string }
}

func (m mailpit) messages(t *testing.T) []mailpitMessage {
	t.Helper()
	var list struct{ Messages []struct{ ID string } }
	m.get(t, "/api/v1/messages", &list)
	messages := make([]mailpitMessage, len(list.Messages))
	for i, one := range list.Messages {
		m.get(t, "/api/v1/message/"+one.ID, &messages[i])
	}
	return messages
}

func TestMailpitReceivesMail(t *testing.T) {
	pit := startMailpit(t)
	m := queued(anna)
	require.NoError(t, mail.SMTP{Address: pit.smtp, From: from}.Send(t.Context(), m))
	messages := pit.messages(t)
	require.Len(t, messages, 1)
	got := messages[0]
	require.Equal(t, m.Subject, got.Subject)
	require.Equal(t, m.MessageID, got.MessageID)
	require.Equal(t, "Lumen Licenses", got.From.Name)
	require.Equal(t, "licenses@lumen.example", got.From.Address)
	require.Equal(t, anna, got.To[0].Address)
	require.Equal(t, m.Body, strings.ReplaceAll(got.Text, "\r\n", "\n"))
	require.Len(t, got.Attachments, 1)
	require.Equal(t, m.AttachmentName, got.Attachments[0].FileName)
	require.Equal(t, "application/vnd.acen.license", got.Attachments[0].ContentType)
	require.Equal(t, m.Attachment,
		pit.call(t, http.MethodGet, fmt.Sprintf("/api/v1/message/%s/part/%s", got.ID, got.Attachments[0].PartID), ""))
}

func TestMailpitWithSTARTTLSAndLogin(t *testing.T) {
	config, pool := certificate(t)
	folder := t.TempDir()
	cert, key, login := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), filepath.Join(folder, "login")
	writeCertificate(t, config, cert, key)
	require.NoError(t, os.WriteFile(login, []byte(user+":"+password+"\n"), 0o600))
	pit := startMailpit(t, "--smtp-tls-cert", cert, "--smtp-tls-key", key, "--smtp-require-starttls", "--smtp-auth-file",
		login)

	s := mail.SMTP{
		Address:  pit.smtp,
		Security: mail.STARTTLS,
		From:     from,
		TLS:      trusting(pool),
		Username: user,
		Password: redact.Of("wrong"),
	}
	require.Error(t, s.Send(t.Context(), queued(anna)))
	s.Password = redact.Of(password)
	require.NoError(t, s.Send(t.Context(), queued(anna)))
	require.Error(t, mail.SMTP{Address: pit.smtp, From: from}.Send(t.Context(), queued(anna)), "without TLS")
	require.Len(t, pit.messages(t), 1)
}

// A mail server that refuses temporarily gets the mail one time, as soon as it accepts it.
func TestMailpitTemporaryRefusal(t *testing.T) {
	pit := startMailpit(t, "--enable-chaos")
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "acen.db"))
	require.NoError(t, err)
	defer db.Close()
	now := noon
	worker := mail.NewWorker(db, mail.SMTP{Address: pit.smtp, From: from}, slog.New(slog.DiscardHandler))
	worker.Now = func() time.Time { return now }
	require.NoError(t, db.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		_, err := tx.Mails.Queue(t.Context(), queued(anna, it))
		return err
	}))

	pit.call(t, http.MethodPut, "/api/v1/chaos", `{"Recipient":{"ErrorCode":451,"Probability":100}}`)
	for range 3 {
		found, err := worker.Step(t.Context())
		require.NoError(t, err)
		require.True(t, found)
		now = now.Add(time.Hour)
	}
	require.Empty(t, pit.messages(t))
	pit.call(t, http.MethodPut, "/api/v1/chaos", `{"Recipient":{"ErrorCode":451,"Probability":0}}`)
	found, err := worker.Step(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	found, err = worker.Step(t.Context())
	require.NoError(t, err)
	require.False(t, found)
	var to []string
	for _, m := range pit.messages(t) {
		require.Len(t, m.To, 1)
		to = append(to, m.To[0].Address)
	}
	require.ElementsMatch(t, []string{anna, it}, to)
}

// writeCertificate writes a certificate and its key as PEM files.
func writeCertificate(t *testing.T, config *tls.Config, certFile, keyFile string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(config.Certificates[0].PrivateKey)
	require.NoError(t, err)
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: config.Certificates[0].Certificate[0]},
		keyFile:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
}
