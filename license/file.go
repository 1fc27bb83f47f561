package license

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aidanwoods.dev/go-paseto"

	"github.com/acen-desktop/acen/license/quickjson"
)

// implicitAssertion binds a license file to this scheme (spec: codes "License file").
const implicitAssertion = "acen/v2 license"

// olderAssertion is the implicit assertion of the scheme acen/v1, which only trial versions used.
const olderAssertion = "acen/v1 license"

// MaxFile is the longest license file that is looked at, in bytes.
const MaxFile = 64 << 10

// The ways in which a license file can fail.
var (
	// ErrFileDamaged is returned for a text that is no license file or whose claims cannot be read.
	ErrFileDamaged = errors.New("this is not a license file, or it is damaged")
	// ErrFileSignature is returned for a license file that was not signed with the program's key.
	ErrFileSignature = errors.New("the license file was not signed with this program's key")
	// ErrFileKey is returned for a license file that names an unknown key; it is an ErrFileSignature.
	ErrFileKey = fmt.Errorf("%w: it names another key", ErrFileSignature)
	// ErrOlderVersion is returned for a license file of the scheme acen/v1 that was signed with the program's key. The
	// vendor made it, but no program accepts it. It wraps ErrFileSignature.
	ErrOlderVersion error = olderVersion{}
	// ErrKey is returned for bytes that cannot be a signing or public key.
	ErrKey = errors.New("this is not an Ed25519 key")
)

type olderVersion struct{}

func (olderVersion) Error() string { return "the license file was made by an older trial version" }

func (olderVersion) Unwrap() error { return ErrFileSignature }

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
type SigningKey struct{ secret }

// NewSigningKey makes a key from 32 random bytes read from a source of randomness.
func NewSigningKey(random io.Reader) (SigningKey, error) {
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return SigningKey{}, fmt.Errorf("there is no randomness for a signing key: %w", err)
	}
	return SigningKeyFromSeed(seed), nil
}

// SigningKeyFromSeed wraps the 32-byte seed of an Ed25519 key (RFC 8032).
func SigningKeyFromSeed(seed [32]byte) SigningKey { return SigningKey{newSecret(seed)} }

// Seed returns the 32-byte seed, to be sealed and stored.
func (k SigningKey) Seed() [32]byte { return k.bytes() }

// Public returns the public half.
func (k SigningKey) Public() PublicKey {
	var p PublicKey
	copy(p[:], k.private().Public().(ed25519.PublicKey))
	return p
}

func (k SigningKey) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.key()) }

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
func (p PublicKey) KeyID() string {
	sum := sha256.Sum256(p[:])
	return hex.EncodeToString(sum[:8])
}

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

// claims are the claims of a license file as they stand in the token. Pointers tell a missing claim from an empty one.
type claims struct {
	Issuer    *string       `json:"iss"`
	ID        string        `json:"jti"`
	IssuedAt  *time.Time    `json:"iat"`
	Expires   *time.Time    `json:"exp,omitempty"`
	Program   *programClaim `json:"program"`
	Signature string        `json:"signature"`
	Order     int64         `json:"order"`
	Site      string        `json:"site"`
	Machine   string        `json:"mid"`
	Code      string        `json:"code"`
	Features  *uint16       `json:"features"`
	Policy    *policyClaim  `json:"policy"`
	Seed      string        `json:"seed"`
	Note      string        `json:"note"`
}

// Sign makes the license file: a PASETO v4.public token, times in whole seconds. It refuses, with ErrFileDamaged, what
// Verify would not read.
func (k SigningKey) Sign(f File) (string, error) {
	issuedAt := f.IssuedAt.UTC().Truncate(time.Second)
	c := claims{
		Issuer: &f.Issuer, ID: strconv.FormatInt(f.ID, 10), IssuedAt: &issuedAt,
		Program:   &programClaim{f.ProgramID, f.ProgramName},
		Signature: string(f.Signature), Order: f.Order,
		Site: f.Codes.Site.String(), Machine: f.Codes.Machine.String(), Code: f.ActivationCode.String(),
		Features: &f.Features,
		Policy:   &policyClaim{Enabled: f.Policy.Enabled, MaxHardwareChanges: f.Policy.MaxHardwareChanges, Changeable: []string{}},
		Seed:     base64.RawURLEncoding.EncodeToString(f.Seed[:]), Note: f.Note,
	}
	for _, l := range f.Policy.Changeable {
		if name := l.String(); !slices.Contains(c.Policy.Changeable, name) {
			c.Policy.Changeable = append(c.Policy.Changeable, name)
		}
	}
	if !f.Expires.IsZero() {
		expires := f.Expires.UTC().Truncate(time.Second)
		c.Expires = &expires
	}
	if !utf8.ValidString(f.Issuer + f.ProgramName + f.Note) {
		return "", fmt.Errorf("%w: a text in it is not UTF-8", ErrFileDamaged)
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("the license file cannot be written: %w", err)
	}
	if _, err := fileFromClaims(body); err != nil {
		return "", err
	}
	foot, err := json.Marshal(footer{k.Public().KeyID()})
	if err != nil {
		return "", fmt.Errorf("the license file cannot be written: %w", err)
	}
	token, err := paseto.NewTokenFromClaimsJSON(body, foot)
	if err != nil {
		return "", fmt.Errorf("the license file cannot be written: %w", err)
	}
	key, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(k.private())
	if err != nil {
		return "", ErrKey
	}
	signed := token.V4Sign(key, []byte(implicitAssertion))
	if len(signed) > MaxFile {
		return "", errFileSize
	}
	return signed, nil
}

var errFileSize = fmt.Errorf("%w: it is larger than %d KiB", ErrFileDamaged, MaxFile>>10)

func stray(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' }

// hasStray reports whether a token may have a stray character: one that is no visible ASCII character.
func hasStray(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return true
		}
	}
	return false
}

// clean strips what an editor or a mail program may have put around or into a token.
func clean(token string) (string, error) {
	if len(token) > MaxFile {
		return "", errFileSize
	}
	token = strings.TrimSpace(token)
	if !hasStray(token) {
		return token, nil
	}
	return strings.Map(func(r rune) rune {
		if stray(r) {
			return -1
		}
		return r
	}, token), nil
}

// strict is the base64 of license files: of one content there is one text.
var strict = base64.RawURLEncoding.Strict()

// envelope is a license file that was opened and not verified.
type envelope struct {
	keyID     string
	footer    []byte
	body      []byte // the claims
	signature []byte
}

// open parses a token that has no stray characters. It fails with ErrFileDamaged.
func open(token string) (e envelope, err error) {
	rest, public := strings.CutPrefix(token, header)
	payload, foot, parts := strings.Cut(rest, ".")
	if !public || !parts || strings.Contains(foot, ".") {
		return envelope{}, ErrFileDamaged
	}
	signed, err := strict.DecodeString(payload)
	if err != nil || len(signed) < ed25519.SignatureSize {
		return envelope{}, ErrFileDamaged
	}
	if e.footer, err = strict.DecodeString(foot); err != nil {
		return envelope{}, ErrFileDamaged
	}
	if e.keyID, err = readFooter(e.footer); err != nil {
		return envelope{}, err
	}
	end := len(signed) - ed25519.SignatureSize
	e.body, e.signature = signed[:end:end], signed[end:]
	return e, nil
}

// openFile parses a license file, which an editor or a mail program may have wrapped. It fails with ErrFileDamaged.
func openFile(token string) (envelope, error) {
	token, err := clean(token)
	if err != nil {
		return envelope{}, err
	}
	return open(token)
}

// readFooter returns the id of the key that a footer names. It fails with ErrFileDamaged.
func readFooter(raw []byte) (keyID string, err error) {
	r := quickjson.Read(string(raw))
	r.Object([]string{"kid"}, func(int) { keyID = r.String() })
	if !r.Done() {
		var f footer
		if json.Unmarshal(raw, &f) != nil {
			return "", ErrFileDamaged
		}
		keyID = f.KeyID
	}
	if !isKeyID(keyID) {
		return "", ErrFileDamaged
	}
	return keyID, nil
}

// Verify reads a license file and checks that it was signed with the program's key. It fails with ErrFileSignature,
// ErrOlderVersion or ErrFileDamaged. It judges neither expiry nor PC.
func (p PublicKey) Verify(token string) (File, error) {
	return VerifyFile(token, func(string) (PublicKey, bool) { return p, true })
}

// VerifyFile is Verify with the key of the id that the license file names. It fails with ErrFileKey when key knows none.
func VerifyFile(token string, key func(id string) (PublicKey, bool)) (File, error) {
	e, err := openFile(token)
	if err != nil {
		return File{}, err
	}
	p, known := key(e.keyID)
	if !known {
		return File{}, ErrFileKey
	}
	if !e.signedBy(p, implicitAssertion) {
		if e.signedBy(p, olderAssertion) {
			return File{}, ErrOlderVersion
		}
		return File{}, ErrFileSignature
	}
	return fileFromClaims(e.body)
}

// header begins a PASETO v4.public token.
const header = "v4.public."

// signedBy reports whether a key signed exactly the claims and the footer that were opened, with an implicit assertion (PASETO,
// version 4, "Verify"). The library makes the tokens. To verify one it would also read all claims, once more than is needed,
// which takes longer than a third of the signature. The tests hold both beside each other.
func (e envelope) signedBy(p PublicKey, assertion string) bool {
	return ed25519.Verify(p[:], e.signed(assertion), e.signature)
}

// signed is what the signature covers: PASETO's pre-authentication encoding of header, claims, footer and assertion.
func (e envelope) signed(assertion string) []byte {
	const pieces = 4
	m := make([]byte, 0, 8*(1+pieces)+len(header)+len(e.body)+len(e.footer)+len(assertion))
	m = binary.LittleEndian.AppendUint64(m, pieces)
	m = append(binary.LittleEndian.AppendUint64(m, uint64(len(header))), header...)
	m = append(binary.LittleEndian.AppendUint64(m, uint64(len(e.body))), e.body...)
	m = append(binary.LittleEndian.AppendUint64(m, uint64(len(e.footer))), e.footer...)
	return append(binary.LittleEndian.AppendUint64(m, uint64(len(assertion))), assertion...)
}

var (
	claimNames   = []string{"code", "exp", "features", "iat", "iss", "jti", "mid", "note", "order", "policy", "program", "seed", "signature", "site"}
	programNames = []string{"id", "name"}
	policyNames  = []string{"enabled", "max_hardware_changes", "changeable"}
)

// quickClaims reads claims as Sign writes them; false leaves them to encoding/json.
func quickClaims(body []byte) (claims, bool) {
	// What claims point to, in one piece of memory.
	var to struct {
		issuer            string
		issuedAt, expires time.Time
		features          uint16
		program           programClaim
		policy            policyClaim
	}
	var c claims
	r := quickjson.Read(string(body))
	r.Object(claimNames, func(i int) {
		switch claimNames[i] {
		case "code":
			c.Code = r.String()
		case "exp":
			to.expires = r.Time()
			c.Expires = &to.expires
		case "features":
			to.features = uint16(r.Int(0, math.MaxUint16))
			c.Features = &to.features
		case "iat":
			to.issuedAt = r.Time()
			c.IssuedAt = &to.issuedAt
		case "iss":
			to.issuer = r.String()
			c.Issuer = &to.issuer
		case "jti":
			c.ID = r.String()
		case "mid":
			c.Machine = r.String()
		case "note":
			c.Note = r.String()
		case "order":
			c.Order = r.Int(math.MinInt64, math.MaxInt64)
		case "policy":
			c.Policy = &to.policy
			r.Object(policyNames, func(i int) {
				switch policyNames[i] {
				case "enabled":
					c.Policy.Enabled = r.Bool()
				case "max_hardware_changes":
					c.Policy.MaxHardwareChanges = int(r.Int(math.MinInt32, math.MaxInt32))
				case "changeable":
					c.Policy.Changeable = make([]string, 0, LockCount)
					r.Array(func() { c.Policy.Changeable = append(c.Policy.Changeable, r.String()) })
				}
			})
		case "program":
			c.Program = &to.program
			r.Object(programNames, func(i int) {
				switch programNames[i] {
				case "id":
					c.Program.ID = r.Int(math.MinInt64, math.MaxInt64)
				case "name":
					c.Program.Name = r.String()
				}
			})
		case "seed":
			c.Seed = r.String()
		case "signature":
			c.Signature = r.String()
		case "site":
			c.Site = r.String()
		}
	})
	return c, r.Done()
}

func fileFromClaims(body []byte) (File, error) {
	damaged := func(what string) (File, error) {
		return File{}, fmt.Errorf("%w: its %s cannot be read", ErrFileDamaged, what)
	}
	c, quick := quickClaims(body)
	if !quick {
		c = claims{}
		if err := json.Unmarshal(body, &c); err != nil {
			var wrongType *json.UnmarshalTypeError
			if errors.As(err, &wrongType) && wrongType.Field != "" {
				return damaged("claim " + wrongType.Field)
			}
			return damaged("content")
		}
	}
	switch {
	case c.Issuer == nil:
		return damaged("server name")
	case c.IssuedAt == nil || c.IssuedAt.IsZero():
		return damaged("date of issue")
	case c.Program == nil || c.Program.ID < 1:
		return damaged("program")
	case c.Order < 1:
		return damaged("order id")
	case c.Features == nil:
		return damaged("features")
	case c.Policy == nil:
		return damaged("locking policy")
	}
	f := File{
		Issuer: *c.Issuer, IssuedAt: c.IssuedAt.UTC(), ProgramID: c.Program.ID, ProgramName: c.Program.Name,
		Order: c.Order, Features: *c.Features, Note: c.Note,
	}
	if c.Expires != nil {
		f.Expires = c.Expires.UTC()
		if f.Expires.IsZero() {
			return damaged("expiry date")
		}
	}
	var err error
	if f.ID, err = strconv.ParseInt(c.ID, 10, 64); err != nil || f.ID < 1 {
		return damaged("license id")
	}
	if f.Signature, err = ParseSignature(c.Signature); err != nil {
		return damaged("application signature")
	}
	// Codes stand in their shown form and no other.
	var codes [12]byte
	if !KindSiteCode.shown(c.Site, codes[:4]) || !KindMachineID.shown(c.Machine, codes[4:]) {
		return damaged("Site code or Machine ID")
	}
	f.Codes = codesFrom(codes)
	if !KindActivationCode.shown(c.Code, f.ActivationCode[:]) {
		return damaged("activation code")
	}
	if f.Policy, err = c.Policy.policy(); err != nil {
		return damaged("locking policy")
	}
	seed, err := strict.DecodeString(c.Seed)
	if err != nil || len(seed) != len(f.Seed) {
		return damaged("removal seed")
	}
	copy(f.Seed[:], seed)
	return f, nil
}

func (c policyClaim) policy() (Policy, error) {
	p := Policy{Enabled: c.Enabled, MaxHardwareChanges: c.MaxHardwareChanges}
	if len(c.Changeable) > 0 {
		p.Changeable = make([]Lock, 0, LockCount)
	}
	if p.MaxHardwareChanges < 0 || p.MaxHardwareChanges > LockCount {
		return Policy{}, ErrFileDamaged
	}
	for _, name := range c.Changeable {
		l, err := ParseLock(name)
		if err != nil || p.changeable(l) {
			return Policy{}, ErrFileDamaged
		}
		p.Changeable = append(p.Changeable, l)
	}
	return p, nil
}

// FileKeyID returns the id of the key that a license file claims to be signed with, unverified. It fails with
// ErrFileDamaged.
func FileKeyID(token string) (string, error) {
	e, err := openFile(token)
	return e.keyID, err
}

// UnverifiedFile returns what a license file claims before anyone has checked its signature: to show it, and to find the
// key that verifies it. Never rely on it. It fails with ErrFileDamaged.
func UnverifiedFile(token string) (File, error) {
	e, err := openFile(token)
	if err != nil {
		return File{}, err
	}
	return fileFromClaims(e.body)
}

// isKeyID reports whether an unverified key id is short and plain enough to be looked up and shown.
func isKeyID(id string) bool {
	const longest = 128
	return id != "" && len(id) <= longest && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '.' || r == '_' || r == '-')
	})
}

// FileName returns the name of a license file, "<program>-<license id>.acen": the program's name in lower case,
// letters and digits of any language kept, everything else a dash.
func FileName(program string, id int64) string {
	const longest = 60
	var b strings.Builder
	for _, r := range strings.ToLower(program) {
		switch {
		case b.Len() >= longest:
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && b.Len() > 0:
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
