package httpapi_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
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

// The same key replays the answer to the same request and refuses another one (spec: api "Idempotency").
func TestIdempotency(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	c = c.Keyed()
	body := api.NewLicense{SiteMID: servertest.MadeUpCodes("LUMENST7", 1).Merged()}
	status, first := c.Call("POST", "/orders/1042/licenses", body)
	require.Equal(t, 201, status)
	_, again := c.Call("POST", "/orders/1042/licenses", body)
	require.JSONEq(t, string(first), string(again))

	s.Restart()
	_, again = c.Call("POST", "/orders/1042/licenses", body)
	require.JSONEq(t, string(first), string(again), "also after a restart")
	require.Equal(t, 4, servertest.Order(t, s, 1042).LicensesActive)

	body.Note = "other"
	status, answer := c.Call("POST", "/orders/1042/licenses", body)
	require.Equal(t, 409, status, string(answer))
	require.Contains(t, string(answer), api.ErrConflict)

	// A refusal is replayed, too, although a seat is free now.
	refused := c.Keyed()
	body = api.NewLicense{SiteMID: servertest.MadeUpCodes("LUMENRND", 9).Merged()}
	status, _ = refused.Call("POST", "/orders/1037/licenses", body)
	require.Equal(t, 409, status)
	servertest.ChangeOrder(t, s, 1037, func(o *store.Order) { o.LicensesTotal++ })
	status, _ = refused.Call("POST", "/orders/1037/licenses", body)
	require.Equal(t, 409, status)
	status, _ = c.Keyed().Call("POST", "/orders/1037/licenses", body)
	require.Equal(t, 201, status)
}

// A temporary refusal is not stored under its key: the same key succeeds later (spec: api "Idempotency").
func TestTemporaryRefusalKeepsTheKey(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("refused order 1000")
	program, serial := w.Serial("500")
	request := api.NewOrder{ProgramID: program, SerialNumber: serial, Verification: w.Verification()}
	c := w.Clients["anna"].With(api.IdempotencyKey, uuid.NewString())
	status, _ := c.Call("POST", "/orders", request)
	require.Equal(t, 429, status)
	w.Clock.Advance(5 * time.Second)
	status, body := c.Call("POST", "/orders", request)
	require.Equal(t, 201, status, string(body))
}

// A server without a mail service replays the stored answer of an earlier mail.
func TestReplayWithoutMailService(t *testing.T) {
	w := servertest.NewWorld(t)
	c := w.Clients["anna"].Keyed()
	request := api.EmailRequest{To: []string{"it@lumen.example"}}
	status, _ := c.Call("POST", "/licenses/20211/email", request)
	require.Equal(t, 202, status)
	w.Restart(func(o *server.Options) { o.QueuedMail = nil })
	status, _ = c.Call("POST", "/licenses/20211/email", request)
	require.Equal(t, 202, status)
}
