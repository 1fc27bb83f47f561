package license

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aidanwoods.dev/go-paseto"
)

// implicitAssertion binds a license file to this scheme (codes.md, "License file").
const implicitAssertion = "acen/v1 license"

// MaxFile is the longest license file that is looked at, in bytes.
const MaxFile = 64 << 10

// The ways in which a license file can fail.
var (
	// ErrFileDamaged is returned for a text that is no license file or whose claims cannot be read.
	ErrFileDamaged = errors.New("this is not a license file, or it is damaged")
	// ErrFileSignature is returned for a license file that was not signed with the program's key.
	ErrFileSignature = errors.New("the license file was not signed with this program's key")
	// ErrKey is returned for bytes that cannot be a signing or public key.
	ErrKey = errors.New("this is not an Ed25519 key")
)

// File is what a license file says.
type File struct {
	Issuer         string // name of the server
	ID             int64  // license id
	IssuedAt       time.Time
	Expires        time.Time // last moment of validity; zero when the license never ends
	ProgramID      int64
	ProgramName    string
	Signature      Signature
	Order          int64
	Codes          Codes
	ActivationCode ActivationCode
	Features       uint16
	Policy         Policy
	Seed           RemovalSeed
	Note           string
}

// Expired reports whether the license has ended at a moment.
func (f File) Expired(now time.Time) bool { return !f.Expires.IsZero() && now.After(f.Expires) }

// SigningKey is a program's Ed25519 private key, which only the server has.
type SigningKey struct{ seed secret }

// NewSigningKey makes a key from 32 random bytes read from a source of randomness.
func NewSigningKey(random io.Reader) (SigningKey, error) {
	var k SigningKey
	_, err := io.ReadFull(random, k.seed[:])
	return k, err
}

// SigningKeyFromSeed wraps the 32-byte seed of an Ed25519 key (RFC 8032).
func SigningKeyFromSeed(seed [32]byte) SigningKey { return SigningKey{seed} }

// Seed returns the 32-byte seed, to be sealed and stored.
func (k SigningKey) Seed() [32]byte { return k.seed }

// String hides the key.
func (k SigningKey) String() string { return redacted }

// Format hides the key from every verb of package fmt.
func (k SigningKey) Format(f fmt.State, verb rune) { k.seed.Format(f, verb) }

// MarshalText hides the key from encoders.
func (k SigningKey) MarshalText() ([]byte, error) { return k.seed.MarshalText() }

// Public returns the public half.
func (k SigningKey) Public() PublicKey {
	var p PublicKey
	copy(p[:], ed25519.NewKeyFromSeed(k.seed[:]).Public().(ed25519.PublicKey))
	return p
}

// PublicKey is a program's Ed25519 public key, 32 bytes.
type PublicKey [ed25519.PublicKeySize]byte

// ParsePublicKey reads a public key from 64 hex digits.
func ParsePublicKey(text string) (PublicKey, error) {
	var p PublicKey
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(p) {
		return p, ErrKey
	}
	copy(p[:], b)
	return p, nil
}

// String returns the key as 64 hex digits.
func (p PublicKey) String() string { return hex.EncodeToString(p[:]) }

// Fingerprint returns the SHA-256 of the key as 64 hex digits.
func (p PublicKey) Fingerprint() string {
	sum := sha256.Sum256(p[:])
	return hex.EncodeToString(sum[:])
}

// KeyID returns the short name of the key that stands in a license file's footer: 16 hex digits of its fingerprint.
func (p PublicKey) KeyID() string { return p.Fingerprint()[:16] }

type footer struct {
	KeyID string `json:"kid"`
}

type programClaim struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type policyClaim struct {
	Enabled            bool     `json:"enabled"`
	MaxHardwareChanges int      `json:"max_hardware_changes"`
	Changeable         []string `json:"changeable"`
}

// claims are the claims of a license file as they stand in the token.
type claims struct {
	Issuer    string       `json:"iss"`
	ID        string       `json:"jti"`
	IssuedAt  time.Time    `json:"iat"`
	Expires   *time.Time   `json:"exp,omitempty"`
	Program   programClaim `json:"program"`
	Signature string       `json:"signature"`
	Order     int64        `json:"order"`
	Site      string       `json:"site"`
	Machine   string       `json:"mid"`
	Code      string       `json:"code"`
	Features  uint16       `json:"features"`
	Policy    policyClaim  `json:"policy"`
	Seed      string       `json:"seed"`
	Note      string       `json:"note"`
}

// Sign makes the license file: a PASETO v4.public token.
func (k SigningKey) Sign(f File) (string, error) {
	c := claims{
		Issuer: f.Issuer, ID: strconv.FormatInt(f.ID, 10), IssuedAt: f.IssuedAt.UTC().Truncate(time.Second),
		Program:   programClaim{f.ProgramID, f.ProgramName},
		Signature: string(f.Signature), Order: f.Order,
		Site: f.Codes.Site.String(), Machine: f.Codes.Machine.String(), Code: f.ActivationCode.String(),
		Features: f.Features,
		Policy:   policyClaim{Enabled: f.Policy.Enabled, MaxHardwareChanges: f.Policy.MaxHardwareChanges, Changeable: []string{}},
		Seed:     base64.RawURLEncoding.EncodeToString(f.Seed[:]), Note: f.Note,
	}
	for _, l := range f.Policy.Changeable {
		c.Policy.Changeable = append(c.Policy.Changeable, l.String())
	}
	if !f.Expires.IsZero() {
		expires := f.Expires.UTC().Truncate(time.Second)
		c.Expires = &expires
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	foot, err := json.Marshal(footer{k.Public().KeyID()})
	if err != nil {
		return "", err
	}
	token, err := paseto.NewTokenFromClaimsJSON(body, foot)
	if err != nil {
		return "", err
	}
	key, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(ed25519.NewKeyFromSeed(k.seed[:]))
	if err != nil {
		return "", err
	}
	return token.V4Sign(key, []byte(implicitAssertion)), nil
}

// clean strips what an editor or a mail program may have put around a token.
func clean(token string) (string, error) {
	if len(token) > MaxFile {
		return "", fmt.Errorf("%w: it is larger than %d KiB", ErrFileDamaged, MaxFile>>10)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\ufeff' {
			return -1
		}
		return r
	}, token), nil
}

// Verify reads a license file and checks that it was signed with the program's key. It fails with ErrFileSignature
// or ErrFileDamaged. It judges neither expiry nor PC.
func (p PublicKey) Verify(token string) (File, error) {
	token, err := clean(token)
	if err != nil {
		return File{}, err
	}
	if _, err := FileKeyID(token); err != nil {
		return File{}, err
	}
	key, err := paseto.NewV4AsymmetricPublicKeyFromBytes(p[:])
	if err != nil {
		return File{}, ErrKey
	}
	parser := paseto.NewParserWithoutExpiryCheck()
	parsed, err := parser.ParseV4Public(key, token, []byte(implicitAssertion))
	if err != nil {
		return File{}, ErrFileSignature
	}
	return fileFromClaims(parsed.ClaimsJSON())
}

func fileFromClaims(body []byte) (File, error) {
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		return File{}, ErrFileDamaged
	}
	damaged := func(what string) (File, error) {
		return File{}, fmt.Errorf("%w: its %s cannot be read", ErrFileDamaged, what)
	}
	f := File{
		Issuer: c.Issuer, IssuedAt: c.IssuedAt, ProgramID: c.Program.ID, ProgramName: c.Program.Name,
		Order: c.Order, Features: c.Features, Note: c.Note,
		Policy: Policy{Enabled: c.Policy.Enabled, MaxHardwareChanges: c.Policy.MaxHardwareChanges},
	}
	var err error
	if f.ID, err = strconv.ParseInt(c.ID, 10, 64); err != nil || f.ID < 1 {
		return damaged("license id")
	}
	if c.Expires != nil {
		f.Expires = *c.Expires
	}
	if f.Signature, err = ParseSignature(c.Signature); err != nil {
		return damaged("application signature")
	}
	if f.Codes, err = ParseCodes(c.Site, c.Machine); err != nil {
		return damaged("Site code or Machine ID")
	}
	if f.ActivationCode, err = ParseActivationCode(c.Code); err != nil {
		return damaged("activation code")
	}
	if f.Policy.MaxHardwareChanges < 0 || f.Policy.MaxHardwareChanges > LockCount {
		return damaged("locking policy")
	}
	for _, name := range c.Policy.Changeable {
		l, err := ParseLock(name)
		if err != nil {
			return damaged("locking policy")
		}
		f.Policy.Changeable = append(f.Policy.Changeable, l)
	}
	seed, err := base64.RawURLEncoding.DecodeString(c.Seed)
	if err != nil || len(seed) != len(f.Seed) {
		return damaged("removal seed")
	}
	copy(f.Seed[:], seed)
	return f, nil
}

// FileKeyID returns the id of the key that a license file claims to be signed with, unverified. It fails with
// ErrFileDamaged.
func FileKeyID(token string) (string, error) {
	token, err := clean(token)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(token, "v4.public.") || strings.Count(token, ".") != 3 {
		return "", ErrFileDamaged
	}
	parser := paseto.NewParserWithoutExpiryCheck()
	raw, err := parser.UnsafeParseFooter(paseto.V4Public, token)
	if err != nil {
		return "", ErrFileDamaged
	}
	var foot footer
	if json.Unmarshal(raw, &foot) != nil || foot.KeyID == "" {
		return "", ErrFileDamaged
	}
	return foot.KeyID, nil
}

// FileName returns the name of a license file, "<program>-<license id>.acen": the program's name in lower case,
// letters and digits of any language kept, everything else a dash.
func FileName(program string, id int64) string {
	const longest = 60
	var b strings.Builder
	for _, r := range strings.ToLower(program) {
		switch {
		case b.Len() >= longest:
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" {
		name = "license"
	}
	return fmt.Sprintf("%s-%d.acen", name, id)
}
