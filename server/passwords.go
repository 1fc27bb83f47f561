package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"

	"github.com/acen-desktop/acen/api"
)

// PasswordCost are the parameters of argon2id: memory in KiB, passes, lanes.
type PasswordCost struct {
	Memory, Time uint32
	Threads      uint8
}

// DefaultPasswordCost is what OWASP asks for at least.
var DefaultPasswordCost = PasswordCost{Memory: 19 << 10, Time: 2, Threads: 1}

// ErrPasswordLength is returned for a password that is too short or too long (spec: api 13).
var ErrPasswordLength = fmt.Errorf("a password has %d to %d bytes", api.MinPassword, api.MaxPassword)

var errStoredHash = errors.New("the stored password hash is damaged")

// Hash returns the argon2id hash of a password in PHC string format, with a random salt. It fails with
// ErrPasswordLength.
func (c PasswordCost) Hash(password string) (string, error) {
	if len(password) < api.MinPassword || len(password) > api.MaxPassword {
		return "", ErrPasswordLength
	}
	return argon2id.CreateHash(password, &argon2id.Params{
		Memory:      c.Memory,
		Iterations:  c.Time,
		Parallelism: c.Threads,
		SaltLength:  16,
		KeyLength:   32,
	})
}

// verifyPassword reports whether hash, in PHC string format, is that of password. It fails with errStoredHash.
func verifyPassword(hash, password string) (bool, error) {
	p, salt, key, err := argon2id.DecodeHash(hash)
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: %w", errStoredHash, err)
	case len(salt) == 0, p.Iterations == 0, p.Parallelism == 0: // argon2 panics without passes or lanes
		return false, errStoredHash
	case len(key) == 0: // every password would fit
		return false, errStoredHash
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// checkPassword verifies in bounded memory; an empty hash costs as much as a real one and never fits.
func (s *Server) checkPassword(ctx context.Context, hash, password string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	known := hash != ""
	if !known {
		hash = s.dummy
	}
	ok, err := verifyPassword(hash, password)
	return ok && known, err
}
