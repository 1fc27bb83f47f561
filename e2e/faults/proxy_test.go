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

// proxy is a proxy between one PC and the server. Without rules it forwards everything.
type proxy struct {
	URL    string
	world  *world
	client *http.Client

	mu     sync.Mutex
	target string
	rules  []*rule
	log    []string // calls and their statuses: "POST /licenses/7/removal → 200"
}

// rule applies a fault to the matching calls.
type rule struct {
	match func(call) bool
	fault fault
	left  int // remaining calls; negative for all
}

// call is a request as the proxy read it.
type call struct {
	method, path string // path is below api.Base
	request      *http.Request
	body         []byte
	world        *world // the server's data, for forged answers
}

// answer is the server's response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// fault answers a call instead of the proxy. It may call forward, which sends the call to the server, any number of
// times.
type fault func(w http.ResponseWriter, c call, forward func() answer)

// newProxy starts a proxy for a server.
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

// setTarget sets the server to which calls are forwarded.
func (p *proxy) setTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// on applies a fault to every matching call until reset.
func (p *proxy) on(match func(call) bool, f fault) { p.times(-1, match, f) }

// times applies a fault to the next n matching calls.
func (p *proxy) times(n int, match func(call) bool, f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &rule{match, f, n})
}

// reset removes all faults.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// calls returns the logged calls since the last time, with their statuses.
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

// ServeHTTP forwards a call, or answers it with a fault.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the PC closed the connection
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

// recorder records the status; 0 if the connection was closed without a response.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// forward sends a call to the server, even if the PC has closed its connection meanwhile. If the server does not
// answer, forward closes the PC's connection.
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
	_, _ = w.Write(a.body) // an error means that the PC has closed the connection
}

// anyCall matches every call.
func anyCall(call) bool { return true }

// to matches a method and the end of a path.
func to(method, suffix string) func(call) bool {
	return func(c call) bool { return c.method == method && strings.HasSuffix(c.path, suffix) }
}

// either matches what at least one of the functions matches.
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

// hangUp closes the connection without a response.
func hangUp() { panic(http.ErrAbortHandler) }

// requestDropped closes the connection before the server gets the call.
func requestDropped(http.ResponseWriter, call, func() answer) { hangUp() }

// answerDropped forwards the call and drops the answer.
func answerDropped(_ http.ResponseWriter, _ call, forward func() answer) {
	forward()
	hangUp()
}

// duplicated sends the call to the server twice and returns the second answer.
func duplicated(w http.ResponseWriter, _ call, forward func() answer) {
	forward()
	forward().write(w)
}

// truncated closes the connection in the middle of the answer.
func truncated(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	w.Header().Set("Content-Type", a.header.Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	hangUp()
}

// respond answers instead of the server, which does not get the call.
func respond(status int, contentType, body string) fault {
	return func(w http.ResponseWriter, _ call, _ func() answer) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// after forwards the call, then applies f instead of returning the answer.
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

// redirected redirects to a captive portal.
func redirected(w http.ResponseWriter, _ call, _ func() answer) {
	w.Header().Set("Location", "http://portal.example/")
	w.WriteHeader(http.StatusFound)
}

// problem answers with a problem document.
func problem(code api.Code, detail string) fault {
	const form = `{"type":"about:blank","title":"x","status":%d,"code":%q,"detail":%q}`
	body := fmt.Sprintf(form, code.HTTPStatus(), code, detail)
	return respond(code.HTTPStatus(), api.ProblemMediaType, body)
}

// delay blocks calls until release is closed. It sends to held for each.
type delay struct{ held, release chan struct{} }

func newDelay() delay { return delay{make(chan struct{}, 16), make(chan struct{})} }

// answers forwards the call and delays the answer.
func (l delay) answers(w http.ResponseWriter, _ call, forward func() answer) {
	a := forward()
	l.held <- struct{}{}
	<-l.release
	a.write(w)
}

// requests delays the call before the server gets it.
func (l delay) requests(w http.ResponseWriter, _ call, forward func() answer) {
	l.held <- struct{}{}
	<-l.release
	forward().write(w)
}
