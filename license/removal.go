package license

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// RemovalSeed is the 16-byte secret that a license file carries and from which a program makes the removal code.
// Package fmt can hide it only where it may call methods, so keep it out of unexported fields of types that are
// printed.
type RemovalSeed [16]byte

// String hides the seed.
func (RemovalSeed) String() string { return redacted }

// GoString hides the seed.
func (RemovalSeed) GoString() string { return redacted }

// Format hides the seed from every verb of package fmt.
func (RemovalSeed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the seed from structured logs.
func (RemovalSeed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the seed from encoders.
func (RemovalSeed) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// RemovalSeed derives the seed of an activation code: top(128, HMAC(A, 0x20 ‖ code)).
func (a ActivationKey) RemovalSeed(code ActivationCode) RemovalSeed {
	var s RemovalSeed
	copy(s[:], mac(a.key(), []byte{0x20}, code[:]))
	return s
}

const removalLetters = 10

// RemovalCode is a removal code: 50 bits.
type RemovalCode uint64

// String returns the shown form, ten letters and a check letter: "9D2BK-DD62M-C".
func (r RemovalCode) String() string {
	values := make([]byte, removalLetters)
	for i := range values {
		values[i] = byte(r>>(5*(removalLetters-1-i))) & 31
	}
	letters := withCheck(values)
	return letters[:5] + "-" + letters[5:10] + "-" + letters[10:]
}

// RemovalCode returns the removal code of a PC: top(50, HMAC(seed, 0x21 ‖ S ‖ M)).
func (s RemovalSeed) RemovalCode(c Codes) RemovalCode {
	return RemovalCode(top64(mac(s[:], []byte{0x21}, c.bytes())) >> 14)
}

// Verify reports, in constant time, whether a removal code is the one of a PC.
func (s RemovalSeed) Verify(c Codes, r RemovalCode) bool {
	return subtle.ConstantTimeCompare(be64(uint64(s.RemovalCode(c))), be64(uint64(r))) == 1
}
