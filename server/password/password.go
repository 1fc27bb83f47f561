// Package password hashes passwords with argon2id and verifies them.
package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/crypto/argon2"

	"github.com/acen-desktop/acen/api"
)

// Cost holds the parameters of argon2id: memory in KiB, passes, lanes.
type Cost struct {
	Memory, Time uint32
	Threads      uint8
}

// DefaultCost is the minimum that OWASP recommends.
var DefaultCost = Cost{Memory: 19 << 10, Time: 2, Threads: 1}

// ErrLength is returned for a password that is too short or too long (spec: api 13).
var ErrLength = fmt.Errorf("a password has %d to %d bytes", api.MinPassword, api.MaxPassword)

var errHashForm = errors.New("this is not an argon2id hash")

// Hash returns the argon2id hash of a password in PHC form. It fails with ErrLength.
func (c Cost) Hash(random io.Reader, password string) (string, error) {
	if len(password) < api.MinPassword || len(password) > api.MaxPassword {
		return "", ErrLength
	}
	var salt [16]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return "", err
	}
	hash := argon2.IDKey([]byte(password), salt[:], c.Time, c.Memory, c.Threads, 32)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, encode(salt[:]), encode(hash)), nil
}

// verify reports whether a password has a hash in PHC form.
func verify(hash, password string) (bool, error) {
	var version int
	var c Cost
	var rest string
	if _, err := fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &c.Memory, &c.Time, &c.Threads, &rest); err != nil || version != argon2.Version {
		return false, errHashForm
	}
	var parts [2][]byte
	for i, text := range splitDollar(rest) {
		b, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil || len(b) == 0 {
			return false, errHashForm
		}
		parts[i] = b
	}
	again := argon2.IDKey([]byte(password), parts[0], c.Time, c.Memory, c.Threads, uint32(len(parts[1])))
	return subtle.ConstantTimeCompare(again, parts[1]) == 1, nil
}

func splitDollar(text string) [2]string {
	for i := range len(text) {
		if text[i] == '$' {
			return [2]string{text[:i], text[i+1:]}
		}
	}
	return [2]string{text, ""}
}

// Hasher hashes and verifies passwords, at most one on each processor at a time, so that many calls at once do not
// exhaust the memory.
type Hasher struct {
	cost   Cost
	random io.Reader
	slots  chan struct{}
	dummy  string // hash that is verified if an account does not exist
}

// NewHasher returns a hasher. It fails if the source of randomness does.
func NewHasher(cost Cost, random io.Reader) (*Hasher, error) {
	dummy, err := cost.Hash(random, "a password that nobody has")
	if err != nil {
		return nil, err
	}
	return &Hasher{
		cost:   cost,
		random: random,
		slots:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		dummy:  dummy,
	}, nil
}

// Hash returns the hash of a password. It fails with ErrLength, and when ctx ends before a slot is free.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	return h.cost.Hash(h.random, password)
}

// Verify reports whether a password has a hash. An empty hash costs as much time as a real one and never matches.
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
