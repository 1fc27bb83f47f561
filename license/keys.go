package license

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

// Signature is a program's application signature: 6 to 10 printable ASCII characters, public.
type Signature string

// ErrSignature is returned for a text that is not an application signature.
var ErrSignature = errors.New("an application signature has 6 to 10 ASCII letters, digits or signs and no spaces")

// ParseSignature checks an application signature and returns it unchanged.
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
type Key struct {
	bytes     [32]byte
	signature Signature
}

// The salts of the fingerprint keys. Keys of acen/v1 only serve to recognize codes of that scheme.
const (
	salt      = "acen/v2"
	olderSalt = "acen/v1"
)

// Key derives K = HKDF-SHA256(signature, salt "acen/v2", info "fingerprint", 32 bytes).
func (s Signature) Key() Key { return s.key(salt) }

func (s Signature) key(salt string) Key {
	k := Key{signature: s}
	derived, err := hkdf.Key(sha256.New, []byte(s), []byte(salt), "fingerprint", len(k.bytes))
	if err != nil {
		panic(err) // only a length beyond 255 hashes fails
	}
	copy(k.bytes[:], derived)
	return k
}

// LockValue returns the value of a lock, which has Lock.Bits bits: 0 for an unreadable raw value, else 1 or more.
func (k Key) LockValue(l Lock, raw string) uint16 {
	keyed := newKeyed(k.bytes[:])
	return keyed.lockValue(l, raw)
}

// Block computes the lock block of raw values.
func (k Key) Block(raw RawLocks) Block {
	var values [LockCount]uint16
	keyed := newKeyed(k.bytes[:])
	for i, value := range raw {
		values[i] = keyed.lockValue(Lock(i+1), value)
	}
	return newBlock(values)
}

// keyed computes HMAC-SHA256 of several messages with one key. Resetting a hash is faster than creating one.
type keyed struct {
	hash         hash.Hash
	message, sum []byte // of the latest call
}

func newKeyed(key []byte) keyed {
	return keyed{hash: hmac.New(sha256.New, key), message: make([]byte, 0, 64)}
}

// mac returns the HMAC of the parts of one message; the next call overwrites it. The parts are joined first, because
// each argument of a hash escapes to the heap.
func (k *keyed) mac(parts ...[]byte) []byte {
	if k.sum != nil {
		k.hash.Reset()
	}
	k.message = k.message[:0]
	for _, p := range parts {
		k.message = append(k.message, p...)
	}
	k.hash.Write(k.message)
	k.sum = k.hash.Sum(k.sum[:0])
	return k.sum
}

func (k *keyed) lockValue(l Lock, raw string) uint16 {
	normalized, ok := Readable(l, raw)
	if !ok || !l.valid() {
		return 0
	}
	return uint16(1 + top64(k.mac([]byte{0x01, byte(l)}, []byte(normalized)))%(1<<lockBits[l-1]-1))
}

func mac(key []byte, parts ...[]byte) []byte {
	k := newKeyed(key)
	return k.mac(parts...)
}

func top64(sum []byte) uint64 { return binary.BigEndian.Uint64(sum) }

func be16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
