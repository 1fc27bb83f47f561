package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// MadeUpCodes returns the codes of made-up PC n for a sample program.
func MadeUpCodes(signature string, n int) license.Codes {
	key := license.Signature(signature).Key()
	text := fmt.Sprintf("pc %d", n)
	return key.Codes(uint16(n), key.Block(license.RawLocks{text, text, text, text, text, text, text}))
}

// Client is a client of a server, signed in if it has a token.
type Client struct {
	*Server
	T      *testing.T
	Token  string
	Header http.Header
}

// SignIn signs in to the sample account.
func SignIn(t *testing.T, s *Server) (Client, api.Session) {
	t.Helper()
	c := Client{Server: s, T: t}
	var session api.Session
	status, body := c.Call("POST", "/sessions", map[string]any{
		"username":    s.Login.Username,
		"password":    s.Login.Password,
		"device_name": "test",
	})
	require.Equal(t, 201, status, string(body))
	require.NoError(t, json.Unmarshal(body, &session))
	c.Token = session.AccessToken
	return c, session
}

// With returns a client that also sends a header.
func (c Client) With(name, value string) Client {
	header := c.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(name, value)
	c.Header = header
	return c
}

// Keyed returns a client that sends a new idempotency key.
func (c Client) Keyed() Client { return c.With(api.IdempotencyKey, uuid.NewString()) }

// Call makes a call and returns status and body of the answer.
func (c Client) Call(method, path string, body any) (int, []byte) {
	c.T.Helper()
	response := c.Raw(method, path, body)
	return response.StatusCode, []byte(ReadBody(c.T, response))
}

// Raw makes a call. A string body is sent unchanged, any other as JSON.
func (c Client) Raw(method, path string, body any) *http.Response {
	c.T.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		data, err := json.Marshal(body)
		require.NoError(c.T, err)
		reader = bytes.NewReader(data)
	}
	if !strings.HasPrefix(path, "/openapi") && !strings.HasPrefix(path, "/docs") && !strings.HasPrefix(path, "/healthz") &&
		!strings.HasPrefix(path, "/readyz") {
		path = api.Base + path
	}
	r, err := http.NewRequestWithContext(c.T.Context(), method, c.URL+path, reader)
	require.NoError(c.T, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for name, values := range c.Header {
		r.Header[name] = values
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(c.T, err)
	return response
}

// ReadBody returns the body of an answer and closes it.
func ReadBody(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(data)
}

// ReadStable returns status, headers and body of an answer without the headers that differ between two equal answers.
func ReadStable(t *testing.T, response *http.Response) (status int, header http.Header, body string) {
	t.Helper()
	response.Header.Del("X-Request-Id")
	response.Header.Del("Date")
	return response.StatusCode, response.Header, ReadBody(t, response)
}

// Order returns an order from the database.
func Order(t *testing.T, s *Server, id int64) (o store.Order) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		o, err = tx.Orders.Get(t.Context(), id)
		return err
	}))
	return o
}

// ChangeOrder changes an order in the database.
func ChangeOrder(t *testing.T, s *Server, id int64, fn func(*store.Order)) {
	t.Helper()
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		o, err := tx.Orders.Get(t.Context(), id)
		if err != nil {
			return err
		}
		fn(&o)
		return tx.Orders.Change(t.Context(), o)
	}))
}

// AuditTrail returns the audit trail, newest first.
func AuditTrail(t *testing.T, s *Server) (list []store.Audit) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		list, err = tx.Audits.List(t.Context(), store.AuditFilter{})
		return err
	}))
	return list
}

// Activate adds a license of an order for codes, and returns its id.
func Activate(t *testing.T, s *Server, orderID int64, codes license.Codes) (id int64) {
	t.Helper()
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		o, err := tx.Orders.Get(t.Context(), orderID)
		if err != nil {
			return err
		}
		p, err := tx.Programs.Get(t.Context(), o.ProgramID)
		if err != nil {
			return err
		}
		l, _, err := rules.Rules{Secrets: s.Secrets, Now: s.Clock.Now}.NewLicense(t.Context(), tx, o, p,
			api.NewLicense{SiteMID: codes.Merged()})
		id = l.ID
		return err
	}))
	return id
}
