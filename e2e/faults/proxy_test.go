package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/acen-desktop/acen/api"
)

// proxy stands between one PC and the server. Without rules it passes everything on.
type proxy struct {
	URL    string
	world  *world
	client *http.Client

	mu     sync.Mutex
	target string
	rules  []*rule
	log    []string // "POST /licenses/7/removal → 200", what the PC was answered
}

// rule applies a fault to the calls that it matches.
type rule struct {
	match func(call) bool
	fault fault
	left  int // how many more calls; negative means for ever
}

// call is a request as the proxy read it, with what it takes to pass it on.
type call struct {
	method, path string // path is below api.Base
	request      *http.Request
	body         []byte
	world        *world // for who forges answers and knows the vendor's data
}

// answer is what the server answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// fault answers a call in the place of the proxy; forward passes the call on, as often as it is called.
type fault func(w http.ResponseWriter, c call, forward func() answer)

// newProxy starts a proxy in front of a server.
func newProxy(t *testing.T, w *world) *proxy {
	t.Helper()
	transport := &http.Transport{}
	p := &proxy{world: w, target: w.URL, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s := httptest.NewServer(p)
	p.URL = s.URL
	t.Cleanup(func() {
		s.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// point lets the proxy stand in front of another server.
func (p *proxy) point(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// on applies a fault to every call that matches, until end.
func (p *proxy) on(match func(call) bool, f fault) { p.times(-1, match, f) }

// times applies a fault to the next n calls that match.
func (p *proxy) times(n int, match func(call) bool, f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &rule{match, f, n})
}

// end takes all faults away.
func (p *proxy) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// calls lists what the PC asked and was answered since the last time.
func (p *proxy) calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log
	p.log = nil
	return log
}

func (p *proxy) find(c call) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		if r.left != 0 && r.match(c) {
			r.left--
			return r.fault
		}
	}
	return nil
}

// ServeHTTP passes a call on, or lets a fault answer it.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the PC hung up
	}
	c := call{r.Method, strings.TrimPrefix(r.URL.Path, api.Base), r, body, p.world}
	recorder := &recorder{ResponseWriter: w}
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.log = append(p.log, fmt.Sprintf("%s %s → %d", c.method, c.path, recorder.status))
	}()
	forward := func() answer { return p.forward(c) }
	if f := p.find(c); f != nil {
		f(recorder, c, forward)
		return
	}
	forward().write(recorder)
}

// recorder remembers the status; 0 means that the connection was closed without one.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what it controls.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// forward sends a call to the server. That the PC has hung up meanwhile changes nothing. A server that does not answer
// is a closed connection to the PC, too.
func (p *proxy) forward(c call) answer {
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	ctx := context.WithoutCancel(c.request.Context())
	r, err := http.NewRequestWithContext(ctx, c.method, target+c.request.URL.RequestURI(), bytes.NewReader(c.body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Header = c.request.Header.Clone()
	response, err := p.client.Do(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return answer{response.StatusCode, response.Header, body}
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the PC is gone when this fails
}

// Which calls a rule is about.

// anyCall matches every call.
func anyCall(call) bool { return true }

// to matches a method and the end of a path.
func to(method, suffix string) func(call) bool {
	return func(c call) bool { return c.method == method && strings.HasSuffix(c.path, suffix) }
}

// either matches what one of several matches.
func either(list ...func(call) bool) func(call) bool {
	return func(c call) bool {
		for _, match := range list {
			if match(c) {
				return true
			}
		}
		return false
	}
}

// The faults.

// hangUp closes the connection without an answer.
func hangUp() { panic(http.ErrAbortHandler) }

// requestDropped: the server never hears of the call.
func requestDropped(http.ResponseWriter, call, func() answer) { hangUp() }

// answerDropped: the server acts, and its answer is lost.
func answerDropped(_ http.ResponseWriter, _ call, forward func() answer) {
	forward()
	hangUp()
}

// doubled: the server gets the call twice, and the PC the second answer.
func doubled(w http.ResponseWriter, _ call, forward func() answer) {
	forward()
	forward().write(w)
}

// cut: the connection ends in the middle of the answer.
func cut(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	w.Header().Set("Content-Type", a.header.Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	hangUp()
}

// instead answers in the place of the server, which never hears of the call.
func instead(status int, contentType, body string) fault {
	return func(w http.ResponseWriter, _ call, _ func() answer) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// after lets the server act and answers in its place.
func after(f fault) fault {
	return func(w http.ResponseWriter, c call, forward func() answer) {
		forward()
		f(w, c, forward)
	}
}

const (
	htmlType = "text/html; charset=utf-8"
	jsonType = "application/json"
	portal   = "<!doctype html><title>Welcome</title><p>Please accept the terms of this network."
)

// redirected: a portal wants to be visited first.
func redirected(w http.ResponseWriter, _ call, _ func() answer) {
	w.Header().Set("Location", "http://portal.example/")
	w.WriteHeader(http.StatusFound)
}

// refused is a problem document.
func refused(code api.Code, detail string) fault {
	const form = `{"type":"about:blank","title":"x","status":%d,"code":%q,"detail":%q}`
	body := fmt.Sprintf(form, code.HTTPStatus(), code, detail)
	return instead(code.HTTPStatus(), api.ProblemMediaType, body)
}

// late passes a call on and holds the answer back until release is closed; held hears of each.
type late struct{ held, release chan struct{} }

func newLate() late { return late{make(chan struct{}, 16), make(chan struct{})} }

// answers holds the answer back: the server has acted.
func (l late) answers(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	l.held <- struct{}{}
	<-l.release
	a.write(w)
}

// requests holds the call back before the server hears of it.
func (l late) requests(w http.ResponseWriter, _ call, forward func() answer) {
	l.held <- struct{}{}
	<-l.release
	forward().write(w)
}
