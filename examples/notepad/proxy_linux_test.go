package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// vendorAddress is the URL of the license server. Its host is not a loopback address, for which Go uses no proxy, and
// the certificate of httptest is valid for it.
const vendorAddress = "https://example.com"

// The script runs the program behind a proxy whose certificate it trusts. Go reads SSL_CERT_FILE on Linux.
func TestForgingProxy(t *testing.T) {
	p := scripts(t)
	p.Dir = filepath.Join("testdata", "proxy")
	setup := p.Setup
	p.Setup = func(e *testscript.Env) error {
		if err := setup(e); err != nil {
			return err
		}
		attack := newAttack(e.Values["vendor"].(*vendor))
		e.Defer(attack.close)
		e.Values["attack"] = attack
		trusted := filepath.Join(e.WorkDir, "trusted.pem")
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: attack.server.Certificate().Raw})
		if err := os.WriteFile(trusted, certificate, 0o600); err != nil {
			return err
		}
		e.Setenv("SSL_CERT_FILE", trusted)
		e.Setenv("SSL_CERT_DIR", e.WorkDir)
		e.Setenv("HTTPS_PROXY", attack.proxy.URL)
		e.Setenv("NO_PROXY", "")
		e.Setenv("TEST_SERVER", vendorAddress)
		return nil
	}
	p.Cmds["proxy"] = func(ts *testscript.TestScript, _ bool, args []string) { attackOf(ts).choose(args[0]) }
	p.Cmds["asked"] = func(ts *testscript.TestScript, _ bool, args []string) {
		if count := attackOf(ts).count(); strconv.Itoa(count) != args[0] {
			ts.Fatalf("the proxy was asked %d times", count)
		}
	}
	testscript.Run(t, p)
}

func attackOf(ts *testscript.TestScript) *attack { return ts.Value("attack").(*attack) }

// attack is a proxy that connects every tunnel to a server of its own, whose certificate the program trusts.
type attack struct {
	vendor *vendor
	server *httptest.Server
	proxy  *httptest.Server
	key    license.SigningKey // not that of the program

	mu       sync.Mutex
	mode     string
	requests int
	recorded []byte // latest genuine answer
}

func newAttack(v *vendor) *attack {
	a := &attack{vendor: v, key: license.SigningKeyFromSeed([32]byte{1}), mode: "genuine"}
	a.server = httptest.NewTLSServer(http.HandlerFunc(a.answer))
	a.proxy = httptest.NewServer(http.HandlerFunc(a.tunnel))
	return a
}

func (a *attack) close() {
	a.proxy.Close()
	a.server.Close()
}

func (a *attack) choose(mode string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mode = mode
}

func (a *attack) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// tunnel is the handler of the proxy. It connects CONNECT requests to the server of the attack.
func (a *attack) tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || r.Host != "example.com:443" {
		http.Error(w, "no such server", http.StatusBadGateway)
		return
	}
	inner, err := net.Dial("tcp", a.server.Listener.Addr().String())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer inner.Close()
	outer, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer outer.Close()
	_, _ = io.WriteString(outer, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(inner, outer)
		_ = inner.Close()
	}()
	_, _ = io.Copy(outer, inner)
}

// answer answers a validation according to the mode.
func (a *attack) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests++
	var status int
	var content []byte
	switch a.mode {
	case "genuine":
		status, content = a.pass(r, body)
		if status == http.StatusOK {
			a.recorded = content
		}
	case "plain":
		status = http.StatusOK
		content = fmt.Appendf(nil, `{"state":"Active","features":65535,"checked_at":%q}`,
			a.vendor.Clock.Now().Format(time.RFC3339))
	case "forged":
		status, content = http.StatusOK, a.forge(r.URL.Path, body)
	case "replay":
		status, content = http.StatusOK, a.recorded
	case "missing":
		status = http.StatusNotFound
		content, _ = json.Marshal(api.NewProblem(api.ErrNotFound, "No."))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(content)
}

// pass forwards a request to the vendor's server.
func (a *attack) pass(r *http.Request, body []byte) (status int, content []byte) {
	response, err := http.Post(a.vendor.URL+r.URL.Path, "application/json", bytes.NewReader(body))
	if err != nil {
		return http.StatusBadGateway, nil
	}
	defer response.Body.Close()
	content, _ = io.ReadAll(response.Body)
	return response.StatusCode, content
}

// forge returns an answer that is correct except for its signature.
func (a *attack) forge(path string, body []byte) []byte {
	var question api.ValidationRequest
	if err := json.Unmarshal(body, &question); err != nil {
		panic(err)
	}
	v := license.Validation{IssuedAt: a.vendor.Clock.Now(), State: license.StateActive, Features: 0xFFFF}
	var errs [3]error
	v.Site, errs[0] = license.ParseSiteCode(question.SiteCode)
	v.Nonce, errs[1] = license.ParseNonce(question.Nonce)
	_, errs[2] = fmt.Sscanf(strings.TrimPrefix(path, api.Base), "/licenses/%d/validation", &v.LicenseID)
	for _, err := range errs {
		if err != nil {
			panic(err)
		}
	}
	token, err := a.key.SignValidation(v)
	if err != nil {
		panic(err)
	}
	content, err := json.Marshal(api.Validation{Token: token})
	if err != nil {
		panic(err)
	}
	return content
}
