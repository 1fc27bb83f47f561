package license

import (
	"crypto/subtle"

	"github.com/acen-desktop/acen/redact"
)

// RemovalSeed is the 16-byte secret in a license file from which a program derives the removal code. It prints
// redacted.
type RemovalSeed struct{ redact.Value[[16]byte] }

// NewRemovalSeed wraps the 16 bytes of a seed.
func NewRemovalSeed(b [16]byte) RemovalSeed { return RemovalSeed{redact.Of(b)} }

func (s RemovalSeed) bytes() []byte {
	b := s.Reveal()
	return b[:]
}

// RemovalSeed derives the seed of an activation code: top(128, HMAC(A, 0x20 ‖ code)).
func (a ActivationKey) RemovalSeed(code ActivationCode) RemovalSeed {
	return NewRemovalSeed([16]byte(mac(a.key(), []byte{0x20}, code[:])))
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
	return RemovalCode(top64(mac(s.bytes(), []byte{0x21}, c.bytes())) >> 14)
}

// Verify reports, in constant time, whether a removal code is that of a PC.
func (s RemovalSeed) Verify(c Codes, r RemovalCode) bool {
	return subtle.ConstantTimeCompare(be64(uint64(s.RemovalCode(c))), be64(uint64(r))) == 1
}
