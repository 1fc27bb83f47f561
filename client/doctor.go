package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mattn/go-ieproxy"

	"github.com/acen-desktop/acen/api"
)

// Check is the name of a step of the connection doctor.
type Check string

// The steps, in their order.
const (
	CheckAddress Check = "address"
	CheckProxy   Check = "proxy"
	CheckName    Check = "name"
	CheckConnect Check = "connection"
	CheckTLS     Check = "encryption"
	CheckServer  Check = "server"
	CheckClock   Check = "clock"
	CheckHealth  Check = "health"
)

// Verdict is the result of a step of the doctor.
type Verdict string

// The verdicts.
const (
	VerdictGood    Verdict = "good"
	VerdictWarning Verdict = "warning"
	VerdictBad     Verdict = "bad"
	VerdictSkipped Verdict = "skipped" // an earlier step failed
)

// Finding is what the doctor found in one step. Its texts contain no secret.
type Finding struct {
	Check   Check   `json:"check"`
	Verdict Verdict `json:"verdict"`
	// What is one sentence for the person.
	What Text `json:"what"`
	// Next is one sentence on what to do about it; zero if there is nothing to do.
	Next Text `json:"next,omitzero"`
}

// Doctor finds the step at which the connection to a license server fails. The zero value uses the system's network.
type Doctor struct {
	// Proxy returns the proxy for a request; nil means that of the environment or the system.
	Proxy func(*http.Request) (*url.URL, error)
	// Lookup resolves a name, and Dial connects.
	Lookup func(ctx context.Context, host string) ([]string, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the trusted authorities; nil means the system's.
	Roots *x509.CertPool
	Now   func() time.Time
}

// checkTime limits one step.
const checkTime = 10 * time.Second

// clockTolerance is the clock difference that causes no warning. License files and sessions are the first to be
// affected by a larger one.
const clockTolerance = 5 * time.Minute

// Examine tests the connection to a server step by step and calls found for each step. It skips the steps after a
// failure.
func (d Doctor) Examine(ctx context.Context, server string, found func(Finding)) []Finding {
	if d.Proxy == nil {
		d.Proxy = systemProxy
	}
	if d.Lookup == nil {
		d.Lookup = net.DefaultResolver.LookupHost
	}
	if d.Dial == nil {
		d.Dial = new(net.Dialer).DialContext
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	e := examination{Doctor: d}
	var list []Finding
	broken := false
	for _, step := range []struct {
		check Check
		run   func(context.Context) Finding
	}{
		{CheckAddress, func(context.Context) Finding { return e.address(server) }},
		{CheckProxy, e.proxy},
		{CheckName, e.name},
		{CheckConnect, e.connect},
		{CheckTLS, e.encryption},
		{CheckServer, e.server},
		{CheckClock, e.clock},
		{CheckHealth, e.health},
	} {
		f := Finding{Verdict: VerdictSkipped, What: Textf("Skipped because an earlier check failed.")}
		if !broken {
			stepCtx, cancel := context.WithTimeout(ctx, checkTime)
			f = step.run(stepCtx)
			cancel()
		}
		f.Check = step.check
		broken = broken || f.Verdict == VerdictBad
		list = append(list, f)
		found(f)
	}
	return list
}

// systemProxy returns the proxy of the environment, or of the system's settings.
var systemProxy = ieproxy.GetProxyFunc()

// examination is the state of one Examine.
type examination struct {
	Doctor
	url   *url.URL
	via   *url.URL // proxy; nil if there is none
	about api.Server
}

func good(format Format, args ...any) Finding {
	return Finding{Verdict: VerdictGood, What: Textf(format, args...)}
}

func bad(next, format Format, args ...any) Finding {
	return Finding{Verdict: VerdictBad, What: Textf(format, args...), Next: Textf(next)}
}

func warning(next, format Format, args ...any) Finding {
	return Finding{Verdict: VerdictWarning, What: Textf(format, args...), Next: Textf(next)}
}

func (e *examination) address(server string) Finding {
	address, err := ParseServer(server)
	if err == nil {
		e.url, err = url.Parse(address)
	}
	if err != nil {
		return Finding{
			Verdict: VerdictBad,
			What:    textOf(err),
			Next:    Textf("Compare it with the address that the vendor gave you."),
		}
	}
	return good("The address is %s.", e.url)
}

func (e *examination) proxy(ctx context.Context) Finding {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url.String(), nil)
	if err == nil {
		e.via, err = e.Proxy(r)
	}
	if err != nil {
		return bad("Correct the proxy in the system's network settings, or the environment variable HTTPS_PROXY.",
			"The proxy that is set up cannot be read.")
	}
	if e.via == nil {
		return good("No proxy is set up for this address.")
	}
	return good("The proxy %s is set up for this address.", e.via.Host)
}

// target returns the host that the connection is made to: the proxy, or the server.
func (e *examination) target() (host, port string) {
	u := e.url
	if e.via != nil {
		u = e.via
	}
	host, port = u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80", "socks5": "1080"}[u.Scheme]
	}
	return host, port
}

func (e *examination) name(ctx context.Context) Finding {
	host, _ := e.target()
	if net.ParseIP(host) != nil {
		return good("%s is an address, no name has to be looked up.", host)
	}
	list, err := e.Lookup(ctx, host)
	if err == nil && len(list) > 0 {
		return good("The name %s is known: %s.", host, strings.Join(list[:min(len(list), 3)], ", "))
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return bad("Check the spelling, and whether this PC has a connection.", "The name %s is not known.", host)
	}
	return bad("This PC has no connection, or its network's name service does not answer. Check the network.",
		"The name %s could not be looked up.", host)
}

func (e *examination) connect(ctx context.Context) Finding {
	host, port := e.target()
	conn, err := e.Dial(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		next := Format("A firewall may be in the way, or the server is off. Ask who looks after your network, or the vendor.")
		if e.via != nil {
			next = "The proxy does not answer. Check it in the system's network settings, or ask who looks after your network."
		}
		return bad(next, "Nobody answers at %s, port %s.", host, port)
	}
	_ = conn.Close()
	return good("%s answers at port %s.", host, port)
}

// transport returns a transport that works like the app's.
func (e *examination) transport(insecure bool) *http.Transport {
	return &http.Transport{
		Proxy:       func(*http.Request) (*url.URL, error) { return e.via, nil },
		DialContext: e.Dial,
		TLSClientConfig: &tls.Config{
			RootCAs:            e.Roots,
			Time:               e.Now,
			InsecureSkipVerify: insecure, //nolint:gosec // only to read the issuer of an untrusted certificate
		},
		DisableKeepAlives: true,
		ForceAttemptHTTP2: true,
	}
}

func (e *examination) get(ctx context.Context, path string, insecure bool) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url.String()+path, nil)
	if err != nil {
		return nil, err
	}
	return e.transport(insecure).RoundTrip(r)
}

func (e *examination) encryption(ctx context.Context) Finding {
	if e.url.Scheme == "http" {
		return good("The server is on this PC, so nothing has to be encrypted.")
	}
	response, err := e.get(ctx, "/healthz", false)
	if err == nil {
		_ = response.Body.Close()
		return good("The connection is encrypted and trusted: the certificate was issued by “%s”.",
			issuer(response.TLS.PeerCertificates[0]))
	}
	var network *NetworkError
	if !errors.As(classify(ctx, e.url.Hostname(), err), &network) || network.Kind != TLS {
		return bad("A firewall, proxy or virus scanner closes the connection. Ask the administrator of your network.",
			"%s does not speak TLS as a license server does.", e.url.Hostname())
	}
	name := network.Issuer
	if response, err := e.get(ctx, "/healthz", true); err == nil { // the request contains nothing secret
		_ = response.Body.Close()
		name = issuer(response.TLS.PeerCertificates[0])
	}
	f := bad("If your company or a virus scanner inspects connections, its certificate must be installed in the "+
		"system; otherwise do not go on, and tell the vendor.",
		"The connection is not trusted: the certificate was issued by “%s”.", name)
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		f.What = Textf("The certificate is valid from %s to %s, and this PC's date is %s.", Day(invalid.Cert.NotBefore),
			Day(invalid.Cert.NotAfter), Day(e.Now()))
		f.Next = Textf("Check the date of this PC. If it is right, tell the vendor.")
	}
	return f
}

func (e *examination) server(ctx context.Context) Finding {
	c, err := New(Options{
		Server:    e.url.String(),
		Transport: e.transport(false),
		Now:       e.Now,
		Pause:     func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err == nil {
		e.about, err = c.Server(ctx)
	}
	if err != nil {
		return Finding{
			Verdict: VerdictBad,
			What:    textOf(err),
			Next: Textf("A sign-in page of the network, or a proxy, may answer in its place: open a page in the browser. " +
				"If that works, ask the vendor."),
		}
	}
	return good("%s answers, version %s.", e.about.Name, e.about.Version)
}

func (e *examination) clock(context.Context) Finding {
	off := e.Now().Sub(e.about.Time)
	switch {
	case off > clockTolerance:
		return warning("Set the date and time of this PC, best automatically.",
			"The clock of this PC is %s ahead of the server's.", approximately(off))
	case off < -clockTolerance:
		return warning("Set the date and time of this PC, best automatically.",
			"The clock of this PC is %s behind the server's.", approximately(-off))
	}
	return good("The clock of this PC is right.")
}

// approximately returns a duration in its largest unit.
func approximately(d time.Duration) Text {
	for _, unit := range []struct {
		size      time.Duration
		one, many Format
	}{
		{24 * time.Hour, "one day", "%d days"},
		{time.Hour, "one hour", "%d hours"},
		{time.Minute, "one minute", "%d minutes"},
	} {
		if n := int(d / unit.size); n == 1 {
			return Textf(unit.one)
		} else if n > 1 {
			return Textf(unit.many, n)
		}
	}
	return Textf("less than a minute")
}

func (e *examination) health(ctx context.Context) Finding {
	response, err := e.get(ctx, "/readyz", false)
	if err != nil {
		return warning("Try again in some minutes.", "The server did not report its status.")
	}
	_ = response.Body.Close()
	if response.StatusCode >= 300 {
		return bad("Try again later. Tasks are saved and will be sent automatically.",
			"The server can be reached, but cannot work at the moment.")
	}
	return good("The server is working.")
}

// textOf returns an error as one sentence.
func textOf(err error) Text {
	var told Localized
	if errors.As(err, &told) {
		return told.Text()
	}
	return Textf("%s", sentence(err.Error()))
}

// sentence returns text with a capital and a full stop.
func sentence(text string) string {
	if text == "" {
		return text
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
