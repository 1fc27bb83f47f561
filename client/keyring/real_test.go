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

// These tests run against the keyring of the session they are started in: scripts/with-secret-service.sh makes one for each
// mode that KEYRING names.
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
		require.NoError(t, s.Delete(ctx, "session"), "what is not there is deleted")
		_, err = s.Get(ctx, "session")
		require.ErrorIs(t, err, ErrNotFound)
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
	default:
		t.Fatalf("KEYRING names no mode: %q", mode)
	}
}
