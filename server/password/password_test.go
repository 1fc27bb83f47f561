package password

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// Hashes that earlier versions stored stay valid.
func TestStoredPasswordHashes(t *testing.T) {
	const plain, marks = "correct horse battery staple", "pässwörd ☃ $ 2027"
	for hash, password := range map[string]string{
		"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0": plain,
		"$argon2id$v=19$m=19456,t=2,p=1$//79/Pv6+fj39vX08/Lx8A$vVc3ffbQJf6OoEsP7TmjM07Mq2P3Hl5ebBq33NFGkUU": marks,
		"$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$aq42HBL+IPAitHspChw/8mx5JRX2jFDkTmlsBskwH/0":    plain,
		"$argon2id$v=19$m=256,t=3,p=4$//79/Pv6+fj39vX08/Lx8A$t2LK6q03n6oEv9P3MNKeK2A1g6xYLBLMclUizU1Jz88":   marks,
	} {
		ok, err := verify(hash, password)
		require.NoError(t, err, hash)
		require.True(t, ok, hash)
		for _, other := range []string{"", "x", password + " ", password[1:]} {
			ok, err = verify(hash, other)
			require.NoError(t, err, hash)
			require.False(t, ok, "%s: %q", hash, other)
		}
	}
}

// Hash checks the length, and returns an argon2id hash with its parameters and a random salt (spec: api 13).
func TestPasswordHash(t *testing.T) {
	cost := Cost{Memory: 64, Time: 1, Threads: 1}
	for length, want := range map[int]error{
		0:                   ErrLength,
		api.MinPassword - 1: ErrLength,
		api.MinPassword:     nil,
		api.MaxPassword:     nil,
		api.MaxPassword + 1: ErrLength,
	} {
		_, err := cost.Hash(strings.Repeat("a", length))
		require.ErrorIs(t, err, want, length)
	}
	require.Equal(t, []int{10, 1024}, []int{api.MinPassword, api.MaxPassword})

	const password = "correct horse battery staple"
	hash, err := DefaultCost.Hash(password)
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash)
	ok, err := verify(hash, password)
	require.NoError(t, err)
	require.True(t, ok)
	other, err := DefaultCost.Hash(password)
	require.NoError(t, err)
	require.NotEqual(t, hash, other, "each hash has another salt")
}

// A damaged hash matches no password, not even an empty one.
func TestDamagedPasswordHash(t *testing.T) {
	for _, hash := range []string{
		"", "x", "$", "$$$$$", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$", // no key
		"$argon2id$v=19$m=64,t=1,p=1$$c2FsdHNhbHQ", // no salt
		"$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
		"$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$c2FsdHNhbHQ",
		"$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
		"$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
		"$argon2id$v=19$m=64,t=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
		"$argon2id$v=19$m=64,t=1,p=256$c2FsdHNhbHQ$c2FsdHNhbHQ",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ=",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ$x",
	} {
		for _, password := range []string{"", "correct horse battery staple"} {
			ok, err := verify(hash, password)
			require.ErrorIs(t, err, errStoredHash, hash)
			require.False(t, ok, hash)
		}
	}
}

// An unknown user name takes as long as a known one, and no password matches it, not even that of the dummy hash.
func TestVerify(t *testing.T) {
	const password, dummy = "correct horse battery staple", "a password that nobody has"
	cost := Cost{Memory: 64, Time: 1, Threads: 1}
	h := &Hasher{slots: make(chan struct{}, 1)}
	var err error
	h.dummy, err = cost.Hash(dummy)
	require.NoError(t, err)
	hash, err := cost.Hash(password)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		hash, password string
		want           bool
	}{
		"right":                   {hash, password, true},
		"wrong":                   {hash, dummy, false},
		"unknown name":            {"", password, false},
		"unknown name, stand-in":  {"", dummy, false},
		"unknown name, no letter": {"", "", false},
	} {
		ok, err := h.Verify(t.Context(), row.hash, row.password)
		require.NoError(t, err, name)
		require.Equal(t, row.want, ok, name)
	}
	h.dummy = "damaged"
	_, err = h.Verify(t.Context(), "", password)
	require.ErrorIs(t, err, errStoredHash, "the dummy hash is verified")
}

// The number of concurrent hashes is limited. Other calls wait until their contexts end.
func TestHashingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Hasher{slots: make(chan struct{}, 1)}
		hash, err := Cost{Memory: 64, Time: 1, Threads: 1}.Hash("correct horse battery staple")
		require.NoError(t, err)
		h.slots <- struct{}{}
		done := make(chan error, 1)
		check := func(ctx context.Context) {
			_, err := h.Verify(ctx, hash, "x")
			done <- err
		}
		ctx, cancel := context.WithCancel(t.Context())
		go check(ctx)
		synctest.Wait()
		require.Empty(t, done)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)

		go check(t.Context())
		synctest.Wait()
		require.Empty(t, done)
		<-h.slots
		require.NoError(t, <-done)
		require.Empty(t, h.slots, "the slot is released")
	})
}
