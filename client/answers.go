package client

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/go-resty/resty/v2"

	"github.com/acen-desktop/acen/api"
)

// An answer is accepted only if it has the status of the call, is complete, and matches the request. Anything else is a
// *NetworkError of kind NotACEN, which leaves the outcome of the call unknown. There is one check function for each
// kind of answer. They require no field that the server may omit, and accept enumeration values that this version does
// not know.

// reader reads the body of an answer. Its errors contain no secret.
type reader func(*resty.Response) error

// into returns a reader that stores a JSON answer in out if check accepts it.
func into[T any](out *T, check func(T) error) reader {
	return func(r *resty.Response) error {
		if err := checkMediaType(r, "application/json"); err != nil {
			return err
		}
		var answer T
		if err := json.Unmarshal(r.Body(), &answer); err != nil {
			return err
		}
		if err := check(answer); err != nil {
			return err
		}
		*out = answer
		return nil
	}
}

// empty is the reader of an answer without a body.
func empty(r *resty.Response) error {
	return check(rule{len(r.Body()) == 0, "has an unexpected body"})
}

func checkMediaType(r *resty.Response, want string) error {
	contentType := r.Header().Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType) // "" for a malformed one
	return check(rule{mediaType == want, fmt.Sprintf("has content type %q", contentType)})
}

// rule is a condition on an answer. The fault completes the sentence "the answer …".
type rule struct {
	ok    bool
	fault string
}

// check returns an error for the first rule that is not met.
func check(rules ...rule) error {
	for _, r := range rules {
		if !r.ok {
			return fmt.Errorf("the answer %s", r.fault)
		}
	}
	return nil
}

// maxToken is the maximum length of a session token in bytes; the server accepts no longer one.
const maxToken = 200

// isToken reports whether s can be sent as a bearer token.
func isToken(s string) bool {
	return s != "" && len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func checkServer(s api.Server) error {
	return check(
		rule{s.Name != "", "has no server name"},
		rule{s.Version != "", "has no server version"},
		rule{!s.Time.IsZero(), "has no server time"},
	)
}

func checkSession(s api.Session) error {
	if err := checkClient(s.Client); err != nil {
		return err
	}
	return check(
		rule{isToken(s.AccessToken), "has no access token"},
		rule{isToken(s.RefreshToken), "has no refresh token"},
		rule{!s.ExpiresAt.IsZero(), "has no end of the access token"},
		rule{!s.RefreshExpiresAt.IsZero(), "has no end of the refresh token"},
	)
}

func checkClient(c api.Client) error {
	return check(
		rule{c.ID > 0, "has no client id"},
		rule{c.Username != "", "has no user name"},
	)
}

// pngHead is the signature of PNG files.
const pngHead = "\x89PNG\r\n\x1a\n"

func checkVerification(v api.Verification) error {
	return check(
		rule{v.ID != "", "has no verification id"},
		rule{strings.HasPrefix(string(v.Image), pngHead), "has no picture"},
		rule{!v.ExpiresAt.IsZero(), "has no end of the verification number"},
	)
}

func checkAccount(a api.Account) error {
	return check(rule{a.Username != "", "has no user name"})
}

func checkPrograms(list api.ProgramList) error {
	if err := check(rule{list.Programs != nil, "has no list of programs"}); err != nil {
		return err
	}
	seen := ids{}
	for _, p := range list.Programs {
		if err := checkProgram(p, seen); err != nil {
			return err
		}
	}
	return nil
}

func checkProgram(p api.Program, seen ids) error {
	if err := check(
		rule{p.ID > 0, "has a program without id"},
		rule{seen.add(p.ID), "has a program twice"},
		rule{p.Name != "", "has a program without name"},
	); err != nil || !p.RequiresActivation {
		return err
	}
	return check(
		rule{isPublicKey(p.PublicKey), "has a program without public key"},
		rule{!slices.ContainsFunc(p.FormerKeys, isNotPublicKey), "has a malformed former key"},
		rule{isSignature(p.ApplicationSignature), "has a program without application signature"},
	)
}

// isPublicKey reports whether s is an Ed25519 public key in hex.
func isPublicKey(s string) bool {
	key, err := hex.DecodeString(s)
	return err == nil && len(key) == 32
}

func isNotPublicKey(s string) bool { return !isPublicKey(s) }

// isSignature reports whether s is an application signature (spec: codes "Keys of a program").
func isSignature(s string) bool {
	return len(s) >= 6 && len(s) <= 10 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// ids is the set of row ids of a list, over all its pages.
type ids map[int64]bool

// add reports whether id is new.
func (seen ids) add(id int64) bool {
	defer func() { seen[id] = true }()
	return !seen[id]
}

func checkOrders(list api.OrderList, seen ids) error {
	if err := check(rule{list.Orders != nil, "has no list of orders"}); err != nil {
		return err
	}
	for _, o := range list.Orders {
		if err := checkOrder(o); err != nil {
			return err
		}
		if err := check(rule{seen.add(o.ID), "has an order twice"}); err != nil {
			return err
		}
	}
	return nil
}

func checkOrder(o api.Order) error {
	return check(
		rule{o.ID > 0, "has no order id"},
		rule{o.ProgramID > 0, "has no program id of the order"},
	)
}

// checkNewOrder checks the order of a serial number.
func checkNewOrder(o api.Order, r api.NewOrder) error {
	if err := checkOrder(o); err != nil {
		return err
	}
	return check(
		rule{r.ProgramID == 0 || o.ProgramID == r.ProgramID, "is about another program"},
		rule{plainSerial(o.SerialNumber) == plainSerial(r.SerialNumber), "is about another serial number"},
	)
}

// plainSerial returns a serial number in upper case without separators, and with 0 and 1 for the letters that are read
// as digits (spec: codes "Reading what people type").
func plainSerial(serial string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'O':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z':
			return r
		}
		return -1
	}, strings.ToUpper(serial))
}

func checkHistory(list api.HistoryList) error {
	if err := check(rule{list.History != nil, "has no history"}); err != nil {
		return err
	}
	for _, e := range list.History {
		if err := check(
			rule{!e.Time.IsZero(), "has no time of an event"},
			rule{e.Task != "", "has no task of an event"},
			rule{e.Outcome != "", "has no outcome of an event"},
		); err != nil {
			return err
		}
	}
	return nil
}

// checkLicenses checks one page of the licenses of an order.
func checkLicenses(list api.LicenseList, order int64, seen ids) error {
	if err := check(rule{list.Licenses != nil, "has no list of licenses"}); err != nil {
		return err
	}
	for _, l := range list.Licenses {
		if err := checkLicense(l); err != nil {
			return err
		}
		if err := check(
			rule{l.OrderID == order, "has a license of another order"},
			rule{seen.add(l.ID), "has a license twice"},
		); err != nil {
			return err
		}
	}
	return nil
}

// checkLicense checks the fields that every license has.
func checkLicense(l api.License) error {
	return check(
		rule{l.ID > 0, "has no license id"},
		rule{l.OrderID > 0, "has no order id of the license"},
		rule{l.OriginalLicenseID > 0, "has no original license id"},
		rule{l.SiteCode != "", "has no Site code"},
		rule{l.MachineID != "", "has no Machine ID"},
		rule{l.ActivationCode != "", "has no activation code"},
		rule{l.Status != "", "has no status of the license"},
	)
}

// checkNewLicense checks the new license of a PC. It does not compare the order: a PC that has a license already gets
// that one, which may belong to another order (spec: api 2).
func checkNewLicense(l api.License, pc api.PCCodes) error {
	if err := checkLicense(l); err != nil {
		return err
	}
	return check(
		rule{l.Status == api.StatusActive, "has a license that is not active"},
		rule{hasCodes(l, pc), "has a license of another PC"},
	)
}

// hasCodes reports whether a license has the codes of a request, in either form of the request.
func hasCodes(l api.License, pc api.PCCodes) bool {
	site, machine := plainCode(l.SiteCode), plainCode(l.MachineID)
	if pc.SiteMID != "" {
		return plainCode(pc.SiteMID) == site+machine
	}
	return plainCode(pc.SiteCode) == site && plainCode(pc.MachineID) == machine
}

// plainCode returns a code in upper case without separators.
func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
}

// checkTransfer checks the license that replaced the license old.
func checkTransfer(l api.LicenseReceipt, old int64, pc api.PCCodes) error {
	if err := checkNewLicense(l.License, pc); err != nil {
		return err
	}
	return check(
		rule{l.ID != old, "has the old license"},
		rule{isReceipt(l.Receipt), "has no receipt"},
	)
}

// checkRelease checks a license that was released for another PC.
func checkRelease(l api.LicenseReceipt, id int64) error {
	if err := checkLicenseID(l.License, id); err != nil {
		return err
	}
	return check(
		rule{l.Status == api.StatusActive, "has a license that is not active"},
		rule{l.ReleasedAt != nil && !l.ReleasedAt.IsZero(), "has no time of the release"},
		rule{isReceipt(l.Receipt), "has no receipt"},
	)
}

// checkLicenseID checks that a license is the requested one.
func checkLicenseID(l api.License, id int64) error {
	if err := checkLicense(l); err != nil {
		return err
	}
	return check(rule{l.ID == id, "is about another license"})
}

// checkRemoval checks the order of a removed license, and the receipt.
func checkRemoval(o api.OrderReceipt) error {
	if err := checkOrder(o.Order); err != nil {
		return err
	}
	return check(rule{isReceipt(o.Receipt), "has no receipt"})
}

// maxReceipt is the maximum length of a receipt in bytes.
const maxReceipt = 2 << 10

// isReceipt reports whether s has the form of a receipt. The caller verifies it with the program's key.
func isReceipt(s string) bool {
	const head = "v4.public."
	return len(s) > len(head) && len(s) <= maxReceipt && strings.HasPrefix(s, head) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func checkPreview(p api.EmailPreview) error {
	return check(rule{p.To != nil, "has no list of addresses"})
}

func checkComparison(c api.Comparison) error {
	return check(
		rule{len(c.Locks) > 0, "has no list of locks"},
		rule{c.Verdict != "", "has no verdict"},
	)
}

// checkFile checks that there is a license file. The caller verifies its signature.
func checkFile(content string) error {
	return check(rule{strings.TrimSpace(content) != "", "has no license file"})
}

// epochSize is the length of an epoch in bytes.
const epochSize = 16

// reportEpoch calls OnEpoch with the epoch of an answer, if it has a valid one.
func (c *Client) reportEpoch(r *resty.Response) {
	epoch := r.Header().Get(api.Epoch)
	if raw, err := base64.RawURLEncoding.DecodeString(epoch); err == nil && len(raw) == epochSize {
		c.options.OnEpoch(epoch)
	}
}
