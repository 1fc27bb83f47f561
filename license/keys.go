package license

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// Signature is a program's application signature: 6 to 10 printable ASCII characters, public.
type Signature string

// ErrSignature is returned for a text that cannot be an application signature.
var ErrSignature = errors.New("an application signature has 6 to 10 ASCII letters, digits or signs and no spaces")

// ParseSignature checks an application signature. It is kept to the letter.
func ParseSignature(s string) (Signature, error) {
	if len(s) < 6 || len(s) > 10 {
		return "", ErrSignature
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return "", ErrSignature
		}
	}
	return Signature(s), nil
}

// Key is the fingerprint key K of a program, derived from its application signature. Anyone can derive it.
type Key struct{ bytes [32]byte }

// Key derives K = HKDF-SHA256(signature, salt "acen/v1", info "fingerprint", 32 bytes), which are one block of HKDF (RFC 5869).
func (s Signature) Key() Key {
	extracted := mac([]byte("acen/v1"), []byte(s))
	return Key{mac(extracted[:], []byte("fingerprint"), []byte{1})}
}

// LockValue returns the 9-bit value of a lock: 0 for an unreadable raw value, else 1 to 511.
func (k Key) LockValue(l Lock, raw string) uint16 {
	normalized := Normalize(raw)
	if normalized == "" || !l.valid() {
		return 0
	}
	sum := mac(k.bytes[:], []byte{0x01, byte(l)}, []byte(normalized))
	return uint16(1 + top64(sum)%511)
}

// Block computes the lock block of raw values.
func (k Key) Block(raw RawLocks) Block {
	var values [LockCount]uint16
	for _, l := range Locks() {
		values[l-1] = k.LockValue(l, raw[l-1])
	}
	return newBlock(values)
}

// mac is HMAC-SHA256 (RFC 2104) with a key of at most 64 bytes; those of the scheme have 32 and less. Package crypto/hmac, which
// the tests hold it beside, puts eight objects on the heap for each, and a program's check makes twelve.
func mac(key []byte, parts ...[]byte) (sum [sha256.Size]byte) {
	const ipad, opad = 0x36, 0x5c
	var padded [sha256.BlockSize]byte
	copy(padded[:], key)
	inner := make([]byte, 0, 4*sha256.BlockSize)
	outer := make([]byte, 0, 2*sha256.BlockSize)
	for _, b := range padded {
		inner, outer = append(inner, b^ipad), append(outer, b^opad)
	}
	for _, p := range parts {
		inner = append(inner, p...)
	}
	sum = sha256.Sum256(inner)
	return sha256.Sum256(append(outer, sum[:]...))
}

func top64(sum [sha256.Size]byte) uint64 { return binary.BigEndian.Uint64(sum[:]) }

func be16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
