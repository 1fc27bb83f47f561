// Package guard protects a server from attackers: it counts failures, bans hosts and accounts, limits requests and
// mails, and checks verification numbers.
package guard

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// Config is the configuration of a Guard. All fields are required.
type Config struct {
	Store  store.Store
	Shared *settings.Shared
	Logger *slog.Logger
	Now    func() time.Time
	Random io.Reader
}

// Guard refuses attempts and requests. Any goroutine.
type Guard struct {
	store    store.Store
	shared   *settings.Shared
	logger   *slog.Logger
	now      func() time.Time
	random   io.Reader
	limiters limiters
}

// New returns a guard.
func New(c Config) *Guard {
	return &Guard{
		store:    c.Store,
		shared:   c.Shared,
		logger:   c.Logger,
		now:      c.Now,
		random:   c.Random,
		limiters: limiters{hosts: map[string]*limiter{}},
	}
}

// AllowRequest refuses a request of a host, given as its HostKey, that is banned or exceeds its rate at the time now.
// It bans a host that continues in spite of refusals (spec: api 11).
func (g *Guard) AllowRequest(ctx context.Context, host string, now time.Time) *api.Problem {
	var refusal *api.Problem
	if errors.As(g.CheckBans(host, ""), &refusal) {
		return refusal
	}
	current := g.shared.Current()
	refusal, refused := g.limiters.allow(host, current.Requests, now)
	if refused == current.FloodRefusals {
		g.banFlood(ctx, host, current.FloodBan)
	}
	return refusal
}

// CheckBans refuses a banned host or account, given as HostKey and AccountKey; "" is never banned.
func (g *Guard) CheckBans(host, account string) error {
	for _, who := range []struct {
		kind    store.BanKind
		subject string
	}{{store.BanHost, host}, {store.BanAccount, account}} {
		if who.subject == "" {
			continue
		}
		ends, ok := g.shared.Banned(who.kind, who.subject)
		switch {
		case !ok:
		case ends.IsZero():
			return g.refuseUntil(g.now().Add(24*time.Hour),
				"The vendor has blocked this PC or this account. Ask the vendor.")
		case g.now().Before(ends):
			return g.refuseUntil(ends, "Too many requests or failed attempts from this PC or for this account.")
		}
	}
	return nil
}

// refuseUntil returns the refusal of an attempt before a time.
func (g *Guard) refuseUntil(until time.Time, why string) *api.Problem {
	p := api.NewProblem(api.ErrHostBanned, why)
	p.RetryAfter = max(1, int(math.Ceil(until.Sub(g.now()).Seconds())))
	return p
}

// banFlood bans a host on all servers of the database.
func (g *Guard) banFlood(ctx context.Context, host string, period time.Duration) {
	now := g.now()
	ends := now.Add(period)
	err := g.store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		bans, err := tx.Bans.List(ctx, now)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(bans, func(b store.Ban) bool { return b.Kind == store.BanHost && b.Subject == host }) {
			return nil // another server has just banned the host
		}
		ban := store.Ban{
			Kind:      store.BanHost,
			Subject:   host,
			Reason:    "too many requests",
			MadeBy:    "server",
			CreatedAt: now,
			EndsAt:    &ends,
		}
		if _, err := tx.Bans.Add(ctx, ban); err != nil {
			return err
		}
		return tx.Audits.Add(ctx, store.Audit{
			At:      now,
			Actor:   "server",
			Host:    host,
			Action:  "ban.add",
			Object:  "host " + host,
			Outcome: api.OutcomeOK,
			Detail:  "too many requests",
		})
	})
	if err != nil {
		g.logger.Warn("a host could not be banned", "error", err)
		return
	}
	g.shared.AddBan(store.BanHost, host, ends)
}

// CheckMails refuses mails to addresses if an account, a host or one of the addresses has reached its limit within the
// last hour (spec: api 12).
func (g *Guard) CheckMails(ctx context.Context, tx store.Tx, client int64, host string, to []string) error {
	now := g.now()
	allowed := g.shared.Current().Mails
	for _, address := range to {
		byClient, byHost, byAddress, err := tx.Mails.Count(ctx, now.Add(-time.Hour), client, host, address)
		if err != nil {
			return err
		}
		for _, limit := range []struct{ used, allowed int }{
			{byAddress, allowed.PerRecipient}, {byClient, allowed.PerAccount}, {byHost, allowed.PerHost},
		} {
			if limit.used < limit.allowed {
				continue
			}
			p := api.NewProblem(api.ErrLimitReached,
				"Too many mails were requested within an hour. Try again later, or copy the code.")
			p.RetryAfter = int(time.Hour / time.Second)
			p.Limit = &api.LimitReached{
				Task:     "email",
				Period:   "hour",
				Allowed:  limit.allowed,
				Used:     limit.used,
				ResetsAt: now.Add(time.Hour).UTC(),
			}
			return p
		}
	}
	return nil
}
