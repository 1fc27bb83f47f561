package server_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/service"
)

// The master key is rotated by a command while two servers run. Keys of programs, stored answers and mails stay
// readable, and license files do not change.
func TestMasterKeyRotation(t *testing.T) {
	w := servertest.NewWorld(t)
	keeper := func() *secrets.Keeper {
		k, err := secrets.File(filepath.Join(w.Folder(), "master.key"), rand.Reader)
		require.NoError(t, err)
		return k
	}
	srv, err := server.New(server.Options{
		Store:      w.Store,
		Secrets:    keeper(),
		Logger:     w.Logger(),
		Name:       "Lumen licenses",
		Now:        w.Clock.Now,
		Zone:       time.UTC,
		QueuedMail: func() {},
	})
	require.NoError(t, err)
	h := httptest.NewServer(srv.Handler())
	t.Cleanup(h.Close)
	elsewhere := *w.Server
	elsewhere.URL = h.URL
	servers := []servertest.Client{w.Clients["anna"], w.Clients["anna"]}
	servers[1].Server = &elsewhere
	command := admin.Admin{Data: &service.Data{Store: w.Store, Secrets: keeper()}, Now: w.Clock.Now}

	w.Prepare("total 9")
	w.Prepare("new A")
	w.Prepare("email A")
	file := func(c servertest.Client) license.File {
		response := c.Raw("GET", fmt.Sprintf("/licenses/%d/file", w.Licenses["A"]), nil)
		f, err := w.Program.PublicKey.Verify(servertest.ReadBody(t, response))
		require.NoError(t, err)
		f.IssuedAt = time.Time{} // differs in each file
		return f
	}
	key := uuid.NewString()
	again := func(c servertest.Client) string {
		status, body := c.With(api.IdempotencyKey, key).Call("POST", "/orders/1042/licenses",
			api.NewLicense{SiteMID: servertest.CodesOf(w.Program.Signature, "B").Merged()})
		require.Equal(t, 201, status, string(body))
		return string(body)
	}
	signed, answer, letters := file(servers[0]), again(servers[0]), servertest.Mails(t, w.Server)
	former := w.Secrets.ID()
	check := func(stage string) {
		for n, c := range servers {
			require.Equal(t, signed, file(c), stage)
			require.Equal(t, answer, again(c), stage)
			pc := fmt.Sprintf("C@%d", n)
			status, body := c.Keyed().Call("POST", "/orders/1042/licenses",
				api.NewLicense{SiteMID: servertest.CodesOf(w.Program.Signature, pc).Merged()})
			require.Equal(t, 201, status, string(body))
		}
		require.Equal(t, letters, servertest.Mails(t, w.Server), stage)
	}

	rows, err := command.RotateMaster(t.Context())
	require.NoError(t, err)
	require.Greater(t, rows, 3)
	require.NotEqual(t, former, command.Secrets.ID())
	check("just after the rotation")
	waited := time.Duration(0)
	_, err = command.ForgetFormer(t.Context(), func(_ context.Context, d time.Duration) error {
		waited = d
		w.Clock.Advance(d)
		check("after the servers have loaded it")
		require.Equal(t, command.Secrets.ID(), w.Secrets.ID())
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, waited, 3*time.Second, "running servers may still seal with the former key")
	check("after the former key was deleted")
	w.Restart()
	servers = []servertest.Client{servertest.NewSessions(w)["anna"]}
	check("after a restart with the new key alone")
	require.False(t, w.Secrets.Knows(former))
	for _, secret := range []string{former, command.Secrets.ID()} {
		require.NotContains(t, w.Log.String(), secret)
	}
	require.NotContains(t, w.Log.String(), `"level":"ERROR"`)
}
