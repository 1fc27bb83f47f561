//go:build window

package window

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// mailServer is a running Mailpit, which receives mail by SMTP and shows it by HTTP.
type mailServer struct {
	smtp, http string
}

type mail struct {
	ID      string
	Subject string
	To      []struct{ Address string }
}

type mailBody struct {
	Text        string
	Attachments []struct{ FileName, ContentType, PartID string }
}

func startMailServer(t *testing.T) *mailServer {
	t.Helper()
	m := &mailServer{smtp: freeAddress(t), http: freeAddress(t)}
	proc := start(t, nil, setting(t, "MAILPIT"), "--smtp", m.smtp, "--listen", m.http,
		"--disable-version-check", "--database", filepath.Join(t.TempDir(), "mail.db"))
	eventually(t, "the mail server", func() bool {
		require.False(t, proc.ended(), "the mail server ended: %s", proc.stderr)
		resp, err := http.Get("http://" + m.http + "/api/v1/messages")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return m
}

func (m *mailServer) get(t *testing.T, path string, into any) {
	t.Helper()
	resp, err := http.Get("http://" + m.http + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode, path)
	require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
}

// mails lists the received mails.
func (m *mailServer) mails(t *testing.T) []mail {
	t.Helper()
	var list struct{ Messages []mail }
	m.get(t, "/api/v1/messages", &list)
	return list.Messages
}

func (m *mailServer) open(t *testing.T, id string) mailBody {
	t.Helper()
	var body mailBody
	m.get(t, "/api/v1/message/"+id, &body)
	return body
}

func (m *mailServer) attachment(t *testing.T, id, part string) string {
	t.Helper()
	resp, err := http.Get("http://" + m.http + "/api/v1/message/" + id + "/part/" + part)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return readAll(t, resp.Body)
}
