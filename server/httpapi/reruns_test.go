package httpapi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// rerunning is a store that runs every read twice, as PostgreSQL does if the database requests a retry.
type rerunning struct{ store.Store }

func (r rerunning) Read(ctx context.Context, fn func(store.Tx) error, hints ...store.Hint) error {
	if err := r.Store.Read(ctx, fn, hints...); err != nil {
		return err
	}
	return r.Store.Read(ctx, fn, hints...)
}

// Lists are the same, whether the database requests a retry of the read or not.
func TestRerunReads(t *testing.T) {
	s := servertest.Start(t, func(o *server.Options) { o.Store = rerunning{o.Store} })
	c, session := servertest.SignIn(t, s)
	servertest.Activate(t, s, sample.WithSerial, servertest.MadeUpCodes("LUMENST7", 5))
	plain := servertest.Second(t, s)
	plain.Token = session.AccessToken
	for _, path := range []string{
		"/orders",
		"/orders?limit=2",
		"/orders/1020/history?limit=500",
		"/orders/1020/licenses?limit=2",
		"/programs",
	} {
		status, rerun := c.Call("GET", path, nil)
		require.Equal(t, 200, status, path)
		_, once := plain.Call("GET", path, nil)
		require.JSONEq(t, string(once), string(rerun), path)
	}
}
