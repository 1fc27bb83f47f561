package license

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"
)

// mac says what crypto/hmac says, for keys and messages of all lengths around a block's.
func TestMAC(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 40)
	for _, key := range []int{0, 1, 16, 32, 63, 64} {
		for first := range 3 {
			for _, length := range []int{0, 1, 20, 55, 56, 63, 64, 65, 127, 128, 191, 192, 193, 600} {
				h := hmac.New(sha256.New, text[:key])
				h.Write(text[:first])
				h.Write(text[7 : 7+length])
				sum := mac(text[:key], text[:first], text[7:7+length])
				require.Equal(t, h.Sum(nil), sum[:], "key of %d, %d and %d bytes", key, first, length)
			}
		}
	}
}

func TestKeyIsHKDF(t *testing.T) {
	for _, signature := range []Signature{"NOTEPAD1", "notepad1", "LUMENST", "~!@#$%^&*("} {
		derived, err := hkdf.Key(sha256.New, []byte(signature), []byte("acen/v1"), "fingerprint", 32)
		require.NoError(t, err)
		key := signature.Key()
		require.Equal(t, derived, key.bytes[:])
	}
}
