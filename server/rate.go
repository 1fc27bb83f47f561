package server

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/acen-desktop/acen/api"
)

// RequestRate bounds the requests of one host (api.md rule 11).
type RequestRate struct {
	// PerSecond is what a host may ask for on average, Burst how much of it at once.
	PerSecond float64
	Burst     int
}

// DefaultRequestRate lets an office behind one address work and keeps one host from taking the server for itself.
var DefaultRequestRate = RequestRate{PerSecond: 50, Burst: 300}

// hosts are the limiters of the hosts that were heard lately.
type hosts struct {
	rate  RequestRate
	mu    sync.Mutex
	known map[string]*rate.Limiter
	swept time.Time
}

// mostHosts bounds how many hosts are remembered between two sweeps.
const mostHosts = 100_000

// allow counts a request of a host; when it is one too many it is refused with the time to wait. A limiter that is full again
// is as good as none and is forgotten.
func (h *hosts) allow(host string, now time.Time) *api.Problem {
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
	l, ok := h.known[host]
	if !ok {
		l = rate.NewLimiter(rate.Limit(h.rate.PerSecond), h.rate.Burst)
		h.known[host] = l
	}
	if l.AllowN(now, 1) {
		return nil
	}
	p := api.NewProblem(api.ErrHostBanned, "This PC asks for too much at once.")
	p.RetryAfter = max(1, int(math.Ceil((1-l.TokensAt(now))/h.rate.PerSecond)))
	return p
}
