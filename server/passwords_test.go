package server_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
)

// TestPasswordHash covers which passwords are hashed, and that a hash is argon2id with its parameters (spec: api 13).
func TestPasswordHash(t *testing.T) {
	cost := server.PasswordCost{Memory: 64, Time: 1, Threads: 1}
	hash := func(password string, salt byte) (string, error) {
		return cost.Hash(bytes.NewReader(bytes.Repeat([]byte{salt}, 16)), password)
	}
	for length, want := range map[int]error{
		0:                   server.ErrPasswordLength,
		api.MinPassword - 1: server.ErrPasswordLength,
		api.MinPassword:     nil,
		api.MaxPassword:     nil,
		api.MaxPassword + 1: server.ErrPasswordLength,
	} {
		_, err := hash(strings.Repeat("a", length), 1)
		require.ErrorIs(t, err, want, length)
	}
	require.Equal(t, []int{10, 1024}, []int{api.MinPassword, api.MaxPassword})
	first, err := hash("a long password", 1)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(first, "$argon2id$v=19$m=64,t=1,p=1$"), first)
	other, err := hash("a long password", 2)
	require.NoError(t, err)
	require.NotEqual(t, first, other, "each password has a salt of its own")
}
