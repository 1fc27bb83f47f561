package server_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// A later change deletes stored answers after two days, at most every ten minutes (spec: api "Idempotency").
func TestAnswersExpire(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	stored := func() int {
		t.Helper()
		var list []store.Answer
		require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
			list, err = tx.Answers.List(t.Context())
			return err
		}))
		return len(list)
	}
	change := func(n int) {
		t.Helper()
		if n > 0 {
			c, _ = servertest.SignIn(t, s) // the session has expired
		}
		codes := servertest.MadeUpCodes("LUMENST7", n)
		status, body := c.Keyed().Call("POST", "/orders/1042/licenses",
			api.NewLicense{SiteCode: codes.Site.String(), MachineID: codes.Machine.String()})
		require.Equal(t, 201, status, string(body))
	}
	change(0)
	require.Equal(t, 1, stored())
	s.Clock.Advance(48*time.Hour - time.Minute)
	change(1)
	require.Equal(t, 2, stored(), "the first answer is still stored")
	s.Clock.Advance(2 * time.Minute)
	c, _ = servertest.SignIn(t, s)
	status, _ := c.Keyed().Call("POST", "/orders/1042/licenses", api.NewLicense{SiteCode: "x", MachineID: "y"})
	require.Equal(t, 422, status)
	require.Equal(t, 3, stored(), "answers were pruned two minutes ago")
	s.Clock.Advance(10 * time.Minute)
	c, _ = servertest.SignIn(t, s)
	_, _ = c.Keyed().Call("POST", "/orders/1042/licenses", api.NewLicense{SiteCode: "x", MachineID: "y"})
	require.Equal(t, 3, stored(), "the first answer is deleted, and there is one more")
}
