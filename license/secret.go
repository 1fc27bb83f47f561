package license

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what secrets show instead of themselves.
const redacted = "[redacted]"

// secret is key material of 32 bytes that never shows itself. Package fmt calls no methods on unexported fields, and
// prints the array behind a pointer under a verb that does not suit it: behind two pointers it finds an address only.
type secret struct{ material **[32]byte }

func newSecret(b [32]byte) secret {
	material := &b
	return secret{&material}
}

// key returns the 32 bytes; those of the zero value are zero.
func (s secret) key() []byte {
	b := s.bytes()
	return b[:]
}

func (s secret) bytes() [32]byte {
	if s.material == nil {
		return [32]byte{}
	}
	return **s.material
}

// String hides the key.
func (secret) String() string { return redacted }

// GoString hides the key.
func (secret) GoString() string { return redacted }

// Format hides the key from every verb of package fmt.
func (secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the key from structured logs.
func (secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the key from encoders.
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// ActivationKey is a program's secret key A (32 bytes): it makes and checks activation codes and removal
// seeds. Whoever has it can make codes. The zero value is the key of 32 zero bytes. Compare keys by their Bytes.
type ActivationKey struct{ secret }

// NewActivationKey wraps 32 bytes of key material.
func NewActivationKey(b [32]byte) ActivationKey { return ActivationKey{newSecret(b)} }

// Bytes returns the 32 bytes of key material, to be sealed and stored.
func (a ActivationKey) Bytes() [32]byte { return a.bytes() }

// SerialSeed is a program's secret key Q (32 bytes), which only the server has: it makes and opens serial numbers.
// The zero value is the seed of 32 zero bytes. Compare seeds by their Bytes.
type SerialSeed struct{ secret }

// NewSerialSeed wraps 32 bytes of key material.
func NewSerialSeed(b [32]byte) SerialSeed { return SerialSeed{newSecret(b)} }

// Bytes returns the 32 bytes of key material, to be sealed and stored.
func (q SerialSeed) Bytes() [32]byte { return q.bytes() }
