package httpapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
)

// Mails are limited for each recipient and for each account (spec: api 12).
func TestMailLimits(t *testing.T) {
	s := servertest.Start(t, func(o *server.Options) {
		o.MailLimits = settings.MailLimits{PerRecipient: 2, PerAccount: 3, PerHost: 100}
	})
	c, _ := servertest.SignIn(t, s)
	send := func(to string) (int, []byte) {
		return c.Keyed().Call("POST", "/licenses/20211/email", api.EmailRequest{To: []string{to}})
	}
	for range 2 {
		status, _ := send("it@lumen.example")
		require.Equal(t, 202, status)
	}
	status, body := send("it@lumen.example")
	require.Equal(t, 429, status)
	var p api.Problem
	require.NoError(t, json.Unmarshal(body, &p))
	require.Equal(t, api.ErrLimitReached, p.Code)
	require.Equal(t, 2, p.Limit.Allowed)
	status, _ = send("anna.berg@lumen.example")
	require.Equal(t, 202, status)
	status, _ = send("anna.berg@lumen.example")
	require.Equal(t, 429, status, "the account's limit")
	s.Clock.Advance(61 * time.Minute)
	c, _ = servertest.SignIn(t, s)
	status, _ = send("it@lumen.example")
	require.Equal(t, 202, status)
}
