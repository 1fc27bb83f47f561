// Package client calls a license server over the HTTP contract of package api. It refreshes sessions, retries calls
// that are safe to repeat, checks that an answer matches its request, and diagnoses connections that fail (Doctor).
// Package manager uses it. It stores nothing: the caller stores tokens, for instance with package keyring.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/redact"
)

const (
	// maxAnswer is the maximum size of an answer in bytes, after decompression.
	maxAnswer = 16 << 20
	// callTimeout limits one attempt of a call.
	callTimeout = 30 * time.Second
	// tries is the maximum number of attempts of a repeatable call.
	tries = 3
	// longestPause is the longest Retry-After that the client waits for.
	longestPause = 5 * time.Second
	// early is the remaining lifetime at which an access token is refreshed.
	early = time.Minute
)

// Tokens are the credentials of a session. Logs and errors show them redacted.
type Tokens struct {
	redact.Hidden
	Access          string
	AccessExpiresAt time.Time
	Refresh         string
}

// Options configure a Client.
type Options struct {
	// Server is the address, as ParseServer returns it.
	Server string
	// Tokens continue a session; empty before sign-in.
	Tokens Tokens
	// OnTokens is called with new tokens before they are used, so that they can be stored: a refresh token can be used
	// once.
	OnTokens func(Tokens)
	// OnEpoch is called with the epoch of the server's data in each answer (api.Epoch), before the answer is returned.
	// A changed epoch means that the server was restored from a backup. OnEpoch may be called from several goroutines
	// at the same time and must not call the Client.
	OnEpoch func(epoch string)
	// Transport is the HTTP transport; nil means the default, with the system's proxies.
	Transport http.RoundTripper
	// UserAgent is the User-Agent header.
	UserAgent string
	// Now returns the time and Pause waits between attempts; nil means the real clock.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
}

// Client calls one license server. All methods may be called from any goroutine. They fail with *api.Problem for a
// refusal, *NetworkError if there is no answer, ErrSignedOut if the session has ended, and context.Canceled.
type Client struct {
	options Options
	host    string
	resty   *resty.Client

	refreshing chan struct{} // semaphore: one goroutine refreshes the session at a time
	mu         sync.Mutex
	tokens     Tokens
}

// New returns a Client. It fails for an address that ParseServer does not return.
func New(o Options) (*Client, error) {
	server, err := ParseServer(o.Server)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.OnTokens == nil {
		o.OnTokens = func(Tokens) {}
	}
	if o.OnEpoch == nil {
		o.OnEpoch = func(string) {}
	}
	transport := o.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.Proxy = systemProxy
		t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
		t.TLSHandshakeTimeout = 10 * time.Second
		t.ResponseHeaderTimeout = callTimeout
		t.MaxResponseHeaderBytes = 64 << 10
		transport = t
	}
	c := &Client{options: o, host: u.Hostname(), tokens: o.Tokens, refreshing: make(chan struct{}, 1)}
	c.resty = resty.New().
		SetBaseURL(server+api.Base).
		SetTransport(limited{transport}).
		SetTimeout(callTimeout).
		SetHeader("User-Agent", o.UserAgent).
		SetHeader("Accept", "application/json").
		SetRedirectPolicy(resty.NoRedirectPolicy()).
		SetLogger(silent{}).
		SetDisableWarn(true)
	c.resty.GetClient().Jar = nil
	return c, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// silent disables the log of resty, because requests contain secrets.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// limited limits the size of every answer, whatever its Content-Length.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = &limitedBody{ReadCloser: response.Body, left: maxAnswer, host: r.URL.Hostname()}
	}
	return response, err
}

type limitedBody struct {
	io.ReadCloser
	left int64
	host string
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, &NetworkError{Kind: TooLarge, Host: b.host, Err: fmt.Errorf("more than %d bytes", maxAnswer)}
	}
	return n, err
}

// ErrAddress is matched by every error of ParseServer.
var ErrAddress = errors.New("this is not a server address")

// AddressError says what is wrong with a server address. It wraps ErrAddress.
type AddressError struct{ text Text }

// Error returns one sentence.
func (e *AddressError) Error() string { return e.text.String() }

// Text returns one sentence for the person.
func (e *AddressError) Text() Text { return e.text }

// Unwrap returns ErrAddress.
func (e *AddressError) Unwrap() error { return ErrAddress }

// ParseServer parses a server address as people type it and returns scheme, host and port: "licenses.example.com"
// becomes "https://licenses.example.com". It accepts plain http for this PC only.
func ParseServer(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", &AddressError{Textf("The address is missing.")}
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " \t\\%"):
		return "", &AddressError{Textf("That is not a server address. It looks like this: licenses.example.com or " +
			"https://licenses.example.com:8443.")}
	case u.User != nil:
		return "", &AddressError{Textf("The address contains a user name: leave it out.")}
	case u.Scheme != "https" && u.Scheme != "http":
		return "", &AddressError{Textf("The address of a server begins with https://.")}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", &NetworkError{Kind: Insecure, Host: u.Hostname(), Err: ErrAddress}
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// call is one call of the contract.
type call struct {
	method, path string
	params       map[string]string // path parameters, escaped
	query        map[string]string
	key          string // idempotency key
	body         any
	open         bool // sent without a session

	status int    // the status code of success
	read   reader // decodes the answer

	begun *atomic.Bool // set when the request is written; from then on the server may have it
}

// repeatable reports whether the call may be sent again: it is a read, or has an idempotency key.
func (c call) repeatable() bool { return c.method == http.MethodGet || c.key != "" }

// do sends a call and decodes its answer.
func (c *Client) do(ctx context.Context, k call) error {
	k.begun = new(atomic.Bool)
	err := c.repeat(ctx, k)
	var network *NetworkError
	if errors.As(err, &network) {
		network.NotSent = !k.begun.Load()
	}
	return err
}

// repeat sends a call, and retries a repeatable one after a temporary failure.
func (c *Client) repeat(ctx context.Context, k call) error {
	for try := 1; ; try++ {
		err := c.authorized(ctx, k)
		wait, again := retryAfter(k, err)
		if err == nil || !again || !k.repeatable() || try == tries {
			return err
		}
		if wait == 0 {
			wait = time.Duration(try) * (200*time.Millisecond + rand.N(200*time.Millisecond))
		}
		if pauseErr := c.options.Pause(ctx, wait); pauseErr != nil {
			return classify(ctx, c.host, pauseErr)
		}
	}
}

// retryAfter reports whether a failure is temporary, and the delay that the server asked for.
func retryAfter(k call, err error) (time.Duration, bool) {
	var network *NetworkError
	if errors.As(err, &network) {
		return 0, network.Kind == Connect || network.Kind == Timeout
	}
	var p *api.Problem
	// A rate-limited read is retried. An attempt to guess something is not; the person may repeat it.
	if errors.As(err, &p) &&
		(errors.Is(p.Code, api.ErrUnavailable) || k.method == http.MethodGet && errors.Is(p.Code, api.ErrHostBanned)) {
		wait := time.Duration(p.RetryAfter) * time.Second
		return wait, wait > 0 && wait <= longestPause
	}
	return 0, false
}

// authorized sends a call with a valid access token. If the server refuses the token, authorized refreshes the
// session and retries once.
func (c *Client) authorized(ctx context.Context, k call) error {
	if k.open {
		return c.send(ctx, k, "")
	}
	token, err := c.access(ctx, "")
	if err != nil {
		return err
	}
	if err = c.send(ctx, k, token); !errors.Is(err, api.ErrAuthorization) {
		return err
	}
	if token, err = c.access(ctx, token); err != nil {
		return err
	}
	if err = c.send(ctx, k, token); errors.Is(err, api.ErrAuthorization) {
		return ErrSignedOut
	}
	return err
}

// send makes one attempt of a call and decodes its answer.
func (c *Client) send(ctx context.Context, k call, token string) error {
	if k.begun != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { k.begun.Store(true) }})
	}
	r := c.resty.R().SetContext(ctx).SetPathParams(k.params).SetQueryParams(k.query)
	if token != "" {
		r.SetHeader("Authorization", "Bearer "+token)
	}
	if k.key != "" {
		r.SetHeader(api.IdempotencyKey, k.key)
	}
	if k.body != nil {
		r.SetHeader("Content-Type", "application/json").SetBody(k.body)
	}
	response, err := r.Execute(k.method, k.path)
	if err != nil &&
		(response == nil || response.RawResponse == nil || response.StatusCode() < 300 || response.StatusCode() >= 400) {
		return classify(ctx, c.host, err)
	}
	if response.StatusCode() >= 400 {
		err = problem(c.host, response.StatusCode(), response.Header().Get("Content-Type"), response.Body())
	} else {
		err = k.answer(c.host, response)
	}
	if network := (*NetworkError)(nil); !errors.As(err, &network) {
		c.reportEpoch(response)
	}
	return err
}

// answer checks and decodes a successful answer to a call.
func (k call) answer(host string, r *resty.Response) error {
	err := check(rule{r.StatusCode() == k.status, fmt.Sprintf("has HTTP status %d", r.StatusCode())})
	if err == nil {
		err = k.read(r)
	}
	if err != nil {
		return &NetworkError{Kind: NotACEN, Host: host, Err: err}
	}
	return nil
}
