package license

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"aidanwoods.dev/go-paseto"
)

// tokenKind is one kind of the PASETO v4.public tokens that are signed with a program's key.
type tokenKind struct {
	assertion string // the implicit assertion, which keeps tokens of one kind from passing as another
	max       int    // the maximum length in bytes

	damaged, signature, key error // for a malformed token, a wrong signature, an unknown key
}

// sign encodes claims as JSON and returns them as a token.
func (kind tokenKind) sign(k SigningKey, claims any) (string, error) {
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
	signed := token.V4Sign(key, []byte(kind.assertion))
	if len(signed) > kind.max {
		return "", kind.tooLarge()
	}
	return signed, nil
}

// verify verifies the signature of an open token with the key that key returns for the id in it, and returns that key.
func (kind tokenKind) verify(t token, key func(id string) (PublicKey, bool)) (PublicKey, error) {
	p, known := key(t.keyID)
	switch {
	case !known:
		return PublicKey{}, kind.key
	case !t.signedBy(p, kind.assertion):
		return p, kind.signature
	}
	return p, nil
}

func (kind tokenKind) tooLarge() error {
	return fmt.Errorf("%w: it is larger than %d KiB", kind.damaged, kind.max>>10)
}

// unreadable returns the error for a claim that cannot be read.
func (kind tokenKind) unreadable(what string) error {
	return fmt.Errorf("%w: its %s cannot be read", kind.damaged, what)
}

// token is a token that was opened and not verified.
type token struct {
	keyID     string
	footer    []byte
	claims    []byte // JSON
	signature []byte
}

// footer is the footer of a token.
type footer struct {
	KeyID string `json:"kid"`
}

// header is the beginning of a PASETO v4.public token.
const header = "v4.public."

// strict is the base64 encoding of tokens. It decodes only one text to the same bytes.
var strict = base64.RawURLEncoding.Strict()

// open parses a token of visible ASCII characters. It fails with ErrFileDamaged.
func open(text string) (t token, err error) {
	rest, public := strings.CutPrefix(text, header)
	payload, foot, parts := strings.Cut(rest, ".")
	if !public || !parts || strings.Contains(foot, ".") {
		return token{}, ErrFileDamaged
	}
	signed, err := strict.DecodeString(payload)
	if err != nil || len(signed) < ed25519.SignatureSize {
		return token{}, ErrFileDamaged
	}
	if t.footer, err = strict.DecodeString(foot); err != nil {
		return token{}, ErrFileDamaged
	}
	var f footer
	if json.Unmarshal(t.footer, &f) != nil || !isKeyID(f.KeyID) {
		return token{}, ErrFileDamaged
	}
	t.keyID = f.KeyID
	end := len(signed) - ed25519.SignatureSize
	t.claims, t.signature = signed[:end:end], signed[end:]
	return t, nil
}

// hasInvisible reports whether a token contains anything but the visible ASCII characters.
func hasInvisible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return true
		}
	}
	return false
}

// isKeyID reports whether an unverified key id is short and plain enough to be looked up and shown.
func isKeyID(id string) bool {
	const longest = 128
	return id != "" && len(id) <= longest && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '.' || r == '_' || r == '-')
	})
}

// signedBy reports whether a key signed exactly these claims and this footer with an implicit assertion (PASETO,
// version 4, "Verify"). It does not use the library that signs, which decodes all claims again at a third of the cost
// of the signature (docs/adr/0013). The tests compare both.
func (t token) signedBy(p PublicKey, assertion string) bool {
	return ed25519.Verify(p[:], t.signed(assertion), t.signature)
}

// signed returns the signed message: PASETO's pre-authentication encoding of header, claims, footer and assertion.
func (t token) signed(assertion string) []byte {
	const pieces = 4
	m := make([]byte, 0, 8*(1+pieces)+len(header)+len(t.claims)+len(t.footer)+len(assertion))
	m = binary.LittleEndian.AppendUint64(m, pieces)
	m = append(binary.LittleEndian.AppendUint64(m, uint64(len(header))), header...)
	m = append(binary.LittleEndian.AppendUint64(m, uint64(len(t.claims))), t.claims...)
	m = append(binary.LittleEndian.AppendUint64(m, uint64(len(t.footer))), t.footer...)
	return append(binary.LittleEndian.AppendUint64(m, uint64(len(assertion))), assertion...)
}
