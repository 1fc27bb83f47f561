package protect

import (
	"bytes"
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

const (
	// callTime limits one call of the server, and maxAnswer the size of its answer in bytes.
	callTime  = 30 * time.Second
	maxAnswer = license.MaxValidation + 4<<10
	// usualEvery is the default interval of Watch, and checkEvery the interval at which it checks the clock and the
	// license files.
	usualEvery = 24 * time.Hour
	checkEvery = time.Hour
	// After a failure Watch retries after firstRetry, then with exponential backoff up to longestRetry.
	firstRetry   = time.Minute
	longestRetry = time.Hour
)

var (
	// ErrNoServer is returned by Validate for a program without a server.
	ErrNoServer = errors.New("this program asks no server about its license")
	// ErrNothingToValidate is returned by Validate if there is no license file of this PC to validate.
	ErrNothingToValidate = errors.New("there is no license file of this PC to validate")
	// ErrNotSigned is returned by Validate for an answer that the vendor's server did not give to this question: it has
	// no token, or a token of another key, for another question, or about another license. Such an answer, for instance
	// of a proxy with a trusted certificate, changes nothing.
	ErrNotSigned = errors.New("the answer is not from the vendor's license server")
)

// question is the body of a validation and answer its response: the parts of the HTTP contract that a program needs.
type (
	question struct {
		SiteCode       string `json:"site_code"`
		MachineID      string `json:"machine_id"`
		ActivationCode string `json:"activation_code"`
		Nonce          string `json:"nonce"`
	}
	answer struct {
		Token string `json:"token"`
	}
)

// refused is the error for a problem instead of an answer.
type refused struct {
	status int
	// after is the delay before the next question that the server asks for; 0 if none.
	after time.Duration
}

func (r *refused) Error() string {
	return fmt.Sprintf("the license server did not confirm the license: it answered %d %s",
		r.status, http.StatusText(r.status))
}

// Validate asks the vendor's server once about each license of this PC, and returns the resulting verdict. The error
// says why there was no answer about one, which does not change the verdict: ErrNoServer, ErrNothingToValidate,
// ErrNotSigned, a *Refusal for the verdicts NewerState and UnknownKey, or the error of the call.
func (l *License) Validate(ctx context.Context) (Verdict, error) {
	if l.program.Validation.Server == "" {
		return l.Check(ctx), ErrNoServer
	}
	l.checking.Lock()
	best, err := l.check(ctx)
	toValidate := l.toValidate
	l.checking.Unlock()
	if err != nil {
		return l.Verdict(), err
	}
	switch best.verdict.Kind {
	case Valid, ValidationDue, ClockSetBack, Expired, Ended:
	case NewerState, UnknownKey:
		return best.verdict, &Refusal{best.verdict}
	default:
		return best.verdict, ErrNothingToValidate
	}
	if len(toValidate) == 0 {
		return best.verdict, ErrNothingToValidate
	}
	for _, c := range toValidate {
		reply, failed := l.ask(ctx, c.file)
		if failed == nil {
			failed = l.take(ctx, c, reply)
		}
		if err == nil {
			err = failed
		}
	}
	return l.Verdict(), err
}

// take stores the answer about a license and checks again. It ignores the answer if the program lost the license
// meanwhile.
func (l *License) take(ctx context.Context, about candidate, reply license.Validation) error {
	l.checking.Lock()
	defer l.checking.Unlock()
	if _, err := l.check(ctx); err != nil {
		return err
	}
	i := slices.IndexFunc(l.toValidate, func(c candidate) bool {
		return c.file.ID == about.file.ID && c.file.Codes == about.file.Codes
	})
	if i < 0 {
		return nil
	}
	if err := l.record(ctx, l.toValidate[i], reply); err != nil {
		return err
	}
	_, err := l.check(ctx)
	return err
}

// Watch periodically asks the vendor's server about the license, checks the clock, and calls changedTo when the verdict
// has changed. It returns when the context ends; a program runs it in its own goroutine.
func (l *License) Watch(ctx context.Context, changedTo func(Verdict)) {
	last, failures := l.Verdict(), 0
	every := l.program.Validation.Every
	if every <= 0 {
		every = usualEvery
	}
	next := l.options.Now()
	if last.Kind == Valid {
		next = l.lastContact(ctx).Add(every)
	}
	for ctx.Err() == nil {
		var v Verdict
		until := next.Sub(l.options.Now())
		if l.program.Validation.Server != "" && (until <= 0 || until > max(every, usualEvery)) { // or the clock was set back
			var err error
			v, err = l.Validate(ctx)
			wait := every
			var no *refused
			var refusal *Refusal
			switch {
			// An early retry changes nothing.
			case err == nil || errors.Is(err, ErrNothingToValidate) || errors.As(err, &refusal):
				failures = 0
			case errors.As(err, &no) && no.after > 0:
				wait = min(no.after, usualEvery)
			default:
				wait = min(firstRetry<<min(failures, 10), longestRetry)
				wait += rand.N(wait/4 + 1) // jitter, so that many programs do not retry at the same time
				failures++
			}
			next = l.options.Now().Add(wait)
		} else {
			v = l.Check(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if changed(last, v) {
			last = v
			changedTo(v)
		}
		wait := checkEvery
		if l.program.Validation.Server != "" {
			wait = min(wait, max(next.Sub(l.options.Now()), 0))
		}
		if l.options.Pause(ctx, wait) != nil {
			return
		}
	}
}

// lastContact returns the time of the oldest contact among the valid licenses; zero if one has none.
func (l *License) lastContact(ctx context.Context) time.Time {
	l.checking.Lock()
	defer l.checking.Unlock()
	if _, err := l.check(ctx); err != nil {
		return time.Time{}
	}
	contacts := append(l.store.Contacts(l.signature), l.pending...)
	var last time.Time
	for i, c := range l.toValidate {
		if at := contactOf(contacts, c.file).At; c.verdict.Kind == Valid && (i == 0 || at.Before(last)) {
			last = at
		}
	}
	return last
}

// record stores the server's answer and its time. It writes a new license file, which it verifies like any other, and
// sets the clock to the server's time if they differ by more than Tolerance or clockEvery.
func (l *License) record(ctx context.Context, c candidate, reply license.Validation) error {
	at := reply.IssuedAt
	contact := installed.Contact{LicenseID: c.file.ID, Site: c.file.Codes.Site, At: at}
	if reply.State != license.StateActive {
		contact.Ended = storableState(string(reply.State))
	} else if reply.File != "" {
		fresh, kind := l.verifyFile(reply.File)
		if kind != Valid || fresh.file.ID != c.file.ID || fresh.file.Codes != c.file.Codes {
			return errors.New("the license server sent a license file that is not this license's")
		}
		name := license.FileName(fresh.file.ProgramName, fresh.file.ID)
		if err := l.store.Put(ctx, l.signature, name, reply.File); err != nil {
			return err
		}
	}
	if c.timed(l.program.Validation) {
		clock := l.store.Clock(l.signature)
		if ahead := clock.Latest.Sub(at); ahead > Tolerance || ahead < -clockEvery {
			clock = installed.Clock{Latest: at, Issued: laterOf(clock.Issued, c.file.IssuedAt)}
			_ = l.store.SetClock(ctx, l.signature, clock) // the next answer retries
		}
	}
	l.pending = slices.DeleteFunc(l.pending, func(one installed.Contact) bool {
		return one.LicenseID == contact.LicenseID && one.Site == contact.Site
	})
	if err := l.store.SetContact(ctx, l.signature, contact); err != nil {
		l.pending = append(l.pending, contact) // this process uses it all the same
	}
	return nil
}

// storableState returns a state in a form that can be stored.
func storableState(state string) string {
	letter := func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }
	if len(state) > 32 || strings.ContainsFunc(state, func(r rune) bool { return !letter(r) }) {
		return "Unknown"
	}
	return state
}

// ask calls POST /licenses/{id}/validation with a new nonce and returns the verified answer. It fails with
// ErrNotSigned, and with a *refused for a problem, which has no effect on the license, whatever its code (spec: codes
// "Validation answer").
func (l *License) ask(ctx context.Context, f license.File) (license.Validation, error) {
	none := license.Validation{}
	address, err := validationURL(l.program.Validation.Server, f.ID)
	if err != nil {
		return none, err
	}
	nonce, err := license.NewNonce(cmp.Or[io.Reader](l.options.Rand, cryptorand.Reader))
	if err != nil {
		return none, err
	}
	body, err := json.Marshal(question{
		SiteCode:       f.Codes.Site.String(),
		MachineID:      f.Codes.Machine.String(),
		ActivationCode: f.ActivationCode.String(),
		Nonce:          nonce.String(),
	})
	if err != nil {
		return none, err
	}
	content, err := l.post(ctx, address, body)
	if err != nil {
		return none, err
	}
	var reply answer
	if json.Unmarshal(content, &reply) != nil {
		return none, ErrNotSigned
	}
	v, err := license.VerifyValidation(reply.Token, nonce, func(id string) (license.PublicKey, bool) {
		key, known := l.keys[id]
		return key, known
	})
	switch {
	case err != nil:
		return none, fmt.Errorf("%w: %w", ErrNotSigned, err)
	case v.LicenseID != f.ID || v.Site != f.Codes.Site:
		return none, fmt.Errorf("%w: the answer is about another license", ErrNotSigned)
	}
	return v, nil
}

// post sends a JSON body and returns the JSON of the response. It does not follow redirects.
func (l *License) post(ctx context.Context, address string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "acen-protect")
	client := http.Client{
		Transport:     l.options.Transport,
		Timeout:       callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the license server cannot be reached: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the answer of the license server broke off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var problem struct {
			RetryAfter int64 `json:"retry_after"`
		}
		_ = json.Unmarshal(content, &problem) // a body that is not a problem document has no Retry-After
		after := time.Duration(min(max(problem.RetryAfter, 0), int64(usualEvery/time.Second))) * time.Second
		return nil, &refused{response.StatusCode, after}
	}
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, ErrNotSigned
	}
	return content, nil
}

// validationURL returns the address of a validation. It must be encrypted or local: https, or a server on this PC.
func validationURL(server string, id int64) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the address of the license server is none; it looks like https://licenses.example.com")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", errors.New("the license server's address must begin with https://")
	}
	return u.JoinPath("api", "v1", "licenses", fmt.Sprint(id), "validation").String(), nil
}
