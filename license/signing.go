package license

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// ErrKey is returned for bytes that are not a signing or public key.
var ErrKey = errors.New("this is not an Ed25519 key")

// SigningKey is a program's Ed25519 private key, which only the server has.
type SigningKey struct{ secret }

// NewSigningKey returns a key from 32 bytes of a source of randomness.
func NewSigningKey(random io.Reader) (SigningKey, error) {
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return SigningKey{}, fmt.Errorf("there is no randomness for a signing key: %w", err)
	}
	return SigningKeyFromSeed(seed), nil
}

// SigningKeyFromSeed wraps the 32-byte seed of an Ed25519 key (RFC 8032).
func SigningKeyFromSeed(seed [32]byte) SigningKey { return SigningKey{newSecret(seed)} }

// Seed returns the 32-byte seed, to be sealed and stored.
func (k SigningKey) Seed() [32]byte { return k.Reveal() }

// Public returns the public half.
func (k SigningKey) Public() PublicKey {
	var p PublicKey
	copy(p[:], k.private().Public().(ed25519.PublicKey))
	return p
}

func (k SigningKey) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.key()) }

// PublicKey is a program's Ed25519 public key, 32 bytes.
type PublicKey [ed25519.PublicKeySize]byte

// ParsePublicKey parses a public key of 64 hex digits.
func ParsePublicKey(text string) (PublicKey, error) {
	var p PublicKey
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(p) {
		return p, ErrKey
	}
	copy(p[:], b)
	return p, nil
}

// String returns the key as 64 hex digits.
func (p PublicKey) String() string { return hex.EncodeToString(p[:]) }

// Fingerprint returns the SHA-256 of the key as 64 hex digits.
func (p PublicKey) Fingerprint() string {
	sum := sha256.Sum256(p[:])
	return hex.EncodeToString(sum[:])
}

// KeyID returns the short name of the key in the footer of a token: 16 hex digits of its fingerprint.
func (p PublicKey) KeyID() string {
	sum := sha256.Sum256(p[:])
	return hex.EncodeToString(sum[:8])
}
