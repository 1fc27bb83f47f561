package keyring_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	system "github.com/zalando/go-keyring"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
)

func TestStores(t *testing.T) {
	system.MockInit()
	for name, s := range map[string]keyring.Store{"system": keyring.System("test"), "memory": keyringtest.Memory()} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			_, err := s.Get(ctx, "a")
			require.ErrorIs(t, err, keyring.ErrNotFound)
			require.NoError(t, s.Set(ctx, "a", "1"))
			require.NoError(t, s.Set(ctx, "a", "2"))
			secret, err := s.Get(ctx, "a")
			require.NoError(t, err)
			require.Equal(t, "2", secret)
			require.NoError(t, s.Delete(ctx, "a"))
			require.NoError(t, s.Delete(ctx, "a"))
			_, err = s.Get(ctx, "a")
			require.ErrorIs(t, err, keyring.ErrNotFound)
		})
	}
}
