package carry

import (
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/license"
)

// Errors for documents, links and pictures. All but ErrDamaged are complete sentences without a full stop.
var (
	// ErrUnknown is returned for data that are not a document.
	ErrUnknown = errors.New("this is neither a request nor an answer nor a license file")
	// ErrTooLarge is returned for data that exceed a limit of this package.
	ErrTooLarge = errors.New("this is too large to be a request, an answer or a license file")
	// ErrNewer is returned for a document of a later version.
	ErrNewer = errors.New("this was made by a newer version of the app; update the app on this PC to read it")
	// ErrDamaged is matched by every DocumentError.
	ErrDamaged = errors.New("damaged")
	// ErrOtherRequest is returned by Answer.CheckRequest for an answer to another request.
	ErrOtherRequest = errors.New("this answer belongs to another request")
	// ErrTooManyPictures is returned for a document that needs more than MaxParts pictures.
	ErrTooManyPictures = errors.New("this is too much for pictures; save it as a file")
)

// DocumentError is an error in a document and its position.
type DocumentError struct {
	Kind Kind
	// Item is the number of the item or result, from 1; 0 for the document as a whole.
	Item int
	// Problem is a sentence without a full stop.
	Problem string
	// Err is the cause from another package, such as license.ErrMismatch; it may be nil.
	Err error
}

// Error returns one sentence.
func (f *DocumentError) Error() string {
	what := map[Kind]string{KindRequest: "the request", KindAnswer: "the answer", KindLicense: "the license file"}[f.Kind]
	if f.Item > 0 {
		what = fmt.Sprintf("program %d of %s", f.Item, what)
	}
	return fmt.Sprintf("%s cannot be used: %s", what, f.Problem)
}

// Is reports true for ErrDamaged.
func (f *DocumentError) Is(target error) bool { return target == ErrDamaged }

// Unwrap returns the cause.
func (f *DocumentError) Unwrap() error { return f.Err }

// idLength is for 50 bits, in a form that license.Find does not mistake for a code.
const idLength = 10

// NewID returns a random request ID: ten of the letters A to Z and 2 to 7.
func NewID(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("there is no randomness for a request: %w", err)
	}
	return base32.StdEncoding.EncodeToString(b[:])[:idLength], nil
}

func isID(id string) bool {
	return len(id) == idLength && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= '2' && r <= '7')
	})
}

// visible reports whether a character is allowed in a name or a note: it is printed and does not reorder others.
func visible(r rune) bool {
	return r != utf8.RuneError && unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Clean makes a text valid as a name or a note: it removes invisible characters, normalizes white space to single
// spaces, and cuts the rest at a number of code points.
func Clean(text string, longest int) string {
	var b strings.Builder
	count := 0
	for _, word := range strings.Fields(text) {
		if count > 0 && count < longest {
			b.WriteByte(' ')
			count++
		}
		for _, r := range word {
			if visible(r) && count < longest {
				b.WriteRune(r)
				count++
			}
		}
	}
	return strings.TrimSpace(b.String())
}

// checker records the first fault of a document.
type checker struct {
	kind  Kind
	item  int
	fault *DocumentError
}

func (c *checker) fail(err error, format string, args ...any) {
	if c.fault == nil {
		c.fault = &DocumentError{Kind: c.kind, Item: c.item, Problem: fmt.Sprintf(format, args...), Err: err}
	}
}

func (c *checker) err() error {
	if c.fault == nil {
		return nil
	}
	return c.fault
}

func (c *checker) text(name, text string, longest int) {
	switch {
	case !utf8.ValidString(text):
		c.fail(nil, "its %s is not UTF-8", name)
	case utf8.RuneCountInString(text) > longest:
		c.fail(nil, "its %s is longer than %d characters", name, longest)
	case strings.ContainsFunc(text, func(r rune) bool { return !visible(r) }):
		c.fail(nil, "its %s holds an invisible character", name)
	case strings.TrimSpace(text) != text:
		c.fail(nil, "its %s begins or ends with a space", name)
	}
}

func (c *checker) head(id string, madeAt time.Time, count int, things string) {
	if !isID(id) {
		c.fail(nil, "it has no id of a request")
	}
	if madeAt.Year() < 2000 || madeAt.Year() > 9999 {
		c.fail(nil, "it has no date")
	}
	if count == 0 {
		c.fail(nil, "there are no %s in it", things)
	}
	if count > MaxItems {
		c.fail(ErrTooLarge, "there are more than %d %s in it", MaxItems, things)
	}
}

// program checks the fields that items and results have in common.
func (c *checker) program(task Task, signature license.Signature, program string, codes license.Codes) {
	switch task {
	case TaskActivate, TaskRemove, TaskTransfer:
	default:
		c.fail(nil, "its task is unknown")
	}
	if _, err := license.ParseSignature(string(signature)); err != nil {
		c.fail(err, "%v", err)
	}
	c.text("name", program, MaxName)
	c.codes(signature, codes)
}

func (c *checker) codes(signature license.Signature, codes license.Codes) {
	if c.fault != nil { // deriving keys is slow, and an invalid signature has none
		return
	}
	if _, err := signature.Key().Open(codes); err != nil {
		c.fail(err, "%v", err)
	}
}

func (r Request) check() error {
	c := &checker{kind: KindRequest}
	c.head(r.ID, r.MadeAt, len(r.Items), "programs")
	c.text("PC's name", r.Device, MaxName)
	if c.fault != nil {
		return c.fault
	}
	type pair struct {
		signature license.Signature
		site      license.SiteCode
		task      Task
	}
	seen := map[pair]bool{}
	for i, item := range r.Items {
		c.item = i + 1
		item.check(c)
		p := pair{item.Signature, item.Codes.Site, item.Task}
		if seen[p] {
			c.fail(nil, "it asks for the same as another one")
		}
		seen[p] = true
		if c.fault != nil {
			return c.fault
		}
	}
	return nil
}

func (i Item) check(c *checker) {
	c.program(i.Task, i.Signature, i.Program, i.Codes)
	c.text("note", i.Note, MaxNote)
	if i.License < 0 {
		c.fail(nil, "its license id cannot be one")
	}
	if i.RemovalCode >= 1<<50 {
		c.fail(nil, "its removal code cannot be one")
	}
	hasRemoval := i.RemovalCode != 0
	switch i.Task {
	case TaskActivate:
		if hasRemoval || i.License != 0 || !i.From.IsZero() {
			c.fail(nil, "an activation needs neither a removal code nor another license")
		}
	case TaskRemove:
		if i.Note != "" || !i.From.IsZero() {
			c.fail(nil, "a removal has neither a note nor another PC")
		}
	case TaskTransfer:
		if i.From.IsZero() {
			break
		}
		if i.From.Site == i.Codes.Site {
			c.fail(nil, "both PCs have the same Site code")
		}
		c.codes(i.Signature, i.From)
	}
	if i.Task != TaskActivate && !hasRemoval {
		c.fail(nil, "its removal code is missing")
	}
}

func (a Answer) check() error {
	c := &checker{kind: KindAnswer}
	c.head(a.Request, a.MadeAt, len(a.Results), "results")
	c.text("server's name", a.Server, MaxName)
	if c.fault != nil {
		return c.fault
	}
	last := 0
	for _, r := range a.Results {
		c.item = max(r.Item, 0)
		if r.Item <= last || r.Item > MaxItems {
			c.fail(nil, "the results are not in the order of the request")
		}
		last = r.Item
		r.check(c)
		if c.fault != nil {
			return c.fault
		}
	}
	return nil
}

func (r Result) check(c *checker) {
	c.program(r.Task, r.Signature, r.Program, r.Codes)
	c.text("error code", r.Code, MaxName)
	c.text("reason", r.Sentence, MaxSentence)
	if c.fault != nil {
		return
	}
	refused := r.Outcome == OutcomeRefused
	if refused != (r.Sentence != "") || !refused && r.Code != "" {
		c.fail(nil, "its outcome and its reason contradict each other")
	}
	if (r.Outcome == OutcomeLicense) != (r.License != "") || r.License == "" && len(r.PublicKeys) > 0 {
		c.fail(nil, "its outcome and its license file contradict each other")
	}
	switch r.Outcome {
	case OutcomeLicense:
		if r.Task == TaskRemove {
			c.fail(nil, "a removal brings no license file")
		}
		r.checkLicense(c)
	case OutcomeDone:
		if r.Task != TaskRemove {
			c.fail(nil, "its license file is missing")
		}
		r.checkReceipt(c)
	case OutcomeRefused:
	default:
		c.fail(nil, "its outcome is unknown")
	}
	if r.Receipt != "" && r.Outcome != OutcomeDone {
		c.fail(nil, "its outcome and its receipt contradict each other")
	}
}

func (r Result) checkLicense(c *checker) {
	f, err := License(r.License).canonical()
	if err == nil {
		_, err = f.Signature.Key().Open(f.Codes)
	}
	switch {
	case err != nil:
		c.fail(err, "%v", err)
		return
	case f.Signature != r.Signature || f.Codes != r.Codes:
		c.fail(nil, "its license file is for another program or another PC")
	case len(r.PublicKeys) > MaxKeys:
		c.fail(ErrTooLarge, "it has more than %d public keys", MaxKeys)
	}
	if c.fault != nil || len(r.PublicKeys) == 0 {
		return
	}
	for _, key := range r.PublicKeys {
		if _, err = key.Verify(r.License); err == nil {
			return
		}
	}
	c.fail(err, "%v", err)
}

// checkReceipt checks the form of a receipt, if there is one.
func (r Result) checkReceipt(c *checker) {
	body, ok := strings.CutPrefix(r.Receipt, tokenHead)
	switch {
	case r.Receipt == "":
	case len(r.Receipt) > MaxReceipt:
		c.fail(ErrTooLarge, "its receipt is longer than %d characters", MaxReceipt)
	case !ok || body == "" || strings.ContainsFunc(body, notInToken):
		c.fail(nil, "its receipt cannot be one")
	}
}

// notInToken reports whether r cannot occur in a token.
func notInToken(r rune) bool {
	return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
}

// check accepts a license file whose codes do not belong together: it may be one of a trial version, which only the
// program's key distinguishes from a forged one.
func (l License) check() error {
	if _, err := l.canonical(); err != nil {
		return &DocumentError{Kind: KindLicense, Problem: err.Error(), Err: err}
	}
	return nil
}

// canonical returns the content of a license file in its only exact form, which can be split for a picture and joined
// again.
func (l License) canonical() (license.File, error) {
	f, err := l.File()
	if err != nil {
		return license.File{}, err
	}
	payload, footer, ok := l.split()
	if !ok || join(payload, footer) != l {
		return license.File{}, license.ErrFileDamaged
	}
	return f, nil
}

// CheckRequest fails with ErrOtherRequest if the answer does not belong to the request.
func (a Answer) CheckRequest(r Request) error {
	if a.Request != r.ID {
		return ErrOtherRequest
	}
	for _, result := range a.Results {
		if result.Item < 1 || result.Item > len(r.Items) {
			return ErrOtherRequest
		}
		item := r.Items[result.Item-1]
		if item.Task != result.Task || item.Signature != result.Signature || item.Codes != result.Codes {
			return ErrOtherRequest
		}
	}
	return nil
}
