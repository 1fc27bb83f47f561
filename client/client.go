// Package client calls a license server over the HTTP contract of package api. It refreshes sessions, retries calls
// that are safe to repeat, checks that an answer is about what was asked, and examines a connection that fails
// (Doctor). Package manager uses it. It stores nothing: tokens are handed to the caller, and package keyring stores
// them.
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
	// maxAnswer bounds an answer in bytes, after decompression.
	maxAnswer = 16 << 20
	// callTimeout bounds one try of a call.
	callTimeout = 30 * time.Second
	// tries is how often a call that may be repeated is tried.
	tries = 3
	// longestPause is the longest wait between two tries that a server may ask for.
	longestPause = 5 * time.Second
	// early is how long before its end an access token is renewed.
	early = time.Minute
)

// Tokens are the credentials of a session. They hide themselves from logs and errors.
type Tokens struct {
	redact.Hidden
	Access          string
	AccessExpiresAt time.Time
	Refresh         string
}

// Options are what a Client needs.
type Options struct {
	// Server is the address, as ParseServer returns it.
	Server string
	// Tokens continue a session; empty before sign-in.
	Tokens Tokens
	// OnTokens is called with new tokens before they are used, so that they can be stored: a refresh token works once.
	OnTokens func(Tokens)
	// OnEpoch is called with the epoch of the server's data in each answer (api.Epoch), before the answer is returned.
	// A changed epoch means that the server was restored from a backup. OnEpoch may be called from several goroutines
	// at the same time and must not call the Client.
	OnEpoch func(epoch string)
	// Transport replaces the network; nil means the system's, with its proxies.
	Transport http.RoundTripper
	// UserAgent names the program.
	UserAgent string
	// Now tells the time and Pause waits; nil means the system's.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
}

// Client calls one license server. All methods may be called from any goroutine; they fail with *api.Problem for
// refusals, *NetworkError when no answer came, ErrSignedOut when the session has ended, and context.Canceled.
type Client struct {
	options Options
	host    string
	resty   *resty.Client

	refreshing chan struct{} // holds one token: only one goroutine renews the session
	mu         sync.Mutex
	tokens     Tokens
}

// New makes a client. It fails for an address that ParseServer would not return.
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

// silent keeps resty from logging requests, which hold secrets.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// limited bounds every answer, whatever its length header says.
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

// ErrAddress is found in errors of ParseServer.
var ErrAddress = errors.New("this is no server address")

// AddressError says what is wrong with a server address; it is an ErrAddress.
type AddressError struct{ text Text }

// Error is one plain sentence.
func (e *AddressError) Error() string { return e.text.String() }

// Text is one plain sentence for the person.
func (e *AddressError) Text() Text { return e.text }

// Unwrap returns ErrAddress.
func (e *AddressError) Unwrap() error { return ErrAddress }

// ParseServer reads a server address as people type it and returns scheme, host and port: "licenses.example.com"
// becomes "https://licenses.example.com". Plain http is accepted for this PC only.
func ParseServer(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", &AddressError{Say("The address is missing.")}
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " \t\\%"):
		return "", &AddressError{Say("This is no server address: it looks like licenses.example.com or " +
			"https://licenses.example.com:8443.")}
	case u.User != nil:
		return "", &AddressError{Say("The address has a user name in it: leave it out.")}
	case u.Scheme != "https" && u.Scheme != "http":
		return "", &AddressError{Say("The address of a server begins with https://.")}
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
	open         bool // needs no session

	status int    // the status code of success
	read   reader // reads the answer

	begun *atomic.Bool // set once the request was being written: from then on the server may have it
}

// repeatable reports whether sending the call twice does no harm (a key makes a change happen once).
func (c call) repeatable() bool { return c.method == http.MethodGet || c.key != "" }

// do sends a call and reads its answer.
func (c *Client) do(ctx context.Context, k call) error {
	k.begun = new(atomic.Bool)
	err := c.repeat(ctx, k)
	var network *NetworkError
	if errors.As(err, &network) {
		network.NotSent = !k.begun.Load()
	}
	return err
}

// repeat sends a call until it is answered, as often as that does no harm.
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

// retryAfter reports whether a failure may pass by itself soon, and how long the server asks to wait.
func retryAfter(k call, err error) (time.Duration, bool) {
	var network *NetworkError
	if errors.As(err, &network) {
		return 0, network.Kind == Connect || network.Kind == Timeout
	}
	var p *api.Problem
	// A read that was asked for too often waits; an attempt at something that could be guessed is the person's to repeat.
	if errors.As(err, &p) &&
		(errors.Is(p.Code, api.ErrUnavailable) || k.method == http.MethodGet && errors.Is(p.Code, api.ErrHostBanned)) {
		wait := time.Duration(p.RetryAfter) * time.Second
		return wait, wait > 0 && wait <= longestPause
	}
	return 0, false
}

// authorized sends a call with a good access token; when the server knows it no longer, once more with a new one.
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

// send sends a call once and reads its answer.
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

// answer checks and reads the answer to a call that was not refused.
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
