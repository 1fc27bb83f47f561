package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/request"
)

// withMiddleware wraps next with request ID, client address, logging, panic recovery, body limit, response headers with
// the epoch, and ETags.
func (s *Server) withMiddleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.Now()
		req := request.Request{ID: s.requestID(), Host: request.ClientAddress(r, s.Proxies)}
		r = r.WithContext(request.NewContext(r.Context(), req))
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)

		header := w.Header()
		header.Set("X-Request-Id", req.ID)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")

		isCall := strings.HasPrefix(r.URL.Path, api.Base+"/")
		tooLarge := r.ContentLength > maxBody && isCall
		if (tooLarge || len(r.TransferEncoding) > 0) && r.ProtoMajor == 1 {
			// The body of a too large request is not read. A request with chunks and a length may be request smuggling
			// (RFC 9112 section 6.1), and Go ignores the length. Both close the connection.
			header.Set("Connection", "close")
		}

		recorder := &recorder{ResponseWriter: w, buffered: r.Method == http.MethodGet && isCall}
		defer func() {
			if fault := recover(); fault != nil {
				if fault == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this, too
					panic(fault)
				}
				s.Logger.Error("a handler panicked", "request", req.ID, "fault", fault, "stack", string(debug.Stack()))
				recorder.fail(req.ID)
			}
			recorder.finish(r)
			s.report(r, req, recorder, started)
		}()
		if r.URL.Path != healthPath { // the health check reads nothing from the database
			s.Shared.Refresh(r.Context(), s.Now())
		}
		if isCall {
			header.Set(api.Epoch, s.Shared.Epoch())
		}
		if refusal := s.refuseHost(r, req.Host, started); refusal != nil {
			header.Set("Retry-After", strconv.Itoa(refusal.RetryAfter))
			writeProblem(recorder, refusal)
			return
		}
		if tooLarge {
			writeProblem(recorder, problemOf(http.StatusRequestEntityTooLarge, ""))
			return
		}
		next.ServeHTTP(recorder, r)
	})
}

// refuseHost refuses a host that is banned or exceeds its rate limit. Health checks are always allowed.
func (s *Server) refuseHost(r *http.Request, host string, now time.Time) *api.Problem {
	if r.URL.Path == healthPath {
		return nil
	}
	return s.Guard.AllowRequest(r.Context(), guard.HostKey(host), now)
}

func (s *Server) requestID() string {
	var b [9]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "unknown"
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// recorder records the status, and the body of a refusal. It buffers the answers of reads of the contract, to add an
// ETag.
type recorder struct {
	http.ResponseWriter
	buffered bool
	status   int
	body     bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	if !r.buffered {
		r.ResponseWriter.WriteHeader(status)
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.buffered {
		return r.body.Write(p)
	}
	if r.status >= http.StatusBadRequest {
		r.body.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// fail answers a panic, unless an answer has begun.
func (r *recorder) fail(requestID string) {
	if r.status != 0 && !r.buffered {
		return
	}
	r.body.Reset()
	r.status = 0
	p := problemOf(http.StatusInternalServerError, "")
	p.Instance = requestID
	writeProblem(r, p)
}

// finish sends the buffered answer, or 304 if it matches If-None-Match. The ETag contains the epoch, so that an answer
// from before a restore does not match one from after it (spec: api "Epoch", api "Lists").
func (r *recorder) finish(req *http.Request) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if !r.buffered {
		return
	}
	if r.status == http.StatusOK {
		sum := sha256.Sum256(r.body.Bytes())
		tag := `"` + r.Header().Get(api.Epoch) + "." + hex.EncodeToString(sum[:16]) + `"`
		r.Header().Set("ETag", tag)
		r.Header().Set("Cache-Control", "private, no-cache")
		for candidate := range strings.SplitSeq(req.Header.Get("If-None-Match"), ",") {
			if candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); candidate == tag || candidate == "*" {
				r.Header().Del("Content-Type")
				r.status = http.StatusNotModified
				r.ResponseWriter.WriteHeader(r.status)
				return
			}
		}
	}
	r.ResponseWriter.WriteHeader(r.status)
	_, _ = r.ResponseWriter.Write(r.body.Bytes()) // fails if the client is gone
}
