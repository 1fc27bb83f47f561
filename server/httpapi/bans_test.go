package httpapi_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// raced is a store that calls before at the beginning of the next Write after it was set.
type raced struct {
	store.Store
	before *atomic.Pointer[func()]
}

func (r raced) Write(ctx context.Context, lock store.Lock, fn func(store.Tx) error, hints ...store.Hint) error {
	if before := r.before.Swap(nil); before != nil {
		(*before)()
	}
	return r.Store.Write(ctx, lock, fn, hints...)
}

// A ban that begins while a correct password is being hashed refuses the call, so that concurrent guesses get no more
// answers than sequential ones. The refusal is in the audit trail (spec: api 11, api 14).
func TestBanDuringHashing(t *testing.T) {
	for _, tt := range []struct {
		method, path, action string
		body                 func(*servertest.Server) any
		signedIn             bool // the audit entry names the client
	}{
		{
			method: "POST",
			path:   "/sessions",
			action: "session.create",
			body: func(s *servertest.Server) any {
				return api.SessionRequest{
					Username:   s.Login.Username,
					Password:   s.Login.Password,
					DeviceName: "test",
				}
			},
		},
		{
			method: "PUT",
			path:   "/account/password",
			action: "account.password",
			body: func(s *servertest.Server) any {
				return api.PasswordChange{CurrentPassword: s.Login.Password, NewPassword: "another horse battery"}
			},
			signedIn: true,
		},
	} {
		t.Run(tt.action, func(t *testing.T) {
			var before atomic.Pointer[func()]
			s := servertest.Start(t, func(o *server.Options) { o.Store = raced{o.Store, &before} })
			c, _ := servertest.SignIn(t, s)
			if !tt.signedIn {
				c.Token = ""
			}
			fail := func() {
				require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) (err error) {
					for range settings.Default().AccountFailures {
						err = tx.Attempts.AddFailure(t.Context(), store.Failure{
							At:      s.Clock.Now(),
							Kind:    store.FailureSignIn,
							Host:    "203.0.113.5",
							Account: guard.AccountKey(s.Login.Username),
						})
					}
					return err
				}))
			}
			before.Store(&fail)
			status, body := c.Call(tt.method, tt.path, tt.body(s))
			require.Equal(t, 429, status, string(body))
			require.Contains(t, string(body), api.ErrHostBanned)
			entry := servertest.AuditTrail(t, s)[0]
			require.Equal(t, tt.action, entry.Action)
			require.EqualValues(t, api.ErrHostBanned, entry.Outcome)
			require.Equal(t, "test", entry.Device)
			require.Equal(t, tt.signedIn, entry.ClientID != 0)
		})
	}
}
