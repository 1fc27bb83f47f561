package password

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

var cheap = Cost{Memory: 64, Time: 1, Threads: 1}

// TestHasher covers which passwords match, and that an account without a password matches none (spec: api 13).
func TestHasher(t *testing.T) {
	h, err := NewHasher(cheap, rand.Reader)
	require.NoError(t, err)
	hash, err := h.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$"), hash)
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterY": false, "": false} {
		ok, err := h.Verify(t.Context(), hash, password)
		require.NoError(t, err)
		require.Equal(t, want, ok, password)
	}
	for _, password := range []string{"", "a password that nobody has"} {
		ok, err := h.Verify(t.Context(), "", password)
		require.NoError(t, err)
		require.False(t, ok, "there is no such account")
	}
	_, err = h.Verify(t.Context(), "$2a$10$bcrypt", "x")
	require.Error(t, err)
	for length, allowed := range map[int]bool{
		api.MinPassword - 1: false, api.MinPassword: true, api.MaxPassword: true, api.MaxPassword + 1: false,
	} {
		_, err := h.Hash(t.Context(), strings.Repeat("x", length))
		require.Equal(t, allowed, err == nil, "%d bytes", length)
		if !allowed {
			require.ErrorIs(t, err, ErrLength)
		}
	}
}

// TestHasherWaitsForASlot covers that no more passwords are hashed at once than there are slots.
func TestHasherWaitsForASlot(t *testing.T) {
	h, err := NewHasher(cheap, rand.Reader)
	require.NoError(t, err)
	for range cap(h.slots) {
		require.NoError(t, h.acquire(t.Context()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Hash(ctx, "correct horse battery")
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Verify(ctx, "", "x")
	require.ErrorIs(t, err, context.Canceled)
	h.release()
	_, err = h.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
}
