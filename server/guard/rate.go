package guard

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/settings"
)

// limiters are the rate limiters of hosts with recent requests (spec: api 11).
type limiters struct {
	mu    sync.Mutex
	rate  settings.RequestRate
	hosts map[string]*limiter
	swept time.Time
}

// limiter is the rate limiter of one host. refused counts its refused requests since minute.
type limiter struct {
	*rate.Limiter
	minute  time.Time
	refused int
}

// setRate sets the rate of all hosts. The caller holds l.mu.
func (l *limiters) setRate(r settings.RequestRate) {
	if l.rate == r {
		return
	}
	l.rate = r
	for _, host := range l.hosts {
		host.SetLimit(rate.Limit(r.PerSecond))
		host.SetBurst(r.Burst)
	}
}

// maxHosts limits the number of limiters.
const maxHosts = 100_000

// allow counts a request of a host. If the host exceeds the rate, p is the refusal with the time to wait, and refused
// the number of refusals within a minute.
func (l *limiters) allow(name string, r settings.RequestRate, now time.Time) (p *api.Problem, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setRate(r)
	if now.Sub(l.swept) > time.Minute {
		l.sweep(now)
	}
	host, ok := l.hosts[name]
	if !ok {
		if len(l.hosts) >= maxHosts {
			l.deleteAny()
		}
		host = &limiter{Limiter: rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)}
		l.hosts[name] = host
	}
	if host.AllowN(now, 1) {
		return nil, 0
	}
	if now.Sub(host.minute) > time.Minute {
		host.minute, host.refused = now, 0
	}
	host.refused++
	p = api.NewProblem(api.ErrHostBanned, "This PC sends too many requests.")
	p.RetryAfter = max(1, int(math.Ceil((1-host.TokensAt(now))/l.rate.PerSecond)))
	return p, host.refused
}

// sweep deletes the limiters with all their tokens. Their refusals no longer count.
func (l *limiters) sweep(now time.Time) {
	for name, host := range l.hosts {
		if host.TokensAt(now) >= float64(l.rate.Burst) {
			delete(l.hosts, name)
		}
	}
	l.swept = now
}

// deleteAny deletes one limiter, whose host may then make a burst of requests again. A sweep instead would block all
// requests for a time that grows with maxHosts, at each new host.
func (l *limiters) deleteAny() {
	for name := range l.hosts {
		delete(l.hosts, name)
		return
	}
}
