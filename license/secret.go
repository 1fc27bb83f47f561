package license

import "github.com/acen-desktop/acen/redact"

// secret is key material of 32 bytes that prints redacted.
type secret struct{ redact.Value[[32]byte] }

func newSecret(b [32]byte) secret { return secret{redact.Of(b)} }

// key returns the 32 bytes; those of the zero value are zero.
func (s secret) key() []byte {
	b := s.Reveal()
	return b[:]
}

// ActivationKey is a program's secret key A (32 bytes), which makes and checks activation codes and removal seeds.
// Anyone who has it can make codes. The zero value is the key of 32 zero bytes. Compare keys by their Bytes.
type ActivationKey struct{ secret }

// NewActivationKey wraps 32 bytes of key material.
func NewActivationKey(b [32]byte) ActivationKey { return ActivationKey{newSecret(b)} }

// Bytes returns the 32 bytes of key material, to be sealed and stored.
func (a ActivationKey) Bytes() [32]byte { return a.Reveal() }

// SerialSeed is a program's secret key Q (32 bytes), which only the server has. It makes and opens serial numbers.
// The zero value is the seed of 32 zero bytes. Compare seeds by their Bytes.
type SerialSeed struct{ secret }

// NewSerialSeed wraps 32 bytes of key material.
func NewSerialSeed(b [32]byte) SerialSeed { return SerialSeed{newSecret(b)} }

// Bytes returns the 32 bytes of key material, to be sealed and stored.
func (q SerialSeed) Bytes() [32]byte { return q.Reveal() }
