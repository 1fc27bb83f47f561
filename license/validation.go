package license

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// MaxValidation is the maximum length of a validation answer in bytes: it may contain a license file.
const MaxValidation = 2*MaxFile + 2<<10

// Errors of validation answers.
var (
	// ErrValidationDamaged is returned for a text that is not a validation answer, or whose claims cannot be read.
	ErrValidationDamaged = errors.New("this is not a validation answer, or it is damaged")
	// ErrValidationSignature is returned for an answer that was not signed with the program's key.
	ErrValidationSignature = errors.New("the validation answer was not signed with this program's key")
	// ErrValidationKey is returned for an answer that names an unknown key. It wraps ErrValidationSignature.
	ErrValidationKey = fmt.Errorf("%w: it names another key", ErrValidationSignature)
	// ErrValidationNonce is returned for the answer to another question, such as a replayed one.
	ErrValidationNonce = errors.New("the validation answer belongs to another question")
)

var validations = tokenKind{
	assertion: "acen/v2 validation",
	max:       MaxValidation,
	damaged:   ErrValidationDamaged,
	signature: ErrValidationSignature,
	key:       ErrValidationKey,
}

// Nonce is 16 random bytes that bind a validation answer to its question.
type Nonce [16]byte

// NewNonce reads a nonce from a source of randomness.
func NewNonce(random io.Reader) (Nonce, error) {
	var n Nonce
	if _, err := io.ReadFull(random, n[:]); err != nil {
		return Nonce{}, fmt.Errorf("read randomness for a nonce: %w", err)
	}
	return n, nil
}

// ParseNonce parses the form that String returns, and no other spelling.
func ParseNonce(text string) (Nonce, error) {
	b, ok := decodeBytes(text, len(Nonce{}))
	if !ok {
		return Nonce{}, errors.New("a nonce is 16 bytes in base64url without padding")
	}
	return Nonce(b), nil
}

// String returns the nonce in base64url without padding, 22 characters.
func (n Nonce) String() string { return base64.RawURLEncoding.EncodeToString(n[:]) }

// ValidationState is the state of a license at the server. A program runs only while it is StateActive; any other
// value, even an unknown one of a newer server, means that the license has left this PC or has ended.
type ValidationState string

// The states in the answers of this version's servers.
const (
	StateActive      ValidationState = "Active"
	StateReleased    ValidationState = "Released" // waits for a PC
	StateRemoved     ValidationState = "Removed"
	StateReactivated ValidationState = "Reactivated"
	StateTransferred ValidationState = "Transferred"
	StateReplaced    ValidationState = "Replaced"
	StateLost        ValidationState = "Lost"
	StateUnknown     ValidationState = "Unknown"
)

// Validation is the server's answer to a program that asks about its license (spec: codes "Validation answer").
type Validation struct {
	LicenseID int64
	Site      SiteCode
	Nonce     Nonce     // of the question
	IssuedAt  time.Time // in whole seconds
	State     ValidationState
	Features  uint16    // those of the license at the server; package protect takes them from the license file
	Ends      time.Time // last moment of validity, in whole seconds; zero when the license never ends
	File      string    // the current license file if the program has another one, not verified; else ""
}

// validationClaims are the claims of a validation answer in the token.
type validationClaims struct {
	ID       string `json:"jti"`
	Site     string `json:"site"`
	Nonce    string `json:"nonce"`
	IssuedAt string `json:"iat"`
	State    string `json:"state"`
	Features uint16 `json:"features"`
	Ends     string `json:"ends,omitempty"`
	File     string `json:"file,omitempty"`
}

// SignValidation returns the answer as a PASETO v4.public token. It fails with ErrValidationDamaged if
// VerifyValidation would refuse the content.
func (k SigningKey) SignValidation(v Validation) (string, error) {
	c := validationClaims{
		ID:       strconv.FormatInt(v.LicenseID, 10),
		Site:     v.Site.String(),
		Nonce:    v.Nonce.String(),
		IssuedAt: v.IssuedAt.UTC().Format(time.RFC3339),
		State:    string(v.State),
		Features: v.Features,
		File:     v.File,
	}
	if !v.Ends.IsZero() {
		c.Ends = v.Ends.UTC().Format(time.RFC3339)
	}
	if _, err := c.validation(); err != nil {
		return "", err
	}
	return validations.sign(k, c)
}

// VerifyValidation verifies the answer to the question with a nonce, with the key that key returns for the id in the
// answer, and returns its content. It fails with ErrValidationKey if key returns false, and with
// ErrValidationSignature, ErrValidationDamaged or ErrValidationNonce. The nonce proves that the answer is fresh;
// VerifyValidation compares no time with a clock. The caller must compare license and Site code with its own.
func VerifyValidation(token string, nonce Nonce, key func(id string) (PublicKey, bool)) (Validation, error) {
	s, err := validations.statement(token, key)
	if err != nil {
		return Validation{}, err
	}
	c := validationClaims{
		ID:       s.text("jti"),
		Site:     s.text("site"),
		Nonce:    s.text("nonce"),
		IssuedAt: s.text("iat"),
		State:    s.text("state"),
		Features: s.uint16("features"),
		Ends:     s.optionalText("ends"),
		File:     s.optionalText("file"),
	}
	if s.err != nil {
		return Validation{}, s.err
	}
	v, err := c.validation()
	switch {
	case err != nil:
		return Validation{}, err
	case v.Nonce != nonce:
		return Validation{}, ErrValidationNonce
	}
	return v, nil
}

// validation parses the claims. It accepts each in its shown form only.
func (c validationClaims) validation() (Validation, error) {
	v := Validation{State: ValidationState(c.State), Features: c.Features, File: c.File}
	var err error
	if v.LicenseID, err = parseID(c.ID); err != nil {
		return Validation{}, validations.unreadable("license id")
	}
	if v.Site, err = parseSite(c.Site); err != nil {
		return Validation{}, validations.unreadable("Site code")
	}
	if v.Nonce, err = ParseNonce(c.Nonce); err != nil {
		return Validation{}, validations.unreadable("nonce")
	}
	if v.IssuedAt, err = parseMoment(c.IssuedAt); err != nil {
		return Validation{}, validations.unreadable("date of issue")
	}
	if c.State == "" {
		return Validation{}, validations.unreadable("state")
	}
	if c.Ends != "" {
		if v.Ends, err = parseMoment(c.Ends); err != nil {
			return Validation{}, validations.unreadable("end")
		}
	}
	return v, nil
}
