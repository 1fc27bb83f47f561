package license

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"aidanwoods.dev/go-paseto"
)

// This file contains what receipts and validation answers share: both are short statements of the server about one
// license, signed with the program's key.

// statement is one kind of signed statement.
type statement struct {
	assertion string // the implicit assertion, which keeps other tokens of the key from passing as this kind
	max       int    // the maximum length of a token in bytes

	damaged, signature, key error // of verify
}

// sign returns claims, a struct of JSON members, as a PASETO v4.public token.
func (s statement) sign(k SigningKey, claims any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write token: %w", err)
	}
	foot, err := json.Marshal(footer{k.Public().KeyID()})
	if err != nil {
		return "", fmt.Errorf("write token: %w", err)
	}
	token, err := paseto.NewTokenFromClaimsJSON(body, foot)
	if err != nil {
		return "", fmt.Errorf("write token: %w", err)
	}
	key, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(k.private())
	if err != nil {
		return "", ErrKey
	}
	signed := token.V4Sign(key, []byte(s.assertion))
	if len(signed) > s.max {
		return "", fmt.Errorf("%w: it is larger than %d KiB", s.damaged, s.max>>10)
	}
	return signed, nil
}

// verify returns the claims of a token that was signed with the key that key returns for the id in it. The encoding is
// canonical: verify refuses white space, padding and other spellings of the base64 text and the footer. It applies no
// rule of time.
func (s statement) verify(token string, key func(id string) (PublicKey, bool)) (*paseto.Token, error) {
	if len(token) > s.max {
		return nil, fmt.Errorf("%w: it is larger than %d KiB", s.damaged, s.max>>10)
	}
	if hasStray(token) {
		return nil, s.damaged
	}
	e, err := open(token)
	if err != nil || string(e.footer) != `{"kid":"`+e.keyID+`"}` {
		return nil, s.damaged
	}
	p, known := key(e.keyID)
	if !known {
		return nil, s.key
	}
	public, err := paseto.NewV4AsymmetricPublicKeyFromBytes(p[:])
	if err != nil {
		return nil, ErrKey
	}
	parser := paseto.NewParserWithoutExpiryCheck()
	verified, err := parser.ParseV4Public(public, token, []byte(s.assertion))
	if err != nil {
		return nil, s.signature
	}
	return verified, nil
}

// unreadable returns the error for a claim that cannot be read.
func (s statement) unreadable(what string) error {
	return fmt.Errorf("%w: its %s cannot be read", s.damaged, what)
}

var errClaim = errors.New("this is not the canonical form of the claim")

// parseID parses a license id as it is shown, without a sign or leading zeros.
func parseID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0, errClaim
	}
	return id, nil
}

// parseMoment parses a time in whole seconds, UTC, as it is shown.
func parseMoment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() || at.UTC().Format(time.RFC3339) != text {
		return time.Time{}, errClaim
	}
	return at.UTC(), nil
}

// parseSite parses a Site code as it is shown.
func parseSite(text string) (SiteCode, error) {
	var site [4]byte
	if !KindSiteCode.shown(text, site[:]) {
		return 0, errClaim
	}
	return SiteCode(binary.BigEndian.Uint32(site[:])), nil
}

// isBytes reports whether text is the unpadded base64url of size bytes. It compares the length because package base64
// skips line breaks.
func isBytes(text string, size int) bool {
	b, err := strict.DecodeString(text)
	return err == nil && len(b) == size && len(text) == strict.EncodedLen(size)
}
