package request

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strings"
)

// NewToken returns a random token of 256 bits and its hash, which the database stores.
func NewToken(random io.Reader) (token string, hash []byte, err error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", nil, err
	}
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashToken(token), nil
}

// HashToken returns the hash of a token, which the database stores.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// BearerToken returns the token of an Authorization header (RFC 6750), or "".
func BearerToken(header string) string {
	scheme, token, ok := strings.Cut(strings.TrimSpace(header), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
