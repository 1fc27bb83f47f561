// Package password hashes passwords with argon2id and verifies them.
package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"

	"github.com/acen-desktop/acen/api"
)

// Cost are the parameters of argon2id: memory in KiB, passes, lanes.
type Cost struct {
	Memory, Time uint32
	Threads      uint8
}

// DefaultCost is the minimum that OWASP recommends.
var DefaultCost = Cost{Memory: 19 << 10, Time: 2, Threads: 1}

// ErrLength is returned for a password that is too short or too long (spec: api 13).
var ErrLength = fmt.Errorf("a password has %d to %d bytes", api.MinPassword, api.MaxPassword)

var errStoredHash = errors.New("the stored password hash is damaged")

// Hash returns the argon2id hash of a password in PHC string format, with a random salt. It fails with ErrLength.
func (c Cost) Hash(password string) (string, error) {
	if len(password) < api.MinPassword || len(password) > api.MaxPassword {
		return "", ErrLength
	}
	return argon2id.CreateHash(password, &argon2id.Params{
		Memory:      c.Memory,
		Iterations:  c.Time,
		Parallelism: c.Threads,
		SaltLength:  16,
		KeyLength:   32,
	})
}

// verify reports whether hash, in PHC string format, is that of password. It fails with errStoredHash.
func verify(hash, password string) (bool, error) {
	p, salt, key, err := argon2id.DecodeHash(hash)
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: %w", errStoredHash, err)
	case len(salt) == 0, p.Iterations == 0, p.Parallelism == 0: // argon2 panics without passes or lanes
		return false, errStoredHash
	case len(key) == 0: // every password would match
		return false, errStoredHash
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// Hasher hashes and verifies passwords, at most one per processor at a time, so that concurrent calls do not exhaust
// the memory.
type Hasher struct {
	cost  Cost
	slots chan struct{}
	dummy string // hash that is verified if an account does not exist
}

// NewHasher returns a Hasher with a cost.
func NewHasher(cost Cost) (*Hasher, error) {
	dummy, err := cost.Hash("a password that nobody has")
	if err != nil {
		return nil, err
	}
	return &Hasher{
		cost:  cost,
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		dummy: dummy,
	}, nil
}

// Hash returns the hash of a password. It fails with ErrLength, or with the error of ctx if it ends before a slot is
// free.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	return h.cost.Hash(password)
}

// Verify reports whether hash is that of password. An empty hash takes as long as a real one and never matches.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	ok, err := verify(hash, password)
	return ok && known, err
}

func (h *Hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) release() { <-h.slots }
