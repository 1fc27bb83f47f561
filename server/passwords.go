package server

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"

	"github.com/acen-desktop/acen/api"
)

// PasswordCost are the parameters of argon2id: memory in KiB, passes, lanes.
type PasswordCost struct {
	Memory, Time uint32
	Threads      uint8
}

// DefaultPasswordCost is what OWASP asks for at least.
var DefaultPasswordCost = PasswordCost{Memory: 19 << 10, Time: 2, Threads: 1}

// ErrPasswordLength is returned for a password that is too short or too long (spec: api 13).
var ErrPasswordLength = fmt.Errorf("a password has %d to %d bytes", api.MinPassword, api.MaxPassword)

var errHashForm = errors.New("this is not an argon2id hash")

// Hash returns the argon2id hash of a password in PHC form. It fails with ErrPasswordLength.
func (c PasswordCost) Hash(random io.Reader, password string) (string, error) {
	if len(password) < api.MinPassword || len(password) > api.MaxPassword {
		return "", ErrPasswordLength
	}
	var salt [16]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return "", err
	}
	hash := argon2.IDKey([]byte(password), salt[:], c.Time, c.Memory, c.Threads, 32)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, encode(salt[:]), encode(hash)), nil
}

// verifyPassword reports whether a password has a hash in PHC form.
func verifyPassword(hash, password string) (bool, error) {
	var version int
	var c PasswordCost
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

// checkPassword verifies in bounded memory; an empty hash costs as much as a real one and never fits.
func (s *Server) checkPassword(ctx context.Context, hash, password string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	known := hash != ""
	if !known {
		hash = s.dummy
	}
	ok, err := verifyPassword(hash, password)
	return ok && known, err
}
