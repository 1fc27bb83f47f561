package license

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// olderAssertion is the implicit assertion of the scheme acen/v1, which only trial versions used.
const olderAssertion = "acen/v1 license"

// MaxFile is the maximum length of a license file in bytes.
const MaxFile = 64 << 10

// Errors of license files.
var (
	// ErrFileDamaged is returned for a text that is not a license file, or whose claims cannot be read.
	ErrFileDamaged = errors.New("this is not a license file, or it is damaged")
	// ErrFileSignature is returned for a license file that was not signed with the program's key.
	ErrFileSignature = errors.New("the license file was not signed with this program's key")
	// ErrFileKey is returned for a license file that names an unknown key. It wraps ErrFileSignature.
	ErrFileKey = fmt.Errorf("%w: it names another key", ErrFileSignature)
	// ErrOlderVersion is returned for a license file of the scheme acen/v1 that was signed with the program's key. The
	// vendor made it, but no program accepts it. It wraps ErrFileSignature.
	ErrOlderVersion error = olderVersion{}
)

// files is the kind of license files (spec: codes "License file").
var files = tokenKind{
	assertion: "acen/v2 license",
	max:       MaxFile,
	damaged:   ErrFileDamaged,
	signature: ErrFileSignature,
	key:       ErrFileKey,
}

type olderVersion struct{}

func (olderVersion) Error() string { return "the license file was made by an older trial version" }

func (olderVersion) Unwrap() error { return ErrFileSignature }

// File is the content of a license file.
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

type programClaim struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type policyClaim struct {
	Enabled            bool     `json:"enabled"`
	MaxHardwareChanges int      `json:"max_hardware_changes"`
	Changeable         []string `json:"changeable"`
}

// claims are the claims of a license file in the token. A pointer distinguishes a missing claim from an empty one.
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

// Sign returns the license file: a PASETO v4.public token, with times in whole seconds. It fails with ErrFileDamaged
// for content that Verify refuses.
func (k SigningKey) Sign(f File) (string, error) {
	issuedAt := f.IssuedAt.UTC().Truncate(time.Second)
	c := claims{
		Issuer:    &f.Issuer,
		ID:        strconv.FormatInt(f.ID, 10),
		IssuedAt:  &issuedAt,
		Program:   &programClaim{f.ProgramID, f.ProgramName},
		Signature: string(f.Signature),
		Order:     f.Order,
		Site:      f.Codes.Site.String(),
		Machine:   f.Codes.Machine.String(),
		Code:      f.ActivationCode.String(),
		Features:  &f.Features,
		Policy: &policyClaim{
			Enabled:            f.Policy.Enabled,
			MaxHardwareChanges: f.Policy.MaxHardwareChanges,
			Changeable:         []string{},
		},
		Seed: base64.RawURLEncoding.EncodeToString(f.Seed.bytes()),
		Note: f.Note,
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
	return files.sign(k, json.RawMessage(body))
}

// isPadding reports whether an editor or a mail program may have added a character to a token.
func isPadding(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' }

// clean strips white space and invisible characters, which editors and mail programs add to a token. It fails with
// ErrFileDamaged for a token that is too long.
func clean(token string) (string, error) {
	if len(token) > MaxFile {
		return "", files.tooLarge()
	}
	token = strings.TrimSpace(token)
	if !hasInvisible(token) {
		return token, nil
	}
	return strings.Map(func(r rune) rune {
		if isPadding(r) {
			return -1
		}
		return r
	}, token), nil
}

// openFile parses a license file, which an editor or a mail program may have wrapped. It fails with ErrFileDamaged.
func openFile(text string) (token, error) {
	text, err := clean(text)
	if err != nil {
		return token{}, err
	}
	return open(text)
}

// Verify verifies and parses a license file. It fails with ErrFileSignature, ErrOlderVersion or ErrFileDamaged. It
// checks neither expiry nor PC.
func (p PublicKey) Verify(token string) (File, error) {
	return VerifyFile(token, func(string) (PublicKey, bool) { return p, true })
}

// VerifyFile is like Verify, with the key that key returns for the key ID of the license file. It fails with
// ErrFileKey if key returns false.
func VerifyFile(token string, key func(id string) (PublicKey, bool)) (File, error) {
	t, err := openFile(token)
	if err != nil {
		return File{}, err
	}
	p, err := files.verify(t, key)
	switch {
	case errors.Is(err, ErrFileKey):
		return File{}, err
	case err != nil && t.signedBy(p, olderAssertion):
		return File{}, ErrOlderVersion
	case err != nil:
		return File{}, err
	}
	return fileFromClaims(t.claims)
}

// fileFromClaims decodes and checks the claims. It fails with ErrFileDamaged.
func fileFromClaims(body []byte) (File, error) {
	damaged := func(what string) (File, error) {
		return File{}, fmt.Errorf("%w: its %s cannot be read", ErrFileDamaged, what)
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) && wrongType.Field != "" {
			return damaged("claim " + wrongType.Field)
		}
		return damaged("content")
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
		Issuer:      *c.Issuer,
		IssuedAt:    c.IssuedAt.UTC(),
		ProgramID:   c.Program.ID,
		ProgramName: c.Program.Name,
		Order:       c.Order,
		Features:    *c.Features,
		Note:        c.Note,
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
	// Codes must be in their shown form.
	var codes [12]byte
	if !KindSiteCode.decodeShown(c.Site, codes[:4]) || !KindMachineID.decodeShown(c.Machine, codes[4:]) {
		return damaged("Site code or Machine ID")
	}
	f.Codes = codesFrom(codes)
	if !KindActivationCode.decodeShown(c.Code, f.ActivationCode[:]) {
		return damaged("activation code")
	}
	if f.Policy, err = c.Policy.policy(); err != nil {
		return damaged("locking policy")
	}
	seed, err := strict.DecodeString(c.Seed)
	if err != nil || len(seed) != len(f.Seed.Reveal()) {
		return damaged("removal seed")
	}
	f.Seed = NewRemovalSeed([16]byte(seed))
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
	t, err := openFile(token)
	return t.keyID, err
}

// UnverifiedFile returns the content of a license file without verification, for display and to find the key that
// verifies it. Do not rely on it. It fails with ErrFileDamaged.
func UnverifiedFile(token string) (File, error) {
	t, err := openFile(token)
	if err != nil {
		return File{}, err
	}
	return fileFromClaims(t.claims)
}

// FileName returns the name of a license file, "<program>-<license id>.acen": the program's name in lower case with
// letters and digits of any language, and dashes for everything else.
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
