package server

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/acen-desktop/acen/api"
)

// RequestRate bounds the requests of one host (spec: api 11).
type RequestRate struct {
	// PerSecond is what a host may ask for on average, Burst how much of it at once.
	PerSecond float64
	Burst     int
}

// DefaultRequestRate lets an office behind one address work and keeps one host from taking the server for itself.
var DefaultRequestRate = RequestRate{PerSecond: 50, Burst: 300}

// hosts are the limiters of the hosts that were heard lately.
type hosts struct {
	mu    sync.Mutex
	rate  RequestRate
	known map[string]*host
	swept time.Time
}

// host is one of them; refused counts what was refused since the minute began.
type host struct {
	*rate.Limiter
	minute  time.Time
	refused int
}

// set changes the rate, for the hosts that are known, too.
func (h *hosts) set(r RequestRate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rate == r {
		return
	}
	h.rate = r
	for _, l := range h.known {
		l.SetLimit(rate.Limit(r.PerSecond))
		l.SetBurst(r.Burst)
	}
}

// mostHosts bounds how many hosts are remembered between two sweeps.
const mostHosts = 100_000

// allow counts a request of a host; when it is one too many it is refused with the time to wait, and refused tells how many
// were within a minute. A limiter that is full again is as good as none and is forgotten.
func (h *hosts) allow(name string, now time.Time) (p *api.Problem, refused int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.swept) > time.Minute || len(h.known) >= mostHosts {
		for name, l := range h.known {
			if l.TokensAt(now) >= float64(h.rate.Burst) {
				delete(h.known, name)
			}
		}
		h.swept = now
	}
	l, ok := h.known[name]
	if !ok {
		l = &host{Limiter: rate.NewLimiter(rate.Limit(h.rate.PerSecond), h.rate.Burst)}
		h.known[name] = l
	}
	if l.AllowN(now, 1) {
		return nil, 0
	}
	if now.Sub(l.minute) > time.Minute {
		l.minute, l.refused = now, 0
	}
	l.refused++
	p = api.NewProblem(api.ErrHostBanned, "This PC asks for too much at once.")
	p.RetryAfter = max(1, int(math.Ceil((1-l.TokensAt(now))/h.rate.PerSecond)))
	return p, l.refused
}
