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

// receiptAssertion is the implicit assertion of receipts. It keeps other tokens of the program's key from being
// accepted as receipts.
const receiptAssertion = "acen/v2 receipt"

// MaxReceipt is the maximum length of a receipt in bytes.
const MaxReceipt = 2 << 10

// epochSize is the size of an epoch in bytes.
const epochSize = 16

// Errors of receipts.
var (
	// ErrReceiptDamaged is returned for a text that is not a receipt, or whose claims cannot be read.
	ErrReceiptDamaged = errors.New("this is not a receipt, or it is damaged")
	// ErrReceiptSignature is returned for a receipt that was not signed with the program's key.
	ErrReceiptSignature = errors.New("the receipt was not signed with this program's key")
	// ErrReceiptKey is returned for a receipt that names an unknown key. It wraps ErrReceiptSignature.
	ErrReceiptKey = fmt.Errorf("%w: it names another key", ErrReceiptSignature)
)

// ReceiptTask is the task that took a license from a PC.
type ReceiptTask string

// The tasks that are answered with a receipt.
const (
	ReceiptRemoval  ReceiptTask = "removal"
	ReceiptRelease  ReceiptTask = "release"
	ReceiptTransfer ReceiptTask = "transfer"
)

func (t ReceiptTask) valid() bool {
	return t == ReceiptRemoval || t == ReceiptRelease || t == ReceiptTransfer
}

// Receipt states that the server took a license from a PC (spec: codes, "Validation answer"; api, "receipt"). The
// removal code may be deleted once the receipt is verified.
type Receipt struct {
	LicenseID int64    // the license that left the PC
	Site      SiteCode // the Site code of that license
	Task      ReceiptTask
	IssuedAt  time.Time // in whole seconds
	Epoch     string    // the epoch of the server's data: 16 bytes, base64url without padding
}

// receiptClaims are the claims of a receipt in the token.
type receiptClaims struct {
	ID       string `json:"jti"`
	Site     string `json:"site"`
	Task     string `json:"task"`
	IssuedAt string `json:"iat"`
	Epoch    string `json:"epoch"`
}

// SignReceipt returns the receipt as a PASETO v4.public token. It fails with ErrReceiptDamaged if VerifyReceipt would
// refuse the content.
func (k SigningKey) SignReceipt(r Receipt) (string, error) {
	c := receiptClaims{
		ID:       strconv.FormatInt(r.LicenseID, 10),
		Site:     r.Site.String(),
		Task:     string(r.Task),
		IssuedAt: r.IssuedAt.UTC().Format(time.RFC3339),
		Epoch:    r.Epoch,
	}
	if _, err := c.receipt(); err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write receipt: %w", err)
	}
	foot, err := json.Marshal(footer{k.Public().KeyID()})
	if err != nil {
		return "", fmt.Errorf("write receipt: %w", err)
	}
	token, err := paseto.NewTokenFromClaimsJSON(body, foot)
	if err != nil {
		return "", fmt.Errorf("write receipt: %w", err)
	}
	key, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(k.private())
	if err != nil {
		return "", ErrKey
	}
	return token.V4Sign(key, []byte(receiptAssertion)), nil
}

// VerifyReceipt verifies a receipt with the program's key and returns its content. It fails with ErrReceiptKey,
// ErrReceiptSignature or ErrReceiptDamaged. It does not check IssuedAt against a clock.
func (p PublicKey) VerifyReceipt(token string) (Receipt, error) {
	return VerifyReceipt(token, func(id string) (PublicKey, bool) { return p, id == p.KeyID() })
}

// VerifyReceipt is PublicKey.VerifyReceipt with the key that key returns for the id in the receipt. It fails with
// ErrReceiptKey if key returns false. The encoding is canonical: VerifyReceipt refuses white space, padding and other
// spellings of the base64 text and the footer.
func VerifyReceipt(token string, key func(id string) (PublicKey, bool)) (Receipt, error) {
	if len(token) > MaxReceipt {
		return Receipt{}, fmt.Errorf("%w: it is larger than %d KiB", ErrReceiptDamaged, MaxReceipt>>10)
	}
	if hasStray(token) {
		return Receipt{}, ErrReceiptDamaged
	}
	e, err := open(token)
	if err != nil || string(e.footer) != `{"kid":"`+e.keyID+`"}` {
		return Receipt{}, ErrReceiptDamaged
	}
	p, known := key(e.keyID)
	if !known {
		return Receipt{}, ErrReceiptKey
	}
	public, err := paseto.NewV4AsymmetricPublicKeyFromBytes(p[:])
	if err != nil {
		return Receipt{}, ErrKey
	}
	parser := paseto.NewParserWithoutExpiryCheck()
	verified, err := parser.ParseV4Public(public, token, []byte(receiptAssertion))
	if err != nil {
		return Receipt{}, ErrReceiptSignature
	}
	var c receiptClaims
	for _, claim := range []struct {
		name string
		text *string
	}{{"jti", &c.ID}, {"site", &c.Site}, {"task", &c.Task}, {"iat", &c.IssuedAt}, {"epoch", &c.Epoch}} {
		if *claim.text, err = verified.GetString(claim.name); err != nil {
			return Receipt{}, fmt.Errorf("%w: its claim %s cannot be read", ErrReceiptDamaged, claim.name)
		}
	}
	return c.receipt()
}

// receipt parses the claims. It accepts each in its shown form only.
func (c receiptClaims) receipt() (Receipt, error) {
	damaged := func(what string) (Receipt, error) {
		return Receipt{}, fmt.Errorf("%w: its %s cannot be read", ErrReceiptDamaged, what)
	}
	r := Receipt{Task: ReceiptTask(c.Task), Epoch: c.Epoch}
	var err error
	r.LicenseID, err = strconv.ParseInt(c.ID, 10, 64)
	if err != nil || r.LicenseID < 1 || strconv.FormatInt(r.LicenseID, 10) != c.ID {
		return damaged("license id")
	}
	var site [4]byte
	if !KindSiteCode.shown(c.Site, site[:]) {
		return damaged("Site code")
	}
	r.Site = SiteCode(binary.BigEndian.Uint32(site[:]))
	if !r.Task.valid() {
		return damaged("task")
	}
	r.IssuedAt, err = time.Parse(time.RFC3339, c.IssuedAt)
	if err != nil || r.IssuedAt.IsZero() || r.IssuedAt.UTC().Format(time.RFC3339) != c.IssuedAt {
		return damaged("date of issue")
	}
	r.IssuedAt = r.IssuedAt.UTC()
	if !isEpoch(c.Epoch) {
		return damaged("epoch")
	}
	return r, nil
}

// isEpoch reports whether text is an epoch. It compares the length because package base64 skips line breaks.
func isEpoch(text string) bool {
	epoch, err := strict.DecodeString(text)
	return err == nil && len(epoch) == epochSize && len(text) == strict.EncodedLen(epochSize)
}
