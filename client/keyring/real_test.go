//go:build keyring

package keyring

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRealKeyring runs against the keyring of its session. scripts/with-secret-service.sh starts one for each mode in
// KEYRING.
func TestRealKeyring(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := System("ACEN Desktop test")
	switch mode := os.Getenv("KEYRING"); mode {
	case "unlocked":
		_, err := s.Get(ctx, "session")
		require.ErrorIs(t, err, ErrNotFound)
		for _, secret := range []string{"first", "Grüße, 秘密 🔑", strings.Repeat("x", maxSecret)} {
			require.NoError(t, s.Set(ctx, "session", secret))
			again, err := System("ACEN Desktop test").Get(ctx, "session")
			require.NoError(t, err)
			require.Equal(t, secret, again)
		}
		require.ErrorIs(t, s.Set(ctx, "session", strings.Repeat("x", maxSecret+1)), ErrUnavailable)
		require.NoError(t, s.Delete(ctx, "session"))
		require.NoError(t, s.Delete(ctx, "session"), "Delete is idempotent")
		_, err = s.Get(ctx, "session")
		require.ErrorIs(t, err, ErrNotFound)

		require.NoError(t, s.Set(ctx, "session", "first"))
		require.NoError(t, s.Set(ctx, "vault key", "second"))
		other := System("ACEN Desktop test of another")
		require.NoError(t, other.Set(ctx, "session", "its own"))
		for range 2 { // clearing is idempotent
			require.NoError(t, Clear(ctx, "ACEN Desktop test"))
		}
		for _, name := range []string{"session", "vault key"} {
			_, err = s.Get(ctx, name)
			require.ErrorIs(t, err, ErrNotFound)
		}
		kept, err := other.Get(ctx, "session")
		require.NoError(t, err)
		require.Equal(t, "its own", kept)
		require.NoError(t, other.Delete(ctx, "session"))
	case "locked", "no-service", "no-bus":
		if mode == "no-bus" {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/nobody")
		}
		err := s.Set(ctx, "session", "secret")
		require.ErrorIs(t, err, ErrUnavailable)
		require.NotContains(t, err.Error(), "secret\"")
		_, err = s.Get(ctx, "session")
		require.ErrorIs(t, err, ErrUnavailable)
		require.NotErrorIs(t, err, ErrNotFound)
		if mode != "locked" { // secrets that cannot be listed were not cleared
			require.ErrorIs(t, Clear(ctx, "ACEN Desktop test"), ErrUnavailable)
		}
	default:
		t.Fatalf("KEYRING names no mode: %q", mode)
	}
}
