package license

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

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

var receipts = tokenKind{
	assertion: "acen/v2 receipt",
	max:       MaxReceipt,
	damaged:   ErrReceiptDamaged,
	signature: ErrReceiptSignature,
	key:       ErrReceiptKey,
}

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

// Receipt states that the server took a license from a PC (spec: api "Receipts"). The removal code may be deleted once
// the receipt is verified.
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
	return receipts.sign(k, c)
}

// VerifyReceipt verifies a receipt with the key that key returns for the id in the receipt, and returns its content. It
// fails with ErrReceiptKey if key returns false, with ErrReceiptSignature or with ErrReceiptDamaged. It does not check
// IssuedAt against a clock. The encoding is canonical: VerifyReceipt refuses white space, padding and other spellings
// of the base64 text and the footer.
func VerifyReceipt(token string, key func(id string) (PublicKey, bool)) (Receipt, error) {
	s, err := receipts.statement(token, key)
	if err != nil {
		return Receipt{}, err
	}
	c := receiptClaims{
		ID:       s.text("jti"),
		Site:     s.text("site"),
		Task:     s.text("task"),
		IssuedAt: s.text("iat"),
		Epoch:    s.text("epoch"),
	}
	if s.err != nil {
		return Receipt{}, s.err
	}
	return c.receipt()
}

// receipt parses the claims. It accepts each in its shown form only.
func (c receiptClaims) receipt() (Receipt, error) {
	r := Receipt{Task: ReceiptTask(c.Task), Epoch: c.Epoch}
	var err error
	if r.LicenseID, err = parseID(c.ID); err != nil {
		return Receipt{}, receipts.unreadable("license id")
	}
	if r.Site, err = parseSite(c.Site); err != nil {
		return Receipt{}, receipts.unreadable("Site code")
	}
	if !r.Task.valid() {
		return Receipt{}, receipts.unreadable("task")
	}
	if r.IssuedAt, err = parseMoment(c.IssuedAt); err != nil {
		return Receipt{}, receipts.unreadable("date of issue")
	}
	if _, ok := decodeBytes(c.Epoch, epochSize); !ok {
		return Receipt{}, receipts.unreadable("epoch")
	}
	return r, nil
}
